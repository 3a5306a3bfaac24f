//! The running watch.
//!
//! In: what the engine reads while it goes on. Out: what is seen of it from outside: [`metrics`] over HTTP.

pub mod metrics;
