//! Byte spans, line and column numbers, and edits of a text.
//! It knows nothing of SQL.

mod hidden;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use hidden::{hidden, is_hidden, shown};

/// A range of bytes, `start` inclusive, `end` exclusive. Both lie on character boundaries of the text they
/// were made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The empty span at `offset`.
    pub const fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The number of bytes.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no byte.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether `other` lies inside.
    pub const fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same range, `by` bytes further right.
    pub const fn shifted(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// The smallest span that holds both.
    pub fn join(self, other: Span) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The text it covers; empty when it does not fit `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(Range::from(self)).unwrap_or_default()
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}

/// A place for people and editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the lines of one text start. Lines end at `\n`.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Reads the lines of `text`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { starts }
    }

    /// Line and column of a byte offset. An offset behind the end is at the end; one inside a character
    /// counts as that character's start.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        self.positions(text).at(offset)
    }

    /// The line alone, which costs less.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// For asking about many offsets: in their order each character is counted once, however long the lines are.
    pub const fn positions<'a>(&'a self, text: &'a str) -> Positions<'a> {
        Positions { lines: self, text, last: 0, column: 1 }
    }

    /// How many lines there are; a text without `\n` has one.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The byte range of a line, counted from 1, without its line end.
    pub fn line(&self, text: &str, line: usize) -> Option<Span> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).map_or(text.len(), |next| next - 1);
        Some(Span::new(start, end))
    }
}

/// The start of the character that an offset lies in, or the text's end.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Goes through a text and says where it is.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    lines: &'a LineIndex,
    text: &'a str,
    /// The offset asked for last, and its column.
    last: usize,
    column: usize,
}

impl Positions<'_> {
    /// As [`LineIndex::position`].
    pub fn at(&mut self, offset: usize) -> Position {
        let offset = floor(self.text, offset);
        let line = self.lines.line_of(offset);
        let start = self.lines.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let (from, before) =
            if (start..=offset).contains(&self.last) { (self.last, self.column) } else { (start, 1) };
        self.column = before + self.text.get(from..offset).unwrap_or_default().chars().count();
        self.last = offset;
        Position { line, column: self.column }
    }
}

/// Byte offsets of a text as UTF-16 offsets and back, for editors that count as JavaScript does.
/// A text of ASCII alone costs nothing.
#[derive(Clone, Debug)]
pub struct Utf16Map {
    /// For each character that is not ASCII: (byte offset behind it, UTF-16 offset behind it).
    steps: Vec<(usize, usize)>,
}

impl Utf16Map {
    /// Reads the characters of `text`.
    pub fn new(text: &str) -> Self {
        let mut steps = Vec::new();
        let (mut bytes, mut units) = (0, 0);
        for character in text.chars() {
            bytes += character.len_utf8();
            units += character.len_utf16();
            if !character.is_ascii() {
                steps.push((bytes, units));
            }
        }
        Self { steps }
    }

    /// The UTF-16 offset of a byte offset.
    pub fn to_utf16(&self, byte: usize) -> usize {
        let before = self.steps.partition_point(|(end, _)| *end <= byte);
        before
            .checked_sub(1)
            .and_then(|at| self.steps.get(at))
            .map_or(byte, |(bytes, units)| byte - bytes + units)
    }

    /// The byte offset of a UTF-16 offset.
    pub fn to_byte(&self, unit: usize) -> usize {
        let before = self.steps.partition_point(|(_, end)| *end <= unit);
        before
            .checked_sub(1)
            .and_then(|at| self.steps.get(at))
            .map_or(unit, |(bytes, units)| unit - units + bytes)
    }
}

/// A replacement of a span by another text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenEdit")]
pub struct Edit {
    /// What is replaced; empty to insert.
    #[serde(flatten)]
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// An [`Edit`] as it is written: what is flattened would be read twice.
#[derive(Deserialize)]
struct WrittenEdit {
    start: usize,
    end: usize,
    text: String,
}

impl From<WrittenEdit> for Edit {
    fn from(WrittenEdit { start, end, text }: WrittenEdit) -> Self {
        Self { span: Span::new(start, end), text }
    }
}

/// Applies edits that do not overlap, in any order. `None` when two overlap or one does not fit the text.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in ordered {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let text = "añb\nß c\n";
        let lines = LineIndex::new(text);
        let at = |offset| {
            let position = lines.position(text, offset);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (1, 3));
        assert_eq!(at(2), (1, 2), "inside a character counts as its start");
        assert_eq!(at(text.find('c').unwrap()), (2, 3));
        assert_eq!(at(99), (3, 1), "behind the end is the end");
        let mut on = lines.positions(text);
        for offset in [0, 3, 4, 6, 5, 2, 7, 99, 0] {
            assert_eq!(on.at(offset), lines.position(text, offset));
        }
        assert_eq!((lines.line_of(4), lines.line_of(5), lines.line_of(99)), (1, 2, 3));
        assert_eq!(lines.line(text, 2).map(|line| line.of(text)), Some("ß c"));
        assert_eq!(lines.line(text, 9), None);
    }

    #[test]
    fn utf16_offsets_go_there_and_back() {
        let text = "a😀ß'x";
        let map = Utf16Map::new(text);
        for (byte, _) in text.char_indices().chain([(text.len(), 'x')]) {
            let unit = text[..byte].encode_utf16().count();
            assert_eq!(map.to_utf16(byte), unit);
            assert_eq!(map.to_byte(unit), byte);
        }
    }

    #[test]
    fn edits_apply_in_any_order_and_overlaps_are_refused() {
        let edit = |start, end, text: &str| Edit { span: Span::new(start, end), text: text.to_owned() };
        assert_eq!(apply("abc", &[edit(3, 3, "!"), edit(0, 1, "x")]).as_deref(), Some("xbc!"));
        assert_eq!(apply("abc", &[edit(0, 2, "x"), edit(1, 3, "y")]), None);
        assert_eq!(apply("abc", &[edit(0, 9, "x")]), None);
    }
}
