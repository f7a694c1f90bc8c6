//! Where rollouts are kept: a directory for each, with its journal, what it was
//! started with, and what somebody asked of its controller.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RollingError;
use crate::config::rollout::Rights;
use crate::flow::FlowError;
use crate::model::{Sha256, Timestamp};
use crate::rollout::asked::Asked as Word;
use crate::rollout::event::{Entry, Event};
use crate::rollout::journal::Journal;
use crate::rollout::state::RolloutId;
use crate::rollout::{Phase, Rollout};
use crate::sys::environment::Environment;
use crate::sys::files;

/// The directory that holds rollouts.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Where it is.
    pub directory: PathBuf,
}

/// How a controller reaches what a rollout is about: written beside its journal
/// when it starts, so that nobody has to say it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Means {
    /// The archive.
    pub archive: String,
    /// Where commands run: the directory that it was started in.
    pub directory: PathBuf,
    /// The file of the rings, where one was named.
    pub rings: Option<PathBuf>,
    /// The configuration, where one was named.
    pub config: Option<PathBuf>,
    /// Options of ssh.
    pub ssh_options: Vec<String>,
    /// With whose rights scripts run.
    pub rights: Rights,
    /// The inventory.
    pub inventory: Option<PathBuf>,
}

/// What somebody says of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What is to be written down.
    pub event: Event,
}

/// A word that was left for the process that controls a rollout. Who can write
/// into its directory can say no more than a person may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What is asked.
    pub asks: Word,
}

/// Which rollouts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Those that have not ended.
    Open,
    /// All.
    All,
}

const MEANS: &str = "means.json";
const INBOX: &str = "inbox";

/// Tells whether a rollout has ended.
pub fn has_ended(phase: &Phase) -> bool {
    phase.has_ended()
}

impl Shelf {
    /// Returns the one that is named, else the user's
    /// (XDG Base Directory Specification: `$XDG_STATE_HOME`, else
    /// `~/.local/state`).
    pub fn of(named: Option<PathBuf>, environment: &Environment) -> Result<Self, RollingError> {
        let usual = || {
            let state = environment.path("XDG_STATE_HOME");
            let state = state.filter(|path| path.is_absolute());
            let state = state.or_else(|| Some(environment.home()?.join(".local/state")));
            Some(state?.join("debcut/rollouts"))
        };
        let directory = named.or_else(usual).ok_or(RollingError::NoStateHome)?;
        Ok(Self { directory })
    }

    /// Waits until nobody else starts a rollout, and keeps others from it until
    /// what is returned is dropped.
    pub fn alone(&self) -> Result<files::Lock, FlowError> {
        files::create_dir(&self.directory)?;
        Ok(files::lock_directory(&self.directory)?)
    }

