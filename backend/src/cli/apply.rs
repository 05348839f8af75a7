//! `studio apply`, `studio rollback` and `studio validate`: the executor at work on a database, without a
//! review. It prints the plan and, for what changes the database, wants `--yes`.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use studio_kernel::{
    migration::{Migration, MigrationSet, Role},
    plan::{Plan, plan_for},
    run::{RunEvent, RunEventKind, RunKind, RunState, RunView, api::FileState},
};

use super::{
    input,
    output::{errln, outln},
    plan::print as print_plan,
    print_json, unusable, verdict,
};
use crate::{
    config::url_or_file,
    pg::target::{Settings, Target, TargetError},
    services::{
        migrations::file_state,
        runs::{
            Journal, LiveRun, Order, Step,
            order::{checked, steps},
            registry,
        },
        target::{self, Ledger},
    },
};

/// Arguments of the commands that work on a database.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders, all of one migrations folder
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// Do it; without this `apply` and `rollback` only print the plan
    #[arg(long)]
    yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Which database.
#[derive(clap::Args, Debug)]
pub struct Database {
    /// postgresql://user:password@host/database, or @FILE that holds it
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", value_parser = url_or_file)]
    database_url: SecretString,
    /// PEM file with the authorities to trust instead of the system's
    #[arg(long, env = "STUDIO_DATABASE_CA", value_name = "FILE")]
    database_ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The one document of `--format json`.
#[derive(Serialize)]
struct Answer<'a> {
    plan: &'a Plan,
    /// `null` when nothing ran.
    run: Option<&'a RunView>,
}

/// What is to be done with the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Forward files that are not in the ledger.
    Apply,
    /// Rollback files, newest first.
    Rollback,
    /// Validation and test files.
    Validate,
}

impl Database {
    /// Reads the address.
    ///
    /// # Errors
    /// [`TargetError`].
    pub(super) fn target(&self) -> Result<Target, TargetError> {
        Target::new(self.database_url.expose_secret(), self.database_ca.as_deref(), false)
    }
}

impl Deed {
    fn files(self) -> &'static str {
        match self {
            Self::Apply => "setup, feature, enhancement and seed files",
            Self::Rollback => "rollback files",
            Self::Validate => "validation and test files",
        }
    }

    fn takes(self, role: Role) -> bool {
        match self {
            Self::Apply => role.is_forward(),
            Self::Rollback => role == Role::Rollback,
            Self::Validate => matches!(role, Role::Validation | Role::Test),
        }
    }
}

/// Does it; ends with 0 when done, 1 when something failed, `--yes` is missing or a file was edited after it was
/// applied, 2 when it could not begin.
pub async fn run(args: &Args, deed: Deed) -> ExitCode {
    let inputs = match input::read(&args.paths) {
        Ok(inputs) => inputs,
        Err(error) => return unusable(error),
    };
    let [input] = inputs.as_slice() else {
        return unusable("The files must be of one migrations folder.");
    };
    let target = match args.database.target() {
        Ok(target) => target,
        Err(error) => return cannot(&error),
    };
    let ledger = match target::ledger(&target).await {
        Ok(ledger) => ledger,
        Err(error) => return cannot(&error),
    };
    // A rollback names its forward file, which says what leaves the ledger.
    let set = match input.whole() {
        Ok(set) => set,
        Err(error) => return unusable(error),
    };
    let chosen = input.set.files().iter().filter(|file| deed.takes(file.role));
    // A folder holds files of every role; a file that was named is meant.
    let is_meant = !args.paths.iter().any(|path| path.is_dir());
    let stray = input.set.files().iter().find(|file| !deed.takes(file.role));
    if let Some(stray) = stray.filter(|_| is_meant || chosen.clone().next().is_none()) {
        let (path, role) = (input.shown(&stray.path), stray.role);
        return unusable(format!("{path} has the role {role}, and this command runs {}.", deed.files()));
    }
    let plan = planned(&set, chosen.clone().map(|file| file.path.as_str()).collect(), deed, &ledger);
    let loud = matches!(args.format, Format::Text);
    if loud {
        print_plan(&plan);
    }
    let is_edited = |file: &&Migration| file_state(file, Some(&ledger.rows)) == FileState::Edited;
    let edited: Vec<&Migration> = chosen.filter(|file| deed == Deed::Apply && is_edited(file)).collect();
    for file in &edited {
        errln!("warning: {} was edited after it was applied; what it says now is not run.", file.path);
    }
    let todo = steps(&plan);
    let idle = if !plan.refusals.is_empty() {
        Some(false)
    } else if todo.is_empty() {
        if loud {
            outln!("Nothing to do on {}.", target.name());
        }
        Some(deed != Deed::Validate)
    } else if deed != Deed::Validate && !args.yes {
        errln!("This was the plan for {}. Add --yes to run it.", target.name());
        Some(false)
    } else {
        None
    };
    if let Some(fine) = idle {
        if !loud {
            print_json(&Answer { plan: &plan, run: None });
        }
        return verdict(fine && edited.is_empty());
    }
    let mut with_text = Vec::with_capacity(todo.len());
    for (index, planned) in todo.iter().enumerate() {
        let Some((file, source)) =
            planned.file.as_ref().and_then(|file| Some((file, input.set.get(&file.path)?)))
        else {
            continue;
        };
        match checked(file, source.text.clone().into_bytes()) {
            Ok(text) => with_text.push(Step { index, planned: planned.clone(), text }),
            Err(why) => return unusable(why),
        }
    }
    let kind = if deed == Deed::Validate { RunKind::Validate } else { RunKind::Apply };
    let run =
        std::sync::Arc::new(LiveRun::begin(uuid::Uuid::now_v7().to_string(), kind, target.name(), todo));
    let view = execute(&run, &target, &with_text, loud).await;
    match args.format {
        Format::Json => drop(print_json(&Answer { plan: &plan, run: Some(&view) })),
        Format::Text => outln!("{}: {}", view.state, view.summary),
    }
    verdict(view.state == RunState::Done && edited.is_empty())
}

