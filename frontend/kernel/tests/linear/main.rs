//! Work on a text grows as the text does: what is done of it for one view of a page takes, for a text with twice as many
//! actions, at most 2.2 times as long. Each kind of text is measured in each stage of the work, so that one stage that
//! compares every action with every other is not hidden behind those that do not.
//!
//! What is compared are two times of the same work in the same run, and never a time with a number of milliseconds: a
//! machine that is slow is slow for both. The kernel counts no steps, and a count of what it allocates or compares by one
//! function would miss every loop over numbers, so it is the time of the thread on a processor that is taken:
//!
//! - A text is compared with one of eight times as many actions, and the limit is 2.2 three times over. In one doubling
//!   all may leave a cache, which costs nearly a quarter more; over three of them that is spread, while what is quadratic
//!   grows sixty-four-fold. What is found in an ordered map costs as many steps as its size has binary digits: of texts
//!   with fewer than some thousand actions, that much is allowed and a tenth more, where it is more.
//! - Of each time the shortest of several counts, taken in turns. Whatever disturbs only lengthens, so more looks can only
//!   bring both closer to what the work takes. A stage that misses the limit is looked at anew when all others are done,
//!   up to [`ROUNDS`] times. What is quadratic misses it every time.
//! - How many actions there are follows from the time that they take, so that an unoptimised kernel is tested in about
//!   the same time with shorter texts.
//!
//! Where the result itself grows with a product nothing is asked: `n` statements that each lock `n` partitions have `n²`
//! locks to name.

mod kinds;
mod statements;
mod texts;

use std::{hint::black_box, time::Duration};

use kinds::{ACTIONS, Kind, LISTS};
use rustix::time::{ClockId, clock_gettime};
use statements::STATEMENTS;
use studio_kernel::{
    graph::{coverage, graph, order},
    lint::{self, Settings},
    migration::{MigrationSet, SourceFile},
    plan::{self, PlannedFile},
    run::{RunEvent, RunEventKind, RunKind, RunView, event::RunStep},
    sql::lock::locks,
};
use texts::TEXTS;

/// How much longer twice as many actions may take.
const LIMIT: f64 = 2.2;

/// The longer text has twice as many actions so many times over.
const DOUBLINGS: i32 = 3;

/// How much longer the longer text may take.
fn limit(many: usize) -> f64 {
    let digits = |many: usize| f64::from(many.ilog2());
    let in_maps = 2_f64.powi(DOUBLINGS) * digits(many << DOUBLINGS) / digits(many);
    LIMIT.powi(DOUBLINGS).max(1.1 * in_maps)
}

/// The fewest and the most actions of the shorter text.
const FEWEST: usize = 32;
const MOST: usize = 1024;

/// The longer text has as many actions as all stages of the work need so long for.
const ENOUGH: Duration = Duration::from_millis(20);

/// What takes less time than this is measured together with what the clock itself takes, and says nothing.
const FLEETING: Duration = Duration::from_micros(150);

/// How often a stage is looked at at once, and how often it is looked at anew before it is said to miss the limit: what
/// disturbs may go on for seconds.
const LOOKS: usize = 5;
const ROUNDS: usize = 20;

/// A text, read.
struct Read {
    text: String,
    set: MigrationSet,
}

impl Read {
    fn new(text: String) -> Self {
        Self { set: set_of(&text), text }
    }
}

fn set_of(text: &str) -> MigrationSet {
    let rollback = SourceFile::from(("rollback/a.sql", "-- forward: a\ndrop table t;"));
    MigrationSet::new([SourceFile { path: PATH.to_owned(), text: text.to_owned() }, rollback])
}

const PATH: &str = "20250101000000_a.sql";

