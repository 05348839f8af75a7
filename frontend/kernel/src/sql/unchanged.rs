//! The statements of an earlier text that stand in a later one as they were.
//! It compares bytes and places, and reads nothing.

use std::collections::VecDeque;

use super::{Parsed, statement::Statement};
use crate::text::Span;

/// What a text and an earlier one have in common: what stands before the first difference, and behind the last.
#[derive(Default)]
pub(crate) struct Unchanged {
    /// Of the earlier text, as far as they were not passed yet.
    statements: VecDeque<Statement>,
    /// Where the common start ends.
    head: usize,
    /// Where the common end starts in the later text.
    tail: usize,
    /// How much further right the common end stands in the later text.
    shift: isize,
}

impl Unchanged {
    /// What of the `earlier` text, which was read as `parsed`, stands in the `later` one.
    pub(crate) fn between(earlier: &str, parsed: Parsed, later: &str) -> Self {
        let (old, new) = (earlier.as_bytes(), later.as_bytes());
        let head = common(old.chunks(CHUNK), new.chunks(CHUNK));
        let end = common(old[head..].rchunks(CHUNK), new[head..].rchunks(CHUNK));
        Self {
            statements: parsed.statements.into(),
            head,
            tail: new.len() - end,
            shift: new.len().wrapping_sub(old.len()).cast_signed(),
        }
    }

    /// The statement at this place of the later text, when it stood in the earlier one. Places must be asked for in the
    /// order of the text.
    ///
    /// A statement's tokens follow from its own bytes: no token that ends inside it reaches behind its end for its
    /// meaning. Only one that is never closed does.
    pub(crate) fn take(&mut self, place: Span) -> Option<Statement> {
        let shift = match place {
            Span { end, .. } if end <= self.head => 0,
            Span { start, .. } if start >= self.tail => self.shift,
            _ => return None,
        };
        let start = place.start.saturating_add_signed(-shift);
        while self.statements.front().is_some_and(|one| one.span.start < start) {
            self.statements.pop_front();
        }
        let next = self.statements.front()?;
        if next.span.start != start || next.span.len() != place.len() {
            return None;
        }
        let mut statement = self.statements.pop_front()?;
        if shift != 0 {
            statement.shift(shift);
        }
        Some(statement)
    }
}

/// Texts are compared in pieces of so many bytes, so that a little next to a change counts as changed, too.
const CHUNK: usize = 64;

/// How many bytes the first pieces hold that are the same.
fn common<'a>(old: impl Iterator<Item = &'a [u8]>, new: impl Iterator<Item = &'a [u8]>) -> usize {
    old.zip(new).take_while(|(old, new)| old == new).map(|(piece, _)| piece.len()).sum()
}
