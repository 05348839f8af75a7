//! Does the server execute what the plan names? Texts with mutated quotes, escapes, dollar tags and characters are
//! planned and sent as a run sends them, and once more as one simple query, which the server takes apart with its
//! own parser. Both must give the same command tags, one for each planned statement, whatever the database's
//! defaults are. The tags are counted on the wire.
//!
//! `STUDIO_FUZZ_STATEMENTS` says how many statements are sent at least; a slice of that runs everywhere.

use std::{collections::BTreeSet, fs, path::Path};

use futures_util::future::join_all;
use studio_backend::pg::target::{Failure, Settings};
use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan::{self, PlannedStatement, SegmentKind},
};

use crate::{
    bench::{Bench, on_runtime},
    relay::Relayed,
};

/// Statements that a prepared, empty database takes, with everything in them that opens and closes.
const BASES: [&str; 34] = [
    "select 'it''s'",
    "select E'it\\'s', e'\\\\', 'a\\'",
    "select $$ a ; b $$, $x$ $$ ; $x$",
    "select U&'\\0041', U&\"d\\0061ta\" from (select 1 as data) as t",
    "select 'one'\n'two'",
    "select E'one\\'s'\n'two\\'s'",
    "select 1 as \"a;b\", 2 as \"c\"\"d\"",
    "select /* a /* ; */ b */ 1 -- ' ;\n + 2",
    "select b'01', x'1F', n'text'",
    "select '表', 'ソ', 'ā', '能', '😀'",
    "select E'表\\'', '表\\'",
    "insert into kept values (1, 'a;b')",
    "insert into kept values (2, E'\\'; drop table kept; --') returning id",
    "update kept set note = 'x\\' where id = 1",
    "delete from kept where note = null",
    "create table made (a int default 1, b text check (b <> ';'))",
    "comment on table kept is 'a \\''; b'",
    "do $$ begin perform 'a;b'; end $$",
    "do $body$ begin execute 'select ''a;b'''; end $body$",
    "do 'begin perform ''it''''s;''; end'",
    "do E'begin perform \\'a;\\'; end'",
    "create function f() returns text language sql as 'select ''a;b'''",
    "create or replace function g() returns int language plpgsql as $f$ begin return 1; -- ' \nend $f$",
    "create function h() returns int begin atomic select 1; select case when true then 2 end; end",
    "create rule r as on insert to kept do also (delete from kept where id = 9; delete from kept where id = 8)",
    "create view v as select 'a\\' as x, id from kept",
    "values (1, ';'), (2, ')')",
    "with w as (select ';' as a) select * from w",
    "(select 1) union all (select 2)",
    "set local work_mem = '4MB'",
    "select 1 $$;$$",
    "create index on kept (id) where note <> ';'",
    "explain select ';'",
    "alter table kept add column \"x;y\" text default 'a\\'",
];

/// What is put into them.
const PIECES: [&str; 40] = [
    "'",
    "''",
    "\\",
    "\\'",
    "\\\\'",
    "\"",
    "\"\"",
    "$$",
    "$a$",
    "$a",
    "$",
    "/*",
    "*/",
    "--",
    "\n",
    "\r",
    ";",
    "; drop table kept; --",
    "'; drop table kept; --",
    "E'",
    "e'\\''",
    "U&'",
    "U&\"",
    "N'",
    "b'",
    "x'",
    "表",
    "ā",
    "ソ",
    "能",
    "\u{a0}",
    "\u{2028}",
    "😀",
    "'\n'",
    "' 'x",
    "(",
    ")",
    " begin atomic ",
    " end ",
    " as $$",
];

/// What a role or a database can have made of the session before the studio gets it.
const DEFAULTS: [(&str, [&str; 5]); 4] = [
    ("standard_conforming_strings", ["off", "on", "off", "on", "off"]),
    ("client_encoding", ["SJIS", "BIG5", "GBK", "LATIN1", "UTF8"]),
    ("backslash_quote", ["on", "off", "safe_encoding", "on", "off"]),
    ("transform_null_equals", ["on", "off", "on", "off", "on"]),
];

const SEEDS: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// Tags in order, and the SQLSTATE of what ended them.
type Ended = (Vec<String>, Option<String>);

/// How a planned statement is sent.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// As a run does.
    Run,
    /// As a text that may hold many commands.
    Simple,
}

struct Sides {
    one_by_one: Relayed,
    whole: Relayed,
    statements: usize,
    differences: Vec<String>,
}

