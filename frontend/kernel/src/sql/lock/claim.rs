//! What a row of the tables claims, and how the claims of a statement become its locks.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
};

use super::{Known, Lock, LockMode, Reach, Work, action, table};
use crate::{
    name::QualifiedName,
    sql::statement::{Body, Detail, Statement, StatementKind::Other, Verb},
};

/// One lock, as seen from an object that the statement names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) mode: LockMode,
    pub(super) reach: Reach,
    descends: bool,
    rewrites: bool,
    scans: bool,
    certain: bool,
    reason: &'static str,
}

/// The object itself, in this mode.
pub(super) const fn takes(mode: LockMode) -> Claim {
    Claim {
        mode,
        reach: Reach::Itself,
        descends: false,
        rewrites: false,
        scans: false,
        certain: true,
        reason: "",
    }
}

impl Claim {
    pub(super) const fn on(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Its partitions and inheriting tables too, unless the statement says ONLY.
    pub(super) const fn descends(self) -> Self {
        Self { descends: true, ..self }
    }

    pub(super) const fn without_children(self) -> Self {
        Self { descends: false, ..self }
    }

    pub(super) const fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    pub(super) const fn rewrites(self, reason: &'static str) -> Self {
        Self { rewrites: true, reason, ..self }
    }

    pub(super) const fn scans(self, reason: &'static str) -> Self {
        Self { scans: true, reason, ..self }
    }

    pub(super) const fn writes(self, work: Work) -> Self {
        match work {
            Work::None => self,
            Work::Perhaps(reason) => self.rewrites(reason).perhaps(),
            Work::Certain(reason) => self.rewrites(reason),
        }
    }

    pub(super) const fn reads(self, work: Work) -> Self {
        match work {
            Work::None => self,
            Work::Perhaps(reason) => self.scans(reason).perhaps(),
            Work::Certain(reason) => self.scans(reason),
        }
    }

    /// The database decides; the reason says what it depends on.
    pub(super) const fn perhaps(self) -> Self {
        Self { certain: false, ..self }
    }

    /// Of two claims on one thing the heavier says why.
    fn weight(&self) -> (bool, bool, LockMode, bool) {
        (self.rewrites, self.scans, self.mode, self.certain)
    }
}

/// The claims of a statement: at most one per object and reach, the strongest of all made.
pub(super) struct Claims<'s, 'k> {
    server: Option<u16>,
    known: &'k mut dyn Known<'s>,
    found: Found,
}

/// By object and reach, so that a statement of many actions finds each of its claims at once.
type Found = BTreeMap<(QualifiedName, Reach), Claim>;

impl<'s, 'k> Claims<'s, 'k> {
    pub(super) const fn new(server: Option<u16>, known: &'k mut dyn Known<'s>) -> Self {
        Self { server, known, found: Found::new() }
    }

    /// What is known beside the text, of the database as the statement finds it.
    pub(super) const fn known(&mut self) -> &mut dyn Known<'s> {
        self.known
    }

    /// Whether the server may be of one of these majors.
    pub(super) fn may_be(&self, from: u16, to: u16) -> bool {
        self.server.is_none_or(|server| (from..=to).contains(&server))
    }

    pub(super) fn take(&mut self, object: &QualifiedName, claim: Claim) {
        let known = match self.found.entry((object.clone(), claim.reach)) {
            Entry::Vacant(vacant) => {
                vacant.insert(claim);
                return;
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        let (heavy, light) = if claim.weight() > known.weight() { (claim, *known) } else { (*known, claim) };
        let adds = light.mode > heavy.mode || light.scans && !heavy.scans && !heavy.rewrites;
        *known = Claim {
            mode: heavy.mode.max(light.mode),
            descends: heavy.descends || light.descends,
            scans: heavy.scans || light.scans,
            certain: heavy.certain && (light.certain || !adds),
            ..heavy
        };
    }

    pub(super) fn add(&mut self, statement: &'s Statement) {
        self.one(statement);
        self.known.pass(statement, false);
    }

    fn one(&mut self, statement: &'s Statement) {
        match &statement.detail {
            Detail::Do(body) | Detail::Schema(body) => self.body(body),
            Detail::Routine(routine) if routine.language == "sql" => {
                for embedded in routine.body.iter().flat_map(|body| &body.statements) {
                    self.analysed(&embedded.statement);
                }
            }
            Detail::AlterTable(actions) | Detail::Alter(actions) => action::alter(self, statement, actions),
            Detail::CreateTable(definition) => action::create(self, statement, definition),
            Detail::Lock(mode) => {
                for object in &statement.objects {
                    let claim = if statement.flags.only { takes(*mode) } else { takes(*mode).descends() };
                    self.take(&object.name, claim);
                    self.take(&object.name, claim.on(Reach::Beneath).because("LOCK reaches through a view"));
                }
            }
            _ => table::add(self, statement),
        }
    }

    /// The statements of a DO block and the elements of a schema run as if they stood alone.
    fn body(&mut self, body: &'s Body) {
        for embedded in &body.statements {
            for ((object, _), claim) in self.inner(&embedded.statement) {
                // Nobody else sees yet what stands in a new schema.
                if body.schema.is_some() && body.schema == object.schema {
                    continue;
                }
                let mut claim = claim;
                if embedded.conditional && claim.certain {
                    claim = claim.perhaps().because("it stands in a branch that may not be taken");
                }
                self.take(&object, claim);
            }
            self.known.pass(&embedded.statement, embedded.conditional);
        }
        if !body.unknown_dynamic.is_empty() {
            self.unknown(
                takes(LockMode::AccessExclusive).rewrites("it executes text that is made at run time"),
            );
        }
    }

    /// The claims of a statement inside another.
    fn inner(&mut self, statement: &'s Statement) -> Found {
        let mut inner = Claims::new(self.server, &mut *self.known);
        inner.one(statement);
        inner.found
    }

    /// A lock on something that has no name in the text.
    pub(super) fn unknown(&mut self, claim: Claim) {
        self.take(&QualifiedName::default(), claim.on(Reach::Unknown).perhaps());
    }

    /// The body of an SQL function is analysed when the function is made: its tables are opened.
    fn analysed(&mut self, statement: &'s Statement) {
        let rows = [Verb::Select, Verb::Insert, Verb::Update, Verb::Delete, Verb::Merge, Verb::Values];
        if rows.iter().any(|verb| statement.kind == Other(*verb)) {
            for ((object, _), claim) in self.inner(statement) {
                if claim.reach == Reach::Itself {
                    self.take(&object, takes(claim.mode).because("the body is analysed"));
                }
            }
        }
    }

    /// Strongest first.
    pub(super) fn into_locks(self) -> Vec<Lock> {
        let lock = |((object, _), claim): ((QualifiedName, Reach), Claim)| Lock {
            mode: claim.mode,
            object,
            reach: claim.reach,
            descends: claim.descends,
            rewrites: claim.rewrites,
            scans: claim.scans,
            certain: claim.certain,
            reason: Cow::Borrowed(claim.reason),
        };
        let mut locks: Vec<Lock> = self.found.into_iter().map(lock).collect();
        locks.sort_by(|a, b| {
            b.mode.cmp(&a.mode).then_with(|| a.reach.cmp(&b.reach)).then_with(|| a.object.cmp(&b.object))
        });
        locks
    }
}
