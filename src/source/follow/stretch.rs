//! One file of a followed path, from its opening until it is over.

use std::fs::{File, Metadata};
use std::path::PathBuf;
use std::sync::Arc;

use super::identity::{Identity, modified_ns};
use super::marks::Marks;
use super::position::{FilePosition, Finished, Mark};
use super::siblings::{Sibling, end_mark};
use super::text::{Fault, Origin, Text};
use crate::source::overlap::{OVERLAP_BYTES, Overlap};
use crate::source::{Carry, Chunk, Chunker, HeaderMark};

/// Tells of a line whether a record begins with it; shared by all files of a path.
pub type SharedStart = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Tells of whole lines where they can be cut; shared by all files of a path.
pub type SharedJoint = Arc<dyn Fn(&[u8]) -> Option<usize> + Send + Sync>;

/// A block for reading over the lines before the first that counts, in bytes.
const HEADER_BLOCK_BYTES: usize = 1 << 20;

/// How the records of a path look.
#[derive(Default, Clone)]
pub(super) struct Shape {
    pub(super) starts: Option<SharedStart>,
    pub(super) joint: Option<SharedJoint>,
    pub(super) header: Option<HeaderMark>,
}

/// Whether more can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It can grow.
    Growing,
    /// It is whole: it is over when it is read.
    Whole,
    /// It is over: what is open is closed.
    Over {
        /// The rest of its last line is lost.
        torn: bool,
    },
}

/// What a step gave.
pub(super) enum Step {
    /// Whole records.
    Chunk(Chunk),
    /// Nothing for now.
    Dry,
    /// Nothing: the file no longer holds what was read.
    Cut,
    /// Nothing any more.
    Done,
}

/// What the first lines belong to.
struct Context {
    carry: Carry,
    header: Option<Arc<[u8]>>,
}

/// One file of a path.
pub(super) struct Stretch {
    pub(super) identity: Identity,
    /// Where it stood when it was opened, without links.
    pub(super) path: PathBuf,
    pub(super) age: u32,
    chunker: Chunker<Text>,
    /// What was known where the reading went on; nothing where it began at the first line.
    context: Option<Context>,
    /// It is known how header lines look.
    headed: bool,
    pub(super) lines: u64,
    pub(super) modified_ns: i64,
    /// Its bytes on disk at the last look.
    pub(super) size: u64,
    /// When it was last seen to have grown, in microseconds of watching.
    pub(super) grew_micros: i64,
    pub(super) dry: bool,
    pub(super) end: End,
    /// It was cut, and if more than so many bytes turn out to have been in it, something may be lost.
    pub(super) gap_beyond: Option<u64>,
    /// Where the copy of it ends that was found and not read, with its mark.
    pub(super) copy_end: Option<Mark>,
    /// What went wrong with reading it, until it is told.
    pub(super) fault: Option<Fault>,
}

impl Stretch {
    /// A file that is read from `at` on.
    pub(super) fn new(
        age: u32,
        path: PathBuf,
        meta: &Metadata,
        text: Text,
        chunk_bytes: usize,
        grew_micros: i64,
    ) -> Self {
        let (at, passed) = (text.at(), text.before().clone());
        let mut chunker = Chunker::follow(text, chunk_bytes);
        chunker.go_on(at, passed, &[]);
        Self {
            identity: Identity::of(meta),
            path,
            age,
            chunker,
            context: None,
            headed: false,
            lines: 0,
            modified_ns: modified_ns(meta),
            size: meta.len(),
            grew_micros,
            dry: false,
            end: End::Growing,
            gap_beyond: None,
            copy_end: None,
            fault: None,
        }
    }

    /// A file that was read before, up to a position; `text` stands there.
    pub(super) fn resume(position: &FilePosition, text: Text, chunk_bytes: usize) -> Self {
        let passed = text.before().clone();
        let mut chunker = Chunker::follow(text, chunk_bytes);
        chunker.go_on(position.offset, passed, &position.rest);
        chunker.set_context(position.carry, None);
        let header = position.header.as_deref().map(Arc::from);
        Self {
            identity: position.identity,
            path: position.path.clone(),
            age: position.age,
            chunker,
            context: Some(Context { carry: position.carry, header }),
            headed: false,
            lines: position.lines,
            modified_ns: position.modified_ns,
            size: 0,
            grew_micros: position.grew_micros,
            dry: position.dry,
            end: End::Growing,
            gap_beyond: position.gap_beyond,
            copy_end: None,
            fault: None,
        }
    }

