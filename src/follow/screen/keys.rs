//! What keys do.
//!
//! In: a [`Key`], the view. Out: a changed [`Selection`], and what the loop must do.

use super::listed::listed;
use super::selection::{Page, Selection};
use crate::follow::view::{View, Wish};
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// A filter has no more letters.
const FILTER_LETTERS: usize = 64;

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Tab,
    Esc,
    Backspace,
    Letter(char),
    /// Ctrl-C: raw mode makes a key of it.
    Leave,
    /// Ctrl-L: something else wrote on the screen.
    Refresh,
}

/// The key of an event, where it is one.
pub(super) fn of(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let held = key.modifiers.difference(KeyModifiers::SHIFT);
    Some(match key.code {
        KeyCode::Char('c') if held == KeyModifiers::CONTROL => Key::Leave,
        KeyCode::Char('l') if held == KeyModifiers::CONTROL => Key::Refresh,
        KeyCode::Char(letter) if held.is_empty() || held == KeyModifiers::ALT | KeyModifiers::CONTROL => {
            Key::Letter(letter) // AltGr, as some terminals tell it
        }
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

/// Does what the key says.
pub(super) fn press(key: Key, view: &View, selection: &mut Selection) -> Option<Wish> {
    if key == Key::Leave {
        return Some(Wish::Quit);
    }
    if selection.typing && typed(key, view, selection) {
        return None;
    }
    match key {
        Key::Letter('q') => return Some(Wish::Quit),
        Key::Letter('a') => return acknowledge(view, selection),
        Key::Letter('w') => {
            selection.no_warnings = !selection.no_warnings;
            selection.settle(view);
        }
        Key::Esc if selection.page == Page::List => filter_anew(String::new(), view, selection),
        key => turn(key, view, selection),
    }
    None
}

/// Moves, or goes to a page.
fn turn(key: Key, view: &View, selection: &mut Selection) {
    match key {
        Key::Up | Key::Letter('k') => selection.step(-1, view),
        Key::Down | Key::Letter('j') => selection.step(1, view),
        Key::PageUp => selection.step(-selection.leap(view), view),
        Key::PageDown => selection.step(selection.leap(view), view),
        Key::Home => selection.step(isize::MIN, view),
        Key::End => selection.step(isize::MAX, view),
        Key::Enter | Key::Tab => toggle(Page::Detail, view, selection),
        Key::Letter('e') => toggle(Page::Evidence, view, selection),
        Key::Letter('c') => toggle(Page::Checks, view, selection),
        Key::Letter('s') => toggle(Page::Sources, view, selection),
        Key::Letter('?') => toggle(Page::Help, view, selection),
        Key::Letter('/') => {
            selection.open(Page::List);
            selection.typing = true;
        }
        Key::Esc => selection.open(Page::List),
        _ => {}
    }
}

/// Goes to the page; from there back to the list.
fn toggle(page: Page, view: &View, selection: &mut Selection) {
    let nothing_chosen = page.is_of_incident() && listed(view, selection).is_empty();
    selection.open(if selection.page == page || nothing_chosen { Page::List } else { page });
}

/// A key for the filter; `false` where it is not.
fn typed(key: Key, view: &View, selection: &mut Selection) -> bool {
    let mut filter = selection.filter.clone();
    match key {
        Key::Letter(letter) if filter.chars().count() < FILTER_LETTERS => filter.push(letter),
        Key::Letter(_) => {}
        Key::Backspace => drop(filter.pop()),
        Key::Esc => filter.clear(),
        Key::Enter | Key::Tab => {}
        _ => return false, // arrows move while one types
    }
    selection.typing = matches!(key, Key::Letter(_) | Key::Backspace);
    filter_anew(filter, view, selection);
    true
}

fn filter_anew(filter: String, view: &View, selection: &mut Selection) {
    selection.filter = filter;
    selection.settle(view);
}

/// The chosen incident, unless somebody has it already. On pages that show no incident the key does nothing: one should
/// see what one takes.
fn acknowledge(view: &View, selection: &Selection) -> Option<Wish> {
    if matches!(selection.page, Page::Sources | Page::Help) {
        return None;
    }
    let list = listed(view, selection);
    let chosen = list.get(selection.chosen(&list)?)?;
    (!chosen.standing.acknowledged).then(|| Wish::Acknowledge(chosen.incident.id.clone()))
}