    /// Names every rollout there is, in the order of their names.
    pub fn ids(&self) -> Result<Vec<RolloutId>, FlowError> {
        let mut found = Vec::new();
        let listing = match std::fs::read_dir(&self.directory) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(files::failed("list", &self.directory)(error).into()),
        };
        for entry in listing {
            let entry = entry.map_err(files::failed("list", &self.directory))?;
            let name = entry.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.parse::<RolloutId>().ok());
            // Without a journal its start was not finished, and it is none.
            found.extend(id.filter(|_| entry.path().join("journal.jsonl").is_file()));
        }
        found.sort();
        Ok(found)
    }

    /// Reads a rollout without controlling it. One whose start was cut short
    /// before its first entry is `None`.
    pub fn look(&self, id: &RolloutId) -> Result<Option<(Rollout, Vec<Entry>)>, FlowError> {
        let entries = Journal::look(&self.directory, id)?;
        match entries.is_empty() {
            true => Ok(None),
            false => Ok(Some((Rollout::from_entries(&entries)?, entries))),
        }
    }

    /// Reads every rollout, the newest first. A journal that cannot be read is
    /// told by its error.
    pub fn all(&self) -> Result<Vec<(Rollout, Vec<Entry>)>, FlowError> {
        let mut found = Vec::new();
        for id in self.ids()? {
            found.extend(self.look(&id)?);
        }
        found.sort_by_key(|(rollout, _)| std::cmp::Reverse((rollout.planned, rollout.id.attempt)));
        Ok(found)
    }

    /// Finds the rollout that is meant: by its name, by its package, or, with no
    /// word, the only open one.
    pub fn find(&self, word: Option<&str>, among: Among) -> Result<RolloutId, FlowError> {
        let ids = self.ids()?;
        if let Some(id) = word.and_then(|word| ids.iter().find(|id| id.to_string() == word)) {
            return Ok(id.clone());
        }
        let names = |ids: &[RolloutId]| ids.iter().map(ToString::to_string).collect();
        let mut own = Vec::new();
        for id in &ids {
            let is_meant = word.is_none_or(|word| id.source.as_str() == word);
            if is_meant && let Some((rollout, _)) = self.look(id)? {
                own.push(rollout);
            }
        }
        let open = own.iter().filter(|rollout| !has_ended(&rollout.phase));
        let open: Vec<RolloutId> = open.map(|rollout| rollout.id.clone()).collect();
        match (open.as_slice(), among, word) {
            ([one], _, _) => Ok(one.clone()),
            // The newest of a package that is named, or of all.
            ([], Among::All, _) if !own.is_empty() => {
                let newest = own
                    .iter()
                    .max_by_key(|rollout| (rollout.planned, rollout.id.attempt));
                Ok(newest
                    .map(|rollout| rollout.id.clone())
                    .expect("one is there"))
            }
            ([], _, Some(word)) if own.is_empty() => Err(RollingError::UnknownRollout {
                wanted: word.to_owned(),
                known: names(&ids),
            }
            .into()),
            ([], among, _) => Err(RollingError::NoRollout {
                directory: self.directory.clone(),
                only_open: among == Among::Open && !own.is_empty(),
            }
            .into()),
            (several, ..) => Err(RollingError::SeveralRollouts {
                found: names(several),
            }
            .into()),
        }
    }

    fn place(&self, id: &RolloutId) -> PathBuf {
        self.directory.join(id.to_string())
    }

    /// Writes down how a rollout's controller reaches things.
    pub fn write_means(&self, id: &RolloutId, means: &Means) -> Result<(), FlowError> {
        let place = self.place(id);
        files::create_dir(&place)?;
        let mut text = serde_json::to_vec_pretty(means).expect("means are plain");
        text.push(b'\n');
        replace(&place.join(MEANS), &text)
    }

    /// Reads how a rollout's controller reaches things.
    pub fn means(&self, id: &RolloutId) -> Result<Option<Means>, FlowError> {
        let path = self.place(id).join(MEANS);
        let Some(bytes) = files::read_if_there(&path)? else {
            return Ok(None);
        };
        let means = serde_json::from_slice(&bytes);
        Ok(Some(
            means.map_err(|source| RollingError::Means { path, source })?,
        ))
    }

    /// Leaves word for the process that controls a rollout; it takes it before
    /// its next step. Returns the file that is gone when it has been taken.
    pub fn ask(&self, id: &RolloutId, note: &Note) -> Result<PathBuf, FlowError> {
        let inbox = self.place(id).join(INBOX);
        files::create_dir(&inbox)?;
        let text = serde_json::to_vec(note).expect("what is asked is plain");
        // Two machines may ask in the same second, by processes of one number.
        let drawn = Sha256::of(&[text.as_slice(), &rand::random::<[u8; 8]>()].concat());
        let own = std::process::id();
        let name = format!("{}-{}-{own}.json", note.at.unix(), &drawn.hex()[..8]);
        let path = inbox.join(name);
        replace(&path, &text)?;
        Ok(path)
    }

    /// Takes back a word that this process left and nobody has taken.
    pub fn take_back(&self, id: &RolloutId) -> Result<(), FlowError> {
        let own = format!("-{}.json", std::process::id());
        for (note, _) in self.asked(id)? {
            let name = note.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.ends_with(&own)) {
                files::remove(&note)?;
            }
        }
        Ok(())
    }

    /// Returns what is asked, the oldest first, with the files that say so.
    pub fn asked(&self, id: &RolloutId) -> Result<Vec<(PathBuf, Note)>, FlowError> {
        let inbox = self.place(id).join(INBOX);
        let Ok(listing) = std::fs::read_dir(&inbox) else {
            return Ok(Vec::new());
        };
        let paths = listing.filter_map(|entry| Some(entry.ok()?.path()));
        let is_whole = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
        let mut paths: Vec<PathBuf> = paths.filter(is_whole).collect();
        paths.sort();
        let mut found = Vec::new();
        for path in paths {
            if let Some(bytes) = files::read_if_there(&path)? {
                match serde_json::from_slice(&bytes) {
                    Ok(note) => found.push((path, note)),
                    // A word that nobody may say, or none at all, keeps no rollout
                    // from halting; it is put aside for whoever looks.
                    Err(_) => {
                        let aside = path.with_extension("refused");
                        std::fs::rename(&path, &aside).map_err(files::failed("write", &aside))?;
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Replaces a file whole.
fn replace(path: &Path, text: &[u8]) -> Result<(), FlowError> {
    Ok(files::replace(path, text, files::Access::Private)?)
}
