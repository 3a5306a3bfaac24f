//! Making text from logs harmless. Log text is hostile: whatever leaves this program goes through here.

pub mod redact;

/// `text.starts_with(start)` for starts of a few bytes: compared in place, where a call would cost more than the work.
#[inline]
pub fn begins_with(text: &[u8], start: &[u8]) -> bool {
    let Some(text) = text.get(..start.len()) else { return false };
    match (text.last_chunk::<8>(), start.last_chunk::<8>()) {
        // Eight bytes at a time; the last eight may overlap the others.
        (Some(a), Some(b)) => a == b && text.as_chunks::<8>().0 == start.as_chunks::<8>().0,
        _ => text.iter().zip(start).all(|(a, b)| a == b),
    }
}

/// Where the byte first stands, mostly within the first few dozen: eight at a time in place, where a call would cost more.
#[inline]
pub fn find_near(byte: u8, text: &[u8]) -> Option<usize> {
    /// Values of logs are seldom longer than so many words of eight bytes.
    const NEAR_WORDS: usize = 4;
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    let wanted = u64::from(byte) * ONES;
    let words = text.as_chunks::<8>().0;
    for (at, word) in words.iter().take(NEAR_WORDS).enumerate() {
        // A byte that is the wanted one is zero here, and the lowest such byte shows by its high bit.
        let differs = u64::from_le_bytes(*word) ^ wanted;
        let hits = differs.wrapping_sub(ONES) & !differs & HIGHS;
        if hits != 0 {
            return Some(at * 8 + hits.trailing_zeros() as usize / 8);
        }
    }
    let seen = words.len().min(NEAR_WORDS) * 8;
    memchr::memchr(byte, &text[seen..]).map(|at| seen + at)
}

/// The address without its port: `192.0.2.7:80`, `[2001:db8::7]:80` and, as some programs write it, `2001:db8::7:80`.
pub fn without_port(address: &[u8]) -> &[u8] {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match memchr::memrchr(b':', address) {
        // `::1` has no port: what would be left ends in the middle of an address.
        Some(colon) if is_number(&address[colon + 1..]) && !address[..colon].ends_with(b":") => &address[..colon],
        _ => address,
    }
}

/// The bytes as text that can do nothing to a terminal: invalid UTF-8 becomes U+FFFD; C0, C1, DEL, bidi controls and
/// zero-width characters become visible escapes (`\x1b`, `\u{202e}`).
pub fn harmless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{0}'..='\u{1f}' | '\u{7f}' => clean.push_str(&format!("\\x{:02x}", letter as u32)),
            _ if is_treacherous(letter) => clean.push_str(&format!("\\u{{{:x}}}", letter as u32)),
            _ => clean.push(letter),
        }
    }
    clean
}

/// Characters that do not show as themselves: C1 controls, bidi controls, zero-width and other invisible ones.
pub fn is_treacherous(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{begins_with, find_near, harmless, without_port};

    #[test]
    fn a_byte_is_found_where_it_first_stands() {
        // Neighbours of the byte in value, and bytes whose high bit is set, must not be taken for it.
        let noise = [0x21, 0xa0, 0x1f, 0x80, 0xff, 0x00, 0x23, 0x9f];
        for length in 0..80 {
            for at in 0..=length {
                let mut text: Vec<u8> = (0..length).map(|at| noise[at % noise.len()]).collect();
                assert_eq!(find_near(b' ', &text), None);
                text[at.min(length.saturating_sub(1))..].fill(b' ');
                assert_eq!(find_near(b' ', &text), memchr::memchr(b' ', &text), "{text:?}");
            }
        }
    }

    #[test]
    fn ports_are_taken_off() {
        for (address, bare) in [
            ("192.0.2.7:80", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::7]:80", "[2001:db8::7]"),
            ("2001:db8::7:51234", "2001:db8::7"),
            ("::1", "::1"),
            ("unix:", "unix:"),
            ("-", "-"),
        ] {
            assert_eq!(String::from_utf8_lossy(without_port(address.as_bytes())), bare);
        }
    }

    #[test]
    fn beginnings_of_any_length() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..=text.len() {
            assert!(begins_with(text, &text[..length]));
            for wrong in 0..length {
                let mut other = text[..length].to_vec();
                other[wrong] = b'#';
                assert!(!begins_with(text, &other), "{wrong} of {length}");
            }
        }
        assert!(!begins_with(b"abc", b"abcd"));
    }

    #[test]
    fn nothing_invisible_comes_through() {
        assert_eq!(harmless(b"a\x1b[31mb\tc"), "a\\x1b[31mb\\x09c");
        assert_eq!(harmless("x\u{202e}y\u{200b}z\u{9b}".as_bytes()), "x\\u{202e}y\\u{200b}z\\u{9b}");
        assert_eq!(harmless(b"\xff ok"), "\u{fffd} ok");
    }
}
