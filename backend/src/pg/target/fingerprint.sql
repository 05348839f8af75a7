-- One row per object of the user's schemas: kind, name, and all that defines it, as text.
-- Run with an empty search_path, so that every name in a definition carries its schema. Objects that belong to an
-- extension follow from the extension's version, and the schemas of the platform are not the user's.

with schemas as (
  select oid, nspname, nspowner, nspacl
  from pg_catalog.pg_namespace
  where nspname !~ '^pg_' and nspname not in (
    'information_schema', 'studio', 'supabase_migrations', 'supabase_functions', 'auth', 'storage', 'realtime',
    '_realtime', '_analytics', '_supavisor', 'pgbouncer', 'vault', 'pgsodium', 'pgsodium_masks', 'graphql',
    'graphql_public', 'extensions', 'net', 'cron'
  )
), owned as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
), relations as (
  select relation.*, format('%I.%I', schemas.nspname, relation.relname) as name
  from pg_catalog.pg_class as relation
  join schemas on schemas.oid = relation.relnamespace
  where not exists (select from owned where classid = 'pg_catalog.pg_class'::regclass and objid = relation.oid)
), kinds (relkind, kind) as (
  values ('r'::"char", 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized view'), ('f', 'foreign table'),
    ('S', 'sequence')
)

select 'schema' as kind, format('%I', nspname) as name,
  concat_ws(' ', 'owner', pg_get_userbyid(nspowner), nspacl::text) as definition
from schemas

union all
select kinds.kind, relations.name, concat_ws(' ', 'owner', pg_get_userbyid(relowner), relpersistence,
  case when relrowsecurity then 'rls' end, case when relforcerowsecurity then 'forced' end,
  (select string_agg(entry::text, ',' order by entry::text) from unnest(relacl) as entry),
  reloptions::text, pg_get_expr(relpartbound, oid),
  case when relations.relkind = 'p' then pg_get_partkeydef(oid) end,
  case when relations.relkind in ('v', 'm') then pg_get_viewdef(oid) end,
  (select concat_ws(' ', format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcycle)
   from pg_catalog.pg_sequence where seqrelid = oid))
from relations join kinds on kinds.relkind = relations.relkind

union all
select 'column', format('%s.%I', relations.name, attname), concat_ws(' ', format_type(atttypid, atttypmod),
  case when attnotnull then 'not null' end, 'default ' || pg_get_expr(adbin, adrelid), nullif(attidentity, ''),
  nullif(attgenerated, ''), (select collname from pg_catalog.pg_collation where oid = attcollation),
  (select string_agg(entry::text, ',' order by entry::text) from unnest(attacl) as entry))
from pg_catalog.pg_attribute
join relations on relations.oid = attrelid and relations.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
where attnum > 0 and not attisdropped

union all
select 'constraint', format('%I on %s', conname, coalesce(relations.name, contypid::regtype::text)),
  concat_ws(' ', pg_get_constraintdef(pg_constraint.oid), convalidated::text)
from pg_catalog.pg_constraint
join schemas on schemas.oid = connamespace
left join relations on relations.oid = conrelid
where conrelid = 0 or relations.oid is not null

union all
select 'index', format('%I.%I', schemas.nspname, index.relname),
  concat_ws(' ', pg_get_indexdef(indexrelid), case when not indisvalid then 'invalid' end,
    case when indisclustered then 'clustered' end, case when indisreplident then 'replica identity' end)
from pg_catalog.pg_index
join pg_catalog.pg_class as index on index.oid = indexrelid
join schemas on schemas.oid = index.relnamespace
join relations on relations.oid = indrelid

union all
select 'type', format('%I.%I', schemas.nspname, typname), concat_ws(' ', typtype,
  'owner', pg_get_userbyid(typowner),
  (select string_agg(entry::text, ',' order by entry::text) from unnest(typacl) as entry),
  (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_catalog.pg_enum
   where enumtypid = pg_type.oid),
  case when typtype = 'd' then concat_ws(' ', format_type(typbasetype, typtypmod), typnotnull::text, typdefault) end,
  (select format_type(rngsubtype, null) from pg_catalog.pg_range where rngtypid = pg_type.oid))
from pg_catalog.pg_type
join schemas on schemas.oid = typnamespace
where (typtype in ('e', 'd', 'r')
    or typtype = 'c' and (select relkind = 'c' from pg_catalog.pg_class where oid = typrelid))
  and not exists (select from owned where classid = 'pg_catalog.pg_type'::regclass and objid = pg_type.oid)

union all
select case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
  format('%I.%I(%s)', schemas.nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)),
  concat_ws(' ', 'owner', pg_get_userbyid(proowner),
    (select string_agg(entry::text, ',' order by entry::text) from unnest(proacl) as entry),
    case when prokind = 'a' then format_type(prorettype, null) else pg_get_functiondef(pg_proc.oid) end)
