//! Committing the state: what was read, seen and told, together.

use super::{COMMIT_EVERY, Pace, Watching};
use crate::error::{Defect, Result};
use crate::follow::logs::Watched;
use crate::follow::state::Saved;
use std::path::PathBuf;

impl Watching<'_> {
    /// Commits what was read, seen and told, together.
    ///
    /// Only then are notices sent: one that no state knows would be told twice after a kill, under another key.
    pub(super) fn commit(&mut self) {
        if self.state.is_none() {
            self.send_held();
            return;
        }
        // While what stood there before is being read there is no place to go on from.
        if !self.is_uncommitted || self.logs.iter().any(Watched::is_catching_up) {
            return;
        }
        let mut pace = std::mem::replace(&mut self.commits, Pace::every(COMMIT_EVERY));
        let done = pace.run(|| self.commit_now());
        self.commits = pace;
        match done {
            Ok(()) => {
                self.is_uncommitted = false;
                if std::mem::take(&mut self.is_stateless) {
                    self.wrong.note("the state is written again".to_owned());
                }
            }
            Err(defect) if !self.is_stateless => {
                self.is_stateless = true;
                self.complain(defect);
            }
            Err(_) => {}
        }
        // A state that cannot be written keeps nobody from being told.
        self.send_held();
    }

    fn send_held(&mut self) {
        self.held.drain(..).for_each(|notice| self.outbox.push(notice));
    }

    pub(super) fn commit_now(&mut self) -> Result<()> {
        let Some(state) = &self.state else { return Ok(()) };
        let wrong = |error: postcard::Error| Defect::new("state", error.to_string());
        let left = self.left.iter().filter_map(|(path, left)| Some((PathBuf::from(path), left.position.clone()?)));
        let saved = Saved {
            engine: self.live.keep()?,
            positions: self.logs.iter().filter_map(Watched::position).chain(left).collect(),
            books: postcard::to_stdvec(&(&self.books, &self.desk)).map_err(wrong)?,
        };
        state.commit(&saved, self.job.knowledge)?;
        state.acks_taken(&std::mem::take(&mut self.acks));
        Ok(())
    }
}
