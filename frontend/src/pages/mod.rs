//! The pages: one module per address. Here the server's answers, the state and the components meet.

mod account;
mod change;
mod changes;
mod migration;
mod migrations;
mod not_found;
mod people;
mod rules;
mod run;
mod runs;
mod sessions;
mod sign_in;

pub(crate) use account::AccountPage;
pub(crate) use change::ChangePage;
pub(crate) use changes::ChangesPage;
pub(crate) use migration::MigrationPage;
pub(crate) use migrations::MigrationsPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use people::PeoplePage;
pub(crate) use rules::{RulePage, RulesPage};
pub(crate) use run::RunPage;
pub(crate) use runs::RunsPage;
pub(crate) use sign_in::{JoinPage, SignInPage};
