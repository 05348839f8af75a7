//! One registry of what the keyboard and the palette can do. The shortcut sheet, the palette and the key
//! handler read the same list, so none of them can be wrong about another.

use leptos::prelude::*;

use crate::{browser::keys::Press, routes::Route};

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    GoMigrations,
    GoChanges,
    GoRuns,
    GoPeople,
    GoRules,
    GoAbout,
    GoNew,
    Palette,
    Shortcuts,
    Next,
    Previous,
    Search,
    Theme,
}

impl Action {
    /// The page it leads to.
    pub(crate) fn route(self) -> Option<Route> {
        match self {
            Self::GoMigrations => Some(Route::Migrations),
            Self::GoChanges => Some(Route::Changes),
            Self::GoRuns => Some(Route::Runs),
            Self::GoPeople => Some(Route::People),
            Self::GoRules => Some(Route::Rules),
            Self::GoAbout => Some(Route::About),
            Self::GoNew => Some(Route::Migration("new".to_owned())),
            _ => None,
        }
    }
}

/// A command of the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command {
    pub action: Action,
    /// Keys in order, `mod+k` for a combination with the command key; empty when it has none.
    pub keys: &'static [&'static str],
    pub title: &'static str,
    /// Whether the palette lists it.
    pub listed: bool,
}

const fn command(
    action: Action,
    keys: &'static [&'static str],
    title: &'static str,
    listed: bool,
) -> Command {
    Command { action, keys, title, listed }
}

/// Every command.
pub(crate) const COMMANDS: &[Command] = &[
    command(Action::Palette, &["mod+k"], "Open the command palette", false),
    command(Action::Shortcuts, &["?"], "Show keyboard shortcuts", true),
    command(Action::GoMigrations, &["g", "m"], "Go to migrations", true),
    command(Action::GoChanges, &["g", "c"], "Go to changes", true),
    command(Action::GoRuns, &["g", "r"], "Go to runs", true),
    command(Action::GoPeople, &["g", "p"], "Go to people", true),
    command(Action::GoRules, &["g", "l"], "Go to lint rules", true),
    command(Action::GoAbout, &[], "About this studio", true),
    command(Action::GoNew, &["g", "n"], "New migration", true),
    command(Action::Next, &["j"], "Next row", false),
    command(Action::Previous, &["k"], "Previous row", false),
    command(Action::Search, &["/"], "Search in the list", false),
    command(Action::Theme, &[], "Switch between light, dark and system colours", true),
];

/// Something the present page can do.
#[derive(Clone)]
pub(crate) struct PageAction {
    pub title: String,
    pub run: Callback<()>,
}

/// What the present page can do, for the palette.
#[derive(Clone, Copy)]
pub(crate) struct PageActions {
    list: RwSignal<Vec<(u32, Signal<Option<PageAction>>)>>,
    next: StoredValue<u32>,
}

impl PageActions {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Offers an action for as long as the calling component lives; `None` while it is not valid.
    pub(crate) fn offer(self, action: Signal<Option<PageAction>>) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| list.push((id, action)));
        on_cleanup(move || {
            let _ = self.list.try_update(|list| list.retain(|(other, _)| *other != id));
        });
    }

    /// Those that are valid now.
    pub(crate) fn list(self) -> Vec<PageAction> {
        self.list.with(|list| list.iter().filter_map(|(_, action)| action.get()).collect())
    }
}

/// Presses so far that may be the start of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sequence {
    pressed: Vec<String>,
}

impl Sequence {
    /// Takes a press in. While somebody writes only combinations with the command key count, and single keys
    /// count only when `single_keys` are on.
    pub(crate) fn press(&mut self, press: &Press, single_keys: bool) -> Option<Action> {
        if press.command {
            self.pressed.clear();
            let key = format!("mod+{}", press.key);
            return find(&[key]);
        }
        if !single_keys || press.writing || press.in_dialog {
            self.pressed.clear();
            return None;
        }
        self.pressed.push(press.key.clone());
        if !is_start(&self.pressed) {
            self.pressed = vec![press.key.clone()];
        }
        let found = find(&self.pressed);
        if found.is_some() || !is_start(&self.pressed) {
            self.pressed.clear();
        }
        found
    }
}

fn find(pressed: &[String]) -> Option<Action> {
    let command = COMMANDS.iter().find(|command| command.keys == pressed && !pressed.is_empty());
    command.map(|command| command.action)
}

fn is_start(pressed: &[String]) -> bool {
    COMMANDS.iter().any(|command| {
        let start = command.keys.get(..pressed.len());
        start.is_some_and(|start| start == pressed)
    })
}

/// How well a palette entry fits what was typed: lower is better, `None` when it does not fit. Every word must
/// occur; the start of the title and of its words weigh more than the middle.
pub(crate) fn rank(title: &str, query: &str) -> Option<usize> {
    let title = title.to_lowercase();
    query
        .to_lowercase()
        .split_whitespace()
        .map(|word| {
            let at = title.find(word)?;
            let starts_word = at == 0
                || title
                    .get(..at)
                    .and_then(|before| before.chars().next_back())
                    .is_some_and(|character| !character.is_alphanumeric());
            Some(if at == 0 {
                0
            } else if starts_word {
                1
            } else {
                2
            })
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press {
        Press { key: key.to_owned(), command: false, writing: false, in_dialog: false }
    }

    fn type_keys(keys: &[&str]) -> Option<Action> {
        let mut sequence = Sequence::default();
        keys.iter().fold(None, |_, key| sequence.press(&press(key), true))
    }

    #[test]
    fn every_command_is_reached_by_its_own_keys() {
        for command in COMMANDS.iter().filter(|command| !command.keys.is_empty()) {
            if command.keys.iter().any(|key| key.starts_with("mod+")) {
                continue;
            }
            assert_eq!(type_keys(command.keys), Some(command.action), "{}", command.title);
        }
    }

    #[test]
    fn a_broken_sequence_starts_again_with_its_last_key() {
        assert_eq!(type_keys(&["g", "x", "m"]), None);
        assert_eq!(type_keys(&["g", "g", "m"]), Some(Action::GoMigrations));
        assert_eq!(type_keys(&["x", "j"]), Some(Action::Next));
    }

    #[test]
    fn somebody_who_writes_keeps_their_keys() {
        let mut sequence = Sequence::default();
        let writing = Press { writing: true, ..press("j") };
        assert_eq!(sequence.press(&writing, true), None);
        assert_eq!(sequence.press(&press("j"), false), None, "single keys are off");
        let palette = Press { command: true, writing: true, ..press("k") };
        assert_eq!(sequence.press(&palette, false), Some(Action::Palette));
    }

    #[test]
    fn titles_that_start_with_the_words_come_first() {
        assert_eq!(rank("Go to runs", "runs"), Some(1));
        assert_eq!(rank("Runs", "ru"), Some(0));
        assert_eq!(rank("Returns", "ru"), None);
        assert_eq!(rank("add_workflow_system.sql", "work add"), Some(1));
        assert_eq!(rank("anything", ""), Some(0));
    }
}
