//! The Web Worker as a value: it ends when it is dropped. It knows the messages of `frontend/linter/entry.ts`
//! and not what is asked with them.

use js_sys::{Array, Object, Reflect};
use studio_kernel::run::api::Sources;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{ErrorEvent, MessageEvent, WorkerOptions, WorkerType};

/// What a worker says.
pub(super) enum Said {
    /// An answer; empty to `start` and `load`.
    Ok {
        /// Of the request.
        id: u32,
        /// JSON.
        answer: String,
    },
    /// A request failed.
    Failed {
        /// Of the request.
        id: u32,
        /// For people.
        message: String,
        /// The instance is poisoned: this worker is of no more use.
        trapped: bool,
        /// The file it was reading; empty when none.
        path: String,
    },
    /// The script was not found, or ended outside of any request.
    Broken(String),
}

/// A running worker.
pub(super) struct Worker {
    worker: web_sys::Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Worker {
    /// Starts a module worker. Nothing it says after it was dropped is heard.
    ///
    /// # Errors
    ///
    /// When the browser has no workers or forbids this one.
    pub(super) fn start(url: &str, hear: impl Fn(Said) + Clone + 'static) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(url, &options).map_err(|error| text_of(&error))?;
        let hear_error = hear.clone();
        let on_message = Closure::new(move |event: MessageEvent| hear(read(&event.data())));
        let on_error = Closure::new(move |event: ErrorEvent| {
            // Until the script ran there is no message, only the event.
            let message = Some(event.message()).filter(|message| !message.is_empty());
            hear_error(Said::Broken(message.unwrap_or_else(|| "its script could not be loaded".to_owned())));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// The first message: where the wasm module is; and of the parsers the script, PostgreSQL's grammar, and sqlparser.
    pub(super) fn send_start(&self, id: u32, wasm: &str, parsers: [Option<String>; 3]) {
        let parsers: Array = parsers.into_iter().map(JsValue::from).collect();
        self.send(id, "start", &[("wasm", wasm.into()), ("parsers", parsers.into())]);
    }

    /// All files, in place of those loaded before, and what is known of the target.
    pub(super) fn send_load(&self, id: u32, Sources { files, applied, server }: &Sources) {
        let list: Array = files
            .iter()
            .map(|file| object(&[("path", file.path.as_str().into()), ("text", file.text.as_str().into())]))
            .collect();
        let applied: Array = applied.iter().map(|version| JsValue::from_str(version)).collect();
        self.send(
            id,
            "load",
            &[("files", list.into()), ("applied", applied.into()), ("server", (*server).into())],
        );
    }

    /// One file, to be read again and judged.
    pub(super) fn send_analyse(&self, id: u32, path: &str, text: &str) {
        self.send(id, "analyse", &[("path", path.into()), ("text", text.into())]);
    }

    fn send(&self, id: u32, kind: &str, rest: &[(&str, JsValue)]) {
        let message = object(rest);
        set(&message, "id", &id.into());
        set(&message, "kind", &kind.into());
        // Strings and arrays can always be cloned, which is all that could fail here.
        let _ = self.worker.post_message(&message);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn read(data: &JsValue) -> Said {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let text = |name: &str| field(name).as_string();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the worker sends back the u32 it was given"
    )]
    let id = field("id").as_f64().unwrap_or_default() as u32;
    match text("ok") {
        Some(answer) => Said::Ok { id, answer },
        None => Said::Failed {
            id,
            message: text("error").unwrap_or_default(),
            trapped: field("trapped").is_truthy(),
            path: text("path").unwrap_or_default(),
        },
    }
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        set(&object, key, value);
    }
    object
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a field of a plain object does not fail.
    let _ = Reflect::set(object, &key.into(), value);
}

fn text_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default()
}
