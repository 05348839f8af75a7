//! Tests that need neither a database nor a browser.

mod tidy;
