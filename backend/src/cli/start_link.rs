//! The one-time link that the first admin signs in with after a start: whether one is made, and where it is shown.
//! Whoever reads the server's output later, as in a journal of the system, must not find it there.

use std::{
    fs::{self, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
};

use secrecy::ExposeSecret as _;

use super::output::outln;
use crate::{
    config::Config,
    error::{Error, Result},
    pg::studio::Studio,
    services::sign_in,
};

/// The file in the data folder.
const FILE: &str = "sign-in-link";

/// Says how to sign in at this address of the server.
pub(super) async fn show(config: &Config, studio: &Studio, address: &str) -> Result<()> {
    if sign_in::owner_has_password(studio).await? && !config.sign_in_link {
        outln!(
            "\n    {address}/sign-in\n\nSign in with your name and password; --sign-in-link makes a one-time link.\n"
        );
        return Ok(());
    }
    let token = sign_in::owner_link(studio).await?;
    let link = format!("{address}/sign-in#token={}", token.expose_secret());
    if io::stdout().is_terminal() {
        outln!("\n    {link}\n\nThis link signs you in once, within an hour.\n");
        return Ok(());
    }
    let file = write(config, &link)?;
    outln!(
        "\n    {address}/sign-in\n\nThe link that signs you in once, within an hour, is in {}\n",
        file.display()
    );
    Ok(())
}

/// A file that only this account reads. One that is there is not written into: it may be a link to elsewhere.
fn write(config: &Config, link: &str) -> Result<PathBuf> {
    let folder = config.data_folder().ok_or_else(|| {
        Error::invalid("This account has no home folder for the sign-in link: name one with --data-dir.")
    })?;
    let path = folder.join(FILE);
    let written = fs::create_dir_all(&folder).and_then(|()| {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        writeln!(options.open(&path)?, "{link}")
    });
    written.map_err(|source| Error::Folder { path: path.display().to_string(), source })?;
    Ok(path)
}
