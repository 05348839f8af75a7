//! What every source file keeps to.

use harness::tree::TreeFile;

pub(super) fn raw_colours(files: &[TreeFile]) -> Vec<String> {
    let css = files.iter().filter(|file| file.path.starts_with("style/") && file.path.ends_with(".css"));
    let mut found = Vec::new();
    for file in css.filter(|file| file.path != "style/tokens.css") {
        for (at, line) in file.text.lines().enumerate() {
            let hex = line.match_indices('#').any(|(at, _)| {
                let digits = line[at + 1..].bytes().take_while(u8::is_ascii_hexdigit).count();
                line.contains(':') && [3, 4, 6, 8].contains(&digits)
            });
            if hex || ["rgb(", "rgba(", "hsl(", "oklch("].iter().any(|function| line.contains(function)) {
                found.push(format!("{}:{}: a raw colour", file.path, at + 1));
            }
            if line.contains("!important") {
                found.push(format!("{}:{}: !important reverses the layers", file.path, at + 1));
            }
        }
    }
    found
}

pub(super) fn too_long(files: &[TreeFile]) -> Vec<String> {
    let limit = |path: &str| match path {
        path if path.starts_with("frontend/kernel/src/lint/rules/") => 120,
        _ => 400,
    };
    let source =
        files.iter().filter(|file| [".rs", ".ts", ".css"].iter().any(|end| file.path.ends_with(end)));
    let long = source.filter(|file| file.text.lines().count() > limit(&file.path));
    long.map(|file| format!("{}: {} lines", file.path, file.text.lines().count())).collect()
}

pub(super) fn without_purpose(files: &[TreeFile]) -> Vec<String> {
    let source = files.iter().filter(|file| file.path.ends_with(".rs") && !file.text.starts_with("//!"));
    source.map(|file| format!("{}: does not open with //!", file.path)).collect()
}

/// Folders of a machine and the hosts of registries, put together here so that this file does not hold them.
pub(super) fn machine_words() -> Vec<String> {
    let folders = ["work", "root", "tmp"].map(|name| format!("/{name}/"));
    let hosts = ["registry.npmjs", "static.crates", "index.crates", "files.pythonhosted", "deb.debian"];
    folders.into_iter().chain(hosts.map(|host| format!("{host}."))).collect()
}

pub(super) fn machine_traces(files: &[TreeFile]) -> Vec<String> {
    let words = machine_words();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for word in words.iter().filter(|word| file.text.contains(word.as_str())) {
            found.push(format!("{}: {word}", file.path));
        }
    }
    found
}
