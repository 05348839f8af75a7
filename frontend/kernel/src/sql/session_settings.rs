//! Whether behind a statement another role or another timeout may hold than before. What a function does that stands
//! elsewhere is not seen.

/// How such a statement says so, in lower case and with single spaces.
const SAY_SO: [&str; 7] = [
    "authorization",
    "set role",
    "local role",
    "session role",
    "'role'",
    "statement_timeout",
    "transaction_timeout",
];

/// Whether the text of a statement, or a text within it, may change the role, `statement_timeout` or
/// `transaction_timeout`. It rather says yes.
pub fn may_change(statement: &str) -> bool {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    SAY_SO.iter().any(|said| text.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_timeouts_are_seen_wherever_they_stand() {
        for statement in [
            "set role anon",
            "SET\n  LOCAL   Role 'anon'",
            "set session authorization anon",
            "select set_config('role', 'anon', false)",
            "set statement_timeout = '1ms'",
            "do $$ begin execute 'set role anon'; end $$",
            "alter role anon set statement_timeout = 0",
        ] {
            assert!(may_change(statement), "{statement}");
        }
        for statement in [
            "create policy p on t to service_role using (auth.role() = 'service_role')",
            "set lock_timeout = '5s'",
            "grant usage on schema public to anon",
        ] {
            assert!(!may_change(statement), "{statement}");
        }
    }
}
