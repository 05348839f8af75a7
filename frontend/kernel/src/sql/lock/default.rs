//! Whether a new column makes PostgreSQL write every row: by its default and by its type.
//! It knows the functions and types that PostgreSQL brings; of others it says that it does not.

use crate::{
    name::QualifiedName,
    sql::{
        cursor::Cursor,
        lex::{Lexer, TokenKind},
        tokens,
        type_name::{Base, TypeName, serial},
    },
};

/// How often an expression can give another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volatility {
    /// Once a statement: PostgreSQL stores it once for all rows.
    Stable,
    /// It calls a function that is not known here.
    Unknown,
    /// For each row: every row is written.
    Volatile,
}

/// Of a default expression as written.
pub fn volatility(expression: &str) -> Volatility {
    let mut worst = Volatility::Stable;
    let mut name: Option<&str> = None;
    let mut qualifier: Option<&str> = None;
    let mut is_type = false;
    let tokens = Lexer::new(expression);
    for token in tokens.filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment)) {
        let text = token.span().of(expression);
        match token.kind {
            TokenKind::OpenParen => {
                if let Some(name) = name.filter(|_| !is_type) {
                    worst = worst.max(of_call(qualifier, name));
                }
                name = None;
            }
            TokenKind::Word | TokenKind::QuotedName => name = Some(text),
            TokenKind::Dot => {
                qualifier = name.take();
                continue;
            }
            _ => {
                // `x::numeric(8, 2)`: what follows a cast is a type.
                is_type = text == "::";
                name = None;
                qualifier = None;
                continue;
            }
        }
        if token.kind == TokenKind::OpenParen {
            (is_type, qualifier) = (false, None);
        }
    }
    worst
}

fn of_call(schema: Option<&str>, name: &str) -> Volatility {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    let in_schema = |wanted: &str| schema.is_some_and(|schema| schema.eq_ignore_ascii_case(wanted));
    let own = schema.is_none() || in_schema("pg_catalog");
    let stable = own && (STABLE.iter().any(is) || GRAMMAR.iter().any(is) || is_builtin_type(name))
        || in_schema("auth") && SUPABASE.iter().any(is);
    if VOLATILE.iter().any(is) || EXTENSIONS.iter().any(is) {
        Volatility::Volatile
    } else if stable {
        Volatility::Stable
    } else {
        Volatility::Unknown
    }
}

/// What Supabase puts into its schema `auth`.
const SUPABASE: [&str; 4] = ["email", "jwt", "role", "uid"];

/// Functions of PostgreSQL that give another value for each row.
pub(super) const VOLATILE: [&str; 11] = [
    "clock_timestamp",
    "currval",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "random",
    "random_normal",
    "setval",
    "timeofday",
    "uuidv4",
    "uuidv7",
];

/// The same, of the usual extensions.
const EXTENSIONS: [&str; 6] = [
    "gen_random_bytes",
    "gen_salt",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "gen_random_ulid",
];

/// Functions of PostgreSQL that stand in defaults and give one value a statement.
pub(super) const STABLE: [&str; 40] = [
    "abs",
    "age",
    "array_fill",
    "ceil",
    "chr",
    "concat",
    "current_database",
    "current_setting",
    "date_part",
    "date_trunc",
    "decode",
    "encode",
    "floor",
    "format",
    "initcap",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "length",
    "lower",
    "lpad",
    "make_date",
    "make_interval",
    "make_timestamptz",
    "md5",
    "now",
    "pg_backend_pid",
    "replace",
    "round",
    "statement_timestamp",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_timestamp",
    "to_tsvector",
    "transaction_timestamp",
    "upper",
];

/// Words before a parenthesis that call nothing.
const GRAMMAR: [&str; 22] = [
    "and",
    "any",
    "array",
    "between",
    "case",
    "cast",
    "coalesce",
    "current_time",
    "current_timestamp",
    "else",
    "extract",
    "greatest",
    "in",
    "least",
    "localtime",
    "localtimestamp",
    "not",
    "nullif",
    "or",
    "row",
    "then",
    "when",
];

/// Types of common extensions; they carry no constraint.
const OF_EXTENSIONS: [&str; 8] =
    ["citext", "geography", "geometry", "halfvec", "hstore", "ltree", "sparsevec", "vector"];

/// Whether a type is one of PostgreSQL or of an extension whose types carry no constraint. Of any other it is not
/// known whether it is a domain.
pub(super) fn is_builtin_type(written: &str) -> bool {
    let tokens = tokens(written);
    match TypeName::read(&mut Cursor::new(written, &tokens, 0)).map(|found| found.base) {
        Some(Base::Own(_)) => true,
        Some(Base::Named(QualifiedName { schema: None, name })) => {
            serial(name.as_str()).is_some() || OF_EXTENSIONS.contains(&name.as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_as_volatile_as_what_it_calls() {
        use Volatility::{Stable, Unknown, Volatile};
        for (default, expected) in [
            ("0", Stable),
            ("now()", Stable),
            ("pg_catalog.now() - interval '1 day'", Stable),
            ("'f(x) random()'", Stable),
            ("(now())::varchar(20)", Stable),
            ("x::public.short(3)", Stable),
            ("coalesce(null, lower('A'))", Stable),
            ("'{}'::jsonb", Stable),
            ("array['a', (1 + 2)::text]", Stable),
            ("auth.uid()", Stable),
            ("gen_random_uuid()", Volatile),
            ("extensions.gen_random_uuid ()", Volatile),
            ("now() + random() * interval '1 day'", Volatile),
            ("upper(uuid_generate_v4()::text)", Volatile),
            ("f(1)", Unknown),
            ("public.now()", Unknown),
            ("lower(f())", Unknown),
            ("f() || random()", Volatile),
            ("\"random\"()", Unknown),
            ("current_timestamp(3)", Stable),
        ] {
            assert_eq!(volatility(default), expected, "{default}");
        }
    }
}
