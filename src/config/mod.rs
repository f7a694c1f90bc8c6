//! `debcut.toml` as written → each stage's policy.
//!
//! Only this folder reads our configuration. Every key has a default; a
//! missing file is an empty one.

mod announce;
mod build;
mod chroot;
mod ci;
mod debianize;
mod declared;
mod detect;
mod filled;
mod forge;
mod notify;
pub mod patch;
mod policy;
mod proof_policy;
mod read;
mod ready_hook;
mod release;
pub mod rollout;
mod sources;
mod template;
mod written;

pub use announce::{AnnounceRules, Channel as AnnounceChannel, Way as AnnounceWay};
pub use build::{BuildRules, IsolationWord};
pub use ci::{CiForge, CiSchedule, Pipeline};
pub use debianize::{DebianizeError, NewFile, Packaging, debianize};
pub use detect::{Detected, DetectedEdge, DetectedGroup, DetectedKind, DetectedPackage, detect};
pub use forge::{Forge, ForgeKind};
pub use policy::{ArchiveLocation, Project};
pub use proof_policy::proof_policy;
pub use read::ConfigError;
pub use ready_hook::ReadyHook;
pub use release::Surroundings;
pub use rollout::RolloutRules;
pub use template::render;

/// The file's name, at the top of the repository.
pub const FILE_NAME: &str = "debcut.toml";
