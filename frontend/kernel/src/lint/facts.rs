//! What every rule may ask: what the set makes, what this file makes and removes, what is guarded.
//! It is read once per run and once per file; it finds nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Settings, guard::Caught};
use crate::{
    graph::{Family, ObjectKey, Step, file_objects, key, steps},
    migration::{Migration, MigrationSet, Role},
    name::{Ident, QualifiedName, SearchPath},
    sql::statement::{
        ActionKind, Body, ConstraintKind, Detail, ObjectKind, ObjectRef, ObjectRole, Statement,
        StatementKind, Verb,
    },
    text::Span,
};

/// What the set as a whole says.
pub(super) struct SetFacts<'a> {
    pub(super) set: &'a MigrationSet,
    pub(super) settings: &'a Settings,
    /// Which forward files make an object, in order.
    makers: BTreeMap<ObjectKey, Vec<&'a str>>,
    /// The columns that a relation of the set begins with; `None` where the text does not list them.
    columns: BTreeMap<ObjectKey, Option<BTreeSet<&'a Ident>>>,
    /// Tables whose row level security a forward file enables.
    secured: BTreeSet<QualifiedName>,
    /// Somewhere row level security is enabled for names that are known only at run time.
    secures_unknown: bool,
    /// Tables that hold no rows themselves.
    partitioned: BTreeSet<QualifiedName>,
    /// Routines whose search_path an ALTER sets.
    pinned: BTreeSet<ObjectKey>,
}

impl<'a> SetFacts<'a> {
    pub(super) fn new(set: &'a MigrationSet, settings: &'a Settings) -> Self {
        let mut facts = Self {
            set,
            settings,
            makers: BTreeMap::new(),
            columns: BTreeMap::new(),
            secured: BTreeSet::new(),
            secures_unknown: false,
            partitioned: BTreeSet::new(),
            pinned: BTreeSet::new(),
        };
        for file in set.forward_files() {
            for step in steps(file).iter().filter(|step| !step.deferred) {
                facts.read(file, step);
            }
        }
        facts
    }

    fn read(&mut self, file: &'a Migration, step: &Step<'a>) {
        let statement = step.statement;
        for object in statement.in_role(ObjectRole::Makes) {
            let makers = self.makers.entry(key(object)).or_default();
            if makers.last() != Some(&file.path.as_str()) {
                makers.push(&file.path);
            }
            if Family::of(object.kind) == Family::Relation {
                let listed = listed_columns(statement);
                let known = self.columns.entry(key(object)).or_insert_with(|| Some(BTreeSet::new()));
                *known = known.take().zip(listed).map(|(known, listed)| &known | &listed);
            }
        }
        if statement.actions().iter().any(|action| action.kind == ActionKind::EnableRls) {
            let table = statement.first(ObjectRole::Changes);
            self.secured.extend(table.map(|table| table.name.resolved(&SearchPath::default())));
        }
        if let Detail::CreateTable(table) = &statement.detail
            && table.partitioned
        {
            let names = statement.in_role(ObjectRole::Makes).map(|table| &table.name);
            self.partitioned.extend(names.map(|name| name.resolved(&SearchPath::default())));
        }
        if statement.kind == StatementKind::Other(Verb::Do)
            && statement.body().is_some_and(|body| executes(body, &file.text, "row level security"))
        {
            self.secures_unknown = true;
        }
        let alters_routine = matches!(
            statement.kind,
            StatementKind::Alter(ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine)
        );
        if alters_routine && contains_word(statement.span.of(&file.text), "search_path") {
            self.pinned.extend(statement.objects.iter().map(key));
        }
    }

    /// Whether a forward file enables row level security on this table, or may do so.
    pub(super) fn secures(&self, table: &QualifiedName) -> bool {
        self.secures_unknown || self.secured.contains(table)
    }

    /// Whether the set makes this table as a partitioned parent.
    pub(super) fn is_partitioned(&self, table: &QualifiedName) -> bool {
        self.partitioned.contains(&table.resolved(&SearchPath::default()))
    }

    /// Whether an ALTER of the set pins the search_path of this routine.
    pub(super) fn pins_search_path(&self, routine: &ObjectKey) -> bool {
        self.pinned.contains(routine)
    }

    /// The forward files that make it, in order.
    pub(super) fn makers(&self, object: &ObjectKey) -> &[&'a str] {
        self.makers.get(object).map_or(&[], Vec::as_slice)
    }

