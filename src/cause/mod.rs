//! Judging: which cause a record proves, and how sure that is.
//!
//! In: the files of `grammars/causes/` and `grammars/benign/`, `grammars/hearsay.toml`, and events. Out: a [`Verdict`] an event. A rule says what
//! a record must say; of several that fit, the highest precedence wins, then the longest literal text, then the most
//! conditions, then the id (DESIGN.md section 3).

mod answered;
mod hearsay;
mod load;
mod matcher;
mod memo;

use crate::event::{AnsweredBy, Certainty, Event, Field, Hop, Role, Severity, closed_list};
use crate::grammar::when::Condition;
use crate::grammar::wording::Wording;
use crate::grammar::{Answered, Borrow, Format, split_request};
pub use answered::{Basis, who_answered};
use hearsay::Hearsay;
use load::lend;
use matcher::{Matcher, Tested};
pub use memo::VerdictMemo;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// A cause's place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CauseId(pub u16);

/// A rule's place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleId(pub u16);

/// Why a request ended as 5xx: one file of `grammars/causes/`.
#[derive(Debug, Clone)]
pub struct Cause {
    /// `where-it-is-seen.what-happened`.
    pub id: String,
    /// In words, for a headline.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// The place at fault.
    pub hop: Hop,
    /// Who owns it unless a playbook says otherwise; `None` where the status decides.
    pub role: Option<Role>,
    /// How bad it is when it hits everybody.
    pub severity: Severity,
    /// Inside one request the higher one wins.
    pub precedence: i32,
    /// Never a root while another cause overlaps.
    pub consequence: bool,
    /// The status is the next hop's own answer: what that hop's logs say at the same time is why.
    pub passes_on: bool,
    /// Said once an episode, not once a failure: what fails after it is explained until it is quiet again.
    pub lasting: bool,
    /// Requests lost by it leave no access line, so that no 5xx shows.
    pub unlogged: bool,
    /// Causes whose failures inside this trouble's time are the same trouble.
    pub absorbs: Vec<CauseId>,
    /// Causes that are consequences, but stay incidents of their own.
    pub explains: Vec<CauseId>,
    /// Causes that a program only guesses where it says this one too, right before.
    pub outguesses: Vec<CauseId>,
    /// Whether a retry is safe.
    pub retry_safe: Option<String>,
    /// What not to do.
    pub wrong_reflex: Option<String>,
    /// First things to look at.
    pub checks: Vec<String>,
    /// The file it stands in.
    pub file: String,
}

closed_list! {
    /// What a rule makes of a record.
    Gives {
        /// A request, or an attempt at one, fails because of this.
        Failure = "failure",
        /// No request ends as 5xx by this: cut answers, clients that left, saturation before failure.
        Warning = "warning",
        /// States no request; explains the failures around it.
        Condition = "condition",
        /// A failure that the same worker has just stated, said once more with the request it hit; alone, a failure.
        Echo = "echo",
        /// No trouble.
        Benign = "benign",
    }
}

/// What a record must say for a cause.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `upstream.refused#2`: the file's id and the rule's number in it, from 1.
    pub id: String,
    /// What its file is about, in words.
    pub title: String,
    /// The cause; `None` for benign rules.
    pub cause: Option<CauseId>,
    /// The formats whose records it judges.
    pub on: Vec<String>,
    /// Wordings of the message, one of which must fit; none where only fields decide.
    pub says: Vec<Wording>,
    /// What the fields must meet.
    pub when: Option<Condition>,
    /// The same as it stands in the file, for people.
    pub when_text: Option<String>,
    /// What it makes of the record.
    pub gives: Gives,
    /// The status that clients see by this, where it is fixed.
    pub status: Option<u16>,
    /// Precedence among rules that fit the same record.
    pub precedence: i32,
    /// As [`Cause::unlogged`], where only what this rule is about leaves no access line.
    pub unlogged: bool,
    /// How sure a verdict by this rule is.
    pub certainty: Certainty,
    /// Lines that it judges.
    pub examples: Vec<String>,
    /// The file it stands in, and the line.
    pub place: (String, u64),
}

