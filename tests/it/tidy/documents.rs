//! The documents name tests, files and commands that exist, and the locks name where components come from.

use harness::tree::{TreeFile, root};

/// Each numbered invariant of ARCHITECTURE.md names at least one test as `path` · `name`, and it exists.
pub(super) fn invariants(architecture: &str, files: &[TreeFile]) -> Vec<String> {
    let mut found = Vec::new();
    let section = architecture.split("\n## Invariants").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut numbered = 0;
    let items: Vec<&str> =
        section.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    for item in &items {
        numbered += 1;
        let Some((_, tests)) = item.split_once("Guarded by") else {
            found.push(format!("no test: {item}"));
            continue;
        };
        let cited: Vec<(&str, &str)> = cited(tests).collect();
        if cited.is_empty() {
            found.push(format!("no path and name: {item}"));
        }
        found.extend(missing(cited, files));
    }
    if numbered != 17 {
        found.push(format!("{numbered} invariants instead of 17"));
    }
    found
}

/// What of SECURITY.md is not so: tests that do not exist, and rows of the standard that say neither what shows that
/// they hold nor why they do not. Its paths begin in its own folder.
pub(super) fn security(security: &str, files: &[TreeFile]) -> Vec<String> {
    let paths: Vec<(String, &str)> = cited(security).map(|(path, name)| (of_root(path), name)).collect();
    let mut found = missing(paths.iter().map(|(path, name)| (path.as_str(), *name)), files);
    let headings: Vec<String> =
        security.lines().filter_map(|line| line.strip_prefix("## ")).map(slug).collect();
    let anchors = security.split("](#").skip(1).filter_map(|rest| rest.split(')').next());
    let dead = anchors.filter(|anchor| !headings.iter().any(|heading| heading == anchor));
    found.extend(dead.map(|anchor| format!("no heading #{anchor}")));
    let section = security.split("\n## ASVS").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut rows = 0;
    for line in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| row")) {
        rows += 1;
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [numbers, state, why, shown] = cells[..] else {
            found.push(format!("not four cells: {line}"));
            continue;
        };
        let is_number = |number: &str| number.split('.').all(|part| part.parse::<u8>().is_ok());
        if !numbers.split([' ', '–']).all(is_number) {
            found.push(format!("no rows of the standard: {numbers}"));
        }
        let is_shown = cited(shown).next().is_some() || shown.contains("](#");
        match state {
            "holds" if is_shown => {}
            "in part" if is_shown && !why.is_empty() => {}
            "does not hold" | "does not apply" if !why.is_empty() => {}
            _ => found.push(format!("{numbers} is {state:?}, and nothing shows it or says why")),
        }
    }
    if rows == 0 {
        found.push("no row of the standard".to_owned());
    }
    found
}

/// A path as it is from the root, of one that begins in `backend`.
fn of_root(path: &str) -> String {
    path.strip_prefix("../").map_or_else(|| format!("backend/{path}"), str::to_owned)
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// Every `path` · `name` of a text.
fn cited(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices("` · `").filter_map(|(at, between)| {
        let path = text[..at].rsplit('`').next()?;
        let name = text[at + between.len()..].split('`').next()?;
        Some((path, name))
    })
}

/// Those of these tests that do not exist.
fn missing<'a>(tests: impl IntoIterator<Item = (&'a str, &'a str)>, files: &[TreeFile]) -> Vec<String> {
    let exists =
        |path: &str, name: &str| files.iter().any(|file| file.path == path && defines_test(&file.text, name));
    let missing = tests.into_iter().filter(|(path, name)| !exists(path, name));
    missing.map(|(path, name)| format!("{path} has no test {name}")).collect()
}

fn defines_test(text: &str, name: &str) -> bool {
    let rust = [format!("fn {name}("), format!("fn {name}<")];
    rust.iter().any(|needle| text.contains(needle.as_str())) || text.contains(&format!("test(\"{name}\""))
}

/// Relative links of a document, and paths in its code map, lead somewhere.
pub(super) fn dead_links(document: &TreeFile) -> Vec<String> {
    let links = document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let folder = root().join(&document.path);
    let folder = folder.parent().unwrap_or(&folder);
    let dead = local.filter(|link| !folder.join(link.split('#').next().unwrap_or_default()).exists());
    dead.map(|link| format!("{}: {link} does not exist", document.path)).collect()
}

/// The locks of what is delivered: what they name comes from the public registry of its kind alone, with a hash.
pub(super) const LOCKS: [&str; 3] =
    ["Cargo.lock", "frontend/editor/package-lock.json", "frontend/bundler/engine/package-lock.json"];

/// Components that a lock names without a hash, or from elsewhere.
pub(super) fn unpinned(lock: &TreeFile) -> Vec<String> {
    let (begins, hash) = match lock.path.ends_with(".json") {
        true => ("\": {\n      \"version\": ", "\"integrity\": \"sha512-"),
        false => ("\nsource = ", "\nchecksum = \""),
    };
    let pieces: Vec<&str> = lock.text.split(begins).skip(1).collect();
    let is_ours = |piece: &&str| {
        let registry = "\"registry+https://github.com/rust-lang/crates.io-index\"";
        piece.contains(hash)
            && !piece.contains("\"resolved\": ")
            && (lock.path.ends_with(".json") || piece.starts_with(registry))
    };
    let found = pieces.iter().filter(|piece| !is_ours(piece));
    let found: Vec<String> =
        found.map(|piece| format!("{}: {}", lock.path, &piece[..piece.len().min(80)])).collect();
    if pieces.is_empty() { vec![format!("{} names nothing", lock.path)] } else { found }
}

/// The README's commands are those of `cargo xtask`.
pub(super) fn unknown_commands(readme: &str, bundler: &str) -> Vec<String> {
    let commands: Vec<&str> = readme
        .split("cargo xtask ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next())
        .filter(|command| !command.is_empty())
        .collect();
    let known = |command: &str| {
        let mut letters = command.chars();
        let variant: String =
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        bundler.contains(&format!("    {variant}"))
    };
    let mut found: Vec<String> = commands
        .iter()
        .filter(|command| !known(command))
        .map(|command| format!("cargo xtask {command} does not exist"))
        .collect();
    for needed in ["run", "test"] {
        if !commands.contains(&needed) {
            found.push(format!("the README does not name cargo xtask {needed}"));
        }
    }
    found
}
