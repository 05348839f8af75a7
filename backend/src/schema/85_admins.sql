-- Whoever was an admin lately still counts where the review policy needs a second one: an admin who puts the other one
-- out of the way does not decide alone at once.

alter table studio.people
    -- When they last ceased to be one, by role or because the account was disabled.
    add column admin_until timestamptz;

create function studio.keep_admin() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    new.admin_until := clock_timestamp();
    return new;
end
$$;

create trigger admin_ends before update of role, disabled_at on studio.people
for each row
when (
    old.role = 'admin' and old.disabled_at is null
    and (new.role <> 'admin' or new.disabled_at is not null)
)
execute function studio.keep_admin();