/// A stage of the work, and how it is done.
type Stage = (&'static str, fn(&Read));

/// What the page and the server do of a file. The coverage of a file by its rollback and its validation follows from the
/// model of the schema before and behind each.
const STAGES: &[Stage] = &[
    ("reading", |read| drop(black_box(set_of(&read.text)))),
    ("reading again", |read| {
        let mut set = read.set.clone();
        let half = read.text.len() / 2;
        let middle = (half..).find(|at| read.text.is_char_boundary(*at)).unwrap_or_default();
        let (before, behind) = read.text.split_at(middle);
        set.put(SourceFile { path: PATH.to_owned(), text: format!("{before} {behind}") });
        black_box(set);
    }),
    ("lint", |read| drop(black_box(lint::lint(&read.set, &[PATH], &Settings::default())))),
    ("plan", |read| drop(black_box(plan::preview(&read.set, PATH, None)))),
    ("locks", |read| {
        let file = read.set.get(PATH).into_iter();
        file.flat_map(|file| &file.parsed.statements).for_each(|one| drop(black_box(locks(one, None))));
    }),
    ("graph", |read| {
        let graph = graph(&read.set);
        black_box(order(&read.set, &graph));
    }),
    ("coverage", |read| drop(black_box(coverage(&read.set)))),
    ("folding a run", |read| drop(black_box(run_of(&read.set)))),
];

/// A run of the file in which every statement is done, as the page has it from its events.
fn run_of(set: &MigrationSet) -> RunView {
    let plan = plan::preview(set, PATH, None);
    let statements = plan.files.iter().flat_map(PlannedFile::statements);
    let done: Vec<usize> = statements.map(|planned| planned.index).collect();
    let steps = plan.files.into_iter().map(|file| RunStep { title: String::new(), file: Some(file) });
    let queued = RunEventKind::Queued { kind: RunKind::Apply, target: String::new(), steps: steps.collect() };
    let done = done.into_iter().flat_map(|statement| {
        [
            RunEventKind::StatementStarted { step: 0, statement },
            RunEventKind::StatementDone { step: 0, statement, rows: None, micros: None },
        ]
    });
    let events = [queued].into_iter().chain(done).zip(1..);
    let events: Vec<RunEvent> = events.map(|(kind, seq)| RunEvent { seq, at: String::new(), kind }).collect();
    RunView::fold(RunKind::Apply, &events)
}

/// How long the thread has been working.
fn worked() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

fn time(work: impl FnOnce()) -> Duration {
    let start = worked();
    work();
    worked().saturating_sub(start)
}

/// The shortest times that a stage takes for a text and a longer one.
#[derive(Clone, Copy)]
struct Times([Duration; 2]);

impl Times {
    /// Before any look.
    const NONE: Self = Self([Duration::MAX; 2]);

    /// Looks until the limit is kept.
    fn look(&mut self, work: fn(&Read), [short, long]: [&Read; 2], limit: f64) {
        let Self([for_short, for_long]) = self;
        for _ in 0..LOOKS {
            // The shorter one is disturbed as easily, and costs less to look at: were it too long, nothing would be found.
            for _ in 0..3 {
                *for_short = time(|| work(short)).min(*for_short);
            }
            *for_long = time(|| work(long)).min(*for_long);
            if Self([*for_short, *for_long]).growth() <= limit {
                return;
            }
        }
    }

    /// How much longer the longer text takes.
    fn growth(self) -> f64 {
        let [short, long] = self.0;
        if long < FLEETING { 1.0 } else { long.div_duration_f64(short) }
    }
}

/// A kind of text, how many actions the shorter one has, and the stages that miss the limit.
struct Measured {
    kind: Kind,
    many: usize,
    stages: Vec<(Stage, Times)>,
}

impl Measured {
    /// Looks at all stages, for so many actions that they take long enough.
    fn new(kind: Kind, stages: &[Stage]) -> Self {
        let mut many = FEWEST;
        loop {
            let stages = stages.iter().map(|stage| (*stage, Times::NONE)).collect();
            let mut measured = Self { kind, many, stages };
            measured.look();
            let taken: Duration = measured.stages.iter().map(|(_, Times([_, long]))| *long).sum();
            if taken >= ENOUGH || many >= MOST {
                measured.forget_kept();
                return measured;
            }
            many *= 2;
        }
    }

    fn look(&mut self) {
        let text = self.kind.1;
        let [short, long] = [self.many, self.many << DOUBLINGS].map(|many| Read::new(text(many)));
        for ((_, work), times) in &mut self.stages {
            times.look(*work, [&short, &long], limit(self.many));
        }
    }

    /// Stages that keep the limit need not be looked at any more.
    fn forget_kept(&mut self) {
        self.stages.retain(|(_, times)| times.growth() > limit(self.many));
    }
}

/// Memory that the allocator has at hand for this thread as long as what is returned is kept: it stands behind the rest.
/// Without it the longer text alone would ask the system for memory, and give it back, each time.
fn memory() -> Vec<u8> {
    let mut blocks: Vec<Vec<u8>> = (0..400).map(|_| black_box(vec![1; 100_000])).collect();
    blocks.pop().unwrap_or_default()
}

/// What grows faster than its text.
fn misses(kinds: &[Kind], stages: &[Stage]) -> Vec<String> {
    let _memory = memory();
    let mut open: Vec<Measured> = kinds.iter().map(|kind| Measured::new(*kind, stages)).collect();
    for _ in 1..ROUNDS {
        open.retain(|measured| !measured.stages.is_empty());
        for measured in &mut open {
            measured.look();
            measured.forget_kept();
        }
    }
    let mut found = Vec::new();
    for Measured { kind: (kind, _), many, stages } in open {
        let missed = stages.iter().map(|((stage, _), times)| {
            let (growth, limit) = (times.growth(), limit(many));
            format!("{stage} of “{kind}”, {many} times and eight times that: {growth:.1}, above {limit:.1}")
        });
        found.extend(missed);
    }
    found
}

#[track_caller]
fn check(kinds: &[Kind]) {
    let found = misses(kinds, STAGES);
    assert!(found.is_empty(), "These grow faster than their text:\n{}", found.join("\n"));
}

#[test]
fn twice_as_many_actions_of_a_statement_take_twice_as_long() {
    check(ACTIONS);
}

#[test]
fn twice_as_long_a_list_takes_twice_as_long() {
    check(LISTS);
}

#[test]
fn twice_as_many_statements_take_twice_as_long() {
    check(STATEMENTS);
}

#[test]
fn twice_as_long_a_body_or_comment_takes_twice_as_long() {
    check(TEXTS);
}

/// Compares every action with every other, as quick as that can be.
fn pairwise(read: &Read) {
    let actions: Vec<usize> = read
        .set
        .files()
        .iter()
        .flat_map(|file| &file.parsed.statements)
        .flat_map(|statement| statement.actions())
        .map(|action| action.span.start)
        .collect();
    black_box(actions.iter().filter(|one| actions.contains(black_box(*one))).count());
}

#[test]
fn what_compares_every_action_with_every_other_is_found() {
    let found = misses(&ACTIONS[..1], &[("lint", STAGES[2].1), ("a pairwise comparison", pairwise)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a pairwise comparison"), "{found:?}");
}
