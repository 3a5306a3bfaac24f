//! `triage explain`: what a cause, a status or a log line means, whose it is, and why this verdict and not the next.
//!
//! In: the words typed (`-`: a record on stdin). Out: a page on stdout; the exit code. Nothing is counted here: it shows
//! how the catalogue judges, with the file and line of every rule it names.
//!
//! Read in this order: `asked` (what is meant), then `cause`, `family`, `status`, `line`.

mod answered;
mod asked;
mod cause;
mod family;
mod line;
mod nearest;
mod owner;
mod ranking;
mod record;
mod side_by_side;
mod status;
mod statuses;
mod verdict;

use super::args::{Args, Asked};
use super::main_job::{library, one, options, playbook, terminal_style, to_stdout};
use super::{WRONG, complain};
use crate::cause::Catalogue;
use crate::engine::Options;
use crate::error::Defect;
use crate::grammar::Grammars;
use crate::playbook::Playbook;
use crate::report::terminal::page::Page;
use asked::{What, Word};
use record::Record;
use statuses::Statuses;
use std::io;

/// All that an explanation draws on.
struct Knowledge {
    grammars: Grammars,
    catalogue: Catalogue,
    playbook: Playbook,
    statuses: Statuses,
    options: Options,
}

impl Knowledge {
    fn load(args: &Args) -> Result<Self, Vec<Defect>> {
        let library = library(args).map_err(one)?.with_examples();
        let grammars = Grammars::load(&library).map_err(one)?;
        let catalogue = Catalogue::load(&library, &grammars).map_err(one)?;
        let playbook = playbook(args, &grammars, &catalogue)?;
        let statuses = Statuses::built_in().map_err(one)?;
        let options = options(args, &grammars).map_err(one)?;
        Ok(Self { grammars, catalogue, playbook, statuses, options })
    }
}

/// Explains; the exit code.
pub(super) fn run(asked: &Asked, args: &Args) -> u8 {
    match work(asked, args) {
        Ok(()) => 0,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

fn work(asked: &Asked, args: &Args) -> Result<(), Vec<Defect>> {
    let knowledge = Knowledge::load(args)?;
    let what = What::of(&asked.what, &knowledge).map_err(one)?;
    let style = terminal_style(args, chrono_tz::UTC);
    let written = match what {
        What::Words(words) => to_stdout(|out| tell_words(&words, &knowledge, &mut Page::new(out, &style))),
        What::Record(text) => {
            let record = Record::of(text, &knowledge).map_err(one)?;
            to_stdout(|out| line::tell(&record, &knowledge, &mut Page::new(out, &style)))
        }
    };
    written.map_err(one)
}

fn tell_words(words: &[Word], knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    if let [Word::Status(left), Word::Status(right)] = words {
        return side_by_side::tell([*left, *right], knowledge, page);
    }
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            page.blank()?;
        }
        match word {
            Word::Cause(id) => cause::tell(*id, knowledge, page)?,
            Word::Family(name) => family::tell(name, knowledge, page)?,
            Word::Status(code) => status::tell(*code, knowledge, page)?,
            Word::Statuses(text, pattern) => status::tell_range(text, *pattern, knowledge, page)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn tests_knowledge() -> Knowledge {
        use clap::Parser;
        let args = Args::parse_from(["triage", "--nginx-conf", "/dev/null"]);
        Knowledge::load(&args).expect("the knowledge built in")
    }
}