    /// Whether an object may come with another that this file or an earlier one makes: a column, a constraint or
    /// a label with what it hangs on, a sequence or an index with its table. A bare name may mean what the file
    /// itself makes in `pg_temp`.
    pub(super) fn may_come_along(&self, object: &ObjectRef, file: &str) -> bool {
        let mut key = key(object);
        if object.of.is_none() && object.name.schema.is_none() {
            let public = key.name.schema.replace(Ident::exact("pg_temp"));
            if self.makers(&key).contains(&file) {
                return true;
            }
            key.name.schema = public;
        }
        match (key.family, object.kind, &key.of) {
            (Family::Column, _, Some(of)) => {
                let known = self.columns.get(&ObjectKey::relation(of)).and_then(Option::as_ref);
                known.is_none_or(|columns| columns.contains(&key.name.name))
            }
            (Family::Constraint | Family::EnumValue, ..) => true,
            (_, ObjectKind::Index | ObjectKind::Sequence, _) => {
                let name = key.name.name.as_str();
                name.match_indices('_').any(|(end, _)| {
                    let of = Ident::exact(&name[..end]);
                    let maker = ObjectKey::relation(&QualifiedName { name: of, ..key.name.clone() });
                    self.makers(&maker).first().is_some_and(|first| *first <= file)
                })
            }
            _ => false,
        }
    }

    /// Whether the target is not known to have it yet: an earlier file makes it that is not applied. A file that
    /// is applied itself has nobody waiting any more and is judged as on an empty target.
    fn is_pending(&self, object: &ObjectKey, before: &str) -> bool {
        let is_applied = |path: &str| {
            let version = self.set.get(path).and_then(|file| file.file_name.version.as_ref());
            version.is_some_and(|version| self.settings.applied.contains(version))
        };
        self.makers(object).iter().any(|path| *path < before && (is_applied(before) || !is_applied(path)))
    }
}

/// The columns of a CREATE TABLE that takes none from another table or a type.
fn listed_columns(statement: &Statement) -> Option<BTreeSet<&Ident>> {
    let Detail::CreateTable(table) = &statement.detail else { return None };
    let own = table.constraints.iter();
    let constraints = own.chain(table.columns.iter().flat_map(|column| &column.constraints));
    let references = constraints.filter(|one| matches!(one.kind, ConstraintKind::ForeignKey(_))).count();
    let used = statement.in_role(ObjectRole::Uses).filter(|used| used.kind != ObjectKind::Server).count();
    (used == references).then(|| table.columns.iter().map(|column| &column.name).collect())
}

/// Whether a body runs text that is put together at run time and speaks of `words`.
fn executes(body: &Body, text: &str, words: &str) -> bool {
    let dynamic = !body.unknown_dynamic.is_empty() || body.statements.iter().any(|inner| inner.dynamic);
    dynamic && contains_word(body.span.of(text), words)
}

/// Whether `text` holds `words`, in any case.
pub(super) fn contains_word(text: &str, words: &str) -> bool {
    let (text, words) = (text.as_bytes(), words.as_bytes());
    text.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words))
}

/// What one file says.
pub(super) struct FileFacts<'a> {
    pub(super) set: &'a SetFacts<'a>,
    pub(super) file: &'a Migration,
    /// What it makes, with the offset of the statement that does.
    makes: BTreeMap<ObjectKey, usize>,
    /// What it drops, with the offset of the first statement that does.
    drops: BTreeMap<ObjectKey, usize>,
    /// Between the author's BEGIN and COMMIT, as offsets.
    transactions: Vec<(usize, usize)>,
    /// For a rollback, what its forward file makes.
    undoes: BTreeSet<ObjectKey>,
    /// What the handlers of each body catch, by where it stands.
    caught: BTreeMap<Span, Caught<'a>>,
}

