//! Finding the formats of a log in httpd.conf.
//!
//! In: the path of an httpd.conf (or apache2.conf). Out: which log file has which `LogFormat` or `ErrorLogFormat`, as the
//! directive that `--log-format` takes. `Include` and `IncludeOptional` are followed, with globs and folders, as Apache does
//! it; what stands in `<IfModule>` and the like counts as if it held. A path with a variable that only the environment
//! knows (`${APACHE_LOG_DIR}/access.log`) is known by what follows the variable.

mod words;

use super::read_one;
use crate::error::Result;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use words::{directives, expanded};

/// Where the distributions keep it.
pub const USUAL_PLACES: [&str; 3] =
    ["/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf"];

/// As deep as Apache itself follows.
const MOST_DEPTH: usize = 128;
/// `<VirtualHost>` does not nest; everything outside of one is the server's own.
const SERVER: usize = 0;

/// The log formats of one configuration.
#[derive(Debug, Default)]
pub struct ApacheConf {
    root: PathBuf,
    /// `Define NAME value`.
    defined: HashMap<String, String>,
    /// `LogFormat "..." nickname`.
    formats: HashMap<String, String>,
    /// The unnamed one, which `TransferLog` uses.
    unnamed: Option<String>,
    /// `ErrorLogFormat`, by the virtual host that it is in.
    error_formats: HashMap<usize, String>,
    logs: Vec<(LogPath, Spec)>,
    files: usize,
    hosts: usize,
    /// The virtual host in hand.
    host: usize,
}

/// Where a log is.
#[derive(Debug, Clone, PartialEq)]
enum LogPath {
    Whole(PathBuf),
    /// What follows a variable that nobody defined.
    End(String),
}

/// How a log's format is named.
#[derive(Debug, Clone)]
enum Spec {
    Named(String),
    String(String),
    Unnamed,
    Errors { host: usize },
}

impl ApacheConf {
    /// Reads the configuration and all that it includes.
    ///
    /// # Errors
    /// Where a file cannot be read, or there are too many.
    pub fn read(path: &Path) -> Result<Self> {
        let root = path.parent().unwrap_or(Path::new(".")).to_owned();
        let mut conf = Self { root, host: SERVER, ..Self::default() };
        conf.read_file(path, 0)?;
        Ok(conf)
    }

    /// The formats that the log with this path may have, as directives; rotated names count as the log. Without a path all.
    pub fn directives(&self, log: Option<&Path>) -> Vec<String> {
        // A log may be named from where one stands; the configuration names it from the root.
        let log = log.map(|log| std::path::absolute(log).unwrap_or_else(|_| log.to_owned()));
        let is_asked = |written: &LogPath| log.as_ref().is_none_or(|log| written.is(&log.to_string_lossy()));
        let mut found: Vec<String> =
            self.logs.iter().filter(|(path, _)| is_asked(path)).filter_map(|(_, spec)| self.directive(spec)).collect();
        found.sort();
        found.dedup();
        found
    }

    fn directive(&self, spec: &Spec) -> Option<String> {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        match spec {
            Spec::Named(name) => Some(format!("LogFormat \"{}\" {name}", quoted(self.formats.get(name)?))),
            Spec::String(text) => Some(format!("LogFormat \"{}\"", quoted(text))),
            Spec::Unnamed => Some(format!("LogFormat \"{}\"", quoted(self.unnamed.as_ref()?))),
            Spec::Errors { host } => {
                let own = self.error_formats.get(host).or_else(|| self.error_formats.get(&SERVER))?;
                Some(format!("ErrorLogFormat \"{}\"", own.replace('"', "\\\"")))
            }
        }
    }

    fn read_file(&mut self, path: &Path, depth: usize) -> Result<()> {
        let text = read_one(path, &mut self.files, depth > MOST_DEPTH, "--apache-conf")?;
        directives(&text).iter().try_for_each(|words| self.take(words, depth))
    }

    fn take(&mut self, words: &[String], depth: usize) -> Result<()> {
        let Some((name, values)) = words.split_first() else { return Ok(()) };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match (name.to_ascii_lowercase().as_str(), values.as_slice()) {
            ("include" | "includeoptional", [pattern]) => self.include(pattern, depth)?,
            ("serverroot", [root]) => self.root = PathBuf::from(expanded(root, &self.defined)),
            ("define", [name, value]) => drop(self.defined.insert((*name).into(), (*value).into())),
            ("<virtualhost", _) => {
                self.hosts += 1;
                self.host = self.hosts;
            }
            ("</virtualhost>", _) => self.host = SERVER,
            ("logformat", [text, name]) => drop(self.formats.insert((*name).into(), (*text).into())),
            ("logformat", [text]) => self.unnamed = Some((*text).into()),
            ("errorlogformat", [text]) => drop(self.error_formats.insert(self.host, (*text).into())),
            ("customlog" | "globallog", [path, format, ..]) => {
                let is_string = format.contains('%');
                self.log(path, if is_string { Spec::String((*format).into()) } else { Spec::Named((*format).into()) });
            }
            ("transferlog", [path]) => self.log(path, Spec::Unnamed),
            ("errorlog", [path]) => self.log(path, Spec::Errors { host: self.host }),
            _ => {}
        }
        Ok(())
    }

