//! The package as it is installed, as a file, and as a suite lists it.

use super::{AGAIN, Allowed, Court, Draft, Says, says};
use crate::model::Sha256;
use crate::verify::chain::facts::{Archived, Installed, Package};
use crate::verify::chain::link::{Link, LinkName};
use crate::verify::facts::Content;

impl Court<'_> {
    pub(super) fn installed(&self, found: &Installed) -> Link {
        let subject = format!("{} {}", self.facts.asked, found.version);
        let mut draft = Draft::of(LinkName::Installed, subject);
        if let Some(Ok(control)) = self.facts.package.found().map(|p| &p.control) {
            let here = (&found.version, &found.architecture);
            if here != (&control.version, &control.architecture) {
                let message = format!(
                    "{} for {} is installed, the package is {} for {}",
                    found.version, found.architecture, control.version, control.architecture
                );
                draft.breaks(
                    "other-version-installed",
                    message,
                    "install that version, or name another suite",
                );
            }
        }
        for (rule, what, list) in [
            (
                "installed-files-differ",
                "installed files are not the package's",
                &found.differing,
            ),
            (
                "maintainer-scripts-differ",
                "what dpkg keeps of it, and runs as root, is not the package's",
                &found.scripts,
            ),
        ] {
            if let [first, rest @ ..] = &list[..] {
                let more = match rest.len() {
                    0 => String::new(),
                    more => format!(", and {more} more"),
                };
                let message = format!("{what}: {first}{more}");
                let fix = "find out who changed them; install it again";
                draft.breaks(rule, message, fix);
            }
        }
        draft
            .link
            .remarks
            .push(format!("{} files compared", found.compared));
        draft.link.remarks.extend(found.allowed.iter().cloned());
        draft.done()
    }

    /// What each text says of the package, as far as they were found.
    pub(super) fn lists(&self, package: &Package) -> Vec<(LinkName, Says)> {
        let digest = package.digests.sha256;
        let mut lists = Vec::new();
        if let Some(Ok((listed, _))) = self.facts.archive.found().map(|a| &a.listed) {
            let says = match *listed == digest {
                true => Says::Same,
                false => Says::Other(*listed),
            };
            lists.push((LinkName::Archive, says));
        }
        for (name, text) in [
            (LinkName::Changes, &self.facts.changes),
            (LinkName::Buildinfo, &self.facts.buildinfo),
            (LinkName::Provenance, &self.facts.provenance),
        ] {
            if let Some(Ok(content)) = text.found().map(|text| &text.claim.content) {
                lists.push((name, says(content, &package.file_name, digest)));
            }
        }
        lists
    }

    /// Tells whether the package itself is the odd one out: texts list another
    /// one of its name and none lists it.
    pub(super) fn accused(&self, package: &Package) -> Option<(LinkName, Sha256)> {
        let lists = self.lists(package);
        if lists.iter().any(|(_, says)| *says == Says::Same) {
            return None;
        }
        lists.into_iter().find_map(|(name, says)| match says {
            Says::Other(listed) => Some((name, listed)),
            _ => None,
        })
    }

    pub(super) fn package(&self, package: &Package) -> Link {
        let mut draft = Draft::of(LinkName::Package, package.place.as_str());
        match &package.control {
            Err(why) => draft.breaks(
                "unsound-package",
                format!("no package to install: {why}"),
                AGAIN,
            ),
            Ok(control) => {
                let what = format!(
                    "{} {} for {}",
                    control.name, control.version, control.architecture
                );
                draft.link.remarks.push(what);
            }
        }
        let sha256 = package.digests.sha256;
        match self.accused(package) {
            Some((by, listed)) => {
                let by = by.as_str();
                let message = format!("it has SHA-256 {sha256}, but the {by} says {listed}");
                draft.breaks("digest-mismatch", message, AGAIN);
            }
            None => draft.link.remarks.push(format!("SHA-256 {sha256}")),
        }
        for other in &self.facts.others {
            draft.breaks(
                "artifact-differs",
                format!("{other} has its name and version, and is another package"),
                "find out which is right; take the other away",
            );
        }
        draft.done()
    }

    /// Breaks a link whose text is about another source than the package: a
    /// build makes no packages but its own source's, and no other version's.
    pub(super) fn of_source(&self, draft: &mut Draft, content: &Content) {
        let control = self.facts.package.found();
        let control = control.and_then(|package| package.control.as_ref().ok());
        let (Some(control), Some(said)) = (control, &content.source) else {
            return;
        };
        if (&control.source, &control.source_version) != (&said.name, &said.version) {
            let message = format!(
                "it is about the source {said}, but the package says it is of {} {}",
                control.source, control.source_version
            );
            draft.breaks(
                "other-source",
                message,
                "do not install it; tell who built it",
            );
        }
    }

    /// Breaks a link whose text lists something else than the package, unless
    /// it is the package that is wrong.
    pub(super) fn lists_package(&self, draft: &mut Draft, content: &Content) {
        let Some(package) = self.facts.package.found() else {
            return;
        };
        if self.accused(package).is_some() {
            return;
        }
        match says(content, &package.file_name, package.digests.sha256) {
            Says::Same => {}
            Says::Nothing => {
                let message = format!("it does not list {}", package.file_name);
                draft.breaks("not-listed", message, "find the one of the same build");
            }
            Says::Other(listed) => {
                let message = format!("it lists another {}: SHA-256 {listed}", package.file_name);
                draft.breaks("digest-mismatch", message, "find the one of the same build");
            }
        }
    }

    pub(super) fn archive(&self, found: &Archived) -> Link {
        let mut draft = Draft::of(LinkName::Archive, found.place.as_str());
        draft.weigh(
            &found.signature,
            &Allowed {
                keys: &self.policy.publish_keys,
                list: "publish-keys",
                rule: "publisher-not-allowed",
            },
        );
        // apt is stricter about a suite than whoever looks at an old build.
        if let Some((signer, since)) =
            (found.signature.signer()).and_then(|signer| Some((signer, signer.since.as_ref()?)))
        {
            let message = format!("signed by {}, which {since}", signer.fingerprint);
            let fix = "the archive must be signed again with a valid key";
            draft.breaks("key-expired", message, fix);
        }
        if let Some(until) = found.outdated {
            let message = format!("it was valid until {until}, and apt refuses it since");
            draft.breaks("release-expired", message, "publish the suite again");
        }
        match (&found.listed, self.facts.package.found()) {
            (Err(why), _) => {
                draft.breaks("not-in-archive", why.clone(), "run debcut archive check")
            }
            (Ok((listed, _)), Some(package)) => {
                let differs = *listed != package.digests.sha256;
                if differs && self.accused(package).is_none() {
                    let message =
                        format!("it lists another {}: SHA-256 {listed}", package.file_name);
                    draft.breaks(
                        "digest-mismatch",
                        message,
                        "do not install from it; tell its owner",
                    );
                }
            }
            (Ok(_), None) => {}
        }
        draft.done()
    }
}
