//! Reading what a grammar says about columns.

use super::{Column, Columns, Kind, NOT_KEPT, Order, Row, Sheet};
use crate::event::Field;
use crate::source::HeaderMark;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `[columns]` of a grammar: how rows are written, and the names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawSheet {
    gap: String,
    #[serde(default)]
    quoted: bool,
    #[serde(default)]
    end: String,
    /// The bytes that header lines begin with.
    header: Option<String>,
    /// What stands between their names, where it is something else than between values.
    header_gap: Option<String>,
    /// The header is the first line.
    #[serde(default)]
    header_first: bool,
    directive: Option<String>,
    /// The bytes that a line begins with that tells the day of the rows below it.
    day: Option<String>,
    /// What names mean besides those of the format's `[keys]`.
    #[serde(default)]
    names: BTreeMap<String, RawColumn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawColumn {
    field: Option<Field>,
    #[serde(default = "any")]
    is: Kind,
}

const fn any() -> Kind {
    Kind::Any
}

impl RawSheet {
    /// With the names of the format's keys: a table of columns has the same ones as an object.
    pub(in super::super) fn sheet(&self, keys: &BTreeMap<String, Vec<String>>) -> Sheet {
        let column = |raw: &RawColumn| Column { field: raw.field, kind: raw.is, choice: 0 };
        let of_keys = keys.iter().flat_map(|(field, names)| {
            let column = |choice: usize| Column { field: Field::named(field), kind: Kind::Any, choice: choice as u8 };
            names.iter().enumerate().map(move |(choice, name)| (name.as_bytes().into(), column(choice)))
        });
        let marks = |mark: &String| {
            [Some(mark), self.day.as_ref()].into_iter().flatten().map(|mark| mark.as_bytes().into()).collect()
        };
        let header = self.header.as_ref().map(|mark| HeaderMark::Begins(marks(mark)));
        let opening = [&self.header, &self.day, &self.directive];
        let mut openings: Vec<u8> = opening.into_iter().flatten().filter_map(|mark| mark.bytes().next()).collect();
        openings.dedup();
        Sheet {
            gap: self.gap.as_bytes().into(),
            header_gap: self.header_gap.as_ref().unwrap_or(&self.gap).as_bytes().into(),
            quoted: self.quoted,
            openings,
            end: self.end.as_bytes().into(),
            header: header.or(self.header_first.then_some(HeaderMark::FirstLine)),
            directive: self.directive.as_ref().map(|mark| mark.as_bytes().into()),
            day: self.day.as_ref().map(|mark| mark.as_bytes().into()),
            names: of_keys.chain(self.names.iter().map(|(name, own)| (name.as_bytes().into(), column(own)))).collect(),
        }
    }
}

impl Columns {
    /// A layout whose columns stand in this order; a name that the sheet does not have is one nobody asks for.
    pub(in super::super) fn fixed(
        sheet: &Arc<Sheet>,
        names: &str,
        least: Option<usize>,
        open: bool,
    ) -> Result<Self, String> {
        let columns: Vec<Column> = names.split_whitespace().map(|name| sheet.column(name.as_bytes())).collect();
        let least = least.unwrap_or(columns.len());
        if columns.iter().all(|column| *column == NOT_KEPT) {
            return Err("none of its columns is among [columns.names]".into());
        }
        if least > columns.len() || sheet.gap.is_empty() {
            return Err("it needs a gap between columns, and at least as many columns as `least`".into());
        }
        Ok(Self { sheet: Arc::clone(sheet), order: Order::Fixed(Row::new(columns, least, open)) })
    }

    /// A layout that goes by header lines with all of these names and none of those.
    /// `behind`: names of columns that follow those of the header.
    pub(in super::super) fn by_header(
        sheet: &Arc<Sheet>,
        needs: &[String],
        lacks: &[String],
        behind: &str,
    ) -> Result<Self, String> {
        if sheet.header.is_none() || sheet.gap.is_empty() {
            return Err("it goes by a header, and [columns] has no `header`".into());
        }
        let behind = behind.split_whitespace().map(|name| sheet.column(name.as_bytes())).collect();
        let bytes = |names: &[String]| names.iter().map(|name| name.as_bytes().into()).collect();
        Ok(Self { sheet: Arc::clone(sheet), order: Order::Header { needs: bytes(needs), lacks: bytes(lacks), behind } })
    }
}
