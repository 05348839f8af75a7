//! Which files of the set are shown, and in which groups.

use studio_kernel::{
    migration::Role,
    run::api::{FileState, MigrationSummary},
};

/// A part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Forward,
    Rollback,
    Validation,
    Maintenance,
}

impl Group {
    pub(crate) const ALL: [Self; 4] = [Self::Forward, Self::Rollback, Self::Validation, Self::Maintenance];

    /// Where a file of this role belongs.
    pub(crate) fn of(role: Role) -> Self {
        match role {
            Role::Setup | Role::Feature | Role::Enhancement | Role::Seed => Self::Forward,
            Role::Rollback => Self::Rollback,
            Role::Validation | Role::Test => Self::Validation,
            Role::Cleanup | Role::Reset => Self::Maintenance,
        }
    }

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Forward => "Forward",
            Self::Rollback => "Rollback",
            Self::Validation => "Validation",
            Self::Maintenance => "Maintenance",
        }
    }

    /// What its files are, in a few words.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Self::Forward => "applied in this order and recorded in the ledger",
            Self::Rollback => "each undoes one forward file",
            Self::Validation => "checks that run in a transaction and leave nothing behind",
            Self::Maintenance => "run on request, never recorded",
        }
    }
}

/// What the person looks for; it lives in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Words that must all occur in path, purpose or names of objects. Any text is fine.
    pub words: String,
    /// The state's word, or nothing.
    pub state: String,
}

impl Filter {
    /// Whether a file is shown.
    pub(crate) fn matches(&self, file: &MigrationSummary) -> bool {
        let has = |word: &str| {
            let inside = |text: &str| text.to_lowercase().contains(word);
            inside(&file.path)
                || inside(&file.purpose)
                || file.role.as_str() == word
                || file.makes.iter().any(|object| inside(&object.name))
        };
        (self.state.is_empty() || file.state.as_str() == self.state)
            && self.words.to_lowercase().split_whitespace().all(has)
    }
}

/// For people.
pub(crate) fn state_title(state: FileState) -> &'static str {
    match state {
        FileState::Pending => "Pending",
        FileState::Applied => "Applied",
        FileState::Edited => "Edited since",
        FileState::Standing => "Not recorded",
        FileState::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use studio_kernel::{
        run::api::{FindingCounts, MadeObject},
        sql::statement::ObjectKind,
    };

    use super::*;

    fn file() -> MigrationSummary {
        MigrationSummary {
            path: "20250801000000_complete_setup.sql".to_owned(),
            version: Some("20250801000000".to_owned()),
            name: "complete_setup".to_owned(),
            role: Role::Setup,
            purpose: "The first schema.".to_owned(),
            sha256: String::new(),
            makes: vec![MadeObject { kind: ObjectKind::Table, name: "archon_tasks".to_owned() }],
            findings: FindingCounts::default(),
            state: FileState::Pending,
            applied_at: None,
            changes: Vec::new(),
            rollback: None,
            validation: None,
        }
    }

    #[test]
    fn every_word_must_occur_somewhere() {
        let shown = |words: &str, state: &str| {
            let filter = Filter { words: words.to_owned(), state: state.to_owned() };
            filter.matches(&file())
        };
        assert!(shown("", ""));
        assert!(shown("SETUP tasks", "pending"));
        assert!(!shown("setup missing", ""));
        assert!(!shown("", "applied"));
        assert!(!shown("\"%<😀", ""), "any text is a search, never an error");
    }
}
