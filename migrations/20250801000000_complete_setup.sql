-- Creates the base of Archon Plus: settings, knowledge base, projects, tasks, documents and prompts,
-- because every other file of the set builds on these tables.
--
-- role: setup
-- requires: none
-- transaction: single
-- locks: new tables on the first run; applied again, each table for a moment while its policies are replaced
-- rollback: none because all other features stand on these tables, so removing them is a reset and not an undo
-- validation: none because the set holds no separate checks for the base tables

-- Applied again on a busy database, a policy would queue behind a long query and everyone else behind the policy.
set local lock_timeout = '5s';

-- pgvector may stand in either schema: `extensions` on Supabase, `public` where somebody installed it by hand.
-- Everything else is named in full.
set local search_path = public, extensions;

-- extensions ---------------------------------------------------------------------------------------------------------

-- gen_random_uuid() is part of PostgreSQL, so the identifiers need no extension.
create extension if not exists vector with schema extensions;

-- types --------------------------------------------------------------------------------------------------------------

do $$
begin
  if not exists (
    select from pg_catalog.pg_type
    where typname = 'task_status' and typnamespace = 'public'::regnamespace
  ) then
    create type public.task_status as enum ('todo', 'doing', 'review', 'done');
  end if;
end
$$;

-- tables: settings ---------------------------------------------------------------------------------------------------

create table if not exists public.archon_settings (
  id uuid not null default gen_random_uuid(),
  key varchar(255) not null,
  value text,
  encrypted_value text,
  is_encrypted boolean default false,
  category varchar(100),
  description text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_settings_pkey primary key (id),
  constraint archon_settings_key_unique unique (key)
);

-- tables: knowledge base ---------------------------------------------------------------------------------------------

create table if not exists public.archon_sources (
  source_id text not null,
  summary text,
  total_word_count integer default 0,
  title text,
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_sources_pkey primary key (source_id)
);

-- A source with pages cannot be deleted by accident: the application removes its pages first, in batches.
create table if not exists public.archon_crawled_pages (
  id bigserial not null,
  url varchar not null,
  chunk_number integer not null,
  content text not null,
  metadata jsonb not null default '{}',
  source_id text not null,
  embedding vector(1536),
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_crawled_pages_pkey primary key (id),
  constraint archon_crawled_pages_url_chunk_unique unique (url, chunk_number),
  constraint archon_crawled_pages_source_fk foreign key (source_id) references public.archon_sources (source_id)
);

create table if not exists public.archon_code_examples (
  id bigserial not null,
  url varchar not null,
  chunk_number integer not null,
  content text not null,
  summary text not null,
  metadata jsonb not null default '{}',
  source_id text not null,
  embedding vector(1536),
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_code_examples_pkey primary key (id),
  constraint archon_code_examples_url_chunk_unique unique (url, chunk_number),
  constraint archon_code_examples_source_fk foreign key (source_id) references public.archon_sources (source_id)
);

-- tables: projects and tasks -----------------------------------------------------------------------------------------

create table if not exists public.archon_projects (
  id uuid not null default gen_random_uuid(),
  title text not null,
  description text default '',
  docs jsonb default '[]',
  features jsonb default '[]',
  data jsonb default '[]',
  github_repo text,
  pinned boolean default false,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_projects_pkey primary key (id)
);

create table if not exists public.archon_tasks (
  id uuid not null default gen_random_uuid(),
  project_id uuid,
  parent_task_id uuid,
  title text not null,
  description text,
  status public.task_status default 'todo',
  assignee text not null default 'User',
  task_order integer default 0,
  feature text,
  sources jsonb default '[]',
  code_examples jsonb default '[]',
  archived boolean default false,
  archived_at timestamptz,
  archived_by text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_tasks_pkey primary key (id),
  constraint archon_tasks_project_fk foreign key (project_id) references public.archon_projects (id) on delete cascade,
  constraint archon_tasks_parent_fk foreign key (parent_task_id) references public.archon_tasks (id) on delete cascade,
  constraint archon_tasks_assignee_not_empty check (btrim(assignee) <> '')
);

-- No foreign key on source_id: a project keeps its link while a source is crawled anew and so is absent for a while.
create table if not exists public.archon_project_sources (
  id uuid not null default gen_random_uuid(),
  project_id uuid not null,
  source_id text not null,
  linked_at timestamptz default now(),
  created_by text default 'system',
  notes text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_project_sources_pkey primary key (id),
  constraint archon_project_sources_project_source_unique unique (project_id, source_id),
  constraint archon_project_sources_project_fk
    foreign key (project_id) references public.archon_projects (id) on delete cascade
);

