//! Looks into a directory for logs. In: a directory. Out: the files in it that can be logs, sorted by name.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::open::unopened;
use crate::error::Defect;

/// How many directories deep a walk goes: enough for a load balancer's `AWSLogs/account/service/region/yyyy/mm/dd`.
pub const MAX_DEPTH: usize = 12;

/// The most directory entries that one walk looks at.
const MAX_ENTRIES: usize = 1_000_000;

/// Extensions of what stands beside logs and is none. A file that the user names is read all the same.
const NO_LOGS: &[&str] = &[
    "bak", "bin", "cfg", "conf", "core", "crt", "css", "db", "deb", "gif", "golden", "htm", "html", "ico", "ini",
    "jpeg", "jpg", "journal", "key", "lock", "md", "offset", "pcap", "pdf", "pem", "pid", "png", "pos", "py", "rpm",
    "rrd", "sh", "so", "sock", "sqlite", "state", "svg", "swp", "tar", "tgz", "tmp", "toml", "xml", "yaml", "yml",
    "zip",
];

/// Binary accounting files of `/var/log`.
const NO_LOG_NAMES: &[&str] = &["btmp", "faillog", "lastlog", "tallylog", "utmp", "wtmp"];

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Files that can be logs, in the order of their names.
    pub(super) files: Vec<PathBuf>,
    /// Directories that could not be read.
    pub(super) defects: Vec<Defect>,
    /// What was left out on purpose.
    pub(super) notes: Vec<String>,
    skipped: Vec<String>,
    entries: usize,
}

/// Looks into a directory and those in it, [`MAX_DEPTH`] deep. Links to files are followed, links to directories not,
/// so that a loop of links cannot hang it.
pub(super) fn walk(directory: &Path) -> Walk {
    let mut walk = Walk::default();
    walk.look_into(directory, 0);
    if let [first, ..] = walk.skipped.as_slice() {
        let (count, shown) = (walk.skipped.len(), directory.display());
        walk.notes.push(format!("{shown}: {count} left out that are no logs (first: {first})"));
    }
    walk
}

impl Walk {
    fn look_into(&mut self, directory: &Path, depth: usize) {
        let shown = directory.to_string_lossy().into_owned();
        if depth > MAX_DEPTH {
            self.notes.push(format!("{shown}: more than {MAX_DEPTH} directories deep; name it to read it"));
            return;
        }
        match entries(directory) {
            Ok(names) => names.iter().for_each(|name| self.look_at(&directory.join(name), name, depth)),
            Err(error) => self.defects.push(unopened(&shown, &error)),
        }
    }

    fn look_at(&mut self, path: &Path, name: &OsStr, depth: usize) {
        self.entries += 1;
        if self.entries == MAX_ENTRIES {
            let what = format!("more than {MAX_ENTRIES} entries; the rest of the directory was left out");
            self.defects.push(Defect::new(path.to_string_lossy(), what).hint("name a smaller directory"));
        }
        let name = name.to_string_lossy();
        if self.entries >= MAX_ENTRIES || name.starts_with('.') {
            return;
        }
        let is_link = path.is_symlink();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() && is_link => {
                self.notes.push(format!("{}: a link to a directory; name it to read it", path.display()));
            }
            Ok(meta) if meta.is_dir() => self.look_into(path, depth + 1),
            Ok(meta) if meta.is_file() && can_be_log(&name) => self.files.push(path.to_owned()),
            Ok(_) => self.skipped.push(name.into_owned()),
            Err(_) => self.notes.push(format!("{}: the file vanished, or is a link to nothing", path.display())),
        }
    }
}

/// The names in a directory, sorted.
pub(super) fn entries(directory: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names =
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Whether a file of this name can be a log.
fn can_be_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !name.ends_with('~') && !NO_LOGS.contains(&extension) && !NO_LOG_NAMES.contains(&stem(&name))
}

/// `btmp` of `btmp.1.gz`, `btmp-20260101`.
fn stem(name: &str) -> &str {
    name.split(['.', '-']).next().unwrap_or(name)
}

/// Whether this is a named pipe.
#[cfg(unix)]
pub(super) fn is_fifo(meta: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&meta.file_type())
}

/// Whether this is a named pipe: not where the system has none in its file tree.
#[cfg(not(unix))]
pub(super) fn is_fifo(_: &Metadata) -> bool {
    false
}
