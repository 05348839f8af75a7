//! Small labels: a state in a word, with a colour and, where it matters, a sign.

use leptos::prelude::*;
use studio_kernel::{
    review::ChangeState,
    run::{RunState, api::FileState},
};

use super::{Glyph, Icon};
use crate::state::{filter::state_title, wording};

/// What a colour means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tint {
    #[default]
    Neutral,
    Good,
    Caution,
    Bad,
    Accent,
}

impl Tint {
    /// As an attribute.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Bad => "bad",
            Self::Accent => "accent",
        }
    }
}

/// A label.
#[component]
pub(crate) fn Badge(
    /// Its colour.
    #[prop(optional)]
    tint: Tint,
    /// Before the text.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Its text.
    #[prop(into)]
    text: String,
    /// Where there is no room: the sign alone, the text on hover and for screen readers.
    #[prop(optional)]
    brief: bool,
) -> impl IntoView {
    let title = brief.then(|| text.clone());
    view! {
        <span class="badge" data-tint=tint.as_str() data-brief=brief.then_some("true") title=title>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            <span class:visually-hidden=brief>{text}</span>
        </span>
    }
}

/// Where a file stands on the target.
#[component]
pub(crate) fn FileBadge(
    /// Where.
    state: FileState,
    /// The sign alone.
    #[prop(optional)]
    brief: bool,
) -> impl IntoView {
    let (tint, glyph) = match state {
        FileState::Pending => (Tint::Accent, Glyph::Circle),
        FileState::Applied => (Tint::Good, Glyph::Check),
        FileState::Edited => (Tint::Caution, Glyph::Warning),
        FileState::Standing => (Tint::Neutral, Glyph::Skip),
        FileState::Unknown => (Tint::Neutral, Glyph::Question),
    };
    view! { <Badge tint glyph brief text=state_title(state)/> }
}

/// Where a change stands.
#[component]
pub(crate) fn ChangeBadge(
    /// Where.
    state: ChangeState,
) -> impl IntoView {
    let (tint, glyph) = match state {
        ChangeState::Open => (Tint::Accent, Glyph::Changes),
        ChangeState::Applied => (Tint::Good, Glyph::Check),
        ChangeState::Closed => (Tint::Neutral, Glyph::Cross),
    };
    view! { <Badge tint glyph text=wording::change_state(state)/> }
}

/// Where a run stands.
#[component]
pub(crate) fn RunBadge(
    /// Where.
    state: RunState,
) -> impl IntoView {
    let (tint, glyph) = match state {
        RunState::Queued => (Tint::Neutral, Glyph::Clock),
        RunState::Waiting => (Tint::Caution, Glyph::Lock),
        RunState::Running | RunState::Cancelling => (Tint::Accent, Glyph::Spinner),
        RunState::Done => (Tint::Good, Glyph::Check),
        RunState::Failed => (Tint::Bad, Glyph::Cross),
        RunState::Cancelled => (Tint::Neutral, Glyph::Undo),
        RunState::Unknown => (Tint::Caution, Glyph::Question),
    };
    view! { <Badge tint glyph text=wording::run_state(state)/> }
}
