//! `/migrations`: the set in groups, each file with its state on the target, and what can be done with it.

mod propose;
mod row;

use std::{collections::BTreeSet, time::Duration};

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use studio_kernel::{
    review::PersonRole,
    run::api::{FileState, Migrations, Target},
};

use crate::{
    api,
    components::{Button, EmptyState, Glyph, Icon, LinkButton, Loaded, Look, Obstacles, PageHead},
    routes::Route,
    state::{
        commands::{PageAction, PageActions},
        filter::{Filter, Group, state_title},
        remote::Remote,
        session::Session,
        wording::count,
    },
};
use propose::ProposeDialog;
use row::FileRow;

/// Files, the ledger and the target change without this page.
const FRESH: Duration = Duration::from_secs(10);

/// The page.
#[component]
pub(crate) fn MigrationsPage() -> impl IntoView {
    let set = Remote::new(api::migrations).keep_fresh(FRESH);
    let target = Remote::new(api::target).keep_fresh(FRESH);
    let session = expect_context::<Session>();
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        query.with(|query| Filter {
            words: query.get("q").unwrap_or_default(),
            state: query.get("state").unwrap_or_default(),
        })
    });
    view! {
        <PageHead
            title="Migrations"
            subtitle=move || view! { <Summary set target/> }
            actions=move || view! {
                {move || session.allows(PersonRole::Author).then(|| view! {
                    <LinkButton href=Route::Migration("new".to_owned()).href() glyph=Glyph::Plus>"New migration"</LinkButton>
                })}
            }
        />
        <TargetProblems target/>
        <FilterBar filter set/>
        <Loaded remote=set rows=10 let:files>
            <Files files filter/>
        </Loaded>
    }
}

#[component]
fn Summary(set: Remote<Migrations>, target: Remote<Target>) -> impl IntoView {
    let where_to = move || {
        target.with(|target| {
            if target.server_version.is_empty() {
                target.name.clone()
            } else {
                format!("{}, PostgreSQL {}", target.name, target.server_version)
            }
        })
    };
    let numbers = move || {
        set.with(|set| {
            let coverage = set.coverage;
            if set.files.is_empty() {
                return String::new();
            }
            format!(
                "{}, {} ({} read in full)",
                count(set.files.len(), "file"),
                count(coverage.statements, "statement"),
                coverage.parsed
            )
        })
    };
    view! {
        <span>{numbers}</span>
        <span class="muted" data-test="target-name">{where_to}</span>
    }
}

#[component]
fn TargetProblems(target: Remote<Target>) -> impl IntoView {
    move || {
        let problems = target.with(|target| target.problems.clone()).unwrap_or_default();
        (!problems.is_empty()).then(|| {
            view! {
                <section class="notice" data-tint="caution" role="status" aria-label="Target">
                    <Icon glyph=Glyph::Warning/>
                    <div><p>"The target is not ready for runs."</p><Obstacles obstacles=problems/></div>
                </section>
            }
        })
    }
}

#[component]
fn FilterBar(filter: Memo<Filter>, set: Remote<Migrations>) -> impl IntoView {
    let navigate = use_navigate();
    let change = StoredValue::new_local(move |filter: Filter| {
        let href = Route::Migrations.href_with(&[("q", &filter.words), ("state", &filter.state)]);
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&href, options);
    });
    let change = move |filter: Filter| change.with_value(|change| change(filter));
    let number = move |state: FileState| {
        set.with(|set| set.files.iter().filter(|file| file.state == state).count()).unwrap_or_default()
    };
    let states = FileState::ALL.iter().map(|state| {
        let state = *state;
        let word = state.as_str();
        view! {
            <option value=word prop:selected=move || filter.with(|filter| filter.state == word)>
                {state_title(state)} " (" {move || number(state)} ")"
            </option>
        }
    });
    view! {
        <div class="filter-bar" role="search">
            <label class="search-field">
                <Icon glyph=Glyph::Search/>
                <input
                    type="search"
                    class="field-input"
                    aria-label="Filter by name, purpose or object"
                    placeholder="Filter by name, purpose or object"
                    data-search="true"
                    prop:value=move || filter.with(|filter| filter.words.clone())
                    on:input=move |event| {
                        let words = event_target_value(&event);
                        change(Filter { words, ..filter.get_untracked() });
                    }
                />
            </label>
            <select
                class="field-input"
                aria-label="State on the target"
                on:change=move |event| {
                    let state = event_target_value(&event);
                    change(Filter { state, ..filter.get_untracked() });
                }
            >
                <option value="" prop:selected=move || filter.with(|filter| filter.state.is_empty())>"Every state"</option>
                {states.collect_view()}
            </select>
        </div>
    }
}

