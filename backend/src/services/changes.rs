//! Changes: opened, revised, closed, and what becomes of their files once they are applied.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan::Digest,
    review::{ChangeState, Person, PersonRole, Timestamp},
    run::api::{OpenChange, Revise},
    sql,
    text::shown,
    words::thousands,
};

use super::{
    audit::{self, Entry},
    folder::{FILE_LIMIT, Snapshot, Written, checked_path, look_alike},
    gate, people,
    stored::{self, Lock, StoredFile},
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient,
        studio::{Studio, time},
    },
    state::AppState,
};

/// Files of one revision.
const FILES_AT_MOST: usize = 100;

/// Statements of one revision. Each is planned and shown, and tells of itself while it runs; one INSERT takes many
/// rows.
pub const STATEMENTS_AT_MOST: usize = 100_000;

/// Opens a change with its first revision; answers with its id.
///
/// # Errors
/// [`Error::Invalid`] for a title, a path or a text out of range.
pub async fn open(state: &AppState, person: &Person, wish: OpenChange) -> Result<i64> {
    let title = checked_text(&wish.title, 1, 200, "title")?;
    let description = checked_text(&wish.description, 0, 20_000, "description")?;
    let files = check_files(state, person, wish.files).await?;
    let folder = state.folder.snapshot().await?;
    refuse_look_alikes(&files, &folder)?;
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    let insert = "insert into studio.changes (title, description, author) values ($1, $2, $3) returning id";
    let id: i64 = transaction.query_one(insert, &[&title, &description, &person.id]).await?.try_get("id")?;
    let revision = NewRevision { change: id, number: 1, author: person, note: "", files: &files };
    let bases = BTreeMap::new();
    insert_revision(&transaction, &revision, &bases, &folder.set).await?;
    let entry = about(person, "opened", id, "opened the change");
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Adds a revision. Saving what the newest one holds already changes nothing.
///
/// # Errors
/// [`Error::StaleRevision`] when it was made from another than the newest one; [`Error::Refused`] when the
/// change is not open or a run of it is under way; [`Error::Invalid`].
pub async fn revise(state: &AppState, person: &Person, id: i64, wish: Revise) -> Result<()> {
    let note = checked_text(&wish.note, 0, 2_000, "note")?;
    let files = check_files(state, person, wish.files).await?;
    let folder = state.folder.snapshot().await?;
    refuse_look_alikes(&files, &folder)?;
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    refuse_unless_open(change.state)?;
    refuse_while_running(&transaction, id).await?;
    let newest = change.newest()?;
    if newest.number != wish.base {
        return Err(Error::StaleRevision { newest: newest.number });
    }
    let name = |file: &SourceFile| (file.path.clone(), Digest::of(file.text.as_bytes()).to_string());
    let known = newest.files.iter().map(|file| (file.path.clone(), file.sha256.clone()));
    if files.iter().map(name).eq(known) {
        return Ok(());
    }
    // A file keeps the base it came with: what it is compared with, and what the folder must still hold.
    let bases: BTreeMap<&str, &StoredFile> = change
        .revisions
        .iter()
        .flat_map(|revision| &revision.files)
        .map(|file| (file.path.as_str(), file))
        .collect();
    let number = newest.number + 1;
    let revision = NewRevision { change: id, number, author: person, note: &note, files: &files };
    insert_revision(&transaction, &revision, &bases, &folder.set).await?;
    touch(&transaction, id).await?;
    let text = format!("saved revision {number}");
    audit::append(&transaction, about(person, "revised", id, &text)).await?;
    transaction.commit().await?;
    Ok(())
}

struct NewRevision<'a> {
    change: i64,
    number: u32,
    author: &'a Person,
    note: &'a str,
    files: &'a [SourceFile],
}

async fn insert_revision(
    client: &impl GenericClient,
    revision: &NewRevision<'_>,
    bases: &BTreeMap<&str, &StoredFile>,
    folder: &MigrationSet,
) -> Result<()> {
    let NewRevision { change, number, author, note, files } = revision;
    let number = i32::try_from(*number).map_err(|_| Error::invalid("This change has too many revisions."))?;
    let insert = "insert into studio.revisions (change, number, author, note) values ($1, $2, $3, $4)";
    client.execute(insert, &[change, &number, &author.id, note]).await?;
    let insert = "insert into studio.revision_files (change, number, position, path, sha256, base)
                  values ($1, $2, $3, $4, $5, $6)";
    for (position, file) in (0_i32..).zip(*files) {
        let sha256 = stored::keep(client, &file.text).await?;
        let base = match (bases.get(file.path.as_str()), folder.get(&file.path)) {
            (Some(known), _) => known.base.clone(),
            (None, Some(present)) => Some(stored::keep(client, &present.text).await?),
            (None, None) => None,
        };
        client.execute(insert, &[change, &number, &position, &file.path, &sha256, &base]).await?;
    }
    Ok(())
}

