//! Walks PL/pgSQL from statement to statement with a stack of its own, so that nesting costs no call
//! depth.

use super::{Embedded, dynamic, literal::string_content};
use crate::sql::{
    classify::Context,
    cursor::Cursor,
    lex::TokenKind,
    read_statement,
    statement::{Body, Handler, Raise},
};

/// A construct that is open, and what is so inside because of those around it.
#[derive(Clone, Copy, Debug)]
struct Frame {
    of: Construct,
    /// What stands in the constructs around it may not run.
    conditional: bool,
    /// The innermost handler around it.
    handler: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Construct {
    /// BEGIN … [EXCEPTION …] END: how many embedded statements stand before it, and where in it the walk is.
    Block {
        first: usize,
        section: Section,
    },
    If,
    Case,
    Loop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Main,
    /// Behind EXCEPTION, before the first WHEN.
    Exception,
    /// In the body's handler of this number.
    Handler(usize),
}

struct Walk<'a, 'b> {
    cursor: Cursor<'a>,
    context: Context,
    body: &'b mut Body,
    frames: Vec<Frame>,
    /// Of blocks with handlers: the first of its statements, and the first behind them.
    guarded: Vec<(usize, usize)>,
}

/// Reads the statements of a PL/pgSQL body.
pub(super) fn walk(cursor: Cursor<'_>, context: Context, body: &mut Body) {
    let mut walk = Walk { cursor, context, body, frames: Vec::new(), guarded: Vec::new() };
    // `#variable_conflict use_column` and its like stand before everything else.
    while walk.cursor.at_text("#") {
        walk.cursor.skip(3);
    }
    while !walk.cursor.is_empty() {
        let left = walk.cursor.len();
        walk.statement();
        if walk.cursor.len() == left {
            walk.cursor.skip(1);
        }
    }
    walk.guard();
}

/// First words of statements that hold no SQL.
const SILENT: [&str; 13] = [
    "null", "exit", "continue", "assert", "get", "fetch", "move", "close", "return", "elsif", "elseif", "if",
    "while",
];

impl<'a> Walk<'a, '_> {
    fn statement(&mut self) {
        let cursor = &mut self.cursor;
        if cursor.eat_kind(TokenKind::Semicolon) {
            return;
        }
        if cursor.at_text("<<") {
            cursor.skip(3);
            return;
        }
        if self.assignment() {
            self.rest();
            return;
        }
        let cursor = &mut self.cursor;
        if cursor.eat("declare") {
            self.declarations();
        } else if cursor.eat("begin") {
            let first = self.body.statements.len();
            self.open(Construct::Block { first, section: Section::Main });
        } else if cursor.is("exception") {
            self.exception();
        } else if cursor.is("when") {
            self.when();
        } else if cursor.eat("end") {
            self.end();
        } else if cursor.eat("if") {
            self.open(Construct::If);
            self.skip_expression("then");
        } else if cursor.eat_any(&["elsif", "elseif"]) {
            self.skip_expression("then");
        } else if cursor.eat("else") {
            // What follows is its first statement.
        } else if cursor.eat("case") {
            self.open(Construct::Case);
            self.skip_to("when");
        } else if cursor.eat("loop") {
            self.open(Construct::Loop);
        } else if cursor.eat_any(&["while", "foreach"]) {
            self.open(Construct::Loop);
            self.skip_expression("loop");
        } else if cursor.eat("for") {
            self.for_loop();
        } else {
            self.simple();
        }
    }

    /// Statements without statements inside.
    fn simple(&mut self) {
        let whole = self.rest();
        let mut inner = whole;
        if inner.eat("execute") {
            self.execute(inner);
        } else if inner.eat("raise") {
            self.raise(whole, inner);
        } else if inner.eat_all(&["return", "query"]) {
            self.query(inner);
        } else if inner.eat("open") {
            inner.skip_to_any(&["for"]);
            if inner.eat("for") {
                self.query(inner);
            }
        } else if inner.is_any(&["commit", "rollback"]) {
            self.body.controls_transaction = true;
        } else if !inner.is_any(&SILENT) {
            self.embed(whole);
        }
    }

