//! The secret behind a channel: read when something is sent, so that a changed file counts at once. Never shown.

use crate::playbook::Setting;
use std::io::Read;

/// A longer file holds no key.
const MOST_BYTES: u64 = 8 << 10;

/// The value, or why there is none, without saying anything of it.
pub(super) fn value(setting: &Setting) -> Result<String, String> {
    let text = match setting {
        Setting::Plain(text) => text.clone(),
        Setting::Env(name) => std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?,
        Setting::File(path) => {
            let failed = |error: std::io::Error| format!("{} cannot be read: {}", path.display(), error.kind());
            let mut text = String::new();
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
            text
        }
    };
    let text = text.trim();
    if text.is_empty() { Err("its address or key is empty".into()) } else { Ok(text.to_owned()) }
}
