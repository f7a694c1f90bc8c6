//! The bytes of a text → what it claims, and whose signature it carries.

use std::error::Error;

use super::facts::{Claim, Content, Further, Listed, Origin, Signature, Signer, SourceNamed};
use super::kind::Kind;
use crate::build::product::PLAN_DIGEST;
use crate::format::buildinfo::Buildinfo;
use crate::format::changes::Changes;
use crate::format::checksums::{FileName, ListedFile, parse_sums};
use crate::format::dsc::Dsc;
use crate::format::release::Release;
use crate::format::statement::{Envelope, Statement};
use crate::format::version::Version;
use crate::keys::attestation::{self, VerifyAttestationError};
use crate::model::finding::with_causes;
use crate::model::{PackageName, Sha256, TagName, Timestamp};
use crate::sys::openpgp::{Keyring, SignedBy, Status, VerifyError, text_of};

#[cfg(test)]
mod tests;

/// Reads texts as somebody who has these keys now.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The certificates.
    pub keyring: &'a Keyring,
    /// The present moment.
    pub now: Timestamp,
}

impl Reader<'_> {
    /// Reads a text of this kind. `companion` is the other half of a suite's
    /// detached signature: of a `Release` the `Release.gpg`, and the reverse.
    pub fn read(&self, kind: Kind, bytes: &[u8], companion: Option<&[u8]>) -> Claim {
        match kind {
            Kind::ReleaseSignature => self.release_signature(bytes, companion),
            Kind::Release => Claim {
                signature: companion.map_or(Signature::Absent, |signature| {
                    self.signature(self.keyring.verify_detached(bytes, signature))
                }),
                content: suite(bytes),
            },
            _ => match std::str::from_utf8(bytes) {
                Ok(text) if kind == Kind::Provenance => self.provenance(text),
                Ok(text) if kind == Kind::Sums => Claim {
                    signature: Signature::Absent,
                    content: sums(text),
                },
                Ok(text) => self.clear_signed(kind, text),
                Err(error) => Claim {
                    signature: Signature::Absent,
                    content: Err(format!("not UTF-8 at byte {}", error.valid_up_to())),
                },
            },
        }
    }

    /// Weighs a detached signature over bytes.
    pub fn detached(&self, bytes: &[u8], signature: &[u8]) -> Signature {
        self.signature(self.keyring.verify_detached(bytes, signature))
    }

    fn clear_signed(&self, kind: Kind, text: &str) -> Claim {
        // Also where the frame does not start the text: what stands before it
        // was signed by nobody, and the reader of the frame says so.
        if !text.contains("-----BEGIN PGP SIGNED MESSAGE-----") {
            return Claim {
                signature: Signature::Absent,
                content: control_file(kind, text),
            };
        }
        match self.keyring.verify_clear(text) {
            Ok(verified) => Claim {
                content: control_file(kind, &verified.plain),
                signature: self.signature(Ok(verified.by)),
            },
            Err(error) => Claim {
                signature: self.signature(Err(error)),
                content: text_of(text)
                    .map_err(|error| error.to_string())
                    .and_then(|plain| control_file(kind, &plain)),
            },
        }
    }

    /// Reads a file of attestations: the first says where a build came from,
    /// the others that somebody else came to the same.
    fn provenance(&self, text: &str) -> Claim {
        let envelopes = attestation::envelopes(text);
        let mut claims = envelopes.into_iter().map(|text| self.attestation(text));
        let mut first = claims.next().unwrap_or_else(|| self.attestation(text));
        let further: Vec<_> = claims
            .enumerate()
            .map(|(at, claim)| Further {
                line: at + 2,
                signature: claim.signature,
                content: claim.content,
            })
            .collect();
        if let Ok(content) = &mut first.content {
            content.further = further;
        }
        first
    }

    fn attestation(&self, text: &str) -> Claim {
        match attestation::verify(text, self.keyring) {
            Ok(attested) => Claim {
                signature: self.signature(Ok(attested.by)),
                content: statement(&attested.statement),
            },
            Err(error) => {
                let envelope = Envelope::parse(text).and_then(|envelope| envelope.statement());
                Claim {
                    content: envelope.map_err(|e| chain(&e)).and_then(|s| statement(&s)),
                    signature: match error {
                        VerifyAttestationError::Signature(error) => self.signature(Err(error)),
                        VerifyAttestationError::Undated => {
                            Signature::Refused { why: chain(&error) }
                        }
                        VerifyAttestationError::Unsigned | VerifyAttestationError::Statement(_) => {
                            Signature::Absent
                        }
                    },
                }
            }
        }
    }

    fn release_signature(&self, bytes: &[u8], release: Option<&[u8]>) -> Claim {
        let Some(release) = release else {
            return Claim {
                signature: Signature::Absent,
                content: Err("there is no Release beside it that it could sign".to_owned()),
            };
        };
        Claim {
            signature: self.signature(self.keyring.verify_detached(release, bytes)),
            content: Ok(Content {
                about: Some("signature of Release".to_owned()),
                ..Content::default()
            }),
        }
    }

    fn signature(&self, found: Result<SignedBy, VerifyError>) -> Signature {
        let found = found.and_then(|by| by.check_clock(self.now).map(|()| by));
        match found {
            Ok(by) => Signature::Good(self.signer(by)),
            Err(VerifyError::UnknownKey { key }) => Signature::Unknown {
                // Envelopes write fingerprints in lower case.
                key: shown(&key).to_ascii_uppercase(),
            },
            Err(
                error @ (VerifyError::Bad { .. }
                | VerifyError::Text(_)
                | VerifyError::Packets(_)
                | VerifyError::Kind { .. }
                | VerifyError::None),
            ) => Signature::Bad { why: chain(&error) },
            Err(error) => Signature::Refused { why: chain(&error) },
        }
    }

    fn signer(&self, by: SignedBy) -> Signer {
        let certificate = self
            .keyring
            .owner(&by.signing_key)
            .map(|(certificate, _)| certificate);
        let since = certificate.and_then(|certificate| match certificate.status(self.now) {
            Status::Expired(end) => Some(format!("expired on {end}")),
            Status::Revoked(moment) => Some(format!("was retired on {moment}")),
            Status::Valid | Status::NotYet(_) | Status::NoSigningKey => None,
        });
        Signer {
            user_id: shown(&by.user_id),
            fingerprint: by.fingerprint,
            signing_key: by.signing_key,
            time: by.made,
            since,
        }
    }
}

