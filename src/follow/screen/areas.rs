//! Which rows of the terminal show what.
//!
//! In: the terminal's size, how much there is to show. Out: areas that never leave the terminal; what finds no room is
//! left out, the keys and the head first.

use super::foot;
use super::selection::Page;
use crate::follow::view::View;
use ratatui::layout::Rect;

/// A body with so many rows shows the chosen incident below the list.
const PREVIEW_FROM: u16 = 10;

/// The list beside a preview has at least so many rows.
const LIST_ROWS: u16 = 5;

/// Where things are. Areas may be empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Areas {
    /// The headline.
    pub(super) head: Rect,
    /// Between head and foot.
    pub(super) body: Rect,
    /// The list of incidents, at the top of the body.
    pub(super) list: Rect,
    /// The chosen incident, below the list.
    pub(super) preview: Rect,
    /// What was told, what went wrong.
    pub(super) foot: Rect,
    /// The keys.
    pub(super) keys: Rect,
}

impl Areas {
    /// Areas for a list of so many incidents.
    pub(super) fn of(all: Rect, view: &View, page: Page, incidents: usize) -> Self {
        let (head, rest) = top(
            all,
            match all.height {
                0..4 => 0,
                4..8 => 1,
                8..16 => 2,
                _ => 3,
            },
        );
        let (rest, keys) = bottom(rest, u16::from(all.height > 2));
        let (body, foot) = bottom(rest, foot::rows(all.height, view));
        let (list, preview) = match page {
            Page::List if body.height >= PREVIEW_FROM && incidents > 0 => {
                let wanted = u16::try_from(incidents).unwrap_or(u16::MAX).saturating_add(1);
                top(body, wanted.min((body.height * 2 / 5).max(LIST_ROWS)))
            }
            _ => (body, bottom(body, 0).1),
        };
        Self { head, body, list, preview, foot, keys }
    }

    /// The incidents of the list, below its titles.
    pub(super) fn entries(&self) -> Rect {
        titled(self.list).1
    }

    /// The text of a page, below its title.
    pub(super) fn text(&self) -> Rect {
        titled(self.body).1
    }
}

/// A row for the title where one is left for what it is the title of, and the rest.
pub(super) fn titled(area: Rect) -> (Rect, Rect) {
    top(area, u16::from(area.height > 1))
}

/// The first rows, and the rest.
pub(super) fn top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let rest = Rect { y: area.y + rows, height: area.height - rows, ..area };
    (Rect { height: rows, ..area }, rest)
}

/// The rest, and the last rows.
pub(super) fn bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(rows))
}