    /// Passes everything up to the `;` that ends the statement; returns it.
    fn rest(&mut self) -> Cursor<'a> {
        let start = self.cursor;
        // Only a rule holds `;` in parentheses.
        let rule = start.is("create") && (start.is_at(1, "rule") || start.is_at(3, "rule"));
        while !self.cursor.is_empty() && !self.cursor.at(TokenKind::Semicolon) {
            if rule {
                self.cursor.step();
            } else {
                self.cursor.skip(1);
            }
        }
        let statement = start.until(&self.cursor);
        self.cursor.eat_kind(TokenKind::Semicolon);
        if let Some(handler) = self.handler() {
            handler.span = handler.span.join(statement.span());
        }
        statement
    }

    /// `name := …`, `name.field[1] = …`.
    fn assignment(&self) -> bool {
        let mut ahead = self.cursor;
        if ahead.name().is_none() && !ahead.eat_kind(TokenKind::Parameter) {
            return false;
        }
        while ahead.at(TokenKind::OpenBracket) || ahead.at(TokenKind::Dot) {
            ahead.step();
            if ahead.at_name() {
                ahead.skip(1);
            }
        }
        ahead.at_text(":=") || ahead.at_text("=")
    }

    /// Declarations up to BEGIN; a cursor's query is read.
    fn declarations(&mut self) {
        while !self.cursor.is_empty() && !self.cursor.is("begin") {
            let mut declaration = self.rest();
            declaration.skip(1);
            declaration.eat_all(&["no", "scroll"]);
            declaration.eat("scroll");
            if declaration.eat("cursor") {
                declaration.group();
                if declaration.eat_any(&["for", "is"]) {
                    self.embed(declaration);
                }
            }
        }
    }

    /// EXCEPTION of the block around: what ran in the block before it is guarded.
    fn exception(&mut self) {
        self.cursor.skip(1);
        let Some(Frame { of: Construct::Block { first, section }, .. }) = self.frames.last_mut() else {
            return;
        };
        *section = Section::Exception;
        self.guarded.push((*first, self.body.statements.len()));
    }

    /// Marks what stands in blocks with handlers, each statement once, however many are around it.
    fn guard(&mut self) {
        self.guarded.sort_unstable();
        let mut done = 0;
        for (first, behind) in self.guarded.drain(..) {
            let statements = self.body.statements.get_mut(first.max(done)..behind).unwrap_or_default();
            statements.iter_mut().for_each(|embedded| embedded.guarded = true);
            done = done.max(behind);
        }
    }

    fn open(&mut self, of: Construct) {
        let (conditional, handler) = (self.conditional(), self.handler_around());
        self.frames.push(Frame { of, conditional, handler });
    }

    /// WHEN of a handler, or of CASE.
    fn when(&mut self) {
        let start = self.cursor;
        self.skip_to("then");
        let mut conditions = start.until(&self.cursor);
        let span = conditions.span();
        conditions.skip(1);
        self.cursor.eat("then");
        if let Some(Frame { of: Construct::Block { section, .. }, .. }) = self.frames.last_mut()
            && *section != Section::Main
        {
            *section = Section::Handler(self.body.handlers.len());
            self.body.handlers.push(Handler {
                span,
                conditions: conditions_of(conditions),
                raises_again: false,
            });
        }
    }

    /// END [IF | CASE | LOOP] [label].
    fn end(&mut self) {
        self.cursor.eat_any(&["if", "case", "loop"]);
        if self.cursor.at_name() {
            self.cursor.skip(1);
        }
        self.frames.pop();
    }

    /// FOR … IN <range, query, EXECUTE or cursor> LOOP.
    fn for_loop(&mut self) {
        self.skip_to("in");
        self.cursor.eat("in");
        let start = self.cursor;
        self.skip_to("loop");
        let source = start.until(&self.cursor);
        self.cursor.eat("loop");
        let reads = [
            "select", "with", "values", "insert", "update", "delete", "merge", "execute", "table", "explain",
            "show", "call",
        ];
        let query = source.is_any(&reads) || is_query_in_parentheses(source);
        if query && !is_range(source) {
            self.query(source);
        }
        self.open(Construct::Loop);
    }

    /// A query, or EXECUTE of one. Where a query stands, INTO names no variable.
    fn query(&mut self, mut cursor: Cursor<'a>) {
        if cursor.eat("execute") {
            self.execute(cursor);
        } else {
            self.embed_in(cursor, Context { plpgsql: false, ..self.context });
        }
    }

    fn execute(&mut self, expression: Cursor<'_>) {
        dynamic::execute(expression, self.context, self.conditional(), self.body);
    }

    fn embed(&mut self, cursor: Cursor<'_>) {
        self.embed_in(cursor, self.context);
    }

    fn embed_in(&mut self, cursor: Cursor<'_>, context: Context) {
        if cursor.is_empty() {
            return;
        }
        let statement = read_statement(cursor, context);
        let conditional = self.conditional();
        self.body.statements.push(Embedded { statement, conditional, guarded: false, dynamic: false });
    }

    fn raise(&mut self, whole: Cursor<'_>, mut cursor: Cursor<'_>) {
        let levels = ["debug", "log", "info", "notice", "warning", "exception"];
        let level = cursor.word(0).to_ascii_lowercase();
        let written = levels.contains(&level.as_str());
        cursor.skip(usize::from(written));
        let mut message = String::new();
        while let Some(token) = cursor.peek() {
            if !matches!(token.kind, TokenKind::Text | TokenKind::DollarText) {
                break;
            }
            message += &string_content(cursor.text_of(token));
            cursor.skip(1);
        }
        let level = if written { level } else { "exception".to_owned() };
        let mut in_handler = false;
        if let Some(handler) = self.handler() {
            handler.raises_again |= level == "exception";
            in_handler = true;
        }
        self.body.raises.push(Raise { span: whole.span(), level, message, in_handler });
    }

    /// The innermost handler around.
    fn handler(&mut self) -> Option<&mut Handler> {
        let number = self.handler_around()?;
        self.body.handlers.get_mut(number)
    }

    fn handler_around(&self) -> Option<usize> {
        let innermost = self.frames.last()?;
        match innermost.of {
            Construct::Block { section: Section::Handler(number), .. } => Some(number),
            _ => innermost.handler,
        }
    }

    fn conditional(&self) -> bool {
        let always = |of| matches!(of, Construct::Block { section: Section::Main, .. });
        self.frames.last().is_some_and(|innermost| innermost.conditional || !always(innermost.of))
    }

    /// Passes an expression and the word that ends it.
    fn skip_expression(&mut self, word: &str) {
        self.skip_to(word);
        self.cursor.eat(word);
    }

    /// Passes everything up to `word`, which inside parentheses and inside CASE … END does not count. A `;`
    /// ends the search: the body is broken there.
    fn skip_to(&mut self, word: &str) {
        let mut cases = 0_usize;
        while !self.cursor.is_empty() && !self.cursor.at(TokenKind::Semicolon) {
            if cases == 0 && self.cursor.is(word) {
                return;
            }
            if self.cursor.is("case") {
                cases += 1;
            } else if self.cursor.is("end") {
                cases = cases.saturating_sub(1);
            }
            self.cursor.step();
        }
    }
}

/// `(select …)` and `((select …) union …)`.
fn is_query_in_parentheses(mut cursor: Cursor<'_>) -> bool {
    if !cursor.at(TokenKind::OpenParen) {
        return false;
    }
    while cursor.eat_kind(TokenKind::OpenParen) {}
    cursor.is_any(&["select", "with", "values"])
}

/// `1..10`, whose bounds may be queries in parentheses.
fn is_range(mut cursor: Cursor<'_>) -> bool {
    while !cursor.is_empty() && !cursor.at_text("..") {
        cursor.step();
    }
    !cursor.is_empty()
}

/// `others`, `duplicate_object or sqlstate '42P07'` as a list.
fn conditions_of(mut cursor: Cursor<'_>) -> Vec<String> {
    let mut conditions = Vec::new();
    while !cursor.is_empty() {
        let start = cursor;
        cursor.skip_to_any(&["or"]);
        conditions.push(start.until(&cursor).folded());
        cursor.eat("or");
    }
    conditions
}
