//! What the person at the screen looks at.
//!
//! In: keys (by `keys`), views. Out: which page, which incident, how far it is scrolled. The choice sticks to an
//! incident's id: an order that changes under the finger must not acknowledge somebody else's trouble.

use super::areas::Areas;
use super::listed::{Listed, listed};
use super::{detail, help, sources};
use crate::follow::view::View;
use ratatui::layout::{Rect, Size};

/// What the body shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Page {
    /// The incidents, and where there is room the chosen one below.
    #[default]
    List,
    /// The chosen incident, all of it.
    Detail,
    /// The lines that prove it.
    Evidence,
    /// What to look at first.
    Checks,
    /// The logs.
    Sources,
    /// The keys.
    Help,
}

impl Page {
    /// Whether it shows one incident.
    pub(super) fn is_of_incident(self) -> bool {
        matches!(self, Self::Detail | Self::Evidence | Self::Checks)
    }
}

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    /// What the body shows.
    pub(super) page: Page,
    /// First row shown, on pages other than the list.
    pub(super) scroll: usize,
    /// Only incidents with this in them.
    pub(super) filter: String,
    /// Letters go to the filter.
    pub(super) typing: bool,
    /// Leave warnings out.
    pub(super) no_warnings: bool,
    /// The terminal's size.
    pub(super) size: Size,
    /// The chosen incident.
    id: Option<String>,
    /// Where it stood in the list: should it vanish, the next one takes its place.
    at: usize,
}

impl Selection {
    /// Finds the chosen incident again after the list has changed.
    pub(super) fn settle(&mut self, view: &View) {
        let list = listed(view, self);
        let chosen = self.place(&list);
        if chosen.is_none() && self.page.is_of_incident() {
            // What is read must not become another incident silently.
            self.open(Page::List);
        }
        self.choose(chosen.unwrap_or(self.at), &list);
    }

    /// Where the chosen incident stands in the list.
    fn place(&self, list: &[Listed<'_>]) -> Option<usize> {
        let is_chosen = |one: &Listed<'_>| Some(&one.incident.id) == self.id.as_ref();
        let where_it_was = list.get(self.at).filter(|one| is_chosen(one)).map(|_| self.at);
        where_it_was.or_else(|| list.iter().position(is_chosen))
    }

    /// Chooses by the place in the list; the last where that is beyond it.
    fn choose(&mut self, at: usize, list: &[Listed<'_>]) {
        self.at = at.min(list.len().saturating_sub(1));
        if let Some(one) = list.get(self.at) {
            self.id = Some(one.incident.id.clone());
        }
    }

    /// The chosen place in the list; `None` where the list is empty.
    pub(super) fn chosen(&self, list: &[Listed<'_>]) -> Option<usize> {
        let last = list.len().checked_sub(1)?;
        Some(self.place(list).unwrap_or(self.at.min(last)))
    }

    /// Goes to a page.
    pub(super) fn open(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
    }

    /// Moves by so many rows: the choice in the list, what is shown on the other pages.
    pub(super) fn step(&mut self, rows: isize, view: &View) {
        if self.page == Page::List {
            let list = listed(view, self);
            let from = self.chosen(&list).unwrap_or(0);
            return self.choose(from.saturating_add_signed(rows), &list);
        }
        let last = self.rows(view).saturating_sub(usize::from(self.areas(view).text().height));
        self.scroll = self.scroll.min(last).saturating_add_signed(rows).min(last);
    }

    /// Rows that a page key moves by: one is seen again, so that the eye finds its place.
    pub(super) fn leap(&self, view: &View) -> isize {
        let areas = self.areas(view);
        let shown = if self.page == Page::List { areas.entries().height } else { areas.text().height };
        (shown as isize - 1).max(1)
    }

    /// Rows of the page that is shown.
    fn rows(&self, view: &View) -> usize {
        match self.page {
            Page::List => listed(view, self).len(),
            Page::Sources => sources::items(view).len(),
            Page::Help => help::rows().0.len(),
            Page::Detail | Page::Evidence | Page::Checks => detail::height(view, self),
        }
    }

    fn areas(&self, view: &View) -> Areas {
        let Size { width, height } = self.size;
        Areas::of(Rect { x: 0, y: 0, width, height }, view, self.page, listed(view, self).len())
    }
}
