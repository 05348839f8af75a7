// How the grammar's tree holds names, and the studio's words for its kinds of objects.
// A name is an array of its parts.

/** @param {string} type PostgreSQL's ObjectType */
export const word = (type) => KINDS[type] ?? type.replace("OBJECT_", "").toLowerCase();

const KINDS = {
  OBJECT_ATTRIBUTE: "column",
  OBJECT_DEFACL: "default_privileges",
  OBJECT_DOMCONSTRAINT: "constraint",
  OBJECT_FDW: "foreign_data_wrapper",
  OBJECT_FOREIGN_SERVER: "server",
  OBJECT_LARGEOBJECT: "large_object",
  OBJECT_MATVIEW: "materialized_view",
  OBJECT_OPCLASS: "operator_class",
  OBJECT_OPFAMILY: "operator_family",
  OBJECT_PARAMETER_ACL: "parameter",
  OBJECT_STATISTIC_EXT: "statistics",
  OBJECT_TABCONSTRAINT: "constraint",
  OBJECT_TSCONFIGURATION: "text_search_configuration",
  OBJECT_TSDICTIONARY: "text_search_dictionary",
  OBJECT_TSPARSER: "text_search_parser",
  OBJECT_TSTEMPLATE: "text_search_template",
  OBJECT_ACCESS_METHOD: "access_method",
};

/** The parts of a name, however the tree holds it. */
export function parts(node) {
  if (node == null) return null;
  if (typeof node === "string") return [node];
  if (Array.isArray(node)) return node.flatMap((one) => parts(one) ?? []);
  if (node.String) return [node.String.sval ?? ""];
  if (node.List) return parts(node.List.items);
  if (node.relname !== undefined) return node.schemaname ? [node.schemaname, node.relname] : [node.relname];
  if (node.RangeVar) return parts(node.RangeVar);
  if (node.ObjectWithArgs) return parts(node.ObjectWithArgs.objname);
  if (node.objname) return parts(node.objname);
  if (node.TypeName) return parts(node.TypeName.names);
  if (node.names) return parts(node.names);
  if (node.RoleSpec) return parts(node.RoleSpec);
  if (node.roletype) return [ROLES[node.roletype] ?? node.rolename];
  return null;
}

const ROLES = {
  ROLESPEC_PUBLIC: "public",
  ROLESPEC_CURRENT_USER: "current_user",
  ROLESPEC_SESSION_USER: "session_user",
  ROLESPEC_CURRENT_ROLE: "current_role",
};

export const last = (list) => list.slice(-1);
export const front = (list) => (list.length > 1 ? list.slice(0, -1) : null);

/** Objects whose name is followed by the table (or domain) they belong to, in one list. */
export const ON_TABLE = ["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE", "OBJECT_TABCONSTRAINT"];

/** An object of any kind, as DROP, COMMENT, ALTER … OWNER name it: [kind, name, of]. */
export function object(type, node) {
  const kind = word(type);
  if (ON_TABLE.includes(type)) {
    const all = parts(node);
    return [kind, last(all), front(all)];
  }
  if (type === "OBJECT_COLUMN") {
    const all = parts(node);
    return [kind, last(all), front(all)];
  }
  if (type === "OBJECT_DOMCONSTRAINT") {
    const [domain, name] = node.List.items;
    return [kind, parts(name), parts(domain)];
  }
  if (["OBJECT_OPCLASS", "OBJECT_OPFAMILY"].includes(type)) return [kind, parts(node).slice(1), null];
  if (["OBJECT_CAST", "OBJECT_TRANSFORM", "OBJECT_LARGEOBJECT", "OBJECT_USER_MAPPING"].includes(type)) return null;
  return [kind, parts(node), null];
}
