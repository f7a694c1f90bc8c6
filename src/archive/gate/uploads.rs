//! Whose uploads a suite takes.
//!
//! An upload is a `.changes`, or a `.dsc` that none lists, for its own files; its
//! signature speaks for the files that it lists by their digests. Where there is
//! a `.changes`, the signature inside the `.dsc` says nothing: it names no suite,
//! so whoever has an old one could wrap it for another. A suite that names its
//! uploaders takes nothing that none of them signed, a bare `.deb` neither.
//! What is promoted within an archive was uploaded before and is not asked
//! again.

use std::collections::BTreeSet;

use crate::archive::proposal::Proposal;
use crate::model::{Finding, Fingerprint, Sha256};

/// An upload, and who speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file, as it was named.
    pub name: String,
    /// What it is.
    pub form: Form,
    /// Who signed it.
    pub signed: Signed,
    /// The files that it speaks for.
    pub covers: BTreeSet<Sha256>,
}

/// What an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A `.changes`.
    Changes,
    /// A `.dsc`.
    Source,
}

/// Who signed an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// The owner of a certificate that is known here and valid.
    By {
        /// The certificate, named by its primary key.
        certificate: Fingerprint,
        /// The key of it that signed.
        key: Fingerprint,
    },
    /// Somebody whose certificate is not known here, as the reason says.
    Unknown(String),
    /// Somebody, but it does not count, for this reason.
    NotCounted(String),
    /// Nobody.
    Nobody,
}

/// Says why nobody of `uploaders` speaks for a proposal; nothing where anybody
/// may upload.
pub(in crate::archive) fn judge(
    uploads: &[Upload],
    uploaders: &[Fingerprint],
    proposal: &Proposal,
) -> Option<Finding> {
    if uploaders.is_empty() {
        return None;
    }
    // Of a source package it is the .dsc, which lists the others.
    let own = &proposal.incoming.first()?.file;
    let about = || {
        uploads
            .iter()
            .filter(|upload| upload.covers.contains(&own.sha256))
    };
    let is_listed = about().any(|upload| upload.form == Form::Changes);
    let (mut reason, mut is_unknown) = (None, false);
    for upload in about().filter(|upload| !is_listed || upload.form == Form::Changes) {
        is_unknown = matches!(upload.signed, Signed::Unknown(_));
        let (rule, message) = match &upload.signed {
            Signed::By { certificate, key } => {
                if uploaders.contains(certificate) || uploaders.contains(key) {
                    return None;
                }
                let message = format!("it is signed by {certificate}, who is no uploader here");
                ("uploader-not-allowed", message)
            }
            Signed::Unknown(why) | Signed::NotCounted(why) => (
                "uploader-not-verified",
                format!("its signature does not count: {why}"),
            ),
            Signed::Nobody => ("upload-not-signed", "it is not signed".to_owned()),
        };
        reason = Some((rule, upload.name.as_str(), message));
    }
    let nothing = "no signed .changes lists it, and the suite names who may upload";
    let (rule, subject, message) = reason.unwrap_or((
        "upload-not-signed",
        proposal.subject.as_str(),
        nothing.to_owned(),
    ));
    let known: Vec<_> = uploaders.iter().map(Fingerprint::as_str).collect();
    let known = known.join(" or ");
    let fix = match is_unknown {
        true => format!(
            "--keyring FILE gives the certificate, if it is one of {known}; else it is for them \
             to sign"
        ),
        false => format!(
            "offer the .changes of the build, signed by {known} (debsign -k KEY FILE.changes)"
        ),
    };
    Some(Finding::error(rule, subject, message).fix(fix))
}
