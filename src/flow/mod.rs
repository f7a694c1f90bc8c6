//! Chains of stages: what one leaves, the next takes.
//!
//! Knows no terminal and no argv; `cli/` says what was asked for and shows
//! what came of it.

pub mod announcing;
pub mod archiving;
pub mod attesting;
mod authoring;
mod build_cache;
pub mod building;
pub mod builds;
pub mod chaining;
pub mod configured;
pub mod demo;
pub mod doctor;
mod earlier_build;
pub mod embargoing;
pub mod evidence;
mod gating;
pub mod generations;
pub mod hooks;
pub mod importing;
pub mod incoming;
pub mod inspecting;
pub mod keyring_package;
pub mod lead_time;
pub mod lifting;
pub mod looking;
pub mod merging;
pub mod mirroring;
pub mod noting;
pub mod packing;
pub mod paging;
mod parts;
pub mod patching;
pub mod planning;
pub mod preparing;
pub mod project;
pub mod purging;
pub mod rebuilding;
pub mod refreshing;
pub mod releasing;
pub mod reproducing;
pub mod rolling;
pub mod rooting;
pub mod rotating;
pub mod signing;
pub mod status;
mod surroundings;
pub mod tagging;
mod tooling;
pub mod unpublished;
pub mod verifying;

use std::path::PathBuf;

use crate::build::apply::BuildError;
use crate::build::observe::ObserveError;
use crate::build::root::RootError;
use crate::config::ConfigError;
use crate::keys::{ChooseError, StoreError};
use crate::model::{Architecture, ArchivePath, Fingerprint, Suite, TagName};
use crate::publish::PublishError;
use crate::publish::mirror::MirrorError;
use crate::release::prepare::apply::PrepareError;
use crate::release::tag::apply::TagError;
use crate::sys::files::FileError;
use crate::sys::git::{GitError, PushError, UserGitError};
use crate::sys::openpgp::{CertificateError, SignError};
use crate::sys::outward::OutwardError;
use crate::sys::process::ToolError;
use crate::sys::store::{LockError, S3Error, StoreError as ArchiveStoreError};

