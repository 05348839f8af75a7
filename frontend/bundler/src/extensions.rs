//! Which extensions the embedded PostgreSQL has: those that reach no further than the database they are in. What runs
//! programs, reads files, connects elsewhere or brings an untrusted language is not there to be made.

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::files::{entries, has_extension, read_text, remove_file, write};

/// This file, because another list is another engine.
pub(crate) const SOURCE: &str = include_str!("extensions.rs");

/// Everything that is kept. Whoever owns a database may make them, as on Supabase, where a superuser stands in.
const HARMLESS: [&str; 30] = [
    "autoinc",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "fuzzystrmatch",
    "hstore",
    "insert_username",
    "intagg",
    "intarray",
    "isn",
    "ltree",
    "moddatetime",
    "pg_stat_statements",
    "pg_trgm",
    "pgcrypto",
    "plpgsql",
    "refint",
    "seg",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "vector",
];

/// Removes every other extension with its library, and marks those that stay as trusted.
/// <https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-FILES>
pub(crate) fn keep_harmless(engine: &Path) -> Outcome {
    let folder = engine.join("share/postgresql/extension");
    let mut kept = 0;
    let mut controls: Vec<_> = entries(&folder)?;
    controls.retain(|path| has_extension(path, "control"));
    for control in controls {
        let name = control.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read_text(&control)?;
        if HARMLESS.contains(&name.as_str()) {
            kept += 1;
            if name != "plpgsql" && value(&text, "trusted") != Some("true") {
                write(&control, format!("{text}\ntrusted = true\n"))?;
            }
            continue;
        }
        let library = value(&text, "module_pathname").and_then(|path| path.strip_prefix("$libdir/"));
        for name in library.into_iter().chain([name.as_str()]) {
            for ending in ["so", "dylib"] {
                let library = engine.join("lib/postgresql").join(format!("{name}.{ending}"));
                if library.exists() {
                    remove_file(&library)?;
                }
            }
        }
        remove_file(&control)?;
        let script = format!("{name}--");
        for file in entries(&folder)? {
            if file.file_name().unwrap_or_default().to_string_lossy().starts_with(&script) {
                remove_file(&file)?;
            }
        }
    }
    match kept == HARMLESS.len() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "The pinned PostgreSQL has {kept} of the {} extensions that the engine is to have.",
            HARMLESS.len()
        ))),
    }
}

/// The value of a key in a control file, without its quotes.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let mut values = lines.filter(|(found, _)| found.trim() == key).map(|(_, value)| value.trim());
    values.next_back().map(|value| value.trim_matches('\''))
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn keys_of_a_control_file_are_read() {
        let text = "# comment\nmodule_pathname = '$libdir/dblink'\ntrusted=true\n";
        assert_eq!(value(text, "module_pathname"), Some("$libdir/dblink"));
        assert_eq!((value(text, "trusted"), value(text, "relocatable")), (Some("true"), None));
    }
}
