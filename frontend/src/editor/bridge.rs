//! The JavaScript handle of one editor and its life: it ends when it is dropped, and no callback comes later.
//! Offsets here are the editor's own, UTF-16 units; `offsets` converts.

use js_sys::{JSON, Object, Reflect};
use studio_kernel::text::Span;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

// The bundle is large and needed on few pages. A module of ours can import it when asked; `eval` and its kin are
// forbidden by the content security policy.
#[wasm_bindgen(inline_js = "export function load(url) { return import(url); }")]
extern "C" {
    #[wasm_bindgen(js_name = load)]
    fn import(url: &str) -> js_sys::Promise;
}

#[wasm_bindgen]
extern "C" {
    /// What `frontend/editor/src/index.ts` exports.
    pub(super) type Module;

    #[wasm_bindgen(method, catch)]
    fn create(
        this: &Module,
        parent: &HtmlElement,
        options: &Object,
        callbacks: &Object,
    ) -> Result<Handle, JsValue>;

    type Handle;

    #[wasm_bindgen(method, js_name = setText)]
    fn set_text(this: &Handle, text: &str);
    #[wasm_bindgen(method, js_name = setFindings)]
    fn set_findings(this: &Handle, findings: &JsValue);
    #[wasm_bindgen(method)]
    fn fix(this: &Handle, index: u32) -> bool;
    #[wasm_bindgen(method, js_name = setReadOnly)]
    fn set_read_only(this: &Handle, read_only: bool);
    #[wasm_bindgen(method)]
    fn reveal(this: &Handle, from: u32, to: u32);
    #[wasm_bindgen(method, js_name = setNames)]
    fn set_names(this: &Handle, names: &JsValue);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// Loads the bundle, once per page; an `attempt` after the first asks for it anew.
///
/// # Errors
///
/// When it cannot be fetched or run, with the browser's words.
pub(super) async fn load(url: &str, attempt: u32) -> Result<Module, String> {
    // A browser may keep the failure of a module's address.
    let url = if attempt == 0 { url.to_owned() } else { format!("{url}?attempt={attempt}") };
    let module = JsFuture::from(import(&url)).await.map_err(|error| message(&error))?;
    Ok(module.unchecked_into())
}

/// What an editor starts with.
pub(super) struct Options<'page> {
    pub(super) text: &'page str,
    pub(super) read_only: bool,
    pub(super) label: &'page str,
    pub(super) session: &'page str,
    pub(super) tab_indents: bool,
    pub(super) nonce: &'page str,
}

/// What a person does in it.
pub(super) struct Callbacks {
    on_change: Closure<dyn Fn(String)>,
    on_save: Closure<dyn Fn(String)>,
    on_cursor: Closure<dyn Fn(u32)>,
}

impl Callbacks {
    pub(super) fn new(
        on_change: impl Fn(String) + 'static,
        on_save: impl Fn(String) + 'static,
        on_cursor: impl Fn(u32) + 'static,
    ) -> Self {
        Self {
            on_change: Closure::new(on_change),
            on_save: Closure::new(on_save),
            on_cursor: Closure::new(on_cursor),
        }
    }
}

/// A living editor.
pub(super) struct Bridge {
    handle: Handle,
    /// JavaScript holds these for as long as the handle lives.
    _callbacks: Callbacks,
}

impl Bridge {
    /// Makes an editor inside `parent`.
    ///
    /// # Errors
    ///
    /// When the bundle throws, with its words.
    pub(super) fn create(
        module: &Module,
        parent: &HtmlElement,
        options: &Options<'_>,
        callbacks: Callbacks,
    ) -> Result<Self, String> {
        let given = object(&[
            ("text", options.text.into()),
            ("readOnly", options.read_only.into()),
            ("label", options.label.into()),
            ("session", options.session.into()),
            ("tabIndents", options.tab_indents.into()),
            ("nonce", options.nonce.into()),
        ]);
        let heard = object(&[
            ("onChange", callbacks.on_change.as_ref().clone()),
            ("onSave", callbacks.on_save.as_ref().clone()),
            ("onCursor", callbacks.on_cursor.as_ref().clone()),
        ]);
        let handle = module.create(parent, &given, &heard).map_err(|error| message(&error))?;
        Ok(Self { handle, _callbacks: callbacks })
    }

    /// Shows another text; it is not reported back.
    pub(super) fn set_text(&self, text: &str) {
        self.handle.set_text(text);
    }

    /// Findings as `Known::marks` writes them.
    pub(super) fn set_findings(&self, json: &str) {
        if let Ok(findings) = JSON::parse(json) {
            self.handle.set_findings(&findings);
        }
    }

    /// Names for completion, a JSON object of lists.
    pub(super) fn set_names(&self, json: &str) {
        if let Ok(names) = JSON::parse(json) {
            self.handle.set_names(&names);
        }
    }

    /// Applies the fix of the finding with this index, if its text is still there.
    pub(super) fn fix(&self, index: usize) -> bool {
        u32::try_from(index).is_ok_and(|index| self.handle.fix(index))
    }

    pub(super) fn set_read_only(&self, read_only: bool) {
        self.handle.set_read_only(read_only);
    }

    /// Selects a span and scrolls to it.
    pub(super) fn reveal(&self, units: Span) {
        let unit = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.handle.reveal(unit(units.start), unit(units.end));
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a field of a plain object does not fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object
}

fn message(error: &JsValue) -> String {
    let known = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    known.unwrap_or_else(|| "the browser gave no reason".to_owned())
}