from pg_catalog.pg_proc
join schemas on schemas.oid = pronamespace
where not exists (select from owned where classid = 'pg_catalog.pg_proc'::regclass and objid = pg_proc.oid)

union all
select 'trigger', format('%I on %s', tgname, relations.name), concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
from pg_catalog.pg_trigger
join relations on relations.oid = tgrelid
where not tgisinternal

union all
select 'policy', format('%I on %s', polname, relations.name), concat_ws(' ', polcmd,
  case when polpermissive then 'permissive' else 'restrictive' end,
  (select string_agg(coalesce(rolname, 'public'), ',' order by rolname) from unnest(polroles) as role
   left join pg_catalog.pg_roles on oid = role),
  'using ' || pg_get_expr(polqual, polrelid), 'check ' || pg_get_expr(polwithcheck, polrelid))
from pg_catalog.pg_policy
join relations on relations.oid = polrelid

union all
select 'rule', format('%I on %s', rulename, relations.name), pg_get_ruledef(pg_rewrite.oid)
from pg_catalog.pg_rewrite
join relations on relations.oid = ev_class
where rulename <> '_RETURN'

union all
select 'statistics', format('%I.%I', schemas.nspname, stxname), pg_get_statisticsobjdef(pg_statistic_ext.oid)
from pg_catalog.pg_statistic_ext
join schemas on schemas.oid = stxnamespace

union all
select 'extension', format('%I', extname), concat_ws(' ', extversion, nspname)
from pg_catalog.pg_extension
join pg_catalog.pg_namespace on pg_namespace.oid = extnamespace

union all
select 'event trigger', format('%I', evtname), concat_ws(' ', evtevent, evtfoid::regprocedure, evtenabled, evttags::text)
from pg_catalog.pg_event_trigger
where not exists (select from owned where classid = 'pg_catalog.pg_event_trigger'::regclass and objid = pg_event_trigger.oid)

union all
select 'publication', format('%I', pubname), concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
  (select string_agg(format('%I.%I', schemaname, tablename), ', ' order by schemaname, tablename)
   from pg_catalog.pg_publication_tables where pg_publication_tables.pubname = pg_publication.pubname))
from pg_catalog.pg_publication

union all
select 'default privileges', concat_ws(' ', pg_get_userbyid(defaclrole), schemas.nspname, defaclobjtype), defaclacl::text
from pg_catalog.pg_default_acl
join schemas on schemas.oid = defaclnamespace

union all
select 'comment', concat_ws(' ', object.type, object.identity), description
from pg_catalog.pg_description
cross join lateral pg_identify_object(classoid, objoid, objsubid) as object
where (object.schema in (select nspname from schemas) or object.type = 'schema' and exists
    (select from schemas where schemas.oid = objoid)
    or exists (select from relations where relations.oid = objoid) and classoid = 'pg_catalog.pg_class'::regclass
    or object.type in ('trigger', 'policy', 'rule', 'table constraint', 'domain constraint')
      and split_part(object.identity, ' on ', 2) in (select name from relations))
  and not exists (select from owned where classid = classoid and objid = objoid)
