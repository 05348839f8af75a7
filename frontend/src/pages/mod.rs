//! The pages: one module per address. Here the server's answers, the state and the components meet.

mod about;
mod account;
mod change;
mod changes;
mod later;
mod migration;
mod migrations;
mod not_found;
mod people;
mod rules;
mod run;
mod runs;
mod sessions;
mod sign_in;

pub(crate) use later::{LaterPage, fetch_ahead};
pub(crate) use migrations::MigrationsPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use sign_in::{JoinPage, SignInPage};

use about::AboutPage;
use account::AccountPage;
use change::ChangePage;
use changes::ChangesPage;
use migration::MigrationPage;
use people::PeoplePage;
use rules::{RulePage, RulesPage};
use run::RunPage;
use runs::RunsPage;
