-- One row per right that objects yet to be made by this role get, as the kernel's `schema::DefaultGrant` in JSON.

with defaults as (
  select defaclnamespace, defaclacl, defaclrole,
    case defaclobjtype when 'r' then 'table' when 'S' then 'sequence' when 'f' then 'function' when 'T' then 'type'
      when 'n' then 'schema' end as kind
  from pg_catalog.pg_default_acl
  where defaclobjtype in ('r', 'S', 'f', 'T', 'n')
    and defaclrole = (select oid from pg_catalog.pg_roles where rolname = current_user)
)

select jsonb_build_object(
  'schema', nspname, 'kind', kind, 'role', coalesce(rolname, 'public'), 'right', privilege_type, 'option', is_grantable,
  'given', true
)
from defaults
cross join lateral aclexplode(defaclacl) as entry
left join pg_catalog.pg_namespace on pg_namespace.oid = defaclnamespace
left join pg_catalog.pg_roles on pg_roles.oid = grantee
where grantee <> defaclrole

union all
-- What holds everywhere stands in the place of the rights that everybody has by themselves.
select jsonb_build_object(
  'schema', null, 'kind', kind, 'role', 'public', 'right', case kind when 'type' then 'USAGE' else 'EXECUTE' end,
  'given', false
)
from defaults
where defaclnamespace = 0 and kind in ('type', 'function')
  and not exists (select from aclexplode(defaclacl) where grantee = 0)
