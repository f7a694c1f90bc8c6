//! Files that somebody wants to publish → candidates, read once and hashed
//! while they are read. What is wrong with one is a finding; all are told.
//!
//! First it is decided what to read, then all of that is read at once by all
//! processors. What comes of it is in the order of the request, whoever was
//! faster.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

mod attested;
mod package;
mod upload;

use crate::archive::candidate::Candidate;
use crate::archive::gate::uploads::Upload;
use crate::archive::{Evidence, ProofFile};
use crate::model::{Component, Event, Finding, Listener, Timestamp};
use crate::sys::files::{self, FileError};
use crate::sys::interrupt;
use crate::sys::openpgp::Keyring;

/// What was offered.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The packages.
    pub candidates: Vec<Candidate>,
    /// What keeps some of them out, and what is worth knowing.
    pub findings: Vec<Finding>,
    /// The distributions that uploads are meant for.
    pub distributions: Vec<String>,
    /// The uploads, `.buildinfo` and attestations that came along.
    pub proofs: Vec<ProofFile>,
    /// Whose attestations speak for what came.
    pub evidence: Evidence,
    /// Why some attestations do not count; worth telling where they are missed.
    pub uncounted: Vec<Finding>,
    /// Who signed what came.
    pub uploads: Vec<Upload>,
}

/// What reading may use.
pub struct Reader<'a> {
    /// Whose signatures on uploads can be checked.
    pub keyring: &'a Keyring,
    /// The component that everything must go to.
    pub component: Option<&'a Component>,
    /// When this is: a key that has expired since signs nothing any more.
    pub now: Timestamp,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Reads `.deb`, `.dsc` and `.changes` files, and all below directories.
pub fn read(paths: &[PathBuf], reader: &Reader<'_>) -> Result<Incoming, FileError> {
    let mut incoming = Incoming::default();
    let mut wanted = Vec::new();
    for path in paths {
        let metadata = path.metadata().map_err(files::failed("read", path))?;
        if !metadata.is_dir() {
            wanted.push(path.clone());
            continue;
        }
        let found = below(path, reader.listener)?;
        if found.is_empty() {
            let message = "there is no .deb, .dsc or .changes in it";
            let finding = Finding::error("nothing-to-publish", path.display().to_string(), message);
            incoming.findings.push(finding);
        }
        wanted.extend(found);
    }
    // Uploads first: they know the sections of their source packages.
    wanted.sort_by_key(|path| kind_of(path) != Some(Kind::Changes));
    let mut wish = Wish::default();
    for path in &wanted {
        reader.wish(path, &mut wish)?;
    }
    incoming.distributions = wish.distributions;
    incoming.proofs = wish.proofs;
    incoming.uploads = wish.uploads;
    reader.all(wish.work, &mut incoming)?;
    attested::read(reader.keyring, &mut incoming)?;
    Ok(incoming)
}

/// Finds what can be read below a directory, in order of the names. Links to
/// files are followed, links to directories are not. What git and debcut keep
/// for themselves, builds that were never tagged among it, is not looked at.
fn below(directory: &Path, listener: &dyn Listener) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    let walk = walkdir::WalkDir::new(directory).sort_by_file_name();
    let is_kept = |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name() == ".git";
    for entry in walk.into_iter().filter_entry(|entry| !is_kept(entry)) {
        let entry =
            entry.map_err(|error| {
                files::failed("list", directory)(error.into_io_error().unwrap_or_else(|| {
                    io::Error::other("a link leads back to a directory above it")
                }))
            })?;
        let path = entry.path();
        // Links that lead nowhere are found too: reading one says so.
        if entry.file_type().is_dir() || path.is_dir() {
            continue;
        }
        if is_left_out(path) {
            let path = path.display();
            listener.note(format!("{path} is left out: indices have no such packages"));
        } else if kind_of(path).is_some() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Deb,
    Dsc,
    Changes,
}

fn kind_of(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "deb" => Some(Kind::Deb),
        "dsc" => Some(Kind::Dsc),
        "changes" => Some(Kind::Changes),
        _ => None,
    }
}

