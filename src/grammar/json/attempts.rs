//! Attempts at peers, as JSON lists them: an object a peer, in the order in which they were tried (Kong's `tries`).
//!
//! In: the text of such a list. Out: the last attempt, which made the answer.

use super::Scanner;
use super::objects::objects;

/// One attempt, borrowed from the list; empty where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The peer's address or name.
    pub host: &'a [u8],
    /// Its port.
    pub port: &'a [u8],
    /// The status that it failed with.
    pub code: &'a [u8],
}

/// The last attempt of a list of objects; `None` where the value is no such list.
pub fn last_of_list(value: &[u8]) -> Option<Attempt<'_>> {
    if !value.starts_with(b"[") {
        return None;
    }
    let last = objects(value).last()?;
    attempt(&value[last])
}

fn attempt(object: &[u8]) -> Option<Attempt<'_>> {
    let mut scanner = Scanner::new(object);
    let mut found = Attempt::default();
    scanner.take(b'{')?;
    loop {
        scanner.spaces();
        match scanner.peek()? {
            b'}' => return Some(found),
            b',' => scanner.at += 1,
            _ => {
                let key = scanner.string()?;
                scanner.spaces();
                scanner.take(b':')?;
                scanner.spaces();
                let value = scanner.value()?;
                match key {
                    b"ip" | b"host" | b"address" => found.host = value,
                    b"port" => found.port = value,
                    b"code" => found.code = value,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_peer_made_the_answer() {
        let list = br#"[{"balancer_latency":0,"port":8081,"ip":"192.0.2.81","state":"failed","code":502}, {"ip":"2001:db8::7","port":8081}]"#;
        let attempt = last_of_list(list).expect("a list");
        assert_eq!(attempt, Attempt { host: b"2001:db8::7", port: b"8081", code: b"" });
        let only = last_of_list(br#"[{"ip":"192.0.2.81","port":8081,"state":"failed","code":502}]"#);
        assert_eq!(only.map(|attempt| attempt.code), Some(&b"502"[..]));
        for other in
            ["", "[", "[]", "[{", "[1, 2]", "192.0.2.81:8081, 192.0.2.82:8081", "[2001:db8::7]:80", r#"{"ip":"x"}"#]
        {
            assert_eq!(last_of_list(other.as_bytes()), None, "{other}");
        }
    }
}
