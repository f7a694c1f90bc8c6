//! Tests against GnuPG, sqv and dscverify: what we make they accept, what they
//! make we accept, and what they refuse we refuse.
//!
//! The judges look at the machine's clock, so these tests do too.

use std::num::NonZeroU32;

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::gnupg::Gnupg;
use super::*;
use crate::model::{FileDigests, Timestamp};
use crate::sys::clock::Clock;

const DAY: i64 = 24 * 60 * 60;
const TEXT: &str = "Format: 3.0 (native)\n-dash\n - both \t\nFrom here\n\nümläut\n";
/// The text as everybody must read it: without blanks at line ends.
const PLAIN: &str = "Format: 3.0 (native)\n-dash\n - both\nFrom here\n\nümläut\n";

fn now() -> Timestamp {
    Clock::System.now().plus_seconds(-60)
}

fn new_key(lifetime: Option<u32>, passphrase: &str) -> NewKey {
    NewKey {
        name: "Jane Döe".to_owned(),
        email: "jane@example.org".to_owned(),
        lifetime_seconds: lifetime.and_then(NonZeroU32::new),
        passphrase: Passphrase::new(passphrase),
    }
}

fn create(lifetime: Option<u32>, passphrase: &str, at: Timestamp) -> SecretCertificate {
    let new = new_key(lifetime, passphrase);
    SecretCertificate::create(&new, at, StdRng::seed_from_u64(7)).expect("creates")
}

fn signer(key: &SecretCertificate, passphrase: &str) -> Signer {
    let passphrase = Passphrase::new(passphrase);
    Signer::Key(key.unlock(passphrase.as_ref()).expect("unlocks"))
}

fn keyring(certificate: &Certificate) -> Keyring {
    Keyring::new(vec![certificate.clone()])
}

#[test]
fn same_input_makes_the_same_bytes() {
    let at = Timestamp::from_unix(1_795_253_400);
    let make = || {
        let key = create(Some(60), "secret", at);
        let signed = signer(&key, "secret").clear_sign(TEXT, at).expect("signs");
        (key.armored(), signed)
    };
    let (first, again) = (make(), make());
    assert_eq!(first, again);
    assert!(first.1.contains("\n- -dash\n"), "{}", first.1);
}

#[test]
fn every_judge_accepts_what_we_sign() {
    let gnupg = Gnupg::new();
    let key = create(Some(86_400), "", now());
    let signer = signer(&key, "");
    let ring = gnupg.file("ring.pgp", key.certificate().binary());
    let ring = ring.to_str().expect("UTF-8");

    let signed = signer.clear_sign(TEXT, now()).expect("signs");
    let clear = gnupg.file("text.asc", &signed);
    let clear = clear.to_str().expect("UTF-8");
    let said = gnupg.run("gpgv", ["--keyring", ring, "--output", "-", clear], b"");
    assert_eq!(said.as_deref(), Ok(PLAIN.as_bytes()));
    let found = keyring(key.certificate())
        .verify_clear(&signed)
        .expect("true");
    assert_eq!(found.plain, PLAIN);
    assert_eq!(&found.by.fingerprint, key.certificate().fingerprint());
    assert_ne!(found.by.signing_key, found.by.fingerprint);
    assert_eq!(found.by.user_id, "Jane Döe <jane@example.org>");

    let bytes = b"\x00\xff trailing \r\n\n";
    let detached = signer.detach_sign(bytes, now()).expect("signs");
    let detached = gnupg.file("sig.asc", &detached);
    let detached = detached.to_str().expect("UTF-8");
    let content = gnupg.file("content", bytes);
    let content = content.to_str().expect("UTF-8");
    let gpgv = gnupg.run("gpgv", ["--keyring", ring, detached, content], b"");
    gpgv.expect("gpgv accepts");
    let sqv = gnupg.run("sqv", ["--keyring", ring, detached, content], b"");
    sqv.expect("sqv accepts");
}

