//! What every store promises, shown on an object store.

use std::io::Read;
use std::net::SocketAddr;
use std::thread;

use debcut::archive::layout;
use debcut::model::{ArchivePath, Sha256};
use debcut::sys::environment::Environment;
use debcut::sys::store::{Condition, Content, Entry, Reads, S3Store, Store, StoreError};

use super::between::{Between, Fate};
use super::moto::{KEY, Moto, SECRET};
use crate::world::World;

fn path(text: &str) -> ArchivePath {
    ArchivePath::new(text).expect(text)
}

/// Opens the archive at a place of a server.
pub fn store(address: SocketAddr, place: &str) -> S3Store {
    let endpoint = format!("http://{address}");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    let environment = Environment::new("/", variables);
    S3Store::new(place, &environment, layout::freshness).expect("a location")
}

fn write(store: &S3Store, at: &str, bytes: &[u8], when: &Condition) -> Result<(), StoreError> {
    store.write(&path(at), Content::Bytes(bytes), when)
}

#[track_caller]
fn is_conflict(result: Result<(), StoreError>) {
    assert!(result.expect_err("it must be refused").is_conflict());
}

#[test]
fn an_object_store_keeps_what_every_store_promises() {
    let world = World::new();
    let Some(moto) = Moto::start(&world) else {
        return;
    };
    moto.bucket("apt");
    let store = &store(moto.address, "s3://apt/a/b");
    assert_eq!(store.reads(), Reads::Far);
    assert!(store.fan_out(100) > 8 && store.fan_out(0) == 1);
    reading_and_writing(store);
    conditions(store);
    copies_and_lists(store);
    local_files(store, &world);
    versions(store, &moto);
    one_wins(&moto);
}

fn reading_and_writing(store: &S3Store) {
    assert_eq!(store.read(&path("a/b")).expect("works"), None);
    assert_eq!(store.size(&path("a/b")).expect("works"), None);
    assert_eq!(store.recorded_digest(&path("a/b")).expect("works"), None);
    for bytes in [&b"one"[..], b"", b"three"] {
        write(store, "a/b", bytes, &Condition::Always).expect("replaces");
        let there = store.read(&path("a/b")).expect("works");
        assert_eq!(there.as_deref(), Some(bytes));
        let size = store.size(&path("a/b")).expect("works");
        assert_eq!(size, Some(bytes.len() as u64));
        let want = Some((bytes.len() as u64, Sha256::of(bytes)));
        assert_eq!(store.recorded_digest(&path("a/b")).expect("works"), want);
        assert_eq!(store.digest(&path("a/b")).expect("works"), want);
    }
    // What is kept for ever is remembered, and yet never out of date.
    for bytes in [&b"old"[..], b"newer"] {
        write(store, "pool/x~1+2", bytes, &Condition::Always).expect("writes");
        let there = store.read(&path("pool/x~1+2")).expect("works");
        assert_eq!(there.as_deref(), Some(bytes));
        let size = store.size(&path("pool/x~1+2")).expect("works");
        assert_eq!(size, Some(bytes.len() as u64));
    }
    let mut text = String::new();
    let open = store.open(&path("a/b")).expect("works").expect("there");
    { open }.read_to_string(&mut text).expect("text");
    assert_eq!(text, "three");
    for at in ["a/b", "pool/x~1+2"] {
        store.delete(&path(at)).expect("deletes");
        store.delete(&path(at)).expect("is gone already");
        assert_eq!(store.read(&path(at)).expect("works"), None);
        assert_eq!(store.size(&path(at)).expect("works"), None);
    }
}

fn conditions(store: &S3Store) {
    let revision = |at: &str| {
        let found = store.read_revision(&path(at)).expect("readable");
        Condition::IfRevision(found.expect("there").revision)
    };
    write(store, "f", b"1", &Condition::IfAbsent).expect("nothing was there");
    write(store, "f", b"1", &Condition::IfAbsent).expect("the same is there");
    is_conflict(write(store, "f", b"2", &Condition::IfAbsent));
    let first = revision("f");
    write(store, "f", b"2", &first).expect("still the first");
    write(store, "f", b"2", &first).expect("the same is there");
    is_conflict(write(store, "f", b"3", &first));
    is_conflict(write(store, "g", b"3", &first));
    assert_eq!(store.read(&path("f")).expect("works"), Some(b"2".to_vec()));
    assert_eq!(store.read(&path("g")).expect("works"), None);
    // Also of one that is large enough to be asked for before it is sent.
    let large = vec![7; 2 << 20];
    write(store, "large", &large, &Condition::IfAbsent).expect("nothing was there");
    write(store, "large", &large, &Condition::IfAbsent).expect("the same is there");
    is_conflict(write(store, "large", &large[1..], &Condition::IfAbsent));
}

