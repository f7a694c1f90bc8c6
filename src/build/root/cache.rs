//! Where systems are kept: `$XDG_CACHE_HOME/debcut/roots/`.
//!
//! ```text
//! roots/SUITE-ARCH-KEY-MADE/tree/               a system
//!                          /root.json           what it is; there when it is whole
//!                          /lock                held by whoever builds in it
//!                          /layers/KEY/tree/    what was installed on top of it
//!                                     /layer.json
//! debs/                                         packages as they came, for the next
//! ```
//!
//! A system never changes once it is there: a newer one is another directory,
//! and the old one goes when nobody builds in it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::debs::Debs;
use super::layer::LayerRecord;
use super::{RootError, ids};
use crate::model::{Architecture, Listener, Sha256, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, FileError};
use crate::sys::interrupt;

/// The cache of systems.
#[derive(Debug, Clone)]
pub struct Cache {
    top: PathBuf,
}

/// What a system is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The suites it is made of, the base first.
    pub suites: Vec<String>,
    /// Its architecture.
    pub architecture: Architecture,
    /// The digest of what decides it.
    pub key: Sha256,
    /// When it was made, in seconds since 1970.
    pub made_unix: i64,
    /// The moment it is pinned to.
    pub snapshot: Option<String>,
    /// Its sources, one a line as in sources.list(5).
    pub sources: Vec<String>,
    /// The digest of its packages.
    pub identity: Sha256,
    /// How many there are.
    pub packages: usize,
    /// What they came in.
    #[serde(default)]
    pub debs: Debs,
}

/// A system that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The name of its directory.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// What it is.
    pub record: Record,
}

/// A system that is there, and what it takes.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What it is.
    pub cached: Cached,
    /// What it takes on disk, with what is installed on top of it.
    pub size_bytes: u64,
    /// How many sets of packages are installed on top of it.
    pub layers: usize,
}

/// What a part of the cache takes beside the systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is: `packages`, `builds`, `left by killed runs`.
    pub name: &'static str,
    /// Where.
    pub path: PathBuf,
    /// How many entries it has.
    pub entries: usize,
    /// What it takes on disk.
    pub size_bytes: u64,
}

/// How much the packages that are kept as they came may take: those of some
/// dozen systems and what builds wanted on top. Those that nobody took for the
/// longest time go first.
const PACKAGES_BYTES: u64 = 4 << 30;
/// How long a system that nobody builds in stays when others are made: as long
/// as a finished build.
const KEPT: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// When the user calls one old.
pub const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Keeps a system from being removed while it is used.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

impl Record {
    /// Returns when it was made.
    pub fn made(&self) -> Timestamp {
        Timestamp::from_unix(self.made_unix)
    }
}

impl Cached {
    /// Returns the system's tree.
    pub fn tree(&self) -> PathBuf {
        self.directory.join("tree")
    }

    /// Returns where what is installed on top of it is kept, by key.
    pub fn layer(&self, key: &Sha256) -> PathBuf {
        self.directory.join("layers").join(short(key))
    }

    /// Removes what is installed on top of it and was not built in for long.
    pub(super) fn drop_unused_layers(&self) {
        let layers = fs::read_dir(self.directory.join("layers"));
        for entry in layers.into_iter().flatten().flatten() {
            let used = fs::metadata(entry.path().join("layer.json"));
            let used = used.and_then(|record| record.modified());
            let is_old = |used: SystemTime| used.elapsed().is_ok_and(|age| age > LAYER_KEPT);
            if used.is_ok_and(is_old) {
                // What cannot be removed now is removed another time.
                let _ = ids::remove(&entry.path());
            }
        }
    }

    /// Keeps it from being removed; none: it is being removed right now.
    pub fn hold(&self) -> Result<Option<Held>, FileError> {
        let path = self.directory.join("lock");
        let Ok(file) = File::open(&path) else {
            return Ok(None);
        };
        if file.try_lock_shared().is_err() {
            return Ok(None);
        }
        // Its time says when it was used last; who may not set it only reads.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some(Held { _lock: file }))
    }