-- `nulls not distinct` because one of the two owners is always null, and null would never collide with null.
create table if not exists public.archon_document_versions (
  id uuid not null default gen_random_uuid(),
  project_id uuid,
  task_id uuid,
  field_name text not null,
  version_number integer not null,
  content jsonb not null,
  change_summary text,
  change_type text default 'update',
  document_id text,
  created_by text default 'system',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_document_versions_pkey primary key (id),
  constraint archon_document_versions_project_fk
    foreign key (project_id) references public.archon_projects (id) on delete cascade,
  constraint archon_document_versions_task_fk
    foreign key (task_id) references public.archon_tasks (id) on delete cascade,
  constraint archon_document_versions_one_owner check (num_nonnulls(project_id, task_id) = 1),
  constraint archon_document_versions_field_version_unique
    unique nulls not distinct (project_id, task_id, field_name, version_number)
);

create table if not exists public.archon_prompts (
  id uuid not null default gen_random_uuid(),
  prompt_name text not null,
  prompt text not null,
  description text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_prompts_pkey primary key (id),
  constraint archon_prompts_prompt_name_unique unique (prompt_name)
);

-- functions ----------------------------------------------------------------------------------------------------------

create or replace function public.update_updated_at_column()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- `union` rather than `union all` ends the walk even where two tasks name each other as parent.
create or replace function public.archive_task(task_id_param uuid, archived_by_param text default 'system')
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  with recursive family as (
    select task.id
    from public.archon_tasks as task
    where task.id = task_id_param
    union
    select child.id
    from public.archon_tasks as child
    join family on child.parent_task_id = family.id
  )
  update public.archon_tasks as task
  set archived = true, archived_at = now(), archived_by = archived_by_param
  from family
  where task.id = family.id and task.archived is distinct from true;

  return found;
end
$$;

-- The path names the two schemas where pgvector's `<=>` may stand; pg_temp comes last so that nobody can shadow it.
create or replace function public.match_archon_crawled_pages(
  query_embedding vector(1536),
  match_count integer default 10,
  filter jsonb default '{}',
  source_filter text default null
)
returns table (
  id bigint,
  url varchar,
  chunk_number integer,
  content text,
  metadata jsonb,
  source_id text,
  similarity double precision
)
language sql
stable
set search_path = pg_catalog, public, extensions, pg_temp
as $$
  select page.id, page.url, page.chunk_number, page.content, page.metadata, page.source_id,
    1 - (page.embedding <=> query_embedding)
  from public.archon_crawled_pages as page
  where page.embedding is not null
    and page.metadata @> coalesce(filter, '{}')
    and (source_filter is null or page.source_id = source_filter)
  order by page.embedding <=> query_embedding
  limit match_count
$$;

create or replace function public.match_archon_code_examples(
  query_embedding vector(1536),
  match_count integer default 10,
  filter jsonb default '{}',
  source_filter text default null
)
returns table (
  id bigint,
  url varchar,
  chunk_number integer,
  content text,
  summary text,
  metadata jsonb,
  source_id text,
  similarity double precision
)
language sql
stable
set search_path = pg_catalog, public, extensions, pg_temp
as $$
  select example.id, example.url, example.chunk_number, example.content, example.summary, example.metadata,
    example.source_id, 1 - (example.embedding <=> query_embedding)
  from public.archon_code_examples as example
  where example.embedding is not null
    and example.metadata @> coalesce(filter, '{}')
    and (source_filter is null or example.source_id = source_filter)
  order by example.embedding <=> query_embedding
  limit match_count
$$;

-- An index scan stops after a fixed number of neighbours, so a filter could leave fewer rows than asked for although
-- more exist. pgvector 0.8 and later can go on scanning; older ones do not know the setting and are left alone.
do $$
begin
  -- The cast loads the library: a setting of a library that is not loaded is refused to all but superusers.
  perform '[0]'::vector;
  if current_setting('hnsw.iterative_scan', true) is not null then
    alter function public.match_archon_crawled_pages(vector, integer, jsonb, text)
      set hnsw.iterative_scan = 'strict_order';
    alter function public.match_archon_code_examples(vector, integer, jsonb, text)
      set hnsw.iterative_scan = 'strict_order';
  end if;
end
$$;

