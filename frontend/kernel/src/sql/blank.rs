//! Clauses that sqlparser does not know, overwritten with spaces of the same length for a second try.
//! What they say is in the outline already; spans do not move.

use super::{
    cursor::Cursor,
    lex::TokenKind,
    statement::{
        ObjectKind as O, StatementKind,
        StatementKind::{Create, Drop, Other},
        Verb,
    },
};

/// The statement's text without the clauses, when it has any.
pub(super) fn blanked(cursor: Cursor<'_>, kind: StatementKind) -> Option<String> {
    let mut sheet = Sheet::new(cursor);
    match kind {
        Create(O::Trigger | O::EventTrigger) => sheet.last_group_content(),
        Drop(O::Index) => sheet.words(&["concurrently"]),
        Create(O::Index) => sheet.words(&["only"]),
        Create(O::Function | O::Procedure) => {
            sheet.clause(&["rows"], 2);
            sheet.clause(&["cost"], 2);
            sheet.clause(&["support"], 2);
        }
        Create(O::Table) => table(&mut sheet),
        Create(O::View | O::MaterializedView) | Other(Verb::CreateTableAs) => {
            sheet.clause(&["with", "no", "data"], 3);
            sheet.clause(&["with", "data"], 2);
            sheet.clause(&["using"], 2);
            sheet.options();
            if kind == Other(Verb::CreateTableAs) {
                sheet.group_before("as");
            }
        }
        Other(Verb::Comment) => sheet.last_group(),
        Other(Verb::Select) => {
            sheet.perform();
            sheet.variables();
        }
        Other(Verb::Insert | Verb::Update | Verb::Delete | Verb::Merge) => sheet.variables(),
        Other(Verb::Vacuum | Verb::Analyze) => sheet.words(&["analyze", "verbose"]),
        _ => {}
    }
    sheet.finish()
}

/// `LIKE t` in a CREATE TABLE: sqlparser reads some of them as a column named `like`, so they go before
/// the first try.
pub(super) fn has_like(cursor: Cursor<'_>) -> bool {
    let mut rest = cursor;
    rest.skip_to_any(&["as"]);
    let mut head = cursor.until(&rest);
    while !head.is_empty() && !head.at(TokenKind::OpenParen) {
        head.skip(1);
    }
    let mut group = head.group().unwrap_or(head);
    while let Some(item) = group.list_item() {
        if item.is("like") {
            return true;
        }
    }
    false
}

fn table(sheet: &mut Sheet<'_>) {
    let mut tail = sheet.cursor;
    while !tail.is_empty() && !tail.at(TokenKind::OpenParen) {
        tail.skip(1);
    }
    let mut elements = tail.group().unwrap_or(tail.take(0));
    sheet.clause(&["without", "overlaps"], 2);
    sheet.clause(&["not", "enforced"], 2);
    sheet.clause(&["virtual"], 1);
    let mut first = true;
    let mut comma_before = None;
    while !elements.is_empty() {
        let start = elements;
        while !elements.is_empty() && !elements.at(TokenKind::Comma) {
            elements.step();
        }
        let element = start.until(&elements);
        let comma_behind = elements.bump();
        let not_null = element.is("constraint") && element.is_at(2, "not") && element.is_at(3, "null");
        if element.is("like") || not_null || element.are(&["not", "null"]) {
            sheet.erase(element);
            // The comma that belonged to it goes along: the one before, or for the first the one behind.
            let comma = if first { comma_behind } else { comma_before };
            if let Some(comma) = comma {
                sheet.erase_range(comma.start, comma.end);
            }
            if first {
                continue;
            }
        }
        first = false;
        comma_before = comma_behind;
    }
    // `using heap` stands behind the elements; elsewhere USING belongs to EXCLUDE.
    while !tail.is_empty() {
        if tail.is("using") {
            sheet.erase(tail.take(2));
        }
        tail.step();
    }
}

/// A copy of the statement that can be written on.
struct Sheet<'a> {
    cursor: Cursor<'a>,
    /// Offset of the statement in the cursor's text.
    start: usize,
    text: String,
    changed: bool,
}

impl<'a> Sheet<'a> {
    fn new(cursor: Cursor<'a>) -> Self {
        let start = cursor.peek().map_or(0, |token| token.start);
        Self { cursor, start, text: cursor.text().to_owned(), changed: false }
    }

    fn finish(self) -> Option<String> {
        self.changed.then_some(self.text)
    }

    /// Writes over a range of the cursor's text.
    fn write(&mut self, start: usize, end: usize, with: &str) {
        let range = start.saturating_sub(self.start)..end.saturating_sub(self.start);
        let Some(length) = self.text.get(range.clone()).map(str::len) else {
            return;
        };
        self.text.replace_range(range, &format!("{with:length$}"));
        self.changed = true;
    }

