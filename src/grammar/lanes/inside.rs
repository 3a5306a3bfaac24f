//! The text of a line out of its envelope: JSON's escapes undone, colours taken off.

use memchr::{memchr, memchr2};

/// Appends a line's own text, which may be the inside of a JSON value.
pub(super) fn append(text: &[u8], is_json: bool, out: &mut Vec<u8>) {
    let start = out.len();
    match text.first() {
        // journald: a list of byte values, or of texts where a program gave several.
        Some(b'[') if is_json && is_list(text) => append_list(text, out),
        _ if is_json => append_unescaped(text, out),
        _ => out.extend_from_slice(text),
    }
    take_colours_off(out, start);
    while out.len() > start && matches!(out.last(), Some(b'\r' | b'\n')) {
        out.pop();
    }
}

/// Whether this is an array and no text that begins with a bracket: numbers or strings between commas.
fn is_list(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or_default().trim_ascii();
    let is_numbers = !inside.is_empty() && inside.iter().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b' '));
    is_numbers || (inside.starts_with(b"\"") && inside.ends_with(b"\""))
}

fn append_list(text: &[u8], out: &mut Vec<u8>) {
    let inside = &text[1..text.len() - 1];
    if memchr(b'"', inside).is_none() {
        let numbers = inside.split(|byte| *byte == b',').map(|number| std::str::from_utf8(number.trim_ascii()));
        out.extend(numbers.filter_map(|number| number.ok()?.parse::<u8>().ok()));
        return;
    }
    let mut rest = inside;
    while let Some(open) = memchr(b'"', rest) {
        rest = &rest[open + 1..];
        let mut end = 0;
        while let Some(found) = rest.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            end += found;
            if rest[end] == b'"' {
                break;
            }
            end += 2;
        }
        let end = end.min(rest.len());
        append_unescaped(&rest[..end], out);
        out.push(b'\n');
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

fn append_unescaped(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(escaped) = rest.get(at + 1) else {
            rest = &rest[at..];
            break;
        };
        let mut used = at + 2;
        match escaped {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => used = at + append_code(&rest[at..], out),
            other => out.push(*other),
        }
        rest = &rest[used..];
    }
    out.extend_from_slice(rest);
}

/// A character as `\u0041`, or as two of those; how many bytes it took.
fn append_code(text: &[u8], out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6).and_then(|escape| escape.strip_prefix(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (code, used) = match (unit(0), unit(6)) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
        }
        (Some(code), _) => (code, 6),
        (None, _) => {
            out.push(b'\\');
            return 1;
        }
    };
    let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    used
}

/// Programs that write to a terminal colour their words: `ESC [ 31 m`.
fn take_colours_off(out: &mut Vec<u8>, start: usize) {
    let Some(first) = memchr(0x1b, &out[start..]).map(|at| start + at) else { return };
    let (mut to, mut from) = (first, first);
    while from < out.len() {
        let inside = out[from..].strip_prefix(b"\x1b[").unwrap_or_default();
        let length = inside.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if inside.get(length) == Some(&b'm') {
            from += 2 + length + 1;
            continue;
        }
        out[to] = out[from];
        (to, from) = (to + 1, from + 1);
    }
    out.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &str, is_json: bool) -> String {
        let mut out = Vec::new();
        append(of.as_bytes(), is_json, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn json_is_undone() {
        assert_eq!(text(r#"GET \"/a\\b\" \u00e9\ud83d\ude00\u001b[31mred\u001b[0m\r\n"#, true), "GET \"/a\\b\" é😀red");
        assert_eq!(text("[104, 105, 10]", true), "hi");
        assert_eq!(text(r#"["one \"a\"", "two"]"#, true), "one \"a\"\ntwo");
        assert_eq!(text("[error] 1, 2", true), "[error] 1, 2");
        for broken in ["\\", "\\u12", "\\ud800x", "[\"", "["] {
            assert!(!text(broken, true).is_empty(), "{broken}");
        }
    }

    #[test]
    fn colours_are_no_text() {
        assert_eq!(text("\x1b[1;31merror\x1b[0m: \x1bcx", false), "error: \x1bcx");
    }
}
