//! What the tests share: reading the tree, and rule pages as tests.
//! Tests that need a database stand with the backend, those that need a browser in `e2e/`.

pub mod mdtest;
pub mod tree;