#[test]
fn dscverify_accepts_a_dsc() {
    let gnupg = Gnupg::new();
    let key = create(None, "", now());
    let ring = gnupg.file("ring.pgp", key.certificate().binary());
    let tar = gnupg.file("hello_1.0.tar.xz", "not really");
    let digests = FileDigests::of(&std::fs::read(tar).expect("there"));
    let dsc = format!(
        "Format: 3.0 (native)\nSource: hello\nBinary: hello\nArchitecture: all\n\
         Version: 1.0\nMaintainer: Jane <jane@example.org>\nChecksums-Sha1:\n {} {size} {file}\n\
         Checksums-Sha256:\n {} {size} {file}\nFiles:\n {} {size} {file}\n",
        digests.sha1,
        digests.sha256,
        digests.md5,
        size = digests.size,
        file = "hello_1.0.tar.xz",
    );
    let signed = signer(&key, "").clear_sign(&dsc, now()).expect("signs");
    gnupg.file("hello_1.0.dsc", &signed);
    let ring = ring.to_str().expect("UTF-8");
    let arguments = ["--no-default-keyrings", "--keyring", ring, "hello_1.0.dsc"];
    gnupg
        .run("dscverify", arguments, b"")
        .expect("dscverify accepts");
    gnupg.file("hello_1.0.dsc", signed.replace("Jane", "Joe"));
    let refused = gnupg.run("dscverify", arguments, b"");
    refused.expect_err("dscverify refuses");
}

#[test]
fn gpg_imports_our_keys_and_signs_with_them() {
    for (lifetime, passphrase) in [(Some(100 * 86_400), ""), (None, "correct horse")] {
        let gnupg = Gnupg::new();
        gnupg.file("passphrase", passphrase);
        let at = now();
        let key = create(lifetime, passphrase, at);
        gnupg.gpg("--import", key.armored().as_bytes());
        let list = gnupg.gpg("--with-colons --list-secret-keys", b"");
        let list = String::from_utf8(list).expect("UTF-8");
        let ends = lifetime.map_or(String::new(), |s| (at.unix() + i64::from(s)).to_string());
        for kind in ["sec", "ssb"] {
            let line = list
                .lines()
                .find(|line| line.starts_with(kind))
                .expect("listed");
            let fields: Vec<&str> = line.split(':').collect();
            assert_eq!(fields[5], at.unix().to_string(), "{line}");
            assert_eq!(fields[6], ends, "{line}");
        }
        let signed = gnupg.gpg("--clearsign", TEXT.as_bytes());
        let signed = String::from_utf8(signed).expect("UTF-8");
        let found = keyring(key.certificate())
            .verify_clear(&signed)
            .expect("true");
        assert_eq!(found.plain, PLAIN);
    }
}

#[test]
fn gpgs_signatures_are_verified_whatever_the_algorithm() {
    for algorithm in ["ed25519", "rsa2048", "nistp256"] {
        let gnupg = Gnupg::new();
        gnupg.make_key(algorithm, "1y", now());
        let ring = Keyring::parse(&gnupg.gpg("--armor --export", b"")).expect("keys");
        let clear = gnupg.gpg("--clearsign", TEXT.as_bytes());
        let clear = String::from_utf8(clear).expect("UTF-8");
        let found = ring.verify_clear(&clear).expect(algorithm);
        assert_eq!(found.plain, PLAIN, "{algorithm}");
        assert_eq!(found.by.user_id, "Gina <gina@example.org>");
        for mode in ["--textmode", "--no-textmode", "--armor"] {
            let signature = gnupg.gpg(&format!("{mode} --detach-sign"), TEXT.as_bytes());
            ring.verify_detached(TEXT.as_bytes(), &signature)
                .expect(mode);
            let error = ring.verify_detached(b"other", &signature).expect_err(mode);
            assert!(matches!(error, VerifyError::Bad { .. }), "{mode}: {error}");
        }
        let changed = clear.replace("native", "quilt");
        let error = ring.verify_clear(&changed).expect_err("changed");
        assert!(matches!(error, VerifyError::Bad { .. }), "{error}");
        let limited = gnupg.gpg("--default-sig-expire 2d --detach-sign", b"x");
        let by = ring.verify_detached(b"x", &limited).expect("true");
        by.check_clock(by.made).expect("in time");
        for (days, in_time) in [(-1, false), (1, true), (2, false)] {
            let then = by.made.plus_seconds(days * DAY);
            assert_eq!(by.check_clock(then).is_ok(), in_time, "{days}");
            let at = ring.verify_detached_at(b"x", &limited, then).is_ok();
            assert_eq!(at, days < 2, "{days}");
        }
    }
}

