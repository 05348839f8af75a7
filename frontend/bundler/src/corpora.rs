//! Provisions real SQL files to read, and PostgreSQL's own grammar to judge the reading.
//! Fetches pinned packages with the ordinary clients (npm, pip, cargo, apt) and knows no address; runs nothing
//! of what it fetches.
//!
//! The result is one folder: `sql/` with a folder for each package, and `node_modules/` with the grammar.

use std::path::{Path, PathBuf};

use crate::cache;
use crate::failure::{Failure, Outcome};
use crate::files::{copy, create_folder, entries, has_extension, read_text, remove_folder, rename, write};
use crate::machine;
use crate::progress::{step, warn};
use crate::tool::Tool;

const PACKAGE: &str = include_str!("../corpora/package.json");
const LOCK: &str = include_str!("../corpora/package-lock.json");
const REQUIREMENTS: &str = include_str!("../corpora/requirements.txt");
const CRATES: &str = include_str!("../corpora/crates.toml");
const CRATES_LOCK: &str = include_str!("../corpora/crates.lock");

/// The packages that stay as they are.
const GRAMMAR: [&str; 2] = ["libpg-query", "@pgsql/types"];

/// PostgreSQL's own sources, whose regression suite holds statements of every kind: the release of each Debian.
/// Its archive keeps one version of each, so none is pinned; apt checks what it gets.
const SOURCES: [&str; 3] = ["postgresql-17/trixie", "postgresql-15/bookworm", "postgresql-13/bullseye"];

/// Makes sure that the corpora are there and returns their folder; does nothing when they are.
pub(crate) fn provision(engine: &Path) -> Outcome<PathBuf> {
    let pins = cache::digest(&[PACKAGE, LOCK, REQUIREMENTS, CRATES, CRATES_LOCK, &engine.to_string_lossy()]);
    cache::folder("corpora", &pins, |partial| assemble(engine, partial))
}

fn assemble(engine: &Path, partial: &Path) -> Outcome {
    let python = machine::python_with_pip()?;
    let sql = partial.join("sql");
    create_folder(&sql)?;
    step("packages with SQL files (npm)", || npm(partial, &sql))?;
    step("packages with SQL files (pip)", || pip(&python, &partial.join("pip"), &sql))?;
    step("packages with SQL files (cargo)", || crates(&partial.join("crates"), &sql))?;
    step("PostgreSQL's regression suite (apt)", || regression_suite(&python, &partial.join("debian"), &sql))?;
    collect(&engine.join("share/postgresql"), &sql.join("postgresql-extensions"), copy)?;
    Ok(())
}

/// All `.sql` files below `from`, to the same places below `to`.
fn collect(from: &Path, to: &Path, bring: fn(&Path, &Path) -> Outcome) -> Outcome {
    for path in entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() && !path.is_symlink() {
            collect(&path, &target, bring)?;
        } else if has_extension(&path, "sql") && path.is_file() {
            create_folder(to)?;
            bring(&path, &target)?;
        }
    }
    Ok(())
}

/// The packages of the lock file without their dependencies; the grammar stays where Node.js finds it.
fn npm(folder: &Path, sql: &Path) -> Outcome {
    write(&folder.join("package.json"), PACKAGE)?;
    write(&folder.join("package-lock.json"), LOCK)?;
    Tool::npm().args(["ci", "--ignore-scripts"]).within(folder).output()?;
    let package: serde_json::Value =
        serde_json::from_str(PACKAGE).map_err(Failure::while_doing("Reading the pins of the corpora"))?;
    for name in package["dependencies"].as_object().into_iter().flatten().map(|(name, _)| name) {
        let unpacked = folder.join("node_modules").join(name);
        collect(&unpacked, &sql.join(name.trim_start_matches('@').replace('/', "-")), rename)?;
        if !GRAMMAR.contains(&name.as_str()) {
            remove_folder(&unpacked)?;
        }
    }
    Ok(())
}

