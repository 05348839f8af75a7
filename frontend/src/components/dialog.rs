//! A modal dialog on the browser's own `<dialog>`: focus stays inside, Escape closes, focus returns.

use leptos::{html, prelude::*};

use super::{Glyph, Icon};
use crate::browser::dialog;

/// A dialog that is in the page while `open`.
#[component]
pub(crate) fn Dialog(
    /// Whether it is shown.
    #[prop(into)]
    open: Signal<bool>,
    /// The person closed it.
    on_close: Callback<()>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// `wide` or nothing.
    #[prop(optional, into)]
    size: Option<&'static str>,
    /// Its content; built anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        if let Some(element) = element.get() {
            dialog::set_open(&element, open);
        }
    });
    view! {
        <dialog
            class="dialog"
            data-size=size
            aria-label=title
            node_ref=element
            on:close=move |_| on_close.run(())
        >
            <header class="dialog-head">
                <h2>{title}</h2>
                <button
                    type="button"
                    class="button"
                    data-look="quiet"
                    aria-label="Close"
                    on:click=move |_| on_close.run(())
                >
                    <Icon glyph=Glyph::Cross/>
                </button>
            </header>
            {move || open.get().then(|| view! { <div class="dialog-body">{children()}</div> })}
        </dialog>
    }
}
