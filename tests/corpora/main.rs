//! Logs of other people, of every kind: each is found to be what it is, and every line of it is accounted for.
//!
//! In: `../shared/corpora/`, which is not part of this repository; without it there is nothing to do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and tells")]

#[path = "../common/mod.rs"]
mod common;

mod columns;
mod every;
mod json;
mod kinds;
mod nginx;
mod proxies;
mod readings;
mod wrapped;
