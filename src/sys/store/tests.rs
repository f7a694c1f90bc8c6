//! What every store promises, shown on each of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Mutex;
use std::thread;

use super::*;
use crate::model::Timestamp;

fn path(text: &str) -> ArchivePath {
    ArchivePath::new(text).expect(text)
}

/// Runs `check` on an empty store of every kind.
fn on_each_store(check: impl Fn(&dyn Store)) {
    check(&MemoryStore::default());
    let folder = tempfile::tempdir().expect("a folder");
    check(&DirectoryStore::new(folder.path().join("archive")));
}

fn write(store: &dyn Store, at: &str, bytes: &[u8], when: &Condition) -> Result<(), StoreError> {
    store.write(&path(at), Content::Bytes(bytes), when)
}

fn revision(store: &dyn Store, at: &str) -> Revision {
    let found = store.read_revision(&path(at)).expect("readable");
    found.expect("there").revision
}

#[test]
fn what_was_written_is_read() {
    on_each_store(|store| {
        assert_eq!(store.read(&path("a/b")).expect("works"), None);
        assert_eq!(store.size(&path("a/b")).expect("works"), None);
        write(store, "a/b", b"one", &Condition::Always).expect("writes");
        write(store, "a/b", b"three", &Condition::Always).expect("replaces");
        assert_eq!(
            store.read(&path("a/b")).expect("works"),
            Some(b"three".to_vec())
        );
        assert_eq!(store.size(&path("a/b")).expect("works"), Some(5));
        assert_eq!(store.read(&path("a/b/c")).expect("works"), None);
        let mut text = String::new();
        let open = store.open(&path("a/b")).expect("works");
        open.expect("there")
            .read_to_string(&mut text)
            .expect("text");
        assert_eq!(text, "three");
        store.delete(&path("a/b")).expect("deletes");
        store.delete(&path("a/b")).expect("is gone already");
        assert_eq!(store.read(&path("a/b")).expect("works"), None);
    });
}

#[test]
fn conditions_decide_and_repeating_is_success() {
    on_each_store(|store| {
        let absent = Condition::IfAbsent;
        write(store, "f", b"1", &absent).expect("nothing was there");
        write(store, "f", b"1", &absent).expect("the same is there");
        assert!(
            write(store, "f", b"2", &absent)
                .expect_err("taken")
                .is_conflict()
        );

        let first = Condition::IfRevision(revision(store, "f"));
        write(store, "f", b"2", &first).expect("still the first");
        write(store, "f", b"2", &first).expect("the same is there");
        assert!(
            write(store, "f", b"3", &first)
                .expect_err("moved")
                .is_conflict()
        );
        assert!(
            write(store, "g", b"3", &first)
                .expect_err("absent")
                .is_conflict()
        );
        assert_eq!(store.read(&path("f")).expect("works"), Some(b"2".to_vec()));
        assert_eq!(store.read(&path("g")).expect("works"), None);
    });
}

#[test]
fn copies_replace_and_are_independent() {
    on_each_store(|store| {
        write(store, "from", b"1", &Condition::Always).expect("writes");
        write(store, "d/to", b"0", &Condition::Always).expect("writes");
        store.copy(&path("from"), &path("d/to")).expect("copies");
        store
            .copy(&path("from"), &path("d/to"))
            .expect("copies again");
        write(store, "from", b"2", &Condition::Always).expect("writes");
        assert_eq!(
            store.read(&path("d/to")).expect("works"),
            Some(b"1".to_vec())
        );
        assert!(store.copy(&path("none"), &path("d/to")).is_err());
        let entries = store.list(&path("d")).expect("lists");
        assert_eq!(
            entries,
            [Entry {
                path: path("d/to"),
                size: 1
            }]
        );
        assert_eq!(store.list(&path("none")).expect("lists"), []);
    });
}

#[test]
fn a_changed_local_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.deb");
    fs::write(&file, b"new").expect("writes");
    on_each_store(|store| {
        let of = |bytes| Content::File {
            path: &file,
            sha256: Sha256::of(bytes),
        };
        let error = store
            .write(&path("pool/x.deb"), of(b"old"), &Condition::IfAbsent)
            .expect_err("changed");
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
        assert_eq!(store.read(&path("pool/x.deb")).expect("works"), None);
        let write = store.write(&path("pool/x.deb"), of(b"new"), &Condition::IfAbsent);
        write.expect("is what it was");
    });
}

#[test]
fn a_directory_is_readable_and_tidy() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("mode");
    let store = DirectoryStore::new(folder.path().join("archive"));
    write(&store, "dists/s/Release", b"1", &Condition::Always).expect("writes");
    write(&store, "dists/s/x", b"1", &Condition::IfAbsent).expect("writes");
    store
        .copy(&path("dists/s/x"), &path("dists/s/y"))
        .expect("copies");
    store
        .copy(&path("dists/s/x"), &path("dists/s/y"))
        .expect("copies again");
    for (name, mode) in [
        ("dists", 0o755),
        ("dists/s", 0o755),
        ("dists/s/Release", 0o644),
    ] {
        let found = fs::metadata(store.root().join(name)).expect(name).mode() & 0o777;
        assert_eq!(found, mode, "{name}: {found:o}");
    }
    let aside = store.root().join(".debcut/tmp");
    let left = || fs::read_dir(&aside).expect("is there").count();
    assert_eq!(left(), 0, "no temporary file survives its write");

    fs::write(aside.join("write-crashed"), b"half").expect("writes");
    let guard = store
        .lock(&holder("sweep"), Duration::ZERO, &|_| {})
        .expect("free");
    assert_eq!(left(), 0, "leftovers of a crash are swept");
    drop(guard);
}

