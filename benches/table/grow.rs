//! Logs of any size, grown from the samples: the same bytes in every run.
//!
//! In: a sample, which of its lines are healthy and which fail, a size. Out: a file whose lines are the sample's, each with
//! a stamp, client and numbers of its own.

use chrono::DateTime;
use regex::bytes::Regex;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Lines of one second.
const LINES_A_SECOND: u64 = 1000;
/// When the logs begin: 2026-11-21T09:00:00Z.
const BEGIN: i64 = 1_795_251_600;
/// Different clients of a log that is not hostile.
const CLIENTS: u64 = 3 * 254;
/// Paths planted in a hostile log, each in one line of a thousand.
pub(crate) const PLANTED: u64 = 50;

/// A small linear congruential generator: the same numbers in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// How stamps look, in chrono's words.
const STAMPS: [&str; 4] = ["%d/%b/%Y:%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];

/// What a log is grown from.
pub(crate) struct Recipe {
    /// Below `samples/`.
    pub(crate) sample: &'static str,
    /// Lines that tell of an answer that is no failure.
    pub(crate) healthy: &'static str,
    /// Lines that fail.
    pub(crate) failing: &'static str,
    /// Where the client's address stands: the first group.
    pub(crate) client: &'static str,
    /// What an attacker can choose, each in a group of its own; nothing in an honest log.
    pub(crate) hostile: &'static str,
}

/// What stands in place of a part of a sample's line.
#[derive(Clone, Copy)]
enum Slot {
    Stamp(usize),
    Client,
    Number,
    Serial,
    Unique,
}

/// A line of a sample, cut where something changes.
struct Line {
    pieces: Vec<(Vec<u8>, Option<Slot>)>,
}

/// What changes from line to line.
struct Values {
    stamps: [String; STAMPS.len()],
    client: String,
    number: u64,
    serial: u64,
    /// One of the planted paths, in place of one that occurs once.
    planted: Option<u64>,
}

impl Line {
    fn new(text: &[u8], recipe: &Recipe) -> Self {
        let mut slots = vec![
            (r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d", Slot::Stamp(0)),
            (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", Slot::Stamp(1)),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", Slot::Stamp(2)),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", Slot::Stamp(3)),
            (recipe.client, Slot::Client),
            (r"/[a-z]+/(\d{2,})|=(\d{2,})\b", Slot::Number),
            (r"\*(\d+) |RayID\W+([0-9a-f]+)|TID_([0-9a-f]+)|Root=1-([0-9a-f]+)", Slot::Serial),
        ];
        if !recipe.hostile.is_empty() {
            slots.insert(0, (recipe.hostile, Slot::Unique));
        }
        let mut found = Vec::new();
        for (pattern, slot) in slots {
            for captures in Regex::new(pattern).expect("a pattern").captures_iter(text) {
                let groups = captures.iter().skip(usize::from(captures.len() > 1)).flatten();
                found.extend(groups.map(|group| (group.range(), slot)));
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        let (mut pieces, mut at) = (Vec::new(), 0);
        for (range, slot) in found.into_iter().filter(|(range, _)| !range.is_empty()) {
            if range.start >= at {
                pieces.push((text[at..range.start].to_vec(), Some(slot)));
                at = range.end;
            }
        }
        pieces.push((text[at..].to_vec(), None));
        Self { pieces }
    }

    fn write(&self, values: &Values, out: &mut Counted) -> io::Result<()> {
        for (number, (text, slot)) in self.pieces.iter().enumerate() {
            out.put(text)?;
            match slot {
                None => out.put(b"\n")?,
                Some(Slot::Stamp(shape)) => out.put(values.stamps[*shape].as_bytes())?,
                Some(Slot::Client) => out.put(values.client.as_bytes())?,
                Some(Slot::Number) => out.put(values.number.to_string().as_bytes())?,
                Some(Slot::Serial) => out.put(format!("{:08}", values.serial).as_bytes())?,
                Some(Slot::Unique) => match values.planted {
                    Some(planted) => out.put(format!("/planted/{}", letters(planted)).as_bytes())?,
                    None => out.put(format!("/{}", letters(values.serial * 16 + number as u64)).as_bytes())?,
                },
            }
        }
        Ok(())
    }
}

/// A number in letters, which nobody folds.
pub(crate) fn letters(mut number: u64) -> String {
    let mut text = String::from("w");
    while number > 0 {
        text.push((b'g' + (number % 20) as u8) as char);
        number /= 20;
    }
    text
}

/// A file and how much of it is there.
struct Counted {
    out: BufWriter<File>,
    bytes: u64,
}

impl Counted {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(1 << 20, File::create(path)?), bytes: 0 })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// The lines of a sample that look so.
fn lines(recipe: &Recipe, looks: &str) -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(recipe.sample);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let looks = Regex::new(looks).expect("a pattern");
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && looks.is_match(line));
    lines.map(|line| Line::new(line, recipe)).collect()
}

/// The lines that stand before all others and say how these are to be read.
fn header(recipe: &Recipe) -> Vec<u8> {
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(recipe.sample));
    let text = text.unwrap_or_default();
    let lines = text.split_inclusive(|byte| *byte == b'\n').take_while(|line| line.starts_with(b"#"));
    lines.flatten().copied().collect()
}

