-- Gives a plain PostgreSQL what every Supabase database has before the first migration, because migrations written for
-- Supabase name its API roles, call auth.role() and put extensions into a schema of that name.
--
-- Run by a superuser once per database of the studio's own engine; again is harmless. It is not a migration and never
-- runs on Supabase, whose own objects carry these names.
-- pgvector is not created here: the first migration does that, `with schema extensions`, and the server only has to
-- offer it (pg_available_extensions).

do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname in ('supabase_admin', 'supabase_auth_admin')) then
    raise exception 'This server belongs to Supabase and needs no prelude'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- roles --------------------------------------------------------------------------------------------------------------

do $$
begin
  -- Roles belong to the whole server, so databases that are prepared at the same time take turns here.
  lock table pg_catalog.pg_authid in share row exclusive mode;

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

  -- As on Supabase, names of extensions are found without their schema. A setting of the role and not of the database,
  -- because a database made from a template does not inherit its settings. It holds from the next session on.
  alter role current_user set search_path = "$user", public, extensions;
end
$$;

-- schemas ------------------------------------------------------------------------------------------------------------

create schema if not exists auth;
create schema if not exists extensions;

grant usage on schema public, auth, extensions to anon, authenticated, service_role;

-- Supabase gives the API roles no rights on new tables of `public`: a migration grants them itself or the API does not
-- see the table. A server that once granted them by default is brought to the same state.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;

-- functions ----------------------------------------------------------------------------------------------------------

-- The Data API puts the claims of the verified token into request.jwt.claims, once per transaction; older releases put
-- each claim into a setting of its own. An empty setting is one that an earlier transaction has left.
-- Without a token all four are null, and every policy that compares them refuses.

create or replace function auth.jwt()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

create or replace function auth.uid()
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), auth.jwt() ->> 'sub')::uuid
$$;

create or replace function auth.role()
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''), auth.jwt() ->> 'role')
$$;

create or replace function auth.email()
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('request.jwt.claim.email', true), ''), auth.jwt() ->> 'email')
$$;
