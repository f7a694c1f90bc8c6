//! What was announced: one file beside debcut's notes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::flow::FlowError;
use crate::model::Timestamp;
use crate::sys::files::{self, Access};
use crate::sys::git::Repository;

/// An announcement that is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The channel.
    pub channel: String,
    /// The announcement.
    pub name: String,
    /// When.
    pub at: Timestamp,
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

    /// Returns when a channel was told.
    pub(super) fn sent(&self, channel: &str, name: &str) -> Option<Timestamp> {
        let mut told = self.sent.iter();
        let found = told.find(|sent| sent.channel == channel && sent.name == name);
        found.map(|sent| sent.at)
    }

    /// Writes down that a channel is told.
    pub(super) fn note(
        &mut self,
        channel: &str,
        name: &str,
        at: Timestamp,
    ) -> Result<(), FlowError> {
        self.sent
            .retain(|sent| sent.channel != channel || sent.name != name);
        self.sent.push(Sent {
            channel: channel.to_owned(),
            name: name.to_owned(),
            at,
        });
        let text = serde_json::to_vec_pretty(&self.sent).expect("a record is plain values");
        files::create_dir(self.path.parent().expect("it is in a directory"))?;
        Ok(files::replace(&self.path, &text, Access::Private)?)
    }
}
