//! A line of several JSON objects.
//!
//! In: a line. Out: where each object begins and ends in it.

use super::Scanner;
use std::ops::Range;

/// So many objects of one member may stand around a record.
const MOST_WRAPPERS: usize = 4;

/// The objects of a line that holds several, or one inside a frame: `[{..},{..}]`, `{"events":[{..}]}`, `{..},`, `{..}{..}`.
/// Where each begins and ends in the line. An object whose only member is an object is that one.
pub fn objects(line: &[u8]) -> Objects<'_> {
    Objects { scanner: Scanner::new(line), is_frame: true, wrappers: 0 }
}

/// See [`objects`].
#[derive(Debug)]
pub struct Objects<'a> {
    scanner: Scanner<'a>,
    is_frame: bool,
    wrappers: usize,
}

impl Objects<'_> {
    /// Whether the line held nothing but objects and the frame around them. Known when all have been taken.
    pub fn is_frame(&self) -> bool {
        self.is_frame
    }

    /// The object that begins here; nothing where only a frame opens here, of which what is inside comes next.
    fn object(&mut self) -> Option<Option<Range<usize>>> {
        let start = self.scanner.at;
        let end = self.scanner.nested().map(|_| self.scanner.at);
        self.scanner.at = start;
        self.wrappers += 1;
        if self.wrappers <= MOST_WRAPPERS && self.scanner.only_member().is_some() {
            let inside = self.scanner.at;
            let is_wrapper = match (self.scanner.peek(), end) {
                (Some(b'['), None) => true,
                (Some(b'[' | b'{'), Some(end)) => self.scanner.nested().is_some() && self.scanner.closes_at(end),
                _ => false,
            };
            if is_wrapper {
                self.scanner.at = inside;
                return Some(None);
            }
        }
        self.wrappers -= 1;
        self.scanner.at = end?;
        Some(Some(start..self.scanner.at))
    }
}

impl Iterator for Objects<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.scanner.peek()? {
                b'{' => match self.object() {
                    Some(None) => {}
                    Some(object) => return object,
                    None => break,
                },
                b'}' => {
                    self.wrappers = self.wrappers.saturating_sub(1);
                    self.scanner.at += 1;
                }
                b'[' | b']' | b',' | b' ' | b'\t' => self.scanner.at += 1,
                _ => break,
            }
        }
        self.is_frame = false;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_objects_of_a_line_are_found_in_any_frame() {
        let found = |line: &str| {
            let mut objects = objects(line.as_bytes());
            let texts: Vec<String> = objects.by_ref().map(|range| line[range].to_owned()).collect();
            (texts.join(" "), objects.is_frame())
        };
        let two = (r#"{"a":"}"} {"b":{},"c":2}"#.to_owned(), true);
        for line in [
            r#"[{"a":"}"},{"b":{},"c":2}]"#,
            r#"{"a":"}"}{"b":{},"c":2}"#,
            r#"{"events":[{"info":{"a":"}"}},{"info":{"b":{},"c":2}}]}"#,
            r#"{"events":[{"a":"}"}, {"b":{},"c":2},"#,
        ] {
            assert_eq!(found(line), two, "{line}");
        }
        for frame in ["[", "]", "]}", r#"{"events":["#, ","] {
            assert_eq!(found(frame), (String::new(), true), "{frame}");
        }
        assert!(!found(r#"{"a":1"#).1 && !found("plain text").1 && !found(r#"{"a":1} text"#).1);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000));
        assert!(!found(&deep).0.is_empty());
    }
}
