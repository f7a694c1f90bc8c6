//! [`Facts`] → [`Chain`], purely.

mod package;
mod tag;
mod texts;

use super::facts::{Cause, Facts, Look};
use super::link::{Chain, Link, LinkName, LinkSigner, State};
use super::policy::Policy;
use crate::model::{Finding, Fingerprint, Sha256};
use crate::verify::facts::{Content, Listed, Signature};

/// Judges a walk that ends with `until`.
pub fn judge(facts: &Facts, policy: &Policy, until: LinkName) -> Chain {
    let court = Court { facts, policy };
    let names = LinkName::ALL.into_iter().filter(|name| *name <= until);
    Chain {
        asked: facts.asked.clone(),
        links: names.filter_map(|name| court.link(name)).collect(),
    }
}

struct Court<'a> {
    facts: &'a Facts,
    policy: &'a Policy,
}

/// A link while it is judged.
struct Draft {
    link: Link,
    reasons: Vec<Finding>,
}

impl Draft {
    fn of(name: LinkName, subject: impl Into<String>) -> Self {
        let link = Link {
            name,
            subject: subject.into(),
            state: State::Holds,
            signers: Vec::new(),
            remarks: Vec::new(),
        };
        let reasons = Vec::new();
        Self { link, reasons }
    }

    fn breaks(&mut self, rule: &'static str, message: impl Into<String>, fix: &str) {
        let finding = Finding::error(rule, self.link.subject.as_str(), message);
        self.reasons.push(finding.fix(fix));
    }

    /// Weighs a signature: one that counts names its signer.
    fn weigh(&mut self, signature: &Signature, allowed: &Allowed<'_>) {
        match signature {
            Signature::Good(signer) => {
                self.link.signers.push(LinkSigner {
                    signer: signer.clone(),
                    signed: None,
                });
                if let Some(since) = &signer.since {
                    let remark = format!("its key {} {since}", signer.fingerprint);
                    self.link.remarks.push(remark);
                }
                if !allowed.allows(&signer.fingerprint) {
                    let message = format!(
                        "signed by {} ({}), which {} does not allow",
                        signer.fingerprint, signer.user_id, allowed.list
                    );
                    let fix = format!("have it done with an allowed key, or add it to {}", allowed.list);
                    self.breaks(allowed.rule, message, &fix);
                }
            }
            Signature::Absent => self.breaks("unsigned", "it is not signed", "sign it, or fetch the signed one"),
            Signature::Unknown { key } => self.breaks(
                "unknown-signer",
                format!("signed by key {key}, which is not in the keyring"),
                "if the key is the right one: debcut key import FILE keeps it, --keyring FILE takes it once",
            ),
            Signature::Bad { why } => self.breaks("bad-signature", why.clone(), AGAIN),
            Signature::Refused { why } => {
                self.breaks("signature-not-accepted", why.clone(), AGAIN);
            }
        }
    }

    fn done(mut self) -> Link {
        if !self.reasons.is_empty() {
            self.link.state = State::Broken(self.reasons);
        }
        self.link
    }
}

const AGAIN: &str = "do not use it; fetch it again from whoever published it";

/// Which keys a policy allows for a link.
struct Allowed<'a> {
    keys: &'a [Fingerprint],
    list: &'static str,
    rule: &'static str,
}

impl Allowed<'_> {
    fn allows(&self, key: &Fingerprint) -> bool {
        self.keys.is_empty() || self.keys.contains(key)
    }
}

/// What a text says of a file of this name and digest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nothing.
    Nothing,
    /// It lists it.
    Same,
    /// It lists another one under its name.
    Other(Sha256),
}

fn says(content: &Content, name: &str, digest: Sha256) -> Says {
    let named = |listed: &&Listed| listed.name == name;
    match content.listed.iter().find(named) {
        Some(listed) if listed.sha256 == digest => Says::Same,
        Some(listed) => Says::Other(listed.sha256),
        None => Says::Nothing,
    }
}
impl Court<'_> {
    fn link(&self, name: LinkName) -> Option<Link> {
        let facts = self.facts;
        let missing = |why: &str, cause: &Cause| {
            let mut link = Draft::of(name, facts.asked.as_str()).link;
            link.state = State::Unchecked(why.to_owned(), cause.clone());
            Some(link)
        };
        macro_rules! found {
            ($look:expr, $judge:expr) => {
                match &$look {
                    Look::NotAsked => None,
                    Look::Missing(why, cause) => missing(why, cause),
                    Look::Found(found) => Some($judge(found)),
                }
            };
        }
        match name {
            LinkName::Installed => found!(facts.installed, |found| self.installed(found)),
            LinkName::Package => found!(facts.package, |found| self.package(found)),
            LinkName::Archive => found!(facts.archive, |found| self.archive(found)),
            LinkName::Changes => found!(facts.changes, |found| self.changes(found)),
            LinkName::Buildinfo => found!(facts.buildinfo, |found| self.buildinfo(found)),
            LinkName::Provenance => found!(facts.provenance, |found| self.provenance(found)),
            LinkName::Tag => found!(facts.tag, |found| self.tag(found)),
            LinkName::Commit => match &facts.tag {
                Look::Found(found) => self.commit(found),
                Look::NotAsked => None,
                // It is the tag that leads to it.
                Look::Missing(why, _) => missing(why, &Cause::Follows(LinkName::Tag)),
            },
        }
    }

    fn builders(&self) -> Allowed<'_> {
        Allowed {
            keys: &self.policy.build_keys,
            list: "build-keys",
            rule: "builder-not-allowed",
        }
    }
}
