//! People and what they may do.

use leptos::prelude::*;
use studio_kernel::review::{Person, PersonRole};

use crate::state::wording;

/// A person as a round badge and a name.
#[component]
pub(crate) fn Avatar(
    /// Who.
    person: Person,
) -> impl IntoView {
    // A colour per person, the same on every page.
    let hue = person.id.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 6;
    view! {
        <span class="person">
            <span class="person-badge" data-hue=hue.to_string() aria-hidden="true">
                {wording::initials(&person.name)}
            </span>
            <span class="person-name">{person.name}</span>
        </span>
    }
}

/// A role in words.
#[component]
pub(crate) fn RoleName(
    /// Which.
    role: PersonRole,
) -> impl IntoView {
    let (name, may) = match role {
        PersonRole::Viewer => ("Viewer", "reads everything, changes nothing"),
        PersonRole::Author => ("Author", "also comments, edits changes, tries them on copies"),
        PersonRole::Reviewer => ("Reviewer", "also approves and requests changes"),
        PersonRole::Operator => ("Operator", "also starts and cancels runs"),
        PersonRole::Admin => ("Admin", "also invites people and changes settings"),
    };
    view! { <span title=may>{name}</span> }
}
