//! The statements of an earlier text that stand in a later one as they were.
//! It compares bytes and places, and reads nothing.

use std::collections::VecDeque;

use super::{Parsed, statement::Statement};
use crate::text::Span;

/// What a text and an earlier one have in common: all before the first byte that differs, and all behind the last.
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
        let head = common(old.chunks(CHUNK).zip(new.chunks(CHUNK)), old.iter().zip(new));
        let (old_rest, new_rest) = (&old[head..], &new[head..]);
        let end = common(
            old_rest.rchunks(CHUNK).zip(new_rest.rchunks(CHUNK)),
            old_rest.iter().rev().zip(new_rest.iter().rev()),
        );
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

/// Whole pieces are compared at once.
const CHUNK: usize = 256;

/// How many bytes two texts have in common, given in pieces and one by one from the same side.
fn common<'a>(
    pieces: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    bytes: impl Iterator<Item = (&'a u8, &'a u8)>,
) -> usize {
    let whole = |(a, b): &(&[u8], &[u8])| a.len() == CHUNK && a == b;
    let start = pieces.take_while(whole).count() * CHUNK;
    start + bytes.skip(start).take_while(|(a, b)| a == b).count()
}