fn copies_and_lists(store: &S3Store) {
    write(store, "from", b"1", &Condition::Always).expect("writes");
    store.copy(&path("from"), &path("d/to")).expect("copies");
    store
        .copy(&path("from"), &path("d/to"))
        .expect("copies again");
    write(store, "from", b"2", &Condition::Always).expect("writes");
    assert_eq!(
        store.read(&path("d/to")).expect("works"),
        Some(b"1".to_vec())
    );
    // What was copied has no digest noted.
    let want = Some((1, Sha256::of(b"1")));
    assert_eq!(store.recorded_digest(&path("d/to")).expect("works"), want);
    store
        .copy(&path("none"), &path("d/x"))
        .expect_err("nothing to copy");
    assert_eq!(store.list(&path("none")).expect("lists"), []);
    let mut want = vec![Entry {
        path: path("d/to"),
        size: 1,
    }];
    // More than one page of this server.
    for n in 0..30 {
        let at = format!("d/n{n:02}+~");
        write(store, &at, b"12", &Condition::Always).expect("writes");
        let entry = Entry {
            path: path(&at),
            size: 2,
        };
        want.push(entry);
    }
    write(store, "da/x", b"no neighbour", &Condition::Always).expect("writes");
    want.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(store.list(&path("d")).expect("lists"), want);
}

fn local_files(store: &S3Store, world: &World) {
    let file = world.path("x.deb");
    std::fs::write(&file, b"new").expect("writes");
    let of = |bytes: &[u8]| Content::File {
        path: &file,
        sha256: Sha256::of(bytes),
    };
    for promised in [&b"old"[..], b"longer", b"n"] {
        let error = store
            .write(&path("pool/x.deb"), of(promised), &Condition::IfAbsent)
            .expect_err("changed");
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
        assert_eq!(store.read(&path("pool/x.deb")).expect("works"), None);
    }
    let write = store.write(&path("pool/x.deb"), of(b"new"), &Condition::IfAbsent);
    write.expect("is what it was");
    let there = store.read(&path("pool/x.deb")).expect("works");
    assert_eq!(there, Some(b"new".to_vec()));
}

fn versions(store: &S3Store, moto: &Moto) {
    let on = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
              <Status>Enabled</Status></VersioningConfiguration>";
    moto.asks("PUT", "/apt?versioning", on);
    for bytes in [&b"leaked 1"[..], b"leaked 2"] {
        write(store, "pool/leak", bytes, &Condition::Always).expect("writes");
    }
    store.delete(&path("pool/leak")).expect("deletes");
    write(store, "pool/leak", b"leaked 3", &Condition::Always).expect("writes");
    write(store, "pool/leak-not", b"kept", &Condition::Always).expect("writes");
    let versions = || moto.asks("GET", "/apt?versions&prefix=a%2Fb%2Fpool%2Fleak", "");
    assert_eq!(
        versions().matches("<VersionId>").count(),
        5,
        "{}",
        versions()
    );
    moto.asks("POST", "/apt/a/b/pool/leak?uploads", "");
    store.erase(&path("pool/leak")).expect("erases");
    store.erase(&path("pool/leak")).expect("is gone already");
    let left = versions();
    assert_eq!(left.matches("<VersionId>").count(), 1, "{left}");
    assert!(left.contains("<Key>a/b/pool/leak-not</Key>"), "{left}");
    let uploads = moto.asks("GET", "/apt?uploads", "");
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

fn one_wins(moto: &Moto) {
    let between = Between::new(moto.address, |_, _| Fate::Pass);
    let store = store(between.address, "s3://apt/a/b");
    write(&store, "head", b"0", &Condition::IfAbsent).expect("writes");
    for round in 0..5 {
        let there = store.read_revision(&path("head")).expect("readable");
        let seen = Condition::IfRevision(there.expect("there").revision);
        let wins = thread::scope(|scope| {
            let tries = [0, 1, 2, 3].map(|n| {
                let text = format!("{round}-{n}");
                let (store, seen) = (&store, &seen);
                scope.spawn(move || write(store, "head", text.as_bytes(), seen).is_ok())
            });
            let won = tries.into_iter().map(|t| t.join().expect("no panic"));
            won.filter(|won| *won).count()
        });
        assert_eq!(wins, 1, "round {round}");
    }
}
