//! Words and durations as the pages write them.

use studio_kernel::{
    plan::Purpose,
    review::{ChangeState, Stale},
    run::{RunKind, RunState, SegmentState, StatementState},
};

pub(crate) use studio_kernel::words::{count, thousands};

/// A duration with at most three significant digits.
pub(crate) fn duration(micros: u64) -> String {
    let millis = micros as f64 / 1_000.0;
    match micros {
        0..10_000 => format!("{millis:.1} ms"),
        10_000..1_000_000 => format!("{millis:.0} ms"),
        1_000_000..60_000_000 => format!("{:.1} s", millis / 1_000.0),
        _ => {
            let seconds = micros / 1_000_000;
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// What a browser says it is, in order: later ones say they are the earlier ones as well.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A browser's User-Agent in two words; what is no browser's stays as it is.
pub(crate) fn browser(agent: &str) -> String {
    let found = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (found(&BROWSERS), found(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => agent.to_owned(),
    }
}

/// Why a decision no longer counts.
pub(crate) fn stale(reason: Stale) -> &'static str {
    match reason {
        Stale::Edited => "stale: the content changed after it",
        Stale::Target | Stale::Database => "stale: it was given for another target",
        Stale::Schema | Stale::Session => "stale: the target changed after it",
        Stale::Policy => "stale: rules or review policy changed after it",
        Stale::Disabled => "does not count: the person's account is disabled",
        Stale::Role => "does not count: the person may not approve this change",
        Stale::Superseded => "replaced by a later decision of the same person",
    }
}

/// Where a change stands.
pub(crate) fn change_state(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Open => "Open",
        ChangeState::Applied => "Applied",
        ChangeState::Closed => "Closed",
    }
}

/// Where a run stands.
pub(crate) fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "Queued",
        RunState::Waiting => "Waiting",
        RunState::Running => "Running",
        RunState::Cancelling => "Cancelling…",
        RunState::Done => "Done",
        RunState::Failed => "Failed",
        RunState::Cancelled => "Cancelled",
        RunState::Unknown => "Outcome unknown",
    }
}

/// What a run is for.
pub(crate) fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Apply => "Run",
        RunKind::Validate => "Validation",
        RunKind::DryRun => "Dry run",
    }
}

/// Where a statement stands.
pub(crate) fn statement_state(state: StatementState) -> &'static str {
    match state {
        StatementState::Queued => "Queued",
        StatementState::Running => "Running",
        StatementState::Done => "Done",
        StatementState::Failed => "Failed",
        StatementState::Skipped => "Skipped",
        StatementState::RolledBack => "Rolled back",
        StatementState::Unknown => "Unknown",
    }
}

/// Where a segment stands.
pub(crate) fn segment_state(state: SegmentState) -> &'static str {
    match state {
        SegmentState::Queued => "Queued",
        SegmentState::Running => "Open",
        SegmentState::Committed => "Committed",
        SegmentState::RolledBack => "Rolled back",
        SegmentState::Skipped => "Skipped",
        SegmentState::Unknown => "Unknown",
    }
}

/// How a file is executed.
pub(crate) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Apply => "Apply",
        Purpose::Rollback => "Roll back",
        Purpose::Validate => "Validate, then undo",
        Purpose::Maintain => "Run, not recorded",
        Purpose::Keep => "Travels along, not run",
    }
}

/// The first letters of a name, for its badge.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// The file's name without its folder.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_three_digits() {
        for (micros, text) in
            [(420, "0.4 ms"), (12_600, "13 ms"), (1_500_000, "1.5 s"), (61_000_000, "1 min 01 s")]
        {
            assert_eq!(duration(micros), text);
        }
    }

    #[test]
    fn browsers_are_named_by_two_words() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on an iPhone",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
            ("curl/8.5.0", "curl/8.5.0"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }

    #[test]
    fn initials_take_the_first_and_the_last_name() {
        assert_eq!(initials("Ada Byron Lovelace"), "AL");
        assert_eq!(initials("ömer"), "Ö");
        assert_eq!(initials(" "), "");
    }
}
