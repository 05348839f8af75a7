//! Where things are: the repository's folders and cargo's target folder.

use std::env;
use std::path::{Path, PathBuf};

/// The repository on this machine.
pub(crate) struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Found from what cargo says about this package, else from the present folder.
    pub(crate) fn find() -> Self {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = manifest.as_deref().and_then(|bundler| bundler.ancestors().nth(2));
        let root = root.unwrap_or(Path::new(".")).to_owned();
        let target = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].iter().find_map(env::var_os);
        let target = target.map_or_else(|| root.join("target"), |target| root.join(target));
        Self { root, target }
    }

    /// A path inside the repository.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside cargo's target folder.
    pub(crate) fn target(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }

    /// The server program, as the release build makes it.
    pub(crate) fn studio(&self) -> PathBuf {
        self.target("release/studio")
    }
}