    /// Tells whether nobody has used it for so long.
    pub fn unused_for(&self, time: Duration) -> bool {
        let used = fs::metadata(self.directory.join("lock")).and_then(|found| found.modified());
        used.is_ok_and(|used| used.elapsed().is_ok_and(|age| age > time))
    }
}

/// Makes a directory that nobody else enters: below it are setuid programs that
/// belong to the user, whatever a build dependency makes of them, and builds
/// that are not published yet. One that was open before is closed.
pub fn closed(path: &Path) -> Result<(), FileError> {
    let close = || -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
        let found = path.symlink_metadata()?;
        if found.is_dir() && found.mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    };
    close().map_err(files::failed("close to others", path))?;
    files::private_dir(path)
}

/// How long a layer is kept that nobody builds in: longer than any build.
const LAYER_KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Reads what a layer is, where it is there and whole. Its record's time says
/// when it was wanted last.
pub(super) fn layer(place: &Path) -> Option<LayerRecord> {
    let path = place.join("layer.json");
    let record = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    let file = File::options().write(true).open(path);
    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    Some(record)
}

fn short(key: &Sha256) -> String {
    key.hex()[..16].to_owned()
}

impl Cache {
    /// Finds the user's, and makes it if it is not there.
    pub fn of(environment: &Environment) -> Result<Self, RootError> {
        let home = environment.cache_home().ok_or(RootError::NoCacheHome)?;
        files::create_dir(&home)?;
        let top = home.join("debcut");
        closed(&top)?;
        Ok(Self { top })
    }

    /// Returns the directory of systems.
    pub fn roots(&self) -> PathBuf {
        self.top.join("roots")
    }

    /// Returns the directory of packages as they came.
    pub fn debs(&self) -> PathBuf {
        self.top.join("debs")
    }

    /// Returns the file with what the machine's apt said of its sources.
    pub fn origins(&self) -> PathBuf {
        self.top.join("apt-sources")
    }

    /// Returns the directory of finished builds.
    pub fn builds(&self) -> PathBuf {
        self.top.join("builds")
    }

