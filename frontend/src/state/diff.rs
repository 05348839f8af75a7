//! Two texts as the rows of a review: lines that stay, go and come, the words that differ inside a line, and
//! long unchanged stretches folded away. It draws nothing.

use std::collections::BTreeSet;

use similar::{ChangeTag, DiffOp, TextDiff};

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
    let diff = TextDiff::from_lines(old, new);
    let old_lines: Vec<&str> = diff.iter_old_slices().map(without_end).collect();
    let new_lines: Vec<&str> = diff.iter_new_slices().map(without_end).collect();
    let at = |lines: &[&str], index: usize| lines.get(index).copied().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for op in diff.ops() {
        match *op {
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

fn words(old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
    let diff = TextDiff::from_words(old, new);
    if diff.ratio() < ALIKE {
        return (whole(old.to_owned()), whole(new.to_owned()));
    }
    let side = |without: ChangeTag| {
        let mut pieces: Vec<Piece> = Vec::new();
        for change in diff.iter_all_changes().filter(|change| change.tag() != without) {
            let differs = change.tag() != ChangeTag::Equal;
            match pieces.last_mut() {
                Some(piece) if piece.differs == differs => piece.text.push_str(change.value()),
                _ => pieces.push(Piece { text: change.value().to_owned(), differs }),
            }
        }
        pieces
    };
    (side(ChangeTag::Insert), side(ChangeTag::Delete))
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
