use super::*;
use crate::sys::clock::Clock;
use crate::sys::openpgp::gnupg::Gnupg;
use crate::sys::openpgp::{Passphrase, Signer, Status};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::os::unix::fs::PermissionsExt as _;

const NOW: i64 = 1_795_253_400;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn new(name: &str, passphrase: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        email: "jane@example.org".to_owned(),
        lifetime_seconds: Some(NewKey::LIFETIME_SECONDS),
        passphrase: Passphrase::new(passphrase),
    }
}

fn make(name: &str, seed: u64) -> SecretCertificate {
    let rng = StdRng::seed_from_u64(seed);
    SecretCertificate::create(&new(name, ""), now(), rng).expect("makes")
}

fn store() -> (tempfile::TempDir, KeyStore) {
    let dir = tempfile::tempdir().expect("dir");
    let environment = Environment::new(dir.path(), [("XDG_DATA_HOME", dir.path())]);
    let store = KeyStore::of_user(&environment).expect("a home");
    (dir, store)
}

fn files_of(store: &KeyStore) -> Vec<String> {
    let listing = std::fs::read_dir(store.directory()).expect("dir");
    let names = listing.map(|file| file.expect("file").file_name());
    let mut names: Vec<_> = names.map(|n| n.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_new_key_is_stored_for_its_owner_only() {
    let (dir, store) = store();
    assert_eq!(store.directory(), dir.path().join("debcut/keys"));
    assert_eq!(store.list(now()).expect("nothing yet"), []);
    let rng = StdRng::seed_from_u64(1);
    let key = store
        .create(&new("Jane", "secret"), now(), rng)
        .expect("makes");
    let name = format!("{}.asc", key.certificate().fingerprint());
    assert_eq!(files_of(&store), std::slice::from_ref(&name));
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    assert_eq!(mode(&store.directory().join(name)), 0o600);
    let [listed] = &store.list(now()).expect("lists")[..] else {
        panic!("one key")
    };
    assert_eq!(listed.user_id, "Jane <jane@example.org>");
    assert_eq!((listed.part, listed.locked), (Part::Secret, true));
    assert_eq!(listed.expires, Some(now().plus_seconds(2 * 365 * 86_400)));
    assert_eq!(listed.status, Status::Valid);
    let text = format!("{key:?}{listed:?}{:?}", new("x", "secret"));
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn names_that_user_ids_cannot_hold_are_refused() {
    let (_dir, store) = store();
    for (name, email) in [
        ("", "a@b"),
        ("a\nb", "a@b"),
        ("a <x@y>", "a@b"),
        ("a", ""),
        ("a", "ab"),
        ("a", "@b"),
        ("a", "a@b@c"),
        ("a", "a@b>"),
        ("a", "a b@c"),
    ] {
        let new = NewKey {
            name: name.to_owned(),
            email: email.to_owned(),
            lifetime_seconds: None,
            passphrase: None,
        };
        let made = store.create(&new, now(), StdRng::seed_from_u64(1));
        let error = made.expect_err("refused");
        let refused = matches!(error, StoreError::Create(CreateError::Name { .. }));
        assert!(refused, "{name:?} {email:?}: {error}");
    }
    assert!(!store.directory().exists());
}

#[test]
fn what_is_no_key_is_not_imported() {
    let (_dir, store) = store();
    let good = make("Jane", 1).armored();
    let cut = &good[..good.len() / 2];
    for bytes in ["", "\n", "garbage", cut, "-----BEGIN PGP SIGNATURE-----\n"] {
        let error = store.import(bytes.as_bytes(), now()).expect_err(bytes);
        assert!(matches!(error, StoreError::Import(_)), "{bytes:?}: {error}");
    }
    assert!(!store.directory().exists());
}

#[test]
fn importing_joins_and_says_what_it_changed() {
    let (_dir, store) = store();
    let (jane, joe) = (make("Jane", 1), make("Joe", 2));
    let public = jane.certificate().armored();
    let both = [jane.armored(), joe.certificate().armored()].concat();
    let name = jane.certificate().fingerprint().clone();
    let cases: &[(&str, &[(Part, Change)])] = &[
        (&public, &[(Part::Public, Change::Added)]),
        (&public, &[(Part::Public, Change::Unchanged)]),
        (
            &both,
            &[
                (Part::Secret, Change::Updated),
                (Part::Public, Change::Added),
            ],
        ),
        (&public, &[(Part::Secret, Change::Unchanged)]),
        (
            &both,
            &[
                (Part::Secret, Change::Unchanged),
                (Part::Public, Change::Unchanged),
            ],
        ),
    ];
    for (step, (bytes, want)) in cases.iter().enumerate() {
        let found = store.import(bytes.as_bytes(), now()).expect("imports");
        let found: Vec<_> = found.iter().map(|i| (i.key.part, i.change)).collect();
        assert_eq!(&found, want, "step {step}");
    }
    let joes = joe.certificate().fingerprint();
    let mut want = [format!("{name}.asc"), format!("{joes}.pub.asc")];
    want.sort();
    assert_eq!(files_of(&store), want);
    assert_eq!(
        store.export(&name, Part::Secret).expect("here"),
        jane.armored()
    );
    assert_eq!(store.export(&name, Part::Public).expect("here"), public);
    let error = store.export(joes, Part::Secret).expect_err("public only");
    assert!(matches!(error, StoreError::NoSecret { .. }), "{error}");
    let error = store
        .export(make("Nobody", 3).certificate().fingerprint(), Part::Public)
        .expect_err("nobody's");
    assert!(matches!(error, StoreError::NoKey { .. }), "{error}");
    assert_eq!(store.keyring().expect("reads").certificates().len(), 2);
}

#[test]
fn a_new_end_or_revocation_reaches_the_secret_key() {
    let (_dir, store) = store();
    let gnupg = Gnupg::new();
    let today = Clock::System.now();
    let long_ago = today.plus_seconds(-1000);
    let rng = StdRng::seed_from_u64(1);
    let key = store
        .create(&new("Jane", "s"), long_ago, rng)
        .expect("makes");
    let name = key.certificate().fingerprint();
    gnupg.file("passphrase", "s");
    gnupg.gpg("--import", key.armored().as_bytes());
    let old = gnupg.gpg("--export", b"");
    gnupg.gpg(&format!("--quick-set-expire {name} 5d"), b"");
    gnupg.gpg(&format!("--quick-set-expire {name} 5d *"), b"");
    gnupg.gpg(
        &format!("--quick-add-uid {name} Janet+<janet@example.org>"),
        b"",
    );
    gnupg.gpg(&format!("--quick-add-key {name} ed25519 sign 4d"), b"");
    let newer = gnupg.gpg("--export-secret-keys", b"");
    let found = store.import(&newer, today).expect("imports");
    assert_eq!(found[0].change, Change::Updated);
    let ends = found[0].key.expires.expect("set").unix() - today.unix();
    assert!((ends - 5 * 86_400).abs() < 600, "{ends}");
    // The older copy takes nothing back, and the newer one adds no more.
    for copy in [&old, &newer] {
        let again = store.import(copy, today).expect("imports");
        assert_eq!(again[0].change, Change::Unchanged);
        assert_eq!(again[0].key, found[0].key);
    }
    let keys = store.secret_keys().expect("reads");
    assert_eq!(
        keys[0]
            .certificate()
            .signing_keys(today.plus_seconds(60))
            .len(),
        2
    );
    assert_eq!(keys[0].certificate().user_ids().len(), 2);
    let unlocked = keys[0]
        .unlock(Passphrase::new("s").as_ref())
        .expect("opens");
    let signed = Signer::Key(unlocked).clear_sign("x", today.plus_seconds(60));
    signed.expect("signs with the new subkey");

    let answers = b"y\n0\n\ny\n";
    let command = format!("--no-batch --no-tty --command-fd 0 --gen-revoke {name}");
    let revocation = gnupg.gpg(&command, answers);
    gnupg.gpg("--import", &revocation);
    store
        .import(&gnupg.gpg("--export", b""), today)
        .expect("imports");
    let again = store.import(&newer, today).expect("imports");
    assert_eq!(again[0].change, Change::Unchanged);
    assert!(
        matches!(again[0].key.status, Status::Revoked(_)),
        "{again:?}"
    );
    assert_eq!(again[0].key.part, Part::Secret);
}

#[test]
fn files_that_are_not_what_they_say_are_named() {
    let (_dir, store) = store();
    let (jane, joe) = (make("Jane", 1), make("Joe", 2));
    store
        .import(jane.armored().as_bytes(), now())
        .expect("imports");
    std::fs::write(store.directory().join("README"), "mine").expect("writes");
    assert_eq!(store.list(now()).expect("lists").len(), 1);
    let name = format!("{}.asc", joe.certificate().fingerprint());
    for content in [jane.armored(), joe.certificate().armored(), "x".to_owned()] {
        std::fs::write(store.directory().join(&name), &content).expect("writes");
        let error = store.list(now()).expect_err("not Joe's secret key");
        assert!(error.to_string().contains(&name), "{error}");
    }
}
