//! What depends on what: files on files, by the objects they make and use.