fn control_file(kind: Kind, plain: &str) -> Result<Content, String> {
    let bytes = plain.as_bytes();
    let of = |about: String, source: (&PackageName, &Version), files: Vec<ListedFile>| Content {
        about: Some(about),
        source: Some(SourceNamed {
            name: source.0.to_string(),
            version: source.1.to_string(),
        }),
        listed: files.into_iter().map(Listed::from).collect(),
        ..Content::default()
    };
    match kind {
        Kind::Dsc => Dsc::parse(bytes).map_err(|e| chain(&e)).map(|dsc| {
            let about = format!("source package {} {}", dsc.source, dsc.version);
            of(about, (&dsc.source, &dsc.version), dsc.files)
        }),
        Kind::Changes => Changes::parse(bytes).map_err(|e| chain(&e)).map(|changes| {
            let suites: Vec<_> = changes.distributions.iter().map(|s| s.as_str()).collect();
            let (source, version, to) = (&changes.source, &changes.version, suites.join(", "));
            let files = changes.files.into_iter().map(|file| file.file);
            of(
                format!("upload of {source} {version} to {to}"),
                (&changes.source, &changes.source_version),
                files.collect(),
            )
        }),
        Kind::Buildinfo => Buildinfo::parse(bytes).map_err(|e| chain(&e)).map(|built| {
            let Buildinfo {
                source,
                version,
                build_architecture,
                ..
            } = &built;
            let about = format!("build of {source} {version} on {build_architecture}");
            of(about, (&built.source, &built.source_version), built.files)
        }),
        _ => suite(bytes),
    }
}

