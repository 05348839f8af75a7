//! The comment that opens a file: a purpose and fixed keys.

use super::Role;

/// What a file's first comment declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The first sentence or sentences, before the keys.
    pub purpose: String,
    /// `role:`.
    pub role: Option<Role>,
    /// `requires:` stems of files that must be applied before; `None` when the key is missing, empty for `none`.
    pub requires: Option<Vec<String>>,
    /// `transaction:` as written: `single`, or `none because …`.
    pub transaction: Option<String>,
    /// `locks:` for people.
    pub locks: Option<String>,
    /// `rollback:` the stem of the file that undoes this one, or `none because …`.
    pub rollback: Option<String>,
    /// `validation:` the stem of the file that proves this one.
    pub validation: Option<String>,
    /// `forward:` the stem of the file this one undoes or proves.
    pub forward: Option<String>,
    /// `loses:` what a rollback loses.
    pub loses: Option<String>,
}