/// Closes a change or opens it again: its authors' right, and that of reviewers.
///
/// # Errors
/// [`Error::NotYours`]; [`Error::Refused`] when it was applied or a run of it is under way; [`Error::Invalid`] for another state.
pub async fn set_state(state: &AppState, person: &Person, id: i64, wish: ChangeState) -> Result<()> {
    let (action, text) = match wish {
        ChangeState::Open => ("reopened", "opened the change again"),
        ChangeState::Closed => ("closed", "closed the change"),
        ChangeState::Applied => return Err(Error::invalid("Only a run makes a change applied.")),
    };
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    refuse_unless_own(person, &change.authors())?;
    if change.state == wish {
        return Ok(());
    }
    if change.state == ChangeState::Applied {
        return Err(Error::refused(
            "not-open",
            "The change was applied; what is done is undone by another change.",
        ));
    }
    refuse_while_running(&transaction, id).await?;
    let update = "update studio.changes set state = $2, updated_at = now() where id = $1";
    transaction.execute(update, &[&id, &wish.as_str()]).await?;
    audit::append(&transaction, about(person, action, id, text)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Marks a change as applied and writes its files to the folder. Harmless when repeated.
///
/// # Errors
/// [`Error::Database`]. A folder that cannot be written is no error: the change says so.
pub async fn applied(state: &AppState, id: i64, run: &str) -> Result<()> {
    let mut client = state.studio.reserved().client().await?;
    let transaction = client.transaction().await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    let update = "update studio.changes
                  set state = 'applied', applied_on = $2, applied_at = now(), updated_at = now()
                  where id = $1 and state <> 'applied'";
    transaction.execute(update, &[&id, &state.target.name()]).await?;
    let files = &change.newest()?.files;
    let texts = stored::texts(&transaction, files).await?;
    transaction.commit().await?;
    let mut written = Vec::new();
    let mut left = Vec::new();
    for (file, source) in files.iter().zip(texts) {
        match state.folder.write(&file.path, file.base.as_deref(), source.text).await {
            Ok(Written::Replaced) => written.push(file.path.clone()),
            Ok(Written::Same) => {}
            Ok(Written::Differs) => left.push(format!("{} has changed in the folder meanwhile", file.path)),
            Err(error) => left.push(error.to_string().trim_end_matches('.').to_owned()),
        }
    }
    let transaction = client.transaction().await?;
    if !left.is_empty() {
        let note = format!("Not written to the folder: {}.", left.join("; "));
        let update = "update studio.changes set folder_note = $2 where id = $1";
        transaction.execute(update, &[&id, &note]).await?;
    }
    if !written.is_empty() {
        let text = format!("wrote {} to the folder", written.join(", "));
        let entry =
            Entry { person: None, action: "files_written", change: Some(id), run: Some(run), text: &text };
        audit::append(&transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Bytes by their SHA-256.
///
/// # Errors
/// [`Error::Corrupt`] when they are gone or are not what their name says.
pub async fn blob(studio: &Studio, sha256: &str) -> Result<Vec<u8>> {
    let client = studio.client().await?;
    stored::blob(&*client, sha256).await
}

/// The open changes whose newest revision holds a path, by path.
///
/// # Errors
/// [`Error::Database`].
pub async fn open_by_path(studio: &Studio) -> Result<BTreeMap<String, Vec<i64>>> {
    let client = studio.client().await?;
    let newest = "select file.path, array_agg(file.change order by file.change) as changes
                  from studio.revision_files as file join studio.changes as change on change.id = file.change
                  where change.state = 'open'
                    and file.number = (select max(number) from studio.revisions where change = file.change)
                  group by file.path";
    let rows = client.query(newest, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get("path")?, row.try_get("changes")?))).collect()
}

/// When files were applied last by changes of the studio, by path.
///
/// # Errors
/// [`Error::Database`].
pub async fn applied_at(studio: &Studio, target: &str) -> Result<BTreeMap<String, Timestamp>> {
    let client = studio.client().await?;
    let newest = "select file.path, max(change.applied_at) as at
                  from studio.revision_files as file join studio.changes as change on change.id = file.change
                  where change.applied_on = $1
                    and file.number = (select max(number) from studio.revisions where change = file.change)
                  group by file.path";
    let rows = client.query(newest, &[&target]).await?;
    rows.iter().map(|row| Ok((row.try_get("path")?, time(row, "at")?))).collect()
}

/// Notes that something happened to a change.
pub(super) async fn touch(client: &impl GenericClient, id: i64) -> Result<()> {
    client.execute("update studio.changes set updated_at = now() where id = $1", &[&id]).await?;
    Ok(())
}

/// An entry of a change's timeline.
pub(super) fn about<'a>(person: &'a Person, action: &'a str, change: i64, text: &'a str) -> Entry<'a> {
    Entry { person: Some(person), action, change: Some(change), run: None, text }
}

/// What somebody began is theirs to end, and the business of whoever reviews.
pub(super) fn refuse_unless_own(person: &Person, authors: &[String]) -> Result<()> {
    match person.role.allows(PersonRole::Reviewer) || authors.contains(&person.id) {
        true => Ok(()),
        false => Err(Error::NotYours),
    }
}

fn refuse_unless_open(state: ChangeState) -> Result<()> {
    match state {
        ChangeState::Open => Ok(()),
        _ => Err(Error::refused("not-open", "Only an open change can be edited; open it again first.")),
    }
}

async fn refuse_while_running(client: &impl GenericClient, id: i64) -> Result<()> {
    match gate::is_running(client, id).await? {
        true => Err(Error::refused(
            "running",
            "A run of this change is under way; wait for its end or cancel it.",
        )),
        false => Ok(()),
    }
}

/// A text of `least` to `most` characters, without blanks around it; what nobody would see in it is shown.
pub(super) fn checked_text(text: &str, least: usize, most: usize, what: &str) -> Result<String> {
    let text = text.trim();
    let kept = shown(text);
    if (least..=most).contains(&kept.chars().count()) && !text.contains('\0') {
        Ok(kept.into_owned())
    } else {
        Err(Error::invalid(format!("The {what} must have {least} to {most} characters.")))
    }
}

async fn check_files(state: &AppState, person: &Person, files: Vec<SourceFile>) -> Result<Vec<SourceFile>> {
    if files.is_empty() || files.len() > FILES_AT_MOST {
        return Err(Error::invalid(format!("A revision holds 1 to {FILES_AT_MOST} files.")));
    }
    let mut paths = BTreeSet::new();
    for SourceFile { path, text } in &files {
        checked_path(path)?;
        if !paths.insert(path) {
            return Err(Error::invalid(format!("{path} is there twice.")));
        }
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_LIMIT || text.contains('\0') {
            return Err(Error::invalid(format!(
                "{path} is larger than {} MB or holds a zero byte, which PostgreSQL takes in no text.",
                FILE_LIMIT >> 20
            )));
        }
    }
    // A statement has at least a letter and a semicolon, so short texts need not be read.
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    if bytes / 2 < STATEMENTS_AT_MOST {
        return Ok(files);
    }
    let turn = state.answers().turn(&person.id).await?;
    let count = move || {
        let statements: usize = files.iter().map(|file| sql::count(&file.text)).sum();
        match statements <= STATEMENTS_AT_MOST {
            true => Ok(files),
            false => Err(Error::invalid(format!(
                "This has {} statements, and a change holds at most {}. One INSERT takes many rows.",
                thousands(statements as u64),
                thousands(STATEMENTS_AT_MOST as u64)
            ))),
        }
    };
    turn.work(bytes, count).await
}

/// A name stands for a file in a review, so none may pass for another of the folder or of the change.
fn refuse_look_alikes(files: &[SourceFile], folder: &Snapshot) -> Result<()> {
    let paths = || files.iter().map(|file| file.path.as_str());
    for path in paths() {
        let present = folder.set.files().iter().map(|file| file.path.as_str());
        let unreadable = folder.unreadable.iter().map(|file| file.path.as_str());
        if let Some(other) = look_alike(path, paths().chain(present).chain(unreadable)) {
            return Err(Error::invalid(format!(
                "{path} looks like {other}, so that a reader would take one for the other."
            )));
        }
    }
    Ok(())
}
