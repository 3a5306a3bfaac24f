//! The state of a watch: what was counted, how far each log was read and what was told, in one file.
//!
//! In: a directory. Out: the state that was committed last, whole, or a clear word why not. It is written beside itself,
//! synced and renamed, so that a crash leaves the old or the new one (RELIABILITY.md section 1.3). Only its owner may read
//! it, one watch at a time may write it, and a state of another version or other knowledge is refused, never guessed at.

use super::books::Books;
use crate::error::{Defect, Result};
use crate::report::Gap;
use crate::source::follow::Position;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// What a state file begins with. The number rises whenever what is kept changes its shape.
const MAGIC: &[u8; 16] = b"triage state 2\n\0";
/// Magic, knowledge, length and hash of the body.
const HEADER_BYTES: usize = MAGIC.len() + 3 * size_of::<u64>();
/// No state is larger; a larger file is something else.
const MOST_STATE_BYTES: u64 = 1 << 30;
/// Acknowledgements taken in one look; more wait for the next.
const MOST_ACKS: usize = 256;
/// An acknowledgement names its author in no more bytes.
const MOST_NAME_BYTES: u64 = 256;

const STATE: &str = "state";
const NEW: &str = "state.new";
const LOCK: &str = "lock";
const ACKS: &str = "acks";

/// What is committed, together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    /// The engine: what was counted and what waits.
    pub engine: Vec<u8>,
    /// How far each path was read.
    pub positions: Vec<(PathBuf, Position)>,
    /// What was seen and told: the watch's own books.
    pub books: Vec<u8>,
}

impl Saved {
    /// The losses that were seen.
    ///
    /// # Errors
    /// The books were written by another version.
    pub fn gaps(&self) -> Result<Vec<Gap>> {
        let (books, _) = postcard::take_from_bytes::<Books>(&self.books)
            .map_err(|_| Defect::new("state", "what was seen and told cannot be read"))?;
        Ok(books.gaps())
    }
}

/// A directory with a state, held by this process.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Dropping it lets the directory go.
    _lock: File,
}

impl StateDir {
    /// Takes the directory, and makes it where it is not there.
    ///
    /// # Errors
    /// It cannot be made, others may write to it, or another watch has it.
    pub fn take(path: &Path) -> Result<Self> {
        let wrong = |error: io::Error| {
            defect(path, format!("the state cannot be kept here: {error}"))
                .hint("name a folder of your own with --state")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(wrong)?;
        is_ours(path)?;
        let lock = private(&mut OpenOptions::new(), path.join(LOCK)).map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(defect(path, "another watch keeps its state here".into())
                .hint("stop it first, or name another folder with --state")),
            Err(TryLockError::Error(error)) => Err(wrong(error)),
        }
    }

    /// The state that was committed last; `None` where there is none yet.
    ///
    /// # Errors
    /// As [`read`].
    pub fn load(&self, knowledge: u64) -> Result<Option<Saved>> {
        read(&self.path, knowledge)
    }

    /// Commits a state.
    ///
    /// # Errors
    /// It cannot be written; the one before stays.
    pub fn commit(&self, saved: &Saved, knowledge: u64) -> Result<()> {
        let wrong = |error: io::Error| defect(&self.path, format!("the state cannot be written: {error}"));
        let body = postcard::to_stdvec(saved).map_err(|error| wrong(io::Error::other(error)))?;
        let new = self.path.join(NEW);
        // What a crash left, or somebody laid there, is none of this state's.
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(wrong(error));
        }
        let write = || -> io::Result<()> {
            let mut file = private(OpenOptions::new().create_new(true), new.clone())?;
            file.write_all(MAGIC)?;
            for number in [knowledge, body.len() as u64, xxh3_64(&body)] {
                file.write_all(&number.to_le_bytes())?;
            }
            file.write_all(&body)?;
            file.sync_all()?;
            fs::rename(&new, self.path.join(STATE))?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(wrong)
    }

    /// The acknowledgements that came in, each with its author; they stay until [`StateDir::acks_taken`].
    pub fn acks(&self) -> Vec<(String, String)> {
        let Ok(entries) = fs::read_dir(self.path.join(ACKS)) else { return Vec::new() };
        let named = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        named.filter(|id| is_id(id)).take(MOST_ACKS).map(|id| (id.clone(), self.author(&id))).collect()
    }

    /// These acknowledgements are part of a committed state.
    pub fn acks_taken(&self, ids: &[String]) {
        // One that cannot be removed is taken again, which changes nothing.
        ids.iter().for_each(|id| drop(fs::remove_file(self.path.join(ACKS).join(id))));
    }

    fn author(&self, id: &str) -> String {
        let mut name = String::new();
        if let Ok(file) = File::open(self.path.join(ACKS).join(id)) {
            // A name that is no text is nobody's.
            file.take(MOST_NAME_BYTES).read_to_string(&mut name).unwrap_or_default();
        }
        name.trim().to_owned()
    }
}

