//! Who may import whom, and what may stand where.

use harness::tree::TreeFile;

/// The kernel's modules; a module imports only from those left of it.
const KERNEL_ORDER: [&str; 11] =
    ["words", "text", "name", "sql", "migration", "schema", "graph", "lint", "plan", "review", "run"];

/// A text and the only places (path prefixes) where it may stand, among files of a prefix and an ending.
struct OnlyHere {
    text: &'static str,
    among: &'static str,
    ending: &'static str,
    here: &'static [&'static str],
}

const ONLY_HERE: [OnlyHere; 12] = [
    OnlyHere {
        text: "sqlparser::",
        among: "frontend/kernel/src/",
        ending: ".rs",
        here: &["frontend/kernel/src/sql/ast.rs"],
    },
    OnlyHere { text: "gloo_net::", among: "frontend/src/", ending: ".rs", here: &["frontend/src/api/"] },
    OnlyHere {
        text: "web_sys::",
        among: "frontend/src/",
        ending: ".rs",
        here: &["frontend/src/browser/", "frontend/src/editor/"],
    },
    OnlyHere { text: "@codemirror/", among: "frontend/", ending: ".ts", here: &["frontend/editor/"] },
    OnlyHere {
        text: "tokio_postgres",
        among: "backend/src/",
        ending: ".rs",
        here: &["backend/src/pg/", "backend/src/engine/"],
    },
    OnlyHere {
        text: "IntoResponse for Error",
        among: "backend/src/",
        ending: ".rs",
        here: &["backend/src/error.rs"],
    },
    OnlyHere { text: "std::fs", among: "frontend/kernel/src/", ending: ".rs", here: &[] },
    OnlyHere { text: "std::net", among: "frontend/kernel/src/", ending: ".rs", here: &[] },
    OnlyHere { text: "std::time", among: "frontend/kernel/src/", ending: ".rs", here: &[] },
    OnlyHere { text: "async fn", among: "frontend/kernel/src/", ending: ".rs", here: &[] },
    OnlyHere { text: "HashMap", among: "frontend/kernel/src/", ending: ".rs", here: &[] },
    OnlyHere { text: "inner_html", among: "frontend/src/", ending: ".rs", here: &[] },
];

pub(super) fn misplaced(files: &[TreeFile]) -> Vec<String> {
    let mut found = Vec::new();
    for rule in &ONLY_HERE {
        let among =
            files.iter().filter(|file| file.path.starts_with(rule.among) && file.path.ends_with(rule.ending));
        for file in among.filter(|file| !rule.here.iter().any(|here| file.path.starts_with(here))) {
            let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.into_iter().any(|line| line.contains(rule.text)) {
                found.push(format!("{}: {} may not stand here", file.path, rule.text));
            }
        }
    }
    found
}

pub(super) fn kernel_arrows(files: &[TreeFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let Some(inside) = file.path.strip_prefix("frontend/kernel/src/") else {
            continue;
        };
        let module = inside.split(['/', '.']).next().unwrap_or_default();
        let Some(place) = KERNEL_ORDER.iter().position(|name| *name == module) else {
            continue;
        };
        // Tests may look anywhere.
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for right in &KERNEL_ORDER[place + 1..] {
            let imports =
                [format!("crate::{right}::"), format!("crate::{{{right}::"), format!("\n    {right}::")];
            if imports.iter().any(|import| code.contains(import.as_str())) {
                found.push(format!("{}: {module} imports {right}, which stands right of it", file.path));
            }
        }
    }
    found
}

pub(super) fn crate_arrows(files: &[TreeFile]) -> Vec<String> {
    let allowed = [
        ("frontend/kernel/Cargo.toml", &[][..]),
        ("frontend/linter/Cargo.toml", &["studio-kernel"][..]),
        ("frontend/parser/Cargo.toml", &["studio-kernel"][..]),
        ("frontend/Cargo.toml", &["studio-kernel"][..]),
        ("frontend/bundler/Cargo.toml", &[][..]),
        ("backend/Cargo.toml", &["studio-kernel"][..]),
        ("tests/Cargo.toml", &["studio-kernel", "studio-backend"][..]),
    ];
    let crates =
        ["studio-kernel", "studio-linter", "studio-parser", "studio-frontend", "studio-backend", "xtask"];
    let mut found = Vec::new();
    for (path, may) in allowed {
        let Some(file) = files.iter().find(|file| file.path == path) else {
            found.push(format!("{path} is missing"));
            continue;
        };
        for name in crates.iter().filter(|name| !may.contains(*name)) {
            let line =
                |line: &str| line.starts_with(&format!("{name}.")) || line.starts_with(&format!("{name} "));
            if file.text.lines().any(line) {
                found.push(format!("{path} depends on {name}"));
            }
        }
    }
    found
}
