//! The columns of the list: what stands in each, and how wide it is.
//!
//! In: an incident; the room. Out: its cells; the columns that fit, each with its width.

use crate::follow::screen::listed::{Listed, owner};
use crate::follow::view::IncidentState;
use crate::report::layout::columns;
use crate::report::numbers::{percent, thousands};
use crate::report::stamps::Clock;
use crate::report::{Incident, sparkline};
use crate::time::Timestamp;

/// Between two columns.
pub(super) const GAP: &str = " ";

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Severity,
    State,
    Cause,
    Service,
    Owner,
    Status,
    Failed,
    Share,
    Since,
    Last,
    Course,
}

/// How a column is laid out.
struct Layout {
    column: Column,
    title: &'static str,
    /// The list must be so wide for it: what matters less comes later.
    from_width: usize,
    /// It is never narrower.
    least: usize,
    /// Nor wider.
    most: usize,
}

/// All columns, in the order they stand in.
const LAYOUT: [Layout; 11] = [
    layout(Column::Severity, "severity", 0, 8, 8),
    layout(Column::State, "state", 34, 5, 5),
    layout(Column::Cause, "cause", 16, 8, 34),
    layout(Column::Service, "service", 66, 8, 34),
    layout(Column::Owner, "owner", 54, 5, 18),
    layout(Column::Status, "status", 104, 6, 9),
    layout(Column::Failed, "failed", 42, 6, 11),
    layout(Column::Share, "share", 74, 6, 7),
    layout(Column::Since, "since", 128, 8, 11),
    layout(Column::Last, "last", 96, 8, 11),
    layout(Column::Course, "over time", 112, 9, 9),
];

const fn layout(column: Column, title: &'static str, from_width: usize, least: usize, most: usize) -> Layout {
    Layout { column, title, from_width, least, most }
}

impl Column {
    fn layout(self) -> &'static Layout {
        &LAYOUT[self as usize]
    }

    /// What stands above it.
    pub(super) fn title(self) -> &'static str {
        self.layout().title
    }

    /// Numbers stand at the right of their column.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Failed | Self::Share)
    }

    /// Whether its text may be cut where room is short.
    fn gives_way(self) -> bool {
        matches!(self, Self::Cause | Self::Service | Self::Owner)
    }
}

/// Widest that the course over time is drawn.
const COURSE: usize = 40;

/// A row's texts, by column.
pub(super) type Cells = [String; LAYOUT.len()];

/// The text in a column.
pub(super) fn cell(cells: &Cells, column: Column) -> &str {
    &cells[column as usize]
}

/// All texts of a row but the course over time, which is drawn to its width.
pub(super) fn cells(one: &Listed<'_>, now: Timestamp, clock: &Clock) -> Cells {
    std::array::from_fn(|at| text(LAYOUT[at].column, one, now, clock))
}

fn text(column: Column, one: &Listed<'_>, now: Timestamp, clock: &Clock) -> String {
    let incident = one.incident;
    match column {
        Column::Severity => incident.severity.name().to_uppercase(),
        Column::State => state(one).to_owned(),
        Column::Cause => format!("{}{}", if one.explained { "└ " } else { "" }, incident.cause),
        Column::Service => incident.service.clone(),
        Column::Owner => owner(incident).to_owned(),
        Column::Status => statuses(incident),
        Column::Failed => thousands(failed(incident)),
        Column::Share => incident.share.map_or_else(String::new, percent),
        Column::Since => clock.short(now, incident.start),
        Column::Last => clock.short(now, incident.end),
        Column::Course => String::new(),
    }
}

/// One word: that somebody has it says that it is open, too.
fn state(one: &Listed<'_>) -> &'static str {
    match (one.standing.state, one.standing.acknowledged) {
        (IncidentState::Open, true) => "ack",
        (state, _) => state.name(),
    }
}

/// `502`, `502,504`, `502 +2`.
fn statuses(incident: &Incident) -> String {
    match incident.status[..] {
        [] => "-".into(),
        [one] => one.to_string(),
        [one, two] => format!("{one},{two}"),
        [one, ..] => format!("{one} +{}", incident.status.len() - 1),
    }
}

/// Requests where they are counted, else attempts.
fn failed(incident: &Incident) -> u64 {
    incident.requests_failed.filter(|requests| *requests > 0).unwrap_or(incident.attempts_failed)
}

/// The course over time in so many columns.
pub(super) fn course(incident: &Incident, width: usize) -> String {
    sparkline::draw(&incident.timeline, width).map_or_else(String::new, |course| course.bars)
}

/// The columns for this room, as wide as these rows need; what is left goes to the course over time.
pub(super) fn widths(rows: &[Cells], room: usize) -> Vec<(Column, usize)> {
    let fitting = LAYOUT.iter().filter(|layout| layout.from_width <= room);
    let mut widths: Vec<(Column, usize)> = fitting
        .map(|Layout { column, title, least, most, .. }| {
            let longest = rows.iter().map(|cells| columns(cell(cells, *column))).max().unwrap_or(0);
            (*column, longest.max(columns(title)).clamp(*least, *most))
        })
        .collect();
    shrink(&mut widths, room);
    if let Some(left) = room.checked_sub(sum(&widths))
        && let Some((Column::Course, width)) = widths.last_mut()
    {
        *width = (*width + left).min(COURSE);
    }
    widths
}

/// Takes from the widest of those that give way until all fit.
fn shrink(widths: &mut [(Column, usize)], room: usize) {
    while sum(widths) > room {
        let can = |(column, width): &&mut (Column, usize)| column.gives_way() && *width > column.layout().least;
        match widths.iter_mut().filter(can).max_by_key(|(_, width)| *width) {
            Some((_, width)) => *width -= 1,
            None => return,
        }
    }
}

fn sum(widths: &[(Column, usize)]) -> usize {
    widths.iter().map(|(_, width)| width + GAP.len()).sum::<usize>().saturating_sub(GAP.len())
}
