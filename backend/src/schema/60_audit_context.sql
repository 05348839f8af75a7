-- Where an entry comes from: the address and the session of the request, and what the person was called then.
-- Entries that are there already keep their form, and with it their hashes: the form says which fields a hash covers.

alter table studio.audit
    add column form    smallint not null default 1 check (form in (1, 2)),
    add column name    text,
    add column address text,
    -- The first digits of the SHA-256 of the session's token; the token itself is only in the person's cookie.
    add column session text;

-- Tells logs apart in what is kept of them outside the database.
alter table studio.audit_head add column log uuid not null default gen_random_uuid();

create or replace function studio.chain_audit() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    head studio.audit_head;
begin
    select * into strict head from studio.audit_head for update;
    new.form := 2;
    new.seq := head.seq + 1;
    new.at := date_trunc('milliseconds', clock_timestamp());
    new.prev := head.hash;
    new.hash := sha256(new.prev || studio.canonical(
        new.form::text, new.seq::text, (extract(epoch from new.at) * 1000)::bigint::text,
        new.person, new.name, new.action, new.change::text, new.run, new.text, new.address, new.session
    ));
    update studio.audit_head set seq = new.seq, hash = new.hash;
    return new;
end
$$;
