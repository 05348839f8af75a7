//! Which work can be left out: a step whose inputs look as they did when it last succeeded.
//! Inputs are compared by path, size and time of change, as make does, not by content.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::failure::Outcome;
use crate::files;

/// Folders that hold results, not inputs.
const RESULTS: [&str; 3] = ["node_modules", "dist", "target"];

/// The state of a step's inputs, and the file that remembers it.
pub(crate) struct Stamp {
    file: PathBuf,
    state: String,
}

impl Stamp {
    /// Looks at the inputs: files, or folders with all below them.
    pub(crate) fn of(file: PathBuf, inputs: &[PathBuf]) -> Outcome<Self> {
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            look(input, &mut hasher)?;
        }
        Ok(Self { file, state: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the step succeeded with exactly these inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|state| state == self.state)
    }

    /// Remembers that the step succeeded.
    pub(crate) fn set(&self) -> Outcome {
        if let Some(folder) = self.file.parent() {
            files::create_folder(folder)?;
        }
        files::write(&self.file, &self.state)
    }
}

fn look(path: &Path, hasher: &mut DefaultHasher) -> Outcome {
    path.hash(hasher);
    // A missing input is a state like any other; the step itself reports it.
    let Ok(meta) = fs::metadata(path) else { return Ok(()) };
    if !meta.is_dir() {
        let changed = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        (meta.len(), changed).hash(hasher);
        return Ok(());
    }
    for entry in files::entries(path)? {
        let name = entry.file_name().unwrap_or_default();
        if !RESULTS.iter().any(|result| name == *result) {
            look(&entry, hasher)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_an_input_makes_the_stamp_stale_and_a_result_does_not() {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let inputs = [folder.join("src")];
        fs::create_dir_all(inputs[0].join("node_modules")).unwrap();
        fs::write(inputs[0].join("a.rs"), "one").unwrap();
        let stamp = || Stamp::of(folder.join("stamp"), &inputs).unwrap();
        assert!(!stamp().is_fresh());
        stamp().set().unwrap();
        assert!(stamp().is_fresh());
        fs::write(inputs[0].join("node_modules/b.js"), "result").unwrap();
        assert!(stamp().is_fresh());
        fs::write(inputs[0].join("a.rs"), "three").unwrap();
        assert!(!stamp().is_fresh());
        fs::remove_dir_all(folder).unwrap();
    }
}
