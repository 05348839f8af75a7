-- One row per object that belongs to the whole server, as fingerprint.sql has them for a database: kind, name and all
-- that defines it, as far as every role may read it.

select 'database' as kind, format('%I', datname) as name,
  concat_ws(' ', 'owner', pg_get_userbyid(datdba), datacl::text, datallowconn::text, datistemplate::text) as definition
from pg_catalog.pg_database

union all
select 'role', format('%I', rolname), concat_ws(' ', rolsuper::text, rolinherit::text, rolcreaterole::text,
  rolcreatedb::text, rolcanlogin::text, rolreplication::text, rolbypassrls::text, rolconnlimit::text, rolvaliduntil::text)
from pg_catalog.pg_roles

union all
select 'membership', format('%I in %I', pg_get_userbyid(member), pg_get_userbyid(roleid)),
  string_agg(concat_ws(' ', pg_get_userbyid(grantor), admin_option::text), ', ' order by grantor)
from pg_catalog.pg_auth_members
group by member, roleid

union all
select 'setting', concat_ws(' in ', case when setrole = 0 then 'every role' else format('%I', pg_get_userbyid(setrole)) end,
  coalesce(quote_ident(datname), 'every database')), setconfig::text
from pg_catalog.pg_db_role_setting
left join pg_catalog.pg_database on pg_database.oid = setdatabase

union all
select 'tablespace', format('%I', spcname), concat_ws(' ', 'owner', pg_get_userbyid(spcowner), spcoptions::text)
from pg_catalog.pg_tablespace

union all
select 'replication slot', format('%I', slot_name), concat_ws(' ', plugin, database)
from pg_catalog.pg_replication_slots

union all
select 'subscription', format('%I', subname), concat_ws(' ', 'owner', pg_get_userbyid(subowner), subenabled::text)
from pg_catalog.pg_subscription
