// A statement's parse tree to its kind and the objects it names, in the studio's words.
// An object is [role, kind, name, of].

import { ON_TABLE, front, last, object, parts, word } from "./oracle_names.mjs";

/** What a statement is and names. */
export function describe(stmt, own) {
  const [[type, node]] = Object.entries(stmt);
  // CREATE LANGUAGE without a handler is CREATE EXTENSION to the grammar.
  if (type === "CreateExtensionStmt" && own && !/\bextension\b/i.test(own)) {
    return { kind: "create_language", objects: [made("language", [node.extname])] };
  }
  const known = STATEMENTS[type];
  if (!known) return { kind: `(${type})`, objects: [] };
  const [kind, ...objects] = known(node);
  return {
    kind,
    objects: objects.filter((one) => one && one[2]),
    reads: READING.includes(type) ? reads(node) : null,
    actions: kind === "alter_table" && type === "AlterTableStmt" ? node.cmds.length : null,
  };
}

// Statements that are queries or hold one.
const READING = [
  "CreateTableAsStmt",
  "DeleteStmt",
  "InsertStmt",
  "MergeStmt",
  "ReturnStmt",
  "SelectStmt",
  "UpdateStmt",
  "ViewStmt",
];

/** The tables that a query reads, without the common tables it defines. */
function reads(node) {
  const found = [];
  const local = [];
  const visit = (value) => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!value || typeof value !== "object") return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "RangeVar") found.push(parts(inner));
      if (key === "ctename") local.push(inner);
      if (key !== "lockedRels") visit(inner);
    }
  };
  visit(node);
  return found.filter((one) => one.length > 1 || !local.includes(one[0]));
}

const made = (kind, name, of = null) => ["makes", kind, parts(name), of && parts(of)];
const changed = (kind, name, of = null) => ["changes", kind, parts(name), of && parts(of)];
const used = (kind, name) => ["uses", kind, parts(name), null];

function named(type, role, node, verb) {
  const found = object(type, node);
  const objects = found ? [[role, ...found]] : [];
  const [, , of] = found ?? [];
  if (of && type !== "OBJECT_COLUMN") objects.push(used(type === "OBJECT_DOMCONSTRAINT" ? "domain" : "table", of));
  return [verb, ...objects];
}

/** ALTER … RENAME of anything. */
function rename(node) {
  const { renameType: type, relationType, relation, object: target, subname, newname } = node;
  const relationKind = word(relationType ?? "OBJECT_TABLE");
  const both = (kind, name, of) => [
    ["renames", kind, name, of],
    ["makes", kind, of || kind === "role" ? [newname] : [...(front(name) ?? []), newname], of],
  ];
  switch (type) {
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE": {
      const holder = type === "OBJECT_ATTRIBUTE" ? "type" : relationKind;
      const table = parts(relation);
      return [`alter_${holder}`, changed(holder, table), ...both("column", [subname], table)];
    }
    case "OBJECT_TABCONSTRAINT": {
      const table = parts(relation);
      return [`alter_table`, changed("table", table), ...both("constraint", [subname], table)];
    }
    case "OBJECT_DOMCONSTRAINT": {
      const domain = parts(target);
      return ["alter_domain", changed("domain", domain), ...both("constraint", [subname], domain)];
    }
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_RULE": {
      const table = parts(relation);
      return [`alter_${word(type)}`, ...both(word(type), [subname], table), used("table", table)];
    }
    case "OBJECT_ROLE":
    case "OBJECT_SCHEMA":
    case "OBJECT_DATABASE":
    case "OBJECT_TABLESPACE":
      return [`alter_${word(type)}`, ...both(word(type), [subname], null)];
    case "OBJECT_OPCLASS":
    case "OBJECT_OPFAMILY":
      return [`alter_${word(type)}`, ...both(word(type), parts(target).slice(1), null)];
    default:
      return [`alter_${word(type)}`, ...both(word(type), parts(relation ?? target), null)];
  }
}

function setSchema(node) {
  const { objectType: type, relation, object: target, newschema } = node;
  const [kind, name] = relation ? [word(type), parts(relation)] : object(type, target);
  return [`alter_${word(type)}`, ["renames", kind, name, null], ["makes", kind, [newschema, ...last(name)], null]];
}

