//! What the statements of one file set for those behind them: the search path.

use crate::{name::Ident, sql::cursor::Cursor};

/// The search path of a session. Each file begins with a new one.
#[derive(Clone, Debug)]
pub(super) struct Session {
    start: Vec<Ident>,
    path: Vec<Ident>,
    /// The path behind the transaction's end, when the one in force is local to it.
    behind: Option<Vec<Ident>>,
    /// The path behind the elements of a schema, while they are being made.
    outside: Option<Vec<Ident>>,
}

impl Session {
    pub(super) fn new(path: Vec<Ident>) -> Self {
        Self { start: path.clone(), path, behind: None, outside: None }
    }

    /// The schemas in order, without `"$user"`: whom a file runs as is not known from it.
    pub(super) fn path(&self) -> &[Ident] {
        &self.path
    }

    /// Puts before the path the schema whose elements follow, or takes it away again.
    pub(super) fn within(&mut self, schema: Option<&Ident>) {
        if let Some(path) = self.outside.take() {
            self.path = path;
        }
        if let Some(schema) = schema {
            self.outside = Some(self.path.clone());
            self.path.insert(0, schema.clone());
        }
    }

    /// SET and RESET of `search_path`; `value` is as written, empty for the default.
    pub(super) fn set(&mut self, value: Cursor<'_>, local: bool) {
        let path = if value.is_empty() { self.start.clone() } else { schemas(value) };
        self.replace(path, local);
    }

    /// `set_config('search_path', '…', …)`: one string that holds the list.
    pub(super) fn set_text(&mut self, list: &str, local: bool) {
        let tokens = crate::sql::tokens(list);
        self.replace(schemas(Cursor::new(list, &tokens, 0)), local);
    }

    fn replace(&mut self, path: Vec<Ident>, local: bool) {
        let before = std::mem::replace(&mut self.path, path);
        if local {
            self.behind.get_or_insert(before);
        } else {
            self.behind = None;
        }
    }

    /// The end of a transaction takes what was set for it alone.
    pub(super) fn end_transaction(&mut self) {
        if let Some(path) = self.behind.take() {
            self.path = path;
        }
    }
}

/// `a, "B", 'c'`: in SET a string is one schema's name.
fn schemas(mut value: Cursor<'_>) -> Vec<Ident> {
    let mut found = Vec::new();
    while let Some(mut item) = value.list_item() {
        let name = match item.ident() {
            Some((name, _)) => name,
            None => Ident::exact(crate::sql::string_content(item.text())),
        };
        if !matches!(name.as_str(), "" | "$user" | "pg_catalog") {
            found.push(name);
        }
    }
    found
}
