//! [`Facts`] → [`Chain`], purely.

use std::collections::BTreeSet;

use serde::Serialize;

use super::facts::{Facts, Look, Package, Text};
use super::policy::Policy;
use crate::model::{Finding, Fingerprint, Sha256};
use crate::verify::facts::{Content, Listed, Origin, Signature, Signer};

/// The links, in the order of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkName {
    /// The installed files are the package's.
    Installed,
    /// The `.deb` is sound, and what is said of it.
    Package,
    /// A signed suite lists it.
    Archive,
    /// The upload lists it.
    Changes,
    /// What it was built with is signed and belongs to the upload.
    Buildinfo,
    /// Where it came from is signed.
    Provenance,
    /// The tag is the one that was built, and is signed.
    Tag,
    /// The commit.
    Commit,
}

impl LinkName {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::Installed,
        Self::Package,
        Self::Archive,
        Self::Changes,
        Self::Buildinfo,
        Self::Provenance,
        Self::Tag,
        Self::Commit,
    ];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Package => "package",
            Self::Archive => "archive",
            Self::Changes => "changes",
            Self::Buildinfo => "buildinfo",
            Self::Provenance => "provenance",
            Self::Tag => "tag",
            Self::Commit => "commit",
        }
    }
}

/// What is to be said of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Checked and true.
    Holds,
    /// Not true, or not allowed: each reason.
    Broken(Vec<Finding>),
    /// Nobody could check it, and why.
    Unchecked(String),
}

/// Somebody whose accepted signature is on a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkSigner {
    /// Who, and when.
    #[serde(flatten)]
    pub signer: Signer,
    /// What they signed, where that is not the link itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub name: LinkName,
    /// What it is: a file, a suite, a commit.
    pub subject: String,
    /// Whether it holds.
    pub state: State,
    /// Who signed it.
    pub signers: Vec<LinkSigner>,
    /// What is worth knowing and breaks nothing.
    pub remarks: Vec<String>,
}

/// The walk of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// How the user named the package.
    pub asked: String,
    /// The links that are part of it, in order.
    pub links: Vec<Link>,
}

impl Chain {
    /// Returns the first link that breaks.
    pub fn broken(&self) -> Option<LinkName> {
        let mut links = self.links.iter();
        let found = links.find(|link| matches!(link.state, State::Broken(_)));
        found.map(|link| link.name)
    }

    /// Returns the links that nobody could check.
    pub fn unchecked(&self) -> Vec<LinkName> {
        let links = self.links.iter();
        let found = links.filter(|link| matches!(link.state, State::Unchecked(_)));
        found.map(|link| link.name).collect()
    }

    /// Returns what stands against it, in the order of the links.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for link in &self.links {
            match &link.state {
                State::Holds => {}
                State::Broken(reasons) => findings.extend(reasons.iter().cloned()),
                State::Unchecked(why) => findings.push(unchecked(&self.asked, link.name, why)),
            }
        }
        findings
    }
}

fn unchecked(asked: &str, link: LinkName, why: &str) -> Finding {
    let fix = match link {
        LinkName::Installed | LinkName::Package => "name the .deb, or --archive and --suite",
        LinkName::Archive => "name --archive and --suite, or the .deb itself",
        LinkName::Tag | LinkName::Commit => "name the project's clone with --repository DIR",
        LinkName::Changes | LinkName::Buildinfo | LinkName::Provenance => {
            "name the directory that has it with --artifacts DIR"
        }
    };
    let message = format!("the link “{}” was not checked: {why}", link.as_str());
    let fix = format!("{fix}; --until LINK ends the walk earlier");
    Finding::error("not-checked", asked, message).fix(fix)
}

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
        let missing = |subject: String, why: &str| {
            let mut link = Draft::of(name, subject).link;
            link.state = State::Unchecked(why.to_owned());
            Some(link)
        };
        macro_rules! found {
            ($look:expr, $judge:expr) => {
                match &$look {
                    Look::NotAsked => None,
                    Look::Missing(why) => missing(facts.asked.clone(), why),
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
                Look::Missing(why) => missing(facts.asked.clone(), why),
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

    fn installed(&self, found: &super::Installed) -> Link {
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
        if let [first, rest @ ..] = &found.differing[..] {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let message = format!("installed files are not the package's: {first}{more}");
            draft.breaks(
                "installed-files-differ",
                message,
                "find out who changed them; install it again",
            );
        }
        draft
            .link
            .remarks
            .push(format!("{} files compared", found.compared));
        draft.link.remarks.extend(found.allowed.iter().cloned());
        draft.done()
    }

    /// What each text says of the package, as far as they were found.
    fn lists(&self, package: &Package) -> Vec<(LinkName, Says)> {
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
    fn accused(&self, package: &Package) -> Option<(LinkName, Sha256)> {
        let lists = self.lists(package);
        if lists.iter().any(|(_, says)| *says == Says::Same) {
            return None;
        }
        lists.into_iter().find_map(|(name, says)| match says {
            Says::Other(listed) => Some((name, listed)),
            _ => None,
        })
    }

    fn package(&self, package: &Package) -> Link {
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
        draft.done()
    }

    /// Breaks a link whose text lists something else than the package, unless
    /// it is the package that is wrong.
    fn lists_package(&self, draft: &mut Draft, content: &Content) {
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

    /// Breaks a link whose text is about another source than the package: a
    /// build makes no packages but its own source's, and no other version's.
    fn of_source(&self, draft: &mut Draft, content: &Content) {
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

    fn archive(&self, found: &super::Archived) -> Link {
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

    /// Judges what all texts have in common; returns what one says.
    fn text<'t>(&self, name: LinkName, text: &'t Text) -> (Draft, Option<&'t Content>) {
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

    fn changes(&self, text: &Text) -> Link {
        self.text(LinkName::Changes, text).0.done()
    }

    /// Breaks a link whose file is not the one that an earlier text lists.
    fn belongs(&self, draft: &mut Draft, text: &Text, lister: &Look<Text>, must: bool) {
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

    fn buildinfo(&self, text: &Text) -> Link {
        let (mut draft, _) = self.text(LinkName::Buildinfo, text);
        self.belongs(&mut draft, text, &self.facts.changes, true);
        draft.done()
    }

    fn provenance(&self, text: &Text) -> Link {
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
    fn origin(&self, draft: &mut Draft, origin: &Origin) {
        draft
            .link
            .remarks
            .push(format!("builder {}", origin.builder));
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
    fn attestations(&self, draft: &mut Draft, text: &Text, content: &Content) {
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

    fn named(&self) -> Option<&Origin> {
        let provenance = self.facts.provenance.found()?;
        provenance.claim.content.as_ref().ok()?.origin.as_ref()
    }

    fn tag(&self, found: &super::TagFound) -> Link {
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
                    draft.link.state = State::Unchecked(why.clone());
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

    fn commit(&self, found: &super::TagFound) -> Option<Link> {
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
