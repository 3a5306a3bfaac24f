//! Slack incoming webhook: Block Kit.
//!
//! What comes from logs stands in `plain_text` objects, with `&`, `<` and `>` as entities: there is no mention, link or
//! markup that a log line could write. Lengths are those that Slack takes.

use super::{Notice, words};
use serde_json::{Value, json};

/// Letters of a header.
const MOST_HEADER: usize = 150;
/// Letters of one field of a section.
const MOST_FIELD: usize = 2_000;
/// Fields of a section.
const MOST_FIELDS: usize = 10;
/// Letters of a section's text.
const MOST_TEXT: usize = 3_000;

/// What is posted.
pub(super) fn payload(notice: &Notice) -> Value {
    let body = &notice.body;
    let fields: Vec<Value> = words::facts(notice)
        .into_iter()
        .take(MOST_FIELDS)
        .map(|(label, value)| plain(&format!("{label}: {value}"), MOST_FIELD))
        .collect();
    let mut blocks = vec![json!({ "type": "header", "text": plain(&words::headline(notice), MOST_HEADER) })];
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    for (title, lines) in [("troubles", &body.lines), ("evidence", &body.evidence), ("check", &body.checks)] {
        if !lines.is_empty() {
            let text = format!("{title}\n{}", lines.join("\n"));
            blocks.push(json!({ "type": "section", "text": plain(&text, MOST_TEXT) }));
        }
    }
    if let Some(url) = words::runbook(notice) {
        let link = format!("<{}|runbook>", escaped(url, MOST_TEXT / 2));
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": link, "verbatim": true } }));
    }
    let footer = format!("{} · {}", notice.trouble, notice.key);
    blocks.push(json!({ "type": "context", "elements": [plain(&footer, MOST_FIELD)] }));
    json!({
        // For notifications and screen readers: our own words alone, as this text is read as markup.
        "text": escaped(&words::headline(notice), MOST_HEADER),
        "blocks": blocks,
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn plain(text: &str, most_letters: usize) -> Value {
    json!({ "type": "plain_text", "text": escaped(text, most_letters), "emoji": false })
}

/// With Slack's three entities, whole ones, in at most so many letters; `…` where something was left out. A word that would call
/// people wears a gap, should a client read it all the same.
fn escaped(text: &str, most_letters: usize) -> String {
    let text = text.replace('@', "@ ");
    let (mut clean, mut letters) = (String::new(), 0);
    for letter in text.chars() {
        let shown = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        letters += shown.len().max(1);
        if letters >= most_letters {
            clean.push('…');
            break;
        }
        if shown.is_empty() { clean.push(letter) } else { clean.push_str(shown) }
    }
    clean
}