    fn erase_range(&mut self, start: usize, end: usize) {
        self.write(start, end, "");
    }

    fn erase(&mut self, cursor: Cursor<'_>) {
        if let (Some(first), Some(last)) = (cursor.tokens().first(), cursor.tokens().last()) {
            self.erase_range(first.start, last.end);
        }
    }

    /// Each of these words outside parentheses, wherever it stands.
    fn words(&mut self, words: &[&str]) {
        for word in words {
            self.clause(&[word], 1);
        }
    }

    /// `count` tokens wherever these words start, parentheses or not.
    fn clause(&mut self, words: &[&str], count: usize) {
        let mut rest = self.cursor;
        while !rest.is_empty() {
            if rest.are(words) {
                self.erase(rest.take(count));
            }
            rest.skip(1);
        }
    }

    /// The last group in parentheses outside all others.
    fn last(&self) -> Option<(Cursor<'a>, Cursor<'a>)> {
        let mut rest = self.cursor;
        let mut last = None;
        while !rest.is_empty() {
            let start = rest;
            match rest.group() {
                Some(inside) => last = Some((start.until(&rest), inside)),
                None => rest.skip(1),
            }
        }
        last
    }

    fn last_group(&mut self) {
        if let Some((group, _)) = self.last() {
            self.erase(group);
        }
    }

    fn last_group_content(&mut self) {
        if let Some((_, inside)) = self.last() {
            self.erase(inside);
        }
    }

    /// WITH (…) of a view.
    fn options(&mut self) {
        let mut rest = self.cursor;
        rest.skip_to_any(&["with", "as"]);
        if rest.is("with") && rest.peek_at(1).is_some_and(|token| token.kind == TokenKind::OpenParen) {
            let start = rest;
            rest.skip(1);
            rest.step();
            self.erase(start.until(&rest));
        }
    }

    /// A list of columns before AS.
    fn group_before(&mut self, word: &str) {
        let mut rest = self.cursor;
        while !rest.is_empty() && !rest.is(word) {
            let start = rest;
            rest.step();
            if start.at(TokenKind::OpenParen) {
                self.erase(start.until(&rest));
            }
        }
    }

    /// PERFORM is SELECT.
    fn perform(&mut self) {
        if let Some(token) = self.cursor.peek().filter(|_| self.cursor.is("perform")) {
            self.write(token.start, token.end, "select");
        }
    }

    /// INTO variables of PL/pgSQL; the INTO of `insert into` stays.
    fn variables(&mut self) {
        let mut rest = self.cursor;
        rest.skip(2);
        rest.skip_to_any(&["into"]);
        let start = rest;
        if !rest.eat("into") {
            return;
        }
        rest.eat("strict");
        loop {
            let before = rest;
            rest.name();
            while rest.at(TokenKind::OpenBracket) {
                rest.step();
            }
            if before.len() == rest.len() || !rest.eat_kind(TokenKind::Comma) {
                break;
            }
        }
        self.erase(start.until(&rest));
    }
}

#[cfg(test)]
mod tests {
    use crate::sql::{parse_in_full, statement::Reading};

    /// Each statement reads in part only, or as its first word says.
    #[test]
    fn clauses_are_blanked_for_a_second_try() {
        for sql in [
            "create trigger tr before update on t for each row execute function f('a')",
            "drop index concurrently i",
            "create table t (like base including all)",
            "create table t (a int, like base, b int)",
            "create table n (a int) using heap",
            "alter table t add a int, alter b set storage external",
            "create function f() returns setof int language sql rows 10 as 'select 1'",
            "create materialized view mv as select 1 as a with no data",
            "create view v with (security_barrier) as select 1 as a",
            "create table n (a, b) as select 1, 2",
            "comment on function f(int) is 'x'",
            "create index i on only t (a)",
        ] {
            let statements = parse_in_full(sql).statements;
            let readings: Vec<_> = statements.iter().map(|one| one.reading).collect();
            assert_eq!(readings, [Some(Reading::ParsedInPart)], "{sql}");
        }
    }

    #[test]
    fn statements_of_bodies_read_without_their_variables() {
        let sql = "do $$ begin perform f(1); select a, b into strict x, y.z from t; end $$";
        let parsed = parse_in_full(sql);
        let readings: Vec<Reading> = parsed.statements[0].readings().into_iter().flatten().collect();
        assert_eq!(readings, [Reading::OutlineOnly, Reading::ParsedInPart, Reading::ParsedInPart]);
    }
}
