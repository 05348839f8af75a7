//! Moves a statement to another place of its file: every span it holds, and nothing else of it.

use super::{
    ActionKind, Body, Column, Constraint, Detail, Embedded, Include, MetaCommand, Policy, Routine, Statement,
    Table, TableAction,
};
use crate::text::Span;

impl Statement {
    /// Moves it `by` bytes to the right, or to the left where that is negative.
    pub(crate) fn shift(&mut self, by: isize) {
        self.span.shift(by);
        self.objects.iter_mut().for_each(|object| object.span.shift(by));
        match &mut self.detail {
            Detail::CreateTable(Table { columns, constraints, .. }) => {
                columns.iter_mut().for_each(|column| column.shift(by));
                constraints.iter_mut().for_each(|constraint| constraint.span.shift(by));
            }
            Detail::AlterTable(actions) | Detail::Alter(actions) => {
                actions.iter_mut().for_each(|action| action.shift(by));
            }
            Detail::Domain(domain) => domain.shift(by),
            Detail::Routine(Routine { body: Some(body), .. }) | Detail::Do(body) | Detail::Schema(body) => {
                body.shift(by);
            }
            Detail::Policy(Policy { using, check, .. }) => {
                using.iter_mut().chain(check).for_each(|span| span.shift(by));
            }
            Detail::Psql(MetaCommand { include: Some(Include { span, .. }), .. }) => span.shift(by),
            Detail::None
            | Detail::Routine(Routine { body: None, .. })
            | Detail::Index(_)
            | Detail::Enum(_)
            | Detail::Lock(_)
            | Detail::Setting { .. }
            | Detail::Psql(MetaCommand { include: None, .. }) => {}
        }
    }
}

impl Column {
    fn shift(&mut self, by: isize) {
        self.span.shift(by);
        self.constraints.iter_mut().for_each(|constraint| constraint.span.shift(by));
    }
}

impl TableAction {
    fn shift(&mut self, by: isize) {
        self.span.shift(by);
        match &mut self.kind {
            ActionKind::AddColumn { column, .. } => column.shift(by),
            ActionKind::AddConstraint(Constraint { span, .. }) => span.shift(by),
            _ => {}
        }
    }
}

impl Body {
    fn shift(&mut self, by: isize) {
        let Self { span, schema: _, statements, handlers, raises, unknown_dynamic, controls_transaction: _ } =
            self;
        span.shift(by);
        statements.iter_mut().for_each(|Embedded { statement, .. }| statement.shift(by));
        handlers.iter_mut().for_each(|handler| handler.span.shift(by));
        raises.iter_mut().for_each(|raise| raise.span.shift(by));
        unknown_dynamic.iter_mut().for_each(|span| span.shift(by));
    }
}

impl Span {
    fn shift(&mut self, by: isize) {
        self.start = self.start.saturating_add_signed(by);
        self.end = self.end.saturating_add_signed(by);
    }
}