impl Sides {
    /// Sessions whose defaults are those of the database; only a run's session is arranged.
    async fn open(database: &str, arranged: bool) -> Self {
        let one_by_one = Relayed::open(database).await;
        let whole = Relayed::open(database).await;
        whole.session.arrange(&Settings::default()).await.unwrap();
        if arranged {
            one_by_one.session.arrange(&Settings::default()).await.unwrap();
        }
        Self { one_by_one, whole, statements: 0, differences: Vec::new() }
    }

    async fn compare(&mut self, text: &str, way: Way) {
        let Some(planned) = planned(text).filter(|planned| is_sql_between(text, planned)) else { return };
        let whole = as_one(&mut self.whole, text).await;
        let (sent, one) = self.one_by_one(text, &planned, way).await;
        self.statements += sent.len() + usize::from(one.1.is_some());
        let alone = sent.iter().zip(&planned).find(|(tags, planned)| !is_only(tags, planned));
        if let Some((tags, planned)) = alone {
            let statement = planned.span.of(text);
            self.differences.push(format!("{statement:?} ({}) executes {tags:?}", planned.kind));
        } else if !agree(&whole, &one) {
            self.differences.push(format!("{text:?} is {whole:?} as one, and planned {one:?}"));
        }
    }

    /// The tags of each statement that succeeded, and all of it.
    async fn one_by_one(
        &mut self,
        text: &str,
        planned: &[PlannedStatement],
        way: Way,
    ) -> (Vec<Vec<String>>, Ended) {
        let side = &mut self.one_by_one;
        side.session.command("begin").await.unwrap();
        side.tags();
        let (mut sent, mut tags, mut refused) = (Vec::new(), Vec::new(), None);
        for planned in planned {
            let statement = planned.span.of(text);
            let done = match way {
                Way::Run => side.session.execute(statement, &mut |_| {}).await.map(drop).map_err(|no| no.0),
                Way::Simple => side.session.command(statement).await.map(drop),
            };
            let heard = side.tags();
            tags.extend_from_slice(&heard);
            match done {
                Ok(()) => sent.push(heard),
                Err(failure) => {
                    refused = Some(state(failure, text));
                    break;
                }
            }
        }
        side.session.command("rollback").await.unwrap();
        (sent, (tags, refused))
    }
}

async fn as_one(side: &mut Relayed, text: &str) -> Ended {
    side.session.command("begin").await.unwrap();
    side.tags();
    let refused = side.session.command(text).await.err().map(|failure| state(failure, text));
    let tags = side.tags();
    side.session.command("rollback").await.unwrap();
    (tags, refused)
}

fn state(failure: Failure, text: &str) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.sqlstate,
        Failure::Lost(heard) => panic!("{text:?}: {heard}"),
    }
}

/// The statements of a plan that may run, if they all share a transaction.
fn planned(text: &str) -> Option<Vec<PlannedStatement>> {
    let path = "20260101000000_fuzz.sql";
    let set = MigrationSet::new([SourceFile { path: path.to_owned(), text: text.to_owned() }]);
    let plan = plan::plan(&set, &[path], &BTreeSet::new());
    let segments = plan.files.into_iter().flat_map(|file| file.segments);
    let segments: Vec<_> = segments.collect();
    let shared = segments.iter().all(|segment| segment.kind == SegmentKind::Transaction);
    (plan.refusals.is_empty() && shared)
        .then(|| segments.into_iter().flat_map(|segment| segment.statements).collect())
}

/// `\\;` separates statements for psql alone; no server takes a text with it.
fn is_sql_between(text: &str, planned: &[PlannedStatement]) -> bool {
    planned.windows(2).all(|two| !text[two[0].span.end..two[1].span.start].contains('\\'))
        && planned.last().is_none_or(|last| !text[last.span.end..].contains('\\'))
}

/// One command, of the kind that the plan names.
fn is_only(tags: &[String], planned: &PlannedStatement) -> bool {
    let [tag] = tags else { return false };
    let verb = planned.kind.split('_').next().unwrap_or_default();
    tag.starts_with("SELECT ") || tag.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(verb))
}

/// What the parser refuses is refused before the first statement of a whole text, and at its place one by one.
fn agree(whole: &Ended, one: &Ended) -> bool {
    const BY_PARSER: [&str; 7] = ["42601", "22025", "22P06", "42602", "0A000", "22021", "54001"];
    match whole.1.as_deref() {
        Some(state) if whole.0.is_empty() && BY_PARSER.contains(&state) => one.1.is_some(),
        // Of a parameter, which has no value either way, a Parse message also asks what type it could have.
        Some("42P02") => whole.0 == one.0 && one.1.is_some(),
        _ => whole == one,
    }
}

