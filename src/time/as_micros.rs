//! A [`Timestamp`] in committed state: exact, as whole microseconds. Use with `#[serde(with = "as_micros")]`; what people
//! and scripts read is RFC 3339 and cut to milliseconds.

use super::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes the microseconds.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(time.micros())
}

/// Reads the microseconds.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(from).map(Timestamp::from_micros)
}
