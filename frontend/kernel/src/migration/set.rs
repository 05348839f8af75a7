//! The set: every file of a folder (or of a change laid over it), in order.
//! It finds files by what headers call them; whether they fit together is for others to judge.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{Migration, SourceFile};
use crate::sql::statement::Reading;

/// All files, ordered by path as text, which is the order of versions.
#[derive(Clone, Debug, Default)]
pub struct MigrationSet {
    files: Vec<Migration>,
    stop: Option<Arc<AtomicBool>>,
}

/// A forward file with the files that undo and prove it.
#[derive(Clone, Copy, Debug)]
pub struct Triple<'set> {
    /// The forward file.
    pub forward: &'set Migration,
    /// Its rollback.
    pub rollback: Option<&'set Migration>,
    /// Its validation.
    pub validation: Option<&'set Migration>,
}

impl MigrationSet {
    /// Reads all files. Two files of the same path: the later one wins.
    pub fn new(files: impl IntoIterator<Item = SourceFile>) -> Self {
        let mut set = Self::default();
        for file in files {
            set.put(file);
        }
        set
    }

    /// Puts a file in place of the one with its path, or adds it; only this file is read again, and of it only
    /// the statements that changed.
    pub fn put(&mut self, file: SourceFile) {
        match self.place(&file.path) {
            Ok(at) if self.files[at].text == file.text => {}
            Ok(at) => self.files[at].read_again(file.text),
            Err(at) => self.files.insert(at, Migration::read(file)),
        }
    }

    /// Notes what sqlparser said of each statement of a file and of those in its bodies, where it said anything.
    pub fn note(&mut self, path: &str, readings: &[Option<Vec<Reading>>]) {
        let Ok(at) = self.place(path) else { return };
        for (statement, readings) in self.files[at].parsed.statements.iter_mut().zip(readings) {
            if let Some(readings) = readings {
                statement.note(&mut readings.iter().copied());
            }
        }
    }

    /// Lets work on the set end early once `stop` is set. What it comes to then is incomplete: whoever sets it must not
    /// use that. `None` lets it always end by itself.
    pub fn stop_when(&mut self, stop: Option<Arc<AtomicBool>>) {
        self.stop = stop;
    }

