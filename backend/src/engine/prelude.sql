-- Gives a plain PostgreSQL what every Supabase database has before the first migration, because migrations written for
-- Supabase name its API roles, call auth.role() and put extensions into a schema of that name.
--
-- Run by the superuser once per database of the studio's own servers, after roles.sql; again is harmless. It is not a
-- migration and never runs on Supabase, whose own objects carry these names.

do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname in ('supabase_admin', 'supabase_auth_admin')) then
    raise exception 'This server belongs to Supabase and needs no prelude'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- schemas ------------------------------------------------------------------------------------------------------------

create schema if not exists auth;
create schema if not exists extensions;

alter schema extensions owner to postgres;

grant usage on schema public, auth, extensions to anon, authenticated, service_role;
grant usage on schema auth to postgres;

-- Supabase gives the API roles no rights on new tables of `public`: a migration grants them itself or the API does not
-- see the table. A server that once granted them by default is brought to the same state.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated, service_role;

-- extensions ---------------------------------------------------------------------------------------------------------

-- The engine that the studio fetches marks what is harmless as trusted, so that a migration makes it. In an installed
-- PostgreSQL only a superuser may make pgvector, so it is there from the beginning.
do $$
begin
  if exists (select from pg_catalog.pg_available_extension_versions where name = 'vector' and not trusted) then
    create extension if not exists vector with schema extensions;
  end if;
end
$$;

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