fn holder(command: &str) -> Holder {
    Holder {
        pid: 7,
        host: "build".to_owned(),
        since: Timestamp::from_unix(1_795_253_400),
        command: command.to_owned(),
    }
}

#[test]
fn a_held_lock_names_its_holder() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = DirectoryStore::new(folder.path());
    let guard = store
        .lock(&holder("first"), Duration::ZERO, &|_| {})
        .expect("free");
    let heard = Mutex::new(Vec::new());
    let listen = |other: &Holder| heard.lock().expect("free").push(other.command.clone());
    let error = store
        .lock(&holder("second"), Duration::from_millis(120), &listen)
        .expect_err("held");
    assert_eq!(*heard.lock().expect("free"), ["first"], "told once");
    let LockError::Held { holder: found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(found.as_deref(), Some(&holder("first")));

    thread::scope(|scope| {
        let waiting =
            scope.spawn(|| store.lock(&holder("third"), Duration::from_secs(20), &|_| {}));
        thread::sleep(Duration::from_millis(60));
        drop(guard);
        let guard = waiting.join().expect("no panic").expect("was released");
        drop(guard);
    });
}

#[test]
fn only_one_of_many_wins_a_swap() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = DirectoryStore::new(folder.path());
    write(&store, "head", b"0", &Condition::IfAbsent).expect("writes");
    for round in 0..60 {
        let seen = Condition::IfRevision(revision(&store, "head"));
        let wins: usize = thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|n| {
                    let text = format!("{round}-{n}");
                    let (store, seen) = (&store, &seen);
                    scope.spawn(move || write(store, "head", text.as_bytes(), seen).is_ok())
                })
                .collect();
            let won = tries
                .into_iter()
                .map(|t| usize::from(t.join().expect("no panic")));
            won.sum()
        });
        assert_eq!(wins, 1, "round {round}");
    }
}

#[test]
fn faults_strike_where_they_are_told() {
    type Files = BTreeMap<ArchivePath, Vec<u8>>;
    // Writes 0, 1, 2; what succeeds and what is there afterwards.
    let cases = [
        (Fault::Once(1, Moment::Before), [true, false, true], "02"),
        (Fault::Once(1, Moment::After), [true, false, true], "012"),
        (Fault::Dead(1, Moment::Before), [true, false, false], "0"),
        (Fault::Dead(1, Moment::After), [true, false, false], "01"),
        (Fault::Full(2), [true, true, false], "01"),
        (Fault::Conflict(0), [false, true, true], "12"),
    ];
    for (fault, want, there) in cases {
        let memory = MemoryStore::default();
        let store = FaultyStore::new(&memory).with(fault);
        let done = ["0", "1", "2"].map(|n| write(&store, n, b"", &Condition::Always).is_ok());
        assert_eq!(done, want, "{fault:?}");
        let files: Files = memory.files();
        let names: String = files.keys().map(ArchivePath::as_str).collect();
        assert_eq!(names, there, "{fault:?}");
    }
}

/// Enough files to be written together, with what each holds.
fn many() -> Vec<(ArchivePath, Vec<u8>)> {
    let one = |at: usize| (path(&format!("d{}/e/f{at}", at % 7)), vec![b'x'; at]);
    (0..200).map(one).collect()
}

fn write_many(
    store: &dyn Store,
    files: &[(ArchivePath, Vec<u8>)],
    taken: Taken,
) -> Result<(), StoreError> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, bytes)| (path, Content::Bytes(bytes)))
        .collect();
    store.write_new(&files, taken, &|| ())
}

#[test]
fn many_new_files_are_written() {
    on_each_store(|store| {
        let mut files = many();
        // Several indices often have the same chunk.
        files.push(files[5].clone());
        for round in ["new", "there already"] {
            write_many(store, &files, Taken::Refuse).expect(round);
            for (path, bytes) in &files {
                let found = store.read(path).expect("works");
                assert_eq!(found.as_ref(), Some(bytes), "{round}: {path}");
            }
        }
    });
}

#[test]
fn other_content_is_refused_or_repaired() {
    on_each_store(|store| {
        let files = many();
        let (damaged, bytes) = &files[150];
        write(store, damaged.as_str(), b"torn", &Condition::Always).expect("writes");
        let error = write_many(store, &files, Taken::Refuse).expect_err("taken");
        assert!(error.is_conflict(), "{error}");
        assert!(error.to_string().contains(damaged.as_str()), "{error}");
        let there = store.read(damaged).expect("works");
        assert_eq!(there.as_deref(), Some(&b"torn"[..]));
        write_many(store, &files, Taken::Repair).expect("repairs");
        assert_eq!(store.read(damaged).expect("works").as_ref(), Some(bytes));
    });
}

#[test]
fn many_files_are_for_everybody_and_leave_nothing_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = DirectoryStore::new(folder.path().join("archive"));
    let files = many();
    write_many(&store, &files, Taken::Refuse).expect("writes");
    for (path, _) in &files {
        let file = store.root().join(path.as_str());
        let mode = |path: &std::path::Path| fs::metadata(path).expect("there").mode() & 0o777;
        assert_eq!(mode(&file), 0o644, "{path}");
        assert_eq!(mode(file.parent().expect("a directory")), 0o755, "{path}");
    }
    // Also where some cannot be written.
    let mut files = many();
    files[100].0 = path("d0/e/f0/below-a-file");
    write_many(&store, &files, Taken::Refuse).expect_err("no directory");
    let aside = fs::read_dir(store.root().join(".debcut/tmp")).expect("a directory");
    assert_eq!(aside.count(), 0);
}
