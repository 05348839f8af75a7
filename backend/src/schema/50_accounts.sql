-- Accounts: how people sign in, what they were called when, how an account is closed, and what guards the policy.

alter table studio.people
    drop constraint people_role_check,
    add constraint people_role_check check (role in ('viewer', 'author', 'reviewer', 'operator', 'admin')),
    -- What the name looks like: two people whose names look alike are refused.
    -- Null for a name from before, until the server has folded it.
    add column folded      text unique,
    -- A PHC string of argon2id; null for who signs in by one-time links alone.
    add column password    text check (password like '$argon2id$%'),
    add column disabled_at timestamptz;

-- What people were called when. The name beside something that somebody did is the one they had then.
create table studio.names (
    seq    bigint      primary key generated always as identity,
    person text        not null references studio.people on delete cascade,
    name   text        not null,
    since  timestamptz not null
);

create index names_person on studio.names (person, since, seq);

insert into studio.names (person, name, since) select id, name, created_at from studio.people;

create function studio.keep_name() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    insert into studio.names (person, name, since)
    values (new.id, new.name, date_trunc('milliseconds', clock_timestamp()));
    return null;
end
$$;

create trigger first_name after insert on studio.people
for each row execute function studio.keep_name();

create trigger next_name after update of name on studio.people
for each row when (old.name is distinct from new.name) execute function studio.keep_name();

-- What somebody was called at a moment; before their first name was kept, that one.
create function studio.name_at(who text, moment timestamptz) returns text
language sql stable
set search_path = pg_catalog
as $$
    select name from studio.names where person = who
    order by since <= moment desc, case when since <= moment then since end desc, since, seq desc
    limit 1
$$;

alter table studio.sessions
    -- Where it was made from, and by which browser.
    add column address      text,
    add column agent        text check (length(agent) <= 200),
    -- When its person last proved who they are, and by what.
    add column confirmed_at timestamptz,
    add column confirmed_by text check (confirmed_by in ('link', 'password'));

-- A link names whom it lets in: a person who is here, or the name that a new one will have.
alter table studio.invitations
    drop constraint invitations_role_check,
    add constraint invitations_role_check check (role in ('viewer', 'author', 'reviewer', 'operator', 'admin')),
    add column name       text check (length(name) between 1 and 80),
    add column folded     text,
    add column revoked_at timestamptz;

-- Whoever held a link from before could choose any name.
update studio.invitations set revoked_at = now() where person is null and used_at is null;

alter table studio.invitations
    add constraint invitations_for_somebody
        check (person is not null or (name is not null and folded is not null) or used_at is not null or revoked_at is not null);

create unique index invitations_folded on studio.invitations (folded)
where used_at is null and revoked_at is null;

-- Attempts to sign in with a password, by SHA-256 of the account's folded name and of the address.
-- Each is counted before the password is looked at; the next one has to wait until open_at.
create table studio.sign_in_attempts (
    subject  bytea       primary key check (length(subject) = 32),
    failures integer     not null check (failures >= 0),
    last_at  timestamptz not null,
    open_at  timestamptz not null
);

-- Counted up by each change of the policy: an approval from before stays stale when the policy comes back.
alter table studio.settings add column policy_epoch bigint not null default 0;

-- A weaker policy that one admin asks for and another has to confirm.
create table studio.policy_proposals (
    only_row  boolean     primary key default true check (only_row),
    four_eyes boolean     not null,
    required  integer     not null check (required between 1 and 10),
    by        text        not null references studio.people on delete cascade,
    at        timestamptz not null default now()
);
