//! Other programs: how they are called, and what is said when one is missing or fails.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};

/// A program to call, with its arguments and surroundings.
pub(crate) struct Tool {
    command: Command,
    name: String,
    when_missing: &'static str,
}

impl Tool {
    /// A call of `program`; `when_missing` is the sentence that tells how to get it.
    pub(crate) fn new(program: impl AsRef<OsStr>, when_missing: &'static str) -> Self {
        let program = program.as_ref();
        let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
        Self { command: Command::new(program), name, when_missing }
    }

    /// The cargo that started this program, so that both use one toolchain.
    pub(crate) fn cargo() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(cargo, "Install Rust with rustup.")
    }

    /// npm, quiet about everything but errors.
    pub(crate) fn npm() -> Self {
        let npm = Self::new("npm", "Install Node.js 20 or newer.");
        npm.args(["--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier"])
    }

    /// Node.js itself.
    pub(crate) fn node() -> Self {
        Self::new("node", "Install Node.js 20 or newer.")
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs to the end, showing what the program says; fails unless it succeeds.
    pub(crate) fn run(mut self) -> Outcome {
        let status = self.command.stdin(Stdio::null()).status().map_err(|e| self.not_started(&e))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{}` failed ({status}); its own words are above.", self.line())))
    }

    /// Runs to the end and returns what the program printed; its complaints go into the failure.
    pub(crate) fn output(mut self) -> Outcome<String> {
        let output = self.command.stdin(Stdio::null()).output().map_err(|e| self.not_started(&e))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("`{}` failed ({}):\n{}", self.line(), output.status, said.trim())))
    }

    /// Whether the program exists and succeeds; says nothing.
    pub(crate) fn succeeds(mut self) -> bool {
        let silent = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        silent.status().is_ok_and(|status| status.success())
    }

    /// The command itself, for a caller that becomes it.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    fn line(&self) -> String {
        let args = self.command.get_args().map(|arg| arg.to_string_lossy().into_owned());
        std::iter::once(self.name.clone()).chain(args).collect::<Vec<_>>().join(" ")
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        match error.kind() {
            ErrorKind::NotFound => {
                Failure::new(format!("`{}` was not found. {}", self.name, self.when_missing))
            }
            _ => Failure::new(format!("`{}` could not be started: {error}", self.name)),
        }
    }
}
