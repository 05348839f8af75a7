//! What `studio graph` says of a set, for people and for programs.

use serde_json::{Value, json};

use crate::bench::{folder, said, studio};

const FILES: [(&str, &str); 4] = [
    ("1_base.sql", "-- requires: none\ncreate table t (a int); insert into later values (1);"),
    (
        "2_feature.sql",
        "-- requires: none\ncreate table u (t int); alter table t rename to v; create table later (a int);",
    ),
    ("rollback/undo.sql", "-- forward: feature\nalter table v rename to t;"),
    (
        "validate/prove.sql",
        "-- forward: feature\nselect 'u'::regclass, to_regclass('later'), to_regclass('gone'), 't';",
    ),
];

#[test]
fn a_set_that_does_not_fit_is_told_in_words_and_ends_with_1() {
    let folder = folder(&FILES);
    let output = studio("graph", folder.path()).output().unwrap();
    let (printed, complaint) = said(&output);
    assert_eq!((output.status.code(), complaint.as_str()), (Some(1), ""), "{printed}");
    for line in [
        "1_base.sql",
        "  makes relation public.t",
        "  wrong: it uses relation public.later, which only the later file 2_feature.sql makes",
        "  needs 1_base.sql for relation public.v",
        "  wrong: it uses what 1_base.sql makes, and `requires:` does not lead there",
        "  wrong: each needs the next, and the last the first: 1_base.sql, 2_feature.sql",
        "  undone by rollback/undo.sql, proved by validate/prove.sql",
        "  wrong: the rollback leaves relation public.u, relation public.later",
        "  wrong: the validation asks for what is not made: gone",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line}\n\n{printed}");
    }
}

#[test]
fn programs_get_files_edges_order_misfits_and_triples() {
    let folder = folder(&FILES);
    let output = studio("graph", folder.path()).args(["--format", "json"]).output().unwrap();
    let answer: Value = serde_json::from_str(&said(&output).0).unwrap();
    assert_eq!(answer["files"][1]["makes"], json!(["relation public.u", "relation public.later"]));
    assert_eq!(
        answer["edges"][1],
        json!({"from": "2_feature.sql", "to": "1_base.sql", "declared": false, "objects": ["relation public.v"]})
    );
    assert_eq!(answer["cycles"], json!([["1_base.sql", "2_feature.sql"]]));
    assert_eq!(answer["misfits"][0]["kind"], "created_later");
    assert_eq!(answer["fixed"][0]["answer"], "conflicts");
    assert_eq!(answer["triples"][0]["asserted_too"], json!(["gone"]));

    let whole = crate::bench::folder(&FILES[..1]);
    let one = studio("graph", &whole.path().join("1_base.sql")).output().unwrap();
    assert_eq!(one.status.code(), Some(0), "{one:?}");
}
