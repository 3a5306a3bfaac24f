//! Taking secrets out of text that leaves the machine: what logs quote of requests holds tokens, passwords and addresses.
//!
//! In: text from a log. Out: the same with `[redacted]` in place of the values of telling keys (in queries, forms, JSON and
//! connection strings), `Authorization` and `Cookie`, user and password of an URL, tokens of well-known shapes, private keys and
//! mail addresses. Linear in the text; doing it twice changes nothing more.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Keys whose value is a secret wherever it stands; also as the end of a longer key (`csrf_token`).
const TELLING: &str = "token|secret|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|\
    signature|credentials?|session[_-]?id|sessid|auth[_-]?code|code[_-]verifier|saml(?:response|request)|otp|csrf|xsrf|\
    jwt|hmac|recovery[_-]?code|reset[_-]?key|verification[_-]?code|activation[_-]?code";
/// Keys that mean a secret in a query only: elsewhere they are everyday words.
const TELLING_IN_QUERIES: &str =
    "key|code|sig|auth|sid|session|pass|pin|ticket|assertion|login_hint|user(?:name)?|mail";
/// A value: until the query, the quoted text or the word ends. `\x22` is a letter of it, `\"` its end.
const VALUE: &str = r#"(?:[^&\s"'<>#\\]|\\[^"'\s])+"#;
/// Tokens that are known by their shape.
const SHAPES: &str = concat!(
    r"(?-u)\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*", // JWT
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}",
    r"|\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/[\w/-]+",
    r"|\b[srp]k_(?:live|test)_\w{10,}|\bwhsec_\w{16,}",
    r"|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}",
    r"|\bnpm_\w{36}|\bpypi-[\w-]{40,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bsk-[\w-]{20,}|\bdop_v1_\w{40,}",
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\w+/=\s\\-]*",
);

/// One thing to look for; the group `keep` stays.
struct Rule {
    regex: Regex,
    /// Whether what is found must not be plain words.
    coded: bool,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = patterns().into_iter().map(|(pattern, coded)| Regex::new(&pattern).map(|regex| Rule { regex, coded }));
    rules.filter_map(Result::ok).collect() // a test holds that none is lost
});