/// The same numbers in every run of the tests.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// A value of each of [`DEFAULTS`].
    fn defaults(&mut self) -> [usize; 4] {
        [(); 4].map(|()| self.below(5))
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn text(&mut self, bases: &[&str]) -> String {
        let statements = 1 + self.below(8);
        let texts: Vec<String> = (0..statements).map(|_| self.mutated(bases)).collect();
        texts.join(";\n")
    }

    fn mutated(&mut self, bases: &[&str]) -> String {
        let mut text: Vec<char> = self.of(bases).chars().collect();
        let mutations = self.below(6).saturating_sub(2);
        for _ in 0..mutations {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(4)).min(text.len());
            match self.below(4) {
                0 => drop(text.drain(at..end)),
                1 => drop(text.splice(at..end, self.of(&PIECES).chars().collect::<Vec<_>>())),
                2 => drop(text.splice(at..at, text[at..end].to_vec())),
                _ => drop(text.splice(at..at, self.of(&PIECES).chars().collect::<Vec<_>>())),
            }
        }
        text.into_iter().collect()
    }
}

fn wanted(usually: usize) -> usize {
    let wanted = std::env::var("STUDIO_FUZZ_STATEMENTS").ok().and_then(|number| number.parse().ok());
    wanted.unwrap_or(usually)
}

async fn bench(name: &str) -> Bench {
    let bench = Bench::new(name).await;
    let sql =
        "create table public.kept (id int, note text); insert into public.kept values (1, 'x'), (2, null)";
    bench.client.batch_execute(sql).await.unwrap();
    bench
}

async fn set_defaults(bench: &Bench, of: [usize; 4]) {
    for ((name, values), at) in DEFAULTS.iter().zip(of) {
        let sql = format!("alter database {} set {name} = '{}'", bench.database, values[at]);
        bench.client.batch_execute(&sql).await.unwrap();
    }
}

/// Statements sent, and what differed.
async fn fuzz(seed: u64, wanted: usize) -> (usize, Vec<String>) {
    let bench = bench(&format!("differential_{seed}")).await;
    let mut chance = Chance(seed);
    let (mut statements, mut differences) = (0, Vec::new());
    while statements < wanted {
        set_defaults(&bench, chance.defaults()).await;
        let mut sides = Sides::open(&bench.database, true).await;
        while sides.statements < (wanted / 10).max(1) {
            sides.compare(&chance.text(&BASES), Way::Run).await;
        }
        statements += sides.statements;
        differences.extend(sides.differences);
    }
    (statements, differences)
}

#[test]
fn the_server_executes_exactly_the_planned_statements() {
    on_runtime(async {
        // Several at once, because each mostly waits for the server.
        let wanted = wanted(3_000) / SEEDS.len();
        let all = join_all(SEEDS.map(|seed| fuzz(seed, wanted))).await;
        let statements: usize = all.iter().map(|(statements, _)| statements).sum();
        let differences: Vec<String> = all.into_iter().flat_map(|(_, differences)| differences).collect();
        println!("{statements} statements under the defaults of sessions, {} differences", differences.len());
        assert_eq!(differences, [""; 0]);
    });
}

#[test]
fn the_real_set_is_executed_as_planned_under_every_default() {
    on_runtime(async {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|end| end == "sql")).collect();
        files.sort();
        let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        let text = texts.join("\n");
        let bench = bench("differential_set").await;
        let (mut statements, mut rounds, mut chance) = (0, 0, Chance(11));
        while rounds < 2 || statements < wanted(0) {
            rounds += 1;
            set_defaults(&bench, chance.defaults()).await;
            let mut sides = Sides::open(&bench.database, true).await;
            sides.compare(&text, Way::Run).await;
            assert!(sides.statements > 100, "{}", sides.statements);
            assert_eq!(sides.differences, [""; 0]);
            statements += sides.statements;
        }
        println!("{statements} statements of the real set in {rounds} rounds, no difference");
    });
}

#[test]
fn a_text_that_may_hold_many_commands_or_is_read_otherwise_is_a_difference() {
    on_runtime(async {
        let bench = bench("differential_fails").await;
        set_defaults(&bench, [0; 4]).await;
        let mut chance = Chance(7);
        let mut sides = Sides::open(&bench.database, false).await;
        sides
            .compare("select 'it\\'' as note; select 'drop'; insert into kept values (3); --'", Way::Simple)
            .await;
        assert_eq!(sides.differences.len(), 1, "{:?}", sides.differences);
        for _ in 0..300 {
            sides.compare(&chance.text(&BASES), Way::Simple).await;
        }
        assert!(sides.differences.len() > 10, "{:?}", sides.differences);
    });
}
