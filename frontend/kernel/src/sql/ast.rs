//! sqlparser's verdict on one statement; the only file that names it.
//! Its error means "outline only", never "wrong". Its trees stay here: deep ones are dangerous to clone, to
//! print and to walk.

use sqlparser::{dialect::PostgreSqlDialect, parser::Parser, tokenizer::Token};

/// Safe in every case tried on wasm32, where a hundred levels exhaust the stack; no real statement needs
/// more.
const RECURSION_LIMIT: usize = 50;

/// Whether sqlparser reads `sql` as exactly one statement.
pub(crate) fn accepts(sql: &str) -> bool {
    let parser = Parser::new(&PostgreSqlDialect {}).with_recursion_limit(RECURSION_LIMIT);
    let Ok(mut parser) = parser.try_with_sql(sql) else {
        return false;
    };
    parser.parse_statement().is_ok() && parser.peek_token().token == Token::EOF
}
