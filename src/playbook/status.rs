//! Statuses as a playbook writes them: a number or a range.

use super::fault::Fault;
use std::fmt;

/// A status or a range of them: `502`, `52x`, `5xx`, `009`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPattern {
    digits: [Option<u8>; 3],
}

impl StatusPattern {
    /// Three places, digits first and then `x`; a bare number below 100 is that number (`9` is `009`).
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let padded = format!("{text:0>3}");
        let place = |byte: u8| match byte {
            b'0'..=b'9' => Some(Some(byte - b'0')),
            b'x' => Some(None),
            _ => None,
        };
        let places: Option<Vec<_>> = padded.bytes().map(place).collect();
        places
            .and_then(|places| <[Option<u8>; 3]>::try_from(places).ok())
            .filter(|places| !text.is_empty() && places[0].is_some() && !(places[1].is_none() && places[2].is_some()))
            .map(|digits| Self { digits })
            .ok_or_else(|| Fault::new(format!("bad status {text:?}"), "write it as 502, \"52x\" or \"5xx\""))
    }

    /// As a user writes it; `None` where it is none.
    pub fn named(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// Whether the status fits.
    pub fn matches(self, status: u16) -> bool {
        let places = [status / 100, status / 10 % 10, status % 10];
        self.digits.iter().zip(places).all(|(digit, place)| digit.is_none_or(|digit| u16::from(digit) == place))
    }

    /// How many places are open: 0 for a single status.
    pub(super) fn open_places(self) -> usize {
        self.digits.iter().filter(|digit| digit.is_none()).count()
    }

    /// Whether every status that fits `other` fits this one too.
    pub(super) fn covers(self, other: Self) -> bool {
        self.digits.iter().zip(other.digits).all(|(this, other)| this.is_none() || *this == other)
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits.iter().try_for_each(|digit| match digit {
            Some(digit) => write!(out, "{digit}"),
            None => out.write_str("x"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_open_places_at_the_end() {
        let fits = |pattern: &str, status| StatusPattern::parse(pattern).unwrap().matches(status);
        assert!(
            fits("5xx", 599) && fits("52x", 526) && fits("502", 502) && fits("9", 9) && fits("009", 9) && fits("0", 0)
        );
        assert!(!fits("52x", 530) && !fits("5xx", 404) && !fits("5xx", 5020));
        for bad in ["", "5x2", "xxx", "teapot", "5020", "-1", "5XX", "５xx"] {
            assert!(StatusPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