#[test]
fn gpgs_ed25519_keys_sign_in_process_and_rsa_keys_do_not() {
    for (algorithm, passphrase) in [("ed25519", ""), ("ed25519", "secret"), ("rsa2048", "")] {
        let gnupg = Gnupg::new();
        gnupg.file("passphrase", passphrase);
        let fingerprint = gnupg.make_key(algorithm, "1y", now());
        let exported = gnupg.gpg("--armor --export-secret-keys", b"");
        let keys = SecretCertificate::parse_all(&exported).expect("keys");
        let [key] = keys.as_slice() else {
            panic!("one key: {keys:?}")
        };
        assert_eq!(key.certificate().fingerprint(), &fingerprint);
        assert_eq!(key.is_locked(), !passphrase.is_empty());
        let given = Passphrase::new(passphrase);
        if algorithm == "rsa2048" {
            let error = key.unlock(None).expect_err("RSA");
            let text = error.to_string();
            assert!(text.contains("signs with RSA;"), "{text}");
            assert!(text.ends_with(&format!("gpg:{fingerprint}")), "{text}");
            continue;
        }
        if given.is_some() {
            let none = key.unlock(None).expect_err("locked");
            assert!(matches!(none, UnlockError::NoPassphrase { .. }), "{none}");
            let wrong = key
                .unlock(Passphrase::new("wrong").as_ref())
                .expect_err("locked");
            assert!(
                matches!(wrong, UnlockError::WrongPassphrase { .. }),
                "{wrong}"
            );
        }
        let signer = Signer::Key(key.unlock(given.as_ref()).expect("unlocks"));
        let signed = signer.clear_sign(TEXT, now()).expect("signs");
        gnupg.gpg("--verify", signed.as_bytes());
    }
}

#[test]
fn a_stub_of_a_secret_key_is_named_as_such() {
    let gnupg = Gnupg::new();
    let key = create(None, "", now());
    gnupg.gpg("--import", key.armored().as_bytes());
    let subkeys = gnupg.gpg("--export-secret-subkeys", b"");
    let found = SecretCertificate::parse_all(&subkeys).expect("keys");
    let signer = Signer::Key(found[0].unlock(None).expect("the subkey is there"));
    signer.clear_sign(TEXT, now()).expect("signs");

    let fingerprint = gnupg.make_key("ed25519", "1y", now());
    let command = format!("--quick-add-key {fingerprint} cv25519 encr 1y");
    gnupg.gpg(&command, b"");
    let subkeys = gnupg.gpg(&format!("--export-secret-subkeys {fingerprint}"), b"");
    let found = SecretCertificate::parse_all(&subkeys).expect("keys");
    let error = found[0].unlock(None).expect_err("stub");
    assert!(matches!(error, UnlockError::NoSecret { .. }), "{error}");
}

#[test]
fn weak_hashes_prove_nothing() {
    let gnupg = Gnupg::new();
    gnupg.make_key("rsa2048", "1y", now());
    let ring = Keyring::parse(&gnupg.gpg("--export", b"")).expect("keys");
    for hash in ["SHA1", "RIPEMD160"] {
        let command = format!("--allow-weak-digest-algos --digest-algo {hash} --detach-sign");
        let signature = gnupg.gpg(&command, b"x");
        let error = ring.verify_detached(b"x", &signature).expect_err(hash);
        assert!(matches!(error, VerifyError::WeakHash { .. }), "{error}");
        assert!(error.to_string().contains(hash), "{error}");
    }
}