/// The state in a directory, whether or not a watch has it.
///
/// # Errors
/// It cannot be read, is none, is damaged, or was written by another version or with other knowledge.
pub fn read(path: &Path, knowledge: u64) -> Result<Option<Saved>> {
    let file = path.join(STATE);
    let bytes = match fs::metadata(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(defect(&file, format!("the state cannot be read: {error}"))),
        Ok(meta) if meta.len() > MOST_STATE_BYTES => return Err(refused(&file, "it is too large")),
        Ok(_) => fs::read(&file).map_err(|error| defect(&file, format!("the state cannot be read: {error}")))?,
    };
    let (Some(header), Some(body)) = (bytes.get(..HEADER_BYTES), bytes.get(HEADER_BYTES..)) else {
        return Err(refused(&file, "it is cut short"));
    };
    if !header.starts_with(MAGIC) {
        let is_other = header.starts_with(b"triage state ");
        return Err(refused(
            &file,
            if is_other { "another version of triage wrote it" } else { "it is no state of triage" },
        ));
    }
    let number = |at: usize| {
        let bytes = header.get(MAGIC.len() + 8 * at..).and_then(<[u8]>::first_chunk::<8>);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    if number(1) != body.len() as u64 || number(2) != xxh3_64(body) {
        return Err(refused(&file, "it is damaged"));
    }
    if number(0) != knowledge {
        return Err(refused(&file, "it was written with other grammars"));
    }
    postcard::from_bytes(body).map(Some).map_err(|_| refused(&file, "another version of triage wrote it"))
}

/// Leaves word for the watch that keeps its state in this directory.
///
/// # Errors
/// The id is none, or the word cannot be left.
pub fn acknowledge(path: &Path, id: &str, by: &str) -> Result<()> {
    if !is_id(id) {
        return Err(
            Defect::new(id, "this is no incident's id").hint("an id has 16 hex digits; reports and notices show it")
        );
    }
    let wrong = |error: io::Error| {
        defect(path, format!("it cannot be acknowledged: {error}")).hint("name the watch's folder with --state")
    };
    is_ours(path)?;
    let acks = path.join(ACKS);
    DirBuilder::new().recursive(true).mode(0o700).create(&acks).map_err(wrong)?;
    let mut file = private(OpenOptions::new().truncate(true), acks.join(id)).map_err(wrong)?;
    file.write_all(by.as_bytes()).map_err(wrong)
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Opens for writing what nobody else may read.
fn private(options: &mut OpenOptions, path: PathBuf) -> io::Result<File> {
    /// `O_NOFOLLOW` of Linux on most machines.
    const NO_LINKS: i32 = 0o400_000;
    let no_links = if cfg!(target_os = "linux") { NO_LINKS } else { 0 };
    options.write(true).create(true).mode(0o600).custom_flags(no_links).open(path)
}

/// Whoever may write to the directory may make up a state.
fn is_ours(path: &Path) -> Result<()> {
    let meta = fs::metadata(path).map_err(|error| {
        defect(path, format!("there is no state here: {error}")).hint("name the watch's folder with --state")
    })?;
    let ours = fs::metadata("/proc/self").map_or(meta.uid(), |own| own.uid());
    if meta.uid() != ours || meta.mode() & 0o022 != 0 {
        return Err(defect(path, "others may write to this folder".into()).hint(
            "a state is kept in a folder that only its owner may write to: chmod 700, or name another with --state",
        ));
    }
    Ok(())
}

fn defect(path: &Path, what: String) -> Defect {
    Defect::new(path.display().to_string(), what)
}

fn refused(path: &Path, why: &str) -> Defect {
    defect(path, format!("{why}: nothing is counted on from it"))
        .hint("move it away, or name another folder with --state; the watch then counts anew what the logs still hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        Saved { engine: vec![1, 2, 3], ..Saved::default() }
    }

    #[test]
    fn what_was_committed_is_loaded_and_only_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = StateDir::take(&path).unwrap();
        assert!(state.load(7).unwrap().is_none());
        state.commit(&saved(), 7).unwrap();
        assert_eq!(state.load(7).unwrap().unwrap().engine, [1, 2, 3]);
        assert!(StateDir::take(&path).unwrap_err().to_string().contains("another watch"));
        let mode = |name: &str| fs::metadata(path.join(name)).unwrap().mode() & 0o777;
        assert_eq!((mode(""), mode(STATE)), (0o700, 0o600));
    }

    #[test]
    fn a_damaged_foreign_or_older_state_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = StateDir::take(&path).unwrap();
        state.commit(&saved(), 7).unwrap();
        let whole = fs::read(path.join(STATE)).unwrap();
        for cut in 0..whole.len() {
            fs::write(path.join(STATE), &whole[..cut]).unwrap();
            assert!(state.load(7).is_err(), "cut to {cut} bytes");
        }
        for (at, why) in [(0, "no state of triage"), (13, "another version"), (whole.len() - 1, "damaged")] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(path.join(STATE), &bytes).unwrap();
            let told = state.load(7).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        fs::write(path.join(STATE), &whole).unwrap();
        assert!(state.load(8).unwrap_err().to_string().contains("other grammars"));
    }

    #[test]
    fn a_link_in_place_of_the_state_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = StateDir::take(&path).unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, path.join(NEW)).unwrap();
        state.commit(&saved(), 7).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        drop(state);
        assert!(StateDir::take(&path).unwrap_err().to_string().contains("others may write"));
    }

    #[test]
    fn an_acknowledgement_is_left_and_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = StateDir::take(&path).unwrap();
        for wrong in ["../../../etc/x", "6DECAFA2F4E78910", "", "6decafa2f4e7891"] {
            assert!(acknowledge(&path, wrong, "ann").is_err(), "{wrong}");
        }
        acknowledge(&path, "6decafa2f4e78910", "ann").unwrap();
        assert_eq!(state.acks(), [("6decafa2f4e78910".to_owned(), "ann".to_owned())]);
        state.acks_taken(&["6decafa2f4e78910".to_owned()]);
        assert!(state.acks().is_empty());
    }
}