/// A log of this size, with so many lines of a hundred failing; beside it, where one is named, the error log that says why
/// each of them did: its lines are of the same requests. `share` 100 of one pool makes a log where everything fails.
pub(crate) fn grow(
    recipe: &Recipe,
    share: u64,
    bytes: u64,
    path: &Path,
    error: Option<(&Recipe, &Path)>,
) -> io::Result<()> {
    let (healthy, failing) = (lines(recipe, recipe.healthy), lines(recipe, recipe.failing));
    assert!(!failing.is_empty() && (share == 100 || !healthy.is_empty()), "{}: no lines like these", recipe.sample);
    let reasons = error.map(|(recipe, _)| lines(recipe, recipe.failing)).unwrap_or_default();
    let mut out = Counted::create(path)?;
    let mut error = error.map(|(_, path)| Counted::create(path)).transpose()?;
    out.put(&header(recipe))?;
    let mut seeded = Seeded(7);
    let mut values = Values { stamps: Default::default(), client: String::new(), number: 0, serial: 0, planted: None };
    while out.bytes < bytes {
        values.next(&mut seeded, !recipe.hostile.is_empty());
        let fails = seeded.below(100) < share;
        let pool = if fails { &failing } else { &healthy };
        let which = seeded.below(pool.len() as u64) as usize;
        if let (true, Some(error)) = (fails, &mut error) {
            reasons[which % reasons.len()].write(&values, error)?;
        }
        pool[which].write(&values, &mut out)?;
    }
    error.map_or(Ok(()), |mut error| error.out.flush())?;
    out.out.flush()
}

impl Values {
    fn next(&mut self, seeded: &mut Seeded, hostile: bool) {
        if self.serial.is_multiple_of(LINES_A_SECOND) {
            let second = BEGIN + (self.serial / LINES_A_SECOND) as i64;
            let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
            self.stamps = STAMPS.map(|shape| time.format(shape).to_string());
        }
        self.serial += 1;
        self.number = 100 + seeded.below(99_900);
        let planted = seeded.below(1000);
        self.planted = (hostile && planted < PLANTED).then_some(planted);
        self.client = match hostile {
            true => {
                format!("2001:db8:{:x}:{:x}::{:x}", self.serial >> 32, self.serial >> 16 & 0xffff, self.serial & 0xffff)
            }
            false => {
                let client = seeded.below(CLIENTS);
                format!("{}.{}", ["192.0.2", "198.51.100", "203.0.113"][client as usize / 254], 1 + client % 254)
            }
        };
    }
}
