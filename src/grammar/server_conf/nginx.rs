//! Finding the `log_format` of a log in nginx.conf.
//!
//! In: the path of an nginx.conf. Out: which log file has which `log_format`. `include` is followed, with globs, as
//! nginx does it; nothing else of the configuration is read.

use super::read_one;
use crate::error::Result;
use crate::grammar::notation::{LogFormat, argument};
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till};
use nom::character::complete::{char, multispace1};
use nom::combinator::{map, value};
use nom::multi::{many0, many1};
use nom::sequence::{preceded, terminated};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where nginx keeps it when nobody says otherwise.
pub const USUAL_PLACE: &str = "/etc/nginx/nginx.conf";

/// nginx itself has no limit; includes nested deeper than this are a loop.
const MOST_DEPTH: usize = 16;

/// The log formats of one configuration.
#[derive(Debug, Default)]
pub struct NginxConf {
    formats: HashMap<String, LogFormat>,
    /// Log path to format name, as written.
    logs: Vec<(PathBuf, String)>,
    files: usize,
}

impl NginxConf {
    /// Reads the configuration and all that it includes.
    ///
    /// # Errors
    /// Where a file cannot be read, or there are too many.
    pub fn read(path: &Path) -> Result<Self> {
        let mut conf = Self::default();
        conf.read_file(path, path.parent().unwrap_or(Path::new(".")), 0)?;
        Ok(conf)
    }

    /// The format of the log with this path; rotated names (`access.log.1`, `access.log-20260101.gz`) count as the log.
    pub fn format_of(&self, log: &Path) -> Option<&LogFormat> {
        let named = |written: &Path| {
            let (log, written) = (log.to_string_lossy(), written.to_string_lossy());
            log.strip_prefix(&*written).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        };
        let name = self.logs.iter().find(|(written, _)| named(written)).map(|(_, name)| name)?;
        self.formats.get(name)
    }

    /// Every format it defines, by name.
    pub fn formats(&self) -> impl Iterator<Item = &LogFormat> {
        let mut formats: Vec<&LogFormat> = self.formats.values().collect();
        formats.sort_by(|a, b| a.name.cmp(&b.name));
        formats.into_iter()
    }

    fn read_file(&mut self, path: &Path, root: &Path, depth: usize) -> Result<()> {
        let text = read_one(path, &mut self.files, depth > MOST_DEPTH, "--nginx-conf")?;
        for words in directives(&text) {
            self.take(&words, root, depth)?;
        }
        Ok(())
    }

    fn take(&mut self, words: &[String], root: &Path, depth: usize) -> Result<()> {
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["include", pattern] => self.include(&root.join(pattern), root, depth)?,
            ["log_format", name, strings @ ..] => {
                let (escape, strings) = match strings.split_first() {
                    Some((first, rest)) if first.starts_with("escape=") => (*first, rest),
                    _ => ("escape=default", strings),
                };
                let directive = format!("log_format {name} {escape} '{}';", quoted(&strings.concat()));
                if let Ok(format) = LogFormat::parse(&directive) {
                    self.formats.insert((*name).to_owned(), format);
                }
            }
            ["access_log", path, rest @ ..] if *path != "off" => {
                let name = rest.first().filter(|word| !word.contains('=')).copied().unwrap_or("combined");
                self.logs.push((root.join(path), name.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn include(&mut self, pattern: &Path, root: &Path, depth: usize) -> Result<()> {
        let name = pattern.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.contains(['*', '?', '[']) {
            // mime.types and the like are missing on many a machine that only holds the logs.
            return if pattern.exists() { self.read_file(pattern, root, depth + 1) } else { Ok(()) };
        }
        let Ok(glob) = globset::Glob::new(&name) else { return Ok(()) };
        let Some(entries) = pattern.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Ok(()) };
        let matcher = glob.compile_matcher();
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.file_name().is_some_and(|name| matcher.is_match(name)) && file.is_file());
        files.sort();
        files.iter().try_for_each(|file| self.read_file(file, root, depth + 1))
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Every simple directive as its words; blocks are opened and closed without being looked at.
fn directives(text: &str) -> Vec<Vec<String>> {
    enum Token {
        Word(String),
        End,
        Blank,
    }
    let comment = preceded(char('#'), take_till(|letter| letter == '\n'));
    let blank = value((), many1(alt((value((), multispace1), value((), comment)))));
    let end = value((), alt((tag(";"), tag("{"), tag("}"))));
    let token = alt((map(blank, |()| Token::Blank), map(end, |()| Token::End), map(argument, Token::Word)));
    let mut found = Vec::new();
    let mut words = Vec::new();
    let parsed = terminated(many0(token), nom::combinator::success(())).parse(text);
    for token in parsed.map_or(Vec::new(), |(_, tokens)| tokens) {
        match token {
            Token::Word(word) => words.push(word),
            Token::End => found.push(std::mem::take(&mut words)),
            Token::Blank => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_followed_and_logs_find_their_format() {
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("nginx.conf");
        std::fs::create_dir(folder.path().join("conf.d")).expect("a folder");
        std::fs::write(
            &main,
            "http {\n  log_format ext '$remote_addr \"$request\" $status' # why\n    ' it''s $request_time';\n  include conf.d/*.conf; include mime.types;\n}\n",
        )
        .expect("written");
        std::fs::write(
            folder.path().join("conf.d/shop.conf"),
            "server { access_log /var/log/nginx/shop.log ext buffer=32k; access_log off; location / { access_log /var/log/nginx/plain.log; } }",
        )
        .expect("written");
        let conf = NginxConf::read(&main).unwrap_or_else(|defect| panic!("{defect}"));
        let of = |log: &str| conf.format_of(Path::new(log)).map(|format| format.text.clone());
        assert_eq!(
            of("/var/log/nginx/shop.log.2.gz").as_deref(),
            Some("$remote_addr \"$request\" $status its $request_time")
        );
        assert_eq!(of("/var/log/nginx/other.log"), None);
        assert!(NginxConf::read(Path::new("/no/such/nginx.conf")).is_err());
    }
}
