//! How values look: as text for a terminal and as JSON for a program.
//!
//! Only this folder knows presentation; only `cli/` knows where it goes.

mod announce;
pub mod announcing;
mod approve;
mod archive;
mod attest;
mod build;
mod deb;
mod demo;
mod doctor;
mod document;
mod generations;
mod init;
mod keys;
mod lead_time;
mod manual;
mod matrix;
mod mirror;
mod notes;
mod page;
pub mod pages;
pub mod patch;
mod plan;
mod release;
mod release_plan;
mod release_sync;
mod renewal;
mod reproduce;
pub mod rolling;
pub mod rollout;
mod root;
mod status;
mod uploads;
mod verify;
mod version;
mod who;

pub use announce::{AnnounceDocument, AnnounceLine};
pub use approve::ApproveDocument;
pub use archive::{
    AddDocument, ArchiveDocument, ArchiveStatusDocument, CheckDocument, DiffDocument,
    HistoryDocument, ListDocument, MadePackage, Monitored, PagesDocument, PromoteDocument,
    PublishDocument, RemoveDocument, Shape, ShowDocument, SourcesDocument,
};
pub use attest::AttestDocument;
pub use build::{BuildDocument, BuildsDocument};
pub use deb::{DebDiff, DebPack, DebShow};
pub use demo::DemoDocument;
pub use doctor::DoctorDocument;
pub use document::{Answer, Document, ErrorDocument, Report};
pub use generations::{
    CollectDocument, CopyDocument, MergeDocument, PinDocument, PinsDocument, PurgeDocument,
    RollbackDocument, SnapshotDocument, UnpinDocument,
};
pub use init::InitDocument;
pub use keys::{ExportedKey, ImportedKeys, KeyList, NewKeyDocument, NewKeyPlan};
pub use lead_time::LeadTimeDocument;
pub use manual::ManualDocument;
pub use matrix::{MatrixDocument, MatrixOf};
pub use mirror::MirrorDocument;
pub use notes::{NotesDocument, Shown};
pub use page::{Colour, Page, size};
pub use plan::PlanDocument;
pub use release::{
    BuiltPackage, ChangedFile, PrepareDocument, ReleaseDocument, ReleasedPackage, StepLine,
    TagDocument, TagLine,
};
pub use release_plan::{
    PlannedChange, PlannedCommand, PlannedPackage, PlannedPush, PlannedRelease, PlannedState,
};
pub use release_sync::ReleaseSyncDocument;
pub use renewal::{ImportDocument, RefreshDocument, RotateDocument, RotationPhase, SuiteLine};
pub use reproduce::{RefusedReproduction, ReproduceDocument};
pub use root::{RootLine, RootList, RootMade, RootRemoved};
pub use status::StatusDocument;
pub use uploads::{IncomingDocument, UploadRow, UploadState};
pub use verify::VerifyDocument;
pub use version::VersionOrder;
pub use who::WhoDocument;