/** One action of ALTER TABLE: the columns and constraints it names. */
function action(command, table) {
  const { subtype, name, def } = command.AlterTableCmd;
  const of = (role, kind, named) => [role, kind, [named], table];
  switch (subtype) {
    case "AT_AddColumn":
      return of("makes", "column", def.ColumnDef.colname);
    case "AT_DropColumn":
      return of("drops", "column", name);
    case "AT_AddConstraint":
      return def.Constraint.conname ? of("makes", "constraint", def.Constraint.conname) : null;
    case "AT_DropConstraint":
      return of("drops", "constraint", name);
    case "AT_ValidateConstraint":
      return of("changes", "constraint", name);
    case "AT_AlterConstraint":
      return of("changes", "constraint", (def.ATAlterConstraint ?? def.Constraint).conname);
    case "AT_ColumnDefault":
    case "AT_CookedColumnDefault":
    case "AT_DropNotNull":
    case "AT_SetNotNull":
    case "AT_SetExpression":
    case "AT_DropExpression":
    case "AT_SetStatistics":
    case "AT_SetOptions":
    case "AT_ResetOptions":
    case "AT_SetStorage":
    case "AT_SetCompression":
    case "AT_AlterColumnType":
    case "AT_AlterColumnGenericOptions":
    case "AT_AddIdentity":
    case "AT_SetIdentity":
    case "AT_DropIdentity":
      return name ? of("changes", "column", name) : null;
    default:
      return null;
  }
}

function role(options) {
  return options ? parts(options) : null;
}

/** The table a writing statement writes; WITH parts that write come with it. */
function writes(kind, node) {
  return [kind, changed("table", node.relation), ...writingParts(node)];
}

/** INSERT, UPDATE, DELETE and MERGE inside WITH. */
function writingParts(node) {
  const found = [];
  const visit = (value) => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!value || typeof value !== "object") return;
    for (const [key, inner] of Object.entries(value)) {
      if (["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(key)) {
        found.push(changed("table", inner.relation));
      }
      visit(inner);
    }
  };
  visit(node);
  return found;
}

function into(node) {
  return node.intoClause ?? (node.larg ? into(node.larg) : undefined);
}

function inner(verb, query, ...objects) {
  const { objects: own } = query ? describe(query) : { objects: [] };
  return [verb, ...objects, ...own];
}

function transaction({ kind }) {
  const verb = kind.replace("TRANS_STMT_", "").toLowerCase();
  const words = { start: "begin", prepare: "prepare_transaction" };
  return [words[verb] ?? verb];
}

function grant(node) {
  const { is_grant: grants, targtype, objtype, objects = [], grantees = [] } = node;
  const verb = grants ? "grant" : "revoke";
  const roles = grantees.map((one) => used("role", one));
  const kind = targtype === "ACL_TARGET_ALL_IN_SCHEMA" ? "OBJECT_SCHEMA" : objtype;
  const named = objects.map((one) => object(kind, one)).filter(Boolean);
  return [verb, ...named.map((one) => ["grants", ...one]), ...roles];
}

function define({ kind, defnames }) {
  return [`create_${word(kind)}`, made(word(kind), defnames)];
}

function index({ idxname, relation }) {
  return ["create_index", idxname && made("index", [idxname], relation), used("table", relation)];
}

function onTable(verb, role, kind, name, table) {
  return [verb, [role, kind, [name], parts(table)], used("table", table)];
}

function alterTable({ relation, objtype, cmds }) {
  const kind = word(objtype);
  const table = parts(relation);
  return [`alter_${kind}`, changed(kind, table), ...cmds.map((one) => action(one, table))];
}

function alterEnum({ typeName, oldVal, newVal }) {
  const of = parts(typeName);
  const value = (role, label) => [role, "enum_value", [label], of];
  const values = oldVal ? [value("renames", oldVal), value("makes", newVal)] : [value("makes", newVal)];
  return ["alter_type", changed("type", of), ...values];
}

