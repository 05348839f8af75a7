//! What a statement does and which objects it names, from its tokens alone.
//! Every statement of PostgreSQL 13 to 18 has a kind here; no grammar is checked.

mod alter;
mod alter_table;
mod constraint;
mod create;
mod drop;
mod maintain;
mod object;
mod query;
mod rights;
mod routine;
mod schema;
mod session;
mod table;

pub(crate) use object::kind as object_kind;

use super::{
    cursor::{Cursor, Named},
    lex::TokenKind,
    statement::{
        Detail, Flags, MetaCommand, ObjectKind, ObjectRef, ObjectRole, Reading, StatementKind,
        StatementKind::Other, Verb,
    },
};
use crate::name::QualifiedName;

/// How much of the statement of this kind sqlparser reads.
pub(crate) type Ask = fn(Cursor<'_>, StatementKind) -> Reading;

/// Where a statement stands and how much of it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// In a PL/pgSQL body, where INTO names variables.
    pub(crate) plpgsql: bool,
    /// Bodies around it. Text below the limit is kept as outline, so that nesting cannot exhaust the stack.
    pub(crate) nesting: u8,
    /// What asks sqlparser, where its answer is wanted.
    pub(crate) ask: Option<Ask>,
}

/// Bodies in bodies deeper than this are not read.
pub(crate) const MAX_NESTING: u8 = 4;

/// What the classifier says of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) kind: StatementKind,
    pub(crate) objects: Vec<ObjectRef>,
    pub(crate) flags: Flags,
    pub(crate) detail: Detail,
}

impl Outline {
    fn new(kind: StatementKind) -> Self {
        Self { kind, objects: Vec::new(), flags: Flags::default(), detail: Detail::None }
    }

    fn verb(verb: Verb) -> Self {
        Self::new(Other(verb))
    }

    fn object(&mut self, role: ObjectRole, kind: ObjectKind, named: Named) {
        self.object_of(role, kind, named, None);
    }

    fn object_of(
        &mut self,
        role: ObjectRole,
        kind: ObjectKind,
        Named { name, span }: Named,
        of: Option<QualifiedName>,
    ) {
        // Most statements name one or two; the growth of an empty list would take room for four.
        if self.objects.is_empty() {
            self.objects.reserve_exact(2);
        }
        self.objects.push(ObjectRef { role, kind, name, of, span });
    }

    /// Reads a name here as an object.
    fn name(&mut self, cursor: &mut Cursor<'_>, role: ObjectRole, kind: ObjectKind) {
        if let Some(named) = cursor.name() {
            self.object(role, kind, named);
        }
    }

    /// Reads names separated by commas as objects, each with an optional ONLY before and `*` behind.
    fn names(&mut self, cursor: &mut Cursor<'_>, role: ObjectRole, kind: ObjectKind) {
        loop {
            self.flags.only |= cursor.eat("only");
            self.name(cursor, role, kind);
            cursor.eat_text("*");
            if !cursor.eat_kind(TokenKind::Comma) {
                return;
            }
        }
    }
}

/// A word in lower case, for `match`; the empty string when it is longer than any keyword.
fn lower<'b>(word: &str, buffer: &'b mut [u8; 24]) -> &'b str {
    let Some(target) = buffer.get_mut(..word.len()) else {
        return "";
    };
    target.copy_from_slice(word.as_bytes());
    target.make_ascii_lowercase();
    std::str::from_utf8(target).unwrap_or_default()
}

