//! What was announced: one file beside debcut's notes. It knows what the ledger
//! cannot: that a send was begun.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::flow::FlowError;
use crate::model::{TagName, Timestamp};
use crate::sys::files::{self, Access};
use crate::sys::git::Repository;

/// An announcement that is out, or may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// The channel.
    pub channel: String,
    /// The announcement.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// How far it came.
    #[serde(default)]
    pub progress: Progress,
    /// The releases.
    #[serde(default)]
    pub releases: Vec<Release>,
}

/// A release that is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Release {
    /// Its tag.
    pub tag: TagName,
    /// Its commit.
    pub commit: String,
}

/// How far sending came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Progress {
    /// It was begun: nobody knows whether it is out.
    Begun,
    /// It is out.
    #[default]
    Sent,
}

/// What was announced.
pub(super) struct Record {
    path: PathBuf,
    sent: Vec<Sent>,
}

impl Record {
    /// Reads it. One that cannot be read is an error: it keeps people from being
    /// told twice.
    pub(super) fn of(repository: &Repository) -> Result<Self, FlowError> {
        let path = repository.own_dir().join("announced.json");
        let sent = match files::read_if_there(&path)? {
            None => Vec::new(),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|source| {
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, source);
                files::failed("read", &path)(source)
            })?,
        };
        Ok(Self { path, sent })
    }

    /// Returns what became of an announcement on a channel.
    pub(super) fn sent(&self, channel: &str, name: &str) -> Option<Sent> {
        let mut told = self.sent.iter();
        let found = told.find(|sent| sent.channel == channel && sent.name == name);
        found.cloned()
    }

    /// Returns when a channel was told of a release, alone or with others, or of
    /// the announcement of a name.
    pub(super) fn told(&self, channel: &str, name: &str, release: &Release) -> Option<Timestamp> {
        let sent = self.sent.iter().rev();
        let mut sent =
            sent.filter(|sent| sent.channel == channel && sent.progress == Progress::Sent);
        let found = sent.find(|sent| sent.name == name || sent.releases.contains(release));
        found.map(|sent| sent.at)
    }

    /// Returns when telling a channel of any of some releases, or of the
    /// announcement of a name, was begun and not ended.
    pub(super) fn begun(
        &self,
        channel: &str,
        name: &str,
        releases: &[&Release],
    ) -> Option<Timestamp> {
        let begun = self.sent.iter().rev();
        let mut begun =
            begun.filter(|sent| sent.channel == channel && sent.progress == Progress::Begun);
        let found = begun.find(|sent| {
            sent.name == name || releases.iter().any(|one| sent.releases.contains(one))
        });
        found.map(|sent| sent.at)
    }

    /// Writes down what became of it.
    pub(super) fn note(&mut self, now: Sent) -> Result<(), FlowError> {
        self.sent
            .retain(|sent| sent.channel != now.channel || sent.name != now.name);
        self.sent.push(now);
        self.write()
    }

    /// Puts back what was known before a send that came to nothing.
    pub(super) fn take_back(
        &mut self,
        begun: &Sent,
        before: Option<Sent>,
    ) -> Result<(), FlowError> {
        self.sent.retain(|sent| sent != begun);
        self.sent.extend(before);
        self.write()
    }

    fn write(&self) -> Result<(), FlowError> {
        let text = serde_json::to_vec_pretty(&self.sent).expect("a record is plain values");
        files::create_dir(self.path.parent().expect("it is in a directory"))?;
        Ok(files::replace(&self.path, &text, Access::Private)?)
    }
}
