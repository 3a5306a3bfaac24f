//! Formats that the user tells: a `log_format`, `LogFormat` or `ErrorLogFormat`, or the names of a table's columns.
//!
//! In: the text of `--log-format`, or what a server's configuration has. Out: a [`Format`] of the product whose notation it
//! is, ranked above those built in.

use super::notation::{LogFormat, Notation, Variables};
use super::pattern::Pattern;
use super::{Format, Grammars, Reader, Witness, error_format};
use crate::error::did_you_mean;
use crate::event::Field;
use std::sync::Arc;

/// Above every rank in `grammars/`.
const TOLD: i32 = 100;

impl Grammars {
    /// A format from the user's own `log_format`, `LogFormat` or header line.
    ///
    /// # Errors
    /// What is wrong with the string, in words.
    pub fn told(&self, directive: &str) -> Result<Arc<Format>, String> {
        if let Some(format) = self.told_columns(directive) {
            return Ok(Arc::new(format));
        }
        if let Some(string) = error_format::string_of(directive) {
            return self.told_errors(&string);
        }
        let log_format = LogFormat::parse(directive)?;
        let unknown = log_format.unknown_variables(&self.variables);
        let of_notation = |format: &&Arc<Format>| format.notation == Some(log_format.notation);
        let Some(kin) = self.formats.iter().find(of_notation) else {
            return Err("no format is known whose layouts are written in this notation".into());
        };
        let mut format = kin.retold(Reader::Pattern(log_format.compile(&self.variables)?));
        if !log_format.name.is_empty() {
            format.layout = format!("log_format {}", log_format.name);
        }
        format.stamp = log_format.stamp(&self.variables);
        format.units = log_format.units(&self.variables);
        let needed = match log_format.notation {
            Notation::Dollar => [(Field::Status, "$status"), (Field::Time, "$time_local, $time_iso8601 or $msec")],
            Notation::Percent => [(Field::Status, "%>s"), (Field::Time, "%t")],
        };
        for (field, variable) in needed {
            if !format.has(field) {
                return Err(missing(variable, &unknown, &self.variables));
            }
        }
        Ok(Arc::new(format))
    }

    /// A format from an `ErrorLogFormat` string. Its records are lines: what a message holds besides is escaped.
    fn told_errors(&self, string: &str) -> Result<Arc<Format>, String> {
        let (id, items) = &self.items;
        let told = error_format::compile(string, items)?;
        let kin = self.with_id(id).next().ok_or("no format is known that reads error logs by their ErrorLogFormat")?;
        let mut format = kin.retold(Reader::Pattern(Pattern::parse(&told.pattern)?));
        format.stamp = told.stamp.or(format.stamp);
        format.record_start = None;
        Ok(Arc::new(format))
    }

    /// The text is the header line of a table: its rows may stand in logs that do not have it.
    fn told_columns(&self, text: &str) -> Option<Format> {
        self.formats.iter().find_map(|kin| {
            let Reader::Columns(columns) = &kin.reader else { return None };
            let format = kin.retold(Reader::Columns(columns.told(text.as_bytes())?));
            (format.has(Field::Status) && format.has(Field::Time)).then_some(format)
        })
    }
}

impl Format {
    /// The same, where its lines are requests because no other log counts them; `None` where they never are.
    pub fn counting(&self) -> Option<Self> {
        self.counts_alone.then(|| Self { witness: Witness::Request, ..self.clone() })
    }

    /// The same product's format, read in another way.
    fn retold(&self, reader: Reader) -> Self {
        let mut format = Self { layout: "told".into(), rank: TOLD, stands_for: Vec::new(), reader, ..self.clone() };
        format.know_its_fields();
        format
    }
}

fn missing(variable: &str, unknown: &[String], variables: &Variables) -> String {
    let slip = unknown
        .iter()
        .find_map(|name| did_you_mean(name, variables.keys().map(String::as_str)).map(|hint| (name, hint)));
    match slip {
        Some((name, hint)) => format!("it has no {variable}, and {name} is no variable that is known; {hint}"),
        None => format!("it has no {variable}: without it no failure can be told"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::grammar::RecordReader;
    use crate::time::Zone;

    #[test]
    fn a_bad_log_format_is_answered_with_a_remedy() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let error = grammars.told("log_format x '$remote_addr [$time_local] $statsu';").expect_err("no status");
        assert!(error.contains("did you mean \"status\"?"), "{error}");
        assert!(grammars.told("log_format x '$status' ").is_err());
        assert!(grammars.told("$remote_addr [$time_local] \"$request\" $status").is_ok());
    }

    #[test]
    fn a_header_line_names_the_columns_of_rows_without_one() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let read = |header: &str, row: &str| {
            let format = grammars.told(header).unwrap_or_else(|what| panic!("{what}"));
            let mut event = Event::default();
            let time = RecordReader::new(Arc::clone(&format), Zone::UTC).read(row.as_bytes(), &mut event)??;
            Some((format.id.clone(), time.to_string(), event.status()?))
        };
        let known = |id: &str| Some((id.to_owned(), "2017-09-29T16:28:24.433Z".to_owned(), 522));
        let header = "ClientIP,EdgeStartTimestamp,EdgeResponseStatus,RayID";
        assert_eq!(
            read(header, r#""203.0.113.9",1506702504433000200,522,"3a6050bcbe121a87""#),
            known("cloudflare.http")
        );
        assert_eq!(read(header, r#""203.0.113.9",1506702504433000200,522"#), None, "a value is missing");
        assert!(grammars.told("ClientIP,EdgeStartTimestamp,RayID").is_err(), "without a status nothing can be told");
        let w3c = "#Fields: date time cs-method cs-uri-stem c-ip sc-status";
        let (id, ..) = read(w3c, "2026-11-21 09:04:25 GET /cart 203.0.113.9 503").expect("a row");
        assert_eq!(id, "iis.w3c");
    }
}
