//! The harness of the rule pages, shown failing: a test that cannot fail proves nothing.

use harness::mdtest::check_page;

const FLAGGED: &str = "## Flagged\n```sql\ndrop table if exists a;  -- error: drop-table\n```\n";
const ACCEPTED: &str = "## Accepted\n```sql\nselect 1;\n```\n";

#[track_caller]
fn check(page: &str, expected: &[&str]) {
    let page = format!("# drop-table\n{page}");
    let wrong = check_page("drop-table", &["drop-table", "drop-without-guard"], &page);
    assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
    for (wrong, expected) in wrong.iter().zip(expected) {
        assert!(wrong.contains(expected), "{wrong} does not say: {expected}");
    }
}

#[test]
fn a_page_that_holds_passes() {
    check(&[FLAGGED, ACCEPTED].concat(), &[]);
}

#[test]
fn a_missing_finding_fails() {
    let page = "## Accepted\n```sql\nselect 1; -- error: drop-without-guard\n```\n";
    check(&[FLAGGED, page].concat(), &["missing: 20260101000000_example.sql:1 drop-without-guard"]);
    let page = "## Flagged\n```sql\nselect 1; -- error: drop-table\n```\n";
    check(&[page, ACCEPTED].concat(), &["missing"]);
}

#[test]
fn a_surplus_finding_fails() {
    check(&[FLAGGED, "## Accepted\n```sql\ndrop table if exists b;\n```\n"].concat(), &["surplus"]);
    let twice = "## Flagged\n```sql\ndrop table if exists a, b;  -- error: drop-table\n```\n";
    check(&[twice, ACCEPTED].concat(), &["surplus"]);
}

#[test]
fn a_finding_in_another_line_fails() {
    let page = "## Flagged\n```sql\ndrop table if exists\n  a; select 1\n;  -- error: drop-table\n```\n";
    check(&[page, ACCEPTED].concat(), &["surplus", "missing"]);
}

#[test]
fn an_unknown_rule_fails() {
    let page = "## Accepted\n```sql\nselect 1; -- error: no-such-rule\n```\n";
    check(&[FLAGGED, page].concat(), &["there is no rule no-such-rule", "missing"]);
}

#[test]
fn a_page_without_a_flagged_or_an_accepted_block_fails() {
    check(FLAGGED, &["no accepted block"]);
    check(ACCEPTED, &["no flagged block"]);
    let quiet = "## Flagged\n```sql\nselect 1;\n```\n";
    check(&[quiet, ACCEPTED].concat(), &["expects no finding of its rule", "no flagged block"]);
}

#[test]
fn a_page_of_another_rule_fails() {
    let wrong = check_page("drop-table", &["drop-table"], &["# drop-column\n", FLAGGED, ACCEPTED].concat());
    assert_eq!(wrong, ["drop-table: the page does not open with its rule's id"]);
}
