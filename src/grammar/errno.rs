//! The operating system's errors under one name, whatever system wrote them.
//!
//! In: what stands in the brackets (`111: Connection refused`, `110: Operation timed out`, `10061: ...`). Out: the POSIX
//! name. Numbers differ between Linux, BSD and Windows and texts between glibc and musl (FORMATS.md section 1.5), so the
//! text decides where it is known and the number where it is not. The table is `grammars/errno.toml`.

use crate::error::{Defect, Result};
use crate::knowledge::File;
use serde::Deserialize;
use std::collections::HashMap;

/// Windows' socket errors begin here; no other system's numbers reach so far.
const WINDOWS_FROM: u32 = 10_000;

/// Number and text to POSIX name.
#[derive(Debug, Clone, Default)]
pub struct Errnos {
    by_text: HashMap<Box<[u8]>, &'static str>,
    by_linux: HashMap<u32, &'static str>,
    by_windows: HashMap<u32, &'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    errno: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    linux: Option<u32>,
    #[serde(default, rename = "bsd")]
    _bsd: Option<u32>,
    windows: Option<Numbers>,
    texts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(u32),
    Many(Vec<u32>),
}

impl Errnos {
    /// From `grammars/errno.toml`.
    ///
    /// # Errors
    /// Where the file is wrong.
    pub fn load(file: &File) -> Result<Self> {
        let table: Table = file.parse()?;
        let mut errnos = Self::default();
        for row in table.errno {
            let known = row.name.starts_with('E')
                && row.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if !known {
                return Err(Defect::new(&file.name, format!("\"{}\" is no POSIX error name", row.name))
                    .at(file.line_of(&row.name)));
            }
            errnos.add(row);
        }
        Ok(errnos)
    }

    fn add(&mut self, row: Row) {
        // The table is read once a run and its names live as long as the program.
        let name: &'static str = Box::leak(row.name.into_boxed_str());
        for text in row.texts {
            self.by_text.entry(text.into_bytes().into_boxed_slice()).or_insert(name);
        }
        if let Some(number) = row.linux {
            self.by_linux.entry(number).or_insert(name);
        }
        let windows = match row.windows {
            None => Vec::new(),
            Some(Numbers::One(number)) => vec![number],
            Some(Numbers::Many(numbers)) => numbers,
        };
        for number in windows {
            self.by_windows.entry(number).or_insert(name);
        }
    }

    /// The POSIX name of what stands in the brackets; `None` where it is no error of the operating system.
    pub fn name(&self, brackets: &[u8]) -> Option<&'static str> {
        let colon = memchr::memchr(b':', brackets)?;
        let number: u32 = std::str::from_utf8(&brackets[..colon]).ok()?.trim().parse().ok()?;
        self.of(number, brackets[colon + 1..].strip_prefix(b" ")?)
    }

    /// The same of a number and a text that stand apart (Apache: `(111)Connection refused`).
    pub fn name_of(&self, number: &[u8], text: &[u8]) -> Option<&'static str> {
        let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        // Windows ends its texts with a full stop and spaces.
        let end = text.iter().rposition(|byte| !matches!(byte, b' ' | b'.')).map_or(0, |last| last + 1);
        self.of(number, &text[..end])
    }

    fn of(&self, number: u32, text: &[u8]) -> Option<&'static str> {
        let by_number = if number >= WINDOWS_FROM { &self.by_windows } else { &self.by_linux };
        self.by_text.get(text).or_else(|| by_number.get(&number).filter(|_| !text.is_empty())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Errnos {
        let text = r#"
            [[errno]]
            name = "ECONNREFUSED"
            linux = 111
            bsd = 61
            windows = 10061
            texts = ["Connection refused"]
            [[errno]]
            name = "ETIMEDOUT"
            linux = 110
            bsd = 60
            texts = ["Connection timed out", "Operation timed out"]
        "#;
        Errnos::load(&File::new("errno.toml".into(), text.into())).expect("a table")
    }

    #[test]
    fn one_name_for_all_systems() {
        let errnos = table();
        for refused in ["111: Connection refused", "61: Connection refused", "10061: Es konnte keine Verbindung ..."] {
            assert_eq!(errnos.name(refused.as_bytes()), Some("ECONNREFUSED"), "{refused}");
        }
        assert_eq!(errnos.name(b"110: Operation timed out"), Some("ETIMEDOUT"));
        assert_eq!(errnos.name(b"3: Host not found"), None);
        assert_eq!(errnos.name(b"22:certificate chain too long"), None);
    }
}
