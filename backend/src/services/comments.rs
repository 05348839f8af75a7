//! Remarks on a change or on a statement of it. They hang on the statement's text: an edit elsewhere moves
//! them along, an edit of the statement makes them outdated.

use studio_kernel::{
    migration::MigrationSet,
    review::{Anchor, Comment, Person, PersonRole},
    run::api::{AddComment, CommentPlace},
    sql,
    text::LineIndex,
    words::thousands,
};

use super::{
    audit,
    blocking::blocking,
    changes, people,
    stored::{self, Lock, StoredChange},
};
use crate::{
    error::{Error, Result},
    pg::{GenericClient, Row, studio::time},
    state::AppState,
};

/// Bytes of the longest statement that takes comments: each keeps the statement's text, and every reader gets it.
const LONGEST_QUOTE: usize = 32 << 10;

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
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    let change = stored::change(&transaction, id, Lock::None).await?;
    let thread = match &wish.reply_to {
        Some(comment) => Some(thread_of(&transaction, id, comment).await?),
        None => None,
    };
    let place = match wish.at.as_ref().filter(|_| thread.is_none()) {
        Some(place) => Some(locate(&transaction, &change, place).await?),
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

async fn locate(client: &impl GenericClient, change: &StoredChange, place: &CommentPlace) -> Result<Place> {
    let revision = change.revisions.iter().find(|revision| revision.number == place.revision);
    let revision = revision.ok_or(Error::NotFound("revision"))?;
    let file = revision.files.iter().find(|file| file.path == place.path).ok_or(Error::NotFound("file"))?;
    let source =
        stored::texts(client, std::slice::from_ref(file)).await?.pop().ok_or(Error::NotFound("file"))?;
    let wanted = place.span;
    let (start, quote) = blocking(move || {
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
    })
    .await?;
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

/// All remarks on a change, oldest first, with their places in the newest revision.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(
    client: &impl GenericClient,
    change: &StoredChange,
    set: &MigrationSet,
) -> Result<Vec<Comment>> {
    let find = format!(
        "select comment.*, coalesce(thread.resolved, comment.resolved) as settled, {}
         from studio.comments as comment
              join studio.people as person on person.id = comment.author
              left join studio.comments as thread on thread.id = comment.reply_to
         where comment.change = $1 order by comment.at, comment.id",
        stored::person_at("comment.at")
    );
    let rows = client.query(&find, &[&change.id]).await?;
    let newest = change.newest()?;
    let holds = |path: &str| newest.files.iter().any(|file| file.path == path);
    rows.iter()
        .map(|row| {
            Ok(Comment {
                id: row.try_get("id")?,
                reply_to: row.try_get("reply_to")?,
                author: stored::person(row)?,
                at: time(row, "at")?,
                body: row.try_get("body")?,
                anchor: anchor(row, set, holds)?,
                resolved: row.try_get("settled")?,
            })
        })
        .collect()
}

fn anchor(row: &Row, set: &MigrationSet, holds: impl Fn(&str) -> bool) -> Result<Option<Anchor>> {
    let Some(path) = row.try_get::<_, Option<String>>("path")? else {
        return Ok(None);
    };
    let quote: String = row.try_get("quote")?;
    let start = usize::try_from(row.try_get::<_, i64>("span_start")?).unwrap_or_default();
    let file = set.get(&path).filter(|_| holds(&path));
    let same = file.into_iter().flat_map(|file| {
        let spans = file.parsed.statements.iter().map(|statement| statement.span);
        spans.filter(|span| span.of(&file.text) == quote)
    });
    let span = same.min_by_key(|span| span.start.abs_diff(start));
    let line = file.zip(span).map(|(file, span)| LineIndex::new(&file.text).line_of(span.start));
    Ok(Some(Anchor { revision: stored::number(row, "revision")?, path, quote, span, line }))
}