fn suite(bytes: &[u8]) -> Result<Content, String> {
    let release = Release::parse(bytes).map_err(|error| chain(&error))?;
    let listed = release.files.into_iter().map(|(name, file)| Listed {
        name,
        sha256: file.sha256,
        size: Some(file.size),
        md5: String::new(),
        sha1: String::new(),
    });
    Ok(Content {
        about: Some(match &release.suite {
            Some(suite) => format!("suite {suite} of {}", release.date),
            None => format!("a suite of {}", release.date),
        }),
        listed: listed.collect(),
        valid_until: release.valid_until,
        ..Content::default()
    })
}

fn sums(text: &str) -> Result<Content, String> {
    let sums = parse_sums(text).map_err(|error| chain(&error))?;
    if sums.is_empty() {
        return Err("it lists nothing".to_owned());
    }
    Ok(Content {
        listed: sums
            .into_iter()
            .map(|(name, sha256)| Listed::by_sha256(name, sha256))
            .collect(),
        ..Content::default()
    })
}

/// Takes of a statement what can be shown as it stands: names, identifiers and
/// digests of their forms, a builder without control characters.
fn statement(statement: &Statement) -> Result<Content, String> {
    let mut listed = Vec::new();
    for subject in &statement.subjects {
        let name = FileName::new(&subject.name).map_err(|error| chain(&error))?;
        listed.push(Listed::by_sha256(name, subject.sha256));
    }
    let definition = &statement.provenance.build_definition;
    let object = |name: &str, kind: &str| {
        let mut resources = definition.resolved_dependencies.iter();
        let found = resources.find(|resource| resource.name.as_deref() == Some(name))?;
        let id = found.digest.get(kind)?;
        let hex = id.bytes().all(|b| b.is_ascii_hexdigit());
        (hex && matches!(id.len(), 40 | 64)).then(|| id.clone())
    };
    let parameter = |name: &str| definition.external_parameters.get(name)?.as_str();
    let plan = definition.internal_parameters.get(PLAN_DIGEST);
    let plan = plan.and_then(|value| value.as_str()?.parse::<Sha256>().ok());
    let details = &statement.provenance.run_details;
    let tag = parameter("tag").and_then(|tag| TagName::new(tag).ok());
    let about = match (parameter("package"), parameter("version")) {
        (Some(package), Some(version)) => Some(shown(&format!("build of {package} {version}"))),
        _ => None,
    };
    let source = parameter("package").zip(parameter("version"));
    let planned = definition.internal_parameters.get("plan");
    let entry = planned.and_then(|plan| plan.get("entry"));
    // The binaries of a rebuild have another version than their source.
    let rebuilt = entry.filter(|entry| entry["place"] == "binaries");
    let rebuilt = rebuilt.and_then(|entry| entry["source_version"].as_str());
    let source = source.map(|(name, version)| SourceNamed {
        name: shown(name),
        version: shown(rebuilt.unwrap_or(version)),
    });
    Ok(Content {
        about,
        source,
        listed,
        origin: Some(Origin {
            commit: object("commit", "gitCommit"),
            tag_object: (tag.as_ref())
                .and_then(|tag| object(&format!("refs/tags/{tag}"), "gitTag")),
            tree: object("tree", "gitTree"),
            tag: tag.map(|tag| tag.to_string()),
            builder: shown(&details.builder.id),
            plan_digest: plan.map(|digest| digest.hex()),
            finished: details.metadata.finished_on,
        }),
        ..Content::default()
    })
}

impl From<ListedFile> for Listed {
    fn from(file: ListedFile) -> Self {
        Self {
            name: file.name.to_string(),
            sha256: file.digests.sha256,
            size: Some(file.digests.size),
            md5: file.digests.md5,
            sha1: file.digests.sha1,
        }
    }
}

impl Listed {
    fn by_sha256(name: FileName, sha256: Sha256) -> Self {
        Self {
            name: name.to_string(),
            sha256,
            size: None,
            md5: String::new(),
            sha1: String::new(),
        }
    }
}

/// Tells an error with its causes, fit for a terminal.
pub(super) fn chain(error: &dyn Error) -> String {
    shown(&with_causes(error))
}

/// Takes out of a text that somebody else wrote what could move a terminal's
/// cursor over the verdict.
fn shown(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
