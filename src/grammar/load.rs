//! Reading the files of `grammars/formats/`: text to [`Format`]s, each held against its own examples.

use super::columns::{Columns, Sheet};
use super::context::Phases;
use super::doubt::Doubts;
use super::envelope::Envelope;
use super::errno::Errnos;
use super::error_format::Items;
use super::form::{Borrow, RawAnswered, RawGrammar, RawLayout, RawTail};
use super::free_text::FreeText;
use super::json::Keys;
use super::message::Extract;
use super::notation::{LogFormat, Variables};
use super::pattern::Pattern;
use super::rows::Rows;
use super::when::Condition;
use super::{Answered, Format, Mask, Reader, RecordReader};
use crate::error::{Defect, Result};
use crate::event::{Event, Field};
use crate::knowledge::{File, Library};
use crate::time::{Shape, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All formats that the program knows, and what is needed to take in the user's own.
#[derive(Debug, Clone)]
pub struct Grammars {
    /// Every layout of every format, in the order of the files.
    pub formats: Vec<Arc<Format>>,
    /// Wrappers that lines may stand in.
    pub envelopes: Vec<Arc<Envelope>>,
    /// Wordings that one format takes over from the rules of another.
    pub borrows: Vec<Borrow>,
    /// By a format's id: what its owner can do so that it says who answered a failed request.
    pub advice: BTreeMap<String, String>,
    pub(super) variables: Variables,
    /// The format of ErrorLogFormat strings, and their items.
    pub(super) items: (String, Items),
    pub(super) tail_keys: Arc<Keys>,
}

impl Grammars {
    /// The formats built in.
    ///
    /// # Errors
    /// Where a file of knowledge is wrong; a test sees to it that this does not happen in a release.
    pub fn built_in() -> Result<Self> {
        Self::load(&Library::built_in().with_examples())
    }

    /// The formats of a library.
    ///
    /// # Errors
    /// Where a file of it is wrong, or a layout does not read its own examples: names file and line.
    pub fn load(library: &Library) -> Result<Self> {
        let errnos = match library.below("errno.toml").next() {
            Some(file) => Arc::new(Errnos::load(file)?),
            None => Arc::new(Errnos::default()),
        };
        let mut raws: Vec<(&File, RawGrammar)> = Vec::new();
        for file in library.below("formats/") {
            raws.push((file, file.parse()?));
        }
        let envelopes = Envelope::built_in()?.into_iter().map(Arc::new).collect();
        let mut grammars = Self {
            formats: Vec::new(),
            envelopes,
            borrows: Vec::new(),
            advice: BTreeMap::new(),
            variables: Variables::new(),
            items: (String::new(), Items::new()),
            tail_keys: Arc::default(),
        };
        for (file, raw) in &mut raws {
            raw.has_variables = !raw.variables.is_empty();
            let by = raw.id.clone();
            grammars.borrows.extend(raw.borrow.drain(..).map(|borrow| Borrow { by: by.clone(), ..borrow }));
            grammars
                .variables
                .extend(std::mem::take(&mut raw.variables).into_iter().map(|(name, raw)| (name, raw.into())));
            grammars.advice.extend(raw.advice.take().map(|advice| (raw.id.clone(), advice)));
            if !raw.items.is_empty() {
                grammars.items = (raw.id.clone(), std::mem::take(&mut raw.items));
            }
            if raw.keys_of_tails {
                grammars.tail_keys = Arc::new(Keys::load(file, &raw.keys)?);
            }
        }
        for (file, raw) in &raws {
            grammars.add(file, raw, &errnos)?;
        }
        Ok(grammars)
    }

    fn add(&mut self, file: &File, raw: &RawGrammar, errnos: &Arc<Errnos>) -> Result<()> {
        let answered = answered_of(file, &raw.answered)?;
        let keys = Arc::new(Keys::load(file, &raw.keys)?);
        let sheet = raw.columns.as_ref().map(|columns| Arc::new(columns.sheet(&raw.keys)));
        for layout in &raw.layout {
            let wrong = |what: String| Defect::new(&file.name, what).at(file.line_of(&layout.name));
            let mut format = self.build(raw, layout, &keys, sheet.as_ref(), errnos).map_err(wrong)?;
            format.answered = Arc::clone(&answered);
            let format = Arc::new(format);
            for example in &layout.examples {
                prove(&format, example)
                    .map_err(|what| wrong(what).at(file.line_of(example.lines().next().unwrap_or(""))))?;
            }
            self.formats.push(format);
        }
        Ok(())
    }

    fn build(
        &self,
        raw: &RawGrammar,
        layout: &RawLayout,
        keys: &Arc<Keys>,
        sheet: Option<&Arc<Sheet>>,
        errnos: &Arc<Errnos>,
    ) -> std::result::Result<Format, String> {
        let mut stamp = match raw.stamp.as_str() {
            "any" => None,
            named => Some(Shape::named(named).ok_or_else(|| format!("there is no stamp shape \"{named}\""))?),
        };
        let mut notation = None;
        let mut units = raw.units;
        if layout.stamp.is_some() {
            stamp = layout.stamp;
        }
        let reader = match (&layout.pattern, &layout.log_format, layout.json) {
            (Some(pattern), None, false) => Reader::Pattern(Pattern::parse(pattern)?),
            (None, Some(text), false) => {
                let format = LogFormat::parse(text)?;
                notation = raw.has_variables.then_some(format.notation);
                stamp = format.stamp(&self.variables);
                units = format.units(&self.variables);
                Reader::Pattern(format.compile(&self.variables)?)
            }
            (None, None, true) => Reader::Json(Arc::clone(keys)),
            (None, None, false) if layout.columns.is_some() || layout.by_header => {
                Reader::Columns(layout.columns(sheet)?)
            }
            _ => {
                return Err(format!(
                    "layout \"{}\" needs one of pattern, log_format, columns, by_header = true or json = true",
                    layout.name
                ));
            }
        };
        let mut format = Format {
            id: raw.id.clone(),
            layout: layout.name.clone(),
            title: raw.title.clone(),
            witness: raw.witness,
            stamp_marks: raw.stamp_marks,
            stands_for: raw.stands_for.clone(),
            notation,
            answered: Arc::default(),
            rank: raw.rank + layout.rank,
            stamp,
            zone: zone_of(layout.zone.as_ref().or(raw.zone.as_ref()))?,
            units,
            reader,
            record_start: raw.record_start.as_ref().map(|mask| Mask(mask.as_bytes().into())),
            tails: raw.tail.as_ref().map(RawTail::tails).unwrap_or_default(),
            phases: Phases::new(raw.tail.iter().flat_map(|tail| &tail.phases).map(String::as_str)),
            brackets: raw.tail.as_ref().and_then(|tail| tail.brackets),
            errnos: raw.tail.as_ref().filter(|tail| tail.errno).map(|_| Arc::clone(errnos)),
            extracts: raw.extract.iter().map(Extract::from).collect(),
            tail_keys: None,
            rows: Rows::new(layout.when.as_ref(), &raw.rows)?,
            text: raw.text.as_ref().map(|text| Arc::new(FreeText::from(text))),
            quiet: raw.quiet.clone().into(),
            beside: raw.beside.clone().into(),
            counts_alone: raw.counts_alone,
            doubts: Doubts::new(raw.tail.as_ref().and_then(|tail| tail.quote_end.as_deref()), &raw.repeats_others),
            fields: 0,
        };
        format.know_its_fields();
        if format.has(Field::Tail) {
            format.tail_keys = Some(Arc::clone(&self.tail_keys));
        }
        Ok(format)
    }

    /// The formats with this id.
    pub fn with_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Arc<Format>> {
        self.formats.iter().filter(move |format| format.id == id)
    }

    /// Every id once, in order.
    pub fn ids(&self) -> Vec<&str> {
        let ids: BTreeSet<&str> = self.formats.iter().map(|format| format.id.as_str()).collect();
        ids.into_iter().collect()
    }
}

impl Format {
    pub(super) fn know_its_fields(&mut self) {
        let mut fields = match &self.reader {
            Reader::Pattern(pattern) => pattern.fields(),
            Reader::Json(keys) => keys.fields().collect(),
            Reader::Columns(columns) => columns.fields(),
        };
        fields.extend(self.tails.iter().flat_map(|tail| &tail.keys).filter_map(|key| key.field));
        fields.extend(self.extracts.iter().map(|extract| extract.field));
        if fields.contains(&Field::Tail) {
            fields = Field::ALL.to_vec();
        }
        self.fields = fields.into_iter().fold(0, |mask, field| mask | 1 << field as u64);
    }
}

/// A format that does not read its own examples is wrong, whatever else it reads.
fn prove(format: &Arc<Format>, example: &str) -> std::result::Result<(), String> {
    let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
    let mut event = Event::default();
    // Header lines may come first.
    let example = match format.header_mark().and_then(|_| example.rsplit_once('\n')) {
        Some((header, row)) if header.lines().all(|line| reader.preamble(line.as_bytes(), true)) => row,
        _ => example,
    };
    match reader.read(example.as_bytes(), &mut event) {
        Some(_) if format.starts_record(example.as_bytes()) || event.raw(Field::Time).is_none() => Ok(()),
        Some(_) => {
            Err(format!("{} reads this example, but it does not look like the start of a record", format.name()))
        }
        None => Err(format!("{} does not read its own example", format.name())),
    }
}

fn answered_of(file: &File, raws: &[RawAnswered]) -> Result<Arc<[Answered]>> {
    let read = |(number, raw): (usize, &RawAnswered)| {
        let when = Condition::parse(&raw.when).map_err(|what| {
            Defect::new(&file.name, what).at(file.lines_of_tables("[[answered]]").get(number).copied().unwrap_or(1))
        })?;
        Ok(Answered { when, by: raw.by })
    };
    raws.iter().enumerate().map(read).collect()
}

impl RawLayout {
    fn columns(&self, sheet: Option<&Arc<Sheet>>) -> std::result::Result<Columns, String> {
        let sheet = sheet.ok_or("it has columns, and the grammar no [columns]")?;
        match &self.columns {
            Some(names) => Columns::fixed(sheet, names, self.least, self.open),
            None => Columns::by_header(sheet, &self.needs, &self.lacks, &self.behind),
        }
    }
}

fn zone_of(name: Option<&String>) -> std::result::Result<Option<Zone>, String> {
    match name.map(String::as_str) {
        // The machine's own, although other layouts have another.
        None | Some("local") => Ok(None),
        Some(name) => Zone::named(name).map(Some).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_its_own_examples() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        assert!(grammars.formats.iter().any(|format| format.id == "nginx.error"));
    }
}