/// The cause given to one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The rule that decided; `None` where only the status did.
    pub rule: Option<RuleId>,
    /// The cause; `None` where there is no trouble.
    pub cause: Option<CauseId>,
    /// What the event is.
    pub gives: Gives,
    /// How the cause is known.
    pub certainty: Certainty,
}

/// All causes and rules.
#[derive(Debug)]
pub struct Catalogue {
    causes: Vec<Cause>,
    rules: Vec<Rule>,
    by_id: HashMap<String, CauseId>,
    by_format: HashMap<String, OnceLock<Matcher>>,
    borrows: Vec<Borrow>,
    advice: BTreeMap<String, String>,
    hearsay: Hearsay,
    fallback: Fallback,
}

/// Causes by the status alone, where no rule says more.
#[derive(Debug, Clone, Copy)]
struct Fallback {
    /// The next hop's answer was unusable, or it timed out: 502, 504.
    gateway: CauseId,
    /// Everything else.
    other: CauseId,
}

impl Catalogue {
    /// The cause with this place.
    pub fn cause(&self, id: CauseId) -> &Cause {
        &self.causes[id.0 as usize]
    }

    /// The cause with this name.
    pub fn named(&self, id: &str) -> Option<CauseId> {
        self.by_id.get(id).copied()
    }

    /// Every cause, in the order of the files.
    pub fn causes(&self) -> impl Iterator<Item = (CauseId, &Cause)> {
        self.causes.iter().enumerate().map(|(at, cause)| (CauseId(at as u16), cause))
    }

    /// The rule with this place.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.0 as usize]
    }

    /// Every rule, in the order of the files.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        self.rules.iter().enumerate().map(|(at, rule)| (RuleId(at as u16), rule))
    }

    /// What the owner of logs of this format can do so that they say who answered a failed request.
    pub fn advice(&self, format: &str) -> Option<&str> {
        self.advice.get(format).map(String::as_str)
    }

    /// The judge for records of a format.
    pub fn judge<'c>(&'c self, format: &Format) -> Judge<'c> {
        Judge {
            catalogue: self,
            matcher: self.by_format.get(&format.id).map(|known| known.get_or_init(|| self.matcher(&format.id))),
            answered: Arc::clone(&format.answered),
        }
    }

    /// Finds the rules of this format.
    fn matcher(&self, format: &str) -> Matcher {
        let said = self.rules().filter_map(|(id, rule)| Some((id, rule, self.says_in(rule, format)?)));
        Matcher::new(said)
    }

    /// The wordings that the rule has in this format; `None` where it does not judge its records.
    fn says_in<'r>(&self, rule: &'r Rule, format: &str) -> Option<Cow<'r, [Wording]>> {
        if rule.on.iter().any(|on| on == format) {
            return Some(Cow::Borrowed(&rule.says));
        }
        let lends = |borrow: &&Borrow| borrow.by == format && rule.on.contains(&borrow.from);
        let says: Vec<Wording> =
            self.borrows.iter().filter(lends).flat_map(|borrow| lend(&rule.says, borrow)).collect();
        (!says.is_empty()).then_some(Cow::Owned(says))
    }

    /// What outranks what among rules that fit one record; the greatest wins.
    fn rank(&self, id: RuleId, literal_bytes: usize) -> impl Ord + use<> {
        let rule = self.rule(id);
        (rule.precedence, literal_bytes, rule.when.as_ref().map_or(0, Condition::tests), Reverse(id))
    }
}

/// A rule that fits a record, with what decided its rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The rule.
    pub rule: RuleId,
    /// Bytes of literal text in the wording that fitted.
    pub literal_bytes: usize,
}

/// Judges the records of one format.
#[derive(Debug, Clone)]
pub struct Judge<'c> {
    catalogue: &'c Catalogue,
    matcher: Option<&'c Matcher>,
    answered: Arc<[Answered]>,
}

