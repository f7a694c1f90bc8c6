//! Is an archive whole: what clients are promised is there, is what it was
//! promised to be, and is signed; and our own state says the same.
//!
//! Reads only, and goes on after a finding: the answer is all of them. What
//! cannot be read at all is an error of the store, not a finding.

mod content;
mod lost;
mod proofs;
mod signed;

use std::collections::BTreeSet;

use crate::archive::layout;
use crate::model::{ArchivePath, Finding, Listener, Sha256, Suite, Timestamp};
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::seal::SealError;
use crate::sys::openpgp::Keyring;
use crate::sys::store::Store;

pub use lost::lost_heads;

/// Verifies signatures by keys that count.
pub trait Verify {
    /// Returns the text that is signed inside `framed`, by a key that is valid
    /// `now`: clients ask no less.
    fn verify_clear(&self, framed: &str, now: Timestamp) -> Result<String, SealError>;

    /// Accepts a detached signature over `bytes`, or says why not.
    fn verify_detached(
        &self,
        bytes: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<(), SealError>;
}

impl Verify for Keyring {
    fn verify_clear(&self, framed: &str, now: Timestamp) -> Result<String, SealError> {
        Ok(self.verify_clear_at(framed, now)?.plain)
    }

    fn verify_detached(
        &self,
        bytes: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<(), SealError> {
        self.verify_detached_at(bytes, signature.as_bytes(), now)?;
        Ok(())
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Signatures and indices whole; of packages, that they are there and how
    /// large they are.
    References,
    /// Every byte of packages and of our own state too.
    Everything,
}

/// Checks suites; the findings are in the order of the suites, and what a
/// client meets first comes first.
pub fn check(
    store: &dyn Store,
    suites: &[Suite],
    depth: Depth,
    keys: &dyn Verify,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Vec<Finding>, PublishError> {
    let mut check = Check {
        store,
        depth,
        findings: Vec::new(),
        seen: BTreeSet::new(),
    };
    for suite in suites {
        listener.begin(format!("checking {suite}"));
        check.suite(suite, keys, now)?;
    }
    Ok(check.findings)
}

struct Check<'a> {
    store: &'a dyn Store,
    depth: Depth,
    findings: Vec<Finding>,
    /// What the pool must have, as far as that was checked: indices and suites
    /// share packages.
    seen: BTreeSet<(ArchivePath, Sha256)>,
}

impl Check<'_> {
    fn suite(
        &mut self,
        suite: &Suite,
        keys: &dyn Verify,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let path = layout::head(suite);
        let Some(bytes) = self.store.read(&path)? else {
            let finding = Finding::error("no-such-suite", suite.as_str(), "it has no head");
            self.findings.push(finding);
            return Ok(());
        };
        let head = match Head::from_bytes(&path, suite, &bytes) {
            Ok(head) => head,
            Err(error) => {
                self.damaged_state(&path, &error);
                return Ok(());
            }
        };
        let release = self.signed(&head, keys, now)?;
        self.content(&head, release.as_ref())
    }

    fn error(&mut self, rule: &'static str, path: &ArchivePath, message: String, fix: &str) {
        let finding = Finding::error(rule, path.as_str(), message).fix(fix);
        self.findings.push(finding);
    }

    /// Reports our own state, which clients never read.
    fn damaged_state(&mut self, path: &ArchivePath, error: &PublishError) {
        let fix = "restore it from a backup";
        let message = match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        self.error("damaged-state", path, message, fix);
    }
}
