-- Columns of many types, and what uses them, for the cases of `retyped.rs`. It lies behind `world.sql` in the set.

create extension if not exists citext;
create type fruit as enum ('fig', 'plum');
create type span as (a int, b int);
create domain word as text;
create domain term as text;
create domain brief as varchar(10);
create domain whole as int;
create domain counter_value as int check (value >= 0);
create domain given as text not null;
create domain small_counter as counter_value;
create domain plain_word as word;
create domain brief_too as brief;
create domain picked as fruit;
create domain numbered as int default 7;
create domain stamped as timestamptz default clock_timestamp();
create domain scored as int default random_answer();
create domain tightened as int;
alter domain tightened add constraint is_small check (value < 100);
create domain eased as int not null;
alter domain eased drop not null;
create domain loosened as int constraint is_small check (value < 100);
alter domain loosened drop constraint is_small;
create domain puzzling as int constraint is_small check (value < 100);
alter domain puzzling drop constraint if exists is_tall;

create table words (id int, v10 varchar(10), v varchar, x text, c3 char(3), c bpchar, n name, m xml, ci citext, collated text collate "C");
insert into words values (1, 'v', 'v', 'x', 'c', 'c', 'n', '<m/>', 'ci', 'c');
create table amounts (i int, s smallint, b bigint, n82 numeric(8, 2), n8 numeric(8), n numeric, o oid, r real, cls regclass, typ regtype, money money, yes bool);
insert into amounts values (1, 1, 1, 1, 1, 1, 1, 1, 'pg_class', 'text', 1, true);
create table times (
  ts timestamp, ts3 timestamp(3), tz timestamptz, tz3 timestamptz(3), d date, t time, t3 time(3), tt timetz, tt2 timetz(2),
  i interval, i3 interval(3), days interval day, years interval year, seconds interval second, ds3 interval day to second(3)
);
insert into times values (now(), now(), now(), now(), now(), '12:00', '12:00', '12:00', '12:00', '1 day', '1 day', '1 day', '1 year', '1 second', '1 day');
create table others (
  b3 bit(3), vb varbit, vb3 varbit(3), net cidr, address inet, j json, jb jsonb, u uuid, raw bytea,
  xs text[], vs varchar(3)[], ns numeric(8, 2)[], ints int[], f fruit, s span, c "char"
);
insert into others values ('101', '1', '1', '10.0.0.0/8', '10.0.0.1', '1', '1', gen_random_uuid(), '\x00', '{a}', '{a}', '{1}', '{1}', 'fig', (1, 1), 'c');
create table of_domains (
  w word, t term, b brief, wh whole, cv counter_value, g given, sc small_counter, pw plain_word, p picked,
  x text, v5 varchar(5), v varchar, i int, f fruit
);
insert into of_domains values ('w', 't', 'b', 1, 1, 'g', 1, 'pw', 'fig', 'x', 'v', 'v', 1, 'fig');

create table indexed (
  id int, v varchar(10), x text, w varchar(10), included varchar(10), conditional varchar(10), computed varchar(10),
  n int, net cidr, f fruit, p picked, collated text, own text, ci citext, excluded varchar(10), renamed varchar(10)
);
create index on indexed (v);
create index on indexed (x desc nulls last);
create index on indexed (id, w varchar_pattern_ops);
create index on indexed (id) include (included);
create index on indexed (id) where conditional is not null;
create index indexed_computed on indexed (lower(computed));
create index on indexed (n);
create index on indexed (net);
create index on indexed (f);
create index on indexed (p);
create index on indexed (collated);
create index on indexed (own collate "C");
create index on indexed (ci);
alter table indexed add constraint indexed_excluded exclude (excluded with =);
create index on indexed (lower(renamed));
alter table indexed rename column renamed to renewed;
insert into indexed select n, 'v', 'x', 'w', 'i', 'c', 'c', n, '10.0.0.0/8', 'fig', 'fig', 'c', 'o', 'c', 'e' || n, 'r' from generate_series(1, 9) n;

create table checked (
  id int, a varchar(10) check (a <> ''), b varchar(10), c varchar(10), d varchar(10), e varchar(10) not null default 'e',
  f varchar(10), check (length(b) > id - 1000), constraint whole_row check (checked is not null)
);
alter table checked add constraint c_is_there check (c <> '') not valid;
alter table checked add constraint d_is_there check (d <> '') not valid;
alter table checked validate constraint d_is_there;
alter table checked add constraint f_is_there check (f <> '');
alter table checked drop constraint f_is_there;
create statistics checked_stats on id, a from checked;
insert into checked values (1, 'a', 'b', 'c', 'd', 'e', 'f');

create table named (code varchar(10) primary key, other int unique, third varchar(10), unique (third));
insert into named values ('a', 1, 't');
create table naming (
  id int, code varchar(10) references named on delete set null (code), other int, third varchar(10) constraint naming_third references named (third),
  unproven varchar(10)
);
alter table naming add constraint naming_other foreign key (other) references named (other);
alter table naming add constraint naming_unproven foreign key (unproven) references named not valid;
insert into naming values (1, 'a', 1, 't', 'a');
create table tree (id int primary key, above int references tree, label varchar(5));
insert into tree values (1, 1, 'l');

create table regions (id int not null, label varchar(10), code varchar(10), note varchar(10), parent_code varchar(10) references named) partition by list (id);
create table regions_1 partition of regions for values in (1);
create table regions_2 (id int not null, label varchar(10), code varchar(10), note varchar(10), parent_code varchar(10));
alter table regions attach partition regions_2 for values in (2);
create index on regions (code);
create index on regions_1 ((upper(note)));
insert into regions values (1, 'l', 'c', 'n', 'a'), (2, 'l', 'c', 'n', 'a');
create table soil (id int, label varchar(10), code varchar(10));
create table above_soil (height int) inherits (soil);
create index on soil (code);
create index on above_soil (label);
insert into soil values (1, 'l', 'c');
insert into above_soil values (1, 'l', 'c', 1);

create table copied (like words including all);
create table moved (a varchar(10), b text);
alter table moved rename to arrived;
alter table arrived rename column a to first;
alter table arrived alter column b type varchar(10);
alter table arrived add column third varchar(4);
insert into arrived values ('a', 'b', 'c');
do $$
begin
  create table of_block (a varchar(10), b varchar(10));
  if exists (select from pg_class where relname = 'nothing') then
    alter table of_block alter column b type text;
  end if;
end
$$;
insert into of_block values ('a', 'b');
