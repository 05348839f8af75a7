//! The cache of resolved templates: it answers as resolution does, forgets exactly what a change may alter, and is never
//! left with an answer from before a change, also when two sessions meet.

use super::{another, column, refusal, stocked, whole};
use crate::bench::on_runtime;

const COUNT: &str = "select count(*) from public.archon_template_assignment_cache";

#[test]
fn the_second_question_is_answered_from_the_cache() {
    on_runtime(async {
        let bench = stocked("set_cache").await;
        let client = &bench.client;
        client.batch_execute("delete from public.archon_template_assignment_cache").await.unwrap();
        let all = |function: &str| {
            format!(
                "select concat_ws(' ', task.id, resolved.template_name, resolved.assignment_id, resolved.hierarchy_level,
                   resolved.resolution_path)
                 from public.archon_tasks as task
                 cross join lateral public.{function}(task.id, 'task', null, '{{\"urgent\": true}}') as resolved
                 order by task.id"
            )
        };
        let direct = column(client, &all("resolve_template_inheritance")).await;
        assert_eq!(direct.len(), 950);
        for level in ["project", "task"] {
            let decided = format!(" {level} [");
            assert!(direct.iter().any(|line| line.contains(&decided)), "nothing is decided at {level}");
        }
        for hits in ["0", "1", "2"] {
            assert_eq!(column(client, &all("cache_template_resolution")).await, direct);
            assert_eq!(bench.ask(COUNT).await, "950");
            let counted = "select string_agg(distinct hit_count::text, ' ') from public.archon_template_assignment_cache";
            assert_eq!(bench.ask(counted).await, hits);
        }
        // Another context is another question.
        let other = "select count(*) from public.archon_tasks as task
             cross join lateral public.cache_template_resolution(task.id, 'task') as resolved";
        bench.ask(other).await;
        assert_eq!(bench.ask(COUNT).await, "1900");
        // A task that moves to another project asks another question too.
        let moving = "update public.archon_tasks as task set project_id = other.id
             from public.archon_projects as other, public.archon_projects as own
             where own.id = task.project_id and own.title = 'Project 1' and other.title = 'Project 5'";
        assert!(client.execute(moving, &[]).await.unwrap() > 0);
        let direct = column(client, &all("resolve_template_inheritance")).await;
        assert_eq!(column(client, &all("cache_template_resolution")).await, direct);
    });
}

#[test]
fn a_change_forgets_what_it_may_alter_and_nothing_else() {
    on_runtime(async {
        let bench = stocked("set_forgets").await;
        let client = &bench.client;
        let fill = "delete from public.archon_template_assignments;
            insert into public.archon_template_assignments (hierarchy_level, template_name) values ('global', 'workflow::made_1');
            select count(*) from public.archon_tasks as task
            cross join lateral public.cache_template_resolution(task.id, 'task') as resolved;";
        // What a change leaves of 950 answers: 38 of each of 25 projects.
        let one_project = "(select id from public.archon_projects where title = 'Project 7')";
        let one_task = "(select id from public.archon_tasks where title = 'Project 7: task 3')";
        let insert = |level: &str, entity: &str| {
            format!(
                "insert into public.archon_template_assignments (hierarchy_level, entity_id, template_name)
                 values ('{level}', {entity}, 'workflow::made_2')"
            )
        };
        for (change, left) in [
            (insert("project", one_project), "912"),
            // The task itself, its two subtasks and the detail below one of them.
            (insert("task", one_task), "946"),
            (insert("task", "gen_random_uuid()"), "950"),
            (insert("global", "null"), "0"),
            ("update public.archon_template_assignments set priority = 3".to_owned(), "0"),
            ("delete from public.archon_template_assignments".to_owned(), "0"),
            ("truncate public.archon_template_assignments".to_owned(), "0"),
            (
                "update public.archon_template_injection_templates set is_active = false where name = 'workflow::made_9'".to_owned(),
                "0",
            ),
            ("update public.archon_template_injection_templates set description = 'new'".to_owned(), "950"),
            (format!("select public.invalidate_template_assignment_cache({one_project})"), "912"),
            ("select public.invalidate_template_assignment_cache()".to_owned(), "0"),
        ] {
            client.batch_execute(fill).await.unwrap();
            assert_eq!(bench.ask(COUNT).await, "950");
            client.batch_execute(&change).await.unwrap_or_else(|error| panic!("{change}: {error:?}"));
            assert_eq!(bench.ask(COUNT).await, left, "{change}");
        }
        assert_eq!(
            bench.ask(&format!("select public.invalidate_template_assignment_cache({one_project})")).await,
            "0"
        );
    });
}

