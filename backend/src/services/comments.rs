//! Remarks on a change or on a statement of it. They hang on the statement's text: an edit elsewhere moves
//! them along, an edit of the statement makes them outdated.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::{
    migration::{Migration, MigrationSet},
    review::{Anchor, Comment, Person, PersonRole},
    run::api::{AddComment, CommentPlace},
    sql,
    text::{LineIndex, Span},
    words::thousands,
};

use super::{
    audit, changes, people,
    stored::{self, Lock, StoredRevision},
};
use crate::{
    error::{Error, Result},
    pg::{GenericClient, Row, studio::time},
    state::AppState,
};

/// Bytes of the longest statement that takes comments: each keeps the statement's text, and every reader gets it.
const LONGEST_QUOTE: usize = 8 << 10;

/// Comments of one change: every reader gets all of them.
const AT_MOST: i64 = 1_000;

/// The statement that a new comment hangs on.
struct Place {
    revision: i32,
    path: String,
    start: i64,
    quote: String,
}

/// Adds a remark.
///
/// # Errors
/// [`Error::Invalid`] for an empty or too long text or a place without a statement; [`Error::NotFound`] for an
/// unknown change, file or comment.
pub async fn add(state: &AppState, person: &Person, id: i64, wish: &AddComment) -> Result<()> {
    let body = changes::checked_text(&wish.body, 1, 10_000, "comment")?;
    let place = match wish.at.as_ref().filter(|_| wish.reply_to.is_none()) {
        Some(place) => Some(locate(state, person, id, place).await?),
        None => None,
    };
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    stored::change(&transaction, id, Lock::None).await?;
    let present = "select count(*) from studio.comments where change = $1";
    if transaction.query_one(present, &[&id]).await?.try_get::<_, i64>(0)? >= AT_MOST {
        let message =
            format!("A change takes {} comments, and this one has them.", thousands(AT_MOST.unsigned_abs()));
        return Err(Error::Exhausted { code: "too-many-comments", message });
    }
    let thread = match &wish.reply_to {
        Some(comment) => Some(thread_of(&transaction, id, comment).await?),
        None => None,
    };
    let insert = "insert into studio.comments
                      (id, change, reply_to, author, body, revision, path, span_start, quote)
                  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let place = place.as_ref();
    let comment = uuid::Uuid::now_v7().to_string();
    transaction
        .execute(
            insert,
            &[
                &comment,
                &id,
                &thread,
                &person.id,
                &body,
                &place.map(|place| place.revision),
                &place.map(|place| place.path.as_str()),
                &place.map(|place| place.start),
                &place.map(|place| place.quote.as_str()),
            ],
        )
        .await?;
    changes::touch(&transaction, id).await?;
    let on = place.map_or(String::new(), |place| format!(" on {}", place.path));
    let verb = if thread.is_some() { "replied" } else { "commented" };
    let text = format!("{verb}{on}");
    audit::append(&transaction, changes::about(person, "commented", id, &text)).await?;
    transaction.commit().await?;
    Ok(())
}

/// The first comment of the thread that a comment belongs to.
async fn thread_of(client: &impl GenericClient, change: i64, comment: &str) -> Result<String> {
    // PostgreSQL takes no zero byte in a text, so no comment is called by one.
    if comment.contains('\0') {
        return Err(Error::NotFound("comment"));
    }
    let find = "select coalesce(reply_to, id) as thread from studio.comments where id = $1 and change = $2";
    let row = client.query_opt(find, &[&comment, &change]).await?;
    Ok(row.ok_or(Error::NotFound("comment"))?.try_get("thread")?)
}

/// Finds the statement at a place. What a revision holds never changes, so this needs no lock; no connection is held
/// while the text is read.
async fn locate(state: &AppState, person: &Person, id: i64, place: &CommentPlace) -> Result<Place> {
    let turn = state.answers().turn(&person.id).await?;
    let client = state.studio.client().await?;
    let change = stored::change(&*client, id, Lock::None).await?;
    let revision = change.revisions.iter().find(|revision| revision.number == place.revision);
    let revision = revision.ok_or(Error::NotFound("revision"))?;
    let file = revision.files.iter().find(|file| file.path == place.path).ok_or(Error::NotFound("file"))?;
    let source =
        stored::texts(&*client, std::slice::from_ref(file)).await?.pop().ok_or(Error::NotFound("file"))?;
    drop(client);
    let (wanted, bytes) = (place.span, source.text.len());
    let read = move || {
        let parsed = sql::parse(&source.text);
        let mut spans = parsed.statements.iter().map(|statement| statement.span);
        let touched = spans.find(|span| span.start <= wanted.end && wanted.start <= span.end);
        let span = touched.ok_or_else(|| Error::invalid("There is no statement at this place."))?;
        let quote = span.of(&source.text);
        if quote.len() > LONGEST_QUOTE {
            let bytes = thousands(LONGEST_QUOTE as u64);
            return Err(Error::invalid(format!(
                "A statement of more than {bytes} bytes takes no comment; comment on the change as a whole."
            )));
        }
        Ok((span.start, quote.to_owned()))
    };
    let (start, quote) = turn.work(bytes, read).await?;
    Ok(Place {
        revision: i32::try_from(revision.number).unwrap_or(i32::MAX),
        path: file.path.clone(),
        start: i64::try_from(start).unwrap_or(i64::MAX),
        quote,
    })
}

