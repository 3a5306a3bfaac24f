//! `triage`: names the cause, the failing hop and the owner of a site's 5xx answers, from its logs, with the line that
//! proves it.
//!
//! The layout is the flow of the data. A module imports only from those below it in this list (`tests/tidy.rs` holds it):
//!
//! | module | in -> out |
//! |---|---|
//! | [`cli`] | argv -> plan, exit code |
//! | [`follow`] | logs that grow -> incidents as they open and end |
//! | [`engine`] | puts the stages together, with the threads that read and scan |
//! | [`notify`] | incidents, the time -> what is due to whom; notices -> the channels |
//! | [`report`] | troubles, routes -> a report, told as text, JSON, NDJSON or CSV |
//! | [`playbook`] | an incident -> its owner |
//! | [`incident`] | witnesses -> requests joined with diagnoses -> one incident a trouble |
//! | [`cause`] | an event -> which cause it proves, and how sure that is |
//! | [`grammar`] | a record -> an event: its fields and its time |
//! | [`source`] | paths -> bytes -> chunks of whole records |
//! | [`knowledge`] | the files of `grammars/`, built in |
//! | [`event`] [`time`] [`error`] [`text`] | the words that all of them speak |
//!
//! ```text
//! bytes -> chunk -> event -> verdict -> witness --in order of time--> join -> tally -> trouble -> route -> report
//!          one reader | parallel, pure          | one thread from here on
//! ```
//!
//! What it knows is data: formats, envelopes, causes, statuses and the default playbook are the files of `grammars/`.

pub mod cause;
pub mod cli;
pub mod engine;
pub mod error;
pub mod event;
pub mod follow;
pub mod grammar;
pub mod incident;
pub mod knowledge;
pub mod notify;
pub mod playbook;
pub mod report;
pub mod source;
pub mod text;
pub mod time;
