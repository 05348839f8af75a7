//! Times as people read them, in the browser's language and zone.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Milliseconds since 1970.
pub(crate) fn now() -> f64 {
    Date::now()
}

/// Milliseconds since 1970 of an RFC 3339 time; `None` when it is none.
pub(crate) fn parse(time: &str) -> Option<f64> {
    let parsed = Date::parse(time);
    parsed.is_finite().then_some(parsed)
}

/// "3 minutes ago".
pub(crate) fn relative(time: &str) -> String {
    let Some(at) = parse(time) else {
        return time.to_owned();
    };
    let seconds = (at - now()) / 1000.0;
    let (value, unit) = match seconds.abs() {
        s if s < 45.0 => return "just now".to_owned(),
        s if s < 3_600.0 => (seconds / 60.0, "minute"),
        s if s < 86_400.0 => (seconds / 3_600.0, "hour"),
        s if s < 30.0 * 86_400.0 => (seconds / 86_400.0, "day"),
        s if s < 365.0 * 86_400.0 => (seconds / (30.0 * 86_400.0), "month"),
        _ => (seconds / (365.0 * 86_400.0), "year"),
    };
    let options = options(&[("numeric", "auto")]);
    let format = Intl::RelativeTimeFormat::new(&language(), &options);
    format.format(value.round(), unit).into()
}

/// Date, time and zone in full.
pub(crate) fn absolute(time: &str) -> String {
    let Some(at) = parse(time) else {
        return time.to_owned();
    };
    let options = options(&[("dateStyle", "medium"), ("timeStyle", "long")]);
    let format = Intl::DateTimeFormat::new(&language(), &options);
    let format: Function = Reflect::get(&format, &"format".into())
        .ok()
        .and_then(|format| format.dyn_into().ok())
        .unwrap_or_default();
    let date = Date::new(&JsValue::from_f64(at));
    format
        .call1(&JsValue::UNDEFINED, &date)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| time.to_owned())
}

fn language() -> Array {
    // The page's words are English; a month's name in another language would stand out.
    Array::of1(&"en".into())
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

/// Now, as the 14 digits that a migration's name begins with, in UTC.
pub(crate) fn version() -> String {
    let iso = String::from(Date::new_0().to_iso_string());
    iso.chars().filter(char::is_ascii_digit).take(14).collect()
}
