//! `triage`: names the cause, the failing hop and the owner of a site's 5xx answers, from its logs.
pub mod error;
pub mod event;
pub mod playbook;
pub mod report;
pub mod text;
pub mod time;
