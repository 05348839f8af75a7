-- One row per object of the user's schemas, as the kernel's `schema::Entry` in JSON.
-- Run with an empty search_path, so that every name carries its schema. Of what an extension brought, relations and
-- types are there, because others stand on them; its routines and its relations' parts are not.

with schemas as (
  select oid, nspname, nspowner, nspacl
  from pg_catalog.pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
), owned as (
  select depend.classid, depend.objid, extension.extname
  from pg_catalog.pg_depend as depend
  join pg_catalog.pg_extension as extension on extension.oid = depend.refobjid
  where depend.deptype = 'e' and depend.refclassid = 'pg_catalog.pg_extension'::regclass
), relations as (
  select relation.*, format('%I.%I', schemas.nspname, relation.relname) as name, owned.extname
  from pg_catalog.pg_class as relation
  join schemas on schemas.oid = relation.relnamespace
  left join owned on owned.classid = 'pg_catalog.pg_class'::regclass and owned.objid = relation.oid
), tables as (
  select * from relations where relkind in ('r', 'p', 'f', 'v', 'm') and extname is null
), kinds (relkind, kind) as (
  values ('r'::"char", 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized_view'), ('f', 'foreign_table')
), entries (kind, name, holder, class, object, part, owner, acl, extension, shape) as (
  select 'schema', format('%I', nspname), null, 'pg_catalog.pg_namespace'::regclass::oid, oid, 0, nspowner,
    coalesce(nspacl, acldefault('n', nspowner)), null, '"plain"'::jsonb
  from schemas

  union all
  select 'extension', format('%I', extname), null, 'pg_catalog.pg_extension'::regclass::oid, extension.oid, 0, extowner,
    null::aclitem[], null, jsonb_build_object('extension', nspname)
  from pg_catalog.pg_extension as extension
  join pg_catalog.pg_namespace as namespace on namespace.oid = extnamespace

  union all
  select kinds.kind, name, null, 'pg_catalog.pg_class'::regclass::oid, oid, 0, relowner,
    coalesce(relacl, acldefault('r', relowner)), extname,
    jsonb_build_object('relation', jsonb_build_object(
      'rls', relrowsecurity, 'forced', relforcerowsecurity, 'partitioned', relations.relkind = 'p',
      'partition', relispartition, 'from_query', false,
      'parents', coalesce((
        select jsonb_agg(parent.name order by inhseqno)
        from pg_catalog.pg_inherits join relations as parent on parent.oid = inhparent
        where inhrelid = relations.oid
      ), '[]')
    ))
  from relations join kinds on kinds.relkind = relations.relkind

  union all
  select 'column', format('%I', attname), relations.name, 'pg_catalog.pg_class'::regclass::oid, relations.oid,
    attnum::integer, relowner, attacl, null,
    jsonb_build_object('column', jsonb_build_object(
      'position', row_number() over (partition by attrelid order by attnum),
      'type_name', format_type(atttypid, atttypmod), 'not_null', attnotnull,
      'default', pg_get_expr(adbin, adrelid), 'generated', attgenerated <> '', 'inherited', attinhcount > 0,
      'identity', case attidentity when 'a' then 'always' when 'd' then 'by_default' end
    ))
  from pg_catalog.pg_attribute
  join relations on relations.oid = attrelid and relkind in ('r', 'p', 'f', 'v', 'm', 'c') and extname is null
  left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
  where attnum > 0 and not attisdropped

  union all
  select 'constraint', format('%I', conname), coalesce(tables.name, format('%I.%I', schemas.nspname, typname)),
    'pg_catalog.pg_constraint'::regclass::oid, con.oid, 0, null::oid, null::aclitem[], null,
    jsonb_build_object('constraint', jsonb_build_object(
      'demand', case contype when 'p' then 'primary_key' when 'u' then 'unique' when 'c' then 'check'
        when 'f' then 'foreign_key' when 'x' then 'exclusion' when 't' then 'trigger' end,
      'columns', coalesce((
        select jsonb_agg(attname order by case when contype = 'c' then 0 else place end, attname collate "C")
        from unnest(conkey) with ordinality as key (number, place)
        join pg_catalog.pg_attribute on attrelid = conrelid and attnum = number and attnum > 0
      ), '[]'),
      'references', (select name from relations where relations.oid = confrelid), 'valid', convalidated,
      'index', case when contype in ('p', 'u', 'x') then (select relname from relations where relations.oid = conindid) end,
      'inherited', coninhcount > 0, 'passes_on', contype <> 'c' or not connoinherit
    ))
  from pg_catalog.pg_constraint as con
  join schemas on schemas.oid = connamespace
  left join tables on tables.oid = conrelid
  left join pg_catalog.pg_type on pg_type.oid = contypid
  where contype in ('p', 'u', 'c', 'f', 'x') and (tables.oid is not null or contypid <> 0)
    -- What a reference to a partitioned table needs for each partition is not the author's.
    and not exists (
      select from pg_catalog.pg_constraint as above where above.oid = con.conparentid and above.conrelid = con.conrelid
    )

  union all
  select 'index', relations.name, tables.name, 'pg_catalog.pg_class'::regclass::oid, relations.oid, 0, null, null, null,
    jsonb_build_object('index', jsonb_build_object(
      'unique', indisunique, 'partial', indpred is not null, 'method', amname,
      'key', (
        select jsonb_agg(attname order by place)
        from generate_series(0, indnkeyatts - 1) as place
        left join pg_catalog.pg_attribute on attrelid = indrelid and attnum = indkey[place] and attnum > 0
      )
    ))
  from pg_catalog.pg_index
  join relations on relations.oid = indexrelid
  join tables on tables.oid = indrelid
  join pg_catalog.pg_am on pg_am.oid = relations.relam

  union all
  select 'sequence', relations.name, null, 'pg_catalog.pg_class'::regclass::oid, relations.oid, 0, relations.relowner,
    coalesce(relations.relacl, acldefault('s', relations.relowner)), relations.extname,
    jsonb_build_object('sequence', (
      select jsonb_build_array(tables.name, attname)
      from pg_catalog.pg_depend
      join tables on tables.oid = refobjid
      join pg_catalog.pg_attribute on attrelid = refobjid and attnum = refobjsubid
      where classid = 'pg_catalog.pg_class'::regclass and objid = relations.oid and deptype in ('a', 'i')
        and refclassid = 'pg_catalog.pg_class'::regclass and refobjsubid > 0
    ))
  from relations
  where relkind = 'S'

  union all
  select case typtype when 'd' then 'domain' else 'type' end, format('%I.%I', schemas.nspname, typname), null,
    'pg_catalog.pg_type'::regclass::oid, pg_type.oid, 0, typowner, coalesce(typacl, acldefault('T', typowner)),
    owned.extname,
    case typtype
      when 'e' then jsonb_build_object('enum', coalesce((
        select jsonb_agg(enumlabel order by enumsortorder) from pg_catalog.pg_enum where enumtypid = pg_type.oid
      ), '[]'))
      when 'd' then jsonb_build_object('domain', jsonb_build_object(
        'base', format_type(typbasetype, typtypmod), 'not_null', typnotnull, 'default', typdefault
      ))
      else '"plain"'
    end
  from pg_catalog.pg_type
  join schemas on schemas.oid = typnamespace
  left join owned on owned.classid = 'pg_catalog.pg_type'::regclass and owned.objid = pg_type.oid
  where typtype in ('e', 'd', 'r')
    or typtype = 'c' and (select relkind = 'c' from pg_catalog.pg_class where oid = typrelid)
    or typtype = 'b' and typcategory <> 'A'

  union all
  select case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
    format('%I.%I', schemas.nspname, proname), null, 'pg_catalog.pg_proc'::regclass::oid, pg_proc.oid, 0, proowner,
    coalesce(proacl, acldefault('f', proowner)), null,
    jsonb_build_object('routine', coalesce((
      select jsonb_agg(format_type(type, null) order by place)
      from unnest(proargtypes) with ordinality as argument (type, place)
    ), '[]'))
  from pg_catalog.pg_proc
  join schemas on schemas.oid = pronamespace
  -- Neither what an extension brought nor what came with a range type.
  where not exists (
    select from pg_catalog.pg_depend
    where classid = 'pg_catalog.pg_proc'::regclass and objid = pg_proc.oid and deptype in ('e', 'i')
  )

  union all
  select 'policy', format('%I', polname), tables.name, 'pg_catalog.pg_policy'::regclass::oid, pg_policy.oid, 0, null,
    null, null,
    jsonb_build_object('policy', jsonb_build_object(
      'permissive', polpermissive,
      'command', case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
        else 'all' end,
      'roles', (
        select jsonb_agg(coalesce(rolname, 'public') order by coalesce(rolname, 'public') collate "C")
        from unnest(polroles) as role left join pg_catalog.pg_roles on pg_roles.oid = role
      )
    ))
  from pg_catalog.pg_policy
  join tables on tables.oid = polrelid

  union all
  select 'trigger', format('%I', tgname), tables.name, 'pg_catalog.pg_trigger'::regclass::oid, pg_trigger.oid, 0, null,
    null, null, jsonb_build_object('trigger', format('%I.%I', nspname, proname))
  from pg_catalog.pg_trigger
  join tables on tables.oid = tgrelid
  join pg_catalog.pg_proc on pg_proc.oid = tgfoid
  join pg_catalog.pg_namespace as namespace on namespace.oid = pronamespace
  where not tgisinternal and tgparentid = 0

  union all
  select 'rule', format('%I', rulename), tables.name, 'pg_catalog.pg_rewrite'::regclass::oid, pg_rewrite.oid, 0, null,
    null, null, '"plain"'
  from pg_catalog.pg_rewrite
  join tables on tables.oid = ev_class
  where rulename <> '_RETURN'

  union all
  select 'statistics', format('%I.%I', schemas.nspname, stxname), null, 'pg_catalog.pg_statistic_ext'::regclass::oid,
    pg_statistic_ext.oid, 0, null, null, null, '"plain"'
  from pg_catalog.pg_statistic_ext
  join schemas on schemas.oid = stxnamespace

  union all
  select 'collation', format('%I.%I', schemas.nspname, collname), null, 'pg_catalog.pg_collation'::regclass::oid,
    pg_collation.oid, 0, null, null, null, '"plain"'
  from pg_catalog.pg_collation
  join schemas on schemas.oid = collnamespace

  union all
  select 'publication', format('%I', pubname), null, 'pg_catalog.pg_publication'::regclass::oid, oid, 0, null, null,
    null, '"plain"'
  from pg_catalog.pg_publication

  union all
  select 'event_trigger', format('%I', evtname), null, 'pg_catalog.pg_event_trigger'::regclass::oid, oid, 0, null, null,
    null, '"plain"'
  from pg_catalog.pg_event_trigger

  union all
  select 'foreign_data_wrapper', format('%I', fdwname), null, 'pg_catalog.pg_foreign_data_wrapper'::regclass::oid,
    wrapper.oid, 0, fdwowner, coalesce(fdwacl, acldefault('F', fdwowner)), owned.extname, '"plain"'
  from pg_catalog.pg_foreign_data_wrapper as wrapper
  left join owned on owned.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass and owned.objid = wrapper.oid

  union all
  select 'server', format('%I', srvname), null, 'pg_catalog.pg_foreign_server'::regclass::oid, server.oid, 0, srvowner,
    coalesce(srvacl, acldefault('S', srvowner)), owned.extname, '"plain"'
  from pg_catalog.pg_foreign_server as server
  left join owned on owned.classid = 'pg_catalog.pg_foreign_server'::regclass and owned.objid = server.oid

  union all
  select 'role', format('%I', rolname), null, 'pg_catalog.pg_authid'::regclass::oid, pg_roles.oid, 0, null, null, null,
    jsonb_build_object('role', coalesce((
      select jsonb_object_agg(above.rolname, admin)
      from (
        select roleid, bool_or(admin_option) as admin from pg_catalog.pg_auth_members
        where member = pg_roles.oid group by roleid
      ) as membership
      join pg_catalog.pg_roles as above on above.oid = roleid
    ), '{}'))
  from pg_catalog.pg_roles
  where rolname !~ '^pg_'

  union all
  select 'operator', format('%I.%I', schemas.nspname, oprname), null, 'pg_catalog.pg_operator'::regclass::oid,
    pg_operator.oid, 0, null, null, null,
    jsonb_build_object('routine', jsonb_path_query_array(
      jsonb_build_array(format_type(nullif(oprleft, 0), null), format_type(nullif(oprright, 0), null)), '$[*] ? (@ != null)'
    ))
  from pg_catalog.pg_operator
  join schemas on schemas.oid = oprnamespace
  left join owned on owned.classid = 'pg_catalog.pg_operator'::regclass and owned.objid = pg_operator.oid
  where oprcode <> 0 and owned.extname is null

  union all
  -- Neither PostgreSQL's own, nor what an extension brought, nor what came with a range type.
  select 'cast', 'cast', null, 'pg_catalog.pg_cast'::regclass::oid, pg_cast.oid, 0, null, null, null,
    jsonb_build_object('routine', jsonb_build_array(format_type(castsource, null), format_type(casttarget, null)))
  from pg_catalog.pg_cast
  where pg_cast.oid >= 16384 and not exists (
    select from pg_catalog.pg_depend
    where classid = 'pg_catalog.pg_cast'::regclass and objid = pg_cast.oid and deptype in ('e', 'i')
  )
), types (oid, class, object) as (
  -- Whoever needs an array needs its element, and whoever needs the type of a row needs the table.
  select type.oid,
    case when relation.oid is null then 'pg_catalog.pg_type'::regclass else 'pg_catalog.pg_class'::regclass end::oid,
    coalesce(relation.oid, element.oid)
  from pg_catalog.pg_type as type
  join pg_catalog.pg_type as element
    on element.oid = case when type.typcategory = 'A' and type.typelem <> 0 then type.typelem else type.oid end
  left join pg_catalog.pg_class as relation on relation.oid = element.typrelid and relation.relkind <> 'c'
), needs (class, object, part, on_class, on_object, on_part, how) as (
  select
    case when rule.oid is not null or fallback.oid is not null then 'pg_catalog.pg_class'::regclass::oid else classid end,
    coalesce(rule.ev_class, fallback.adrelid, objid), coalesce(fallback.adnum, objsubid),
    coalesce(types.class, refclassid), coalesce(types.object, refobjid),
    refobjsubid,
    -- A generated column cannot be without its expression.
    case when attgenerated <> '' then 'stops' when fallback.oid is not null then 'default' when deptype = 'n' then 'stops'
      else 'goes' end
  from pg_catalog.pg_depend
  left join pg_catalog.pg_rewrite as rule
    on classid = 'pg_catalog.pg_rewrite'::regclass and rule.oid = objid and rulename = '_RETURN'
  left join pg_catalog.pg_attrdef as fallback on classid = 'pg_catalog.pg_attrdef'::regclass and fallback.oid = objid
  left join pg_catalog.pg_attribute as computed on computed.attrelid = fallback.adrelid and attnum = fallback.adnum
  left join types on refclassid = 'pg_catalog.pg_type'::regclass and types.oid = refobjid
  -- Schemas and extensions hold by name.
  where deptype <> 'e' and refclassid <> 'pg_catalog.pg_namespace'::regclass
)

select jsonb_build_object(
  'kind', kind, 'name', name, 'of', holder, 'extension', extension, 'shape', shape,
  'comment', case when kind = 'role' then shobj_description(object, 'pg_authid') when kind <> 'extension' then (
    select description from pg_catalog.pg_description
    where classoid = class and objoid = object and objsubid = part
  ) end,
  'grants', coalesce((
    select jsonb_agg(concat(coalesce(rolname, 'public'), '=', privilege_type, case when is_grantable then '*' end)
      order by coalesce(rolname, 'public') collate "C", privilege_type)
    from aclexplode(acl) as entry
    left join pg_catalog.pg_roles on pg_roles.oid = grantee
    where grantee <> owner
  ), '[]'),
  'needs', coalesce((
    select jsonb_agg(distinct jsonb_build_object(
      'kind', needed.kind, 'name', needed.name, 'of', needed.holder, 'arguments', needed.shape -> 'routine', 'how', how
    ))
    from needs
    join entries as needed on needed.class = on_class and needed.object = on_object and needed.part = on_part
    where (needs.class, needs.object, needs.part) = (entries.class, entries.object, entries.part)
      -- What hangs on a table goes with it anyway.
      and (needed.name is distinct from entries.holder or how <> 'goes')
  ), '[]')
) as entry
from entries
