//! The types that a set makes: which are domains, and what those demand of a value.

use std::collections::BTreeMap;

use super::types::{Name, Type, resolved};
use crate::sql::{
    lock::{Volatility, Work, volatility},
    statement::{ActionKind, ConstraintKind},
    type_name::Base,
};

/// The types that a set makes.
#[derive(Default)]
pub(super) struct UserTypes<'a> {
    pub(super) known: BTreeMap<Name<'a>, UserType<'a>>,
    /// A cast without a function makes two types alike that the text of neither tells.
    pub(super) own_casts: bool,
}

/// A type that a set makes.
#[derive(Clone, Copy, Debug)]
pub(super) enum UserType<'a> {
    /// An enum, a composite, a range, a type of an own.
    Own,
    /// A domain.
    Domain(Domain<'a>),
}

/// A domain as its statements have left it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Domain<'a> {
    pub(super) base: &'a str,
    pub(super) not_null: bool,
    pub(super) checks: usize,
    pub(super) default: Option<&'a str>,
    /// What it demands now depends on the database.
    pub(super) in_doubt: bool,
}

/// Domains over domains, no deeper than anybody writes.
pub(super) const DEEPEST: u8 = 16;

pub(super) const UNKNOWN: Work =
    Work::Perhaps("unless the old type is stored alike and nothing gets shorter");
const DEMANDS: Work = Work::Certain("every row is checked against the constraints of the domain");

impl<'a> UserTypes<'a> {
    pub(super) fn get(&self, found: &Type) -> Option<UserType<'a>> {
        match &found.base {
            Base::Named(name) if !found.array => self.known.get(&resolved(name)).copied(),
            _ => None,
        }
    }

    pub(super) fn domain(&self, found: &Type) -> Option<Domain<'a>> {
        match self.get(found) {
            Some(UserType::Domain(domain)) => Some(domain),
            _ => None,
        }
    }

    /// What a column of this type is made of, below all domains; `None` when that is not known.
    pub(super) fn bottom(&self, found: &Type) -> Option<Type> {
        let mut found = found.clone();
        for _ in 0..DEEPEST {
            match self.domain(&found) {
                Some(domain) => found = Type::read(domain.base)?,
                None => return Some(found),
            }
        }
        None
    }

    /// Whether a domain or one below it demands anything.
    pub(super) fn demands(&self, domain: Domain<'a>) -> Work {
        let mut next = Some(domain);
        for _ in 0..DEEPEST {
            let Some(domain) = next else { return Work::None };
            if domain.in_doubt {
                return UNKNOWN;
            }
            if domain.not_null || domain.checks > 0 {
                return DEMANDS;
            }
            let Some(base) = Type::read(domain.base) else { return UNKNOWN };
            if matches!(base.base, Base::Named(_)) && !base.array && self.get(&base).is_none() {
                return UNKNOWN;
            }
            next = self.domain(&base);
        }
        UNKNOWN
    }

    /// What a new column of this type makes of the rows that are there. `None` when the type is not known.
    pub(super) fn filled(&self, written: &str, own_default: bool) -> Option<Work> {
        let found = Type::read(written)?;
        if found.array || matches!(found.base, Base::Own(_)) {
            return Some(Work::None);
        }
        let UserType::Domain(domain) = self.get(&found)? else { return Some(Work::None) };
        let demanded = match self.demands(domain) {
            Work::Certain(_) => Work::Certain("the type is a domain with a constraint"),
            Work::Perhaps(_) => return None,
            Work::None => Work::None,
        };
        let default = domain.default.filter(|_| !own_default).map(volatility);
        Some(demanded.max(match default {
            Some(Volatility::Volatile) => {
                Work::Certain("the default of the domain gives every row a value of its own")
            }
            Some(Volatility::Unknown) => Work::Perhaps("if the default calls a volatile function"),
            Some(Volatility::Stable) | None => Work::None,
        }))
    }
}

impl Domain<'_> {
    pub(super) fn alter(&mut self, action: &ActionKind) {
        match action {
            ActionKind::AddConstraint(constraint) if constraint.kind == ConstraintKind::NotNull => {
                self.not_null = true;
            }
            ActionKind::AddConstraint(_) => self.checks += 1,
            // Which one it is does not matter, as long as all are of one kind.
            ActionKind::DropConstraint { if_exists: false, .. } if !self.not_null && self.checks > 0 => {
                self.checks -= 1;
            }
            ActionKind::DropConstraint { .. } => self.in_doubt = true,
            ActionKind::Other(words) => match words.as_str() {
                "set not" => self.not_null = true,
                "drop not" => self.not_null = false,
                "set default" | "drop default" => self.in_doubt = true,
                _ => {}
            },
            _ => {}
        }
    }
}