    /// Sets how its records look. What was known of where the reading goes on stays.
    pub(super) fn shape(&mut self, shape: &Shape) {
        let begun = self.chunker.mid();
        if self.lines > 0 || self.context.is_some() {
            let kept = self.context.take().and_then(|context| context.header);
            let header = if self.headed { begun.header } else { kept };
            self.context = Some(Context { carry: begun.carry, header });
        }
        if let Some(starts) = shape.starts.clone() {
            self.chunker.set_record_start(Box::new(move |line| starts(line)));
        }
        if let Some(joint) = shape.joint.clone() {
            self.chunker.set_joint(Box::new(move |lines| joint(lines)));
        }
        if let Some(mark) = shape.header.clone() {
            self.headed = true;
            self.chunker.set_header(mark.clone());
            if self.context.is_none() && begun.offset > 0 {
                let header = self.header_before(begun.offset, mark);
                self.chunker.set_context(self.chunker.mid().carry, header);
            }
        }
        if let Some(context) = &self.context {
            self.chunker.set_context(context.carry, context.header.clone());
        }
    }

    /// The header in force where the reading begins in the middle.
    fn header_before(&self, offset: u64, mark: HeaderMark) -> Option<Arc<[u8]>> {
        let Origin::Plain(_) = self.text().origin() else { return None };
        let mut before = std::io::Read::take(File::open(&self.path).ok()?, offset + self.text().head_bytes());
        let mut chunker = Chunker::new(&mut before, HEADER_BLOCK_BYTES);
        chunker.set_header(mark);
        while let Some(Ok(chunk)) = chunker.next_chunk() {
            chunker.recycle(chunk.bytes);
        }
        chunker.mid().header
    }

    pub(super) fn text(&self) -> &Text {
        self.chunker.reader()
    }

    pub(super) fn text_mut(&mut self) -> &mut Text {
        self.chunker.reader_mut()
    }

    /// The next whole records, or why there are none.
    pub(super) fn next(&mut self) -> Step {
        if let Some(chunk) = self.chunker.next_whole() {
            return self.take(chunk);
        }
        match self.text_mut().take_fault() {
            Some(Fault::Cut) => {
                self.text_mut().set_cut();
                return Step::Cut;
            }
            Some(fault) => self.fault = Some(fault),
            None => {}
        }
        // A packed file that is broken, or a copy that cannot be read, has no more to give.
        if self.end == End::Whole {
            self.end = End::Over { torn: self.fault.is_some() };
        }
        self.close_next()
    }

    /// What is left of a file that is over.
    pub(super) fn close_next(&mut self) -> Step {
        let End::Over { torn } = self.end else { return Step::Dry };
        match self.chunker.close_next(torn) {
            Some(chunk) => self.take(chunk),
            None => Step::Done,
        }
    }

    /// The next piece of what is left, as if it were over.
    pub(super) fn close_now(&mut self) -> Option<Chunk> {
        let end = std::mem::replace(&mut self.end, End::Over { torn: false });
        let step = self.close_next();
        self.end = end;
        if let Step::Chunk(chunk) = step { Some(chunk) } else { None }
    }

    fn take(&mut self, chunk: Chunk) -> Step {
        let partial = !chunk.bytes.is_empty() && !chunk.bytes.ends_with(b"\n");
        let ends = memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64;
        self.lines += ends + u64::from(partial) + u64::from(chunk.oversize.is_some());
        Step::Chunk(chunk)
    }

    pub(super) fn peek(&mut self, n: usize) -> &[u8] {
        self.chunker.peek_now(n)
    }

    pub(super) fn open_end(&self) -> Option<Chunk> {
        self.chunker.open_end()
    }

    /// Whether a look shows that it was written to.
    pub(super) fn is_written(&self, meta: &Metadata) -> bool {
        (meta.len(), modified_ns(meta)) != (self.size, self.modified_ns)
    }

    /// Whether a file of this size still holds what was read. One of which nothing was read holds less if it shrank.
    pub(super) fn still_holds(&self, size: u64) -> bool {
        self.text().still_holds(size) && (self.text().at() > 0 || size >= self.size)
    }

    /// The same of the open file, wherever it stands; one that is not open is taken to hold it.
    pub(super) fn holds_open(&self) -> bool {
        let Origin::Plain(file) = self.text().origin() else { return true };
        file.metadata().map_or(true, |meta| self.still_holds(meta.len()))
    }

    /// Takes in what a look at the file showed.
    pub(super) fn look(&mut self, meta: &Metadata, watched_micros: i64) {
        if self.is_written(meta) {
            self.grew_micros = watched_micros;
        }
        (self.size, self.modified_ns) = (meta.len(), modified_ns(meta));
        self.dry = self.is_read();
    }

