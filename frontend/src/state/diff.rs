//! Two texts as the rows of a review: lines that stay, go and come, the words that differ inside a line, and
//! long unchanged stretches folded away. It draws nothing.

use std::{collections::BTreeSet, ops::Range};

use similar::{
    DiffOp,
    algorithms::{Capture, Compact, Replace, myers},
};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Lines that differ more than this share no words worth pointing out.
const ALIKE: f32 = 0.4;

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Same,
    Gone,
    New,
}

impl Kind {
    /// As an attribute.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Gone => "gone",
            Self::New => "new",
        }
    }

    /// For readers who do not see colours.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Gone => "-",
            Self::New => "+",
        }
    }
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub text: String,
    /// Differs from the line it replaces or is replaced by.
    pub differs: bool,
}

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub kind: Kind,
    /// Its number in the old text, from 1.
    pub old: Option<usize>,
    /// Its number in the new text, from 1.
    pub new: Option<usize>,
    pub pieces: Vec<Piece>,
}

/// Neighbouring lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub lines: Vec<Line>,
    /// Unchanged and far from any change: shown on request.
    pub folded: bool,
}

/// Compares two texts line by line.
pub(crate) fn compare(old: &str, new: &str) -> Vec<Line> {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let ops = operations(&old_lines, &new_lines);
    let at =
        |lines: &[&str], index: usize| without_end(lines.get(index).copied().unwrap_or_default()).to_owned();
    let mut lines = Vec::new();
    for op in ops {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                lines.extend((0..len).map(|by| Line {
                    kind: Kind::Same,
                    old: Some(old_index + by + 1),
                    new: Some(new_index + by + 1),
                    pieces: whole(at(&new_lines, new_index + by)),
                }));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                lines.extend((old_index..old_index + old_len).map(|index| Line {
                    kind: Kind::Gone,
                    old: Some(index + 1),
                    new: None,
                    pieces: whole(at(&old_lines, index)),
                }));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                lines.extend((new_index..new_index + new_len).map(|index| Line {
                    kind: Kind::New,
                    old: None,
                    new: Some(index + 1),
                    pieces: whole(at(&new_lines, index)),
                }));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let paired = |by: usize| {
                    (by < old_len && by < new_len)
                        .then(|| words(&at(&old_lines, old_index + by), &at(&new_lines, new_index + by)))
                };
                lines.extend((0..old_len).map(|by| Line {
                    kind: Kind::Gone,
                    old: Some(old_index + by + 1),
                    new: None,
                    pieces: paired(by).map_or_else(|| whole(at(&old_lines, old_index + by)), |pair| pair.0),
                }));
                lines.extend((0..new_len).map(|by| Line {
                    kind: Kind::New,
                    old: None,
                    new: Some(new_index + by + 1),
                    pieces: paired(by).map_or_else(|| whole(at(&new_lines, new_index + by)), |pair| pair.1),
                }));
            }
        }
    }
    lines
}

/// Folds what is unchanged, more than [`CONTEXT`] lines away from any change and from any line of the new
/// text that carries a remark.
pub(crate) fn fold(lines: Vec<Line>, remarked: &BTreeSet<usize>) -> Vec<Block> {
    let matters: Vec<bool> = lines
        .iter()
        .map(|line| line.kind != Kind::Same || line.new.is_some_and(|number| remarked.contains(&number)))
        .collect();
    let shown = |index: usize| {
        let from = index.saturating_sub(CONTEXT);
        let to = (index + CONTEXT + 1).min(matters.len());
        matters.get(from..to).is_some_and(|near| near.contains(&true))
    };
    let mut blocks: Vec<Block> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let folded = !shown(index);
        match blocks.last_mut() {
            Some(block) if block.folded == folded => block.lines.push(line),
            _ => blocks.push(Block { lines: vec![line], folded }),
        }
    }
    // A fold of one or two lines hides less than its own row takes.
    for block in &mut blocks {
        block.folded &= block.lines.len() > 2;
    }
    blocks
}

/// The same lines side by side: what goes stands beside what comes.
pub(crate) fn pairs(lines: &[Line]) -> Vec<(Option<Line>, Option<Line>)> {
    let mut pairs: Vec<(Option<Line>, Option<Line>)> = Vec::new();
    let mut open = 0;
    for line in lines {
        match line.kind {
            Kind::Same => {
                pairs.push((Some(line.clone()), Some(line.clone())));
                open = pairs.len();
            }
            Kind::Gone => pairs.push((Some(line.clone()), None)),
            Kind::New => {
                while pairs.get(open).is_some_and(|(_, new)| new.is_some()) {
                    open += 1;
                }
                match pairs.get_mut(open) {
                    Some(pair) => pair.1 = Some(line.clone()),
                    None => pairs.push((None, Some(line.clone()))),
                }
            }
        }
    }
    pairs
}

/// Lines that come, and lines that go.
pub(crate) fn counts(lines: &[Line]) -> (usize, usize) {
    let of = |kind| lines.iter().filter(|line| line.kind == kind).count();
    (of(Kind::New), of(Kind::Gone))
}

