//! The little Markdown that rule pages use: headings, paragraphs, lists, fenced code, inline code and bold.
//! Text becomes text nodes; no HTML passes.

use leptos::prelude::*;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Heading(usize, String),
    Paragraph(String),
    List(Vec<String>),
    Code(String),
}

/// Shows a page.
#[component]
pub(crate) fn Markdown(
    /// Its source.
    #[prop(into)]
    source: String,
) -> impl IntoView {
    let parts = read(&source).into_iter().map(|part| match part {
        Part::Heading(1, text) => view! { <h2>{inline(&text)}</h2> }.into_any(),
        Part::Heading(_, text) => view! { <h3>{inline(&text)}</h3> }.into_any(),
        Part::Paragraph(text) => view! { <p>{inline(&text)}</p> }.into_any(),
        Part::List(items) => {
            let items = items.iter().map(|item| view! { <li>{inline(item)}</li> });
            view! { <ul>{items.collect_view()}</ul> }.into_any()
        }
        Part::Code(text) => view! { <pre tabindex="0"><code>{text}</code></pre> }.into_any(),
    });
    view! { <div class="markdown">{parts.collect_view()}</div> }
}

/// Inline code and bold; everything else is text.
fn inline(text: &str) -> impl IntoView + use<> {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        if at % 2 == 1 {
            view! { <code>{part.to_owned()}</code> }.into_any()
        } else {
            let bold = part.split("**").enumerate().map(|(at, part)| {
                if at % 2 == 1 {
                    view! { <strong>{part.to_owned()}</strong> }.into_any()
                } else {
                    part.to_owned().into_any()
                }
            });
            bold.collect_view().into_any()
        }
    });
    parts.collect_view()
}

fn read(source: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut lines = source.lines();
    let mut open = false;
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            parts.push(Part::Code(code.join("\n")));
            open = false;
        } else if let Some(level) = heading(line) {
            let text = line.get(level..).unwrap_or_default().trim();
            parts.push(Part::Heading(level, text.to_owned()));
            open = false;
        } else if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
            match parts.last_mut() {
                Some(Part::List(items)) => items.push(item.to_owned()),
                _ => parts.push(Part::List(vec![item.to_owned()])),
            }
            open = false;
        } else if line.trim().is_empty() {
            open = false;
        } else {
            match parts.last_mut() {
                Some(Part::Paragraph(text)) if open => {
                    text.push(' ');
                    text.push_str(line.trim());
                }
                _ => parts.push(Part::Paragraph(line.trim().to_owned())),
            }
            open = true;
        }
    }
    parts
}

fn heading(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    (level > 0 && line.get(level..).is_some_and(|rest| rest.starts_with(' '))).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_page_reads_into_its_parts() {
        let text = |text: &str| text.to_owned();
        assert_eq!(
            read(
                "# drop-table\nIt loses\nrows.\n\n## Flagged\n```sql\ndrop table t;\n\n-- # x\n```\n- a\n- b\n#x\n"
            ),
            [
                Part::Heading(1, text("drop-table")),
                Part::Paragraph(text("It loses rows.")),
                Part::Heading(2, text("Flagged")),
                Part::Code(text("drop table t;\n\n-- # x")),
                Part::List(vec![text("a"), text("b")]),
                Part::Paragraph(text("#x")),
            ]
        );
    }
}
