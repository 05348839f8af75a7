//! What the studio is and which protections are in force here, in words for people. The same words are printed at the
//! start where they concern the machine.

use studio_kernel::{
    run::api::{About, Protection, Protections},
    words::count,
};

use crate::state::AppState;

/// Describes this server.
pub fn describe(state: &AppState) -> About {
    let groups = [
        ("Dry runs work on a throw-away copy of the target, which has", dry_runs(state)),
        ("Runs on the target", runs(state)),
        ("On the way to the browser", serving(state)),
        ("What was done", records(state)),
    ];
    let groups = groups.map(|(title, protections)| Protections { title: title.to_owned(), protections });
    About { version: env!("CARGO_PKG_VERSION").to_owned(), groups: groups.into() }
}

fn dry_runs(state: &AppState) -> Vec<Protection> {
    let Some(engine) = state.engine.as_deref() else {
        return vec![Protection::missing(
            "No place: nothing can be dry run here until the studio is started with --data-dir.",
        )];
    };
    let at_once = count(state.queue().proofs_at_once(), "dry run");
    let limits = format!("at most {}", engine.limits().phrases().join(", "));
    let turns = format!("its turn: {at_once} at once, one of each person");
    let confined = engine.confinement().protections().into_iter().map(|protection| match protection {
        Ok(text) => Protection::holds(text),
        Err(text) => Protection::missing(text),
    });
    confined.chain([limits, turns].map(Protection::holds)).collect()
}

fn runs(state: &AppState) -> Vec<Protection> {
    vec![
        match state.target.embedded() {
            true => Protection::holds(format!(
                "{} is the studio's own PostgreSQL, and runs there are no superuser's.",
                state.target.name()
            )),
            false => Protection::holds(format!(
                "{} is a server of yours; runs have the rights of the role in DATABASE_URL.",
                state.target.name()
            )),
        },
        match state.is_production() {
            true => Protection::holds("It is production: whoever starts a run proves first who they are."),
            false => Protection::missing(
                "It is not production, so a run asks for no password; --target-kind production changes that.",
            ),
        },
    ]
}

fn serving(state: &AppState) -> Vec<Protection> {
    let (config, serving) = (&state.config, &state.config.serving);
    let own_tls = serving.tls_cert.is_some();
    let way = match &serving.public_url {
        Some(url) if own_tls => Protection::holds(format!("The studio itself encrypts, as {url}.")),
        Some(url) if url.is_https() => {
            Protection::holds(format!("A proxy encrypts, as {url}; between it and the studio nothing does."))
        }
        _ if config.is_local() => Protection::holds("Only this machine can reach the studio."),
        Some(_) | None => {
            Protection::missing("Nothing is encrypted; --public-url with --tls-cert or a proxy changes that.")
        }
    };
    vec![way]
}

fn records(state: &AppState) -> Vec<Protection> {
    let log =
        Protection::holds("What people do, and what is refused, is in a log in which nobody changes a line.");
    let outside = match state.anchors {
        Some(_) => Protection::holds(
            "After each run the log's head is kept in a file outside of its database, which shows a log rewritten whole.",
        ),
        None => Protection::missing(
            "Nothing outside of its database would show a log rewritten whole; --audit-anchor changes that.",
        ),
    };
    vec![log, outside]
}
