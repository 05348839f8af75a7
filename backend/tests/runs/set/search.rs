//! Vector search: what the functions return is what a look at every row returns.

use tokio_postgres::Client;

use super::{column, stocked};
use crate::bench::on_runtime;

/// Identifiers in order, by the function; it may use the index.
async fn found(
    client: &Client,
    function: &str,
    query: &str,
    count: i32,
    filter: &str,
    source: &str,
) -> Vec<String> {
    let sql = format!("select id from public.{function}(({query}), {count}, {filter}::jsonb, {source})");
    column(client, &sql).await
}

/// The same by comparing with every row, whatever the index says.
async fn brute_force(
    client: &Client,
    table: &str,
    query: &str,
    count: i32,
    filter: &str,
    source: &str,
) -> Vec<String> {
    let look_at_all = "begin; set local enable_indexscan = off; set local enable_bitmapscan = off; \
                       set local enable_seqscan = on; set local enable_sort = on";
    client.batch_execute(look_at_all).await.unwrap();
    let sql = format!(
        "select id from public.{table} where embedding is not null and metadata @> coalesce({filter}::jsonb, '{{}}')
           and ({source} is null or source_id = {source})
         order by embedding operator(extensions.<=>) ({query}) limit {count}"
    );
    let ids = column(client, &sql).await;
    client.batch_execute("rollback").await.unwrap();
    ids
}

#[test]
fn the_nearest_are_found_with_and_without_filters() {
    on_runtime(async {
        let bench = stocked("set_search").await;
        let client = &bench.client;
        // Some hundred rows are read faster than their index; a real knowledge base is not.
        client.batch_execute("set enable_seqscan = off; set enable_sort = off").await.unwrap();
        let mut compared = 0;
        for (function, table) in [
            ("match_archon_crawled_pages", "archon_crawled_pages"),
            ("match_archon_code_examples", "archon_code_examples"),
        ] {
            // Near a row, and near nothing.
            for number in [3, 31, 77, 120] {
                let near = format!(
                    "select embedding from public.{table} where id = (select min(id) + {number} from public.{table})"
                );
                let nowhere = format!(
                    "select array(select sin(n * {number}) from generate_series(1, 1536) as n)::extensions.vector"
                );
                for query in [near, nowhere] {
                    for (count, filter, source) in [
                        (10, "'{}'", "null::text"),
                        (10, "null", "null::text"),
                        (5, r#"'{"lang": "de"}'"#, "null::text"),
                        (7, "'{}'", "'source-3.example'::text"),
                        (20, r#"'{"language": "sql"}'"#, "'source-5.example'::text"),
                        (3, r#"'{"lang": "none"}'"#, "null::text"),
                    ] {
                        let one = found(client, function, &query, count, filter, source).await;
                        let other = brute_force(client, table, &query, count, filter, source).await;
                        assert_eq!(one, other, "{function} {filter} {source} {query}");
                        compared += one.len();
                    }
                }
            }
        }
        println!("{compared} hits are those of brute force");
        assert!(compared > 400, "{compared}");
        // Brute force on both sides would agree too.
        client.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
        let by_index = "select string_agg(indexrelname, ' ' order by indexrelname) from pg_stat_user_indexes
             where indexrelname like '%_embedding' and idx_scan > 0";
        let used = bench.ask(by_index).await;
        assert_eq!(used, "idx_archon_code_examples_embedding idx_archon_crawled_pages_embedding");
    });
}

#[test]
fn similarity_falls_and_rows_without_an_embedding_are_left_out() {
    on_runtime(async {
        let bench = stocked("set_similarity").await;
        let own = "select similarity >= 0.999999 and id = (select min(id) from public.archon_crawled_pages)
             from public.match_archon_crawled_pages(
               (select embedding from public.archon_crawled_pages order by id limit 1), 1)";
        assert_eq!(bench.ask(own).await, "true");
        let falling = "select bool_and(similarity <= before) from (
               select similarity, lag(similarity, 1, 1.1::double precision) over () as before
               from public.match_archon_crawled_pages(
                 (select embedding from public.archon_crawled_pages order by id limit 1), 50)
             ) as hits";
        assert_eq!(bench.ask(falling).await, "true");
        let all = "select count(*) from public.match_archon_crawled_pages(
               (select embedding from public.archon_crawled_pages order by id limit 1), 10000)";
        let embedded = "select count(*) from public.archon_crawled_pages where embedding is not null";
        assert_eq!(bench.ask(all).await, bench.ask(embedded).await);
    });
}
