//! `triage`: names the cause, the failing hop and the owner of a site's 5xx answers, from its logs.
pub mod cause;
pub mod cli;
pub mod engine;
pub mod error;
pub mod event;
pub mod grammar;
pub mod incident;
pub mod knowledge;
pub mod playbook;
pub mod report;
pub mod source;
pub mod text;
pub mod time;
