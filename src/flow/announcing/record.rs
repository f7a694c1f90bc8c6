//! What was announced: one file beside debcut's notes. It knows what the ledger
//! cannot: that a send was begun.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::flow::FlowError;
use crate::model::Timestamp;
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
