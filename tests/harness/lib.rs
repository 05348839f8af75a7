//! What the tests share: reading the tree, rule pages as tests, and a PostgreSQL.
//! Tests of one crate stand with it, those that need a browser in `e2e/`.

pub mod database;
pub mod mdtest;
pub mod tree;