/// Why a chain ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to plan a release with.
    #[error(transparent)]
    History(#[from] crate::release::observe::ObserveError),
    /// There is nothing to plan a build with.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// There is no key to sign with.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The store of keys cannot be used.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// A keyring file cannot be read as one.
    #[error("{} is no keyring", path.display())]
    Keyring {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// The key cannot sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// There is nothing to add an attestation to, or nobody to sign it.
    #[error(transparent)]
    Attesting(#[from] attesting::AttestingError),
    /// The build did not finish.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is no system to build in.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Nobody knows which system is wanted.
    #[error(transparent)]
    Want(#[from] rooting::WantError),
    /// No such system is kept.
    #[error("no system “{wanted}” is kept{}", match known.as_slice() {
        [] => String::new(),
        known => format!("; there is {}", known.join(", ")),
    })]
    NoRoot {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The archive's files cannot be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveStoreError),
    /// Another publisher has the archive.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A publish, or a look at an archive, did not come to its end.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// There is no archive of ours.
    #[error("{place} holds no archive of debcut's")]
    NoArchive {
        /// The place.
        place: String,
    },
    /// The archive has no such suite.
    #[error("{place} has no suite {wanted}; it has {}", known.join(", "))]
    NoSuite {
        /// The place.
        place: String,
        /// What was asked for.
        wanted: String,
        /// The suites there are.
        known: Vec<String>,
    },
    /// The suite has no such generation, or keeps it no more.
    #[error("{suite} has no generation {wanted}; kept are {}", known.join(", "))]
    NoGeneration {
        /// The suite.
        suite: Suite,
        /// What was asked for: a number or a name.
        wanted: String,
        /// The numbers and names there are.
        known: Vec<String>,
    },
    /// There is nothing to roll out.
    #[error(transparent)]
    Target(#[from] rolling::opening::TargetError),
    /// Nothing was rehearsed.
    #[error(transparent)]
    Rehearsal(#[from] rolling::rehearsing::RehearsalError),
    /// The ledger of a maintenance branch, or what it leads to, is not usable.
    #[error(transparent)]
    Patching(#[from] patching::PatchingError),
    /// A rollout cannot be started, found or moved.
    #[error(transparent)]
    Rolling(#[from] rolling::RollingError),
    /// A rollout's journal cannot be used.
    #[error(transparent)]
    Journal(#[from] crate::rollout::journal::JournalError),
    /// A rollout's journal makes no sense.
    #[error("the journal of a rollout makes no sense")]
    Replay(#[from] crate::rollout::state::ReplayError),
    /// A step of a rollout was not done to its end.
    #[error(transparent)]
    Drive(#[from] crate::rollout::drive::DriveError),
    /// There is nothing to destroy.
    #[error("{place} neither lists nor keeps {wanted}")]
    NoContent {
        /// The place.
        place: String,
        /// What was asked for: a digest or a path.
        wanted: String,
    },
    /// The archive has several suites, and none was named.
    #[error("{place} has the suites {}: say which", known.join(", "))]
    WhichSuite {
        /// The place.
        place: String,
        /// The suites there are.
        known: Vec<String>,
    },
    /// A package is not installed.
    #[error("{name} is not installed below {}", root.display())]
    NotInstalled {
        /// The package.
        name: String,
        /// The root directory.
        root: PathBuf,
    },
    /// A directory holds no package.
    #[error("{directory} holds no .deb")]
    NoDebs {
        /// The directory, as it was named.
        directory: String,
    },
    /// An announcement's text cannot be made, or may not leave.
    #[error(transparent)]
    Announce(#[from] announcing::SendError),
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// An object store cannot be used as it is asked for.
    #[error(transparent)]
    ObjectStore(#[from] S3Error),
    /// A kind of place where no archive can be written.
    #[error("{location} cannot be used: an archive is a directory, or s3://BUCKET/PREFIX")]
    UnsupportedLocation {
        /// The location.
        location: String,
    },
    /// The archive does not hold the certificate that it was signed with.
    #[error("{place} holds no certificate for {suite}")]
    NoCertificate {
        /// The place.
        place: String,
        /// The suite.
        suite: String,
    },
    /// A mirror was not brought up to date.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// An import was stopped before it was done.
    #[error("the import was stopped; what was read until then is remembered")]
    ImportStopped,
    /// A file of another archive cannot be fetched.
    #[error("cannot fetch {path}")]
    Fetch {
        /// The file.
        path: ArchivePath,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The keyring package was not packed.
    #[error(transparent)]
    Pack(#[from] packing::PackError),
    /// A key that must sign too, because its clients know no other, cannot.
    #[error("the suite is signed with {fingerprint} too, which cannot sign here")]
    MissingSigner {
        /// The key.
        fingerprint: Fingerprint,
        /// Why it cannot.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An archive without a signature helps nobody.
    #[error("an archive must be signed: apt refuses it otherwise")]
    UnsignedArchive,
    /// A tool is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The directory for the demo holds something else.
    #[error("{} is not empty and holds no demo", path.display())]
    NoDemo {
        /// The directory.
        path: std::path::PathBuf,
    },
    /// The release commit was not made, or not finished.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A template of the notes cannot be used.
    #[error(transparent)]
    Template(#[from] crate::release::notes::render::TemplateError),
    /// The tags were not made.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// Nothing was pushed.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The user's git did not do something.
    #[error(transparent)]
    UserGit(#[from] UserGitError),
    /// The user's editor ended badly.
    #[error("the editor “{editor}” did not end well; nothing was written")]
    Editor {
        /// The command.
        editor: String,
        /// How it ended.
        source: ToolError,
    },
    /// A command after a step failed; the step itself is done.
    #[error("{step} is done, but the command after it failed: `{command}`")]
    Hook {
        /// The step.
        step: String,
        /// The command.
        command: String,
        /// How it failed.
        source: ToolError,
    },
    /// No home directory is named, so there is no place for keys.
    #[error("neither XDG_DATA_HOME nor HOME says where keys are kept")]
    NoDataHome,
    /// The tree describes no package.
    #[error(
        "{revision} holds no package: neither debian/control nor a debcut.toml that describes one"
    )]
    NoPackage {
        /// The tag or revision.
        revision: String,
        /// Whether the work tree has a `debcut.toml` that the revision lacks.
        only_in_work_tree: bool,
    },
    /// No package has this name.
    #[error("there is no package “{wanted}” in {revision}; there is {}", known.join(", "))]
    UnknownPackage {
        /// The tag or revision.
        revision: String,
        /// The name.
        wanted: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The tag is no release of any package.
    #[error("the tag {tag} fits no tag pattern: {}", patterns.join(", "))]
    UnknownTagStyle {
        /// The tag.
        tag: String,
        /// The packages and their patterns.
        patterns: Vec<String>,
    },
    /// Several packages could be meant.
    #[error("{revision} may be {}: say which", packages.join(" or "))]
    SeveralPackages {
        /// The tag or revision.
        revision: String,
        /// Their names.
        packages: Vec<String>,
    },
    /// One version is named for several packages.
    #[error("--set-version names one version, but there is more than one package: {}", packages.join(", "))]
    OneVersionForSeveral {
        /// Their names.
        packages: Vec<String>,
    },
    /// Nothing on this machine builds for an architecture.
    #[error(
        "nothing here builds for {architecture}: it has no cross compiler, and its programs do not run"
    )]
    NoToolchain {
        /// The architecture.
        architecture: Architecture,
    },
    /// HEAD has no tag to build, or several.
    #[error("{}", match tags.as_slice() {
        [] => "HEAD has no tag".to_owned(),
        tags => format!("HEAD has {} tags: {}", tags.len(), tags.iter().map(TagName::as_str).collect::<Vec<_>>().join(", ")),
    })]
    NoTagAtHead {
        /// The tags.
        tags: Vec<TagName>,
    },
    /// The output directory holds another build.
    #[error("{} holds another build: {why}", path.display())]
    OtherBuild {
        /// The directory.
        path: PathBuf,
        /// In what it differs.
        why: String,
    },
    /// A record of a build cannot be read.
    #[error("{} is no record of a build", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::format::deb822::Deb822Error,
    },
    /// A record of a build leaves something open that is needed.
    #[error("{} {why}", path.display())]
    RecordLacks {
        /// The file.
        path: PathBuf,
        /// What.
        why: String,
    },
    /// The source that a record names is nowhere.
    #[error("{dsc} is not beside {} nor in {}", record.display(), match archives.as_slice() {
        [] => "an archive (none was given)".to_owned(),
        archives => archives.iter().map(|a| a.display().to_string()).collect::<Vec<_>>().join(", "),
    })]
    NoSource {
        /// The `.dsc`.
        dsc: String,
        /// The record.
        record: PathBuf,
        /// Where it was looked for, too.
        archives: Vec<PathBuf>,
    },
    /// The packages that a record names are not those that are installed.
    #[error("the build had other packages than this machine: {}", others.join(", "))]
    OtherDependencies {
        /// Each with the version that was there and the one that is.
        others: Vec<String>,
    },
    /// What a build is to be compared with is not there.
    #[error("{} holds nothing to compare with: {why}", path.display())]
    NoReference {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// The output directory holds something else.
    #[error("{} exists and holds no build of debcut's", path.display())]
    OutTaken {
        /// The directory.
        path: PathBuf,
    },
}
