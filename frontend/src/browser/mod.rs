//! What the browser offers, as small functions: storage, time, theme, keys, dialogs, the address.
//! Here and in `editor` alone stands `web_sys`; no module here knows what a page shows.

pub(crate) mod abort;
pub(crate) mod clipboard;
pub(crate) mod dialog;
pub(crate) mod keys;
pub(crate) mod linter;
pub(crate) mod meta;
pub(crate) mod page;
pub(crate) mod panic;
pub(crate) mod storage;
pub(crate) mod theme;
pub(crate) mod time;
pub(crate) mod timer;