/// Settles a thread, or opens it again: its author's right, that of the change's authors, and of reviewers.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotYours`].
pub async fn resolve(
    state: &AppState,
    person: &Person,
    id: i64,
    comment: &str,
    resolved: bool,
) -> Result<()> {
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    let change = stored::change(&transaction, id, Lock::None).await?;
    let thread = thread_of(&transaction, id, comment).await?;
    let find = "select author, resolved from studio.comments where id = $1 for update";
    let row = transaction.query_one(find, &[&thread]).await?;
    let mut owners = change.authors();
    owners.push(row.try_get("author")?);
    changes::refuse_unless_own(person, &owners)?;
    if row.try_get::<_, bool>("resolved")? == resolved {
        return Ok(());
    }
    let update = "update studio.comments set resolved = $2 where id = $1";
    transaction.execute(update, &[&thread, &resolved]).await?;
    changes::touch(&transaction, id).await?;
    let (action, text) = match resolved {
        true => ("resolved", "resolved a thread"),
        false => ("unresolved", "opened a thread again"),
    };
    audit::append(&transaction, changes::about(person, action, id, text)).await?;
    transaction.commit().await?;
    Ok(())
}

/// How many threads of a change are not settled.
///
/// # Errors
/// [`Error::Database`].
pub async fn open_threads(client: &impl GenericClient, id: i64) -> Result<usize> {
    let count =
        "select count(*) from studio.comments where change = $1 and reply_to is null and not resolved";
    let count: i64 = client.query_one(count, &[&id]).await?.try_get(0)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// A remark as it is stored.
pub(super) struct Stored {
    comment: Comment,
    /// Where the statement began that it hangs on.
    start: usize,
}

impl Stored {
    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let quote = self.comment.anchor.as_ref().map_or(0, |anchor| anchor.quote.len());
        self.comment.body.len() + quote
    }
}

/// All remarks on a change, oldest first.
///
/// # Errors
/// [`Error::Database`].
pub(super) async fn of_change(client: &impl GenericClient, change: i64) -> Result<Vec<Stored>> {
    let find = format!(
        "select comment.*, coalesce(thread.resolved, comment.resolved) as settled, {}
         from studio.comments as comment
              join studio.people as person on person.id = comment.author
              left join studio.comments as thread on thread.id = comment.reply_to
         where comment.change = $1 order by comment.at, comment.id",
        stored::person_at("comment.at")
    );
    let rows = client.query(&find, &[&change]).await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<Stored> {
    let anchor = match row.try_get("path")? {
        None => None,
        Some(path) => {
            let (revision, quote) = (stored::number(row, "revision")?, row.try_get("quote")?);
            Some(Anchor { revision, path, quote, span: None, line: None })
        }
    };
    let start = row.try_get::<_, Option<i64>>("span_start")?.unwrap_or_default();
    let comment = Comment {
        id: row.try_get("id")?,
        reply_to: row.try_get("reply_to")?,
        author: stored::person(row)?,
        at: time(row, "at")?,
        body: row.try_get("body")?,
        anchor,
        resolved: row.try_get("settled")?,
    };
    Ok(Stored { comment, start: usize::try_from(start).unwrap_or_default() })
}

/// Remarks with their places in the newest revision.
pub(super) fn placed(stored: Vec<Stored>, newest: &StoredRevision, set: &MigrationSet) -> Vec<Comment> {
    let paths: BTreeSet<&str> = newest.files.iter().map(|file| file.path.as_str()).collect();
    let quoted = stored.iter().filter_map(|stored| stored.comment.anchor.as_ref());
    let quotes: BTreeSet<&str> = quoted.map(|anchor| anchor.quote.as_str()).collect();
    let commented = stored.iter().filter_map(|stored| Some(stored.comment.anchor.as_ref()?.path.as_str()));
    let commented: BTreeSet<&str> = commented.filter(|path| paths.contains(path)).collect();
    let files = commented.into_iter().filter_map(|path| Some((path.to_owned(), set.get(path)?)));
    let places: BTreeMap<String, Places<'_>> =
        files.map(|(path, file)| (path, Places::of(file, &quotes))).collect();
    let place = |Stored { mut comment, start }: Stored| {
        if let Some(anchor) = &mut comment.anchor
            && let Some(places) = places.get(&anchor.path)
        {
            anchor.span = places.nearest(&anchor.quote, start);
            anchor.line = anchor.span.map(|span| places.lines.line_of(span.start));
        }
        comment
    };
    stored.into_iter().map(place).collect()
}

/// Where the quoted statements stand in a file.
struct Places<'a> {
    by_text: BTreeMap<&'a str, Vec<Span>>,
    lines: LineIndex,
}

impl<'a> Places<'a> {
    fn of(file: &'a Migration, quotes: &BTreeSet<&str>) -> Self {
        let mut by_text: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for span in file.parsed.statements.iter().map(|statement| statement.span) {
            let text = span.of(&file.text);
            if quotes.contains(text) {
                by_text.entry(text).or_default().push(span);
            }
        }
        Self { by_text, lines: LineIndex::new(&file.text) }
    }

    /// The one whose start is nearest; of two the first.
    fn nearest(&self, text: &str, start: usize) -> Option<Span> {
        let spans = self.by_text.get(text)?;
        let after = spans.partition_point(|span| span.start < start);
        let around = spans.get(after.saturating_sub(1)..).unwrap_or_default().iter().take(2);
        around.min_by_key(|span| span.start.abs_diff(start)).copied()
    }
}
