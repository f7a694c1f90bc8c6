//! Texts with signatures of every kind, made here by keys of a fixed seed.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::format::statement::{
    BuildDefinition, Builder, PAYLOAD_TYPE, Provenance, RunDetails, RunMetadata, Subject,
};
use crate::sys::openpgp::{NewKey, SecretCertificate, Signer as Key};

const DSC: &str = include_str!("../../../fixtures/debian/hello_2.10-3.dsc");
const CHANGES: &str = include_str!("../../../fixtures/debian/hello_2.10-3_amd64.changes");
const BUILDINFO: &str = include_str!("../../../fixtures/debian/hello_2.10-3_amd64.buildinfo");
const UCF: &[u8] = include_bytes!("../../../fixtures/debian/ucf_3.0043+nmu1+deb12u1.dsc");
const RELEASE: &str = "Suite: stable\nDate: Sat, 21 Nov 2026 09:30:00 UTC\nSHA256:\n";
const DAY: i64 = 24 * 60 * 60;

fn made() -> Timestamp {
    Timestamp::from_unix(1_795_253_400)
}

/// Makes a key; the same seed gives the same key, however long it lives.
fn key(seed: u64, days: Option<u32>) -> Key {
    let new = NewKey {
        name: "Jane".to_owned(),
        email: "jane@example.org".to_owned(),
        lifetime_seconds: days.and_then(|days| NonZeroU32::new(days * DAY as u32)),
        passphrase: None,
    };
    let key = SecretCertificate::create(&new, made(), StdRng::seed_from_u64(seed));
    Key::Key(key.expect("makes").unlock(None).expect("opens"))
}

fn keyring(key: &Key) -> Keyring {
    Keyring::new(vec![key.certificate().clone()])
}

/// Reads a text two days after the keys were made.
fn read(keyring: &Keyring, kind: Kind, bytes: &[u8]) -> Claim {
    let now = made().plus_seconds(2 * DAY);
    Reader { keyring, now }.read(kind, bytes, None)
}

/// Names a signature's state.
fn state(signature: &Signature) -> &'static str {
    match signature {
        Signature::Good(Signer { since: None, .. }) => "good",
        Signature::Good(_) => "good once",
        Signature::Absent => "absent",
        Signature::Unknown { .. } => "unknown",
        Signature::Bad { .. } => "bad",
        Signature::Refused { .. } => "refused",
    }
}

#[test]
fn signed_texts_are_read_with_their_signature_or_without() {
    let jane = key(1, None);
    let ring = keyring(&jane);
    let names = |claim: &Claim| {
        let content = claim.content.as_ref().expect("content");
        let names = content.listed.iter().map(|listed| listed.name.clone());
        (content.about.clone().expect("about"), names.count())
    };
    for (kind, text, about, files) in [
        (Kind::Dsc, DSC, "source package hello 2.10-3", 3),
        (Kind::Changes, CHANGES, "upload of hello 2.10-3 to ", 4),
        (
            Kind::Buildinfo,
            BUILDINFO,
            "build of hello 2.10-3 on amd64",
            3,
        ),
    ] {
        let plain = read(&ring, kind, text.as_bytes());
        assert_eq!(state(&plain.signature), "absent");
        let (found, count) = names(&plain);
        assert!(found.starts_with(about), "{found}");
        assert!(count >= files, "{kind:?}: {count}");
        let signed = jane.clear_sign(text, made()).expect("signs");
        let claim = read(&ring, kind, signed.as_bytes());
        assert_eq!(claim.content, plain.content);
        let signer = claim.signature.signer().expect("good");
        assert_eq!(signer.user_id, "Jane <jane@example.org>");
        assert_eq!(&signer.fingerprint, jane.fingerprint());
        assert_eq!(signer.time, made());
    }
}

#[test]
fn a_real_package_says_whose_key_is_missing() {
    let claim = read(&Keyring::default(), Kind::Dsc, UCF);
    let Signature::Unknown { key } = claim.signature else {
        panic!("{:?}", claim.signature)
    };
    assert_eq!(key.len(), 40, "{key}");
    let content = claim.content.expect("content");
    let about = content.about.expect("about");
    assert_eq!(about, "source package ucf 3.0043+nmu1+deb12u1");
}