    /// Whether nobody wants to know any more. It is asked between files, rules and statements.
    pub fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Relaxed))
    }

    /// Takes a file out; nothing happens when there is none of this path.
    pub fn remove(&mut self, path: &str) {
        if let Ok(at) = self.place(path) {
            self.files.remove(at);
        }
    }

    /// All files.
    pub fn files(&self) -> &[Migration] {
        &self.files
    }

    /// The files that are applied in order and recorded.
    pub fn forward_files(&self) -> impl Iterator<Item = &Migration> {
        self.files.iter().filter(|file| file.role.is_forward())
    }

    /// The file of this path.
    pub fn get(&self, path: &str) -> Option<&Migration> {
        self.place(path).ok().and_then(|at| self.files.get(at))
    }

    /// The file a header means by `stem`. An exact path wins over a name that several files share.
    pub fn named(&self, stem: &str) -> Option<&Migration> {
        let exact = self.files.iter().find(|file| file.stem() == stem || file.path == stem);
        exact.or_else(|| self.files.iter().find(|file| file.is_called(stem)))
    }

    /// The triple of a forward file; `None` for any other. Its own header names the other two; where it does
    /// not, theirs name it.
    pub fn triple(&self, path: &str) -> Option<Triple<'_>> {
        use super::Role::{Rollback, Validation};
        let forward = self.get(path).filter(|file| file.role.is_forward())?;
        let part = |stem: Option<&str>, role| {
            let named = stem.and_then(|stem| self.named(stem)).filter(|file| file.role == role);
            let naming = || {
                let calls = |file: &&Migration| {
                    file.role == role
                        && file.header.forward_stem().is_some_and(|stem| forward.is_called(stem))
                };
                self.files.iter().find(calls)
            };
            named.or_else(naming)
        };
        let rollback = part(forward.header.rollback_stem(), Rollback);
        let validation = part(forward.header.validation_stem(), Validation);
        Some(Triple { forward, rollback, validation })
    }

    /// The forward file that this rollback or validation belongs to.
    pub fn forward_of(&self, file: &Migration) -> Option<&Migration> {
        if file.role.is_forward() {
            return None;
        }
        let named = file.header.forward_stem().and_then(|stem| self.named(stem));
        named.filter(|forward| forward.role.is_forward()).or_else(|| {
            self.forward_files().find(|forward| {
                let stems = [forward.header.rollback_stem(), forward.header.validation_stem()];
                stems.into_iter().flatten().any(|stem| file.is_called(stem))
            })
        })
    }

    /// The files a header requires, and the stems that no file bears.
    pub fn required_by<'set>(&'set self, file: &'set Migration) -> (Vec<&'set Migration>, Vec<&'set str>) {
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for stem in file.header.requires.iter().flatten() {
            match self.named(stem) {
                Some(required) => found.push(required),
                None => unknown.push(stem.as_str()),
            }
        }
        (found, unknown)
    }

    /// Versions that more than one forward file bears, with those files: on a database that has one of them
    /// the others would be skipped for ever.
    pub fn duplicate_versions(&self) -> Vec<(&str, Vec<&Migration>)> {
        let mut by_version: BTreeMap<&str, Vec<&Migration>> = BTreeMap::new();
        for file in self.forward_files() {
            if let Some(version) = &file.file_name.version {
                by_version.entry(version).or_default().push(file);
            }
        }
        by_version.into_iter().filter(|(_, files)| files.len() > 1).collect()
    }

    fn place(&self, path: &str) -> Result<usize, usize> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::Role;

    fn set(files: &[(&str, &str)]) -> MigrationSet {
        MigrationSet::new(files.iter().copied().map(SourceFile::from))
    }

    fn path(file: Option<&Migration>) -> &str {
        file.map_or("", |file| file.path.as_str())
    }

    #[test]
    fn files_are_ordered_and_the_later_of_a_path_wins() {
        let mut set = set(&[("2_b.sql", "old"), ("1_a.sql", ""), ("2_b.sql", "new")]);
        assert_eq!(
            set.files().iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["1_a.sql", "2_b.sql"]
        );
        assert_eq!(set.get("2_b.sql").map(|file| file.text.as_str()), Some("new"));
        set.remove("2_b.sql");
        assert!(set.get("2_b.sql").is_none());
    }

    #[test]
    fn triples_are_found_from_either_side() {
        let set = set(&[
            ("1_a.sql", "-- A.\n-- rollback: rollback/undo_a\n-- validation: none because small\n"),
            ("2_b.sql", ""),
            ("rollback/undo_a.sql", ""),
            ("validate/check_b.sql", "-- forward: b\n"),
        ]);
        let a = set.triple("1_a.sql").unwrap();
        assert_eq!((path(a.rollback), path(a.validation)), ("rollback/undo_a.sql", ""));
        let b = set.triple("2_b.sql").unwrap();
        assert_eq!((path(b.rollback), path(b.validation)), ("", "validate/check_b.sql"));
        assert!(set.triple("rollback/undo_a.sql").is_none());
        for (file, forward) in [("rollback/undo_a.sql", "1_a.sql"), ("validate/check_b.sql", "2_b.sql")] {
            assert_eq!(path(set.forward_of(set.get(file).unwrap())), forward);
        }
    }

    #[test]
    fn requires_are_resolved_by_path_stem_or_name() {
        let set = set(&[("1_a.sql", ""), ("2_b.sql", ""), ("3_c.sql", "-- requires: 1_a, b, gone\n")]);
        let (found, unknown) = set.required_by(set.get("3_c.sql").unwrap());
        assert_eq!(found.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["1_a.sql", "2_b.sql"]);
        assert_eq!(unknown, ["gone"]);
    }

    #[test]
    fn duplicate_versions_are_named_with_their_files() {
        let set = set(&[("1_a.sql", ""), ("1_b.sql", ""), ("2_c.sql", ""), ("rollback/1_a.sql", "")]);
        let duplicates = set.duplicate_versions();
        assert_eq!(duplicates.len(), 1);
        assert_eq!((duplicates[0].0, duplicates[0].1.len()), ("1", 2));
    }

    #[test]
    fn roles_come_from_the_header_then_the_folder_then_the_name() {
        for (path, text, role) in [
            ("1_a.sql", "-- role: seed\n", Role::Seed),
            ("rollback/a.sql", "", Role::Rollback),
            ("maintenance/RESET_DB.sql", "", Role::Reset),
            ("maintenance/cleanup_x.sql", "", Role::Cleanup),
            ("tests/a.sql", "", Role::Test),
            ("validate/a.sql", "", Role::Validation),
            ("1_complete_setup.sql", "", Role::Setup),
            ("1_seed_rows.sql", "", Role::Seed),
            ("1_enhance_x.sql", "", Role::Enhancement),
            ("1_add_latest_test_results.sql", "", Role::Feature),
        ] {
            assert_eq!(set(&[(path, text)]).files()[0].role, role, "{path}");
        }
    }
}
