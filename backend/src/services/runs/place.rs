//! Where in the file an error is: the server counts characters of what it was sent, people read lines of
//! the file. It decides nothing from a message's words; of the context it takes names and numbers only.

use studio_kernel::{
    run::SqlError,
    sql::{self, statement::ObjectRole},
    text::{LineIndex, Span},
};

use crate::pg::target::{Place, Refusal};

/// The refusal of the statement that covers `statement` in `text`, with its place in the file.
pub(super) fn locate(text: &str, statement: Span, refusal: Refusal) -> SqlError {
    let sent = statement.of(text);
    let found = match &refusal.place {
        Place::Sent(position) => word_at(sent, *position).map(|span| (span.shifted(statement.start), true)),
        Place::Internal { position, query } => inside(sent, query, *position)
            .map(|span| (span.shifted(statement.start), true))
            .or_else(|| by_context(text, statement, &refusal)),
        Place::Nowhere => by_context(text, statement, &refusal),
    };
    let (span, exact) = found.unwrap_or((statement, false));
    let position = LineIndex::new(text).position(text, span.start);
    let Refusal { sqlstate, message, detail, hint, context, .. } = refusal;
    let (line, column) = (position.line, position.column);
    SqlError { sqlstate, message, detail, hint, context, span, line, column, exact }
}

/// The word that begins at a character, counted from 1; one character where no word begins.
fn word_at(text: &str, position: usize) -> Option<Span> {
    let (start, first) = text.char_indices().nth(position.checked_sub(1)?)?;
    let rest = text.get(start..)?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len()).max(first.len_utf8());
    Some(Span::new(start, start + length))
}

/// A position in a statement that a function ran, when that statement stands word for word, once, in what
/// was sent.
fn inside(sent: &str, query: &str, position: usize) -> Option<Span> {
    let start = sent.find(query)?;
    if sent.get(start + 1..)?.contains(query) {
        return None;
    }
    Some(word_at(query, position)?.shifted(start))
}

/// PL/pgSQL says in which line of which body it was. The innermost body that stands in this file counts.
fn by_context(text: &str, statement: Span, refusal: &Refusal) -> Option<(Span, bool)> {
    let lines = refusal.context.as_deref()?.lines();
    lines.filter_map(|line| in_body(text, statement, line)).next().map(|span| (span, false))
}

fn in_body(text: &str, statement: Span, frame: &str) -> Option<Span> {
    let body = if let Some((_, rest)) = frame.split_once("inline_code_block") {
        (body_of(text, statement)?, rest)
    } else {
        let (name, rest) = function_in(frame)?;
        (routine(text, name)?, rest)
    };
    let (body, rest) = body;
    let number: usize =
        rest.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?.parse().ok()?;
    let line = LineIndex::new(body.of(text)).line(body.of(text), number)?;
    let content = line.of(body.of(text));
    let indent = content.len() - content.trim_start().len();
    let start = body.start + line.start + indent;
    Some(Span::new(start, start + content.trim().len()))
}

/// The body of the DO block that was sent.
fn body_of(text: &str, statement: Span) -> Option<Span> {
    let parsed = sql::parse(statement.of(text));
    Some(parsed.statements.first()?.body()?.span.shifted(statement.start))
}

/// `… function public.touch(integer) line 3 …`: the name without its schema, and what follows the arguments.
fn function_in(frame: &str) -> Option<(&str, &str)> {
    let (before, rest) = frame.split_once('(')?;
    let (_, rest) = rest.split_once(')')?;
    let name = before.rsplit([' ', '.']).next()?;
    Some((name.trim_matches('"'), rest))
}

/// The body of the one routine of this name that the file makes.
fn routine(text: &str, name: &str) -> Option<Span> {
    let parsed = sql::parse(text);
    let mut bodies = parsed.statements.iter().filter_map(|statement| {
        let made = statement.first(ObjectRole::Makes)?;
        let same =
            made.name.to_string().rsplit('.').next().is_some_and(|last| last.trim_matches('"') == name);
        statement.body().filter(|_| same).map(|body| body.span)
    });
    let body = bodies.next()?;
    bodies.next().is_none().then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(place: Place, context: Option<&str>) -> Refusal {
        Refusal { place, context: context.map(str::to_owned), ..Refusal::default() }
    }

    fn at(text: &str, statement: &str, refusal: Refusal) -> (String, usize, usize, bool) {
        let start = text.find(statement).unwrap();
        let error = locate(text, Span::new(start, start + statement.len()), refusal);
        (error.span.of(text).to_owned(), error.line, error.column, error.exact)
    }

    #[test]
    fn a_position_counts_characters_not_bytes() {
        let text = "select 1;\n-- ß\nselect 'äöü😀', missing from t;";
        let statement = "select 'äöü😀', missing from t";
        let place = Place::Sent(statement.chars().position(|c| c == 'm').unwrap() + 1);
        assert_eq!(at(text, statement, refusal(place, None)), ("missing".to_owned(), 3, 16, true));
    }

    #[test]
    fn an_internal_statement_is_found_where_it_stands_once() {
        let text = "do $$ begin\n  insert into gone values (1);\nend $$";
        let query = "insert into gone values (1)";
        let place = |position| Place::Internal { position, query: query.to_owned() };
        assert_eq!(at(text, text, refusal(place(13), None)), ("gone".to_owned(), 2, 15, true));
        let twice = "do $$ begin insert into gone values (1); insert into gone values (1); end $$";
        assert_eq!(at(twice, twice, refusal(place(13), None)), (twice.to_owned(), 1, 1, false));
    }

    #[test]
    fn without_a_position_the_whole_statement_is_marked() {
        let text = "a;\nb;";
        assert_eq!(at(text, "b", refusal(Place::Nowhere, None)), ("b".to_owned(), 2, 1, false));
        assert_eq!(at(text, "b", refusal(Place::Sent(99), None)), ("b".to_owned(), 2, 1, false));
    }

    #[test]
    fn plpgsql_names_the_line_of_its_body() {
        let text = "select 1;\ndo $x$\nbegin\n  raise exception 'no';\nend\n$x$;";
        let statement = "do $x$\nbegin\n  raise exception 'no';\nend\n$x$";
        let context = "PL/pgSQL function inline_code_block line 3 at RAISE";
        let place = refusal(Place::Nowhere, Some(context));
        assert_eq!(at(text, statement, place), ("raise exception 'no';".to_owned(), 4, 3, false));
    }
}
