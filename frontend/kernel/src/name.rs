//! Names as PostgreSQL compares them: folded unless quoted, cut at 63 bytes, resolved by search_path.
//! It reads no statement.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, StrExt};

/// PostgreSQL's NAMEDATALEN less one: longer names are cut to this many bytes
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
pub const MAX_BYTES: usize = 63;

/// One identifier in the form PostgreSQL stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(SmolStr);

impl Ident {
    /// An identifier as it stands in SQL: `"Quoted ""x"""` keeps its case, everything else is folded to
    /// lower case, which in UTF-8 concerns ASCII letters alone.
    pub fn from_sql(written: &str) -> Self {
        match written.strip_prefix('"') {
            Some(rest) => match rest.strip_suffix('"').unwrap_or(rest) {
                inner if inner.contains('"') => Self::exact(inner.replace("\"\"", "\"")),
                inner => Self::exact(inner),
            },
            // Most are in lower case as they are.
            None if !written.bytes().any(|byte| byte.is_ascii_uppercase()) => Self::exact(written),
            None => Self(cut(written).to_ascii_lowercase_smolstr()),
        }
    }

    /// What stands between the quotes of `U&"…"`: behind `escape` a character is written as four hexadecimal
    /// digits, or as `+` and six; one above U+FFFF also as two surrogates.
    pub fn from_escaped(inner: &str, escape: char) -> Self {
        let inner = inner.replace("\"\"", "\"");
        let mut units: Vec<u16> = Vec::with_capacity(inner.len());
        let mut rest = inner.as_str();
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            let mut decoded = Some(first);
            if first == escape {
                let (plus, digits) = if rest.starts_with('+') { (1, 6) } else { (0, 4) };
                let hex = rest.get(plus..plus + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                if let Some(code) = hex {
                    rest = &rest[plus + digits..];
                    decoded = char::from_u32(code);
                    // Half of a pair of surrogates.
                    units.extend(u16::try_from(code).ok().filter(|_| decoded.is_none()));
                } else if rest.starts_with(escape) {
                    rest = &rest[escape.len_utf8()..];
                }
            }
            units.extend(decoded.iter().flat_map(|one| one.encode_utf16(&mut [0; 2]).to_vec()));
        }
        Self::exact(String::from_utf16_lossy(&units))
    }

    /// A name as the catalogue stores it; only the length is cut.
    pub fn exact(name: impl AsRef<str>) -> Self {
        Self(SmolStr::new(cut(name.as_ref())))
    }

    /// The stored name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn needs_quotes(&self) -> bool {
        let plain = |(at, byte): (usize, u8)| {
            byte.is_ascii_lowercase() || byte == b'_' || at > 0 && (byte.is_ascii_digit() || byte == b'$')
        };
        self.0.is_empty() || !self.0.bytes().enumerate().all(plain)
    }
}

/// As much of a name as PostgreSQL keeps.
fn cut(name: &str) -> &str {
    let mut end = name.len().min(MAX_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// As SQL: quoted only where it must be.
impl fmt::Display for Ident {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needs_quotes() {
            write!(out, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            out.write_str(&self.0)
        }
    }
}

/// A name with its schema, as far as one was written. Database prefixes are dropped: PostgreSQL allows none
/// but the current one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The schema, when written.
    pub schema: Option<Ident>,
    /// The name itself.
    pub name: Ident,
}

impl QualifiedName {
    /// A name without a schema.
    pub fn bare(name: Ident) -> Self {
        Self { schema: None, name }
    }

    /// A name in a schema.
    pub fn new(schema: Ident, name: Ident) -> Self {
        Self { schema: Some(schema), name }
    }

    /// Reads `schema.name` or `name` as SQL writes it; dots inside quotes belong to the name.
    pub fn from_sql(written: &str) -> Self {
        let mut quoted = false;
        let cut = written.rfind(|character| {
            quoted ^= character == '"';
            character == '.' && !quoted
        });
        match cut {
            None => Self::bare(Ident::from_sql(written.trim())),
            Some(at) => {
                let (left, right) = written.split_at(at);
                let schema = Self::from_sql(left).name;
                Self::new(schema, Ident::from_sql(right[1..].trim()))
            }
        }
    }

    /// The same name with a schema: the written one, else the first of the search path.
    pub fn resolved(&self, path: &SearchPath) -> Self {
        Self { schema: self.schema.clone().or_else(|| path.first().cloned()), name: self.name.clone() }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(out, "{schema}.{}", self.name),
            None => self.name.fmt(out),
        }
    }
}

impl Serialize for QualifiedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QualifiedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_sql(&String::deserialize(deserializer)?))
    }
}

impl Serialize for Ident {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ident {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::exact(String::deserialize(deserializer)?))
    }
}

/// The schemas in which a bare name is looked up and made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath(Vec<Ident>);

impl SearchPath {
    /// A path of these schemas, in order.
    pub fn new(schemas: impl IntoIterator<Item = Ident>) -> Self {
        Self(schemas.into_iter().collect())
    }

    /// Where new objects go; `None` for an empty path.
    pub fn first(&self) -> Option<&Ident> {
        self.0.first()
    }
}

/// PostgreSQL's default `"$user", public`, for a user who has no schema of their own.
impl Default for SearchPath {
    fn default() -> Self {
        Self(vec![Ident::exact("public")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_print_as_sql() {
        for (written, printed) in [
            ("Users", "users"),
            ("\"Users\"", "\"Users\""),
            ("app.\"A.b\"", "app.\"A.b\""),
            ("\"my\"\"x\".T", "\"my\"\"x\".t"),
            ("db.app.t", "app.t"),
        ] {
            assert_eq!(QualifiedName::from_sql(written).to_string(), printed);
        }
    }

    #[test]
    fn escapes_are_undone() {
        for (inner, escape, stored) in [
            ("d\\0061t\\+000061", '\\', "data"),
            ("d!0061ta!!", '!', "data!"),
            ("\\d83d\\DE00 \\+01F600", '\\', "😀 😀"),
            ("a\"\"\\00e4é", '\\', "a\"äé"),
            ("broken \\00", '\\', "broken \\00"),
        ] {
            assert_eq!(Ident::from_escaped(inner, escape).as_str(), stored);
        }
    }

    #[test]
    fn long_names_are_cut_at_63_bytes() {
        assert_eq!(Ident::exact("ä".repeat(40)).as_str().len(), 62);
    }
}