#[component]
fn Files(files: RwSignal<Migrations>, filter: Memo<Filter>) -> impl IntoView {
    let session = expect_context::<Session>();
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let proposing = RwSignal::new(false);
    let pending = Memo::new(move |_| {
        files.with(|set| {
            let pending = set.files.iter().filter(|file| file.state == FileState::Pending);
            pending.map(|file| file.path.clone()).collect::<Vec<_>>()
        })
    });
    expect_context::<PageActions>().offer(Signal::derive(move || {
        let pending = pending.get();
        (!pending.is_empty() && session.allows(PersonRole::Author)).then(|| PageAction {
            title: format!("Propose {} for review", count(pending.len(), "pending file")),
            run: Callback::new(move |()| {
                chosen.set(pending.iter().cloned().collect());
                proposing.set(true);
            }),
        })
    }));
    let groups = Group::ALL.map(|group| view! { <GroupRows group files filter chosen/> });
    let nothing = move || {
        let (any, shown) = files.with(|set| {
            (
                set.files.len(),
                set.files.iter().filter(|file| filter.with(|filter| filter.matches(file))).count(),
            )
        });
        match (any, shown) {
            (0, _) => Some(view! {
                <EmptyState glyph=Glyph::Migrations title="No migrations yet">
                    <p>
                        "Put SQL files named " <code>"20250801000000_what_it_does.sql"</code>
                        " into the folder " <code>"migrations"</code> ", or start one here."
                    </p>
                    {session.allows(PersonRole::Author).then(|| view! {
                        <a class="button" data-look="primary" href=Route::Migration("new".to_owned()).href()>"Write a migration"</a>
                    })}
                </EmptyState>
            }.into_any()),
            (_, 0) => Some(view! {
                <EmptyState glyph=Glyph::Search title="No file fits the filter">
                    <a class="button" href=Route::Migrations.href()>"Show all files"</a>
                </EmptyState>
            }.into_any()),
            _ => None,
        }
    };
    view! {
        <div class="bulk" data-shown=move || (!chosen.with(BTreeSet::is_empty)).then_some("true") aria-live="polite">
            {move || {
                let number = chosen.with(BTreeSet::len);
                (number > 0).then(|| view! {
                    <span>{count(number, "file")} " selected"</span>
                    <Button on_press=move |_| proposing.set(true) look=Look::Primary glyph=Glyph::Changes>
                        "Propose for review"
                    </Button>
                    <Button on_press=move |_| chosen.set(BTreeSet::new())>"Clear"</Button>
                })
            }}
        </div>
        <div
            class="table-region"
            tabindex="0"
            role="region"
            aria-label="Migration files"
            hidden=move || files.with(|set| set.files.is_empty())
        >
            <table class="table files" data-test="migrations">
                <thead>
                    <tr>
                        <th scope="col" class="cell-check"><span class="visually-hidden">"Select"</span></th>
                        <th scope="col">"File"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Creates"</th>
                        <th scope="col">"Findings"</th>
                        <th scope="col">"Changes"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                {groups.collect_view()}
            </table>
        </div>
        {nothing}
        <WithoutFile files/>
        <ProposeDialog open=proposing chosen files/>
    }
}

#[component]
fn GroupRows(
    group: Group,
    files: RwSignal<Migrations>,
    filter: Memo<Filter>,
    chosen: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let filter = filter.get();
        files.with(|set| {
            let shown = set.files.iter().filter(|file| Group::of(file.role) == group && filter.matches(file));
            shown.cloned().collect::<Vec<_>>()
        })
    });
    move || {
        let shown = shown.get();
        (!shown.is_empty()).then(|| {
            let number = shown.len();
            let rows = shown.into_iter().map(|file| view! { <FileRow file chosen/> });
            view! {
                <tbody>
                    <tr class="group-row">
                        <th scope="rowgroup" colspan="8">
                            {group.title()} <span class="count">{number}</span>
                            <span class="muted">{group.explanation()}</span>
                        </th>
                    </tr>
                    {rows.collect_view()}
                </tbody>
            }
        })
    }
}

/// Ledger rows whose file is gone: the database knows more than the folder.
#[component]
fn WithoutFile(files: RwSignal<Migrations>) -> impl IntoView {
    move || {
        let rows = files.with(|set| set.without_file.clone());
        (!rows.is_empty()).then(|| {
            let rows = rows.into_iter().map(|(version, name)| {
                view! { <li><code>{version}</code> " " {name}</li> }
            });
            view! {
                <section class="notice" data-tint="caution" aria-label="Ledger">
                    <Icon glyph=Glyph::Warning/>
                    <div>
                        <p>"The target's ledger names migrations that have no file here:"</p>
                        <ul>{rows.collect_view()}</ul>
                    </div>
                </section>
            }
        })
    }
}
