//! `studio serve`: starts everything in order, says so, and ends everything in order.

use std::{
    io,
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use studio_kernel::words::count;
use tokio::{net::TcpListener, sync::watch};

use super::{
    output::{errln, outln},
    servers::Servers,
    start_link,
};
use crate::{
    config::{Config, DEFAULT_LISTEN},
    error::{Error, Result},
    http::Server,
    log,
    pg::{self, studio::Studio, target::Target},
    router,
    services::{
        audit::{self, Anchor, Anchors, Kept, Refusals, Verdict},
        folder::Folder,
        people,
        runs::{Registry, recovery},
    },
    state::{AppState, Parts},
};

/// Requests and streams that are open at the end get this long.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub async fn run(config: Config) -> ExitCode {
    log::init(config.log_format);
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            errln!("error: {}", said(&error));
            // What it was told cannot be used; anything else is a failure of its own.
            let told = matches!(error, Error::Invalid(_) | Error::Target(_) | Error::Folder { .. });
            ExitCode::from(if told { 2 } else { 1 })
        }
    }
}

/// A failure of the server itself, for whoever starts it; many name the remedy themselves.
pub(super) fn said(error: &Error) -> String {
    let help = match error {
        Error::Invalid(_) | Error::Engine(_) => None,
        Error::Folder { .. } => Some("Name the folder of the migration files with --migrations."),
        Error::Database(error) if pg::is_forbidden(error) => Some(
            "At the first start the login of --state-url makes the schema studio and the role studio_server: give it \
             CREATEROLE and the right to create in its database.",
        ),
        Error::Database(_) => Some(
            "Check that the studio's own database, which --state-url names, is there and takes this login.",
        ),
        other => Some(other.help()),
    };
    let text = match error {
        Error::Engine(error) => error.to_string(),
        other => other.with_causes(),
    };
    let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    text + &help
}

/// What happens, with the time since the start.
pub(super) struct Steps(Instant);

impl Steps {
    pub(super) fn say(&self, text: &str) {
        outln!("{:>7.2} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

/// Other processes of the same user can look neither at the environment, which may hold a database's password, nor
/// at the memory.
#[cfg(target_os = "linux")]
fn close_to_others() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Refused by no kernel that is known; without it the password is as open as the environment of any program.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other programs of this user can read the environment of the studio");
    }
}

#[cfg(not(target_os = "linux"))]
fn close_to_others() {}

async fn serve(config: Config) -> Result<()> {
    close_to_others();
    let steps = Steps(Instant::now());
    if !config.may_listen() {
        return Err(Error::invalid(format!(
            "Others can reach {}, and nobody said by which name: give the address they use with --public-url, or \
             --any-host to answer to every name.",
            config.listen
        )));
    }
    let folder = Folder::new(&config.migrations);
    let files = folder.snapshot().await?;
    steps.say(&format!("{} migration files in {}", files.set.files().len(), folder.root().display()));
    for file in &files.unreadable {
        steps.say(&format!("{} is left out: {}", file.path, file.reason));
    }
    // A wrong address is said before anything is started.
    let target = given(&config, config.database_url.as_ref())?;
    let studio = given(&config, config.state_url.as_ref())?;
    let servers = Servers::start(&config, &steps).await?;
    let served = serve_with(config, folder, &servers, [studio, target], &steps).await;
    servers.stop(&steps).await;
    served
}

/// A database that was named.
pub(super) fn given(config: &Config, url: Option<&SecretString>) -> Result<Option<Target>> {
    let target = url.map(|url| Target::new(url.expose_secret(), config.database_ca.as_deref(), false));
    Ok(target.transpose()?)
}

async fn serve_with(
    config: Config,
    folder: Folder,
    servers: &Servers,
    [studio, target]: [Option<Target>; 2],
    steps: &Steps,
) -> Result<()> {
    let studio = Studio::open(servers.state_address(studio)?).await?;
    let anchors = config.anchors();
    let target = servers.target_address(target)?;
    check_log(&studio, anchors.as_ref(), &target, steps).await?;
    steps.say(&format!("Runs go to {}", target.name()));
    let tls = config.serving.tls()?;
    let own_tls = tls.is_some();
    let listener = listen(&config).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.listen, &error))?;
    people::fold_names(&studio).await?;
    let (stop, shutdown) = watch::channel(false);
    let cookie = cookie_name(&config, address);
    let state = AppState::new(Parts {
        config,
        studio,
        target,
        engine: servers.engine.clone(),
        target_server: servers.target.clone(),
        folder,
        registry: Registry::default(),
        refusals: Refusals::default(),
        anchors,
        shutdown: shutdown.clone(),
        cookie,
    });
    settle(&state, steps).await?;
    let server = Server {
        listener,
        app: router(state.clone()),
        tls,
        limits: state.config.serving.limits.within_files(),
        proxies: state.config.serving.proxy.clone(),
        shutdown: shutdown.clone(),
    };
    steps.say("Ready");
    let origin = match &state.config.serving.public_url {
        Some(public) => public.to_string(),
        None => format!("http://{address}"),
    };
    start_link::show(&state.config, &state.studio, &origin).await?;
    if !state.config.is_local() && !own_tls {
        outln!("Others can reach this address: put a proxy with TLS before it; sessions need https.\n");
    }
    let signals = tokio::spawn(signals(stop));
    let drained = async {
        ended(shutdown).await;
        steps.say("Stopping");
        tokio::time::sleep(DRAIN).await;
    };
    let ended = tokio::select! {
        () = server.run() => None,
        () = drained => None,
        why = servers.gone() => Some(why),
    };
    signals.abort();
    state.registry.stop_all("the server's end", DRAIN).await;
    if let Some(why) = ended {
        return Err(why.into());
    }
    state.refusals.settle(&state.studio).await;
    if let Some(anchors) = &state.anchors {
        anchors.keep(&Anchor::of(&state.studio, None).await?).await?;
    }
    Ok(())
}

