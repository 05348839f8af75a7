//! What the tests share: reading the tree.
//! Tests that need a database stand with the backend, those that need a browser in `e2e/`.

pub mod tree;
