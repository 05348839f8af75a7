//! The names that a validation looks for: in its literals, in lists of them, in look-ups of the catalogue, in the
//! statements that it runs.
//! It reads names and runs nothing: a name that is put together at run time is known by its fixed part.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    migration::{Migration, steps},
    sql::{cursor::Cursor, lex::TokenKind, string_content, tokens},
};

/// Bodies in bodies deeper than this are not read.
const MAX_NESTING: u8 = 4;

/// What a validation names.
#[derive(Debug, Default)]
pub(super) struct Asserted {
    /// Contents of literals, whole and without schema and arguments.
    literals: BTreeSet<String>,
    /// Names in statements.
    used: BTreeSet<String>,
    /// What stands before a name that is filled in, and for each of these what may stand behind it.
    templates: BTreeMap<String, BTreeSet<String>>,
    /// Literals given to `to_regclass` and its kin.
    pub(super) looked_up: BTreeSet<String>,
    /// Literals that stand in one list.
    pub(super) lists: Vec<Vec<String>>,
}

impl Asserted {
    pub(super) fn read(file: &Migration) -> Self {
        let mut asserted = Self::default();
        for step in steps(file) {
            for object in &step.statement.objects {
                asserted.used.insert(object.name.name.as_str().to_owned());
            }
        }
        asserted.text(&file.text, 0);
        asserted
    }

    /// Whether an object of this name is looked for. Columns are asked for by literals: as bare words they stand
    /// everywhere.
    pub(super) fn names(&self, name: &str, column: bool) -> bool {
        if self.literals.contains(name) || !column && self.used.contains(name) {
            return true;
        }
        !column
            && cuts(name).any(|(before, rest)| {
                let behind = self.templates.get(before);
                let filled = |behind: &BTreeSet<String>| {
                    cuts(rest).any(|(middle, end)| behind.contains(end) && self.literals.contains(middle))
                };
                behind.is_some_and(filled)
            })
    }

    fn text(&mut self, text: &str, nesting: u8) {
        let tokens = tokens(text);
        let mut cursor = Cursor::new(text, &tokens, 0);
        while let Some(token) = cursor.peek() {
            match token.kind {
                TokenKind::Text => self.literal(&string_content(cursor.text_of(token))),
                TokenKind::DollarText if nesting < MAX_NESTING => {
                    self.text(&string_content(cursor.text_of(token)), nesting + 1);
                }
                TokenKind::Word => self.word(cursor),
                TokenKind::QuotedName => self.qualified(cursor),
                _ => {}
            }
            cursor.skip(1);
        }
    }

    fn literal(&mut self, content: &str) {
        let bare = content.split('(').next().unwrap_or(content);
        let last = bare.rsplit('.').next().unwrap_or(bare);
        self.literals.extend([content, bare, last].map(str::to_owned));
        let template = content.split_once("%s").or_else(|| content.split_once("%I"));
        if let Some((before, behind)) = template {
            // `trigger update_%s on %s`: the name ends with its word.
            let before = before.rsplit(' ').next().unwrap_or(before);
            let behind = behind.split(' ').next().unwrap_or(behind);
            self.template(before, behind);
        } else if content.starts_with('_') {
            self.template("", content);
        } else if content.ends_with('_') {
            self.template(content, "");
        }
    }

    fn template(&mut self, before: &str, behind: &str) {
        self.templates.entry(before.to_owned()).or_default().insert(behind.to_owned());
    }

    fn word(&mut self, cursor: Cursor<'_>) {
        const LOOK_UPS: [&str; 5] =
            ["to_regclass", "to_regtype", "to_regproc", "to_regprocedure", "to_regnamespace"];
        let mut rest = cursor;
        rest.skip(1);
        if cursor.is_any(&LOOK_UPS) && !cursor.is("to_regnamespace") {
            self.looked_up.extend(rest.group().and_then(alone));
        } else if cursor.is("array") && rest.at(TokenKind::OpenBracket) {
            let start = rest;
            rest.step();
            let mut inside = start.until(&rest);
            inside.skip(1);
            let inside = inside.take(inside.len().saturating_sub(1));
            self.lists.extend(items(inside));
        } else if cursor.is("values") {
            self.rows(rest);
        } else {
            self.qualified(cursor);
        }
    }

    fn qualified(&mut self, mut cursor: Cursor<'_>) {
        if let Some((column, Some(_))) = cursor.column() {
            self.used.insert(column.name.name.as_str().to_owned());
        }
    }

    /// The columns of VALUES, each a list.
    fn rows(&mut self, mut cursor: Cursor<'_>) {
        let mut columns: Vec<Vec<Option<String>>> = Vec::new();
        while let Some(mut row) = cursor.group() {
            let mut at = 0;
            while let Some(item) = row.list_item() {
                if columns.len() <= at {
                    columns.push(Vec::new());
                }
                if let Some(column) = columns.get_mut(at) {
                    column.push(alone(item));
                }
                at += 1;
            }
            if !cursor.eat_kind(TokenKind::Comma) {
                break;
            }
        }
        self.lists
            .extend(columns.into_iter().filter_map(|column| column.into_iter().collect::<Option<Vec<_>>>()));
    }
}

/// A name in two, wherever it can be cut.
fn cuts(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.map(|at| name.split_at(at))
}

/// The literals of a list that holds nothing else.
fn items(mut cursor: Cursor<'_>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while let Some(item) = cursor.list_item() {
        found.push(alone(item)?);
    }
    Some(found)
}

/// A literal that stands alone.
fn alone(cursor: Cursor<'_>) -> Option<String> {
    let token = cursor.peek().filter(|token| token.kind == TokenKind::Text && cursor.len() == 1)?;
    Some(string_content(cursor.text_of(token)))
}