/// What a server that was killed has left: runs without an end.
async fn settle(state: &AppState, steps: &Steps) -> Result<()> {
    let runs = recovery::recover(state).await?;
    if runs > 0 {
        steps.say(&format!("{} had no end; the page of each says what became of it", count(runs, "run")));
    }
    Ok(())
}

/// Says whether the audit log is what it was, and keeps its head from now on. A log that was tampered with is said
/// again at every start, and its head is not vouched for.
async fn check_log(studio: &Studio, anchors: Option<&Anchors>, target: &Target, steps: &Steps) -> Result<()> {
    let in_file = anchors.map(Anchors::read).transpose()?.unwrap_or_default();
    // A target that is away is said where it is needed.
    let on_target = audit::beside::read(target).await.unwrap_or_default();
    let file = anchors.map(|anchors| anchors.file().to_owned());
    let verdict = audit::verify(studio, Kept { in_file, file, on_target }, |_| {}).await?;
    steps.say(&verdict.to_string());
    match (verdict, anchors) {
        (Verdict::Intact { .. }, Some(anchors)) => {
            anchors.keep(&Anchor::of(studio, None).await?).await?;
        }
        (Verdict::Intact { .. }, None) => {
            steps.say("This account has no home folder, so nothing outside of the database vouches for the audit log");
        }
        _ => {}
    }
    Ok(())
}

/// Cookies know no ports: two studios on this machine must not overwrite each other's.
fn cookie_name(config: &Config, address: SocketAddr) -> String {
    match config.is_local() && !config.serving.is_https() {
        true => format!("studio-{}", address.port()),
        false => "__Host-studio".to_owned(),
    }
}

/// Where it was told to listen; when nobody told and the port is taken, on any free one.
async fn listen(config: &Config) -> Result<TcpListener> {
    let bound = match TcpListener::bind(config.listen).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && config.listen == DEFAULT_LISTEN => {
            TcpListener::bind((config.listen.ip(), 0)).await
        }
        other => other,
    };
    bound.map_err(|error| cannot_listen(config.listen, &error))
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Error {
    Error::invalid(format!("Listening on {address} failed: {error}. Choose another address with --listen."))
}

async fn ended(mut shutdown: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// The first signal ends the server in order, the second one at once.
async fn signals(stop: watch::Sender<bool>) {
    signal().await;
    stop.send_replace(true);
    signal().await;
    std::process::exit(130);
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn a_session_needs_https_except_on_this_machine() {
        for (arguments, name) in [
            (&["studio"][..], "studio-4800"),
            (&["studio", "--public-url", "http://localhost:4800"], "studio-4800"),
            (&["studio", "--public-url", "https://a.example"], "__Host-studio"),
            (&["studio", "--listen", "0.0.0.0:4800", "--public-url", "https://a.example"], "__Host-studio"),
            (&["studio", "--listen", "0.0.0.0:4800", "--any-host"], "__Host-studio"),
        ] {
            let Command { config } = Command::try_parse_from(arguments).unwrap();
            assert_eq!(cookie_name(&config, DEFAULT_LISTEN), name, "{arguments:?}");
        }
    }
}