#[test]
fn an_answer_expires_when_an_assignment_begins_or_ends_to_apply() {
    on_runtime(async {
        let bench = stocked("set_expires").await;
        let client = &bench.client;
        let planted = "delete from public.archon_template_assignments;
            insert into public.archon_template_assignments (hierarchy_level, template_name, effective_until)
            values ('global', 'workflow::made_1', now() + interval '10 minutes');
            insert into public.archon_template_assignments (hierarchy_level, entity_id, template_name, effective_from)
            select 'project', id, 'workflow::made_2', now() + interval '5 minutes' from public.archon_projects";
        whole(client, planted).await.unwrap();
        let ask = |lifetime: &str| {
            format!(
                "select template_name from public.cache_template_resolution(
                   (select min(id::text)::uuid from public.archon_tasks), 'task', null, '{{}}', '{lifetime}')"
            )
        };
        let minutes = "select round(extract(epoch from expires_at - created_at) / 60) from public.archon_template_assignment_cache";
        assert_eq!(bench.ask(&ask("1 hour")).await, "workflow::made_1");
        assert_eq!(bench.ask(minutes).await, "5");
        bench.ask("select public.invalidate_template_assignment_cache()").await;
        bench.ask(&ask("2 minutes")).await;
        assert_eq!(bench.ask(minutes).await, "2");

        // What has expired is asked anew, and can be swept out.
        let lie = "update public.archon_template_assignment_cache set expires_at = now(),
            template_id = (select id from public.archon_template_injection_templates where name = 'workflow::made_9')";
        client.batch_execute(lie).await.unwrap();
        assert_eq!(bench.ask(&ask("1 hour")).await, "workflow::made_1");
        assert_eq!(bench.ask("select public.cleanup_expired_template_cache()").await, "0");
        client
            .batch_execute("update public.archon_template_assignment_cache set expires_at = now()")
            .await
            .unwrap();
        assert_eq!(bench.ask("select public.cleanup_expired_template_cache()").await, "1");
        assert_eq!(bench.ask(COUNT).await, "0");
    });
}

#[test]
fn two_sessions_never_leave_an_answer_from_before_a_change() {
    on_runtime(async {
        const ROUNDS: usize = 90;
        let bench = stocked("set_stale").await;
        let (writer, reader) = (another(&bench).await, another(&bench).await);
        let task =
            bench.ask("select min(id::text) from public.archon_tasks where parent_task_id is null").await;
        let ask =
            format!("select template_name::text from public.cache_template_resolution('{task}', 'task')");
        let fresh =
            format!("select template_name::text from public.resolve_template_inheritance('{task}', 'task')");
        whole(&writer, "delete from public.archon_template_assignments").await.unwrap();
        let plant = format!(
            "insert into public.archon_template_assignments (hierarchy_level, entity_id, template_name)
             values ('task', '{task}', 'workflow::made_1')"
        );
        whole(&writer, &plant).await.unwrap();
        let waits = "select exists (select from pg_locks where locktype = 'advisory' and not granted)";
        let mut stored = 0;
        for round in 0..ROUNDS {
            bench.ask("select public.invalidate_template_assignment_cache()").await;
            let name = format!("workflow::made_{}", 1 + round % 9);
            let change = format!("update public.archon_template_assignments set template_name = '{name}'");
            match round % 3 {
                0 => {
                    let (changed, asked) =
                        tokio::join!(writer.batch_execute(&change), reader.batch_execute(&ask));
                    changed.and(asked).unwrap();
                }
                // The question comes while the change is made but not committed: it is not stored.
                1 => {
                    writer.batch_execute(&format!("begin; {change}")).await.unwrap();
                    reader.batch_execute(&ask).await.unwrap();
                    assert_eq!(bench.ask(COUNT).await, "0");
                    writer.batch_execute("commit").await.unwrap();
                }
                // The change comes while the answer is stored but not committed: it waits and then finds it.
                _ => {
                    reader.batch_execute(&format!("begin; {ask}")).await.unwrap();
                    let (changed, committed) = tokio::join!(writer.batch_execute(&change), async {
                        bench.until(waits).await;
                        stored += 1;
                        reader.batch_execute("commit").await
                    });
                    changed.and(committed).unwrap();
                }
            }
            assert_eq!(bench.ask(&ask).await, bench.ask(&fresh).await, "round {round}");
            assert_eq!(bench.ask(&fresh).await, name);
        }
        println!("{ROUNDS} rounds, no stale answer; {stored} answers had been stored under a change");
        assert_eq!(stored, ROUNDS / 3);
    });
}

