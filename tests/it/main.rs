//! Tests that need neither a database nor a browser.

mod mdtest_fails;
mod rules;
mod tidy;
