-- Gives chat and embeddings a provider each, because the best model for one is rarely offered by the provider of the
-- other, and changing the chat model must not make the vectors that are stored worthless.
--
-- role: enhancement
-- requires: 20250801000000_complete_setup
-- transaction: single
-- locks: row exclusive on archon_settings while its rows are added
-- rollback: none because a setting that nothing reads does no harm, and a value the user has set is not taken back
-- validation: none because the application falls back to LLM_PROVIDER where a row is missing

set local lock_timeout = '5s';

-- rows ---------------------------------------------------------------------------------------------------------------

-- Whoever chose a provider for everything keeps it for both; a row that exists is the user's and stays as it is.
insert into public.archon_settings (key, value, is_encrypted, category, description)
select split.key, coalesce(chosen.value, 'openai'), false, 'rag_strategy', split.description
from (
  values
    ('CHAT_PROVIDER', 'Provider of the chat models: openai, anthropic, google, openrouter, cohere, grok or ollama'),
    ('EMBEDDING_PROVIDER', 'Provider of the embedding model: openai, google, cohere or ollama')
) as split (key, description)
left join public.archon_settings as chosen on chosen.key = 'LLM_PROVIDER'
on conflict (key) do nothing;

-- A self-hosted address was meant for everything, too.
insert into public.archon_settings (key, value, is_encrypted, category, description)
select split.key, chosen.value, false, 'rag_strategy', split.description
from (
  values
    ('CHAT_BASE_URL', 'Address of a self-hosted provider of chat models; empty means the provider''s own'),
    ('EMBEDDING_BASE_URL', 'Address of a self-hosted provider of embeddings; empty means the provider''s own')
) as split (key, description)
left join public.archon_settings as chosen on chosen.key = 'LLM_BASE_URL'
on conflict (key) do nothing;

insert into public.archon_settings (key, value, is_encrypted, category, description)
values
  ('ANTHROPIC_API_KEY', null, true, 'api_keys', 'Key for Anthropic, stored encrypted'),
  ('OPENROUTER_API_KEY', null, true, 'api_keys', 'Key for OpenRouter, stored encrypted'),
  ('COHERE_API_KEY', null, true, 'api_keys', 'Key for Cohere, stored encrypted'),
  ('GROK_API_KEY', null, true, 'api_keys', 'Key for Grok, stored encrypted')
on conflict (key) do nothing;