#[test]
fn a_key_counts_while_it_is_valid() {
    // The same key, as its owner published it with different ends.
    let (ever, two_days, one_day) = (key(1, None), key(1, Some(2)), key(1, Some(1)));
    assert_eq!(ever.fingerprint(), one_day.fingerprint());
    let other = key(2, None);
    let at = |days: i64| {
        let text = ever.clear_sign(DSC, made().plus_seconds(days * DAY));
        text.expect("signs")
    };
    for (what, keys, text, want) in [
        ("a valid key", &ever, at(1), "good"),
        ("a key that expired later", &two_days, at(1), "good once"),
        ("a key that had expired", &one_day, at(1), "refused"),
        ("a signature from tomorrow", &ever, at(3), "refused"),
        ("somebody else's key", &other, at(1), "unknown"),
        (
            "text before the frame",
            &ever,
            format!("x\n{}", at(1)),
            "bad",
        ),
        ("text behind the frame", &ever, at(1) + "x\n", "bad"),
        ("a frame cut off", &ever, at(1)[..400].to_owned(), "bad"),
        (
            "another text",
            &ever,
            at(1).replace("hello", "hullo"),
            "bad",
        ),
    ] {
        let claim = read(&keyring(keys), Kind::Dsc, text.as_bytes());
        assert_eq!(state(&claim.signature), want, "{what}: {claim:?}");
    }
}

#[test]
fn a_suite_is_signed_in_the_text_or_beside() {
    let jane = key(1, None);
    let ring = keyring(&jane);
    let reader = Reader {
        keyring: &ring,
        now: made(),
    };
    let inside = jane.clear_sign(RELEASE, made()).expect("signs");
    let beside = jane
        .detach_sign_binary(RELEASE.as_bytes(), made())
        .expect("signs");
    let (release, other) = (RELEASE.as_bytes(), "Suite: x\n".as_bytes());
    for (kind, bytes, companion, want) in [
        (Kind::InRelease, inside.as_bytes(), None, "good"),
        (Kind::InRelease, release, None, "absent"),
        (Kind::Release, release, Some(&beside[..]), "good"),
        (Kind::Release, other, Some(&beside[..]), "bad"),
        (Kind::Release, release, Some(other), "bad"),
        (Kind::Release, release, None, "absent"),
        (Kind::ReleaseSignature, &beside[..], Some(release), "good"),
        (Kind::ReleaseSignature, &beside[..], Some(other), "bad"),
        (Kind::ReleaseSignature, &beside[..], None, "absent"),
    ] {
        let claim = reader.read(kind, bytes, companion);
        assert_eq!(state(&claim.signature), want, "{kind:?} {claim:?}");
    }
}

fn statement_of(name: &str, commit: &str, tag: &str) -> Statement {
    let resource = |name: &str, kind: &str, id: &str| crate::format::statement::Resource {
        name: Some(name.to_owned()),
        digest: BTreeMap::from([(kind.to_owned(), id.to_owned())]),
        ..Default::default()
    };
    Statement {
        subjects: vec![Subject {
            name: name.to_owned(),
            sha256: Sha256::of(b"deb"),
        }],
        provenance: Provenance {
            build_definition: BuildDefinition {
                build_type: "urn:debcut:build:1".to_owned(),
                external_parameters: BTreeMap::from([("tag".to_owned(), tag.into())]),
                internal_parameters: BTreeMap::new(),
                resolved_dependencies: vec![
                    resource("refs/tags/upstream", "gitCommit", &"b".repeat(40)),
                    resource("commit", "gitCommit", commit),
                ],
            },
            run_details: RunDetails {
                builder: Builder {
                    id: "urn:a\u{1b}[2Jb".to_owned(),
                    version: BTreeMap::new(),
                },
                metadata: RunMetadata {
                    finished_on: Some(made()),
                    ..RunMetadata::default()
                },
            },
        },
    }
}