function alterDomain({ subtype, typeName, name, def }) {
  const of = parts(typeName);
  const verbs = { C: "makes", X: "drops", V: "changes" };
  const constraint = name ?? def?.Constraint?.conname;
  const named = verbs[subtype] && constraint && [verbs[subtype], "constraint", [constraint], of];
  return ["alter_domain", changed("domain", of), named];
}

function reindex({ kind, relation, name }) {
  const words = { REINDEX_OBJECT_INDEX: "index", REINDEX_OBJECT_TABLE: "table", REINDEX_OBJECT_SCHEMA: "schema" };
  return ["reindex", changed(words[kind] ?? "database", relation ?? (name ? [name] : null))];
}

const SETTINGS = { VAR_RESET: "reset", VAR_RESET_ALL: "reset", VAR_SET_MULTI: "set_transaction" };

const STATEMENTS = {
  AlterCollationStmt: (node) => ["alter_collation", changed("collation", node.collname)],
  AlterDatabaseRefreshCollStmt: (node) => ["alter_database", changed("database", [node.dbname])],
  AlterDatabaseSetStmt: (node) => ["alter_database", changed("database", [node.dbname])],
  AlterDatabaseStmt: (node) => ["alter_database", changed("database", [node.dbname])],
  AlterDefaultPrivilegesStmt: () => ["alter_default_privileges"],
  AlterDomainStmt: alterDomain,
  AlterEnumStmt: alterEnum,
  AlterEventTrigStmt: (node) => ["alter_event_trigger", changed("event_trigger", [node.trigname])],
  AlterExtensionContentsStmt: (node) => ["alter_extension", changed("extension", [node.extname])],
  AlterExtensionStmt: (node) => ["alter_extension", changed("extension", [node.extname])],
  AlterFdwStmt: (node) => ["alter_foreign_data_wrapper", changed("foreign_data_wrapper", [node.fdwname])],
  AlterForeignServerStmt: (node) => ["alter_server", changed("server", [node.servername])],
  AlterFunctionStmt: ({ objtype, func }) => [`alter_${word(objtype)}`, changed(word(objtype), func)],
  AlterObjectDependsStmt: (node) => {
    const of = node.relation && ON_TABLE.includes(node.objectType) ? parts(node.relation) : null;
    const name = of ? last(parts(node.object)) : parts(node.relation ?? node.object);
    const kind = word(node.objectType);
    return [`alter_${kind}`, ["changes", kind, name, of], of && used("table", of)];
  },
  AlterObjectSchemaStmt: setSchema,
  AlterOpFamilyStmt: (node) => ["alter_operator_family", changed("operator_family", node.opfamilyname)],
  AlterOperatorStmt: (node) => ["alter_operator", changed("operator", node.opername)],
  AlterOwnerStmt: ({ objectType: type, object: target }) =>
    named(type, "changes", target, `alter_${word(type)}`),
  AlterPolicyStmt: (node) => onTable("alter_policy", "changes", "policy", node.policy_name, node.table),
  AlterPublicationStmt: (node) => ["alter_publication", changed("publication", [node.pubname])],
  AlterRoleSetStmt: (node) => ["alter_role", node.role && changed("role", role(node.role))],
  AlterRoleStmt: (node) => ["alter_role", changed("role", role(node.role))],
  AlterSeqStmt: (node) => ["alter_sequence", changed("sequence", node.sequence)],
  AlterStatsStmt: (node) => ["alter_statistics", changed("statistics", node.defnames)],
  AlterSubscriptionStmt: (node) => ["alter_subscription", changed("subscription", [node.subname])],
  AlterSystemStmt: ({ setstmt }) => ["alter_system", setstmt.name && changed("parameter", [setstmt.name])],
  AlterTSConfigurationStmt: (node) =>
    ["alter_text_search_configuration", changed("text_search_configuration", node.cfgname)],
  AlterTSDictionaryStmt: (node) => ["alter_text_search_dictionary", changed("text_search_dictionary", node.dictname)],
  AlterTableMoveAllStmt: ({ objtype, orig_tablespacename: space }) =>
    [`alter_${word(objtype)}`, used("tablespace", [space])],
  AlterTableSpaceOptionsStmt: (node) => ["alter_tablespace", changed("tablespace", [node.tablespacename])],
  AlterTableStmt: alterTable,
  AlterTypeStmt: (node) => ["alter_type", changed("type", node.typeName)],
  AlterUserMappingStmt: (node) => ["alter_user_mapping", used("server", [node.servername])],
  CallStmt: ({ funccall }) => ["call", used("procedure", funccall.funcname)],
  CheckPointStmt: () => ["checkpoint"],
  ClosePortalStmt: () => ["close"],
  ClusterStmt: ({ relation }) => ["cluster", relation && changed("table", relation)],
  CommentStmt: ({ objtype, object: target }) => named(objtype, "comments", target, "comment"),
  CompositeTypeStmt: (node) => ["create_type", made("type", node.typevar)],
  ConstraintsSetStmt: () => ["set_constraints"],
  CopyStmt: ({ relation, is_from: from, query }) =>
    inner("copy", query, relation && (from ? changed("table", relation) : used("table", relation))),
  CreateAmStmt: (node) => ["create_access_method", made("access_method", [node.amname])],
  CreateCastStmt: () => ["create_cast"],
  CreateConversionStmt: (node) => ["create_conversion", made("conversion", node.conversion_name)],
  CreateDomainStmt: (node) => ["create_domain", made("domain", node.domainname)],
  CreateEnumStmt: (node) => ["create_type", made("type", node.typeName)],
  CreateEventTrigStmt: (node) =>
    ["create_event_trigger", made("event_trigger", [node.trigname]), used("function", node.funcname)],
  CreateExtensionStmt: (node) => ["create_extension", made("extension", [node.extname])],
  CreateFdwStmt: (node) => ["create_foreign_data_wrapper", made("foreign_data_wrapper", [node.fdwname])],
  CreateForeignServerStmt: (node) =>
    ["create_server", made("server", [node.servername]), used("foreign_data_wrapper", [node.fdwname])],
  CreateForeignTableStmt: ({ base, servername }) =>
    ["create_foreign_table", made("foreign_table", base.relation), used("server", [servername])],
  CreateFunctionStmt: ({ is_procedure: procedure, funcname }) => {
    const kind = procedure ? "procedure" : "function";
    return [`create_${kind}`, made(kind, funcname)];
  },
  CreateOpClassStmt: (node) => ["create_operator_class", made("operator_class", node.opclassname)],
  CreateOpFamilyStmt: (node) => ["create_operator_family", made("operator_family", node.opfamilyname)],
  CreatePLangStmt: (node) => ["create_language", made("language", [node.plname])],
  CreatePolicyStmt: (node) => onTable("create_policy", "makes", "policy", node.policy_name, node.table),
  CreatePublicationStmt: (node) => ["create_publication", made("publication", [node.pubname])],
  CreateRangeStmt: (node) => ["create_type", made("type", node.typeName)],
  CreateRoleStmt: (node) => ["create_role", made("role", [node.role])],
  CreateSchemaStmt: ({ schemaname, authrole }) =>
    ["create_schema", made("schema", schemaname ? [schemaname] : authrole)],
  CreateSeqStmt: (node) => ["create_sequence", made("sequence", node.sequence)],
  CreateStatsStmt: (node) => ["create_statistics", node.defnames && made("statistics", node.defnames)],
  CreateStmt: (node) => ["create_table", made("table", node.relation)],
  CreateSubscriptionStmt: (node) => ["create_subscription", made("subscription", [node.subname])],
  CreateTableAsStmt: ({ objtype, into: target, is_select_into: selects, query }) => {
    const kind = objtype === "OBJECT_MATVIEW" ? "materialized_view" : "table";
    const verb = kind === "table" ? "create_table_as" : "create_materialized_view";
    return inner(selects ? "select_into" : verb, query, made(kind, target.rel));
  },
  CreateTableSpaceStmt: (node) => ["create_tablespace", made("tablespace", [node.tablespacename])],
  CreateTransformStmt: () => ["create_transform"],
  CreateTrigStmt: (node) => [
    ...onTable("create_trigger", "makes", "trigger", node.trigname, node.relation),
    used("function", node.funcname),
  ],
  CreateUserMappingStmt: (node) => ["create_user_mapping", used("server", [node.servername])],
  CreatedbStmt: (node) => ["create_database", made("database", [node.dbname])],
  DeallocateStmt: () => ["deallocate"],
  DeclareCursorStmt: ({ query }) => inner("declare", query),
  DefineStmt: define,
  DeleteStmt: (node) => writes("delete", node),
  DiscardStmt: () => ["discard"],
  DoStmt: () => ["do"],
  DropOwnedStmt: ({ roles }) => ["drop_owned", ...roles.map((one) => ["drops", "owned", parts(one), null])],
  DropRoleStmt: ({ roles }) => ["drop_role", ...roles.map((one) => ["drops", "role", parts(one), null])],
  DropStmt: ({ removeType: type, objects }) => {
    const all = objects.map((one) => named(type, "drops", one, ""));
    return [`drop_${word(type)}`, ...all.flatMap(([, ...found]) => found)];
  },
  DropSubscriptionStmt: (node) => ["drop_subscription", ["drops", "subscription", [node.subname], null]],
  DropTableSpaceStmt: (node) => ["drop_tablespace", ["drops", "tablespace", [node.tablespacename], null]],
  DropUserMappingStmt: (node) => ["drop_user_mapping", used("server", [node.servername])],
  DropdbStmt: (node) => ["drop_database", ["drops", "database", [node.dbname], null]],
  ExecuteStmt: () => ["execute"],
  ExplainStmt: ({ query }) => inner("explain", query),
  FetchStmt: ({ ismove }) => [ismove ? "move" : "fetch"],
  GrantRoleStmt: ({ is_grant: grants, granted_roles: roles, grantee_roles: grantees }) => [
    grants ? "grant" : "revoke",
    ...roles.map(({ AccessPriv }) => ["grants", "role", [AccessPriv.priv_name], null]),
    ...grantees.map((one) => used("role", one)),
  ],
  GrantStmt: grant,
  ImportForeignSchemaStmt: (node) =>
    ["import_foreign_schema", used("server", [node.server_name]), changed("schema", [node.local_schema])],
  IndexStmt: index,
  InsertStmt: (node) => writes("insert", node),
  ListenStmt: () => ["listen"],
  LoadStmt: () => ["load"],
  LockStmt: ({ relations }) => ["lock", ...relations.map((one) => used("table", one))],
  MergeStmt: (node) => writes("merge", node),
  NotifyStmt: () => ["notify"],
  PrepareStmt: ({ query }) => inner("prepare", query),
  ReassignOwnedStmt: ({ roles, newrole }) =>
    ["reassign_owned", ...roles.map((one) => used("role", one)), used("role", newrole)],
  RefreshMatViewStmt: (node) => ["refresh_materialized_view", changed("materialized_view", node.relation)],
  ReindexStmt: reindex,
  RenameStmt: rename,
  ReturnStmt: () => ["select"],
  RuleStmt: (node) => onTable("create_rule", "makes", "rule", node.rulename, node.relation),
  SecLabelStmt: ({ objtype, object: target }) => named(objtype, "comments", target, "security_label"),
  SelectStmt: (node) => {
    const target = into(node);
    return [target ? "select_into" : "select", target && made("table", target.rel), ...writingParts(node)];
  },
  TransactionStmt: transaction,
  TruncateStmt: ({ relations }) => ["truncate", ...relations.map((one) => changed("table", one))],
  UnlistenStmt: () => ["unlisten"],
  UpdateStmt: (node) => writes("update", node),
  VacuumStmt: ({ is_vacuumcmd: vacuums, rels = [] }) => [
    vacuums ? "vacuum" : "analyze",
    ...rels.map(({ VacuumRelation }) => changed("table", VacuumRelation.relation)),
  ],
  VariableSetStmt: ({ kind }) => [SETTINGS[kind] ?? "set"],
  VariableShowStmt: () => ["show"],
  ViewStmt: (node) => ["create_view", made("view", node.view)],
};
