use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::sys::openpgp::{Certificate, NewKey, SecretCertificate, Signer};

const ROLLOUT: &str = "hello_1.2-1";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_795_253_400 + seconds)
}

fn key(seed: u64, lifetime_seconds: Option<u32>) -> SecretCertificate {
    let new = NewKey {
        name: format!("Key {seed}"),
        email: "x@example.org".to_owned(),
        lifetime_seconds: lifetime_seconds.and_then(std::num::NonZero::new),
        passphrase: None,
    };
    SecretCertificate::create(&new, at(-100), StdRng::seed_from_u64(seed)).expect("makes")
}

fn ring(keys: &[&SecretCertificate]) -> Keyring {
    let certificates: Vec<Certificate> = keys.iter().map(|k| k.certificate().clone()).collect();
    Keyring::new(certificates)
}

fn signed(key: &SecretCertificate, text: &str, when: Timestamp) -> String {
    let unlocked = key.clone().unlock(None).expect("it is not locked");
    let signer = Signer::Key(unlocked);
    signer.clear_sign(text, when).expect("signs")
}

fn request() -> String {
    "ab".repeat(32)
}

fn statement(when: Timestamp) -> Statement {
    Statement {
        rollout: ROLLOUT.to_owned(),
        request: request(),
        at: when,
    }
}

fn needed(keys: &[&SecretCertificate]) -> Approval {
    let name = |key: &&SecretCertificate| key.certificate().fingerprint().clone();
    Approval::Needed {
        count: 1,
        keys: keys.iter().map(name).collect(),
    }
}

#[test]
fn who_may_approve_approves_one_request_of_one_rollout() {
    let (ada, bob, brief) = (key(1, None), key(2, None), key(3, Some(200)));
    let known = ring(&[&ada, &bob, &brief]);
    let good = signed(&ada, &statement(at(0)).text(), at(0));
    let other = Statement {
        request: "cd".repeat(32),
        ..statement(at(0))
    };
    let elsewhere = Statement {
        rollout: "hello_1.2-1_2".to_owned(),
        ..statement(at(0))
    };
    let more = format!("{}Request: {}\n", statement(at(0)).text(), "cd".repeat(32));
    let in_brief = signed(&brief, &statement(at(0)).text(), at(0));
    let cases = [
        ("good", good.clone(), needed(&[&ada]), at(1), ""),
        ("any known", good.clone(), needed(&[]), at(1), ""),
        (
            "nobody in the policy",
            good.clone(),
            needed(&[&bob]),
            at(1),
            "none of those that may approve",
        ),
        (
            "tampered",
            good.replace("abab", "abcd"),
            needed(&[&ada]),
            at(1),
            "does not match the content",
        ),
        (
            "another request",
            signed(&ada, &other.text(), at(0)),
            needed(&[&ada]),
            at(1),
            "it approves the request cdcd",
        ),
        (
            "another rollout",
            signed(&ada, &elsewhere.text(), at(0)),
            needed(&[&ada]),
            at(1),
            "it approves the rollout hello_1.2-1_2",
        ),
        (
            "more than one request",
            signed(&ada, &more, at(0)),
            needed(&[&ada]),
            at(1),
            "more than four lines",
        ),
        (
            "some other text",
            signed(&ada, "Lunch at noon.\n", at(0)),
            needed(&[&ada]),
            at(1),
            "does not begin with",
        ),
        (
            "unknown key",
            signed(&key(4, None), &statement(at(0)).text(), at(0)),
            needed(&[]),
            at(1),
            "which is not in the keyring",
        ),
        ("brief, in time", in_brief.clone(), needed(&[]), at(50), ""),
        (
            "brief, too late",
            in_brief,
            needed(&[]),
            at(150),
            "which has expired on",
        ),
        (
            "from the future",
            good.clone(),
            needed(&[&ada]),
            at(-1),
            "but the clock says",
        ),
        (
            "dated ahead",
            signed(&ada, &statement(at(500)).text(), at(0)),
            needed(&[&ada]),
            at(1),
            "it is dated",
        ),
        (
            "not signed",
            statement(at(0)).text(),
            needed(&[]),
            at(1),
            "not a signed text",
        ),
    ];
    for (case, text, policy, now, want) in cases {
        let found = judge(&text, &known, ROLLOUT, &request(), &policy, now);
        let said = match &found {
            Ok(_) => String::new(),
            Err(error) => crate::model::finding::with_causes(error),
        };
        assert_eq!(said.is_empty(), want.is_empty(), "{case}: {said}");
        assert!(said.contains(want), "{case}: {said}");
    }
}

#[test]
fn statements_are_read_as_they_are_written() {
    let written = statement(at(0));
    assert_eq!(Statement::parse(&written.text()).ok(), Some(written));
}
