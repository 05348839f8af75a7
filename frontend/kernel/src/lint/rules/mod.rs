//! Every rule, one line each. A rule is a file with its check and a page beside it that is help, examples and
//! tests at once.

macro_rules! rules {
    ($($module:ident),+ $(,)?) => {
        $(pub(super) mod $module;)+
        /// Every rule.
        pub(super) const ALL: &[&super::rule::Rule] = &[$(&$module::RULE),+];
    };
}

rules! {
    add_column_not_null_no_default,
    add_without_guard,
    concurrently_in_transaction,
    create_without_guard,
    drop_column,
    drop_table,
    drop_without_guard,
    function_search_path_mutable,
    hidden_character,
    index_not_concurrent,
    mixed_script_name,
    object_created_later,
    rls_disabled_in_exposed_schema,
    rollback_incomplete,
    rollback_missing,
    suppression_hygiene,
    swallowed_exception,
    syntax_error,
    transaction_control_in_file,
    validation_cannot_fail,
}
