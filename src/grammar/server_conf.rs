//! Configurations of servers, which say how their logs are written.
//!
//! In: the files of a configuration. Out: the formats of a log by its path.

pub mod apache;
pub mod nginx;

use crate::error::{Defect, Result};
use apache::ApacheConf;
use nginx::NginxConf;
use std::path::Path;

/// Files that one configuration may consist of; more is a mistake or a loop.
const MOST_FILES: usize = 1000;

/// The configurations that are known.
#[derive(Debug, Default)]
pub struct ServerConf {
    /// nginx.conf.
    pub nginx: Option<NginxConf>,
    /// httpd.conf.
    pub apache: Option<ApacheConf>,
}

/// The text of one file more of a configuration. `files`: how many were read; `option`: what names the configuration.
fn read_one(path: &Path, files: &mut usize, is_too_deep: bool, option: &str) -> Result<String> {
    *files += 1;
    let shown = path.display().to_string();
    if *files > MOST_FILES || is_too_deep {
        let defect = Defect::new(shown, "the configuration includes too many files");
        return Err(defect.hint("does a file include itself?"));
    }
    match std::fs::read(path) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) => Err(Defect::new(shown, error.to_string())
            .hint(format!("name the right file with {option}, or give the format with --log-format"))),
    }
}
