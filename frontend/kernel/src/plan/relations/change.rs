//! PostgreSQL's rule of when ALTER COLUMN … TYPE writes every row (`ATColumnChangeRequiresRewrite`): unless each cast
//! between the old type and the new one only gives the same bytes another name. It knows types, not tables.

use super::{
    domains::{DEEPEST, UNKNOWN, UserTypes},
    types::{Modifier, Type},
};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        lock::{Volatility, Work, volatility},
        tokens,
        type_name::Base,
    },
};

const CAST: Work = Work::Certain("every row is converted to the new type");
const LENGTH: Work = Work::Certain("every row is brought to the new length");

impl UserTypes<'_> {
    /// Whether a cast writes anew what it finds.
    pub(super) fn cast(&self, from: &Type, to: &Type) -> Work {
        self.cast_below(from, to, DEEPEST)
    }

    fn cast_below(&self, from: &Type, to: &Type, depth: u8) -> Work {
        let Some(depth) = depth.checked_sub(1) else { return UNKNOWN };
        if from.is_alike(to) {
            return self.length(from.modifier, to);
        }
        if let Some(domain) = self.domain(to) {
            let Some(base) = self.bottom(to) else { return UNKNOWN };
            return self.demands(domain).max(self.cast_below(from, &base, depth));
        }
        if let Some(domain) = self.domain(from) {
            // What a domain limits its base type to is not known behind the cast.
            let base = Type::read(domain.base).map(Type::unlimited);
            return base.map_or(UNKNOWN, |base| self.cast_below(&base, to, depth));
        }
        if from.array && to.array {
            let element = |array: &Type| Type { array: false, ..array.clone() };
            let known = self.is_known(&element(from)) && self.is_known(&element(to));
            return if known { CAST } else { UNKNOWN };
        }
        match (&from.base, &to.base) {
            (Base::Own(from_own), Base::Own(to_own)) if !from.array && !to.array => {
                match alike(from_own, to_own) {
                    Work::None => self.length(Modifier::default(), to),
                    Work::Perhaps(zone) if to.modifier.size.is_none() => Work::Perhaps(zone),
                    _ => CAST,
                }
            }
            _ if self.is_known(from) && self.is_known(to) && !self.own_casts => CAST,
            _ => UNKNOWN,
        }
    }

    fn is_known(&self, found: &Type) -> bool {
        matches!(found.base, Base::Own(_)) || self.get(&Type { array: false, ..found.clone() }).is_some()
    }

    fn length(&self, old: Modifier, to: &Type) -> Work {
        let new = to.modifier;
        if new == Modifier::default() || new == old {
            return Work::None;
        }
        let Base::Own(base) = to.base else { return UNKNOWN };
        let grows = old.size.is_some() && new.size >= old.size;
        let stays = match base {
            _ if to.array => false,
            "character varying" | "bit varying" => grows,
            "numeric" => grows && old.scale == new.scale,
            "time without time zone"
            | "time with time zone"
            | "timestamp without time zone"
            | "timestamp with time zone" => grows || new.size >= Some(MICROSECONDS),
            "interval" => {
                let (old_last, new_last) = (old.last_field.unwrap_or(0), new.last_field.unwrap_or(0));
                let precise = new.size.is_none_or(|size| size >= MICROSECONDS) || grows;
                new_last <= old_last && (old_last > 0 || precise)
            }
            _ => false,
        };
        if stays { Work::None } else { LENGTH }
    }

    /// Whether an index keeps its order and its operators when a column gets another type of the same bytes.
    pub(super) fn keeps_index(&self, from: &Type, to: &Type) -> Work {
        const REBUILT: &str = "an index on the column is built anew";
        if from.is_alike(to) {
            return Work::None;
        }
        let operators = |found: &Type| match self.bottom(found)? {
            Type { base: Base::Own(own), array: false, .. } => Some(match own {
                "character varying" => "text",
                "cidr" => "inet",
                own => own,
            }),
            _ => None,
        };
        match (operators(from), operators(to)) {
            (Some(old), Some(new)) if old == new => Work::None,
            (Some(_), Some(_)) => Work::Certain(REBUILT),
            // The operators of arrays, enums and ranges work on any such type, and the index knows which.
            _ => Work::Perhaps(REBUILT),
        }
    }
}

