//! The signed texts about a build.

use std::collections::BTreeSet;

use super::{AGAIN, Court, Draft, Says, says};
use crate::model::Fingerprint;
use crate::verify::chain::facts::{Look, Text};
use crate::verify::chain::link::{Link, LinkName, LinkSigner};
use crate::verify::facts::{Content, Origin, Signature};

impl Court<'_> {
    /// Judges what all texts have in common; returns what one says.
    pub(super) fn text<'t>(&self, name: LinkName, text: &'t Text) -> (Draft, Option<&'t Content>) {
        let mut draft = Draft::of(name, text.place.as_str());
        // What cannot be read has no signature to speak of.
        let content = match &text.claim.content {
            Ok(content) => Some(content),
            Err(why) => {
                draft.breaks(
                    "invalid-artifact",
                    format!("it cannot be read: {why}"),
                    AGAIN,
                );
                None
            }
        };
        if content.is_some() || text.claim.signature != Signature::Absent {
            draft.weigh(&text.claim.signature, &self.builders());
        }
        if let Some(content) = content {
            self.lists_package(&mut draft, content);
            self.of_source(&mut draft, content);
        }
        (draft, content)
    }

    pub(super) fn changes(&self, text: &Text) -> Link {
        self.text(LinkName::Changes, text).0.done()
    }

    /// Breaks a link whose file is not the one that an earlier text lists.
    pub(super) fn belongs(&self, draft: &mut Draft, text: &Text, lister: &Look<Text>, must: bool) {
        let Some(lister) = lister.found() else {
            return;
        };
        let Ok(content) = &lister.claim.content else {
            return;
        };
        match says(content, &text.file_name, text.digests.sha256) {
            Says::Same => {}
            Says::Other(listed) => {
                let message = format!(
                    "it has SHA-256 {}, but {} says {listed}",
                    text.digests.sha256, lister.file_name
                );
                draft.breaks("digest-mismatch", message, "find the one of the same build");
            }
            Says::Nothing if must => {
                let message = format!("{} does not list it", lister.file_name);
                draft.breaks("not-listed", message, "find the one of the same build");
            }
            Says::Nothing => {}
        }
    }

    pub(super) fn buildinfo(&self, text: &Text) -> Link {
        let (mut draft, _) = self.text(LinkName::Buildinfo, text);
        self.belongs(&mut draft, text, &self.facts.changes, true);
        draft.done()
    }

    pub(super) fn provenance(&self, text: &Text) -> Link {
        let (mut draft, content) = self.text(LinkName::Provenance, text);
        let Some(content) = content else {
            return draft.done();
        };
        for other in [&self.facts.changes, &self.facts.buildinfo] {
            if let Some(other) = other.found()
                && let Says::Other(listed) = says(content, &other.file_name, other.digests.sha256)
            {
                let message = format!("it lists another {}: SHA-256 {listed}", other.file_name);
                draft.breaks("digest-mismatch", message, "find the one of the same build");
            }
        }
        if let Some(origin) = &content.origin {
            self.origin(&mut draft, origin);
        }
        self.attestations(&mut draft, text, content);
        draft.done()
    }

    /// Breaks provenance that contradicts the tag object that it names.
    pub(super) fn origin(&self, draft: &mut Draft, origin: &Origin) {
        draft
            .link
            .remarks
            .push(format!("builder {}", origin.builder));
        let allowed = &self.policy.isolation;
        let isolation = origin.isolation();
        if !allowed.is_empty() && !isolation.is_some_and(|is| allowed.iter().any(|a| a == is)) {
            let message = match isolation {
                Some(is) => format!("built with isolation “{is}”, which the policy does not allow"),
                None => "it does not say what the build was isolated by".to_owned(),
            };
            let fix = format!("build it again: debcut build --isolation {}", allowed[0]);
            draft.breaks("isolation-not-allowed", message, &fix);
        }
        let Some(tag) = self.facts.tag.found() else {
            return;
        };
        if origin.tag_object.is_none() || tag.object != origin.tag_object {
            return;
        }
        let pairs = [
            ("commit", &origin.commit, &tag.commit.id),
            ("tree", &origin.tree, &tag.commit.tree),
        ];
        for (what, said, is) in pairs {
            if said.as_ref() != Some(is) {
                let said = said.as_deref().unwrap_or("none");
                let message = format!(
                    "it says {what} {said}, but the tag object that it names leads to {is}"
                );
                draft.breaks(
                    "other-commit",
                    message,
                    "do not use it: it was not built from that tag",
                );
                return;
            }
        }
    }

    /// Names everybody who attests the package, and counts them.
    pub(super) fn attestations(&self, draft: &mut Draft, text: &Text, content: &Content) {
        let allowed = self.builders();
        let package = self.facts.package.found();
        let of_package = |content: &Content| {
            package.is_none_or(|package| {
                let digest = package.digests.sha256;
                content.listed.iter().any(|listed| listed.sha256 == digest)
            })
        };
        let mut counted: BTreeSet<&Fingerprint> = BTreeSet::new();
        let own = text
            .claim
            .signature
            .signer()
            .filter(|_| of_package(content));
        counted.extend(own.map(|signer| &signer.fingerprint));
        for further in &content.further {
            let line = format!("line {}", further.line);
            match (&further.signature, &further.content) {
                (Signature::Good(signer), Ok(said)) if of_package(said) => {
                    draft.link.signers.push(LinkSigner {
                        signer: signer.clone(),
                        signed: Some(line),
                    });
                    counted.insert(&signer.fingerprint);
                }
                (Signature::Good(_), Ok(_)) => {
                    let remark = format!("its attestation in {line} is not about this package");
                    draft.link.remarks.push(remark);
                }
                (Signature::Bad { why } | Signature::Refused { why }, _) | (_, Err(why)) => {
                    let message = format!("its attestation in {line} is not accepted: {why}");
                    draft.breaks("bad-attestation", message, "take that line out");
                }
                (Signature::Unknown { key }, _) => {
                    let remark = format!("{line} does not count: key {key} is not in the keyring");
                    draft.link.remarks.push(remark);
                }
                (Signature::Absent, _) => {
                    let remark = format!("{line} does not count: it is not signed");
                    draft.link.remarks.push(remark);
                }
            }
        }
        let counted = counted
            .into_iter()
            .filter(|key| allowed.allows(key))
            .count();
        let wanted = self.policy.attestations as usize;
        if counted < wanted {
            let message =
                format!("{counted} of {wanted} builders that the policy demands attest it");
            draft.breaks(
                "too-few-attestations",
                message,
                "let somebody else build it: debcut attest",
            );
        }
    }
}
