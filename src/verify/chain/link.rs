//! What is said of a package: its links, and whether each holds.

use serde::Serialize;

use super::facts::Cause;
use crate::model::Finding;
use crate::verify::facts::Signer;

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
    /// Nobody could check it: why, and what that lies in.
    Unchecked(String, Cause),
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
        let found = links.filter(|link| matches!(link.state, State::Unchecked(..)));
        found.map(|link| link.name).collect()
    }

    /// Tells whether something stands against a link itself.
    fn is_doubtful(&self, name: LinkName) -> bool {
        let mut links = self.links.iter();
        links.any(|link| link.name == name && link.state != State::Holds)
    }

    /// Returns what stands against it, in the order of the links. What only
    /// follows from an earlier link is told there, with the one remedy.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for link in &self.links {
            match &link.state {
                State::Holds => {}
                State::Broken(reasons) => findings.extend(reasons.iter().cloned()),
                State::Unchecked(_, Cause::Follows(earlier)) if self.is_doubtful(*earlier) => {}
                State::Unchecked(why, cause) => {
                    findings.push(unchecked(&self.asked, link.name, why, cause));
                }
            }
        }
        findings
    }
}

fn unchecked(asked: &str, link: LinkName, why: &str, cause: &Cause) -> Finding {
    let usual = match link {
        LinkName::Installed | LinkName::Package => "name the .deb, or --archive and --suite",
        LinkName::Archive => "name --archive and --suite, or the .deb itself",
        LinkName::Tag | LinkName::Commit => "name the project's clone with --repository DIR",
        LinkName::Changes | LinkName::Buildinfo | LinkName::Provenance => {
            "name the directory that has it with --artifacts DIR"
        }
    };
    let fix = match cause {
        Cause::Remedy(fix) => fix.clone(),
        Cause::Unnamed => usual.to_owned(),
        Cause::Follows(earlier) => format!("see to the link “{}” first", earlier.as_str()),
    };
    let message = format!("the link “{}” was not checked: {why}", link.as_str());
    let fix = match link > LinkName::Archive {
        true => format!("{fix}; --until LINK ends the walk earlier"),
        false => fix,
    };
    Finding::error("not-checked", asked, message).fix(fix)
}
