//! Signed statements about builds.
//!
//! A key of ours signs the envelope with the raw Ed25519 key of its signing
//! subkey, as any DSSE tool verifies; the key ID is that subkey's fingerprint
//! in lower case. gpg-agent makes no raw signatures: the envelope then holds a
//! binary OpenPGP signature over the same bytes, and the key ID says
//! `openpgp:FINGERPRINT`. Either way the one OpenPGP certificate verifies it.

mod lines;

pub use lines::{Line, append, envelopes, first, verify_all};

use crate::format::statement::{
    Envelope, EnvelopeSignature, PAYLOAD_TYPE, Statement, StatementError,
};
use crate::model::{Fingerprint, Timestamp};
use crate::sys::ed25519;
use crate::sys::openpgp::{Keyring, SignError, SignedBy, Signer, VerifyError};

/// What marks the signatures that are OpenPGP ones.
const OPENPGP: &str = "openpgp:";

/// Why a statement was not signed.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The key does not sign.
    #[error(transparent)]
    Sign(SignError),
    /// The envelope just made is not true.
    #[error("the attestation just made does not verify")]
    Untrue(#[source] VerifyAttestationError),
}

/// Why an envelope is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyAttestationError {
    /// It is no envelope with a statement of ours.
    #[error("not an attestation")]
    Statement(#[source] StatementError),
    /// It has no signature.
    #[error("the attestation is not signed")]
    Unsigned,
    /// A raw signature has no date, and the statement neither.
    #[error(
        "the statement does not say when the build ended, so nobody can tell whether the key was valid"
    )]
    Undated,
    /// The signature is not accepted.
    #[error("the attestation's signature is not accepted")]
    Signature(#[source] VerifyError),
}

/// A statement whose signature is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// What it says.
    pub statement: Statement,
    /// Who signed it. A raw signature has no date of its own: `made` is then
    /// the end of the build, by the statement's word.
    pub by: SignedBy,
}

/// Signs a statement; the result is one line of JSON with its end.
///
/// The statement must say when the build ended or began, as the moment at which
/// the key has to be valid.
pub fn attest(
    signer: &Signer,
    statement: &Statement,
    now: Timestamp,
) -> Result<String, AttestError> {
    signer.ready(now).map_err(AttestError::Sign)?;
    let mut envelope = Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: statement.to_json().into_bytes(),
        signatures: Vec::new(),
    };
    let bytes = envelope.signed_bytes();
    let signature = match signer {
        Signer::Key(key) => {
            let (name, signature) = key.sign_raw(&bytes, now).expect("ready");
            EnvelopeSignature {
                key_id: name.as_str().to_ascii_lowercase(),
                signature: signature.to_vec(),
            }
        }
        Signer::Agent(_) => EnvelopeSignature {
            key_id: format!("{OPENPGP}{}", signer.fingerprint()),
            signature: signer
                .detach_sign_binary(&bytes, now)
                .map_err(AttestError::Sign)?,
        },
    };
    envelope.signatures.push(signature);
    let line = envelope.to_line();
    let keyring = Keyring::new(vec![signer.certificate().clone()]);
    verify(&line, &keyring).map_err(AttestError::Untrue)?;
    Ok(line)
}

