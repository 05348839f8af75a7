//! Settings and transactions: what ends with them, and what ROLLBACK takes back.

use super::Fold;
use crate::{
    name::Ident,
    schema::{drop::Drop, object::Oid, session::Session, undo::State},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{Detail, Statement, Verb},
        string_content,
    },
};

/// A state to return to.
pub(super) struct Saved {
    /// Of a savepoint.
    name: Option<Ident>,
    schema: State,
    session: Session,
}

impl Fold<'_> {
    pub(super) fn transaction(&mut self, verb: Verb, mut cursor: Cursor<'_>) {
        match verb {
            Verb::Begin if self.saved.is_empty() => self.save(None),
            Verb::Savepoint => {
                cursor.skip(1);
                let name = cursor.ident().map(|(name, _)| name);
                self.save(name);
            }
            Verb::Commit | Verb::PrepareTransaction => {
                self.saved.clear();
                self.schema.settle();
                self.session.end_transaction();
            }
            Verb::Rollback => self.return_to(0),
            Verb::RollbackTo => {
                let name = last_name(cursor);
                let at = self.saved.iter().rposition(|saved| saved.name.is_some() && saved.name == name);
                if let Some(at) = at {
                    self.return_to(at);
                    self.save(name);
                }
            }
            Verb::Release => {
                let name = last_name(cursor);
                let at = self.saved.iter().rposition(|saved| saved.name.is_some() && saved.name == name);
                self.saved.truncate(at.unwrap_or(self.saved.len()));
            }
            _ => {}
        }
    }

    fn save(&mut self, name: Option<Ident>) {
        if self.rolls_back {
            let (schema, session) = (self.schema.state(), self.session.clone());
            self.saved.push(Saved { name, schema, session });
        }
    }

    fn return_to(&mut self, at: usize) {
        let mut undone = self.saved.drain(at.min(self.saved.len())..);
        let Some(saved) = undone.next() else { return };
        drop(undone);
        self.schema.return_to(saved.schema);
        self.session = saved.session;
        if self.saved.is_empty() {
            self.schema.settle();
        }
    }

    pub(super) fn end_of_file(&mut self) {
        self.schema.settle();
        let roots: Vec<Oid> = self.schema.temporary.iter().copied().collect();
        if !roots.is_empty() {
            let place = self.place.clone();
            self.schema.remove(&roots, &Drop { place, cascade: true, conditional: false });
        }
    }

    // Settings ----------------------------------------------------------------------------------------

    pub(super) fn set(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let Detail::Setting { name, value } = &statement.detail else { return };
        if name == "all" && value.is_empty() || name == "search_path" {
            // The value is what the statement ends with.
            let behind = cursor.len().saturating_sub(crate::sql::tokens(value).len());
            cursor.skip(behind);
            self.session.set(cursor, statement.flags.local);
        }
    }

    /// `select set_config('search_path', 'a, b', true)`; of any other call nothing is known.
    pub(super) fn set_config(&mut self, mut cursor: Cursor<'_>) {
        while !cursor.is_empty() {
            if cursor.is("set_config") {
                let mut call = cursor;
                call.skip(1);
                let Some(mut arguments) = call.group() else { return };
                let mut literal = || {
                    let item = arguments.list_item()?;
                    let plain = item.len() == 1 && item.at(TokenKind::Text);
                    plain.then(|| string_content(item.text()))
                };
                if literal().as_deref() == Some("search_path")
                    && let Some(path) = literal()
                {
                    let local = !arguments.is("false");
                    self.session.set_text(&path, local);
                }
                return;
            }
            cursor.skip(1);
        }
    }
}

fn last_name(mut cursor: Cursor<'_>) -> Option<Ident> {
    cursor.skip(cursor.len().saturating_sub(1));
    cursor.ident().map(|(name, _)| name)
}
