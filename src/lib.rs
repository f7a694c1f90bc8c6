//! debcut takes a project from a git history to packages installed on every
//! host: it builds signed Debian packages from a tag and publishes them to an
//! apt archive.
//!
//! # The house, read downward
//!
//! A folder imports only folders above it in this list; a project test holds
//! it to that.
//!
//! | folder | holds |
//! |---|---|
//! | [`model`] | words everyone uses: names, digests, times, findings |
//! | [`format`](mod@format) | bytes ⇄ values, one file per format, no files and no clock |
//! | [`sys`] | the outside: clock, processes, files, git, signatures, stores |
//! | [`keys`] | signing keys: create, import, list, export, choose |
//! | [`release`] | commits → next version, changelog, notes, tag |
//! | [`patch`] | what wants into a maintenance branch, and who decided what |
//! | [`build`] | tag → source package → `.deb`, signed |
//! | [`verify`] | who signed an artifact, from which commit, and does it agree |
//! | [`archive`] | what an apt archive is: pool, suites, generations, chunks |
//! | [`publish`] | one generation to the next, all or nothing |
//! | [`rollout`] | rings, soak, health, halt, and the way back |
//! | [`config`] | `debcut.toml` as written → each stage's policy |
//! | [`report`] | how values look: terminal and JSON |
//! | [`flow`] | chains of stages: demo, publish that lost a race |
//! | [`cli`] | argv, environment, clock, terminal; one file a verb |
//!
//! # The walk
//!
//! Every stage that changes the world is three verbs in files of their own:
//! `observe` reads the world into facts, `plan` turns facts and policy into a
//! plan (purely), `apply` turns a plan into a receipt and decides nothing
//! again. `--dry-run` prints the plan; running again observes and plans again,
//! and what is already true is no longer in the plan.

pub mod model;

pub mod format;

pub mod sys;

pub mod keys;

pub mod release;

pub mod patch;

pub mod build;

pub mod verify;

pub mod archive;

pub mod publish;

pub mod rollout;

pub mod config;

pub mod report;

pub mod flow;

pub mod cli;

/// The version of this program, with the commit it was built from where that
/// is known.
pub const VERSION: &str = env!("DEBCUT_VERSION");