#[test]
fn keys_bound_by_sha1_sign_nothing() {
    let gnupg = Gnupg::new();
    gnupg.file(
        "home/gpg.conf",
        "allow-weak-digest-algos\ncert-digest-algo SHA1\n",
    );
    gnupg.make_key("rsa2048", "1y", now());
    let ring = Keyring::parse(&gnupg.gpg("--export", b"")).expect("keys");
    let certificate = &ring.certificates()[0];
    assert_eq!(certificate.status(now()), Status::NoSigningKey);
    let signature = gnupg.gpg("--digest-algo SHA512 --detach-sign", b"x");
    let error = ring.verify_detached(b"x", &signature).expect_err("unbound");
    assert!(
        matches!(error, VerifyError::NotASigningKey { .. }),
        "{error}"
    );
}

#[test]
fn expired_keys_neither_sign_nor_count() {
    let gnupg = Gnupg::new();
    let made = now().plus_seconds(-30 * DAY);
    let key = create(Some(10 * 86_400), "", made);
    let (before, after) = (made.plus_seconds(DAY), made.plus_seconds(11 * DAY));
    let end = made.plus_seconds(10 * DAY);
    assert_eq!(key.certificate().expires(), Some(end));
    assert_eq!(key.certificate().status(before), Status::Valid);
    assert_eq!(key.certificate().status(end), Status::Expired(end));
    let signer = signer(&key, "");
    let error = signer.ready(after).expect_err("expired");
    assert!(matches!(error, SignError::Expired { .. }), "{error}");
    let early = signer
        .clear_sign(TEXT, made.plus_seconds(-1))
        .expect_err("early");
    assert!(matches!(early, SignError::BeforeKey { .. }), "{early}");

    // While it was valid it signed; then gpg says so and we accept it.
    let signed = signer.clear_sign(TEXT, before).expect("signs");
    keyring(key.certificate())
        .verify_clear(&signed)
        .expect("valid then");
    // Whoever asks about today is told that it counts no more.
    let ring = keyring(key.certificate());
    ring.verify_clear_at(&signed, before).expect("valid then");
    let error = ring.verify_clear_at(&signed, after).expect_err("over");
    assert!(matches!(error, VerifyError::ExpiredSince { .. }), "{error}");
    let detached = signer.detach_sign(b"x", before).expect("signs");
    let error = ring.verify_detached_at(b"x", detached.as_bytes(), after);
    let error = error.expect_err("over");
    assert!(matches!(error, VerifyError::ExpiredSince { .. }), "{error}");
    gnupg.gpg("--import", key.armored().as_bytes());
    let late = format!("--local-user {} --clearsign", signer.fingerprint());
    let refused = gnupg
        .try_gpg(&late, TEXT.as_bytes())
        .expect_err("gpg refuses");
    assert!(refused.contains("Unusable secret key"), "{refused}");
}

#[test]
fn a_signature_made_after_its_keys_end_is_refused() {
    let gnupg = Gnupg::new();
    let made = now().plus_seconds(-30 * DAY);
    let fingerprint = gnupg.make_key("ed25519", "1y", made);
    let signature = gnupg.gpg("--detach-sign", b"x");
    let ring = |gnupg: &Gnupg| Keyring::parse(&gnupg.gpg("--export", b"")).expect("keys");
    ring(&gnupg)
        .verify_detached(b"x", &signature)
        .expect("valid");
    // Shortened afterwards: the new self-signature is the one that counts.
    gnupg.gpg(
        &format!(
            "--faked-system-time {} --quick-set-expire {fingerprint} 2d",
            made.plus_seconds(60).unix()
        ),
        b"",
    );
    let error = ring(&gnupg)
        .verify_detached(b"x", &signature)
        .expect_err("late");
    assert!(matches!(error, VerifyError::KeyExpired { .. }), "{error}");
    let file = gnupg.file("x.sig", &signature);
    let said = gnupg.gpg(
        &format!("--status-fd 1 --verify {} -", file.display()),
        b"x",
    );
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains("EXPKEYSIG"), "{said}");
}

