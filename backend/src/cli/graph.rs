//! `studio graph PATHS…`: what files need of each other, what does not fit, and what triples leave uncovered.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use serde::Serialize;
use studio_kernel::{
    graph::{self, Coverage, Cycle, Edge, Exchange, Misfit, Node, Use},
    migration::MigrationSet,
};

use super::{input, output::outln, print_json, unusable, verdict};

/// Arguments of `studio graph`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders, all of one migrations folder
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The whole answer.
#[derive(Serialize)]
struct Answer {
    files: Vec<Node>,
    /// From the file that needs to the file that is needed, with the objects that cause it.
    edges: Vec<Edge>,
    /// The same between objects.
    uses: Vec<Use>,
    /// Forward files in an order that honours every need.
    order: Vec<String>,
    cycles: Vec<Cycle>,
    misfits: Vec<Misfit>,
    /// Pairs of forward files that cannot change places, or of which it is not known.
    fixed: Vec<Pair>,
    triples: Vec<Coverage>,
}

#[derive(Serialize)]
struct Pair {
    files: [String; 2],
    #[serde(flatten)]
    exchange: Exchange,
}

/// Prints the graph; a misfit, a cycle, a hole or an intruder ends with 1.
pub fn run(args: &Args) -> ExitCode {
    let inputs = match input::read(&args.paths) {
        Ok(inputs) => inputs,
        Err(error) => return unusable(error),
    };
    let [input] = inputs.as_slice() else {
        return unusable("A graph takes files of one migrations folder.");
    };
    let answer = answer(&input.set);
    let fits = answer.misfits.is_empty() && answer.cycles.is_empty();
    match args.format {
        Format::Json => {
            print_json(&answer);
        }
        Format::Text => print(&answer),
    }
    verdict(fits && answer.triples.iter().all(Coverage::is_whole))
}

fn answer(set: &MigrationSet) -> Answer {
    let graph = graph::graph(set);
    let order = graph::order(set, &graph);
    let forward: Vec<&str> = set.forward_files().map(|file| file.path.as_str()).collect();
    let mut fixed = Vec::new();
    for (at, left) in forward.iter().enumerate() {
        for right in forward.iter().skip(at + 1) {
            let exchange = graph.exchange(left, right).filter(|exchange| *exchange != Exchange::Commutes);
            let files = [(*left).to_owned(), (*right).to_owned()];
            fixed.extend(exchange.map(|exchange| Pair { files, exchange }));
        }
    }
    Answer {
        order: order.paths,
        cycles: order.cycles,
        fixed,
        triples: graph::coverage(set),
        files: graph.nodes,
        edges: graph.edges,
        uses: graph.uses,
        misfits: graph.misfits,
    }
}

/// For people.
fn print(answer: &Answer) {
    for file in &answer.files {
        outln!("{}", file.path);
        if !file.makes.is_empty() {
            outln!("  makes {}", listed(&file.makes));
        }
        if file.unknown {
            outln!("  runs statements that are known only at run time");
        }
        for edge in answer.edges.iter().filter(|edge| edge.from == file.path) {
            let what = if edge.objects.is_empty() { "its rows".to_owned() } else { listed(&edge.objects) };
            outln!("  needs {} for {what}", edge.to);
        }
        for misfit in answer.misfits.iter().filter(|misfit| misfit.file() == file.path) {
            outln!("  wrong: it {misfit}");
        }
    }
    outln!("order");
    for path in &answer.order {
        outln!("  {path}");
    }
    for cycle in &answer.cycles {
        outln!("  wrong: each needs the next, and the last the first: {}", cycle.join(", "));
    }
    for triple in &answer.triples {
        print_triple(triple);
    }
}

fn print_triple(triple: &Coverage) {
    let name = |path: &Option<String>| path.clone().unwrap_or_else(|| "nothing".to_owned());
    outln!("triple of {}", triple.forward);
    outln!("  undone by {}, proved by {}", name(&triple.rollback), name(&triple.validation));
    for seed in &triple.seeds {
        outln!("  filled by {}: {}", seed.file, listed(&seed.fills));
    }
    for (list, says) in [
        (&triple.not_dropped, "the rollback leaves"),
        (&triple.dropped_too, "the rollback also removes"),
        (&triple.not_restored, "the rollback does not restore"),
        (&triple.not_asserted, "the validation does not ask for"),
        (&triple.asserted_too, "the validation asks for what is not made:"),
    ] {
        if !list.is_empty() {
            outln!("  wrong: {says} {}", listed(list));
        }
    }
    if triple.unknown {
        outln!("  some of it is known only at run time");
    }
}

/// The first few, and how many more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
