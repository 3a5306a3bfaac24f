//! Shapes of lines that nobody knows: the line with its changing parts as `<*>`.
//!
//! In: unknown lines. Out: at most [`MOST_TEMPLATES`] shapes with counts; lines of further shapes are counted together.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Shapes that are kept.
const MOST_TEMPLATES: usize = 200;
/// A shape is told by the beginning of its line.
const MOST_BYTES: usize = 200;

/// Shapes and how often each was met.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Templates {
    counts: BTreeMap<String, u64>,
    beyond: u64,
}

impl Templates {
    /// Counts a line's shape.
    pub fn add(&mut self, line: &[u8], lines: u64) {
        self.count(template(line), lines);
    }

    /// Adds others in.
    pub fn merge(&mut self, other: Self) {
        self.beyond += other.beyond;
        other.counts.into_iter().for_each(|(template, count)| self.count(template, count));
    }

    /// The shapes, most frequent first, and how many lines had a shape for which there was no room.
    pub fn into_sorted(self) -> (Vec<(String, u64)>, u64) {
        let mut all: Vec<(String, u64)> = self.counts.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (all, self.beyond)
    }

    fn count(&mut self, template: String, lines: u64) {
        if let Some(count) = self.counts.get_mut(&template) {
            *count += lines;
        } else if self.counts.len() < MOST_TEMPLATES {
            self.counts.insert(template, lines);
        } else {
            self.beyond += lines;
        }
    }
}

/// Words that hold a digit, quoted text, and what is no text at all change from line to line; the rest is the shape.
fn template(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(MOST_BYTES)]);
    let mut shape = String::new();
    for word in text.split_whitespace() {
        let changing =
            word.chars().any(|letter| letter.is_ascii_digit() || letter.is_control() || letter == '\u{fffd}');
        let word = if changing { "<*>" } else { word };
        if word == "<*>" && shape.ends_with("<*>") {
            continue;
        }
        if !shape.is_empty() {
            shape.push(' ');
        }
        shape.push_str(word);
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_shape_are_one_template() {
        let mut templates = Templates::default();
        templates.add(b"2026-11-21 09:06:22 UTC [1366] LOG:  starting up", 1);
        templates.add(b"2026-11-21 09:06:23 UTC [1367] LOG:  starting up", 1);
        templates.add(b"\x00\xff", 1);
        assert_eq!(
            templates.into_sorted().0,
            [("<*> UTC <*> LOG: starting up".to_string(), 2), ("<*>".to_string(), 1)]
        );
    }
}
