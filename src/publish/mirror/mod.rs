//! Copies of an archive elsewhere: which files a generation consists of, in
//! which order they have to appear, and which of them nobody needs any more.
//!
//! A mirror is a plain apt archive. It is written as a publish is: packages,
//! indices by digest, then plain names, `Release`, `Release.gpg`, and
//! `InRelease` last; until then its clients read the former generation whole.

mod another;
mod files;
mod record;
mod rsync;
mod status;
mod target;

pub use another::refuse_another;
pub use files::{Origin, Phase, Pushed, Texts, files, needed, purged, state, tops};
pub use record::{Live, Push, Record};
pub use rsync::RsyncTarget;
pub use status::{Stand, Standing, standing};
pub use target::{MirrorError, StoreTarget, Target};

use std::collections::BTreeMap;

use crate::model::{ArchivePath, Listener, Sha256, Suite};

/// A file of a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorFile {
    /// Where it is in the mirror.
    pub path: ArchivePath,
    /// When it is written.
    pub phase: Phase,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest, where the archive says it.
    pub sha256: Option<Sha256>,
    /// Where its bytes are.
    pub origin: Origin,
}

/// What came of one mirror.
#[derive(Debug, Clone)]
pub struct Mirrored {
    /// The mirror.
    pub place: String,
    /// The suites, with the generation that the mirror has now, or would.
    pub suites: Vec<(Suite, u64)>,
    /// How many files were written, or would be.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// The files that were removed, or would be.
    pub pruned: Vec<ArchivePath>,
    /// What identifies the plan.
    pub digest: Sha256,
}

/// How closely a mirror is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// By the sizes of files.
    Sizes,
    /// By their digests.
    Digests,
}

/// What a push writes.
#[derive(Debug, Default)]
pub struct PushPlan {
    /// The files, in order of their phases.
    pub files: Vec<MirrorFile>,
    /// What `InRelease` is there.
    pub before: Option<Vec<u8>>,
}

impl PushPlan {
    /// Returns how many bytes it writes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Compares a mirror with what it should have. Its `InRelease` is looked at
/// first, so that a push that is older than what somebody else writes
/// meanwhile does not replace that.
pub fn plan(
    target: &dyn Target,
    pushed: &Pushed,
    files: Vec<MirrorFile>,
    compare: Compare,
) -> Result<PushPlan, MirrorError> {
    let before = target.read(&pushed.in_release())?;
    let mut there = BTreeMap::new();
    for top in tops(&files) {
        there.extend(target.list(&top)?);
    }
    let mut plan = PushPlan {
        files: Vec::new(),
        before,
    };
    for file in files {
        let lacks = match there.get(&file.path) {
            Some(size) if *size == file.size => match (&file.origin, file.sha256) {
                (Origin::Bytes(bytes), _) => target.read(&file.path)?.as_ref() != Some(bytes),
                (Origin::Store(_), Some(sha256))
                    if compare == Compare::Digests || file.phase == Phase::Index =>
                {
                    target.digest(&file.path)? != Some(sha256)
                }
                _ => false,
            },
            _ => true,
        };
        if lacks {
            plan.files.push(file);
        }
    }
    plan.files.sort_by_key(|file| file.phase);
    Ok(plan)
}

/// Writes what a plan says, one phase after the other.
pub fn push(
    target: &dyn Target,
    plan: &PushPlan,
    listener: &dyn Listener,
) -> Result<(), MirrorError> {
    for files in plan.files.chunk_by(|a, b| a.phase == b.phase) {
        listener.begin(format!(
            "writing {} to {}",
            files[0].phase.words(),
            target.place()
        ));
        target.write(files, plan.before.as_deref(), listener)?;
    }
    Ok(())
}
