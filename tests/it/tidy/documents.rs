//! The documents name tests, files and commands that exist.

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
        let quoted: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if quoted.len() < 2 {
            found.push(format!("no path and name: {item}"));
        }
        for pair in quoted.chunks(2) {
            let [path, name] = pair else { continue };
            let exists = files.iter().any(|file| file.path == *path && defines_test(&file.text, name));
            if !exists {
                found.push(format!("{path} has no test {name}"));
            }
        }
    }
    if numbered != 17 {
        found.push(format!("{numbered} invariants instead of 17"));
    }
    found
}

fn defines_test(text: &str, name: &str) -> bool {
    let rust = [format!("fn {name}("), format!("fn {name}<")];
    rust.iter().any(|needle| text.contains(needle.as_str())) || text.contains(&format!("test(\"{name}\""))
}

/// Relative links of a document, and paths in its code map, lead somewhere.
pub(super) fn dead_links(document: &TreeFile) -> Vec<String> {
    let links = document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let dead = local.filter(|link| !root().join(link.split('#').next().unwrap_or_default()).exists());
    dead.map(|link| format!("{}: {link} does not exist", document.path)).collect()
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
