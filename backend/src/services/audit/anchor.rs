//! Heads of the audit log, kept outside of its database: whoever rewrites the log there has to rewrite these too.

use std::{
    fs::{DirBuilder, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    pg::studio::Studio,
    services::blocking::blocking,
};

/// The head of a log at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Which log.
    pub log: String,
    /// The last entry's number.
    pub seq: i64,
    /// Its hash, in hex.
    pub hash: String,
    /// When the head was kept.
    pub at: String,
    /// The run after which it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Anchor {
    /// The log's present head.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn of(studio: &Studio, run: Option<&str>) -> Result<Self> {
        let client = studio.client().await?;
        let head = "select log::text as log, seq, encode(hash, 'hex') as hash from studio.audit_head";
        let head = client.query_one(head, &[]).await?;
        Ok(Self {
            log: head.try_get("log")?,
            seq: head.try_get("seq")?,
            hash: head.try_get("hash")?,
            at: jiff::Timestamp::now().to_string(),
            run: run.map(str::to_owned),
        })
    }
}

/// A file of anchors, one to a line. Clones share it.
#[derive(Clone, Debug)]
pub struct Anchors(Arc<Path>);

impl Anchors {
    /// The file's place; it need not be there yet.
    pub fn new(file: PathBuf) -> Self {
        Self(file.into())
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.0
    }

    /// What is kept so far, in a file that somebody named.
    ///
    /// # Errors
    /// As [`Self::read`], and when there is no such file.
    pub fn read_named(&self) -> Result<Vec<Anchor>> {
        match self.0.try_exists() {
            Ok(false) => Err(Error::invalid(format!("There is no file {}.", self.0.display()))),
            _ => self.read(),
        }
    }

    /// What is kept so far.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the file cannot be read; the first line that is no anchor.
    pub fn read(&self) -> Result<Vec<Anchor>> {
        let file = match open(&self.0, OFlags::RDONLY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| self.unusable(&error))?,
        };
        let mut anchors = Vec::new();
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let line = line.map_err(|error| self.unusable(&error))?;
            let anchor = serde_json::from_str(&line).map_err(|error| {
                Error::invalid(format!(
                    "Line {number} of {} is no head of an audit log: {error}.",
                    self.0.display()
                ))
            })?;
            anchors.push(anchor);
        }
        Ok(anchors)
    }

    /// Adds a head.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the file cannot be written.
    pub async fn keep(&self, head: &Anchor) -> Result<()> {
        let (anchors, line) = (self.clone(), head.clone());
        blocking(move || anchors.append(&line).map_err(|error| anchors.unusable(&error))).await
    }

    fn append(&self, anchor: &Anchor) -> io::Result<()> {
        if let Some(folder) = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = open(&self.0, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE)?;
        // One write, so that two servers do not mix their lines.
        file.write_all(format!("{}\n", serde_json::to_string(anchor)?).as_bytes())?;
        file.sync_all()
    }

    fn unusable(&self, error: &io::Error) -> Error {
        Error::invalid(format!("The heads of the audit log in {} cannot be kept: {error}.", self.0.display()))
    }
}

/// Opens a file of our own: no link, no pipe, and nobody else's.
fn open(path: &Path, how: OFlags) -> io::Result<File> {
    let plain = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, how | plain, Mode::RUSR | Mode::WUSR)?);
    let metadata = file.metadata()?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw() && metadata.nlink() == 1;
    match metadata.is_file() && ours {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file, or somebody else's, or has a second name")),
    }
}
