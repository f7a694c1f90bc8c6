//! An entry of the ledger: who said what, when, and what they knew of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{BranchName, Sha256, TagName, Timestamp};
use crate::release::commit::Person;

/// The name of an entry: the SHA-256 of its bytes.
pub type EntryId = Sha256;

/// The name of a request: the first ten digits of the name of the entry that
/// asked, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// How many digits a request's name has: 10,000 requests clash once in 20,000
/// repositories, and a person can still read it out.
const DIGITS: usize = 10;

/// Says that a text is no name of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not the name of a request: {DIGITS} hexadecimal digits")]
pub struct RequestIdError(String);

impl RequestId {
    /// Returns the name of the request that an entry makes.
    pub fn of(entry: &EntryId) -> Self {
        Self(entry.hex()[..DIGITS].to_owned())
    }

    /// Returns it as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let lower = text.to_ascii_lowercase();
        let hex = lower.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && lower.len() == DIGITS {
            Ok(Self(lower))
        } else {
            Err(RequestIdError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;

    fn try_from(text: String) -> Result<Self, RequestIdError> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// One thing that somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// When, by the writer's clock: shown, and used to order what nothing else
    /// orders.
    pub at: Timestamp,
    /// Who.
    pub by: Person,
    /// The newest entries that the writer knew of: those that no other entry
    /// the writer knew of followed. Sorted.
    pub after: Vec<EntryId>,
    /// How many entries stand before it on the longest way: it is larger than
    /// that of every entry in `after`.
    pub height: u64,
    /// What.
    pub event: Event,
}

/// Why bytes are no entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// They are not what the format says; a newer debcut may have written them.
    #[error("the entry {id} cannot be read")]
    Shape {
        /// Its name.
        id: EntryId,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// They are not what their name says.
    #[error("the entry {named} has other bytes than its name says ({found})")]
    Digest {
        /// The name.
        named: String,
        /// The digest of the bytes.
        found: EntryId,
    },
}

impl Entry {
    /// Returns its bytes: JSON of one line, keys in the order of the types.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("an entry is plain values");
        bytes.push(b'\n');
        bytes
    }

    /// Returns its name.
    pub fn id(&self) -> EntryId {
        Sha256::of(&self.bytes())
    }

    /// Reads the bytes that a name leads to.
    pub fn parse(named: &str, bytes: &[u8]) -> Result<(EntryId, Self), EntryError> {
        let id = Sha256::of(bytes);
        if id.hex() != named {
            let named = named.to_owned();
            return Err(EntryError::Digest { named, found: id });
        }
        let entry = serde_json::from_slice(bytes);
        Ok((
            id,
            entry.map_err(|source| EntryError::Shape { id, source })?,
        ))
    }
}

/// What is said. Names in `is` are for ever: old entries are read by every
/// later debcut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "is"
)]
pub enum Event {
    /// Commits are asked for on a branch.
    Asked(Ask),
    /// Questions of a request are answered, or answered anew.
    Answered {
        /// The request.
        request: RequestId,
        /// The answers; what is empty stays as it was.
        answers: Answers,
    },
    /// A request is called otherwise.
    Titled {
        /// The request.
        request: RequestId,
        /// What it is, in a line.
        title: String,
    },
    /// A request is decided.
    Decided {
        /// The request.
        request: RequestId,
        /// How.
        decision: Decision,
        /// Why.
        reason: String,
        /// The page of a forge where it was said; none: it was said here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<String>,
    },
    /// A decision that was said on a forge is not said there any more: it counts
    /// as if it had not been made.
    TakenBack {
        /// The request.
        request: RequestId,
        /// The entry that decided.
        decision: EntryId,
        /// What became of it.
        reason: String,
    },
    /// A rule is set aside for a request.
    Overridden {
        /// The request.
        request: RequestId,
        /// The rule's name.
        rule: String,
        /// Why.
        reason: String,
    },
    /// A request's commits are on its branch.
    Applied {
        /// The request.
        request: RequestId,
        /// What became what, in order.
        commits: Vec<Picked>,
    },
    /// Another request is to be looked at instead.
    Superseded {
        /// The request.
        request: RequestId,
        /// The other one.
        by: RequestId,
    },
    /// Who asked asks no more.
    Withdrawn {
        /// The request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// A request has a page on a forge.
    Linked {
        /// The request.
        request: RequestId,
        /// The page's address.
        url: String,
    },
    /// From now on nothing goes onto a branch but what is named.
    Frozen {
        /// The branch.
        branch: BranchName,
        /// Until when, as far as anybody knows.
        until: Option<Timestamp>,
        /// The requests that go on all the same.
        except: Vec<RequestId>,
        /// Why.
        reason: String,
        /// The approved requests that wait from now on, as far as their maker
        /// knew: who is told.
        #[serde(default)]
        waiting: Vec<RequestId>,
    },
    /// A branch's freeze is over.
    Thawed {
        /// The branch.
        branch: BranchName,
        /// Why.
        reason: String,
        /// The approved requests that wait no more.
        #[serde(default)]
        released: Vec<RequestId>,
    },
    /// A channel was told of a freeze or a thaw.
    Told {
        /// The entry that froze or thawed.
        of: EntryId,
        /// The channel, by its name.
        channel: String,
        /// The requests whose authors it is for.
        requests: Vec<RequestId>,
    },
    /// A channel was told of releases.
    Announced {
        /// The announcement, as it names itself: the same for the same releases.
        name: String,
        /// The channel, by its name.
        channel: String,
        /// The releases.
        tags: Vec<TagName>,
        /// Their commits, in the order of the tags.
        commits: Vec<String>,
    },
    /// A rule is set aside for a commit of a branch: for one that came there by
    /// hand, or for the head that is cut.
    Excused {
        /// The branch.
        branch: BranchName,
        /// The commit.
        commit: String,
        /// The rule's name.
        rule: String,
        /// Why.
        reason: String,
    },
    /// A release of a branch's head was tried in a throw-away place.
    Mocked {
        /// The branch.
        branch: BranchName,
        /// The commit.
        head: String,
        /// The versions that came of it, `PACKAGE VERSION` each.
        versions: Vec<String>,
        /// What was refused; empty: it passed.
        findings: Vec<String>,
        /// What was worth a warning.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
        /// The files that were built, as far as it came.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        artifacts: Vec<String>,
    },
    /// A release of a branch was cut.
    Cut {
        /// The branch.
        branch: BranchName,
        /// The release commit.
        commit: String,
        /// Its tags.
        tags: Vec<TagName>,
    },
    /// A branch for a hotfix was made.
    HotfixOpened {
        /// The new branch.
        branch: BranchName,
        /// The tag it begins at.
        from: TagName,
        /// The branch whose other fixes wait.
        normal: BranchName,
    },
    /// An embargo ended without letting these out: they go on to private places
    /// alone, and so does this.
    Kept {
        /// The embargo.
        embargo: String,
        /// Its private git repositories.
        private: Vec<String>,
        /// What stays.
        entries: Vec<EntryId>,
    },
    /// What an embargo has kept since its end may go where the ledger goes.
    LetOut {
        /// The embargo.
        embargo: String,
        /// Why.
        reason: String,
        /// The entries that kept it.
        kept: Vec<EntryId>,
    },
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ask {
    /// The branch.
    pub onto: BranchName,
    /// The commits in the order of picking, as full object ids.
    pub commits: Vec<String>,
    /// What it is, in a line: the subject of its only commit, else said by who
    /// asks.
    pub title: String,
    /// Who wrote the commits, once each: they wait for the answer.
    pub authors: Vec<Person>,
    /// Answers to a release manager's questions.
    pub answers: Answers,
    /// The pull request it comes from, as it was named.
    pub pull_request: Option<String>,
}

/// What a release manager wants to know; empty: not said yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Answers {
    /// Which bug: a number, an address, or what goes wrong.
    pub bug: String,
    /// Who is affected, and since when.
    pub affected: String,
    /// How bad it is, and whether there is a way around it.
    pub severity: String,
    /// How it was verified, on which branch.
    pub verified: String,
    /// What users are told of it, where the commits do not say it or not well;
    /// `NONE`: nothing. Nobody has to ask for it: a rule does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Answers {
    /// Takes over what others say; what they leave empty stays.
    pub fn take(&mut self, others: &Self) {
        for (own, other) in [
            (&mut self.bug, &others.bug),
            (&mut self.affected, &others.affected),
            (&mut self.severity, &others.severity),
            (&mut self.verified, &others.verified),
            (&mut self.note, &others.note),
        ] {
            if !other.is_empty() {
                own.clone_from(other);
            }
        }
    }
}

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It may go onto the branch. The least careful of the three.
    Approve,
    /// Not now.
    Hold,
    /// Not on this branch. The most careful of the three.
    Reject,
}

/// A commit and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    /// The commit that was asked for.
    pub from: String,
    /// The commit on the branch; none: it changed nothing there.
    pub to: Option<String>,
}
