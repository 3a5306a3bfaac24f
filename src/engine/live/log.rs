//! One log of a watch: what it was found to be, and how it is read.

use crate::incident::{Part, Plan};
use crate::source::HeaderMark;
use crate::source::follow::{SharedJoint, SharedStart};
use crate::time::Timestamp;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a log's beginning that are kept, to find out once more what it is: as many lines as are looked at.
const MOST_SAMPLE_BYTES: usize = 16 << 10;

/// A log that is to be followed.
#[derive(Debug, Clone)]
pub struct NewLog {
    /// What it is called: by it its format is found in a server's configuration.
    pub name: String,
    /// Its sources for the report, from the oldest; the last is the one that grows. Never empty.
    pub members: Vec<String>,
    /// Whole lines of its beginning.
    pub beginning: Vec<u8>,
    /// When it was written last, for stamps without a year.
    pub written: Option<Timestamp>,
}

impl NewLog {
    pub(super) fn sample(&self) -> &[u8] {
        head(&self.beginning)
    }
}

/// The lines by which a log is known.
pub(super) fn head(bytes: &[u8]) -> &[u8] {
    let head = &bytes[..bytes.len().min(MOST_SAMPLE_BYTES)];
    memchr::memrchr(b'\n', head).map_or(head, |end| &head[..=end])
}

/// How a log is to be cut into chunks.
#[derive(Clone)]
pub enum Shape {
    /// Every line is a record.
    Lines,
    /// Where records begin.
    Records(SharedStart),
    /// Where lines that lie inside one another can be cut.
    Lanes(SharedJoint),
    /// Every line is a record, but for those that say which columns follow.
    Columns(HeaderMark),
}

/// A log of a watch.
#[derive(Debug)]
pub(super) struct LiveLog {
    /// How many members it has.
    members: u32,
    /// Its first member's place among the sources.
    pub(super) first_source: u32,
    pub(super) sample: Vec<u8>,
    pub(super) written: Option<Timestamp>,
    pub(super) plan: Arc<Plan>,
    /// Something of it was read.
    pub(super) has_begun: bool,
    /// It counts requests where no other log did when it was begun.
    pub(super) counts_alone: bool,
    /// It is to be cut otherwise than before.
    pub(super) reshaped: bool,
    /// What stands at its end and may not be whole.
    pub(super) open: Vec<Part>,
}

impl LiveLog {
    pub(super) fn new(log: NewLog, first_source: u32) -> Self {
        Self {
            members: log.members.len() as u32,
            first_source,
            sample: log.sample().to_vec(),
            written: log.written,
            plan: Arc::new(Plan::nothing()),
            has_begun: false,
            counts_alone: false,
            reshaped: false,
            open: Vec::new(),
        }
    }

    /// Its members' places among the sources.
    pub(super) fn sources(&self) -> Range<usize> {
        self.first_source as usize..(self.first_source + self.members) as usize
    }

    /// The place of the member that grows.
    pub(super) fn live_source(&self) -> usize {
        self.sources().end - 1
    }

    pub(super) fn take_plan(&mut self, plan: Plan) {
        self.reshaped |= plan.long_records != self.plan.long_records
            || plan.lanes.is_some() != self.plan.lanes.is_some()
            || plan.header_mark().is_some() != self.plan.header_mark().is_some();
        self.plan = Arc::new(plan);
    }

    pub(super) fn shape(&self) -> Shape {
        let plan = Arc::clone(&self.plan);
        if let Some(lanes) = plan.lanes.clone() {
            Shape::Lanes(Arc::new(move |lines| lanes.joint(lines)))
        } else if plan.long_records {
            Shape::Records(Arc::new(move |line| plan.starts_record(line)))
        } else {
            plan.header_mark().map_or(Shape::Lines, |mark| Shape::Columns(mark.clone()))
        }
    }
}