/// The patterns, in the order in which they are tried; those of `true` skip what looks like words.
fn patterns() -> Vec<(String, bool)> {
    let equals = r#"(?:=|%3d|%253d|\\?["']\s*(?::|=>?)\s*(?:\[?\s*\\?["'])?)"#;
    let begins = r"(?:[?&;]|%3f|%26|\bamp;|\?%|\\u0026)";
    vec![
        (r#"(?i)(?P<keep>\b(?:proxy-)?authorization\\?["']?\s*[:=]\s*(?:\[?\s*\\?["'])?)(?:(?:digest|aws4-hmac-sha256)[^\r\n]+|(?:[^"',\r\n\\]|\\[^"'\r\n])+)"#.into(), false),
        (r#"(?i)(?P<keep>\b(?:set-)?cookie\\?["']?\s*[:=]\s*(?:\[?\s*\\?["'])?)(?:[^"'\r\n\\]|\\[^"'\r\n])+"#.into(), false),
        (r#"(?i)(?P<keep>\bx-(?:api-key|auth-token|amz-security-token|csrf-token)\\?["']?\s*[:=]\s*(?:\[?\s*\\?["'])?)(?:[^"',\s\\]|\\[^"'\s])+"#.into(), false),
        (r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}".into(), true),
        (format!("(?i)(?P<keep>(?:{TELLING}){equals}){VALUE}"), false),
        (format!("(?i)(?P<keep>{begins}(?:{TELLING_IN_QUERIES})(?:=|%3d|%253d)){VALUE}"), false),
        (r#"(?i)(?P<keep>[a-z][a-z0-9+.-]*://)[^\s/@"'?\#<>]+@"#.into(), false),
        (SHAPES.into(), false),
        (r"(?-u)(?P<keep>)\b[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b".into(), false),
    ]
}

/// The text without its secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    for rule in RULES.iter() {
        if let Cow::Owned(changed) = rule.regex.replace_all(&clean, |found: &Captures<'_>| replaced(rule, found)) {
            clean = Cow::Owned(changed);
        }
    }
    clean
}

fn replaced(rule: &Rule, found: &Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |all| all.as_str());
    let keep = found.name("keep").map_or("", |keep| keep.as_str());
    let secret = &whole[keep.len()..];
    if rule.coded && !secret.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'=') {
        return whole.to_owned(); // "basic authentication"
    }
    // The `@` of a user belongs to the address after it.
    let rest = if keep.ends_with("://") { "@" } else { "" };
    format!("{keep}{REDACTED}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_pattern_is_lost() {
        assert_eq!(RULES.len(), patterns().len());
    }

    #[test]
    fn secrets_go_and_their_surroundings_stay() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP";
        for (text, clean) in [
            ("GET /a?token=hunter2&b=1 HTTP/1.1", "GET /a?token=[redacted]&b=1 HTTP/1.1"),
            ("GET /cb?code=hunter2&state=x", "GET /cb?code=[redacted]&state=x"),
            ("/a?x=1&access_token=hunter2\"", "/a?x=1&access_token=[redacted]\""),
            ("/l?next=%2Fa%3Ftoken%3Dhunter2 HTTP", "/l?next=%2Fa%3Ftoken%3D[redacted] HTTP"),
            ("/s3?X-Amz-Signature=hunter2&X-Amz-Date=1", "/s3?X-Amz-Signature=[redacted]&X-Amz-Date=1"),
            ("/s3?AWSAccessKeyId=hunter2&Expires=1", "/s3?AWSAccessKeyId=[redacted]&Expires=1"),
            ("/b?sv=1&sig=hunter2%3D&se=2", "/b?sv=1&sig=[redacted]&se=2"),
            ("/a;jsessionid=hunter2?b=1", "/a;jsessionid=[redacted]"),
            ("PHPSESSID=hunter2; path=/", "PHPSESSID=[redacted] path=/"),
            (r#"{"password":"hunter2","user":"a"}"#, r#"{"password":"[redacted]","user":"a"}"#),
            (r#"{\"client_secret\": \"hunter2\"}"#, r#"{\"client_secret\": \"[redacted]\"}"#),
            ("'password' => 'hunter2',", "'password' => '[redacted]',"),
            ("Server=db;Pwd=hunter2 in use", "Server=db;Pwd=[redacted] in use"),
            ("Authorization: Bearer hunter2, client: 192.0.2.1", "Authorization: [redacted], client: 192.0.2.1"),
            (r#""authorization":"Basic aHVudGVyMg==""#, r#""authorization":"[redacted]""#),
            ("Authorization: Digest username=\"a\", response=\"hunter2\"", "Authorization: [redacted]"),
            (
                r#"{"Authorization":["Bearer hunter2"],"Cookie":["a=hunter2; b"]}"#,
                r#"{"Authorization":["[redacted]"],"Cookie":["[redacted]"]}"#,
            ),
            (
                r#"{\"X-Api-Key\": [\"hunter2\"], \"token\": [ \"hunter2\" ]}"#,
                r#"{\"X-Api-Key\": [\"[redacted]\"], \"token\": [ \"[redacted]\" ]}"#,
            ),
            ("Cookie: sid=hunter2; b=hunter2", "Cookie: [redacted]"),
            ("X-Api-Key: hunter2 next", "X-Api-Key: [redacted] next"),
            ("sent Bearer hunter2hunter2 to", "sent Bearer [redacted] to"),
            ("postgres://app:hunter2@192.0.2.7:5432/shop", "postgres://[redacted]@192.0.2.7:5432/shop"),
            (&format!("got {jwt} from"), "got [redacted] from"),
            ("id AKIAIOSFODNN7EXAMPLE.", "id [redacted]."),
            ("ghp_0123456789abcdefghij0123456789abcdef", "[redacted]"),
            ("https://hooks.slack.com/services/T0/B0/hunter2", "https://[redacted]"),
            ("mail to jo.doe+x@shop.example.com failed", "mail to [redacted] failed"),
            ("/u?email=jo%40example.com&x", "/u?email=[redacted]&x"),
        ] {
            assert_eq!(redact(text), clean);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "2026/11/21 09:04:28 [error] 211#211: *99 connect() failed (111: Connection refused) while connecting to upstream",
            "GET /static/app.js?v=3&hash=0123abcd HTTP/1.1",
            "syntax error, unexpected token \"}\", expecting end of file",
            "Access denied for user 'shop'@'192.0.2.7' (using password: YES)",
            "no user/password was provided for basic authentication",
            "java.lang.Object@1b2c3d at com.example.Shop.main(Shop.java:7)",
            "upstream: \"http://192.0.2.17:8081/api/orders?page=2\", host: \"shop.example.com\"",
            "fetch() to @fallback",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    /// Twenty shapes with a secret in each, in the fields where logs quote requests.
    #[test]
    fn planted_secrets_do_not_come_through() {
        let keys = "token access_token refresh_token id_token auth_token secret client_secret password passwd pwd api_key apikey \
            api-key access_key signature X-Amz-Signature X-Goog-Signature X-Amz-Credential X-Amz-Security-Token session_id \
            sessionid otp jwt csrf csrf_token key code sig auth sid session pass pin";
        for key in keys.split_whitespace() {
            for line in [
                format!("192.0.2.1 - - [x] \"GET /a?b=1&{key}=hunter2%2F+~.-_!*() HTTP/1.1\" 502 1"),
                format!(
                    "client: 192.0.2.1, request: \"POST /{key}?{key}=hunter2 HTTP/1.1\", upstream: \"http://u/?{key}=hunter2\""
                ),
                format!("referrer: \"https://shop.example.com/?{key}=hunter2\\x22hunter2#top\""),
            ] {
                let clean = redact(&line);
                assert!(!clean.contains("hunter2"), "{clean}");
            }
        }
    }

    proptest! {
        #[test]
        fn twice_is_once(text in "([a-z=&?:@%.\"'{}\\\\ /]|token=|Bearer |Cookie: |\\[redacted\\]|eyJ){0,40}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once).into_owned(), once);
        }
    }
}
