//! Whose an incident is: roles, teams, services, routes; who is told and when it climbs.
//!
//! In: a playbook file laid over the built-in one (`grammars/playbook.toml`), and one incident as a [`Subject`]. Out: a
//! [`Route`] with role, team, severity, runbook, escalation, and the line of the playbook that decided. Nothing here reads
//! a clock or sends anything.
//!
//! How an incident is routed (CONVENTIONS.md section 5.2):
//! 1. the first `[[route]]` that matches sets what it names;
//! 2. the role: the cause's own, else the first of the incident's statuses that `[status]` knows, else `[defaults]`;
//! 3. the team: who plays that role for the first `[[service]]` that matches, else who plays it in `[roles]`.
//!
//! Read in this order: `load` (file to types), `matcher` (the one matcher), `route` (the decision), `mute`, `climb`, `lint`,
//! `expect`.

mod climb;
mod expect;
mod fault;
mod form;
mod given;
mod hours;
mod lint;
mod load;
mod load_channels;
mod load_notices;
mod matcher;
mod model;
mod mute;
mod names;
mod notices;
mod pattern;
mod route;
mod status;
mod subject;
mod units;

pub use climb::{Call, Climber};
pub use expect::{Expectation, Expectations, Missed};
pub use given::Given;
pub use lint::{Finding, LintRule};
pub use matcher::Matcher;
pub use model::{Defaults, RouteRule, Service, StatusRole, Threshold};
pub use mute::{Mute, Standing};
pub use notices::{
    Channel, Escalation, EscalationStep, Inhibition, Recipient, Setting, Silence, Target, Team, WebhookFormat, Window,
};
pub use route::Route;
pub use status::StatusPattern;
pub use subject::{Key, Subject};
pub use units::{DayTime, Rate};

use crate::error::{Defect, Result};
use crate::event::Role;
use std::collections::BTreeMap;
use std::path::Path;

/// The playbook that holds where the user has none.
const BUILT_IN: &str = include_str!("../../grammars/playbook.toml");
/// Its name in messages.
const BUILT_IN_NAME: &str = "grammars/playbook.toml (built in)";
/// The largest playbook that is read, in bytes. A larger file is none.
const MAX_PLAYBOOK_BYTES: u64 = 4 << 20;

/// Names that a playbook may speak of and that others define.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Every cause id of the catalogue.
    pub causes: &'a [&'a str],
    /// Every format id.
    pub formats: &'a [&'a str],
}

/// A checked playbook: every name in it leads somewhere.
#[derive(Debug, Clone, Default)]
pub struct Playbook {
    /// The file it was read from, as the user named it.
    pub file: String,
    /// What holds where nothing more exact is said.
    pub defaults: Defaults,
    /// Status to role, in the order they are asked: the user's before the built-in ones, numbers before ranges.
    pub status: Vec<StatusRole>,
    /// Role to team, where no service says otherwise.
    pub roles: BTreeMap<Role, String>,
    /// Services, first match wins.
    pub services: Vec<Service>,
    /// Routes, first match wins.
    pub routes: Vec<RouteRule>,
    /// Teams.
    pub teams: Vec<Team>,
    /// Escalations.
    pub escalations: Vec<Escalation>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Windows.
    pub windows: Vec<Window>,
    /// Silences.
    pub silences: Vec<Silence>,
    /// Inhibitions.
    pub inhibitions: Vec<Inhibition>,
    /// The playbook's own tests.
    pub expectations: Vec<Expectation>,
}

impl Playbook {
    /// The built-in playbook: the usual map of the trade, without teams.
    ///
    /// # Errors
    /// A defect of `grammars/playbook.toml`, which only a broken build has.
    pub fn built_in() -> Result<Self> {
        let known = Known { causes: &[], formats: &[] };
        let read = load::read(&Self::default(), BUILT_IN_NAME, BUILT_IN, &known);
        read.map_err(|defects| first(defects, BUILT_IN_NAME))
    }

