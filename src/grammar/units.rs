//! Units: in what a product counts durations.

use crate::event::closed_list;
use serde::Deserialize;

closed_list! {
    /// A unit of time.
    Unit {
        /// Seconds.
        S = "s",
        /// Milliseconds.
        Ms = "ms",
        /// Microseconds.
        Us = "us",
        /// Nanoseconds.
        Ns = "ns",
    }
}

impl Unit {
    /// How many milliseconds one is.
    pub const fn ms(self) -> f64 {
        match self {
            Self::S => 1000.0,
            Self::Ms => 1.0,
            Self::Us => 1e-3,
            Self::Ns => 1e-6,
        }
    }
}

/// The units of one format's fields. A rule's numbers are in the unit of the format that it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Of the time that a whole request took.
    pub duration: Unit,
}

impl Default for Units {
    fn default() -> Self {
        Self { duration: Unit::S }
    }
}