/// Myers' algorithm by its own name: the crate's text front end would bring every other one into the page.
fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let mut hook = Compact::new(Replace::new(Capture::new()), old, new);
    let Ok(()) = myers::diff(&mut hook, old, 0..old.len(), new, 0..new.len());
    hook.into_inner().into_inner().into_ops()
}

fn words(old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
    let (old_words, new_words) = (split_words(old), split_words(new));
    let ops = operations(&old_words, &new_words);
    let equal: usize = ops.iter().map(|op| if let DiffOp::Equal { len, .. } = op { *len } else { 0 }).sum();
    // As in difflib: twice what both have, of all there is.
    if 2.0 * equal as f32 / ((old_words.len() + new_words.len()) as f32) < ALIKE {
        return (whole(old.to_owned()), whole(new.to_owned()));
    }
    let side = |words: &[&str], range: fn(&DiffOp) -> Range<usize>| {
        let mut pieces: Vec<Piece> = Vec::new();
        for op in &ops {
            let differs = !matches!(op, DiffOp::Equal { .. });
            let text = words.get(range(op)).unwrap_or_default().concat();
            match pieces.last_mut() {
                _ if text.is_empty() => {}
                Some(piece) if piece.differs == differs => piece.text.push_str(&text),
                _ => pieces.push(Piece { text, differs }),
            }
        }
        pieces
    };
    (side(&old_words, DiffOp::old_range), side(&new_words, DiffOp::new_range))
}

/// Words and the blanks between them, joined the line again.
fn split_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut blank = None;
    for (at, character) in line.char_indices() {
        let is_blank = character.is_whitespace();
        if blank.is_some_and(|blank| blank != is_blank) {
            words.extend(line.get(start..at));
            start = at;
        }
        blank = Some(is_blank);
    }
    words.extend(line.get(start..).filter(|rest| !rest.is_empty()));
    words
}

fn whole(text: String) -> Vec<Piece> {
    vec![Piece { text, differs: false }]
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row as `sign old new text`, words that differ in brackets.
    fn drawn(lines: &[Line]) -> Vec<String> {
        let number = |number: Option<usize>| number.map_or("·".to_owned(), |n| n.to_string());
        let row = |line: &Line| {
            let text: String = line
                .pieces
                .iter()
                .map(|piece| if piece.differs { format!("[{}]", piece.text) } else { piece.text.clone() })
                .collect();
            format!("{}{} {} {text}", line.kind.sign(), number(line.old), number(line.new))
        };
        lines.iter().map(row).collect()
    }

    #[test]
    fn lines_and_words_that_differ_are_named() {
        let lines = compare("a\nalter table t add x int\nb\n", "a\nalter table t add y int\nb\nc\n");
        assert_eq!(
            drawn(&lines),
            [
                " 1 1 a",
                "-2 · alter table t add [x] int",
                "+· 2 alter table t add [y] int",
                " 3 3 b",
                "+· 4 c",
            ]
        );
        assert_eq!(counts(&lines), (2, 1));
    }

    #[test]
    fn lines_with_nothing_in_common_have_no_marked_words() {
        let lines = compare("select 1;\n", "drop table users;\n");
        assert_eq!(drawn(&lines), ["-1 · select 1;", "+· 1 drop table users;"]);
    }

    #[test]
    fn every_line_of_both_texts_occurs_once() {
        let (old, new) = ("a\nb\nc\nd\n", "x\nb\ny\nz\nd\ne");
        let lines = compare(old, new);
        let side = |skip: Kind| {
            let kept = lines.iter().filter(|line| line.kind != skip);
            kept.map(|line| line.pieces.iter().map(|piece| piece.text.as_str()).collect::<String>())
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(side(Kind::New), old.trim_end());
        assert_eq!(side(Kind::Gone), new);
    }

    #[test]
    fn far_away_lines_fold_unless_they_carry_a_remark() {
        let old: String = (1..=30).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 15\n", "line fifteen\n");
        let shape = |remarked: &BTreeSet<usize>| -> Vec<(usize, bool)> {
            let blocks = fold(compare(&old, &new), remarked);
            blocks.iter().map(|block| (block.lines.len(), block.folded)).collect()
        };
        assert_eq!(shape(&BTreeSet::new()), [(11, true), (8, false), (12, true)]);
        assert_eq!(shape(&BTreeSet::from([2])), [(5, false), (6, true), (8, false), (12, true)]);
    }

    #[test]
    fn side_by_side_puts_the_new_line_beside_the_old_one() {
        let shape: Vec<(Option<usize>, Option<usize>)> = pairs(&compare("a\nb\nc\n", "a\nx\ny\nc\n"))
            .iter()
            .map(|(old, new)| {
                (old.as_ref().and_then(|line| line.old), new.as_ref().and_then(|line| line.new))
            })
            .collect();
        assert_eq!(shape, [(Some(1), Some(1)), (Some(2), Some(2)), (None, Some(3)), (Some(3), Some(4))]);
    }
}
