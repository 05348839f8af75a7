//! The file operations of the steps, with failures that name the file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(Failure::while_doing(format_args!("Reading {}", path.display())))
}

pub(crate) fn read_text(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(Failure::while_doing(format_args!("Reading {}", path.display())))
}

pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Outcome {
    fs::write(path, bytes).map_err(Failure::while_doing(format_args!("Writing {}", path.display())))
}

pub(crate) fn create_folder(path: &Path) -> Outcome {
    fs::create_dir_all(path).map_err(Failure::while_doing(format_args!("Creating {}", path.display())))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Outcome {
    fs::rename(from, to).map_err(Failure::while_doing(format_args!("Moving {}", from.display())))
}

pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    let copied = fs::copy(from, to).map(drop);
    copied.map_err(Failure::while_doing(format_args!("Copying {}", from.display())))
}

/// Removes a folder with all in it; a missing one is fine.
pub(crate) fn remove_folder(path: &Path) -> Outcome {
    if !path.exists() {
        return Ok(());
    }
    fs::remove_dir_all(path).map_err(Failure::while_doing(format_args!("Removing {}", path.display())))
}

pub(crate) fn remove_file(path: &Path) -> Outcome {
    fs::remove_file(path).map_err(Failure::while_doing(format_args!("Removing {}", path.display())))
}

pub(crate) fn symlink(target: &Path, link: &Path) -> Outcome {
    std::os::unix::fs::symlink(target, link)
        .map_err(Failure::while_doing(format_args!("Linking {}", link.display())))
}

/// The paths in a folder, sorted by name.
pub(crate) fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let list: std::io::Result<Vec<PathBuf>> = read();
    let mut list = list.map_err(Failure::while_doing(format_args!("Listing {}", folder.display())))?;
    list.sort();
    Ok(list)
}

pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
