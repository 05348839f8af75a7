//! What the text of an expression or a query names: columns, functions, types, sequences.
//! It evaluates nothing, and where a word may mean two things it names both.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::{Cursor, Named},
        lex::TokenKind,
        string_content,
    },
};

/// Names in an expression, as written.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Words that may be columns.
    pub(super) columns: Vec<Mention>,
    /// Functions that are called.
    pub(super) calls: Vec<QualifiedName>,
    /// Types that are cast to.
    pub(super) types: Vec<QualifiedName>,
    /// What `'…'::regclass` and `nextval('…')` name.
    pub(super) relations: Vec<QualifiedName>,
    /// `select *` and `t.*`: every column of what is read.
    stars: Vec<Star>,
    /// For each pair of parentheses the one around it, which has a smaller number; 0 is outside of all.
    around: Vec<usize>,
    /// Names that follow each other: the second may stand for the first, a table.
    aliases: Vec<(Ident, Ident)>,
}

/// A column, as it is written.
#[derive(Debug)]
pub(super) struct Mention {
    /// What stands before the dot.
    of: Option<Ident>,
    pub(super) name: Ident,
    /// The parentheses it stands in.
    group: usize,
}

/// A `*` that stands for columns.
#[derive(Debug)]
struct Star {
    /// What stands before the dot.
    of: Option<Ident>,
    at: usize,
    group: usize,
}

/// What is said of the columns of each table.
pub(super) struct ByTable<'m> {
    /// By what stands before the dot.
    columns: BTreeMap<Option<&'m Ident>, BTreeSet<&'m Ident>>,
    /// Names of tables whose columns a `*` may stand for.
    starred: BTreeSet<&'m Ident>,
    aliases: BTreeMap<&'m Ident, BTreeSet<&'m Ident>>,
}

impl Mentions {
    /// `resolved`: where those `*` stand whose columns are known.
    pub(super) fn by_table(&self, resolved: &[usize]) -> ByTable<'_> {
        let mut found =
            ByTable { columns: BTreeMap::new(), starred: BTreeSet::new(), aliases: BTreeMap::new() };
        for (name, alias) in &self.aliases {
            found.aliases.entry(name).or_default().insert(alias);
        }
        let mut open = vec![false; self.around.len()];
        let resolved: BTreeSet<usize> = resolved.iter().copied().collect();
        for star in self.stars.iter().filter(|star| !resolved.contains(&star.at)) {
            match &star.of {
                Some(of) => {
                    found.starred.insert(of);
                }
                None => open[star.group] = true,
            }
        }
        // What is named in parentheses is named where they stand.
        for (group, around) in self.around.iter().enumerate() {
            open[group] |= open[*around];
        }
        for mention in &self.columns {
            found.columns.entry(mention.of.as_ref()).or_default().insert(&mention.name);
            if open[mention.group] {
                found.starred.insert(&mention.name);
            }
        }
        found
    }
}

/// What is said of the columns of one table.
pub(super) struct OfTable<'m> {
    all: bool,
    /// Without a table.
    bare: Option<&'m BTreeSet<&'m Ident>>,
    /// With its name or one that it is given.
    own: BTreeSet<&'m Ident>,
}

impl ByTable<'_> {
    pub(super) fn of(&self, table: &Ident) -> OfTable<'_> {
        let called = || self.aliases.get(table).into_iter().flatten().copied().chain([table]);
        let named = called().filter_map(|called| self.columns.get(&Some(called)));
        OfTable {
            all: called().any(|called| self.starred.contains(called)),
            bare: self.columns.get(&None),
            own: named.flatten().copied().collect(),
        }
    }
}

impl<'m> OfTable<'m> {
    /// What is said, where that is fewer than so many columns.
    pub(super) fn fewer_than(&self, columns: usize) -> Option<impl Iterator<Item = &'m Ident>> {
        let bare = self.bare.map_or(0, BTreeSet::len);
        let names = || self.bare.into_iter().flatten().chain(&self.own).copied();
        (!self.all && bare + self.own.len() < columns).then(names)
    }

    /// Whether a column may be among what is said.
    pub(super) fn names(&self, column: &Ident) -> bool {
        self.all || self.bare.is_some_and(|names| names.contains(column)) || self.own.contains(column)
    }
}

/// Reads the names of an expression or a query.
pub(super) fn mentions(mut cursor: Cursor<'_>) -> Mentions {
    let mut found = Mentions { around: vec![0], ..Mentions::default() };
    let mut groups = vec![0];
    let mut before = "";
    // The name that ends here, and that of `name.`
    let (mut last, mut holder) = (None, None);
    while let Some(token) = cursor.peek() {
        match token.kind {
            TokenKind::Word | TokenKind::QuotedName => {
                let cast = before == "::";
                let Some(Named { name: written, .. }) = cursor.name() else { break };
                if is_word(cursor, token, "as") {
                    before = "as";
                    continue;
                }
                let own = written.name.clone();
                found.aliases.extend(last.replace(own.clone()).map(|last| (last, own.clone())));
                // What AS gives is a name or a type, and no column.
                let given = before == "as" && written.schema.is_none() && !cursor.at(TokenKind::OpenParen);
                if !given || cast {
                    let group = groups.last().copied().unwrap_or_default();
                    name(&mut found, written, cast, cursor, group);
                }
                // `t.*`
                let qualifies = cursor.eat_kind(TokenKind::Dot);
                holder = qualifies.then_some(own);
                let selects = ["select", "distinct", "all"].iter().any(|word| is_word(cursor, token, word));
                before = if qualifies || selects { "." } else { "" };
                continue;
            }
            TokenKind::Text => {
                let literal = cursor.text_of(token);
                if before == "nextval(" || is_regclass(cursor) {
                    found.relations.push(QualifiedName::from_sql(&string_content(literal)));
                }
                before = "";
            }
            kind => {
                if kind == TokenKind::OpenParen {
                    found.around.push(groups.last().copied().unwrap_or_default());
                    groups.push(found.around.len() - 1);
                } else if kind == TokenKind::CloseParen && groups.len() > 1 {
                    groups.pop();
                }
                let text = cursor.text_of(token);
                if text == "*" && matches!(before, "." | ",") {
                    let group = groups.last().copied().unwrap_or_default();
                    found.stars.push(Star { of: holder.take(), at: token.start, group });
                }
                holder = None;
                let called =
                    text == "(" && found.calls.last().is_some_and(|call| call.name.as_str() == "nextval");
                before = if called { "nextval(" } else { text };
            }
        }
        last = None;
        cursor.skip(1);
    }
    found
}

/// Whether the literal here is cast to a relation.
fn is_regclass(cursor: Cursor<'_>) -> bool {
    cursor.peek_at(1).is_some_and(|token| cursor.text_of(token) == "::") && cursor.is_at(2, "regclass")
}

fn is_word(cursor: Cursor<'_>, token: crate::sql::lex::Token, word: &str) -> bool {
    token.kind == TokenKind::Word && cursor.text_of(token).eq_ignore_ascii_case(word)
}

fn name(found: &mut Mentions, written: QualifiedName, cast: bool, behind: Cursor<'_>, group: usize) {
    if cast {
        found.types.push(written);
    } else if behind.at(TokenKind::OpenParen) {
        found.calls.push(written);
    } else {
        let (of, name) = (written.schema.clone(), written.name.clone());
        found.columns.push(Mention { of, name, group });
        if behind.at(TokenKind::Text) {
            found.types.push(written);
        }
    }
}
