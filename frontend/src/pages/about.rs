//! `/about`: the studio itself, and which protections are in force on its machine.

use leptos::prelude::*;
use studio_kernel::run::api::{About, Protection};

use crate::{
    api,
    components::{Glyph, Icon, Loaded, PageHead},
    state::remote::Remote,
};

/// The page.
#[component]
pub(crate) fn AboutPage() -> impl IntoView {
    let about = Remote::new(api::about);
    view! {
        <PageHead title="About this studio" subtitle=|| view! {
            <span class="muted">"What protects people, data and the machine here, and what is missing."</span>
        }/>
        <Loaded remote=about let:about>
            {move || groups(about.get())}
        </Loaded>
    }
}

fn groups(about: About) -> impl IntoView {
    let groups = about.groups.into_iter().map(|group| {
        let label = group.title.clone();
        view! {
            <section class="box" aria-label=label>
                <h2>{group.title}</h2>
                <ul class="protections">
                    {group.protections.into_iter().map(line).collect_view()}
                </ul>
            </section>
        }
    });
    view! {
        <div class="stack" data-test="about">
            {groups.collect_view()}
            <p class="muted">"Migration Studio " {about.version}</p>
        </div>
    }
}

fn line(protection: Protection) -> impl IntoView {
    let (tint, glyph, means) = match protection.in_force {
        true => ("good", Glyph::Check, "In force: "),
        false => ("caution", Glyph::Warning, "Missing: "),
    };
    view! {
        <li data-tint=tint>
            <Icon glyph/>
            <span>
                <span class="visually-hidden">{means}</span>
                {protection.text}
            </span>
        </li>
    }
}