/// Beyond six digits a time has no more precision.
const MICROSECONDS: i32 = 6;

/// Whether a cast between two of PostgreSQL's own types has work to do.
fn alike(from: &str, to: &str) -> Work {
    let numbers = |name: &str| name == "oid" || name == "integer" || name.starts_with("reg");
    let free = match (from, to) {
        ("text", "character varying" | "character" | "citext")
        | ("character varying", "text" | "character" | "citext")
        | ("citext", "text" | "character varying")
        | ("xml", "text" | "character varying" | "character")
        | ("cidr", "inet")
        | ("bit", "bit varying")
        | ("bit varying", "bit")
        | ("regproc", "regprocedure")
        | ("regprocedure", "regproc")
        | ("regoper", "regoperator")
        | ("regoperator", "regoper") => true,
        ("oid" | "integer", to) => numbers(to),
        (from, "oid" | "integer") => numbers(from),
        ("timestamp without time zone", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone") => {
            return Work::Perhaps("unless the session's time zone is UTC");
        }
        _ => false,
    };
    if free { Work::None } else { CAST }
}

/// What `using …` makes of the column, and the type it comes out as.
pub(super) struct Expression {
    pub(super) work: Work,
    pub(super) of: Type,
}

const COMPUTED: Work = Work::Certain("every row is computed anew");

/// Reads an expression over a column of a type: the column itself, or casts of it; `Err` for any other.
pub(super) fn expression(
    types: &UserTypes<'_>,
    written: &str,
    column: &Ident,
    of: &Type,
) -> Result<Expression, Work> {
    let tokens = tokens(written);
    casts(types, Cursor::new(written, &tokens, 0), column, of, DEEPEST)
}

fn casts(
    types: &UserTypes<'_>,
    written: Cursor<'_>,
    column: &Ident,
    of: &Type,
    depth: u8,
) -> Result<Expression, Work> {
    let depth = depth.checked_sub(1).ok_or(UNKNOWN)?;
    let mut cursor = written;
    let mut found = if cursor.at(TokenKind::OpenParen) {
        let inside = cursor.group().ok_or(COMPUTED)?;
        casts(types, inside, column, of, depth)?
    } else if cursor.is("cast") {
        cursor.skip(1);
        let inside = cursor.group().ok_or_else(|| computed(written))?;
        let mut behind = inside;
        behind.skip_to_any(&["as"]);
        let found = casts(types, inside.until(&behind), column, of, depth)?;
        behind.skip(1);
        cast(types, &found, behind.text())?
    } else {
        let named: Option<QualifiedName> = cursor.name().map(|named| named.name);
        if named.is_none_or(|named| named.name != *column) || cursor.at(TokenKind::OpenParen) {
            return Err(computed(written));
        }
        Expression { work: Work::None, of: of.clone() }
    };
    while !cursor.is_empty() {
        if cursor.eat("collate") {
            cursor.name().ok_or(COMPUTED)?;
        } else if cursor.eat_text("::") {
            let start = cursor;
            while !cursor.is_empty() && !cursor.at_text("::") && !cursor.is("collate") {
                cursor.step();
            }
            found = cast(types, &found, start.until(&cursor).text())?;
        } else {
            return Err(computed(written));
        }
    }
    Ok(found)
}

fn cast(types: &UserTypes<'_>, found: &Expression, to: &str) -> Result<Expression, Work> {
    let to = Type::read(to).ok_or(UNKNOWN)?;
    Ok(Expression { work: found.work.max(types.cast(&found.of, &to)), of: to })
}

/// PostgreSQL folds CASE and COALESCE where it can, and puts the body of a function of SQL in its place.
fn computed(written: Cursor<'_>) -> Work {
    let text = written.text();
    let folds = written.tokens().iter().any(|token| {
        let word = written.text_of(*token);
        ["case", "coalesce"].iter().any(|known| word.eq_ignore_ascii_case(known))
    });
    let known = !folds && volatility(text) != Volatility::Unknown;
    if known { COMPUTED } else { Work::Perhaps("unless the expression comes down to the column itself") }
}