#[test]
fn a_hit_waits_for_nobody_and_needs_no_right_to_write() {
    on_runtime(async {
        let bench = stocked("set_hits").await;
        let (one, two) = (another(&bench).await, another(&bench).await);
        let task = |title: &str| format!("(select id from public.archon_tasks where title = '{title}')");
        let ask = |title: &str| {
            format!("select template_name from public.cache_template_resolution({}, 'task')", task(title))
        };
        let (left, right) = (ask("Project 1: task 1"), ask("Project 2: task 1"));
        // Each holds the row that the other asks for next: counting would have them wait for each other.
        one.batch_execute(&format!("begin; {left}")).await.unwrap();
        two.batch_execute(&format!("begin; {right}")).await.unwrap();
        one.batch_execute(&format!("{right}; commit")).await.unwrap();
        two.batch_execute(&format!("{left}; commit")).await.unwrap();
        for begin in
            ["begin read only", "begin isolation level repeatable read", "begin isolation level serializable"]
        {
            one.batch_execute(&format!("{begin}; {left}")).await.unwrap();
            two.batch_execute(&left).await.unwrap();
            one.batch_execute(&format!("{right}; commit"))
                .await
                .unwrap_or_else(|error| panic!("{begin}: {error:?}"));
        }
        // What is not stored yet is answered there too, and not stored.
        whole(&one, "delete from public.archon_template_assignment_cache").await.unwrap();
        assert_eq!(column(&one, &left).await.len(), 1);
        whole(&one, "delete from public.archon_template_assignment_cache").await.unwrap();
        one.batch_execute(&format!("begin read only; {left}; commit")).await.unwrap();
        assert_eq!(bench.ask(COUNT).await, "0");
    });
}

#[test]
fn who_stores_and_then_changes_does_not_deadlock_with_who_changes() {
    on_runtime(async {
        let bench = stocked("set_store_and_change").await;
        let (one, two) = (another(&bench).await, another(&bench).await);
        let waits = "select exists (select from pg_locks where locktype = 'advisory' and not granted)";
        for change in [
            "update public.archon_template_assignments set priority = priority + 1",
            "update public.archon_template_injection_templates set is_active = is_active",
        ] {
            bench.ask("select public.invalidate_template_assignment_cache()").await;
            let store = "begin; select template_name from public.cache_template_resolution(
                (select id from public.archon_tasks where title = 'Project 1: task 1'), 'task')";
            one.batch_execute(store).await.unwrap();
            let (other, own) = tokio::join!(two.batch_execute(change), async {
                bench.until(waits).await;
                one.batch_execute(&format!("{change}; commit")).await
            });
            own.unwrap_or_else(|error| panic!("{change}: {error:?}"));
            other.unwrap_or_else(|error| panic!("{change}: {error:?}"));
            // A snapshot older than the lock would miss an answer that is stored meanwhile.
            for isolation in ["repeatable read", "serializable"] {
                let refused =
                    one.batch_execute(&format!("begin isolation level {isolation}; {change}")).await;
                one.batch_execute("rollback").await.unwrap();
                assert_eq!(refusal(&refused.unwrap_err()).0, "0A000", "{change}");
            }
        }
    });
}
