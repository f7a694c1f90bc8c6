//! The journal: a line for each entry, appended and flushed, never changed.
//!
//! Each line is a JSON object with the entry and `chain`, the SHA-256 of the
//! line before (of nothing for the first): a line that was changed, dropped or
//! put between does not fit its neighbour. A last line without its line feed is
//! torn: the power went while it was written, so nothing was done because of
//! it; it is dropped. Anything else that does not fit is refused.
//!
//! The chain finds accidents: a line that was edited, lost or moved. It proves
//! nothing against who may write the file: no key is in it, so a whole journal
//! can be made anew, and lines cut off at its end are not missed. What must not
//! be believed from a journal alone, an approval, carries its own signature and
//! is judged again before it is used.
//!
//! One controller at a time holds flock(2) on `lock`, which ends with its
//! process; who holds it is written there.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::event::{Entry, Event};
use super::state::RolloutId;
use crate::model::{Sha256, Timestamp};
use crate::sys::files::{self, FileError};

/// Something about a journal that keeps it from being used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is one already.
    #[error("there is a rollout {0} already")]
    Taken(RolloutId),
    /// There is none.
    #[error("there is no rollout {0}")]
    Missing(RolloutId),
    /// Another controller has it.
    #[error("rollout {id} is controlled by {holder}")]
    Locked {
        /// The rollout.
        id: RolloutId,
        /// Process, user and host.
        holder: String,
    },
    /// A line is not what was written.
    #[error("{}: line {line} is not as it was written: {why}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What does not fit.
        why: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    chain: String,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// A line that was read.
#[derive(Deserialize)]
struct Found {
    chain: String,
    #[serde(flatten)]
    entry: Entry,
}

/// A rollout's journal, held by this controller.
#[derive(Debug)]
pub struct Journal {
    sink: Sink,
    entries: Vec<Entry>,
    /// The digest of the newest line.
    chain: String,
    /// Who writes: user and host.
    by: String,
}

/// Where lines go.
#[derive(Debug)]
enum Sink {
    File {
        path: PathBuf,
        file: File,
        /// Held while it lives.
        _lock: File,
    },
    /// What dies at a given entry, for tests.
    #[cfg(test)]
    Memory { death: Option<Death>, dead: bool },
}

/// When a simulated controller dies.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// When it is about to write this entry: what it did before is done.
    Before(u64),
    /// When it has written this entry: nothing was done since.
    After(u64),
}

const FILE: &str = "journal.jsonl";
const LOCK: &str = "lock";