#[test]
fn revoked_keys_neither_sign_nor_count() {
    // Reason 0 (none given) may hide a theft, 3 (retired) does not.
    for (reason, old_counts) in [("0", false), ("3", true)] {
        let gnupg = Gnupg::new();
        let made = now().plus_seconds(-30 * DAY);
        let key = create(None, "", made);
        let signer = signer(&key, "");
        let signed = signer
            .clear_sign(TEXT, made.plus_seconds(DAY))
            .expect("signs");
        gnupg.gpg("--import", key.armored().as_bytes());
        let fingerprint = key.certificate().fingerprint();
        let answers = format!("y\n{reason}\n\ny\n");
        let command = format!("--no-batch --no-tty --command-fd 0 --gen-revoke {fingerprint}");
        let revocation = gnupg.gpg(&command, answers.as_bytes());
        gnupg.gpg("--import", &revocation);
        let revoked = Keyring::parse(&gnupg.gpg("--export", b"")).expect("keys");
        let found = revoked.verify_clear(&signed);
        assert_eq!(found.is_ok(), old_counts, "{reason}: {found:?}");
        if let Err(error) = found {
            assert!(matches!(error, VerifyError::KeyRevoked { .. }), "{error}");
        }
        let exported = gnupg.gpg("--export-secret-keys", b"");
        let exported = SecretCertificate::parse_all(&exported).expect("keys");
        let signer = Signer::Key(exported[0].unlock(None).expect("unlocks"));
        let later = Clock::System.now().plus_seconds(DAY);
        let error = signer.ready(later).expect_err("revoked");
        assert!(matches!(error, SignError::Revoked { .. }), "{error}");
        assert!(matches!(
            revoked.certificates()[0].status(later),
            Status::Revoked(_)
        ));
        gnupg
            .try_gpg("--clearsign", TEXT.as_bytes())
            .expect_err("gpg refuses");
    }
}

#[test]
fn the_users_gpg_signs_for_us() {
    let gnupg = Gnupg::new();
    gnupg.file(
        "home/gpg.conf",
        "pinentry-mode loopback\npassphrase-file passphrase\narmor\n",
    );
    gnupg.file("passphrase", "secret");
    let fingerprint = gnupg.make_key("rsa2048", "1y", now());
    // Tool runs gpg in the current directory, so the file needs a whole path.
    let passphrase = gnupg.dir().join("passphrase");
    let conf = format!(
        "pinentry-mode loopback\npassphrase-file {}\narmor\n",
        passphrase.display()
    );
    gnupg.file("home/gpg.conf", conf);
    let agent = Agent::find(&fingerprint, &gnupg.environment()).expect("found");
    let signer = Signer::Agent(agent);
    let at = now().plus_seconds(30);
    let signed = signer.clear_sign(TEXT, at).expect("signs");
    let found = keyring(signer.certificate())
        .verify_clear(&signed)
        .expect("true");
    assert_eq!((found.plain.as_str(), found.by.made), (PLAIN, at));
    gnupg.gpg("--verify", signed.as_bytes());
    let detached = signer.detach_sign(b"x ", at).expect("signs");
    assert!(detached.starts_with("-----BEGIN PGP SIGNATURE-----\n"));

    gnupg.file("passphrase", "wrong");
    // The agent has the right one in its cache.
    gnupg
        .run("gpgconf", ["--kill", "gpg-agent"], b"")
        .expect("ends");
    let error = signer.clear_sign(TEXT, at).expect_err("wrong passphrase");
    let wrong = matches!(&error, SignError::Agent(AgentError::WrongPassphrase { .. }));
    assert!(wrong, "{error}");

    let other = Gnupg::new();
    let error = Agent::find(&fingerprint, &other.environment()).expect_err("not there");
    assert!(matches!(error, AgentError::Unknown { .. }), "{error}");
    other.gpg("--import", signer.certificate().armored().as_bytes());
    let error = Agent::find(&fingerprint, &other.environment()).expect_err("public only");
    assert!(matches!(error, AgentError::NoSecret { .. }), "{error}");
}

