-- The roles of a target: the login that people's SQL runs as, and those that migrations for Supabase name.
-- Run by the superuser at each start of a server of the studio's own; again is harmless.

do $$
begin
  -- The Data API takes one of these three for each request. Only service_role passes row level security by.
  if not exists (select from pg_catalog.pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;

  -- As on Supabase: no superuser, and it makes databases and roles. It may not replicate, because a replication
  -- connection reads whole files. Before PostgreSQL 16 whoever makes roles may join any, those that run programs
  -- included.
  if not exists (select from pg_catalog.pg_roles where rolname = 'postgres') then
    create role postgres login createdb bypassrls;
    if current_setting('server_version_num')::integer >= 160000 then
      alter role postgres createrole;
    end if;
    grant anon, authenticated, service_role to postgres with admin option;
    grant pg_monitor to postgres;
    -- As on Supabase, names of extensions are found without their schema. A setting of the role and not of the
    -- database, because a database made from a template does not inherit its settings.
    alter role postgres set search_path = "$user", public, extensions;
  end if;
end
$$;
