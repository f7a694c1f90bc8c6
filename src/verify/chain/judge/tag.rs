//! The tag and its commit.

use super::{Allowed, Court, Draft};
use crate::verify::chain::facts::{Cause, TagFound};
use crate::verify::chain::link::{Link, LinkName, State};
use crate::verify::facts::{Origin, Signature};

impl Court<'_> {
    pub(super) fn named(&self) -> Option<&Origin> {
        let provenance = self.facts.provenance.found()?;
        provenance.claim.content.as_ref().ok()?.origin.as_ref()
    }

    pub(super) fn tag(&self, found: &TagFound) -> Link {
        let mut draft = Draft::of(LinkName::Tag, found.name.as_str());
        let moved = "find out who moved it; do not trust the tag until then";
        let named = self.named();
        if let (Some(origin), Some(object)) = (named, &found.object)
            && let Some(built) = &origin.tag_object
            && built != object
        {
            let message = format!("it was moved: it is {object} now, {built} was built");
            draft.breaks("moved-tag", message, moved);
        }
        match &found.signature {
            _ if found.object.is_none() => {
                draft.breaks(
                    "unsigned",
                    "it is a lightweight tag, which nobody can sign",
                    "make a signed tag: debcut tag",
                );
            }
            Err(why) => {
                // A tag that was moved is broken, whoever signed it.
                if draft.reasons.is_empty() {
                    let fix = "check it as it says, and end the walk before it";
                    let cause = Cause::Remedy(fix.to_owned());
                    draft.link.state = State::Unchecked(why.clone(), cause);
                    return draft.link;
                }
            }
            Ok(signature) => draft.weigh(
                signature,
                &Allowed {
                    keys: &self.policy.tag_keys,
                    list: "tag-keys",
                    rule: "tagger-not-allowed",
                },
            ),
        }
        let commit = named.and_then(|origin| origin.commit.as_ref());
        let no_object = named.is_some_and(|origin| origin.tag_object.is_none());
        if no_object && commit.is_some_and(|commit| *commit != found.commit.id) {
            let message = format!("it leads to {}, another commit was built", found.commit.id);
            draft.breaks("moved-tag", message, moved);
        }
        draft.done()
    }

    pub(super) fn commit(&self, found: &TagFound) -> Option<Link> {
        let commit = &found.commit;
        let mut draft = Draft::of(LinkName::Commit, commit.id.as_str());
        let wanted = self.policy.signed_commits;
        let unsure = |draft: &mut Draft, rule, why: String| match wanted {
            true => draft.breaks(rule, why, "sign commits: git commit -S"),
            false => draft.link.remarks.push(why),
        };
        match &commit.signature {
            Err(why) => unsure(&mut draft, "unchecked-commit", why.clone()),
            Ok(Signature::Absent) => {
                unsure(&mut draft, "unsigned-commit", "it is not signed".into())
            }
            Ok(Signature::Unknown { key }) => {
                let why = format!("signed by key {key}, which is not in the keyring");
                unsure(&mut draft, "unknown-signer", why);
            }
            Ok(signature) => draft.weigh(
                signature,
                &Allowed {
                    keys: &[],
                    list: "",
                    rule: "unsigned-commit",
                },
            ),
        }
        Some(draft.done())
    }
}