#[test]
fn several_signatures_count_together() {
    let (one, two) = (Gnupg::new(), Gnupg::new());
    let sign = |gnupg: &Gnupg, over: &[u8]| gnupg.gpg("--detach-sign", over);
    let ring = |gnupg: &Gnupg| gnupg.gpg("--export", b"");
    for gnupg in [&one, &two] {
        gnupg.make_key("ed25519", "1y", now());
    }
    let first = Keyring::parse(&ring(&one)).expect("keys");
    let both = Keyring::parse(&[ring(&one), ring(&two)].concat()).expect("keys");
    assert_eq!(both.certificates().len(), 2);
    let armoured = [&one, &two].map(|gnupg| gnupg.gpg("--armor --export", b""));
    let armoured = Keyring::parse(&armoured.concat()).expect("keys");
    assert_eq!(armoured.certificates(), both.certificates());

    let good = [sign(&two, b"x"), sign(&one, b"x")].concat();
    let by = first
        .verify_detached(b"x", &good)
        .expect("one is known and true");
    assert_eq!(&by.fingerprint, first.certificates()[0].fingerprint());
    let mixed = [sign(&one, b"x"), sign(&two, b"y")].concat();
    first
        .verify_detached(b"x", &mixed)
        .expect("the other is unknown");
    let error = both.verify_detached(b"x", &mixed).expect_err("one is bad");
    assert!(matches!(error, VerifyError::Bad { .. }), "{error}");
    let stranger = sign(&two, b"x");
    let error = first.verify_detached(b"x", &stranger).expect_err("unknown");
    let name = both.certificates()[1].fingerprint().to_string();
    assert!(error.to_string().contains(&name), "{error}");
}

#[test]
fn a_revocation_counts_with_any_hash_and_in_any_copy() {
    let gnupg = Gnupg::new();
    let fingerprint = gnupg.make_key("rsa2048", "1y", now());
    let before = gnupg.gpg("--export", b"");
    let signature = gnupg.gpg("--detach-sign", b"x");
    gnupg.file(
        "home/gpg.conf",
        "allow-weak-digest-algos\ncert-digest-algo SHA1\n",
    );
    let command = format!("--no-batch --no-tty --command-fd 0 --gen-revoke {fingerprint}");
    let revocation = gnupg.gpg(&command, b"y\n0\n\ny\n");
    gnupg.gpg("--import", &revocation);
    let after = gnupg.gpg("--export", b"");
    for copies in [vec![&after], vec![&before, &after], vec![&after, &before]] {
        let bytes: Vec<u8> = copies
            .iter()
            .flat_map(|copy| copy.iter().copied())
            .collect();
        let ring = Keyring::parse(&bytes).expect("keys");
        assert_eq!(ring.certificates().len(), 1);
        let error = ring.verify_detached(b"x", &signature).expect_err("revoked");
        assert!(matches!(error, VerifyError::KeyRevoked { .. }), "{error}");
    }
}

#[test]
fn line_ends_that_were_changed_on_the_way_do_no_harm() {
    let gnupg = Gnupg::new();
    let key = create(None, "", now());
    let signed = signer(&key, "").clear_sign(TEXT, now()).expect("signs");
    let changed = signed.replace('\n', "\r\n");
    let found = keyring(key.certificate()).verify_clear(&changed);
    assert_eq!(found.expect("true").plain, PLAIN);
    gnupg.gpg("--import", key.certificate().armored().as_bytes());
    gnupg.gpg("--verify", changed.as_bytes());
}

proptest! {
    #[test]
    fn whatever_is_changed_the_text_is_the_signed_one_or_refused(
        place in any::<prop::sample::Index>(), byte in 0_u8..128, cut in any::<bool>(),
    ) {
        let at = Timestamp::from_unix(1_795_253_400);
        let key = create(None, "", at);
        let text = "a: b\n-c\n";
        let signed = signer(&key, "").clear_sign(text, at).expect("signs");
        let mut bytes = signed.into_bytes();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] = byte;
        }
        let changed = String::from_utf8(bytes).expect("ASCII");
        if let Ok(found) = keyring(key.certificate()).verify_clear(&changed) {
            prop_assert_eq!(found.plain, text);
        }
    }
    #[test]
    fn texts_of_any_length_are_signed_and_verified(
        lines in proptest::collection::vec("[-a]{0,80}", 0..60),
    ) {
        let at = Timestamp::from_unix(1_795_253_400);
        let key = create(None, "", at);
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        let signed = signer(&key, "").clear_sign(&text, at).expect("signs");
        let found = keyring(key.certificate()).verify_clear(&signed).expect("true");
        prop_assert_eq!(found.plain.trim_end(), text.trim_end());
    }
}