    /// A user's playbook, laid over the built-in one: what it does not say is taken from there.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its line, in the order of the lines.
    pub fn load(path: &Path, known: &Known<'_>) -> std::result::Result<Self, Vec<Defect>> {
        let file = path.display().to_string();
        let text = read_file(path).map_err(|what| {
            vec![Defect::new(&file, what).hint("name a playbook that is there with --playbook, or leave it out")]
        })?;
        Self::parse(&file, &text, known)
    }

    /// The same from a text; `file` is what messages call it.
    ///
    /// # Errors
    /// As [`Playbook::load`].
    pub fn parse(file: &str, text: &str, known: &Known<'_>) -> std::result::Result<Self, Vec<Defect>> {
        let base = Self::built_in().map_err(|defect| vec![defect])?;
        load::read(&base, file, text, known)
    }
}

/// The text of a playbook, or why there is none.
fn read_file(path: &Path) -> std::result::Result<String, String> {
    let bytes = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if bytes > MAX_PLAYBOOK_BYTES {
        return Err(format!("has {bytes} bytes; a playbook has at most {MAX_PLAYBOOK_BYTES}"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

fn first(defects: Vec<Defect>, file: &str) -> Defect {
    defects.into_iter().next().unwrap_or_else(|| Defect::new(file, "cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: Known<'_> = Known { causes: &["upstream.refused"], formats: &["nginx.error"] };

    #[test]
    fn a_missing_or_huge_file_is_a_defect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.toml");
        let told = Playbook::load(&path, &KNOWN).unwrap_err()[0].to_string();
        assert!(told.contains("none.toml: cannot be read"), "{told}");
        std::fs::write(&path, vec![b'#'; MAX_PLAYBOOK_BYTES as usize + 1]).unwrap();
        assert!(Playbook::load(&path, &KNOWN).unwrap_err()[0].to_string().contains("a playbook has at most"));
        std::fs::write(&path, b"[status]\n502 = \"db\"\n").unwrap();
        assert_eq!(Playbook::load(&path, &KNOWN).unwrap().role_of_status(502), Some(Role::Db));
    }

    /// Pieces of a playbook, to be put together wrongly.
    const PIECES: [&str; 24] = [
        "[[route]]\n",
        "[status]\n",
        "[roles]\n",
        "[team.a]\n",
        "[channel.c]\n",
        "[[expect]]\n",
        "[escalation.e]\n",
        "[[silence]]\n",
        "[window.w]\n",
        "name = ",
        "match = ",
        "given = ",
        "status = ",
        "upstream = ",
        "times = ",
        "type = ",
        "{ cause = \"**\" }\n",
        "\"5m\"\n",
        "\"5%\"\n",
        "\"10.0.0.0/8:*\"\n",
        "[502, \"5xx\"]\n",
        "\"[::1\"\n",
        "\"é:µ-\"\n",
        "2026-11-20\n",
    ];

    proptest! {
        #[test]
        fn reading_never_panics(pieces in proptest::collection::vec(0..PIECES.len(), 0..24), noise in any::<String>()) {
            let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
            for text in [format!("{text}{noise}"), format!("[[route]]\nname = {noise:?}\n{text}"), text] {
                if let Err(defects) = Playbook::parse("p.toml", &text, &KNOWN) {
                    prop_assert!(!defects.is_empty() && defects.iter().all(|defect| defect.line.is_some()));
                }
            }
        }

        #[test]
        fn no_value_panics(noise in any::<String>()) {
            let quoted = format!("{noise:?}");
            for key in ["cause", "upstream", "path", "status", "vhost"] {
                let text = format!("[[route]]\nname = \"r\"\nmatch = {{ {key} = {quoted} }}\nmin = {{ for = {quoted}, share = {quoted} }}");
                let _ = Playbook::parse("p.toml", &text, &KNOWN);
            }
            let _ = Playbook::parse("p.toml", &format!("[window.w]\ndays = {quoted}\ntimes = {quoted}\ntimezone = {quoted}"), &KNOWN);
            let _ = Playbook::parse("p.toml", &format!("[defaults]\nmax_notices = {quoted}\ngroup_wait = {quoted}"), &KNOWN);
        }
    }
}
