//! Where artifacts came from: in-toto Statements v1 with SLSA provenance v1, in
//! DSSE v1 envelopes.
//!
//! - <https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md>
//! - <https://github.com/in-toto/attestation/blob/v1.0/spec/v1.0/statement.md>
//! - <https://slsa.dev/spec/v1.0/provenance>
//!
//! Holds the values and their bytes; who signs an envelope and whether it is
//! true is said elsewhere. A statement of another kind, or about nothing, is
//! refused; unknown fields are ignored, as the specifications demand. The bytes
//! that were signed are the payload's as they came, never written again.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use crate::model::{Sha256, Timestamp};

/// The payload type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// Why bytes are no envelope, or its payload no statement of ours.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, or not of this form.
    #[error("{what} is not valid")]
    Json {
        /// The envelope or the statement.
        what: &'static str,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A field is not base64.
    #[error("{field} is not base64")]
    Base64 {
        /// The field of the envelope.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: base64::DecodeError,
    },
    /// The envelope holds something else, or the statement says something else.
    #[error("{field} is “{found}”, expected “{expected}”")]
    Type {
        /// `payloadType`, `_type` or `predicateType`.
        field: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
}

/// A payload with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The bytes that are signed, together with their type.
    pub payload: Vec<u8>,
    /// The signatures.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// Which key made it; a hint, empty where there is none.
    pub key_id: String,
    /// Its bytes.
    pub signature: Vec<u8>,
}

impl Envelope {
    /// Reads an envelope, one JSON document; both base64 alphabets are known.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        let wire: WireEnvelope = serde_json::from_str(text).map_err(json("the envelope"))?;
        let signatures = wire.signatures.into_iter().map(|signature| {
            Ok(EnvelopeSignature {
                key_id: signature.keyid,
                signature: decode("sig", &signature.sig)?,
            })
        });
        Ok(Self {
            payload: decode("payload", &wire.payload)?,
            payload_type: wire.payload_type,
            signatures: signatures.collect::<Result<_, _>>()?,
        })
    }

    /// Writes it as one line, ended by LF.
    pub fn to_line(&self) -> String {
        let signatures = self.signatures.iter().map(|signature| WireSignature {
            keyid: signature.key_id.clone(),
            sig: STANDARD.encode(&signature.signature),
        });
        let wire = WireEnvelope {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: signatures.collect(),
        };
        serde_json::to_string(&wire).expect("strings only") + "\n"
    }

    /// Returns the bytes that signatures are made over.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication_encoding(&self.payload_type, &self.payload)
    }

    /// Reads the payload as a statement.
    pub fn statement(&self) -> Result<Statement, StatementError> {
        expect_type("payloadType", &self.payload_type, PAYLOAD_TYPE)?;
        Statement::parse(&self.payload)
    }
}

/// Encodes a payload and its type so that no other pair gives the same bytes.
///
/// ```
/// use debcut::format::statement::pre_authentication_encoding;
/// let found = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
/// assert_eq!(found, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
/// ```
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (types, bytes) = (payload_type.len(), payload.len());
    let mut out = format!("DSSEv1 {types} {payload_type} {bytes} ").into_bytes();
    out.extend_from_slice(payload);
    out
}

/// Says of some artifacts how they were built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The artifacts, by file name and digest.
    pub subjects: Vec<Subject>,
    /// How they were built.
    pub provenance: Provenance,
}

impl Statement {
    /// Reads a statement.
    pub fn parse(json_text: &[u8]) -> Result<Self, StatementError> {
        // The types first: a statement of another kind has another form.
        let kind: WireKind = serde_json::from_slice(json_text).map_err(json("the statement"))?;
        expect_type("_type", &kind.kind, STATEMENT_TYPE)?;
        expect_type("predicateType", &kind.predicate_type, PREDICATE_TYPE)?;
        let wire: WireStatement =
            serde_json::from_slice(json_text).map_err(json("the statement"))?;
        let subjects = wire.subject.into_iter().map(|subject| Subject {
            name: subject.name,
            sha256: subject.digest.sha256,
        });
        Ok(Self {
            subjects: subjects.collect(),
            provenance: wire.predicate,
        })
    }

    /// Writes it as JSON without blanks; the same statement gives the same
    /// bytes.
    pub fn to_json(&self) -> String {
        let subjects = self.subjects.iter().map(|subject| WireSubject {
            name: subject.name.clone(),
            digest: WireDigest {
                sha256: subject.sha256,
            },
        });
        let wire = WireStatement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: subjects.collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: self.provenance.clone(),
        };
        serde_json::to_string(&wire).expect("keys are strings")
    }

    /// Finds the name under which the statement speaks of a file.
    pub fn subject(&self, sha256: &Sha256) -> Option<&str> {
        let mut subjects = self.subjects.iter();
        let found = subjects.find(|subject| subject.sha256 == *sha256)?;
        Some(&found.name)
    }
}

/// An artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its file name.
    pub name: String,
    /// Its digest.
    pub sha256: Sha256,
}

/// The SLSA provenance of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was to be built, and from what.
    pub build_definition: BuildDefinition,
    /// Who built it, and when.
    pub run_details: RunDetails,
}

/// What was to be built, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// A URI that names how to build; it defines the parameters.
    pub build_type: String,
    /// What the user chose.
    #[serde(default)]
    pub external_parameters: BTreeMap<String, serde_json::Value>,
    /// What the builder chose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub internal_parameters: BTreeMap<String, serde_json::Value>,
    /// What went into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<Resource>,
}

/// Something a build used (an in-toto resource descriptor).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resource {
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests by algorithm (`sha256`, `gitCommit`, `gitTag`), in
    /// lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// Who built it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDetails {
    /// Who built it.
    pub builder: Builder,
    /// When, and under which name.
    #[serde(default)]
    pub metadata: RunMetadata,
}

/// Who built it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// A URI that says what may be trusted about it.
    pub id: String,
    /// Versions of its parts, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// When a build ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunMetadata {
    /// The build's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEnvelope {
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireKind {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    predicate_type: String,
    predicate: Provenance,
}

#[derive(Serialize, Deserialize)]
struct WireSubject {
    name: String,
    digest: WireDigest,
}

#[derive(Serialize, Deserialize)]
struct WireDigest {
    sha256: Sha256,
}

fn json(what: &'static str) -> impl FnOnce(serde_json::Error) -> StatementError {
    move |source| StatementError::Json { what, source }
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, StatementError> {
    let standard = STANDARD.decode(text);
    let decoded = standard.or_else(|error| URL_SAFE.decode(text).map_err(|_| error));
    decoded.map_err(|source| StatementError::Base64 { field, source })
}

fn expect_type(
    field: &'static str,
    found: &str,
    expected: &'static str,
) -> Result<(), StatementError> {
    if found == expected {
        return Ok(());
    }
    let found = found.to_owned();
    Err(StatementError::Type {
        field,
        found,
        expected,
    })
}

#[cfg(test)]
mod tests;
