//! The files that a command is given: folders stand for all their `.sql` files, and the files of one folder
//! are read as one set.

use std::path::{Path, PathBuf};

use studio_kernel::migration::{MigrationSet, SourceFile};

use crate::services::folder::{read_text, read_within, sql_files};

/// Sub-folders of a migrations folder: a file in one of them belongs to the set of the folder above.
const PARTS: [&str; 5] = ["rollback", "validate", "maintenance", "tests", "test"];

/// The files of one migrations folder.
pub(super) struct Input {
    root: PathBuf,
    given: Vec<String>,
    /// As the kernel reads them.
    pub(super) set: MigrationSet,
}

impl Input {
    /// The paths in the set, in the order they were given.
    pub(super) fn paths(&self) -> Vec<&str> {
        self.given.iter().map(String::as_str).collect()
    }

    /// The set with every other file of its folder, for files that name their neighbours.
    ///
    /// # Errors
    /// The folder, or the first file of it that cannot be read.
    pub(super) fn whole(&self) -> Result<MigrationSet, String> {
        let folder = [self.root.clone()];
        let all = read(&folder)?.into_iter().flat_map(|input| input.set.files().to_vec());
        Ok(MigrationSet::new(all.map(|file| SourceFile { path: file.path, text: file.text })))
    }

    /// A path of the set as the person who called would write it.
    pub(super) fn shown(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }
}

/// Reads files and folders.
///
/// # Errors
/// The first path that cannot be read, with the reason.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Input>, String> {
    let mut found: Vec<(PathBuf, Vec<SourceFile>)> = Vec::new();
    for path in paths {
        let files =
            sql_files(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
        if files.is_empty() {
            return Err(format!("{} holds no .sql file.", path.display()));
        }
        for file in files {
            let root = if path.is_dir() { path.clone() } else { parent(&file) };
            let root = match root.file_name().and_then(|name| name.to_str()) {
                Some(name) if PARTS.contains(&name) => parent(&root),
                _ => root,
            };
            // A file that was named is read wherever it leads to.
            let text = if path.is_dir() { read_within(&root, &file) } else { read_text(&file) };
            let text = text.map_err(|reason| format!("{} cannot be read: {reason}.", file.display()))?;
            let below = file.strip_prefix(&root).unwrap_or(&file);
            let source = SourceFile { path: slashed(below), text };
            match found.iter_mut().find(|(known, _)| *known == root) {
                Some((_, files)) => files.push(source),
                None => found.push((root, vec![source])),
            }
        }
    }
    let input = |(root, files): (PathBuf, Vec<SourceFile>)| {
        let mut given: Vec<String> = Vec::with_capacity(files.len());
        for SourceFile { path, .. } in &files {
            if !given.contains(path) {
                given.push(path.clone());
            }
        }
        Input { root, given, set: MigrationSet::new(files) }
    };
    Ok(found.into_iter().map(input).collect())
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
