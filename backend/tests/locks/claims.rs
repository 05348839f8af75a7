//! The kernel's claims, spread over the relations of a database.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::name::{Ident, QualifiedName};
use studio_kernel::sql::lock::{Lock, LockMode, Reach, locks};
use studio_kernel::sql::{parse, statement::Statement};
use tokio_postgres::Client;

use crate::server::ask;

pub(crate) type Oid = u32;

/// A relation as it was before the statement.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) name: String,
    pub(crate) kind: char,
    /// Of an index or a TOAST table: the table whose lock covers it.
    pub(crate) table: Option<Oid>,
    pub(crate) file: Option<String>,
}

impl Relation {
    /// Whether it has rows that a statement could rewrite or read.
    pub(crate) fn has_rows(&self) -> bool {
        matches!(self.kind, 'r' | 'm')
    }
}

/// What the catalogue says of the relations, as far as claims reach along it.
pub(crate) struct World {
    pub(crate) relations: BTreeMap<Oid, Relation>,
    /// From, how, to.
    links: Vec<(Oid, Reach, Oid)>,
    names: BTreeMap<String, Oid>,
}

const RELATIONS: &str = "
select c.oid, c.oid::regclass::text, c.relkind, coalesce(t.oid, i.indrelid), pg_relation_filenode(c.oid)
from pg_class c
left join pg_index i on i.indexrelid = c.oid
left join pg_class t on t.reltoastrelid in (c.oid, i.indrelid)
where c.oid >= 16384 and (i.indrelid is null or i.indrelid >= 16384)";

const LINKS: &str = "
select inhparent, 'children', inhrelid from pg_inherits
union all select inhrelid, 'parent', inhparent from pg_inherits join pg_class c on c.oid = inhrelid and c.relispartition
union all select partrelid, 'default_partition', partdefid from pg_partitioned_table where partdefid <> 0
union all select i.inhrelid, 'default_partition', p.partdefid
  from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent
  where p.partdefid not in (0, i.inhrelid)
union all select indexrelid, 'table', indrelid from pg_index where indexrelid >= 16384
union all select indrelid, 'indexes', indexrelid from pg_index where indexrelid >= 16384
union all select t.oid, 'indexes', indexrelid from pg_index join pg_class t on t.reltoastrelid = indrelid
  where t.oid >= 16384
union all select conrelid, 'referenced', confrelid from pg_constraint where contype = 'f'
union all select confrelid, 'referencing', conrelid from pg_constraint where contype = 'f'
union all select refobjid, 'sequences', objid from pg_depend join pg_class c on c.oid = objid
  where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
    and c.relkind = 'S' and refobjsubid > 0 and deptype in ('a', 'i')
union all select distinct r.ev_class, 'beneath', d.refobjid from pg_depend d join pg_rewrite r on r.oid = d.objid
  where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
    and r.rulename = '_RETURN'";

const NAMES: &str = "
select case when relnamespace = 'public'::regnamespace then '' else relnamespace::regnamespace || '.' end || relname, oid
from pg_class where oid >= 16384 and relkind <> 't'
union all select '' || stxname, oid from pg_statistic_ext";

/// Statistics objects are no relations, yet they have a table.
const STATISTICS: &str = "select oid, 'table', stxrelid from pg_statistic_ext";

impl World {
    pub(crate) async fn read(client: &Client) -> Self {
        let oid = |text: &Option<String>| text.as_deref().unwrap().parse::<Oid>().unwrap();
        let relations = ask(client, RELATIONS).await.into_iter().map(|row| {
            let relation = Relation {
                name: row[1].clone().unwrap(),
                kind: row[2].as_deref().and_then(|kind| kind.chars().next()).unwrap(),
                table: row[3].as_ref().map(|_| oid(&row[3])),
                file: row[4].clone(),
            };
            (oid(&row[0]), relation)
        });
        let relations = relations.collect();
        let mut links = Vec::new();
        for row in [ask(client, LINKS).await, ask(client, STATISTICS).await].concat() {
            let how = Reach::ALL.iter().find(|reach| Some(reach.as_str()) == row[1].as_deref()).unwrap();
            links.push((oid(&row[0]), *how, oid(&row[2])));
        }
        let names = ask(client, NAMES).await.into_iter();
        let names = names.map(|row| (row[0].clone().unwrap(), oid(&row[1]))).collect();
        Self { relations, links, names }
    }

