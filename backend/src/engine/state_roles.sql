-- The roles of the server that holds the studio's own database: the owner of its tables, who signs in only to bring
-- them up to date, and the login that the server works as. Neither is a superuser.
-- Run by the superuser at each start; again is harmless.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'studio') then
    create role studio login;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'studio_server') then
    create role studio_server login;
  end if;
end
$$;