-- triggers -----------------------------------------------------------------------------------------------------------

create or replace trigger update_archon_settings_updated_at
  before update on public.archon_settings
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_sources_updated_at
  before update on public.archon_sources
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_crawled_pages_updated_at
  before update on public.archon_crawled_pages
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_code_examples_updated_at
  before update on public.archon_code_examples
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_projects_updated_at
  before update on public.archon_projects
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_tasks_updated_at
  before update on public.archon_tasks
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_project_sources_updated_at
  before update on public.archon_project_sources
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_document_versions_updated_at
  before update on public.archon_document_versions
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_prompts_updated_at
  before update on public.archon_prompts
  for each row execute function public.update_updated_at_column();

-- indexes ------------------------------------------------------------------------------------------------------------

create index if not exists idx_archon_settings_category
  on public.archon_settings (category);

-- jsonb_path_ops answers `@>`, the only operator the search functions use, from an index half the size.
create index if not exists idx_archon_crawled_pages_metadata
  on public.archon_crawled_pages using gin (metadata jsonb_path_ops);
create index if not exists idx_archon_crawled_pages_source_id
  on public.archon_crawled_pages (source_id);
-- HNSW and not IVFFlat: IVFFlat learns its lists from the rows present, and a new table has none.
create index if not exists idx_archon_crawled_pages_embedding
  on public.archon_crawled_pages using hnsw (embedding vector_cosine_ops) with (m = 16, ef_construction = 64);

create index if not exists idx_archon_code_examples_metadata
  on public.archon_code_examples using gin (metadata jsonb_path_ops);
create index if not exists idx_archon_code_examples_source_id
  on public.archon_code_examples (source_id);
create index if not exists idx_archon_code_examples_embedding
  on public.archon_code_examples using hnsw (embedding vector_cosine_ops) with (m = 16, ef_construction = 64);

-- The board reads one project, column by column, in the order the user gave.
create index if not exists idx_archon_tasks_project_status_order
  on public.archon_tasks (project_id, status, task_order);
create index if not exists idx_archon_tasks_parent_task_id
  on public.archon_tasks (parent_task_id);
create index if not exists idx_archon_tasks_assignee
  on public.archon_tasks (assignee);

create index if not exists idx_archon_project_sources_source_id
  on public.archon_project_sources (source_id);
create index if not exists idx_archon_document_versions_task_id
  on public.archon_document_versions (task_id);

-- security -----------------------------------------------------------------------------------------------------------

-- A role needs a grant to reach a table and a policy to reach its rows. Supabase no longer grants new tables to the API
-- roles by itself, so the grants stand here. The policies compare the role of the token with the role of the session
-- and read it once per statement: `(select …)` keeps it from being called for every row.

alter table public.archon_settings enable row level security;
alter table public.archon_sources enable row level security;
alter table public.archon_crawled_pages enable row level security;
alter table public.archon_code_examples enable row level security;
alter table public.archon_projects enable row level security;
alter table public.archon_tasks enable row level security;
alter table public.archon_project_sources enable row level security;
alter table public.archon_document_versions enable row level security;
alter table public.archon_prompts enable row level security;

grant usage on schema public to anon, authenticated, service_role;

-- An older project grants its new tables to everybody, and row level security does not stop a truncate.
revoke all on
  public.archon_settings,
  public.archon_sources,
  public.archon_crawled_pages,
  public.archon_code_examples,
  public.archon_projects,
  public.archon_tasks,
  public.archon_project_sources,
  public.archon_document_versions,
  public.archon_prompts
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on
  public.archon_settings,
  public.archon_sources,
  public.archon_crawled_pages,
  public.archon_code_examples,
  public.archon_projects,
  public.archon_tasks,
  public.archon_project_sources,
  public.archon_document_versions,
  public.archon_prompts
  to service_role;
grant usage, select on sequence public.archon_crawled_pages_id_seq, public.archon_code_examples_id_seq to service_role;

grant select, update on
  public.archon_settings,
  public.archon_projects,
  public.archon_tasks,
  public.archon_project_sources
  to authenticated;
grant select on public.archon_document_versions, public.archon_prompts to authenticated;
grant select on public.archon_sources, public.archon_crawled_pages, public.archon_code_examples to anon, authenticated;

grant execute on function public.match_archon_crawled_pages(vector, integer, jsonb, text)
  to anon, authenticated, service_role;
grant execute on function public.match_archon_code_examples(vector, integer, jsonb, text)
  to anon, authenticated, service_role;

