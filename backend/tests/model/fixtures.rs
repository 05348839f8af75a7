//! Small texts with one difficulty each, in `fixtures/`.

use std::{fs, path::Path};

use studio_kernel::{
    migration::{Migration, SourceFile},
    schema::{Schema, Shape, Snapshot},
};

use crate::{assert_same, compare, server::Server};

fn fixtures() -> Vec<Migration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/fixtures");
    let mut files: Vec<Migration> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            Migration::read(SourceFile { path: name, text: fs::read_to_string(path).unwrap() })
        })
        .collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(files.len() >= 10, "the fixtures are not there");
    files
}

#[tokio::test]
async fn every_fixture_folds_to_what_the_catalogs_say() {
    let server = Server::start().await;
    let mut wrong = Vec::new();
    for file in fixtures() {
        let name = file.path.trim_end_matches(".sql");
        let database = server.database(name).await;
        let mut schema = Schema::from(&database.snapshot().await);
        schema.apply(&file);
        if let Err(refused) = database.run(&file.text).await {
            wrong.push(format!("{name}: {refused}"));
            continue;
        }
        let catalogs = database.snapshot().await;
        wrong.extend(compare(name, &schema, &catalogs));
        let certain = schema.problems().iter().filter(|problem| !problem.conditional);
        wrong.extend(
            certain.map(|problem| format!("{name}: {} {} {}", problem.kind, problem.object, problem.name)),
        );
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    server.stop().await;
}

/// What does not follow from the text is unknown, and nothing else is: the fixture says which it is by its names.
#[tokio::test]
async fn columns_of_queries_are_known_where_they_follow_from_the_text() {
    let server = Server::start().await;
    let database = server.database("known").await;
    let mut schema = Schema::from(&database.snapshot().await);
    let files = fixtures();
    schema.apply(files.iter().find(|file| file.path == "view_columns.sql").unwrap());
    let (mut wrong, mut columns) = (Vec::new(), 0);
    for entry in schema.snapshot().entries.iter().filter(|entry| entry.extension.is_none()) {
        let name = entry.name.name.as_str();
        if matches!(entry.shape, Shape::Relation { .. })
            && entry.is_from_query() != name.starts_with("unknown_")
        {
            wrong.push(entry.title());
        }
        if let (Shape::Column { .. }, Some(of)) = (&entry.shape, &entry.of) {
            columns += 1;
            let (says, asked) = (name.starts_with("untyped_"), !of.name.as_str().starts_with("untyped_"));
            if asked && entry.is_untyped() != says {
                wrong.push(entry.title());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(columns > 200, "only {columns} columns");
    server.stop().await;
}

/// The first part is read from the catalogs, with all that stands on each other; the second is folded onto it.
#[tokio::test]
async fn a_fold_goes_on_from_what_the_catalogs_say() {
    let server = Server::start().await;
    let mut wrong = Vec::new();
    // The parts of these are tied by the search path or by savepoints.
    let tied = ["guards.sql", "search_path.sql"];
    let files = fixtures();
    let alone = files.iter().filter(|file| !tied.contains(&file.path.as_str()));
    for (file, part) in alone.flat_map(|file| [(file, 3), (file, 2)]) {
        let what = format!("{} from 1/{part}", file.path);
        let database = server.database(&what).await;
        // Roles are the server's: each run has its own.
        let text = file.text.replace("own_", &format!("own{part}_"));
        let statements = studio_kernel::sql::parse(&text).statements;
        let (first, second) = text.split_at(statements[statements.len() / part].span.start);
        database.run(first).await.unwrap_or_else(|refused| panic!("{what}: {refused}"));
        let mut schema = Schema::from(&database.snapshot().await);
        schema.apply(&Migration::read(SourceFile { path: file.path.clone(), text: second.to_owned() }));
        database.run(second).await.unwrap_or_else(|refused| panic!("{what}: {refused}"));
        wrong.extend(compare(&what, &schema, &database.snapshot().await));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    server.stop().await;
}

/// What was read from a database is the same when it is read back from the model.
#[tokio::test]
async fn a_snapshot_survives_the_model() {
    let server = Server::start().await;
    for file in fixtures() {
        let name = file.path.trim_end_matches(".sql");
        let database = server.database(name).await;
        database.run(&file.text).await.unwrap();
        let catalogs = database.snapshot().await;
        let text = serde_json::to_string(&catalogs).unwrap();
        let read: Snapshot = serde_json::from_str(&text).unwrap();
        assert_eq!(read, catalogs);
        assert_same(name, &Schema::from(&read), &catalogs);
    }
    server.stop().await;
}

/// The comparison fails for each kind of error.
#[tokio::test]
async fn an_error_is_noticed() {
    let server = Server::start().await;
    let database = server.database("errors").await;
    let before = database.snapshot().await;
    let text = "create type public.e as enum ('a', 'b'); create table public.t (id int not null, e public.e unique);
                create policy p on public.t for select using (true); grant select on public.t to anon;
                create function public.f(int) returns int language sql as 'select 1'; comment on table public.t is 'T.'";
    database.run(text).await.unwrap();
    let catalogs = database.snapshot().await;
    for (right, wrong) in [
        ("('a', 'b')", "('b', 'a')"),
        ("not null", ""),
        (" int not", " bigint not"),
        ("unique", ""),
        ("for select", ""),
        ("to anon", "to authenticated"),
        ("to anon", "to anon with grant option"),
        ("f(int)", "f(bigint)"),
        ("'T.'", "'U.'"),
        ("", ""),
    ] {
        let mut schema = Schema::from(&before);
        let (path, text) = ("1_a.sql".to_owned(), text.replacen(right, wrong, 1));
        schema.apply(&Migration::read(SourceFile { path, text }));
        let differences = schema.snapshot().differences(&catalogs);
        assert_eq!(differences.is_empty(), right.is_empty(), "{right}: {differences:?}");
    }
    server.stop().await;
}
