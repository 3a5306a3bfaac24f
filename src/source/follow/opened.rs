//! The files of a followed path that are open: new ones, and those that rest without a descriptor.
//!
//! In: a file that turned up; how many are open in all. Out: the tail's files, none open for longer than it helps.

use std::fs::{File, Metadata};
use std::path::PathBuf;

use super::identity::Identity;
use super::stretch::{End, Stretch};
use super::tail::{GRACE_MICROS, MOST_OLD_FILES, Tail};
use super::text::{Origin, Text};

/// A descriptor is given back after so long without growth, in microseconds, where many are open.
const REST_MICROS: i64 = 60_000_000;

impl Tail {
    /// A new file of the path, at this place among them.
    pub(super) fn push(&mut self, at: usize, path: PathBuf, meta: &Metadata, text: Text, end: End) {
        let mut file = Stretch::new(self.next_age, path, meta, text, self.chunk_bytes, self.watched_micros);
        self.next_age += 1;
        file.end = end;
        file.shape(&self.shape);
        self.files.insert(at, file);
    }

    /// Gives back the descriptor of a file that is read to its end, where many are open.
    pub(super) fn rest(&mut self) {
        let open = self.files.iter().filter(|file| file.is_open()).count();
        self.descriptors.hold(open);
        let Some(file) = self.files.last_mut().filter(|_| self.is_live) else { return };
        let idle = self.watched_micros - file.grew_micros;
        if file.is_idle() && self.descriptors.are_short(idle >= REST_MICROS) {
            file.text_mut().set_origin(Origin::Away);
            self.descriptors.hold(open - 1);
        }
    }

    /// Opens a file again whose descriptor was given back, where it still stands.
    pub(super) fn wake(&mut self, index: usize) {
        let file = &mut self.files[index];
        if !matches!(file.text().origin(), Origin::Away) {
            return;
        }
        // The path as it was given: the one without links may lead elsewhere by now.
        let is_it = |open: &File| open.metadata().is_ok_and(|meta| Identity::of(&meta) == file.identity);
        let open = [&self.path, &file.path].into_iter().filter_map(|path| File::open(path).ok()).find(is_it);
        if let Some(open) = open {
            file.text_mut().set_origin(Origin::Plain(open));
        }
    }

    /// Looks at files that no longer stand at the path: until they were idle for the time of grace. Whether there is something
    /// to read in one of them, or one is over.
    pub(super) fn look_at_old_files(&mut self) -> bool {
        let mut has_news = false;
        let old = self.files.len() - usize::from(self.is_live);
        for index in 0..old {
            let file = &mut self.files[index];
            if let Origin::Plain(open) = file.text().origin()
                && let Ok(meta) = open.metadata()
            {
                has_news |= file.is_written(&meta);
                file.look(&meta, self.watched_micros);
            }
            let idle = self.watched_micros - file.grew_micros;
            if file.end == End::Growing && (idle >= GRACE_MICROS || index + MOST_OLD_FILES < old) {
                file.end = End::Over { torn: false };
                has_news = true;
            }
        }
        (0..old).for_each(|index| self.find_away(index));
        has_news
    }
}