fn planned(set: &MigrationSet, mut paths: Vec<&str>, deed: Deed, ledger: &Ledger) -> Plan {
    let applied = ledger.versions();
    let mut plan = plan_for(set, &paths, &applied, ledger.server);
    if deed == Deed::Rollback {
        // Newest first: what was built on something is undone before it.
        let version = |path: &str| {
            let file = plan.files.iter().find(|file| file.path == path);
            file.and_then(|file| file.version.clone())
        };
        paths.sort_by_key(|path| std::cmp::Reverse(version(path)));
        paths.retain(|path| version(path).is_none_or(|version| applied.contains(&version)));
        plan = plan_for(set, &paths, &applied, ledger.server);
    }
    plan.refuse_other_names(set, &ledger.names());
    plan
}

/// Runs it while its events are printed; Ctrl-C stops it, and nothing of the open segment remains.
async fn execute(run: &std::sync::Arc<LiveRun>, target: &Target, steps: &[Step], loud: bool) -> RunView {
    let by = std::env::var("USER").unwrap_or_else(|_| "studio".to_owned());
    let journal = Journal::none();
    let order = Order { run, journal: &journal, target, by: &by, settings: Settings::default() };
    let work = async {
        let (state, summary) = match run.kind() {
            RunKind::Validate => order.validate(steps).await,
            RunKind::Apply | RunKind::DryRun => order.apply(steps).await,
        };
        run.emit(RunEventKind::Ended { state, summary });
    };
    let watch = async {
        let mut newest = run.newest();
        let mut seen = 0;
        while !run.has_ended() {
            if newest.changed().await.is_err() {
                return;
            }
            for event in run.after(seen) {
                seen = event.seq;
                if loud {
                    say(&event);
                }
            }
        }
    };
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            registry::stop(std::sync::Arc::clone(run), &by);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(work, watch) } => {}
        () = interrupt => {}
    }
    run.view()
}

fn say(event: &RunEvent) {
    match &event.kind {
        RunEventKind::Waiting { holder } => outln!("waiting  the target is held by {holder}"),
        RunEventKind::Notice { notice, .. } => {
            outln!("{:<8} {}", notice.severity.to_lowercase(), notice.message)
        }
        RunEventKind::Progress { text, .. } => outln!("         {text}"),
        RunEventKind::StatementFailed { error, .. } => {
            outln!(
                "error    line {}, column {}: {} (SQLSTATE {})",
                error.line,
                error.column,
                error.message,
                error.sqlstate
            );
            for more in [&error.detail, &error.hint, &error.context].into_iter().flatten() {
                outln!("         {more}");
            }
        }
        RunEventKind::SegmentCommitted { ledger: Some(row), .. } => outln!("recorded {row}"),
        _ => {}
    }
}

pub(super) fn cannot(error: &TargetError) -> ExitCode {
    unusable(format!("{}\nhelp: {}", error.message, error.help))
}
