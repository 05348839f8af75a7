//! A few lines of a file around a place, with a caret below it.

use leptos::prelude::*;
use studio_kernel::text::{LineIndex, Span, shown};

/// Lines shown before and behind the place.
const AROUND: usize = 2;

/// The excerpt.
#[component]
pub(crate) fn SourceFrame(
    /// The whole text.
    text: String,
    /// The place, in bytes.
    span: Span,
) -> impl IntoView {
    let rows = frame(&text, span).into_iter().map(|row| match row {
        Row::Source(number, text, hit) => view! {
            <div class="source-line" data-hit=hit.then_some("true")>
                <span class="line-number">{number}</span>
                <code>{text}</code>
            </div>
        }
        .into_any(),
        Row::Caret(indent, length) => view! {
            <div class="source-line" data-caret="true" aria-hidden="true">
                <span class="line-number"></span>
                <code>{indent} <mark>{"^".repeat(length)}</mark></code>
            </div>
        }
        .into_any(),
    });
    view! { <div class="source-frame" tabindex="0" data-test="source-frame">{rows.collect_view()}</div> }
}

#[derive(Debug, PartialEq, Eq)]
enum Row {
    /// Line number, text, whether the place begins here.
    Source(usize, String, bool),
    /// What stands before the carets (tabs kept, so that they align), and how many there are.
    Caret(String, usize),
}

fn frame(text: &str, span: Span) -> Vec<Row> {
    let index = LineIndex::new(text);
    let at = index.position(text, span.start);
    let mut rows = Vec::new();
    for number in at.line.saturating_sub(AROUND).max(1)..=at.line + AROUND {
        let Some(line) = index.line(text, number) else {
            break;
        };
        // Behind the last line feed no line begins.
        if line.is_empty() && line.start == text.len() && number > at.line {
            break;
        }
        let source = line.of(text);
        rows.push(Row::Source(number, shown(source).into_owned(), number == at.line));
        if number == at.line {
            let before: String = source.chars().take(at.column - 1).collect();
            let indent =
                shown(&before).chars().map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
            let end = span.end.min(line.end).max(span.start);
            let length = shown(Span::new(span.start, end).of(text)).chars().count().max(1);
            rows.push(Row::Caret(indent, length));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_place() {
        let text = "a\nselect\n\tü wrong from t\nb\nc\nd\n";
        let start = text.find("wrong").unwrap();
        let rows = frame(text, Span::new(start, start + 5));
        let line = |number, text: &str, hit| Row::Source(number, text.to_owned(), hit);
        assert_eq!(
            rows,
            [
                line(1, "a", false),
                line(2, "select", false),
                line(3, "\tü wrong from t", true),
                Row::Caret("\t  ".to_owned(), 5),
                line(4, "b", false),
                line(5, "c", false),
            ]
        );
    }

    #[test]
    fn the_caret_stands_below_what_is_shown_of_hidden_characters() {
        let text = "a\u{202e}b wrong";
        let start = text.find("wrong").unwrap();
        let rows = frame(text, Span::new(start, start + 5));
        assert_eq!(rows[0], Row::Source(1, "a‹U+202E›b wrong".to_owned(), true));
        assert_eq!(rows[1], Row::Caret(" ".repeat(11), 5));
    }

    #[test]
    fn a_last_line_feed_begins_no_line() {
        assert_eq!(frame("select 1;\n", Span::new(0, 8)).len(), 2);
    }

    #[test]
    fn a_place_over_several_lines_is_marked_on_the_first() {
        let rows = frame("select\n1", Span::new(0, 8));
        assert_eq!(rows[1], Row::Caret(String::new(), 6));
    }
}