    /// A pipe or syslog is no file.
    fn log(&mut self, path: &str, spec: Spec) {
        if path.starts_with('|') || path.starts_with("syslog") {
            return;
        }
        let path = expanded(path, &self.defined);
        let path = match path.rsplit_once('}').filter(|(before, _)| before.contains("${")) {
            Some((_, end)) => LogPath::End(end.to_owned()),
            None => LogPath::Whole(self.root.join(path)),
        };
        self.logs.push((path, spec));
    }

    /// A missing file is passed over: on many a machine that only holds the logs most of them are.
    fn include(&mut self, pattern: &str, depth: usize) -> Result<()> {
        let pattern = self.root.join(expanded(pattern, &self.defined));
        let mut found = vec![PathBuf::new()];
        for part in &pattern {
            found = found.iter().flat_map(|folder| matches(folder, &part.to_string_lossy())).collect();
        }
        for path in found {
            self.include_one(&path, depth + 1)?;
        }
        Ok(())
    }

    /// Of a folder all files are read, in the order of their names.
    fn include_one(&mut self, path: &Path, depth: usize) -> Result<()> {
        if path.is_dir() && depth <= MOST_DEPTH {
            return matches(path, "*").iter().try_for_each(|inside| self.include_one(inside, depth + 1));
        }
        if path.is_file() { self.read_file(path, depth) } else { Ok(()) }
    }
}

impl LogPath {
    fn is(&self, log: &str) -> bool {
        let is_rest = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-']);
        match self {
            Self::Whole(path) => log.strip_prefix(&*path.to_string_lossy()).is_some_and(is_rest),
            Self::End(end) => log.rfind(end.as_str()).is_some_and(|at| is_rest(&log[at + end.len()..])),
        }
    }
}

/// The entries of a folder that a part of a path with wildcards means, in the order of their names.
fn matches(folder: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains(['*', '?', '[']) {
        return vec![folder.join(part)];
    }
    let Ok(glob) = globset::Glob::new(part) else { return Vec::new() };
    let matcher = glob.compile_matcher();
    let entries = std::fs::read_dir(folder).map_or(Vec::new(), |entries| entries.flatten().collect());
    let mut found: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    found.retain(|path| path.file_name().is_some_and(|name| matcher.is_match(name)));
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_followed_and_logs_find_their_formats() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let root = folder.path().display();
        write(
            "conf/httpd.conf",
            &format!(
                "# how it is\nServerRoot \"{root}\"\nDefine LOGS /var/log/shop\nLogFormat \"%h \\\"%r\\\" %>s %D\" timed\n\
                 ErrorLogFormat \"[%t] [%l] %M\"\nErrorLog logs/error_log\n<IfModule log_config_module>\n  \
                 customlog ${{LOGS}}/access.log \\\n    timed env=!quiet\n</IfModule>\n\
                 IncludeOptional sites-*/*.conf\nInclude extra\nInclude gone.conf\nCustomLog \"|/bin/rotatelogs x 60\" timed\n"
            ),
        );
        write(
            "sites-enabled/shop.conf",
            "<VirtualHost *:80>\n ErrorLogFormat '[%{u}t] %l %M'\n ErrorLog ${APACHE_LOG_DIR}/shop-error.log\n \
             CustomLog ${APACHE_LOG_DIR}/shop.log \"%t %>s\"\n</VirtualHost>\n<VirtualHost *:81>\nErrorLog /var/log/b.log\n</VirtualHost>",
        );
        write("extra/more.conf", "TransferLog logs/plain.log\nLogFormat \"%h %t %s\"\n");
        let conf = ApacheConf::read(&folder.path().join("conf/httpd.conf")).unwrap_or_else(|defect| panic!("{defect}"));
        let of = |log: &str| conf.directives(Some(Path::new(log))).join(" | ");
        assert_eq!(of("/var/log/shop/access.log.1"), r#"LogFormat "%h \"%r\" %>s %D" timed"#);
        assert_eq!(of(&format!("{root}/logs/error_log")), r#"ErrorLogFormat "[%t] [%l] %M""#);
        assert_eq!(of("/anywhere/shop-error.log-20260115.gz"), r#"ErrorLogFormat "[%{u}t] %l %M""#);
        assert_eq!(of("/anywhere/shop.log"), r#"LogFormat "%t %>s""#);
        assert_eq!(of("/var/log/b.log"), r#"ErrorLogFormat "[%t] [%l] %M""#);
        assert_eq!(of(&format!("{root}/logs/plain.log")), r#"LogFormat "%h %t %s""#);
        assert_eq!(of("/var/log/other.log"), "");
        assert_eq!(conf.directives(None).len(), 5);
        assert!(ApacheConf::read(Path::new("/no/such/httpd.conf")).is_err());
    }

    #[test]
    fn a_file_that_includes_itself_is_a_defect() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("httpd.conf");
        std::fs::write(&path, format!("Include {}", path.display())).expect("written");
        assert!(ApacheConf::read(&path).is_err_and(|defect| defect.what.contains("too many files")));
    }
}
