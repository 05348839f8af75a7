-- What an approval binds of the database itself. Approvals from before bind none of it and are stale.

alter table studio.approvals
    add column database text not null default '',
    add column schema   text not null default '',
    add column session  text not null default '';
