//! Hints from the system which paths to look at sooner. Nothing depends on them: where there are none, paths are looked at
//! a little more often.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::identity::Identity;

/// The most directories that are watched; the paths in others are polled.
const MOST_DIRECTORIES: usize = 1024;

/// Hints that wait to be taken; when there are more, all paths are looked at.
const MOST_HINTS: usize = 4096;

/// What has changed since the last time.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Files that were written to, moved or made.
    pub(super) paths: HashSet<PathBuf>,
    /// Some names in the directories are new or gone.
    pub(super) names: bool,
    /// More has changed than was kept.
    pub(super) overflow: bool,
}

#[derive(Default)]
struct Shared {
    changed: Mutex<Changed>,
    bell: Condvar,
}

/// Watches directories.
pub(super) struct Hints {
    watcher: Option<RecommendedWatcher>,
    directories: HashMap<PathBuf, Identity>,
    shared: Arc<Shared>,
    /// Some directory cannot be watched.
    pub(super) blind: bool,
}

impl Hints {
    /// Hints from the system, where it gives any and they are wanted.
    pub(super) fn new(wanted: bool) -> Self {
        let shared = Arc::<Shared>::default();
        let heard = Arc::clone(&shared);
        let hear = move |event: notify::Result<notify::Event>| heard.hear(event);
        let watcher = wanted.then(|| notify::recommended_watcher(hear).ok()).flatten();
        Self { blind: watcher.is_none(), watcher, directories: HashMap::new(), shared }
    }

    /// Watches these directories too, from the root; those that are gone or were made anew are watched anew.
    pub(super) fn watch(&mut self, directories: impl Iterator<Item = PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        self.blind = false;
        for directory in directories {
            let identity = std::fs::metadata(&directory).map(|meta| Identity::of(&meta)).ok();
            if self.directories.get(&directory).copied() == identity {
                self.blind |= identity.is_none();
                continue;
            }
            let watched = self.directories.len() < MOST_DIRECTORIES
                && watcher.watch(&directory, RecursiveMode::NonRecursive).is_ok();
            match identity.filter(|_| watched) {
                Some(identity) => drop(self.directories.insert(directory, identity)),
                None => self.blind = true,
            }
        }
    }

    /// What has changed since the last time.
    pub(super) fn take(&self) -> Changed {
        std::mem::take(&mut *self.shared.lock())
    }

    /// Waits until something changes, or for so long.
    pub(super) fn wait(&self, most: Duration) {
        let changed = self.shared.lock();
        let is_calm = |changed: &mut Changed| changed.paths.is_empty() && !changed.names && !changed.overflow;
        drop(self.shared.bell.wait_timeout_while(changed, most, is_calm));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: notify::Result<notify::Event>) {
        let mut changed = self.lock();
        match event {
            Ok(event) if event.need_rescan() => changed.overflow = true,
            Ok(event) => {
                let names = match event.kind {
                    // Our own opening and reading.
                    EventKind::Access(_) => return,
                    EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
                    _ => false,
                };
                changed.names |= names;
                for path in event.paths {
                    if changed.paths.len() >= MOST_HINTS {
                        changed.overflow = true;
                    } else if !changed.paths.contains(Path::new(&path)) {
                        changed.paths.insert(path);
                    }
                }
            }
            Err(_) => changed.overflow = true,
        }
        self.bell.notify_all();
    }
}