/// Wheels of one platform, whatever this machine is: only their SQL is read.
fn pip(python: &str, folder: &Path, sql: &Path) -> Outcome {
    create_folder(folder)?;
    write(&folder.join("requirements.txt"), REQUIREMENTS)?;
    Tool::new(python, machine::PIP_WHEN_MISSING)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--require-hashes", "--only-binary=:all:"])
        .args(["--implementation", "cp", "--python-version", "311", "--abi", "abi3"])
        .args(["--platform", "manylinux_2_28_x86_64", "--dest", ".", "--requirement", "requirements.txt"])
        .within(folder)
        .output()?;
    for wheel in entries(folder)?.iter().filter(|path| has_extension(path, "whl")) {
        let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.split('-').next().unwrap_or_default().to_owned();
        let unpacked = folder.join(&name);
        let tool = Tool::new(python, machine::PIP_WHEN_MISSING).args(["-m", "zipfile", "-e"]);
        tool.arg(wheel).arg(&unpacked).output()?;
        collect(&unpacked, &sql.join(&name), rename)?;
    }
    remove_folder(folder)
}

fn crates(folder: &Path, sql: &Path) -> Outcome {
    create_folder(folder)?;
    write(&folder.join("Cargo.toml"), CRATES)?;
    write(&folder.join("Cargo.lock"), CRATES_LOCK)?;
    write(&folder.join("empty.rs"), "")?;
    Tool::cargo().args(["vendor", "--locked", "--quiet", "vendor"]).within(folder).output()?;
    for package in entries(&folder.join("vendor"))? {
        collect(&package, &sql.join(package.file_name().unwrap_or_default()), rename)?;
    }
    remove_folder(folder)
}

/// The one part that is not pinned, and the one that may be missing: what the archive does not have is left out
/// aloud, and the tests say how much the rest must hold.
fn regression_suite(python: &str, folder: &Path, sql: &Path) -> Outcome {
    if let Err(failure) = debian(python, folder, sql) {
        warn(format_args!("PostgreSQL's regression suite is left out. {failure}"));
    }
    remove_folder(folder)
}

/// Lists and packages stay in `folder`: the machine's own state is not touched.
fn debian(python: &str, folder: &Path, sql: &Path) -> Outcome {
    for part in ["lists/partial", "cache/archives/partial", "sources.d"] {
        create_folder(&folder.join(part))?;
    }
    source_lists(&folder.join("sources.d"))?;
    let apt = || {
        let set = |key: &str, value: &Path| format!("-oDir::{key}={}", value.display());
        Tool::new("apt-get", "It comes from Debian's archive.").arg("-qq").within(folder).args([
            set("Etc::SourceList", Path::new("/dev/null")),
            set("Etc::SourceParts", &folder.join("sources.d")),
            set("State::Lists", &folder.join("lists")),
            set("Cache", &folder.join("cache")),
        ])
    };
    apt().arg("update").output()?;
    let fetch = |source: &&&str| apt().args(["source", "--download-only", source]).output().is_ok();
    let Some(source) = SOURCES.iter().find(fetch) else {
        return Err(Failure::new(format!("The archive serves none of {}.", SOURCES.join(", "))));
    };
    for archive in entries(folder)?.iter().filter(|path| path.to_string_lossy().contains(".orig.tar.")) {
        let script = "import sys, tarfile\n\
                      tar = tarfile.open(sys.argv[1])\n\
                      tar.extractall('unpacked', [one for one in tar if one.name.endswith('.sql')])";
        Tool::new(python, "").args(["-c", script]).arg(archive).within(folder).output()?;
        collect(&folder.join("unpacked"), &sql.join(source.replace('/', "-")), rename)?;
    }
    Ok(())
}

/// The system's own package sources of Debian, asked for source code instead of programs.
fn source_lists(folder: &Path) -> Outcome {
    let parts = entries(Path::new("/etc/apt/sources.list.d")).unwrap_or_default();
    let single = PathBuf::from("/etc/apt/sources.list");
    for path in parts.into_iter().chain(single.exists().then_some(single)) {
        let text = read_text(&path)?;
        if text.contains("/debian") {
            let sources =
                text.replace("Types: deb\n", "Types: deb-src\n").replace("deb http", "deb-src http");
            write(&folder.join(path.file_name().unwrap_or_default()), sources)?;
        }
    }
    Ok(())
}
