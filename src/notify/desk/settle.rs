//! What came of notices.
//!
//! In: their keys, each with an [`Outcome`]. Out: who has heard, who is tried again, who is told in a digest.

use super::trouble::{Ear, Hearing, MOST_PARTING_TRIES};
use super::{Desk, digest};
use crate::notify::{Notice, Outcome};

/// What follows from an outcome, beyond the ear's own state.
enum Then {
    Nothing,
    /// It goes into the channel's digest.
    Digest,
    /// The channel has heard the end.
    Parted,
    /// The channel never will.
    Lost,
}

impl Desk {
    /// Takes down what came of notices, by their keys.
    pub fn settle(&mut self, results: &[(String, Outcome)]) {
        for (key, outcome) in results {
            let Some(at) = self.outstanding.iter().position(|known| known.notice.key == *key) else { continue };
            let notice = self.outstanding.remove(at).notice;
            let tally = self.tallies.entry(notice.channel.clone()).or_default();
            match outcome {
                Outcome::Sent => tally.sent += 1,
                Outcome::Failed(_) | Outcome::Crowded => tally.failed += 1,
            }
            self.settle_one(&notice, outcome);
        }
    }

    fn settle_one(&mut self, notice: &Notice, outcome: &Outcome) {
        let again = self.looked.saturating_add(self.again_after);
        let Some(trouble) = self.troubles.iter_mut().find(|trouble| trouble.id == notice.trouble) else { return };
        let Some(ear) = trouble.ears.get_mut(&notice.channel) else { return };
        let then = ear.hear(&notice.key, outcome, again, trouble.is_digest);
        if matches!(then, Then::Parted | Then::Lost) {
            trouble.ears.remove(&notice.channel);
        }
        match then {
            Then::Digest => {
                self.leave_for_digest(&notice.channel, &notice.trouble, digest::line_of(notice), notice.severity)
            }
            Then::Lost => self.tallies.entry(notice.channel.clone()).or_default().lost += 1,
            Then::Nothing | Then::Parted => {}
        }
    }
}

impl Ear {
    /// Takes down what came of a notice; one that the ear does not wait for changes nothing.
    fn hear(&mut self, key: &str, outcome: &Outcome, again: i64, is_digest: bool) -> Then {
        match &self.hearing {
            Hearing::Waiting { key: waiting } if waiting == key => self.hear_first(outcome, again, is_digest),
            Hearing::Parting { key: waiting, tries } if waiting == key => {
                let tries = *tries + 1;
                match outcome {
                    Outcome::Sent => Then::Parted,
                    _ if tries >= MOST_PARTING_TRIES => Then::Lost,
                    _ => {
                        self.hearing = Hearing::PartingAgain { again, tries };
                        Then::Nothing
                    }
                }
            }
            _ => Then::Nothing,
        }
    }

    fn hear_first(&mut self, outcome: &Outcome, again: i64, is_digest: bool) -> Then {
        let (hearing, then) = match outcome {
            Outcome::Sent => (Hearing::Heard, Then::Nothing),
            Outcome::Failed(why) => (Hearing::Deaf { again, why: why.clone() }, Then::Nothing),
            // A digest in a digest would tell nobody anything.
            Outcome::Crowded if is_digest => (Hearing::Deaf { again, why: "its queue is full".into() }, Then::Nothing),
            Outcome::Crowded => (Hearing::InDigest, Then::Digest),
        };
        self.hearing = hearing;
        then
    }
}
