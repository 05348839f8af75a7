-- Lets requests move to another provider while one is down, because an agent in the middle of a workflow cannot wait
-- until somebody changes a setting by hand.
--
-- role: enhancement
-- requires: 20250801000100_add_split_providers
-- transaction: single
-- locks: row exclusive on archon_settings while its rows are added
-- rollback: none because a setting that nothing reads does no harm, and a value the user has set is not taken back
-- validation: none because the application has the same defaults where a row is missing

set local lock_timeout = '5s';

-- rows ---------------------------------------------------------------------------------------------------------------

-- Off until somebody has entered the keys of the providers that stand in. A row that exists is the user's.
insert into public.archon_settings (key, value, is_encrypted, category, description)
values
  ('ENABLE_PROVIDER_FALLBACK', 'false', false, 'rag_strategy', 'Ask the next provider when one does not answer'),
  ('CHAT_FALLBACK_PROVIDERS', '[]', false, 'rag_strategy',
    'Providers of chat models in the order they stand in, as JSON'),
  ('EMBEDDING_FALLBACK_PROVIDERS', '[]', false, 'rag_strategy',
    'Providers of embeddings in the order they stand in, as JSON; their vectors must have 1536 dimensions, too'),
  ('PROVIDER_HEALTH_CHECK_INTERVAL', '300', false, 'rag_strategy',
    'Interval between two looks at a provider, in seconds'),
  ('PROVIDER_FAILURE_THRESHOLD', '3', false, 'rag_strategy', 'Failures in a row after which a provider counts as down'),
  ('PROVIDER_COOLDOWN_SECONDS', '60', false, 'rag_strategy', 'Time after which a provider that was down is tried again')
on conflict (key) do nothing;