-- Every function is born callable by everybody.
revoke execute on function public.archive_task(uuid, text) from public, anon;
grant execute on function public.archive_task(uuid, text) to authenticated, service_role;

-- The server works as service_role and does everything.

drop policy if exists archon_settings_service_role_all on public.archon_settings;
create policy archon_settings_service_role_all on public.archon_settings
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_sources_service_role_all on public.archon_sources;
create policy archon_sources_service_role_all on public.archon_sources
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_crawled_pages_service_role_all on public.archon_crawled_pages;
create policy archon_crawled_pages_service_role_all on public.archon_crawled_pages
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_code_examples_service_role_all on public.archon_code_examples;
create policy archon_code_examples_service_role_all on public.archon_code_examples
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_projects_service_role_all on public.archon_projects;
create policy archon_projects_service_role_all on public.archon_projects
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_tasks_service_role_all on public.archon_tasks;
create policy archon_tasks_service_role_all on public.archon_tasks
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_project_sources_service_role_all on public.archon_project_sources;
create policy archon_project_sources_service_role_all on public.archon_project_sources
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_document_versions_service_role_all on public.archon_document_versions;
create policy archon_document_versions_service_role_all on public.archon_document_versions
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_prompts_service_role_all on public.archon_prompts;
create policy archon_prompts_service_role_all on public.archon_prompts
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

-- Signed-in people read and change what the application shows them; creating and deleting goes through the server.

drop policy if exists archon_settings_authenticated_read on public.archon_settings;
create policy archon_settings_authenticated_read on public.archon_settings
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

drop policy if exists archon_settings_authenticated_update on public.archon_settings;
create policy archon_settings_authenticated_update on public.archon_settings
  for update to authenticated
  using ((select auth.role()) = 'authenticated')
  with check ((select auth.role()) = 'authenticated');

drop policy if exists archon_projects_authenticated_read on public.archon_projects;
create policy archon_projects_authenticated_read on public.archon_projects
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

drop policy if exists archon_projects_authenticated_update on public.archon_projects;
create policy archon_projects_authenticated_update on public.archon_projects
  for update to authenticated
  using ((select auth.role()) = 'authenticated')
  with check ((select auth.role()) = 'authenticated');

drop policy if exists archon_tasks_authenticated_read on public.archon_tasks;
create policy archon_tasks_authenticated_read on public.archon_tasks
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

drop policy if exists archon_tasks_authenticated_update on public.archon_tasks;
create policy archon_tasks_authenticated_update on public.archon_tasks
  for update to authenticated
  using ((select auth.role()) = 'authenticated')
  with check ((select auth.role()) = 'authenticated');

drop policy if exists archon_project_sources_authenticated_read on public.archon_project_sources;
create policy archon_project_sources_authenticated_read on public.archon_project_sources
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

drop policy if exists archon_project_sources_authenticated_update on public.archon_project_sources;
create policy archon_project_sources_authenticated_update on public.archon_project_sources
  for update to authenticated
  using ((select auth.role()) = 'authenticated')
  with check ((select auth.role()) = 'authenticated');

drop policy if exists archon_document_versions_authenticated_read on public.archon_document_versions;
create policy archon_document_versions_authenticated_read on public.archon_document_versions
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

drop policy if exists archon_prompts_authenticated_read on public.archon_prompts;
create policy archon_prompts_authenticated_read on public.archon_prompts
  for select to authenticated
  using ((select auth.role()) = 'authenticated');

-- The knowledge base holds published documentation only, so anybody may read it.

drop policy if exists archon_sources_public_read on public.archon_sources;
create policy archon_sources_public_read on public.archon_sources
  for select to anon, authenticated
  using (true);

drop policy if exists archon_crawled_pages_public_read on public.archon_crawled_pages;
create policy archon_crawled_pages_public_read on public.archon_crawled_pages
  for select to anon, authenticated
  using (true);

drop policy if exists archon_code_examples_public_read on public.archon_code_examples;
create policy archon_code_examples_public_read on public.archon_code_examples
  for select to anon, authenticated
  using (true);

-- rows ---------------------------------------------------------------------------------------------------------------

