//! Validations: what they say decides, and nothing of them remains.

use studio_kernel::run::RunState;

use crate::bench::{Bench, on_runtime, said};

#[test]
fn a_validation_is_undone_and_judged_by_its_lines() {
    on_runtime(async {
        let bench = Bench::new("judged").await;
        for (text, state, summary) in [
            (
                "do $$ begin raise notice '✅ one'; raise notice '✅ two'; end $$;",
                RunState::Done,
                "All 2 checks passed.",
            ),
            (
                "do $$ begin raise notice '✅ one'; raise notice '❌ two'; end $$;",
                RunState::Failed,
                "1 of 2 checks failed.",
            ),
            (
                "do $$ begin raise notice 'hello'; end $$;",
                RunState::Failed,
                "Inconclusive: the script ran to its end without an error and asserted nothing (no ✅ or ❌ line).",
            ),
            (
                "create table public.left_over (id int); do $$ begin raise notice '✅ one'; end $$;",
                RunState::Done,
                "All 1 checks passed.",
            ),
            (
                "do $$ begin raise notice '✅ one'; raise exception 'broken'; end $$;",
                RunState::Failed,
                "1 of 2 checks failed. validate/validate_it.sql failed at line 1, column 7. Nothing of the validation remains.",
            ),
        ] {
            let view = bench.validate(text).await;
            assert_eq!(said(&view), (state, summary), "{text}");
        }
        assert_eq!(bench.ask("select to_regclass('public.left_over') is null").await, "true");
        assert_eq!(bench.ask("select to_regnamespace('supabase_migrations') is null").await, "true");
    });
}
