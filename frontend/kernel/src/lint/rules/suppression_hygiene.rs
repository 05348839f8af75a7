//! Suppressions that do not say what they must. Help, examples and tests: `suppression_hygiene.md`.
//! What a suppression means is decided in `allow`.

use crate::lint::{
    finding::Severity,
    rule::{Check, Rule},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "suppression-hygiene",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("suppression_hygiene.md"),
    check: Check::Comments,
};
