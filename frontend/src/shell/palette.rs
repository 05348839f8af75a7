//! The command palette: pages, files, changes and what can be done on this page, found by typing.

use leptos::{ev::KeyboardEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::keyboard::Keyboard;
use crate::{
    api,
    browser::page,
    components::{Dialog, Glyph, Icon},
    routes::Route,
    state::{
        commands::{Action, COMMANDS, PageActions, rank},
        remote::Remote,
    },
};

/// Entries shown at most.
const SHOWN: usize = 12;

#[derive(Clone)]
enum Does {
    Command(Action),
    Go(String),
    Call(Callback<()>),
}

#[derive(Clone)]
struct Entry {
    title: String,
    note: String,
    glyph: Glyph,
    does: Does,
}

/// The dialog. What it can find is fetched when it opens.
#[component]
pub(super) fn Palette(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// What commands act on.
    keyboard: Keyboard,
) -> impl IntoView {
    view! {
        <Dialog open on_close=Callback::new(move |()| open.set(false)) title="Command palette" size="palette">
            <Finder open keyboard/>
        </Dialog>
    }
}

#[component]
fn Finder(open: RwSignal<bool>, keyboard: Keyboard) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let files = Remote::new(api::migrations);
    let changes = Remote::new(api::changes);
    let actions = expect_context::<PageActions>();
    let navigate = use_navigate();

    let entries = Memo::new_with_compare(
        move |_| {
            let mut all = page_entries(actions);
            all.extend(command_entries());
            changes.with(|all_changes| {
                all.extend(all_changes.changes.iter().map(|change| Entry {
                    title: format!("#{} {}", change.id, change.title),
                    note: "change".to_owned(),
                    glyph: Glyph::Changes,
                    does: Does::Go(Route::Change(change.id).href()),
                }));
            });
            files.with(|set| {
                all.extend(set.files.iter().map(|file| Entry {
                    title: file.path.clone(),
                    note: file.role.to_string(),
                    glyph: Glyph::File,
                    does: Does::Go(Route::Migration(file.path.clone()).href()),
                }));
            });
            let query = query.get();
            let ranked: Vec<(usize, Entry)> =
                all.into_iter().filter_map(|entry| Some((rank(&entry.title, &query)?, entry))).collect();
            // Rank by rank: there are few, and a sort would be two kilobytes of the page.
            let worst = ranked.iter().map(|(rank, _)| *rank).max().unwrap_or_default();
            let of_rank = |wanted| ranked.iter().filter(move |(rank, _)| *rank == wanted);
            (0..=worst).flat_map(of_rank).take(SHOWN).map(|(_, entry)| entry.clone()).collect::<Vec<_>>()
        },
        |_, _| true,
    );
    let choose = StoredValue::new_local(move |entry: &Entry| {
        open.set(false);
        let go = |href: &str| navigate(href, NavigateOptions::default());
        match &entry.does {
            Does::Command(action) => keyboard.run(*action, &go),
            Does::Go(href) => go(href),
            Does::Call(call) => call.run(()),
        }
    });
    let choose = move |entry: &Entry| choose.with_value(|choose| choose(entry));
    let press = move |event: KeyboardEvent| {
        let last = entries.with(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(entry) = entries.with(|all| all.get(at.get_untracked()).cloned()) {
                    choose(&entry);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    Effect::new(move |_| page::focus("[data-palette]"));
    view! {
        <div class="palette">
            <input
                class="palette-input"
                type="text"
                role="combobox"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", at.get())
                aria-label="Search pages, files, changes and actions"
                placeholder="Search pages, files, changes and actions"
                autocomplete="off"
                spellcheck="false"
                data-palette="true"
                prop:value=query
                on:input=move |event| {
                    query.set(event_target_value(&event));
                    at.set(0);
                }
                on:keydown=press
            />
            <ul class="palette-list" id="palette-list" role="listbox" aria-label="Results">
                {move || {
                    let all = entries.get();
                    let empty = all.is_empty();
                    let rows = all.into_iter().enumerate().map(|(index, entry)| {
                        let chosen = entry.clone();
                        view! {
                            <li
                                id=format!("palette-{index}")
                                class="palette-entry"
                                role="option"
                                aria-selected=move || (at.get() == index).to_string()
                                on:click=move |_| choose(&chosen)
                            >
                                <Icon glyph=entry.glyph/>
                                <span>{entry.title}</span>
                                <small>{entry.note}</small>
                            </li>
                        }
                    });
                    let rows = rows.collect_view();
                    if empty {
                        view! { <li class="palette-none">"Nothing fits. Try fewer or shorter words."</li> }.into_any()
                    } else {
                        rows.into_any()
                    }
                }}
            </ul>
        </div>
    }
}

fn page_entries(actions: PageActions) -> Vec<Entry> {
    let entries = actions.list().into_iter().map(|action| Entry {
        title: action.title,
        note: "on this page".to_owned(),
        glyph: Glyph::Play,
        does: Does::Call(action.run),
    });
    entries.collect()
}

fn command_entries() -> Vec<Entry> {
    let listed = COMMANDS.iter().filter(|command| command.listed);
    let entries = listed.map(|command| Entry {
        title: command.title.to_owned(),
        note: command.keys.join(" "),
        glyph: Glyph::Keyboard,
        does: Does::Command(command.action),
    });
    entries.collect()
}