    fn is_read(&self) -> bool {
        self.size == self.text().at() + self.text().head_bytes()
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.text().origin(), Origin::Plain(_) | Origin::Packed(_))
    }

    /// Whether it has nothing to give and could be closed for now.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.text().origin(), Origin::Plain(_)) && self.end == End::Growing && self.is_read()
    }

    /// Marks of all that was read, the last one of how far.
    pub(super) fn marks_read(&self) -> Vec<Mark> {
        self.text().marks().upto(self.text().at(), self.text().before())
    }

    /// The same, and the mark at the end of what the open file holds.
    pub(super) fn marks_whole(&self) -> Vec<Mark> {
        let (text, mut marks) = (self.text(), self.marks_read());
        let Origin::Plain(file) = text.origin() else { return marks };
        let size = file.metadata().map_or(0, |meta| meta.len()).saturating_sub(text.head_bytes());
        if size > text.at() {
            let end = super::text::before(file, text.head_bytes(), size).ok();
            marks.extend(end.map(|end| Mark { offset: size, hash: end.hash() }));
        }
        marks
    }

    /// Bytes on disk that were not handed out.
    pub(super) fn lag_bytes(&self) -> u64 {
        match self.text().origin() {
            Origin::Plain(_) | Origin::Away => {
                self.size.saturating_sub(self.chunker.mid().offset + self.text().head_bytes())
            }
            Origin::Packed(_) | Origin::Ended => self.chunker.held().len() as u64,
        }
    }

    /// Goes on reading at the same place of a copy, which is whole; `before` stands before the place.
    pub(super) fn go_on_in(&mut self, copy: &Sibling, origin: Origin, head_bytes: u64, before: Overlap) {
        (self.path, self.identity, self.end) = (copy.path.clone(), copy.identity, End::Whole);
        self.modified_ns = self.modified_ns.max(copy.modified_ns);
        if self.chunker.mid().offset == self.text().at() {
            self.chunker.set_passed(before.clone());
        }
        self.text_mut().go_on_in(origin, head_bytes, before);
    }

    /// It is on no disk any more: what was read of it is all there is.
    pub(super) fn give_up(&mut self) {
        self.text_mut().take_fault();
        self.text_mut().set_origin(Origin::Ended);
        self.end = End::Over { torn: true };
    }

    /// Its copy ends before what was read: there is no more.
    pub(super) fn end_with(&mut self, copy: &Sibling) {
        let before = self.text().before().clone();
        self.go_on_in(copy, Origin::Ended, 0, before);
        self.end = End::Over { torn: true };
        self.copy_end = end_mark(copy);
    }

    /// Whether no line of it was handed out, and so little was read that another file may begin the same.
    pub(super) fn has_only_begun(&self) -> bool {
        self.text().at() < OVERLAP_BYTES as u64 && self.chunker.mid().offset == 0
    }

    /// Whether nothing can come of it any more.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.text().origin(), Origin::Ended) && self.chunker.held().is_empty() && !self.chunker.is_skipping()
    }

    /// What was handed out.
    pub(super) fn position(&self) -> FilePosition {
        let mid = self.chunker.mid();
        // Before anybody said how headers look, the one that was committed stays.
        let kept = self.context.as_ref().filter(|_| !self.headed).and_then(|context| context.header.clone());
        let gone = matches!(self.text().origin(), Origin::Ended);
        FilePosition {
            identity: self.identity,
            path: self.path.clone(),
            age: self.age,
            offset: mid.offset,
            marks: self.text().marks().upto(mid.offset, &self.chunker.passed()),
            carry: mid.carry,
            header: mid.header.or(kept).map(|header| header.to_vec()),
            lines: self.lines,
            modified_ns: self.modified_ns,
            grew_micros: self.grew_micros,
            whole: self.end == End::Whole,
            dry: self.dry,
            rest: if gone { self.chunker.held().to_vec() } else { Vec::new() },
            gap_beyond: self.gap_beyond,
        }
    }

    /// What is kept of it when it is over.
    pub(super) fn finished(&self) -> Finished {
        let end = self.copy_end.or_else(|| self.marks_read().last().copied());
        Finished { identity: self.identity, end, lines: self.lines }
    }
}

/// A text that goes on from a committed place.
pub(super) fn text_at(position: &FilePosition, origin: Origin, head_bytes: u64, passed: Overlap) -> Text {
    Text::new(origin, head_bytes, position.offset, passed, Marks::new(position.marks.clone()))
}
