-- People, how they come in, and what reviews need.

create table studio.people (
    id         text        primary key,
    name       text        not null check (length(name) between 1 and 80),
    role       text        not null check (role in ('author', 'reviewer', 'operator', 'admin')),
    created_at timestamptz not null default now()
);

-- The token itself is only in the person's cookie; here is its SHA-256.
create table studio.sessions (
    id         bytea       primary key check (length(id) = 32),
    person     text        not null references studio.people on delete cascade,
    created_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    expires_at timestamptz not null
);

-- One-time links: with a person they sign that person in, without one they make a new person.
create table studio.invitations (
    id         bytea       primary key check (length(id) = 32),
    person     text        references studio.people on delete cascade,
    role       text        not null check (role in ('author', 'reviewer', 'operator', 'admin')),
    invited_by text        references studio.people on delete set null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);

-- One row.
create table studio.settings (
    only_row  boolean primary key default true check (only_row),
    four_eyes boolean not null default false,
    required  integer not null default 1 check (required between 1 and 10)
);

insert into studio.settings default values;
