//! Arguments as typed.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Names the cause, the failing hop and the owner of a site's 5xx answers, from its logs.
#[derive(Debug, Parser)]
#[command(name = "triage", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 incidents at or above --fail-on, 2 something could not be read or is wrong."
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// Logs: files, directories, globs, archives, `-` for stdin (also without any path, when a pipe stands there)
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) reading: Reading,

    #[command(flatten)]
    pub(super) telling: Telling,

    #[command(flatten)]
    pub(super) following: Following,
}

/// How logs are followed.
#[derive(Debug, clap::Args)]
pub(super) struct Following {
    /// Go on reading as the logs grow, and tell incidents as they open and end
    #[arg(short = 'f', long, visible_short_alias = 'F')]
    pub(super) follow: bool,

    /// Begin so many lines before the end of each log; 0 takes only what is new [default: all that is there]
    #[arg(short = 'n', long, value_name = "N", requires = "follow")]
    pub(super) tail: Option<u64>,

    /// Keep a state in this folder, and go on from it: every line is counted once, whatever happens
    #[arg(long, value_name = "DIR", env = "TRIAGE_STATE", global = true)]
    pub(super) state: Option<PathBuf>,

    /// The same in the usual folder ($XDG_STATE_HOME/triage)
    #[arg(long, conflicts_with = "state", requires = "follow")]
    pub(super) resume: bool,

    /// Tell one line per event, also on a terminal
    #[arg(long, requires = "follow")]
    pub(super) plain: bool,

    /// Serve Prometheus metrics at this address, such as 127.0.0.1:9113
    #[arg(long, value_name = "ADDR", requires = "follow")]
    pub(super) metrics: Option<String>,
}

/// How logs are read and judged.
#[derive(Debug, clap::Args)]
pub(super) struct Reading {
    /// An nginx log_format or Apache LogFormat or ErrorLogFormat: the directive as it stands in the configuration, or its string alone; or
    /// the header line of a table that lacks it. May be given several times
    #[arg(long, value_name = "STRING", global = true)]
    pub(super) log_format: Vec<String>,

    /// nginx.conf to find log_format strings by log path [default: /etc/nginx/nginx.conf where it exists]
    #[arg(long, value_name = "FILE", env = "TRIAGE_NGINX_CONF", global = true)]
    pub(super) nginx_conf: Option<PathBuf>,

    /// httpd.conf to find LogFormat and ErrorLogFormat strings by log path [default: the distributions' usual places]
    #[arg(long, value_name = "FILE", env = "TRIAGE_APACHE_CONF", global = true)]
    pub(super) apache_conf: Option<PathBuf>,

    /// A folder of your own grammars (formats/, causes/, benign/), laid over those built in
    #[arg(long, value_name = "DIR", env = "TRIAGE_GRAMMARS", global = true)]
    pub(super) grammars: Option<PathBuf>,

    /// Read every log as this format instead of finding it out
    #[arg(long, value_name = "ID", global = true)]
    pub(super) input_format: Option<String>,

    /// Zone of stamps that name none, such as Europe/Berlin or +02:00 [default: as other logs show, else the machine's]
    #[arg(long, value_name = "ZONE", env = "TRIAGE_TZ", global = true)]
    pub(super) tz: Option<String>,

    /// Quiet time that ends an incident, such as 90s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = seconds)]
    pub(super) gap: i64,

    /// Who owns what: roles, teams, services, routes
    #[arg(long, value_name = "FILE", env = "TRIAGE_PLAYBOOK", global = true)]
    pub(super) playbook: Option<PathBuf>,

    /// Worker threads [default: one a core]
    #[arg(short, long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) jobs: usize,

    /// Bytes a worker takes at a time
    #[arg(long, value_name = "N", default_value_t = 0, hide = true)]
    pub(super) chunk_bytes: usize,
}

/// How the answer is told.
#[derive(Debug, clap::Args)]
pub(super) struct Telling {
    /// Write the report to a file; its suffix (.txt .json .ndjson .csv) gives the form
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(super) output: Option<PathBuf>,

    /// Form of the report
    #[arg(long, value_enum, global = true)]
    pub(super) output_format: Option<Form>,

    /// Zone of the stamps in the terminal report [default: UTC]
    #[arg(short = 'Z', long, value_name = "ZONE", global = true)]
    pub(super) zone: Option<String>,

    /// Colours
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", global = true)]
    pub(super) color: Colour,

    /// Exit with 1 where an incident is at least this severe
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// Say nothing but what is wrong
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What a cause, a status or a log line means, who owns it, and why this verdict
    Explain(Asked),
    /// The formats that are known, and whether they do what their examples and samples say
    Grammars(GrammarsAsked),
    /// Tell a running watch that somebody has taken an incident
    Ack(Acked),
    /// What a running watch (or one that was stopped) has counted: its report as of the last second
    Status,
    /// What a playbook says, whether its own tests hold, and what in it is likely a mistake
    Playbook(PlaybookAsked),
}

#[derive(Debug, clap::Args)]
pub(super) struct Acked {
    /// The incident's id: 16 hex digits
    #[arg(value_name = "ID")]
    pub(super) id: String,

    /// Who took it
    #[arg(long, value_name = "NAME", env = "USER", default_value = "")]
    pub(super) by: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct PlaybookAsked {
    pub(super) what: PlaybookWhat,

    /// The playbook [default: the one of --playbook, else the built-in one]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlaybookWhat {
    /// Owners, routes, teams, escalations and channels as they hold
    Show,
    /// Runs its [[expect]] tables; exits with 1 where one does not hold
    Test,
    /// Tells what is allowed and likely a mistake; exits with 1 where something is found
    Lint,
}

#[derive(Debug, clap::Args)]
pub(super) struct GrammarsAsked {
    #[command(subcommand)]
    pub(super) what: GrammarsWhat,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum GrammarsWhat {
    /// Every format: what its lines prove, its layouts and how many rules judge it
    List,
    /// Holds every format and rule against its own examples, and reads the samples beside the folder of --grammars
    Test,
}

#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// A cause (upstream.refused), a status (502), or a log line in quotes
    #[arg(required = true, value_name = "CAUSE|STATUS|LOG LINE")]
    pub(super) what: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Text,
    Json,
    Ndjson,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Info,
    Warning,
    Error,
    Critical,
}

/// `90s`, `5m`, `1h30m`, or plain seconds.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("\"{text}\" is no time such as 90s, 5m or 1h30m");
    let (mut total, mut number) = (0_i64, String::new());
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: i64 = std::mem::take(&mut number).parse().map_err(|_| wrong())?;
        total = count.checked_mul(unit).and_then(|more| total.checked_add(more)).ok_or_else(wrong)?;
    }
    if !number.is_empty() {
        total = number.parse::<i64>().ok().and_then(|more| total.checked_add(more)).ok_or_else(wrong)?;
    }
    const LONGEST_GAP_SECONDS: i64 = 366 * 86_400;
    (1..=LONGEST_GAP_SECONDS)
        .contains(&total)
        .then_some(total)
        .ok_or_else(|| format!("{}, between 1s and 366d", wrong()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("45"), Ok(45));
        for wrong in ["", "m", "5x", "-5m", "0s", "99999999999999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_holds_together() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
