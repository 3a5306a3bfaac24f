//! The words of a configuration in Apache's notation.
//!
//! In: its text. Out: one directive a line (a backslash at its end goes on with the next) as its words, with quotes undone;
//! and words with the variables put in that are defined.

use std::collections::HashMap;

/// Every directive and every section's opening and end; remarks are none.
pub(super) fn directives(text: &str) -> Vec<Vec<String>> {
    let whole = text.replace("\r\n", "\n").replace("\\\n", " ");
    let lines = whole.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(words).collect()
}

/// In quotes only the quote itself is escaped; every other backslash is the value's own.
fn words(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            '"' | '\'' => quoted(&rest[1..], first),
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        found.push(word);
        rest = behind.trim_start();
    }
    found
}

fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut word = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next_if(|(_, next)| *next == quote) {
                Some(_) => word.push(quote),
                None => word.push('\\'),
            },
            _ if letter == quote => return (word, &text[at + letter.len_utf8()..]),
            _ => word.push(letter),
        }
    }
    (word, "")
}

/// The word with `${NAME}` replaced where the name is defined.
pub(super) fn expanded(word: &str, defined: &HashMap<String, String>) -> String {
    let mut done = String::new();
    let mut rest = word;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        done.push_str(&rest[..start]);
        match defined.get(name) {
            Some(value) => done.push_str(value),
            None => done.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_undone_and_nothing_else() {
        assert_eq!(words(r#"LogFormat "a \"b\" c\ d" 'e "f"' g"#), ["LogFormat", r#"a "b" c\ d"#, r#"e "f""#, "g"]);
        assert_eq!(words("x \"open"), ["x", "open"]);
        assert_eq!(directives("# no\n\n A b \\\n c\r\nD\n"), [vec!["A", "b", "c"], vec!["D"]]);
    }

    #[test]
    fn only_what_is_defined_is_put_in() {
        let defined = HashMap::from([("A".to_owned(), "/a".to_owned())]);
        assert_eq!(expanded("${A}/x${B}/y${", &defined), "/a/x${B}/y${");
    }
}