/// Tells whether a file is a package for Debian's installer or of debugging
/// symbols as Ubuntu names them, which belong in indices of their own.
fn is_left_out(path: &Path) -> bool {
    (path.extension()).is_some_and(|ending| ending == "udeb" || ending == "ddeb")
}

/// One file to read, or what is to be told in its place.
enum Work {
    Deb(PathBuf),
    Dsc {
        path: PathBuf,
        listed: Option<SectionAndPriority>,
    },
    Tell(Finding),
}

impl Work {
    /// Returns the file that is read.
    fn path(&self) -> &Path {
        match self {
            Self::Deb(path) | Self::Dsc { path, .. } => path,
            Self::Tell(_) => Path::new("the rest"),
        }
    }
}

/// What the upload that lists a source package says of it.
type SectionAndPriority = (String, String);

/// What shall be read, in the order in which it is told, each file once; and
/// what is known without reading it.
#[derive(Default)]
struct Wish {
    work: Vec<Work>,
    seen: BTreeSet<PathBuf>,
    distributions: Vec<String>,
    proofs: Vec<ProofFile>,
    uploads: Vec<Upload>,
}

impl Wish {
    /// Tells whether a file is asked for the first time.
    fn is_new(&mut self, path: &Path) -> bool {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.seen.insert(absolute)
    }

    fn tell(&mut self, finding: Finding) {
        self.work.push(Work::Tell(finding));
    }
}

/// What came of reading one file.
#[derive(Default)]
struct Part {
    candidate: Option<Candidate>,
    upload: Option<Upload>,
    findings: Vec<Finding>,
}

impl Part {
    fn of(candidate: Candidate) -> Self {
        Self {
            candidate: Some(candidate),
            upload: None,
            findings: Vec::new(),
        }
    }
}

impl From<Finding> for Part {
    fn from(finding: Finding) -> Self {
        Self {
            candidate: None,
            upload: None,
            findings: vec![finding],
        }
    }
}

fn refused(rule: &'static str, path: &Path, message: &str) -> Finding {
    Finding::error(rule, path.display().to_string(), message)
}

/// Fewer files than this are not worth starting threads.
const WORTH_THREADS: usize = 4;

impl Reader<'_> {
    fn wish(&self, path: &Path, wish: &mut Wish) -> Result<(), FileError> {
        if !wish.is_new(path) {
            return Ok(());
        }
        match kind_of(path) {
            Some(Kind::Deb) => wish.work.push(Work::Deb(path.to_owned())),
            Some(Kind::Dsc) => wish.work.push(Work::Dsc {
                path: path.to_owned(),
                listed: None,
            }),
            Some(Kind::Changes) => self.changes(path, wish)?,
            None => {
                let message = "it is no .deb, .dsc or .changes, and no directory";
                wish.tell(refused("unknown-file", path, message));
            }
        }
        Ok(())
    }

    fn all(&self, work: Vec<Work>, into: &mut Incoming) -> Result<(), FileError> {
        let (total, done) = (work.len() as u64, AtomicU64::new(0));
        let parts: Vec<_> = if work.len() < WORTH_THREADS {
            let one = |work| {
                if let Work::Deb(path) | Work::Dsc { path, .. } = &work {
                    self.listener.begin(format!("reading {}", path.display()));
                }
                self.one(work)
            };
            work.into_iter().map(one).collect()
        } else {
            self.listener.begin(format!("reading {total} files"));
            let one = |work: Work| {
                if interrupt::asked() {
                    let stopped = io::Error::from(io::ErrorKind::Interrupted);
                    return Err(files::failed("go on to read", work.path())(stopped));
                }
                let part = self.one(work);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                self.listener.hear(Event::Progress { done, total });
                part
            };
            work.into_par_iter().map(one).collect()
        };
        for part in parts {
            let part = part?;
            into.candidates.extend(part.candidate);
            into.uploads.extend(part.upload);
            into.findings.extend(part.findings);
        }
        Ok(())
    }

    fn one(&self, work: Work) -> Result<Part, FileError> {
        match work {
            Work::Deb(path) => self.deb(&path),
            Work::Dsc { path, listed } => self.dsc(&path, listed),
            Work::Tell(finding) => Ok(finding.into()),
        }
    }
}
