//! The set: every file of a folder (or of a change laid over it), in order.

use super::{Migration, SourceFile};

/// All files, ordered by path as text, which is the order of versions.
#[derive(Clone, Debug, Default)]
pub struct MigrationSet {
    files: Vec<Migration>,
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
        let _ = files.into_iter();
        Self::default()
    }

    /// Puts a file in place of the one with its path, or adds it; only this file is read again.
    pub fn put(&mut self, file: SourceFile) {
        let _ = (&mut self.files, &file);
    }

    /// The triple of a forward file; `None` for any other.
    pub fn triple(&self, path: &str) -> Option<Triple<'_>> {
        let forward = self.get(path).filter(|file| file.role.is_forward())?;
        Some(Triple {
            forward,
            rollback: None,
            validation: None,
        })
    }

    /// All files.
    pub fn files(&self) -> &[Migration] {
        &self.files
    }

    /// The file of this path.
    pub fn get(&self, path: &str) -> Option<&Migration> {
        self.files.iter().find(|file| file.path == path)
    }
}
