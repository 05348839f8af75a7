-- Nobody but the owner and the server's role reaches the studio's tables, not even through a Data API that
-- exposes the schema: nothing is granted to others, and row level security is on without a policy for them.

do $$
declare
    kept record;
begin
    if not exists (select from pg_roles where rolname = 'studio_server') then
        begin
            create role studio_server nologin;
        exception when duplicate_object or unique_violation then
            null; -- studio: allow swallowed-exception because another database of the cluster made the role just now
        end;
    end if;
    -- In the studio's own engine the server signs in as that role, and the owner of the tables need not become it.
    if not (select rolsuper from pg_roles where rolname = current_user)
        and not (select rolcanlogin from pg_roles where rolname = 'studio_server')
    then
        execute format('grant studio_server to %I', current_user);
    end if;

    revoke all on schema studio from public;
    grant usage on schema studio to studio_server;
    revoke all on all functions in schema studio from public;

    for kept in
        select format('studio.%I', relname) as name, oid, relname
        from pg_class
        where relnamespace = 'studio'::regnamespace and relkind = 'r'
    loop
        execute format('alter table %s enable row level security', kept.name);
        execute format('revoke all on %s from public, studio_server', kept.name);
        if not exists (select from pg_policy where polrelid = kept.oid and polname = 'server') then
            execute format('create policy server on %s to studio_server using (true) with check (true)', kept.name);
        end if;
        if kept.relname in ('audit', 'blobs', 'revisions', 'revision_files', 'approvals', 'names') then
            execute format('grant select, insert on %s to studio_server', kept.name);
        elsif kept.relname in ('audit_head', 'schema_files') then
            execute format('grant select on %s to studio_server', kept.name);
        else
            execute format('grant select, insert, update, delete on %s to studio_server', kept.name);
        end if;
    end loop;
    grant execute on function studio.name_at(text, timestamptz) to studio_server;
end
$$;