impl Journal {
    /// Begins a journal in `dir/ID/`; `holder` is who others are told of.
    pub fn create(dir: &Path, id: &RolloutId, holder: &str) -> Result<Self, JournalError> {
        let place = dir.join(id.to_string());
        files::create_dir(&place)?;
        let lock = lock(&place, id, holder)?;
        let path = place.join(FILE);
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true).mode(0o600);
        let file = options
            .open(&path)
            .map_err(files::failed("create", &path))?;
        // Who died before the first entry was whole has planned nothing.
        if read(&path)?.whole > 0 {
            return Err(JournalError::Taken(id.clone()));
        }
        file.set_len(0).map_err(files::failed("write", &path))?;
        for made in [&place, dir] {
            sync_dir(made)?;
        }
        Ok(Self {
            sink: Sink::File {
                path,
                file,
                _lock: lock,
            },
            entries: Vec::new(),
            chain: String::new(),
            by: holder.to_owned(),
        })
    }

    /// Opens a journal for going on with it.
    pub fn open(dir: &Path, id: &RolloutId, holder: &str) -> Result<Self, JournalError> {
        let place = dir.join(id.to_string());
        let path = place.join(FILE);
        if !path.is_file() {
            return Err(JournalError::Missing(id.clone()));
        }
        let lock = lock(&place, id, holder)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).open(&path);
        let file = file.map_err(files::failed("open", &path))?;
        let read = read(&path)?;
        // What is torn goes before anything is written behind it.
        file.set_len(read.whole)
            .and_then(|()| file.sync_all())
            .map_err(files::failed("write", &path))?;
        Ok(Self {
            sink: Sink::File {
                path,
                file,
                _lock: lock,
            },
            entries: read.entries,
            chain: read.chain,
            by: holder.to_owned(),
        })
    }

    /// Reads a journal for looking at it; whoever controls it may go on.
    pub fn look(dir: &Path, id: &RolloutId) -> Result<Vec<Entry>, JournalError> {
        let path = dir.join(id.to_string()).join(FILE);
        match path.is_file() {
            true => Ok(read(&path)?.entries),
            false => Err(JournalError::Missing(id.clone())),
        }
    }

    /// Returns what it holds.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Appends an entry; when this returns, it survives a power cut.
    pub fn append(&mut self, event: Event, at: Timestamp, by: &str) -> Result<Entry, FileError> {
        let mut entry = self.next(0, event, at);
        by.clone_into(&mut entry.by);
        self.write(vec![entry.clone()])?;
        Ok(entry)
    }

    /// Makes an entry of this controller's own, so many behind the newest one,
    /// and writes nothing.
    pub fn next(&self, ahead: usize, event: Event, at: Timestamp) -> Entry {
        Entry {
            number: (self.entries.len() + ahead) as u64 + 1,
            at,
            by: self.by.clone(),
            event,
        }
    }

    /// Appends entries that were made for it and flushes once: when this
    /// returns, they survive a power cut.
    pub fn write(&mut self, mut made: Vec<Entry>) -> Result<(), FileError> {
        match &mut self.sink {
            Sink::File { path, file, .. } => {
                let mut chain = self.chain.clone();
                let mut text = String::new();
                for entry in made.iter() {
                    let line = Line { chain, entry };
                    let json = serde_json::to_string(&line).expect("entries are plain values");
                    chain = Sha256::of(json.as_bytes()).hex();
                    text.push_str(&json);
                    text.push('\n');
                }
                put(file, &text).map_err(files::failed("write", path))?;
                self.chain = chain;
            }
            #[cfg(test)]
            Sink::Memory { death, dead } => {
                let last = match *death {
                    Some(Death::Before(number)) => number - 1,
                    Some(Death::After(number)) => number,
                    None => u64::MAX,
                };
                let (all, end) = (made.len(), made.last().map(|entry| entry.number));
                made.retain(|entry| entry.number <= last);
                let dies = match death {
                    Some(Death::After(number)) => end >= Some(*number),
                    _ => made.len() < all,
                };
                if dies {
                    *dead = true;
                    self.entries.append(&mut made);
                    let died = std::io::Error::other("the controller died");
                    return Err(files::failed("write", Path::new("memory"))(died));
                }
            }
        }
        self.entries.append(&mut made);
        Ok(())
    }

    /// Tells whether its simulated controller has died.
    #[cfg(test)]
    pub fn is_dead(&self) -> bool {
        matches!(self.sink, Sink::Memory { dead: true, .. })
    }

    /// Begins one that no disk has; `death` is when its controller dies.
    #[cfg(test)]
    pub fn in_memory(entries: Vec<Entry>, death: Option<Death>) -> Self {
        Self {
            sink: Sink::Memory { death, dead: false },
            entries,
            chain: String::new(),
            by: "tester@here".to_owned(),
        }
    }
}

/// Appends text and flushes it; half of it, on a full disk, does not stay before
/// what comes next.
fn put(file: &mut File, text: &str) -> std::io::Result<()> {
    let before = file.seek(std::io::SeekFrom::End(0))?;
    let written = file.write_all(text.as_bytes());
    let written = written.and_then(|()| file.sync_data());
    written.inspect_err(|_| drop(file.set_len(before)))
}

struct Read {
    entries: Vec<Entry>,
    chain: String,
    /// How many bytes are whole lines.
    whole: u64,
}

fn read(path: &Path) -> Result<Read, JournalError> {
    let bytes = files::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = whole.map_or(0, |end| end + 1);
    let mut read = Read {
        entries: Vec::new(),
        chain: String::new(),
        whole: whole as u64,
    };
    let lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n');
    for (index, text) in lines.enumerate() {
        let text = &text[..text.len() - 1];
        let changed = |why: String| JournalError::Changed {
            path: path.to_owned(),
            line: index + 1,
            why,
        };
        let line: Found =
            serde_json::from_slice(text).map_err(|error| changed(error.to_string()))?;
        if line.chain != read.chain {
            return Err(changed("the line before it is another".to_owned()));
        }
        if line.entry.number != index as u64 + 1 {
            let found = format!("its number is {}", line.entry.number);
            return Err(changed(found));
        }
        read.chain = Sha256::of(text).hex();
        read.entries.push(line.entry);
    }
    Ok(read)
}

fn lock(place: &Path, id: &RolloutId, holder: &str) -> Result<File, JournalError> {
    let path = place.join(LOCK);
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let opened = options.mode(0o600).open(&path);
    let mut file = opened.map_err(files::failed("open", &path))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let holder = std::fs::read_to_string(&path).unwrap_or_default();
        return Err(JournalError::Locked {
            id: id.clone(),
            holder: match holder.trim() {
                "" => "another controller".to_owned(),
                holder => holder.to_owned(),
            },
        });
    }
    let noted = file.set_len(0).and_then(|()| {
        let note = format!("process {} of {holder}\n", std::process::id());
        file.write_all(note.as_bytes())
    });
    noted.map_err(files::failed("write", &path))?;
    Ok(file)
}

fn sync_dir(path: &Path) -> Result<(), FileError> {
    let synced = File::open(path).and_then(|dir| dir.sync_all());
    synced.map_err(files::failed("write", path))
}

#[cfg(test)]
mod tests;