    fn reached(&self, from: Oid, how: Reach) -> BTreeSet<Oid> {
        let links = self.links.iter().filter(|link| link.0 == from && link.1 == how);
        links.map(|link| link.2).collect()
    }

    /// A relation and everything that inherits from it or partitions it.
    fn family(&self, root: Oid) -> BTreeSet<Oid> {
        let mut family = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(next) = open.pop() {
            open.extend(
                self.reached(next, Reach::Children).into_iter().filter(|child| family.insert(*child)),
            );
        }
        family
    }

    fn named(&self, name: &QualifiedName) -> Option<Oid> {
        let schema = name.schema.as_ref().map(Ident::as_str).filter(|schema| *schema != "public");
        let prefix = schema.map(|schema| format!("{schema}.")).unwrap_or_default();
        self.names.get(&format!("{prefix}{}", name.name.as_str())).copied()
    }

    /// The relations of a lock; `None` where nobody can tell.
    fn resolve(&self, lock: &Lock) -> Option<BTreeSet<Oid>> {
        if matches!(lock.reach, Reach::Unknown | Reach::Dependents) {
            return None;
        }
        let Some(object) = self.named(&lock.object) else {
            return Some(BTreeSet::new());
        };
        let mut reached = match lock.reach {
            Reach::Itself => BTreeSet::from([object]),
            Reach::Children => {
                let mut family = self.family(object);
                family.remove(&object);
                family
            }
            // A table that is emptied takes along what refers to it.
            Reach::Referencing if lock.rewrites => {
                let mut emptied = BTreeSet::new();
                let mut open = vec![object];
                while let Some(next) = open.pop() {
                    open.extend(
                        self.reached(next, lock.reach).into_iter().filter(|one| emptied.insert(*one)),
                    );
                }
                emptied
            }
            reach => self.reached(object, reach),
        };
        if lock.descends {
            reached = reached.into_iter().flat_map(|one| self.family(one)).collect();
        }
        Some(reached)
    }
}

/// What is claimed of one relation.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) lock: Lock,
    /// It is not the object itself but one of its partitions or children.
    pub(crate) inherited: bool,
}

/// All claims about a statement.
pub(crate) struct Claims {
    pub(crate) on: BTreeMap<Oid, Vec<Claimed>>,
    /// Claims on names that no relation has.
    pub(crate) nowhere: Vec<Lock>,
    /// Claims on relations that the text does not tell.
    pub(crate) anywhere: Vec<Lock>,
}

impl Claims {
    pub(crate) fn of(world: &World, locks: &[Lock]) -> Self {
        let mut claims = Self { on: BTreeMap::new(), nowhere: Vec::new(), anywhere: Vec::new() };
        for lock in locks {
            let Some(reached) = world.resolve(lock) else {
                claims.anywhere.push(lock.clone());
                continue;
            };
            let root = world.named(&lock.object);
            if root.is_none() {
                claims.nowhere.push(lock.clone());
            }
            for oid in reached {
                let inherited = lock.descends && Some(oid) != root && lock.reach == Reach::Itself;
                claims.on.entry(oid).or_default().push(Claimed { lock: lock.clone(), inherited });
            }
        }
        claims
    }

    /// The strongest mode claimed of a relation, or of the table that covers it.
    pub(crate) fn mode(&self, world: &World, oid: Oid) -> Option<LockMode> {
        let cover = world.relations.get(&oid).and_then(|relation| relation.table);
        let on = [Some(oid), cover].into_iter().flatten().filter_map(|oid| self.on.get(&oid)).flatten();
        on.map(|claimed| claimed.lock.mode).max()
    }
}

/// The one statement of a case.
pub(crate) fn statement(sql: &str) -> Statement {
    let mut statements = parse(sql).statements;
    assert_eq!(statements.len(), 1, "{sql}");
    statements.remove(0)
}

/// What the kernel says of it.
pub(crate) fn claimed(sql: &str, major: u16) -> Vec<Lock> {
    locks(&statement(sql), Some(major))
}