    /// Returns what there is beside the systems, by name; nothing is left out
    /// for being empty.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name, path: PathBuf, entries: Vec<PathBuf>| Part {
            name,
            path,
            entries: entries.len(),
            size_bytes: entries.iter().map(|path| size(path)).sum(),
        };
        let below = |path: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect()
        };
        vec![
            part("packages", self.debs(), below(&self.debs())),
            part("builds", self.builds(), below(&self.builds())),
            part("left by killed runs", self.roots(), self.left()),
        ]
    }

    /// Finds the directories that systems are made in.
    fn makings(&self) -> Vec<PathBuf> {
        let layers = self.list().into_iter();
        let layers = layers.map(|cached| cached.directory.join("layers"));
        std::iter::once(self.roots()).chain(layers).collect()
    }

    /// Finds what killed processes have left.
    fn left(&self) -> Vec<PathBuf> {
        let places = self.makings().into_iter();
        let left = places.flat_map(|place| left(&place));
        left.map(|(path, _)| path).collect()
    }

    /// Removes what killed processes have left.
    pub fn sweep(&self) {
        self.makings().iter().for_each(|place| sweep(place));
    }

    /// Removes what nobody used in a long time, now that something new is there.
    pub fn bound(&self, new: &Cached) -> Result<(), FileError> {
        for cached in self.list() {
            if cached.name != new.name && cached.unused_for(KEPT) {
                self.remove(&cached)?;
            }
        }
        self.bound_packages();
        Ok(())
    }

    /// Removes packages as they came, above the limit.
    pub fn bound_packages(&self) {
        self.drop_packages(PACKAGES_BYTES, Duration::MAX);
    }

    /// Removes the packages as they came that are above a limit or that nobody
    /// took for so long. A package that is gone is only fetched again, and
    /// what cannot be removed is in nobody's way.
    pub fn drop_packages(&self, most_bytes: u64, unused: Duration) {
        let entries = fs::read_dir(self.debs()).into_iter().flatten().flatten();
        let entries = entries.filter_map(|entry| Some((entry.metadata().ok()?, entry.path())));
        let mut found: Vec<_> = entries.filter(|(there, _)| there.is_file()).collect();
        // A file's ctime, which nobody can choose: it came then, or was linked.
        found.sort_by_key(|(there, _)| std::cmp::Reverse(there.ctime()));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let mut total = 0;
        for (there, path) in found {
            total += there.len();
            let age = now.saturating_sub(there.ctime().unsigned_abs());
            if total > most_bytes || age > unused.as_secs() {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Lists the systems that are there, by name: so by suite, and the newest
    /// of each last.
    pub fn list(&self) -> Vec<Cached> {
        let mut found: Vec<Cached> = Vec::new();
        for entry in fs::read_dir(self.roots()).into_iter().flatten().flatten() {
            let directory = entry.path();
            let record = fs::read(directory.join("root.json")).ok();
            let record = record.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if let (Some(record), Ok(name)) = (record, entry.file_name().into_string())
                && !name.starts_with('.')
            {
                found.push(Cached {
                    name,
                    directory,
                    record,
                });
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Finds the newest system with this key.
    pub fn newest(&self, key: &Sha256) -> Option<Cached> {
        let mut found = self.list();
        found.retain(|cached| cached.record.key == *key);
        found
            .into_iter()
            .max_by_key(|cached| cached.record.made_unix)
    }

    /// Waits until nobody else makes a system with this key.
    pub fn lock(&self, key: &Sha256, listener: &dyn Listener) -> Result<files::Lock, RootError> {
        files::create_dir(&self.roots())?;
        let path = self.roots().join(format!(".lock-{}", short(key)));
        wait_for(&path, "another run is making the same system", listener)
    }

    /// Starts a system: a directory that is no system yet.
    pub fn stage(&self) -> Result<Staged, RootError> {
        let roots = self.roots();
        files::create_dir(&roots)?;
        Ok(Staged::within(&roots)?)
    }

    /// Puts a staged system in its place.
    pub fn publish(&self, staged: Staged, record: Record) -> Result<Cached, FileError> {
        let base = record.suites.first().map_or("none", String::as_str);
        let suites = match record
            .suites
            .iter()
            .find(|suite| suite.contains("backports"))
        {
            Some(suite) => suite,
            None => base,
        };
        let name = format!(
            "{}-{}-{}-{:010}",
            suites.replace('/', "+"),
            record.architecture,
            short(&record.key),
            record.made_unix
        );
        let directory = self.roots().join(&name);
        let path = staged.path();
        files::replace(&path.join("lock"), b"", Access::Public)?;
        let text = serde_json::to_vec_pretty(&record).expect("a record has string keys");
        files::replace(&path.join("root.json"), &text, Access::Public)?;
        staged.publish(&directory)?;
        Ok(Cached {
            name,
            directory,
            record,
        })
    }

    /// Removes a system and all that is on top of it; says `false` when
    /// somebody builds in it.
    pub fn remove(&self, cached: &Cached) -> Result<bool, FileError> {
        let lock = cached.directory.join("lock");
        let free = match File::options().write(true).open(&lock) {
            Ok(file) => file.try_lock().is_ok().then_some(file),
            // Half removed.
            Err(_) => return ids::remove(&cached.directory).map(|()| true),
        };
        let Some(_held) = free else {
            return Ok(false);
        };
        // Renamed first: nobody else takes it while it goes.
        let gone = self.roots().join(format!(".gone-{}", cached.name));
        ids::remove(&gone)?;
        fs::rename(&cached.directory, &gone).map_err(files::failed("remove", &cached.directory))?;
        ids::remove(&gone)?;
        Ok(true)
    }

    /// Removes the systems that `newer` replaces and nobody builds in.
    pub fn drop_older(&self, newer: &Cached) -> Result<(), FileError> {
        for cached in self.list() {
            let (old, new) = (&cached.record, &newer.record);
            if old.key == new.key && old.made_unix < new.made_unix {
                self.remove(&cached)?;
            }
        }
        Ok(())
    }
}

/// Waits for a lock that another run holds.
pub fn wait_for(path: &Path, why: &str, listener: &dyn Listener) -> Result<files::Lock, RootError> {
    let mut told = false;
    loop {
        if let Some(lock) = files::try_lock(path)? {
            return Ok(lock);
        }
        if interrupt::asked() {
            return Err(RootError::Interrupted);
        }
        if !told {
            listener.note(format!("{why}: waiting for it"));
            told = true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A directory that is being filled. Dropped, it goes with all it holds.
#[derive(Debug)]
pub struct Staged {
    path: Option<PathBuf>,
    /// Let go by the system when the process is killed, so that the next one
    /// can sweep.
    _lock: File,
}

const STAGED: &str = ".making-";
/// How often its removal is tried.
const TRIES: u32 = 20;

impl Staged {
    /// Makes one in a directory.
    pub fn within(parent: &Path) -> Result<Self, FileError> {
        let mut builder = tempfile::Builder::new();
        let permissions = fs::Permissions::from_mode(0o755);
        builder.prefix(STAGED).permissions(permissions);
        loop {
            let made = builder.tempdir_in(parent).and_then(|made| {
                let lock = File::open(made.path())?;
                lock.lock_shared()?;
                Ok((made.keep(), lock))
            });
            let (path, lock) = match made {
                // Another one swept it away before it was locked.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && parent.is_dir() => {
                    continue;
                }
                made => made.map_err(files::failed("create a directory in", parent))?,
            };
            if path.is_dir() {
                return Ok(Self {
                    path: Some(path),
                    _lock: lock,
                });
            }
        }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        self.path
            .as_deref()
            .expect("it is there until it is published")
    }

    /// Puts it in its place, which must be free.
    pub fn publish(mut self, place: &Path) -> Result<(), FileError> {
        if let Some(parent) = place.parent() {
            files::create_dir(parent)?;
        }
        fs::rename(self.path(), place).map_err(files::failed("write", place))?;
        self.path = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // A tool that was killed may write for a moment more. What cannot be
            // removed now is swept by the next one.
            for _ in 0..TRIES {
                match ids::remove(path) {
                    Ok(()) => break,
                    Err(_) => std::thread::sleep(Duration::from_millis(100)),
                }
            }
        }
    }
}

/// Removes what killed processes have left in a directory.
pub fn sweep(parent: &Path) {
    for (path, _held) in left(parent) {
        let _ = ids::remove(&path);
    }
}

/// Finds what killed processes have left in a directory, and keeps it from
/// being taken for somebody's work.
fn left(parent: &Path) -> Vec<(PathBuf, Option<File>)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let left = entries.filter_map(|entry| {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        if name.starts_with(".gone-") {
            return Some((path, None));
        }
        let directory = name.starts_with(STAGED).then(|| File::open(&path).ok())??;
        directory.try_lock().ok()?;
        Some((path, Some(directory)))
    });
    left.collect()
}

/// Returns what a tree takes on disk, as far as it can be read.
pub fn size(tree: &Path) -> u64 {
    const BLOCK: u64 = 512;
    let entries = walkdir::WalkDir::new(tree).into_iter().flatten();
    let blocks = entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|found| found.blocks());
    blocks.sum::<u64>() * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_enters_the_cache() {
        let home = tempfile::tempdir().expect("a directory");
        let top = home.path().join("debcut");
        let mode = || fs::metadata(&top).expect("there").mode() & 0o777;
        let variables = [("XDG_CACHE_HOME", home.path().display().to_string())];
        let environment = Environment::new(home.path(), variables);
        Cache::of(&environment).expect("made");
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&top, fs::Permissions::from_mode(0o755)).expect("opened");
        Cache::of(&environment).expect("closed");
        assert_eq!(mode(), 0o700);
        fs::remove_dir(&top).expect("empty");
        std::os::unix::fs::symlink("/tmp", &top).expect("linked");
        Cache::of(&environment).expect_err("it is somebody else's");
    }
}
