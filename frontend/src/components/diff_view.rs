//! A comparison as table rows: unified or side by side, findings and comments below the line they speak of.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use studio_kernel::{lint::finding::Finding, text::shown};

use super::{Composer, FindingCard, Glyph, Icon, Say, Threads};
use crate::state::{
    diff::{self, Block, Line, Piece},
    threads::Thread,
    wording::count,
};

/// How the two texts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Unified,
    Split,
}

impl Layout {
    /// As kept in the browser.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unified => "unified",
            Self::Split => "split",
        }
    }
}

/// What is said about lines of the new text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// By line.
    pub findings: BTreeMap<usize, Vec<Finding>>,
    /// By line.
    pub threads: BTreeMap<usize, Vec<Thread>>,
}

impl Remarks {
    fn lines(&self) -> BTreeSet<usize> {
        self.findings.keys().chain(self.threads.keys()).copied().collect()
    }
}

/// What a reader can do in a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    /// Whether the reader may comment; what others said is shown in any case.
    pub may_comment: bool,
    /// Comments on a line of the new text.
    pub on_comment: Callback<(usize, Say)>,
    pub on_reply: Callback<(String, Say)>,
    pub on_resolve: Callback<(String, bool)>,
}

/// The table.
#[component]
pub(crate) fn DiffView(
    /// Compared line by line.
    lines: Vec<Line>,
    /// How it stands.
    layout: Layout,
    /// What is said about it.
    #[prop(optional, into)]
    remarks: Signal<Remarks>,
    /// What a reader can do; without it, the comparison is only read.
    #[prop(optional)]
    talk: Option<Talk>,
    /// Names the table.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let remarked = remarks.with_untracked(Remarks::lines);
    let composing = RwSignal::new(None::<usize>);
    let context = Context { remarks, talk, composing, layout };
    let blocks = diff::fold(lines, &remarked).into_iter().map(|block| view! { <BlockRows block context/> });
    let columns = if layout == Layout::Split { 4 } else { 3 };
    view! {
        <div class="diff-scroll">
            <table class="diff" data-layout=layout.as_str() data-columns=columns aria-label=label data-test="diff">
                {blocks.collect_view()}
            </table>
        </div>
    }
}

#[derive(Clone, Copy)]
struct Context {
    remarks: Signal<Remarks>,
    talk: Option<Talk>,
    composing: RwSignal<Option<usize>>,
    layout: Layout,
}

impl Context {
    fn columns(self) -> &'static str {
        match self.layout {
            Layout::Unified => "3",
            Layout::Split => "4",
        }
    }
}

#[component]
fn BlockRows(block: Block, context: Context) -> impl IntoView {
    let open = RwSignal::new(!block.folded);
    let number = block.lines.len();
    let lines = StoredValue::new(block.lines);
    view! {
        <tbody>
            {move || if open.get() {
                lines.with_value(|lines| rows(lines, context)).into_any()
            } else {
                view! {
                    <tr class="diff-fold">
                        <td colspan=context.columns()>
                            <button type="button" class="diff-unfold" on:click=move |_| open.set(true)>
                                <Icon glyph=Glyph::Chevron/>
                                {count(number, "unchanged line")}
                            </button>
                        </td>
                    </tr>
                }.into_any()
            }}
        </tbody>
    }
}

fn rows(lines: &[Line], context: Context) -> AnyView {
    match context.layout {
        Layout::Unified => {
            let rows = lines.iter().map(|line| {
                let row = view! {
                    <tr class="diff-line" data-kind=line.kind.as_str()>
                        <Number number=line.old/>
                        <NewNumber number=line.new context/>
                        <Code line=line.clone()/>
                    </tr>
                };
                view! { {row} <Below line=line.new context/> }
            });
            rows.collect_view().into_any()
        }
        Layout::Split => {
            let rows = diff::pairs(lines).into_iter().map(|(old, new)| {
                let below = new.as_ref().and_then(|line| line.new);
                let row = view! {
                    <tr class="diff-line">
                        <Number number=old.as_ref().and_then(|line| line.old)/>
                        <Half line=old/>
                        <NewNumber number=below context/>
                        <Half line=new/>
                    </tr>
                };
                view! { {row} <Below line=below context/> }
            });
            rows.collect_view().into_any()
        }
    }
}

#[component]
fn Number(number: Option<usize>) -> impl IntoView {
    view! { <td class="diff-number">{number}</td> }
}

/// A line of the new text can be spoken about.
#[component]
fn NewNumber(number: Option<usize>, context: Context) -> impl IntoView {
    if !context.talk.is_some_and(|talk| talk.may_comment) {
        return view! { <Number number/> }.into_any();
    }
    let button = number.map(|number| {
        view! {
            <button
                type="button"
                class="diff-comment"
                aria-label=format!("Comment on line {number}")
                on:click=move |_| context.composing.set(Some(number))
            >
                <span>{number}</span>
                <Icon glyph=Glyph::Plus/>
            </button>
        }
    });
    view! { <td class="diff-number">{button}</td> }.into_any()
}

#[component]
fn Code(line: Line) -> impl IntoView {
    view! {
        <td class="diff-code" data-kind=line.kind.as_str()>
            <span class="diff-sign">{line.kind.sign()}</span>
            <code>{pieces(line.pieces)}</code>
        </td>
    }
}

#[component]
fn Half(line: Option<Line>) -> impl IntoView {
    match line {
        Some(line) => view! { <Code line/> }.into_any(),
        None => view! { <td class="diff-code" data-kind="none"></td> }.into_any(),
    }
}

fn pieces(pieces: Vec<Piece>) -> impl IntoView {
    let parts = pieces.into_iter().map(|piece| {
        let text = shown(&piece.text).into_owned();
        if piece.differs { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() }
    });
    parts.collect_view()
}

/// Findings, threads and the open form of a line.
#[component]
fn Below(line: Option<usize>, context: Context) -> impl IntoView {
    let (number, talk) = line.zip(context.talk)?;
    let findings = Memo::new(move |_| {
        context.remarks.with(|remarks| remarks.findings.get(&number).cloned().unwrap_or_default())
    });
    let threads = Memo::new(move |_| {
        context.remarks.with(|remarks| remarks.threads.get(&number).cloned().unwrap_or_default())
    });
    let composing = Memo::new(move |_| context.composing.get() == Some(number));
    let any =
        Memo::new(move |_| composing.get() || !findings.with(Vec::is_empty) || !threads.with(Vec::is_empty));
    let send = Callback::new(move |say: Say| {
        let said = Callback::new(move |()| {
            say.said.run(());
            context.composing.set(None);
        });
        talk.on_comment.run((number, Say { said, ..say }));
    });
    let cancel = Callback::new(move |()| context.composing.set(None));
    Some(move || {
        any.get().then(|| {
            view! {
                <tr class="diff-remarks">
                    <td colspan=context.columns()>
                        <div class="diff-remarks-body">
                            {move || {
                                let cards = findings.get().into_iter();
                                cards.map(|finding| view! { <FindingCard finding/> }).collect_view()
                            }}
                            <Threads threads on_reply=talk.on_reply on_resolve=talk.on_resolve/>
                            {move || composing.get().then(|| view! {
                                <Composer
                                    label=format!("Comment on the statement at line {number}")
                                    send="Comment"
                                    on_send=send
                                    on_cancel=cancel
                                />
                            })}
                        </div>
                    </td>
                </tr>
            }
        })
    })
}
