//! Real files, broken in many ways: reading them neither panics nor exhausts the stack, and every span it
//! gives lies in the text. The same mutations in every run.

use std::{io, thread};

use studio_kernel::{
    sql::{Parsed, parse, statement::Statement},
    text::Span,
};

use crate::corpora::{self, File};

/// Mutated texts in a run.
const ROUNDS: usize = 1_500;

/// What a wasm module has, which is less than a thread of this machine.
const STACK: usize = 1 << 20;

/// Larger files only take longer.
const LARGEST: usize = 12_000;

/// What opens, closes and turns the meaning of what follows.
const PIECES: [&str; 24] = [
    "'",
    "\"",
    "$$",
    "$x$",
    "/*",
    "*/",
    "--",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "\\",
    "\\;",
    ":",
    "{{",
    "}}",
    "\0",
    "é",
    " begin atomic ",
    " case ",
    " end ",
    "E'",
];

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }

    /// A place in the text between two characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn range(&mut self, text: &str) -> std::ops::Range<usize> {
        let (a, b) = (self.place(text), self.place(text));
        a.min(b)..a.max(b)
    }

    fn mutate(&mut self, text: &mut String, other: &str) {
        match self.below(6) {
            0 => {
                let range = self.range(text);
                text.replace_range(range, "");
            }
            1 => {
                let (range, at) = (self.range(text), self.place(text));
                let copy = text[range].to_owned();
                text.insert_str(at, &copy);
            }
            2 => {
                let (range, at) = (self.range(other), self.place(text));
                text.insert_str(at, &other[range]);
            }
            3 => {
                let at = self.place(text);
                text.truncate(at);
            }
            _ => {
                let (at, piece) = (self.place(text), PIECES[self.below(PIECES.len())]);
                text.insert_str(at, &piece.repeat(1 + self.below(3)));
            }
        }
    }
}

#[test]
fn no_broken_file_breaks_the_reader() -> io::Result<()> {
    let corpora = corpora::read()?;
    let files: Vec<File> = corpora.into_iter().flat_map(|corpus| corpus.files).collect();
    let small: Vec<String> =
        files.into_iter().map(|file| file.text).filter(|text| text.len() <= LARGEST).collect();
    let reading = thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for _ in 0..ROUNDS {
            let mut text = small[dice.below(small.len())].clone();
            let other = &small[dice.below(small.len())];
            for _ in 0..=dice.below(6) {
                dice.mutate(&mut text, other);
            }
            check(&text, &parse(&text));
        }
    })?;
    assert!(reading.join().is_ok(), "a broken file breaks the reader");
    Ok(())
}

#[test]
fn the_laws_can_be_broken() {
    let text = "select 1";
    let mut parsed = parse(text);
    parsed.statements[0].span = Span::new(0, 99);
    assert!(std::panic::catch_unwind(|| check(text, &parsed)).is_err());
}

/// Statements stand in order, and all spans lie on characters of the text and inside what holds them.
fn check(text: &str, parsed: &Parsed) {
    let mut end = 0;
    for statement in &parsed.statements {
        assert!(end <= statement.span.start, "{:?} stands before {end}", statement.span);
        end = statement.span.end;
        check_statement(text, statement);
    }
    for problem in &parsed.problems {
        assert!(text.get(problem.span.start..problem.span.end).is_some(), "{problem:?}");
    }
}

fn check_statement(text: &str, statement: &Statement) {
    let inside = |span: Span| statement.span.contains(span) && text.get(span.start..span.end).is_some();
    assert!(inside(statement.span), "{:?}", statement.span);
    let objects = statement.objects.iter().map(|one| one.span);
    let actions = statement.actions().iter().map(|one| one.span);
    for span in objects.chain(actions).chain(statement.body().map(|body| body.span)) {
        assert!(inside(span), "{span:?} in {:?}", statement.span);
    }
    for embedded in statement.body().into_iter().flat_map(|body| &body.statements) {
        assert!(inside(embedded.statement.span), "{:?}", embedded.statement.span);
        check_statement(text, &embedded.statement);
    }
}
