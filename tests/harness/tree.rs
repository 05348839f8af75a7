//! The tracked files of the repository.
//! It judges nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's root.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// A file of the tree.
#[derive(Clone, Debug)]
pub struct TreeFile {
    /// Below the root, with `/`.
    pub path: String,
    /// The whole text; files that are not UTF-8 are not listed.
    pub text: String,
}

/// What is not source: built, installed or version control's own, which is a file in a worktree.
const SKIPPED: [&str; 4] = [".git", "target", "frontend/dist", "tests/e2e/build"];

/// Every text file of the tree, by path.
pub fn files() -> Vec<TreeFile> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, below: &str, found: &mut Vec<TreeFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        match entry.file_type() {
            _ if SKIPPED.contains(&path.as_str()) || name == "node_modules" => {}
            Ok(kind) if kind.is_dir() => walk(&entry.path(), &path, found),
            Ok(kind) if kind.is_file() => {
                if let Ok(text) = fs::read_to_string(entry.path()) {
                    found.push(TreeFile { path, text });
                }
            }
            _ => {}
        }
    }
}