-- A row that exists is never touched: its value may be the user's, and an update would also move updated_at.
insert into public.archon_settings (key, value, is_encrypted, category, description)
values
  ('MCP_TRANSPORT', 'dual', false, 'server_config', 'How the MCP server talks to clients: sse, stdio or dual'),
  ('HOST', 'localhost', false, 'server_config', 'Address on which the MCP server listens'),
  ('PORT', '8051', false, 'server_config', 'Port on which the MCP server listens'),
  ('LLM_PROVIDER', 'openai', false, 'rag_strategy', 'Provider of chat and embedding models: openai, google or ollama'),
  ('LLM_BASE_URL', null, false, 'rag_strategy', 'Address of a self-hosted provider; empty means the provider''s own'),
  ('MODEL_CHOICE', 'gpt-4.1-nano', false, 'rag_strategy', 'Chat model for summaries and contextual embeddings'),
  ('EMBEDDING_MODEL', 'text-embedding-3-small', false, 'rag_strategy',
    'Embedding model; its vectors have 1536 dimensions'),
  ('USE_CONTEXTUAL_EMBEDDINGS', 'false', false, 'rag_strategy',
    'Embed each chunk together with a summary of its document'),
  ('CONTEXTUAL_EMBEDDINGS_MAX_WORKERS', '3', false, 'rag_strategy',
    'Parallel calls while contextual embeddings are made'),
  ('USE_HYBRID_SEARCH', 'true', false, 'rag_strategy', 'Combine vector search with keyword search'),
  ('USE_AGENTIC_RAG', 'true', false, 'rag_strategy', 'Extract code examples and search them on their own'),
  ('USE_RERANKING', 'true', false, 'rag_strategy', 'Order the hits again by a cross-encoder'),
  ('CRAWL_BATCH_SIZE', '50', false, 'rag_strategy', 'Pages crawled in parallel in one batch'),
  ('CRAWL_MAX_CONCURRENT', '10', false, 'rag_strategy', 'Browser tabs open at once in one crawl'),
  ('CRAWL_WAIT_STRATEGY', 'domcontentloaded', false, 'rag_strategy',
    'When a page counts as loaded: networkidle, domcontentloaded or load'),
  ('CRAWL_PAGE_TIMEOUT', '30000', false, 'rag_strategy', 'Longest wait for a page, in milliseconds'),
  ('CRAWL_DELAY_BEFORE_HTML', '0.5', false, 'rag_strategy', 'Wait for scripts before the HTML is read, in seconds'),
  ('MEMORY_THRESHOLD_PERCENT', '80', false, 'rag_strategy', 'Memory use at which crawling slows down, in percent'),
  ('DISPATCHER_CHECK_INTERVAL', '0.5', false, 'rag_strategy', 'Interval between two looks at memory use, in seconds'),
  ('DOCUMENT_STORAGE_BATCH_SIZE', '50', false, 'rag_strategy', 'Chunks stored in one statement'),
  ('EMBEDDING_BATCH_SIZE', '100', false, 'rag_strategy', 'Texts sent to the embedding provider in one call'),
  ('DELETE_BATCH_SIZE', '50', false, 'rag_strategy', 'Addresses whose chunks are deleted in one statement'),
  ('ENABLE_PARALLEL_BATCHES', 'true', false, 'rag_strategy', 'Store several batches of chunks at once'),
  ('CODE_EXTRACTION_BATCH_SIZE', '40', false, 'rag_strategy', 'Code blocks stored in one batch'),
  ('CODE_SUMMARY_MAX_WORKERS', '3', false, 'rag_strategy', 'Parallel calls while code examples are summarised'),
  ('LOGFIRE_ENABLED', 'false', false, 'monitoring', 'Send traces to Logfire'),
  ('PROJECTS_ENABLED', 'true', false, 'features', 'Show projects and tasks'),
  ('OPENAI_API_KEY', null, true, 'api_keys', 'Key for OpenAI, stored encrypted'),
  ('GOOGLE_API_KEY', null, true, 'api_keys', 'Key for Google Gemini, stored encrypted'),
  ('MIN_CODE_BLOCK_LENGTH', '250', false, 'code_extraction', 'Shortest code block kept, in characters'),
  ('MAX_CODE_BLOCK_LENGTH', '5000', false, 'code_extraction', 'Longest code block before it is cut, in characters'),
  ('CONTEXT_WINDOW_SIZE', '1000', false, 'code_extraction', 'Text kept before and after a code block, in characters'),
  ('ENABLE_COMPLETE_BLOCK_DETECTION', 'true', false, 'code_extraction', 'Extend a block to its natural end'),
  ('ENABLE_LANGUAGE_SPECIFIC_PATTERNS', 'true', false, 'code_extraction',
    'Recognise blocks by patterns of their language'),
  ('ENABLE_CONTEXTUAL_LENGTH', 'true', false, 'code_extraction', 'Adjust the shortest length to the surrounding text'),
  ('ENABLE_PROSE_FILTERING', 'true', false, 'code_extraction', 'Drop blocks that are prose'),
  ('MAX_PROSE_RATIO', '0.15', false, 'code_extraction', 'Share of prose at which a block is dropped, from 0 to 1'),
  ('MIN_CODE_INDICATORS', '3', false, 'code_extraction', 'Signs of code that a block must show'),
  ('ENABLE_DIAGRAM_FILTERING', 'true', false, 'code_extraction', 'Drop diagrams such as Mermaid and PlantUML'),
  ('CODE_EXTRACTION_MAX_WORKERS', '3', false, 'code_extraction', 'Parallel workers for code extraction'),
  ('ENABLE_CODE_SUMMARIES', 'true', false, 'code_extraction', 'Let the chat model name and summarise code examples')
