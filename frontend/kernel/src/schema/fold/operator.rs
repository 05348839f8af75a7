//! Operators and casts, which are told from each other by the types they stand between.

use super::Fold;
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        object::{Definition, Hold, Object, Oid},
        types::TypeUse,
    },
    sql::{cursor::Cursor, lex::TokenKind, statement::ObjectKind as O},
};

/// Casts have no name; this stands for one.
const CAST: &str = "cast";

impl Fold<'_> {
    pub(super) fn create_operator(&mut self, mut cursor: Cursor<'_>) {
        cursor.skip(2);
        let Some(name) = symbol(&mut cursor) else { return };
        let Some(mut options) = cursor.group() else { return };
        let (mut left, mut right, mut called) = (None, None, None);
        while let Some(mut option) = options.list_item() {
            let word = option.word(0).to_ascii_lowercase();
            option.skip(1);
            option.eat_text("=");
            match word.as_str() {
                "leftarg" => left = self.type_use(&mut option),
                "rightarg" => right = self.type_use(&mut option),
                "function" | "procedure" => called = option.name().map(|named| named.name),
                _ => {}
            }
        }
        let types = operands(left.into_iter().chain(right));
        let schema = self.place_for(&name);
        let path = self.session.path();
        let function = called.and_then(|called| {
            let named = self.schema.routines(path, &called);
            let exact = named.iter().find(|oid| self.types_of(**oid) == Some(&types));
            exact.or(named.first()).copied()
        });
        self.make_typed(O::Operator, Some(schema), name.name, types, function);
    }

    pub(super) fn create_cast(&mut self, mut cursor: Cursor<'_>) {
        cursor.skip(2);
        let Some(types) = self.cast_types(&mut cursor) else { return };
        let function =
            cursor.eat_all(&["with", "function"]).then(|| self.routine(&mut cursor, O::Function).0).flatten();
        self.make_typed(O::Cast, None, Ident::exact(CAST), types, function);
    }

    fn make_typed(
        &mut self,
        kind: O,
        schema: Option<Ident>,
        name: Ident,
        types: Vec<TypeUse>,
        function: Option<Oid>,
    ) {
        if let Some(oid) = self.schema.with_types(kind, schema.as_ref(), &name, &types) {
            return self.exists(kind, oid, false);
        }
        let needs: Vec<Oid> = types.iter().filter_map(Schema::type_need).chain(function).collect();
        let definition = Definition::Routine(types);
        let mut object = Object { definition, ..Object::new(kind, schema, name) };
        object.needs(needs, Hold::Stops);
        self.make(object);
    }

    /// SET SCHEMA; the rest of ALTER OPERATOR changes nothing that is modelled.
    pub(super) fn alter_operator(&mut self, mut cursor: Cursor<'_>) {
        cursor.skip(2);
        let Some(oid) = self.typed(&mut cursor, O::Operator) else { return };
        self.change(oid, |_| {});
        if cursor.eat_all(&["set", "schema"])
            && let Some((schema, _)) = cursor.ident()
        {
            self.change(oid, |object| object.schema = Some(schema));
        }
    }

    /// What DROP names. Of PostgreSQL's own, and of what is not known, nothing is said.
    pub(super) fn typed_to_drop(&mut self, mut cursor: Cursor<'_>, kind: O) -> Vec<Oid> {
        cursor.skip(2);
        cursor.eat_all(&["if", "exists"]);
        let mut going = Vec::new();
        loop {
            going.extend(self.typed(&mut cursor, kind));
            if !cursor.eat_kind(TokenKind::Comma) {
                return going;
            }
        }
    }

    /// The operator or cast that is named here.
    pub(super) fn typed(&self, cursor: &mut Cursor<'_>, kind: O) -> Option<Oid> {
        if kind == O::Cast {
            let types = self.cast_types(cursor)?;
            return self.schema.with_types(kind, None, &Ident::exact(CAST), &types);
        }
        let name = symbol(cursor)?;
        let mut group = cursor.group()?;
        let mut types = Vec::new();
        while let Some(mut item) = group.list_item() {
            if !item.is("none") {
                types.extend(self.type_use(&mut item));
            }
        }
        let types = operands(types);
        let at = |schema: &Ident| self.schema.with_types(kind, Some(schema), &name.name, &types);
        match &name.schema {
            Some(schema) => at(schema),
            None => self.session.path().iter().find_map(at),
        }
    }

    fn cast_types(&self, cursor: &mut Cursor<'_>) -> Option<Vec<TypeUse>> {
        let mut group = cursor.group()?;
        let from = self.type_use(&mut group)?;
        group.eat("as");
        let to = self.type_use(&mut group)?;
        Some(operands([from, to]))
    }

    fn types_of(&self, oid: Oid) -> Option<&Vec<TypeUse>> {
        match &self.schema.get(oid)?.definition {
            Definition::Routine(types) => Some(types),
            _ => None,
        }
    }
}

fn operands(types: impl IntoIterator<Item = TypeUse>) -> Vec<TypeUse> {
    types.into_iter().map(TypeUse::without_modifier).collect()
}

/// An operator's symbol, with or without a schema.
fn symbol(cursor: &mut Cursor<'_>) -> Option<QualifiedName> {
    let schema = cursor.name().map(|named| named.name.name);
    cursor.eat_kind(TokenKind::Dot);
    let token = cursor.bump().filter(|token| token.kind == TokenKind::Operator)?;
    Some(QualifiedName { schema, name: Ident::exact(cursor.text_of(token)) })
}