#[test]
fn statements_say_where_things_came_from_and_nothing_that_moves_a_cursor() {
    let jane = key(1, None);
    let commit = "a".repeat(40);
    let line = |name: &str, commit: &str, tag: &str| {
        attestation::attest(&jane, &statement_of(name, commit, tag), made()).expect("attests")
    };
    let ring = keyring(&jane);
    let good = line("a_1_all.deb", &commit, "v1");
    let claim = read(&ring, Kind::Provenance, good.as_bytes());
    assert_eq!(state(&claim.signature), "good");
    let content = claim.content.expect("content");
    assert_eq!(content.listed[0].name, "a_1_all.deb");
    let origin = content.origin.expect("origin");
    assert_eq!(origin.commit.as_deref(), Some(commit.as_str()));
    assert_eq!(origin.tag.as_deref(), Some("v1"));
    assert_eq!(origin.builder, "urn:a\u{fffd}[2Jb");

    let odd = read(
        &ring,
        Kind::Provenance,
        line("a_1_all.deb", "\u{1b}[2J", "v1\n").as_bytes(),
    );
    let origin = odd.content.expect("content").origin.expect("origin");
    assert_eq!((origin.commit, origin.tag), (None, None));
    for name in ["../a.deb", "/etc/passwd", "a\u{1b}b", ""] {
        let claim = read(
            &ring,
            Kind::Provenance,
            line(name, &commit, "v1").as_bytes(),
        );
        let why = claim.content.expect_err(name);
        assert!(!why.contains(char::is_control), "{why:?}");
    }

    let unsigned = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: statement_of("a", &commit, "v1").to_json().into_bytes(),
        signatures: Vec::new(),
    };
    let claim = read(&ring, Kind::Provenance, unsigned.to_line().as_bytes());
    assert_eq!(state(&claim.signature), "absent");
    assert!(claim.content.is_ok());
    let claim = read(&keyring(&key(2, None)), Kind::Provenance, good.as_bytes());
    let Signature::Unknown { key } = claim.signature else {
        panic!("{:?}", claim.signature)
    };
    let signing: Vec<_> = jane
        .certificate()
        .keys()
        .map(|key| &key.fingerprint)
        .collect();
    assert!(signing.iter().any(|own| own.as_str() == key), "{key}");
}

#[test]
fn lists_without_files_are_none() {
    for (text, ok) in [
        ("", false),
        ("x\n", false),
        (&format!("{}  a\n", "0".repeat(64)), true),
    ] {
        let claim = read(&Keyring::default(), Kind::Sums, text.as_bytes());
        assert_eq!(claim.content.is_ok(), ok, "{text:?}");
    }
}

const KINDS: [Kind; 8] = [
    Kind::Provenance,
    Kind::Changes,
    Kind::Buildinfo,
    Kind::Dsc,
    Kind::InRelease,
    Kind::Release,
    Kind::ReleaseSignature,
    Kind::Sums,
];

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes: Vec<u8>, kind in proptest::sample::select(&KINDS[..])) {
        let claim = read(&Keyring::default(), kind, &bytes);
        prop_assert!(claim.signature.signer().is_none());
    }

    /// Whatever byte is changed, what is shown as signed is what was signed.
    #[test]
    fn no_changed_byte_is_signed(at in any::<proptest::sample::Index>(), byte: u8) {
        let jane = key(1, None);
        let ring = keyring(&jane);
        let line = attestation::attest(&jane, &statement_of("a", &"a".repeat(40), "v1"), made());
        let texts = [
            (Kind::Dsc, jane.clear_sign(DSC, made()).expect("signs")),
            (Kind::Provenance, line.expect("attests")),
        ];
        for (kind, text) in texts {
            let before = read(&ring, kind, text.as_bytes());
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let after = read(&ring, kind, &bytes);
            if after.signature.signer().is_some() {
                prop_assert_eq!(after, before);
            }
        }
    }
}