on conflict (key) do nothing;

insert into public.archon_prompts (prompt_name, prompt, description)
values
  (
    'document_builder',
    'You write documents for a software project: requirements, specifications, architecture notes and guides.
Ask for what is missing before you invent it.
Open with the purpose in one sentence, then sections from the general to the particular, each under its own heading.
State every requirement so that somebody else can test it, and list open questions at the end.
Keep what the user wrote; change only what you were asked to change, and say what you changed.',
    'Writes and revises the documents of a project'
  ),
  (
    'feature_builder',
    'You break a feature of a software project into parts that can be built and checked one by one.
For each part give a name, what the user gains, what it depends on, the steps in order and how to see that it works.
Prefer few parts that each deliver something over many that only prepare.
Name risks and unknowns beside the part they belong to.',
    'Plans features and their dependencies'
  ),
  (
    'data_builder',
    'You model the data of a software project.
List the entities with their attributes, types and constraints, then the relations between them with their cardinality.
Give every entity a key, say which attributes may be empty and why, and show an example row for each.
Point out where the requirements leave the model undecided.',
    'Designs the data model of a project'
  )
on conflict (prompt_name) do nothing;

-- comments -----------------------------------------------------------------------------------------------------------

comment on type public.task_status is 'Columns of the task board, in order.';

comment on table public.archon_settings is 'Settings of the application and keys of its providers, one row each.';
comment on column public.archon_settings.encrypted_value is
  'Cipher text, used instead of value where is_encrypted is true; the key to it is never in the database.';

comment on table public.archon_sources is 'Crawled sites and uploaded documents, one row per source.';
comment on table public.archon_crawled_pages is 'Chunks of crawled pages with their embeddings.';
comment on column public.archon_crawled_pages.chunk_number is 'Position of the chunk within its page, from 0.';
comment on column public.archon_crawled_pages.embedding is 'Null until the embedding provider has answered.';
comment on table public.archon_code_examples is 'Code blocks found in crawled pages, summarised and embedded.';
comment on column public.archon_code_examples.embedding is 'Null until the embedding provider has answered.';

comment on table public.archon_projects is 'Projects with their documents, features and data model as JSON arrays.';
comment on table public.archon_tasks is 'Tasks and subtasks of the projects.';
comment on column public.archon_tasks.assignee is 'A person or an agent by name; free text, never empty.';
comment on column public.archon_tasks.archived is
  'Archived tasks are hidden, not deleted, so that history stays whole.';
comment on table public.archon_project_sources is 'Which sources of the knowledge base a project draws on.';
comment on table public.archon_document_versions is
  'Earlier contents of the JSON fields of projects, and of tasks in old rows.';
comment on column public.archon_document_versions.task_id is 'Kept for rows written when tasks had versions too.';
comment on table public.archon_prompts is 'System prompts of the agents, editable by the user.';

comment on function public.update_updated_at_column() is 'Trigger: sets updated_at to the time of the transaction.';
comment on function public.archive_task(uuid, text) is
  'Archives a task and its live subtasks at every depth; false when there is nothing to archive.';
comment on function public.match_archon_crawled_pages(vector, integer, jsonb, text) is
  'The chunks of pages nearest to an embedding by cosine distance, nearest first.';
comment on function public.match_archon_code_examples(vector, integer, jsonb, text) is
  'The code examples nearest to an embedding by cosine distance, nearest first.';
