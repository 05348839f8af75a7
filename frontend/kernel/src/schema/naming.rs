//! The names PostgreSQL gives to what the author leaves unnamed: `t_pkey`, `t_a_key`, `t_a_seq`.
//! They follow `makeObjectName`, `ChooseRelationName` and `ChooseIndexColumnNames` of its sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    name::{Ident, MAX_BYTES},
    sql::{cursor::Cursor, lex::TokenKind},
};

/// A name that was cut has so many bytes at least: a character more would not have fitted.
pub(super) const CUT: usize = MAX_BYTES - 3;

/// `first_second_label` within 63 bytes: of the first two, the longer one is cut.
pub(super) fn joined(first: &str, second: Option<&str>, label: &str) -> String {
    let (mut first, mut second) = (first, second.unwrap_or_default());
    let underscores = 1 + usize::from(!second.is_empty());
    let room = MAX_BYTES.saturating_sub(label.len() + underscores);
    while first.len() + second.len() > room {
        let longer = if first.len() > second.len() { &mut first } else { &mut second };
        *longer = cut(longer, longer.len() - 1);
    }
    let mut name = String::with_capacity(MAX_BYTES);
    for part in [first, second, label].into_iter().filter(|part| !part.is_empty()) {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(part);
    }
    name
}

/// The first `bytes` of a name, less what would split a character.
fn cut(name: &str, bytes: usize) -> &str {
    let mut end = bytes.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// So many numbers are tried one by one; behind them a gap is not looked for, as thousands may be taken.
const EACH: u32 = 32;

/// The first name of `first_second_label`, `…_label1`, `…_label2` that is not taken.
pub(super) fn choose(
    first: &str,
    second: Option<&str>,
    label: &str,
    taken: impl Fn(&Ident) -> bool,
) -> Ident {
    let name = |pass: u32| match pass {
        0 => Ident::exact(joined(first, second, label)),
        _ => Ident::exact(joined(first, second, &format!("{label}{pass}"))),
    };
    let is_free = |pass: &u32| !taken(&name(*pass));
    if let Some(pass) = (0..EACH).find(is_free) {
        return name(pass);
    }
    let (mut low, mut high) = (EACH - 1, EACH);
    while !is_free(&high) {
        (low, high) = (high, high.saturating_mul(2));
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if is_free(&middle) { high = middle } else { low = middle }
    }
    name(high)
}

/// The middle part of the name of an index or foreign key: its columns joined by `_`.
pub(super) fn columns_part(columns: &[Ident]) -> String {
    let mut part = String::new();
    for column in columns {
        if !part.is_empty() {
            part.push('_');
        }
        part.push_str(column.as_str());
        if part.len() > MAX_BYTES {
            break;
        }
    }
    part
}

/// The names of an index's columns: a second `expr` is `expr1`.
pub(super) fn distinct(names: Vec<Ident>) -> Vec<Ident> {
    let mut taken: BTreeSet<Ident> = BTreeSet::new();
    // Lower numbers of a name are all taken.
    let mut passes: BTreeMap<Ident, u32> = BTreeMap::new();
    let mut chosen: Vec<Ident> = Vec::with_capacity(names.len());
    for name in names {
        let mut candidate = name.clone();
        if !taken.insert(candidate.clone()) {
            let pass = passes.entry(name.clone()).or_default();
            loop {
                *pass += 1;
                let number = pass.to_string();
                let kept = cut(name.as_str(), MAX_BYTES - number.len());
                candidate = Ident::exact(format!("{kept}{number}"));
                if taken.insert(candidate.clone()) {
                    break;
                }
            }
        }
        chosen.push(candidate);
    }
    chosen
}

/// What a column is called that is a cast to this type: by the name the type has in the catalogue.
pub(super) fn type_called(mut written: Cursor<'_>) -> Option<Ident> {
    let keyword = written.word(0).to_ascii_lowercase();
    let dotted = written.peek_at(1).is_some_and(|next| next.kind == TokenKind::Dot);
    let name = written.name()?.name.name;
    let varying = written.is("varying");
    let own = match keyword.as_str() {
        _ if dotted => None,
        "int" | "integer" => Some("int4"),
        "smallint" => Some("int2"),
        "bigint" => Some("int8"),
        "real" => Some("float4"),
        "double" => Some("float8"),
        "float" => {
            let bits = written.group().and_then(|bits| bits.text().trim().parse::<u32>().ok());
            Some(if bits.is_some_and(|bits| bits <= 24) { "float4" } else { "float8" })
        }
        "dec" | "decimal" => Some("numeric"),
        "boolean" => Some("bool"),
        "bit" if varying => Some("varbit"),
        "national" => {
            written.skip(1);
            Some(if written.is("varying") { "varchar" } else { "bpchar" })
        }
        "character" | "char" | "nchar" if varying => Some("varchar"),
        "character" | "char" | "nchar" => Some("bpchar"),
        "time" | "timestamp" => {
            written.group();
            let zoned = written.is("with");
            Some(match (keyword.as_str(), zoned) {
                ("time", false) => "time",
                ("time", true) => "timetz",
                (_, false) => "timestamp",
                (_, true) => "timestamptz",
            })
        }
        _ => None,
    };
    Some(own.map_or(name, Ident::exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_part_is_cut() {
        assert_eq!(joined("t", Some("a"), "key"), "t_a_key");
        assert_eq!(joined("t", None, "pkey"), "t_pkey");
        let long = joined(&"t".repeat(40), Some(&"c".repeat(60)), "fkey");
        assert_eq!(long, format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28)));
        assert_eq!(long.len(), 63);
        assert_eq!(joined(&"ä".repeat(40), None, "pkey"), format!("{}_pkey", "ä".repeat(29)));
    }

    #[test]
    fn taken_names_get_a_number() {
        let taken = ["t_a_idx", "t_a_idx1"];
        let name = choose("t", Some("a"), "idx", |name| taken.contains(&name.as_str()));
        assert_eq!(name.as_str(), "t_a_idx2");
        let expr = Ident::exact("expr");
        let names = distinct(vec![expr.clone(), expr.clone(), expr]);
        assert_eq!(columns_part(&names), "expr_expr1_expr2");
    }
}
