-- Runs: what was accepted, what happened, and what must be known after a crash.

create table studio.runs (
    id              text        primary key,
    kind            text        not null check (kind in ('apply', 'validate', 'dry_run')),
    state           text        not null default 'queued'
        check (state in ('queued', 'waiting', 'running', 'cancelling', 'done', 'failed', 'cancelled', 'unknown')),
    change          bigint      references studio.changes,
    revision        integer,
    title           text        not null,
    target          text        not null,
    person          text        not null references studio.people,
    -- Of plan and binding, as it was approved; null where nothing is approved.
    digest          text,
    idempotency_key text        unique,
    began           timestamptz not null default clock_timestamp(),
    ended           timestamptz,
    summary         text        not null default '',
    check ((ended is not null) = (state in ('done', 'failed', 'cancelled', 'unknown')))
);

-- One run that changes a target at a time. Validations and dry runs change nothing and queue on the target's lock.
create unique index runs_one_active on studio.runs (target) where kind = 'apply' and ended is null;

create index runs_change on studio.runs (change, began);
create index runs_began on studio.runs (began);

-- The protocol's events, whole; seq has no gaps.
create table studio.run_events (
    run   text   not null references studio.runs on delete cascade,
    seq   bigint not null check (seq >= 1),
    event jsonb  not null,
    primary key (run, seq)
);

-- Written before what it announces: before a COMMIT with the transaction's id, before a standalone statement without.
create table studio.run_intents (
    run     text        not null references studio.runs on delete cascade,
    step    integer     not null,
    segment integer     not null,
    xid     text,
    at      timestamptz not null default clock_timestamp(),
    primary key (run, step, segment)
);