impl Judge<'_> {
    /// Sets the fields of a request that no log has by their names: method and URI, and who answered.
    pub fn derive_fields(&self, event: &mut Event<'_>) {
        split_request(event);
        let (by, _) = who_answered(event, &self.answered);
        event.set(Field::AnsweredBy, by.name().as_bytes());
    }

    /// Whether the format says one failure in several lines.
    pub fn has_echoes(&self) -> bool {
        self.matcher.is_some_and(|matcher| matcher.has_echoes)
    }

    /// The fields on which a verdict depends.
    fn tested(&self) -> Tested {
        self.matcher.map_or_else(Tested::default, |matcher| matcher.tested)
    }

    /// On which side of the numbers that rules know each compared field lies.
    fn sides(&self, event: &Event<'_>) -> impl Iterator<Item = u8> {
        self.matcher.into_iter().flat_map(|matcher| &matcher.sides).map(|sides| sides.side(event))
    }

    /// The fields on which a verdict depends, as a set: a bit a field.
    pub fn asks(&self) -> u64 {
        self.tested().in_message | self.tested().beside
    }

    /// The rules that fit a record, the winner first. Of a request, the derived field must be set already.
    pub fn all(&self, event: &Event<'_>) -> Vec<RuleId> {
        self.ranked(event).into_iter().map(|fit| fit.rule).collect()
    }

    /// The same with what decided their order; each rule once, by the wording that says most.
    pub fn ranked(&self, event: &Event<'_>) -> Vec<Fit> {
        let mut fitting: Vec<Fit> = Vec::new();
        self.each(event, |rule, literal_bytes| fitting.push(Fit { rule, literal_bytes }));
        fitting.sort_by_key(|fit| Reverse(self.catalogue.rank(fit.rule, fit.literal_bytes)));
        let mut seen = HashSet::new();
        fitting.retain(|fit| seen.insert(fit.rule));
        fitting
    }

    /// The verdict on a diagnosis; `None` where no rule fits.
    pub fn diagnosis(&self, event: &Event<'_>) -> Option<Verdict> {
        let verdict = self.winner(event).map(|rule| self.verdict(rule))?;
        let says = verdict.rule.map_or(&[][..], |rule| &self.catalogue.rule(rule).says);
        let message = event.raw(Field::Message).unwrap_or_default();
        let is_hearsay = event.raw(Field::Doubt).is_some() || self.catalogue.hearsay.has(message, says);
        let certainty = if is_hearsay { verdict.certainty.min(Certainty::Implied) } else { verdict.certainty };
        Some(Verdict { certainty, ..verdict })
    }

    /// The verdict on a request that was answered with `status` (5xx or no valid one). Sets the derived fields.
    pub fn request(&self, event: &mut Event<'_>, status: u16) -> Verdict {
        self.derive_fields(event);
        self.derived_request(event, status)
    }

    /// The same, where the derived fields are set.
    fn derived_request(&self, event: &Event<'_>, status: u16) -> Verdict {
        if let Some(rule) = self.winner(event) {
            return self.verdict(rule);
        }
        let fallback = self.catalogue.fallback;
        // An answer of its own in place of one that the upstream did give: the reason lies behind it (error_page).
        let replaced = event.get(Field::UpstreamStatus).is_some()
            && event.raw(Field::AnsweredBy) == Some(AnsweredBy::Proxy.name().as_bytes());
        let cause = if matches!(status, 502 | 504) || replaced { fallback.gateway } else { fallback.other };
        Verdict { rule: None, cause: Some(cause), gives: Gives::Failure, certainty: Certainty::Default }
    }

    fn winner(&self, event: &Event<'_>) -> Option<RuleId> {
        let mut best = None;
        self.each(event, |rule, bytes| {
            let rank = self.catalogue.rank(rule, bytes);
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, rule));
            }
        });
        best.map(|(_, rule)| rule)
    }

    fn each(&self, event: &Event<'_>, mut found: impl FnMut(RuleId, usize)) {
        let Some(matcher) = self.matcher else { return };
        let message = event.raw(Field::Message).unwrap_or_default();
        matcher.each_candidate(message, |rule, bytes| {
            let when = &self.catalogue.rule(rule).when;
            if when.as_ref().is_none_or(|condition| condition.holds(event)) {
                found(rule, bytes);
            }
        });
    }

    fn verdict(&self, id: RuleId) -> Verdict {
        let rule = self.catalogue.rule(id);
        Verdict { rule: Some(id), cause: rule.cause, gives: rule.gives, certainty: rule.certainty }
    }
}