/// Classifies the statement whose tokens `cursor` holds.
pub(crate) fn classify(mut cursor: Cursor<'_>, context: Context) -> Outline {
    use Verb as V;
    if cursor.at(TokenKind::OpenParen) {
        return query::select(cursor, context);
    }
    if cursor.at(TokenKind::Meta) {
        let command = MetaCommand::read(cursor.text(), cursor.span().start);
        return Outline { detail: Detail::Psql(command), ..Outline::verb(V::Psql) };
    }
    let mut buffer = [0; 24];
    let word = lower(cursor.word(0), &mut buffer);
    let whole = cursor;
    cursor.skip(1);
    match word {
        "create" => create::create(cursor, context),
        "alter" => alter::alter(cursor),
        "drop" => drop::drop(cursor),
        "insert" => query::insert(cursor),
        "update" => query::update(cursor),
        "delete" => query::delete(cursor),
        "merge" => query::merge(cursor),
        "select" => query::select(whole, context),
        // RETURN of a body in standard SQL is a query without the word.
        "return" if context.nesting > 0 && !context.plpgsql => query::plain(V::Select, cursor),
        "perform" if context.plpgsql => query::select(whole, context),
        "with" => query::with(whole, context),
        "values" => query::plain(V::Values, whole),
        "table" => query::table(cursor),
        "copy" => query::copy(cursor, context),
        "grant" => rights::grant(cursor, V::Grant),
        "revoke" => rights::grant(cursor, V::Revoke),
        "comment" => rights::comment(cursor),
        "security" => rights::security_label(cursor),
        "do" => routine::anonymous(whole, context),
        "call" => maintain::call(cursor),
        "truncate" => maintain::truncate(cursor),
        "lock" => maintain::lock(cursor),
        "vacuum" => maintain::vacuum(cursor, V::Vacuum),
        "analyze" | "analyse" => maintain::vacuum(cursor, V::Analyze),
        "cluster" => maintain::cluster(cursor),
        "reindex" => maintain::reindex(cursor),
        "refresh" => maintain::refresh(cursor),
        "reassign" => maintain::reassign(cursor),
        "import" => maintain::import(cursor),
        "explain" => explain(cursor, context),
        "prepare" | "declare" => prepare(whole, context),
        "set" => session::set(cursor),
        "reset" => session::reset(cursor),
        "begin" | "start" | "commit" | "end" | "abort" | "rollback" | "savepoint" | "release" => {
            Outline::verb(session::transaction(whole))
        }
        "checkpoint" => Outline::verb(V::Checkpoint),
        "close" => Outline::verb(V::Close),
        "deallocate" => Outline::verb(V::Deallocate),
        "discard" => Outline::verb(V::Discard),
        "execute" => Outline::verb(V::Execute),
        "fetch" => Outline::verb(V::Fetch),
        "listen" => Outline::verb(V::Listen),
        "load" => Outline::verb(V::Load),
        "move" => Outline::verb(V::Move),
        "notify" => Outline::verb(V::Notify),
        "show" => Outline::verb(V::Show),
        "unlisten" => Outline::verb(V::Unlisten),
        _ => Outline::verb(V::Unknown),
    }
}

/// EXPLAIN: the objects of the statement explained.
fn explain(mut cursor: Cursor<'_>, context: Context) -> Outline {
    if cursor.at(TokenKind::OpenParen) {
        let mut behind = cursor;
        behind.step();
        // `explain (select 1)` explains a query in parentheses; options are followed by one.
        if !behind.is_empty() {
            cursor = behind;
        }
    }
    while cursor.eat_any(&["analyze", "analyse", "verbose"]) {}
    relabelled(Verb::Explain, cursor, context)
}

/// PREPARE … AS, DECLARE … FOR: the objects of the statement inside.
fn prepare(mut cursor: Cursor<'_>, context: Context) -> Outline {
    if cursor.are(&["prepare", "transaction"]) {
        return Outline::verb(Verb::PrepareTransaction);
    }
    let (verb, before) = if cursor.is("prepare") { (Verb::Prepare, "as") } else { (Verb::Declare, "for") };
    cursor.skip(2);
    cursor.skip_to_any(&[before]);
    cursor.eat(before);
    relabelled(verb, cursor, context)
}

/// The outline of an inner statement under another verb. It recurses at most `MAX_NESTING` deep.
fn relabelled(verb: Verb, inner: Cursor<'_>, context: Context) -> Outline {
    if inner.is_empty() || context.nesting >= MAX_NESTING {
        return Outline::verb(verb);
    }
    let nesting = context.nesting + 1;
    let inner = classify(inner, Context { nesting, ..context });
    Outline { kind: Other(verb), detail: Detail::None, ..inner }
}