/// Verifies an envelope against a keyring.
///
/// Of several signatures one that is true suffices, as long as none is
/// [`VerifyError::Bad`]; without any, the error is about the first.
pub fn verify(line: &str, keyring: &Keyring) -> Result<Attested, VerifyAttestationError> {
    let envelope = Envelope::parse(line).map_err(VerifyAttestationError::Statement)?;
    let statement = envelope
        .statement()
        .map_err(VerifyAttestationError::Statement)?;
    let bytes = envelope.signed_bytes();
    let (mut by, mut first_error) = (None, None);
    for signature in &envelope.signatures {
        let found = if signature.key_id.starts_with(OPENPGP) {
            let found = keyring.verify_detached(&bytes, &signature.signature);
            found.map_err(VerifyAttestationError::Signature)
        } else {
            raw(signature, &bytes, &statement, keyring)
        };
        match found {
            Ok(found) => by = by.or(Some(found)),
            Err(bad @ VerifyAttestationError::Signature(VerifyError::Bad { .. })) => {
                return Err(bad);
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    match by {
        Some(by) => Ok(Attested { statement, by }),
        None => Err(first_error.unwrap_or(VerifyAttestationError::Unsigned)),
    }
}

fn raw(
    signature: &EnvelopeSignature,
    bytes: &[u8],
    statement: &Statement,
    keyring: &Keyring,
) -> Result<SignedBy, VerifyAttestationError> {
    let refuse = |error| Err(VerifyAttestationError::Signature(error));
    let unknown = || VerifyError::UnknownKey {
        key: signature.key_id.clone(),
    };
    let name = Fingerprint::new(signature.key_id.to_ascii_uppercase());
    let owner = name.as_ref().ok().and_then(|name| keyring.owner(name));
    let Some((certificate, component)) = owner else {
        return refuse(unknown());
    };
    let Some(raw) = component.ed25519 else {
        return refuse(unknown());
    };
    let key = component.fingerprint.clone();
    if !ed25519::verifies(&raw, bytes, &signature.signature) {
        return refuse(VerifyError::Bad { key });
    }
    let times = &statement.provenance.run_details.metadata;
    let made = times.finished_on.or(times.started_on);
    let made = made.ok_or(VerifyAttestationError::Undated)?;
    let credit = certificate.credit(component, made);
    credit.map_err(VerifyAttestationError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::statement::{
        BuildDefinition, Builder, Provenance, RunDetails, RunMetadata, Subject,
    };
    use crate::model::Sha256;
    use crate::sys::clock::Clock;
    use crate::sys::openpgp::gnupg::Gnupg;
    use crate::sys::openpgp::{Agent, NewKey, SecretCertificate};
    use base64::Engine as _;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use std::collections::BTreeMap;

    fn statement(finished_on: Option<Timestamp>) -> Statement {
        Statement {
            subjects: vec![Subject {
                name: "hello_1.0_all.deb".to_owned(),
                sha256: Sha256::of(b"deb"),
            }],
            provenance: Provenance {
                build_definition: BuildDefinition {
                    build_type: "https://example.org/deb/1".to_owned(),
                    external_parameters: BTreeMap::new(),
                    internal_parameters: BTreeMap::new(),
                    resolved_dependencies: Vec::new(),
                },
                run_details: RunDetails {
                    builder: Builder {
                        id: "https://example.org/builder".to_owned(),
                        version: BTreeMap::new(),
                    },
                    metadata: RunMetadata {
                        finished_on,
                        ..RunMetadata::default()
                    },
                },
            },
        }
    }

    fn signer(seed: u64, at: Timestamp) -> Signer {
        let new = NewKey {
            name: "Jane".to_owned(),
            email: "jane@example.org".to_owned(),
            lifetime_seconds: std::num::NonZeroU32::new(86_400),
            passphrase: None,
        };
        let key = SecretCertificate::create(&new, at, StdRng::seed_from_u64(seed));
        Signer::Key(key.expect("makes").unlock(None).expect("opens"))
    }

    fn keyring(signer: &Signer) -> Keyring {
        Keyring::new(vec![signer.certificate().clone()])
    }

    #[test]
    fn openssl_verifies_what_our_key_signs() {
        let now = Timestamp::from_unix(1_795_253_400);
        let signer = signer(1, now);
        let line = attest(&signer, &statement(Some(now)), now).expect("attests");
        let found = verify(&line, &keyring(&signer)).expect("true");
        assert_eq!(found.statement, statement(Some(now)));
        assert_eq!(&found.by.fingerprint, signer.fingerprint());

        let envelope = Envelope::parse(&line).expect("written by us");
        let [signature] = &envelope.signatures[..] else {
            panic!("one signature")
        };
        let name = found.by.signing_key.as_str().to_ascii_lowercase();
        assert_eq!(signature.key_id, name);
        let judge = Gnupg::new();
        let pem = ed25519::attestation_key_pem(signer.certificate(), now).expect("Ed25519");
        judge.file("key.pem", pem);
        judge.file("signature", &signature.signature);
        let arguments = "pkeyutl -verify -pubin -inkey key.pem -rawin -sigfile signature -in bytes";
        for (bytes, good) in [(envelope.signed_bytes(), true), (b"other".to_vec(), false)] {
            judge.file("bytes", bytes);
            let said = judge.run("openssl", arguments.split(' '), b"");
            assert_eq!(said.is_ok(), good, "{said:?}");
        }
    }

    #[test]
    fn gpg_attests_by_a_signature_of_its_own_kind() {
        let gnupg = Gnupg::new();
        let now = Clock::System.now();
        let fingerprint = gnupg.make_key("rsa2048", "1y", now);
        let agent = Agent::find(&fingerprint, &gnupg.environment()).expect("found");
        let signer = Signer::Agent(agent);
        // Its date is the signature's, so the statement needs none.
        let line = attest(&signer, &statement(None), now).expect("attests");
        let found = verify(&line, &keyring(&signer)).expect("true");
        assert_eq!((&found.by.fingerprint, found.by.made), (&fingerprint, now));
        let envelope = Envelope::parse(&line).expect("written by us");
        let signature = &envelope.signatures[0];
        assert_eq!(signature.key_id, format!("openpgp:{fingerprint}"));
        let file = gnupg.file("signature", &signature.signature);
        let command = format!("--verify {} -", file.display());
        gnupg.gpg(&command, &envelope.signed_bytes());
        assert_eq!(
            ed25519::attestation_key_pem(signer.certificate(), now),
            None
        );
    }

    #[test]
    fn what_is_not_true_is_refused() {
        let now = Timestamp::from_unix(1_795_253_400);
        let (jane, joe) = (signer(1, now), signer(2, now));
        let line = attest(&jane, &statement(Some(now)), now).expect("attests");
        let base64 = base64::engine::general_purpose::STANDARD;
        let payload = |from: &str, to: &str| {
            let mut envelope = Envelope::parse(&line).expect("written by us");
            let text = String::from_utf8(envelope.payload).expect("JSON");
            envelope.payload = text.replace(from, to).into_bytes();
            envelope.to_line()
        };
        let late = payload("2026-11-21", "2027-11-21");
        let mut unsigned = Envelope::parse(&line).expect("written by us");
        unsigned.signatures.clear();
        let zero = base64.encode([0; 64]);
        let true_one = Envelope::parse(&line).expect("ours").signatures[0].clone();
        let forged = line.replace(&base64.encode(&true_one.signature), &zero);
        type Check = fn(&VerifyAttestationError) -> bool;
        let bad: Check = |e| {
            matches!(
                e,
                VerifyAttestationError::Signature(VerifyError::Bad { .. })
            )
        };
        let cases: &[(&str, Check)] = &[
            (&payload("hello_1.0", "hello_1.1"), bad),
            (&late, bad),
            (&forged, bad),
            (&unsigned.to_line(), |e| {
                matches!(e, VerifyAttestationError::Unsigned)
            }),
            ("{}", |e| matches!(e, VerifyAttestationError::Statement(_))),
        ];
        for (line, check) in cases {
            let error = verify(line, &keyring(&jane)).expect_err(line);
            assert!(check(&error), "{error}: {line}");
        }
        let error = verify(&line, &keyring(&joe)).expect_err("Joe is not Jane");
        let unknown = VerifyAttestationError::Signature(VerifyError::UnknownKey {
            key: true_one.key_id,
        });
        assert_eq!(format!("{error:?}"), format!("{unknown:?}"));
    }

    #[test]
    fn a_file_holds_the_attestations_of_several() {
        let now = Timestamp::from_unix(1_795_253_400);
        let (jane, joe) = (signer(1, now), signer(2, now));
        let line = |signer| attest(signer, &statement(Some(now)), now).expect("attests");
        let both = append(&line(&jane), &line(&joe));
        assert_eq!(append(&both, &line(&joe)), both, "once is enough");
        assert_eq!(first(&both), line(&jane).trim_end());
        let everybody = Keyring::new(vec![jane.certificate().clone(), joe.certificate().clone()]);
        let by = |keyring: &Keyring| -> Vec<_> {
            let found = verify_all(&both, keyring).into_iter();
            let by = |line: Line| line.attested.ok().map(|attested| attested.by.fingerprint);
            found.map(by).collect()
        };
        let (jane_is, joe_is) = (jane.fingerprint().clone(), joe.fingerprint().clone());
        assert_eq!(by(&everybody), [Some(jane_is), Some(joe_is.clone())]);
        assert_eq!(by(&keyring(&joe)), [None, Some(joe_is)]);
        // Other tools write one envelope over several lines.
        let value: serde_json::Value = serde_json::from_str(&line(&jane)).expect("JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(verify_all(&pretty, &everybody).len(), 1);
    }

    #[test]
    fn the_key_must_be_valid_when_the_build_ends() {
        let made = Timestamp::from_unix(1_795_253_400);
        let signer = signer(1, made);
        type Check = fn(&AttestError) -> bool;
        let untrue: Check =
            |e| matches!(e, AttestError::Untrue(VerifyAttestationError::Signature(_)));
        let cases: &[(Option<i64>, i64, Check)] = &[
            (None, 0, |e| {
                matches!(e, AttestError::Untrue(VerifyAttestationError::Undated))
            }),
            (Some(-1), 0, untrue),
            (Some(86_400), 0, untrue),
            (Some(0), 86_400, |e| {
                matches!(e, AttestError::Sign(SignError::Expired { .. }))
            }),
        ];
        for (ended, now, check) in cases {
            let ended = ended.map(|seconds| made.plus_seconds(seconds));
            let made = attest(&signer, &statement(ended), made.plus_seconds(*now));
            let error = made.expect_err("refused");
            assert!(check(&error), "{ended:?} {now}: {error:?}");
        }
    }
}
