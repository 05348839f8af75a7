//! psql's meta-commands: their names, the files they read in, and the branches they open and close.

use crate::text::Span;

/// A meta-command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetaCommand {
    /// Without the backslash: `i`, `set`, `gexec`.
    pub name: String,
    /// `\\i` and `\\ir`: the file that is read in its place.
    pub include: Option<Include>,
}

/// What a meta-command does to the stretches that psql may pass over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Branch {
    /// `\\if`.
    Opens,
    /// `\\endif`.
    Closes,
}

/// A file that psql reads in the place of a meta-command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Where its path is written.
    pub span: Span,
    /// Its path as written, without quotes; `None` when a variable or a command gives it.
    pub path: Option<String>,
    /// `\\ir`: relative to the file that holds the command, not to psql's working directory.
    pub relative: bool,
}

impl MetaCommand {
    /// Reads a meta-command whose backslash stands at `start`.
    pub(crate) fn read(text: &str, start: usize) -> Self {
        let rest = text.strip_prefix('\\').unwrap_or(text);
        let (name, behind) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        let relative = match name {
            "i" | "include" => false,
            "ir" | "include_relative" => true,
            _ => return Self { name: name.to_owned(), include: None },
        };
        let written = behind.trim();
        let at = start + text.len() - behind.trim_start().len();
        let include = Include { span: Span::new(at, at + written.len()), path: argument(written), relative };
        Self { name: name.to_owned(), include: Some(include) }
    }

    /// `\\elif` and `\\else` stand between two branches and leave what follows in one.
    pub(crate) fn branch(&self) -> Option<Branch> {
        match self.name.as_str() {
            "if" => Some(Branch::Opens),
            "endif" => Some(Branch::Closes),
            _ => None,
        }
    }
}

/// The one argument a path is: bare, or in quotes.
fn argument(written: &str) -> Option<String> {
    if let Some(quoted) = written.strip_prefix('\'') {
        let end = quoted.replace("\'\'", "\u{0}\u{0}").find('\'')?;
        return Some(quoted.get(..end)?.replace("\'\'", "\'"));
    }
    let end = written.find(char::is_whitespace).unwrap_or(written.len());
    let bare = written.get(..end).filter(|bare| !bare.is_empty())?;
    (!bare.contains([':', '`', '"', '\''])).then(|| bare.to_owned())
}

impl Include {
    /// The path below the set's root, which is psql's working directory; `including` is the path of the file
    /// that holds the command. `None` when the path is not known or leads out of the set.
    pub fn resolve(&self, including: &str) -> Option<String> {
        let path = self.path.as_deref().filter(|path| !path.starts_with('/'))?;
        let folder = including.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = if self.relative { folder.split('/').collect() } else { Vec::new() };
        for part in path.split('/') {
            match part {
                ".." => {
                    parts.pop().filter(|last| !last.is_empty())?;
                }
                part => parts.push(part),
            }
        }
        parts.retain(|part| !part.is_empty() && *part != ".");
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_files_are_found_from_where_psql_looks() {
        for (command, including, expected) in [
            (r"\i tables/a.sql", "setup.sql", Some("tables/a.sql")),
            (r"\i ./a.sql", "deep/setup.sql", Some("a.sql")),
            (r"\ir a.sql", "deep/er/setup.sql", Some("deep/er/a.sql")),
            (r"\ir ../a.sql", "deep/setup.sql", Some("a.sql")),
            (r"\ir ../../a.sql", "deep/setup.sql", None),
            (r"\include_relative 'it''s here.sql'", "a/b.sql", Some("a/it's here.sql")),
            (r"\i :folder/a.sql", "b.sql", None),
            (r"\i /etc/a.sql", "b.sql", None),
            (r"\i", "b.sql", None),
            (r"\set a b", "b.sql", None),
        ] {
            let read = MetaCommand::read(command, 0);
            let found = read.include.as_ref().and_then(|include| include.resolve(including));
            assert_eq!(found.as_deref(), expected, "{command} in {including}");
        }
        let include = MetaCommand::read(r"\i  a.sql ", 10).include;
        assert_eq!(include.map(|include| include.span), Some(Span::new(14, 19)));
    }
}
