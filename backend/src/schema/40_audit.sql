-- The audit log: append-only, each row bound to the one before by SHA-256. A change's timeline is its rows here.

create table studio.audit (
    seq    bigint      primary key,
    at     timestamptz not null,
    person text,
    action text        not null,
    change bigint,
    run    text,
    text   text        not null,
    prev   bytea       not null,
    hash   bytea       not null
);

create index audit_change on studio.audit (change) where change is not null;

-- The end of the chain: what serialises writers, and what a cut-off tail is noticed by.
create table studio.audit_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint  not null,
    hash     bytea   not null
);

insert into studio.audit_head (seq, hash) values (0, sha256(''));

-- Each field with its length before it, so that no two different rows read the same.
create function studio.canonical(variadic fields text[]) returns bytea
language sql immutable
set search_path = pg_catalog
as $$
    select convert_to(
        string_agg(coalesce(octet_length(convert_to(field, 'UTF8')) || ':' || field, '-'), ',' order by place),
        'UTF8'
    )
    from unnest(fields) with ordinality as listed (field, place)
$$;

create function studio.chain_audit() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    head studio.audit_head;
begin
    select * into strict head from studio.audit_head for update;
    new.seq := head.seq + 1;
    new.at := date_trunc('milliseconds', clock_timestamp());
    new.prev := head.hash;
    new.hash := sha256(new.prev || studio.canonical(
        new.seq::text, (extract(epoch from new.at) * 1000)::bigint::text,
        new.person, new.action, new.change::text, new.run, new.text
    ));
    update studio.audit_head set seq = new.seq, hash = new.hash;
    return new;
end
$$;

create trigger chain before insert on studio.audit
for each row execute function studio.chain_audit();

create function studio.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception 'The audit log is append-only.' using errcode = 'insufficient_privilege';
end
$$;

create trigger append_only before update or delete on studio.audit
for each row execute function studio.refuse_change();

create trigger append_only_table before truncate on studio.audit
for each statement execute function studio.refuse_change();
