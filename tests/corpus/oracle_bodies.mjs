// What the bodies of functions, procedures and DO blocks hold, by PostgreSQL's own PL/pgSQL parser, and what a
// CREATE SCHEMA makes behind its name.

import { describe } from "./oracle_objects.mjs";

/** What a routine's or DO block's body holds; null when there is none that can be read. */
export function bodies(grammar, stmt, own) {
  const [[type, node]] = Object.entries(stmt);
  if (type === "DoStmt") {
    return ["plpgsql", undefined].includes(option(node.args, "language")) ? plpgsql(grammar, own) : null;
  }
  if (type === "CreateSchemaStmt") return node.schemaElts ? { embedded: elements(node) } : null;
  if (type !== "CreateFunctionStmt") return null;
  if (node.sql_body) return { embedded: atomic(node.sql_body) };
  const language = option(node.options, "language")?.toLowerCase();
  if (language === "plpgsql") return plpgsql(grammar, own);
  if (language === "sql") return plain(grammar, option(node.options, "as"));
  return null;
}

function option(options, name) {
  const found = options?.find(({ DefElem }) => DefElem.defname === name)?.DefElem.arg;
  return (found?.List?.items[0] ?? found)?.String?.sval;
}

function atomic(body) {
  const statements = body.List ? body.List.items.flatMap((one) => (one.List ? one.List.items : [one])) : [body];
  return statements.filter((one) => Object.keys(one).length).map(summary);
}

/** The elements of a schema; the relations that they make stand in it, under whatever bare name they are used. */
function elements({ schemaname, authrole, schemaElts }) {
  const schema = schemaname ?? authrole.rolename;
  const all = schemaElts.map((stmt) => describe(stmt));
  const made = all.flatMap(({ objects }) => objects).filter(([role, kind]) => {
    return role === "makes" && ["table", "view", "sequence"].includes(kind);
  });
  const bare = new Set(made.filter(([, , name]) => name.length === 1).map(([, , [name]]) => name));
  const place = (name) => (name?.length === 1 && bare.has(name[0]) ? [schema, ...name] : name);
  return all.map(({ kind, objects, reads }) => {
    const placed = objects.map(([role, type, name, of]) => {
      return [role, type, ["index", "trigger"].includes(type) ? name : place(name), place(of)];
    });
    return line({ kind, objects: placed, reads: reads?.map(place) });
  });
}

function summary(stmt) {
  return line(describe(stmt));
}

/** A statement in one line: its kind, what it does to which objects, which tables it reads. */
function line({ kind, objects, reads }) {
  const done = objects.filter(([role]) => role !== "uses").map(([role, type, name, of]) => {
    return `${role} ${type} ${name.join(".")}${of ? ` of ${of.join(".")}` : ""}`;
  });
  const read = new Set((reads ?? []).map((name) => `reads ${name.join(".")}`));
  return [kind, ...done.sort(), ...[...read].sort()].join(", ");
}

function plain(grammar, text) {
  try {
    return { embedded: summaries(grammar, text) };
  } catch (error) {
    return { unreadable: error.message };
  }
}

function summaries(grammar, text) {
  return (grammar.parseSync(text).stmts ?? []).map(({ stmt }) => summary(stmt));
}

function plpgsql(grammar, own) {
  const found = { embedded: [], literal: [], unknown: 0, templates: 0, raises: [], handlers: [], transaction: false };
  try {
    for (const { PLpgSQL_function } of grammar.parsePlPgSQLSync(own).plpgsql_funcs) {
      walk(PLpgSQL_function, (type, node) => visit(grammar, found, type, node));
    }
  } catch (error) {
    return { unreadable: error.message };
  }
  return found;
}

/** Calls `visit` with every node that has a type of its own. */
function walk(value, visit) {
  if (Array.isArray(value)) return value.forEach((one) => walk(one, visit));
  if (!value || typeof value !== "object") return;
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith("PLpgSQL_")) visit(key, inner);
    walk(inner, visit);
  }
}

const LEVELS = { 14: "debug", 15: "log", 17: "info", 18: "notice", 19: "warning", 21: "exception" };

function visit(grammar, found, type, node) {
  const embed = (held) => held && found.embedded.push(...summaries(grammar, held.PLpgSQL_expr.query));
  const execute = (held) => held && dynamic(grammar, found, held.PLpgSQL_expr.query);
  switch (type) {
    case "PLpgSQL_var":
      embed(node.cursor_explicit_expr);
      break;
    case "PLpgSQL_stmt_execsql":
      embed(node.sqlstmt);
      break;
    case "PLpgSQL_stmt_perform":
    case "PLpgSQL_stmt_call":
      embed(node.expr);
      break;
    case "PLpgSQL_stmt_fors":
      embed(node.query);
      break;
    case "PLpgSQL_stmt_dynexecute":
    case "PLpgSQL_stmt_dynfors":
      execute(node.query);
      break;
    case "PLpgSQL_stmt_return_query":
    case "PLpgSQL_stmt_open":
      embed(node.query);
      execute(node.dynquery);
      break;
    case "PLpgSQL_stmt_raise":
      found.raises.push([LEVELS[node.elog_level], node.message ?? ""]);
      break;
    case "PLpgSQL_exception":
      found.handlers.push(node.conditions.map(({ PLpgSQL_condition }) => PLpgSQL_condition.condname));
      break;
    case "PLpgSQL_stmt_commit":
    case "PLpgSQL_stmt_rollback":
      found.transaction = true;
      break;
  }
}

/** EXECUTE: a plain literal is known, `format(literal …)` is a template, all else cannot be known. */
function dynamic(grammar, found, expression) {
  const { val } = grammar.parseSync(`SELECT ${expression}`).stmts[0].stmt.SelectStmt.targetList[0].ResTarget;
  const escaped = /^[a-z]+&?'/i.test(expression);
  const call = val.FuncCall;
  if (val.A_Const?.sval && !escaped) {
    try {
      found.literal.push(...summaries(grammar, val.A_Const.sval.sval ?? ""));
    } catch {
      found.literal.push("unknown");
    }
  } else if (call?.funcname.at(-1).String.sval === "format" && call.args?.[0].A_Const?.sval && !call.func_variadic) {
    found.templates += 1;
  } else {
    found.unknown += 1;
  }
}
