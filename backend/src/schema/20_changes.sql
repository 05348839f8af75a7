-- Changes under review: immutable revisions of files, and what people said about them.

-- Content-addressed: a text is kept once, whoever proposes it.
create table studio.blobs (
    sha256 text  primary key check (sha256 = encode(sha256(bytes), 'hex')),
    bytes  bytea not null
);

create table studio.changes (
    id          bigint      primary key generated always as identity,
    title       text        not null check (length(title) between 1 and 200),
    description text        not null,
    author      text        not null references studio.people,
    state       text        not null default 'open' check (state in ('open', 'applied', 'closed')),
    -- The target on which it was executed to the end, and when.
    applied_on  text,
    applied_at  timestamptz,
    -- What became of its files in the folder after that, when it needs a word.
    folder_note text,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);

create table studio.revisions (
    change  bigint      not null references studio.changes,
    number  integer     not null check (number >= 1),
    author  text        not null references studio.people,
    at      timestamptz not null default now(),
    note    text        not null,
    primary key (change, number)
);

create table studio.revision_files (
    change   bigint  not null,
    number   integer not null,
    position integer not null,
    path     text    not null,
    sha256   text    not null references studio.blobs,
    base     text    references studio.blobs,
    primary key (change, number, position),
    unique (change, number, path),
    foreign key (change, number) references studio.revisions
);

create table studio.comments (
    id         text        primary key,
    change     bigint      not null references studio.changes,
    reply_to   text        references studio.comments,
    author     text        not null references studio.people,
    at         timestamptz not null default now(),
    body       text        not null check (length(body) between 1 and 10000),
    -- The statement it hangs on, as it stood in that revision; all null for the change as a whole.
    revision   integer,
    path       text,
    span_start bigint,
    quote      text,
    resolved   boolean     not null default false,
    check (num_nulls(revision, path, span_start, quote) in (0, 4))
);

create index comments_change on studio.comments (change);

create table studio.approvals (
    id       text        primary key,
    change   bigint      not null references studio.changes,
    person   text        not null references studio.people,
    at       timestamptz not null default now(),
    decision text        not null check (decision in ('approve', 'request_changes')),
    note     text        not null,
    revision integer     not null,
    digest   text        not null,
    bytes    text        not null,
    target   text        not null,
    policy   text        not null
);

create index approvals_change on studio.approvals (change);
