//! The files to read: what `cargo xtask corpora` fetched.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// The files of one package.
pub(crate) struct Corpus {
    pub(crate) name: String,
    pub(crate) files: Vec<File>,
}

/// A file that is UTF-8.
pub(crate) struct File {
    /// Below its corpus.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder, by STUDIO_CORPORA; `cargo xtask test` sets it.
pub(crate) fn folder() -> io::Result<PathBuf> {
    let help = "run `cargo xtask corpora` and set STUDIO_CORPORA to the folder it prints";
    env::var_os("STUDIO_CORPORA").map(PathBuf::from).ok_or_else(|| io::Error::other(help))
}

/// All corpora by name.
pub(crate) fn read() -> io::Result<Vec<Corpus>> {
    let mut corpora = Vec::new();
    for folder in entries(&folder()?.join("sql"))? {
        let mut files = Vec::new();
        walk(&folder, &folder, &mut files)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        corpora.push(Corpus { name, files });
    }
    Ok(corpora)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for path in entries(folder)? {
        if path.is_dir() {
            walk(root, &path, files)?;
        } else if let Ok(text) = String::from_utf8(fs::read(&path)?) {
            let path = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