impl<'a> FileFacts<'a> {
    pub(super) fn new(set: &'a SetFacts<'a>, file: &'a Migration, steps: &[Step<'a>]) -> Self {
        let mut facts = Self {
            set,
            file,
            makes: BTreeMap::new(),
            drops: BTreeMap::new(),
            transactions: transactions(file),
            undoes: BTreeSet::new(),
            caught: BTreeMap::new(),
        };
        for body in steps.iter().filter_map(|step| step.body).filter(|body| !body.handlers.is_empty()) {
            facts.caught.entry(body.span).or_insert_with(|| Caught::by(body));
        }
        for step in steps.iter().filter(|step| !step.deferred) {
            for object in &step.statement.objects {
                let place = step.statement.span.start;
                match object.role {
                    ObjectRole::Makes => facts.makes.entry(key(object)).or_insert(place),
                    ObjectRole::Drops => facts.drops.entry(key(object)).or_insert(place),
                    _ => continue,
                };
            }
        }
        if file.role == Role::Rollback
            && let Some(forward) = set.set.forward_of(file)
        {
            let made = file_objects(forward, ObjectRole::Makes);
            facts.undoes = made.into_iter().map(|(object, _)| object).collect();
        }
        facts
    }

    /// What the handlers of a body catch; `None` where it has none.
    pub(super) fn caught(&self, body: &Body) -> Option<&Caught<'a>> {
        self.caught.get(&body.span)
    }

    /// The file's text.
    pub(super) fn text(&self) -> &'a str {
        &self.file.text
    }

    /// Whether this file makes it before `offset`.
    pub(super) fn made_here(&self, object: &ObjectKey, offset: usize) -> bool {
        self.makes.get(object).is_some_and(|place| *place < offset)
    }

    /// Whether nobody can wait for it: this file or an earlier pending one makes it.
    pub(super) fn is_new(&self, object: &ObjectKey, offset: usize) -> bool {
        self.made_here(object, offset) || self.set.is_pending(object, &self.file.path)
    }

    /// Whether this file removes it, its table or its schema before `offset`.
    pub(super) fn dropped_before(&self, object: &ObjectKey, offset: usize) -> bool {
        let gone = |key: &ObjectKey| self.drops.get(key).is_some_and(|place| *place < offset);
        self.drops_it(object, gone)
    }

    /// Whether this file removes it, its table or its schema anywhere.
    pub(super) fn drops(&self, object: &ObjectKey) -> bool {
        self.drops_it(object, |key| self.drops.contains_key(key))
    }

    fn drops_it(&self, object: &ObjectKey, gone: impl Fn(&ObjectKey) -> bool) -> bool {
        let table = object.of.as_ref().map(ObjectKey::relation);
        let schema = object.schema().map(|schema| ObjectKey {
            family: Family::Schema,
            of: None,
            name: QualifiedName::bare(schema.clone()),
        });
        gone(object) || table.is_some_and(|table| gone(&table)) || schema.is_some_and(|schema| gone(&schema))
    }

    /// Whether removing it takes back what the set has made: in this file before, by the forward file of this
    /// rollback, or, in a maintenance file, anywhere in the set.
    pub(super) fn may_remove(&self, object: &ObjectKey, offset: usize) -> bool {
        let own = |object: &ObjectKey| match self.file.role {
            Role::Rollback => self.undoes.contains(object) || self.made_here(object, offset),
            Role::Cleanup | Role::Reset => {
                !self.set.makers(object).is_empty() || self.made_here(object, offset)
            }
            Role::Validation | Role::Test => true,
            _ => self.made_here(object, offset),
        };
        own(object) || object.of.as_ref().is_some_and(|table| own(&ObjectKey::relation(table)))
    }

    /// Whether the author has a transaction open at `offset`.
    pub(super) fn in_transaction(&self, offset: usize) -> bool {
        let before = self.transactions.partition_point(|(begin, _)| *begin < offset);
        before.checked_sub(1).is_some_and(|last| offset < self.transactions[last].1)
    }

    /// Whether what the file does stays: validations and tests are rolled back.
    pub(super) fn has_effect(&self) -> bool {
        !matches!(self.file.role, Role::Validation | Role::Test)
    }
}

/// From each BEGIN to the statement that ends its transaction, or to the end of the file.
fn transactions(file: &Migration) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begin = None;
    for (_, statement) in file.parsed.forward() {
        match statement.kind {
            StatementKind::Other(Verb::Begin) => begin = begin.or(Some(statement.span.start)),
            StatementKind::Other(Verb::Commit | Verb::Rollback | Verb::PrepareTransaction) => {
                found.extend(begin.take().map(|begin| (begin, statement.span.start)));
            }
            _ => {}
        }
    }
    found.extend(begin.map(|begin| (begin, usize::MAX)));
    found
}
