//! The folder while others write, link, rename and put pipes into it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;

#[tokio::test]
async fn files_are_read_again_when_they_change_and_bad_ones_are_named() {
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::new(root.path());
    fs::create_dir(root.path().join("rollback")).unwrap();
    fs::write(root.path().join("20250801000000_a.sql"), "select 1;").unwrap();
    fs::write(root.path().join("rollback/b.sql"), b"\xff").unwrap();
    fs::write(root.path().join("zero.sql"), b"a\0").unwrap();
    let first = folder.snapshot().await.unwrap();
    assert_eq!(first.set.files().len(), 1);
    assert_eq!(
        first.unreadable.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["rollback/b.sql", "zero.sql"]
    );
    assert!(Arc::ptr_eq(&first, &folder.snapshot().await.unwrap()));
    fs::write(root.path().join("20250801000000_a.sql"), "select 12;").unwrap();
    let second = folder.snapshot().await.unwrap();
    assert_eq!(second.set.files()[0].text, "select 12;");
}

#[tokio::test]
async fn links_are_followed_inside_the_folder_and_not_out_of_it() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("set");
    fs::create_dir(&root).unwrap();
    fs::write(parent.path().join("secret.sql"), "select 'secret';").unwrap();
    fs::write(root.join("a.sql"), "select 1;").unwrap();
    symlink("a.sql", root.join("inside.sql")).unwrap();
    symlink("../secret.sql", root.join("outside.sql")).unwrap();
    // The folder itself may be reached by a link.
    symlink("set", parent.path().join("link")).unwrap();
    for root in [root, parent.path().join("link")] {
        let seen = Folder::new(root).snapshot().await.unwrap();
        let paths: Vec<&str> = seen.set.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.sql", "inside.sql"]);
        let reason = "it is a link out of the folder".to_owned();
        assert_eq!(seen.unreadable, [Unreadable { path: "outside.sql".to_owned(), reason }]);
    }
}

#[tokio::test]
async fn a_file_is_replaced_only_while_it_holds_the_base() {
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::new(root.path());
    let sha = |text: &str| Digest::of(text.as_bytes()).to_string();
    let write = async |base: Option<&str>, text: &str| {
        let base = base.map(sha);
        folder.write("new/a.sql", base.as_deref(), text.to_owned()).await.unwrap()
    };
    assert_eq!(write(None, "one").await, Written::Replaced);
    assert_eq!(write(None, "one").await, Written::Same);
    assert_eq!(write(None, "two").await, Written::Differs);
    assert_eq!(write(Some("one"), "two").await, Written::Replaced);
    assert_eq!(fs::read_to_string(root.path().join("new/a.sql")).unwrap(), "two");
    assert_eq!(fs::read_dir(root.path().join("new")).unwrap().count(), 1);
}

#[tokio::test]
async fn names_that_are_not_allowed_and_things_that_are_no_files_are_listed_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::new(root.path());
    for name in ["ape.sql", "a b.sql", "CON.sql", "\u{430}\u{440}\u{435}.sql"] {
        fs::write(root.path().join(name), "select 1;").unwrap();
    }
    let pipe = root.path().join("pipe.sql");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    symlink("/dev/zero", root.path().join("zero.sql")).unwrap();
    symlink("gone.sql", root.path().join("nowhere.sql")).unwrap();
    fs::create_dir(root.path().join("folder.sql")).unwrap();
    let seen = folder.snapshot().await.unwrap();
    let paths: Vec<&str> = seen.set.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["ape.sql"]);
    let listed: Vec<(&str, &str)> =
        seen.unreadable.iter().map(|file| (file.path.as_str(), file.reason.as_str())).collect();
    assert_eq!(
        listed,
        [
            ("CON.sql", "con is the name of a device on Windows"),
            ("a b.sql", "the character U+0020 is not allowed"),
            ("nowhere.sql", "No such file or directory (os error 2)"),
            ("pipe.sql", "it is no regular file"),
            ("zero.sql", "it is a link out of the folder"),
            ("\u{430}\u{440}\u{435}.sql", "its name looks like ape.sql"),
        ]
    );
    assert!(read_text(&pipe).is_err_and(|reason| reason == "it is no regular file"));
}

/// Everything below a folder: paths and contents.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kept = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        all.push((path.display().to_string(), kept));
        if path.is_dir() {
            all.extend(contents(&path));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn nothing_is_made_or_compared_outside_through_a_linked_folder() {
    let parent = tempfile::tempdir().unwrap();
    let (root, outside) = (parent.path().join("set"), parent.path().join("outside"));
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(outside.join("deep")).unwrap();
    fs::write(outside.join("a.sql"), "select 1;").unwrap();
    symlink(&outside, root.join("linked")).unwrap();
    symlink(outside.join("a.sql"), root.join("a.sql")).unwrap();
    let before = contents(&outside);
    let folder = Folder::new(&root);
    let base = Digest::of(b"select 1;");
    for (path, base) in [
        ("linked/new/b.sql", None),
        ("linked/b.sql", None),
        ("linked/deep/b.sql", None),
        ("linked/a.sql", Some(base.as_str())),
        ("a.sql", Some(base.as_str())),
        ("a.sql", None),
    ] {
        // Also bytes that are there already are not said to be.
        for text in ["select 2;", "select 1;"] {
            let refused = folder.write(path, base, text.to_owned()).await.unwrap_err();
            let words = refused.with_causes();
            assert!(words.starts_with(&format!("migrations/{path} cannot be used: a link")), "{words}");
            assert!(!words.contains(&parent.path().display().to_string()), "{words}");
        }
    }
    assert_eq!(contents(&outside), before);
    let gone = Folder::new(root.join("gone")).snapshot().await.err().unwrap().with_causes();
    assert!(gone.starts_with("migrations/ cannot be used: ") && !gone.contains("/set"), "{gone}");
}

#[cfg(target_os = "linux")]
#[test]
fn somebody_who_swaps_folders_for_links_gets_nothing_written_or_read_outside() {
    let parent = tempfile::tempdir().unwrap();
    let (root, outside) = (parent.path().join("set"), parent.path().join("outside"));
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(root.join("sub/a.sql"), "inside").unwrap();
    fs::write(outside.join("a.sql"), "secret").unwrap();
    symlink(&outside, root.join("link")).unwrap();
    let before = contents(&outside);
    let swaps = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            let [sub, link] = ["sub", "link"].map(|name| root.join(name));
            while swaps.load(Ordering::Relaxed) {
                renameat_with(CWD, &sub, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let folder = Beneath::open(&root).unwrap();
        // Until each has met the folder as well as the link often enough.
        let (mut read, mut put) = ([0, 0], [0, 0]);
        for number in 0..1_000_000 {
            let text = read_beneath(&folder, "sub/a.sql");
            assert!(text.as_ref().is_ok_and(|text| text == "inside") || text.is_err(), "{text:?}");
            read[usize::from(text.is_ok())] += 1;
            let done = folder.put(&format!("sub/{number}.sql"), None, b"new");
            put[usize::from(done.is_ok_and(|done| done))] += 1;
            if [read, put].concat().iter().all(|times| *times >= 100) {
                break;
            }
            thread::yield_now();
        }
        swaps.store(false, Ordering::Relaxed);
        assert!([read, put].concat().iter().all(|times| *times >= 100), "{read:?} {put:?}");
    });
    assert_eq!(contents(&outside), before);
}
