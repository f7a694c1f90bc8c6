//! Whom a verifier trusts with what.

use crate::model::Fingerprint;

/// Which keys may tag, build and publish. An empty list allows every key of the
/// keyring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whose signatures on tags count.
    pub tag_keys: Vec<Fingerprint>,
    /// Whose builds count: signatures on `.changes`, `.buildinfo` and
    /// provenance.
    pub build_keys: Vec<Fingerprint>,
    /// Whose signatures on a suite count.
    pub publish_keys: Vec<Fingerprint>,
    /// Whether the tagged commit must be signed too.
    pub signed_commits: bool,
    /// What must have stood between the build and the machine: `chroot`,
    /// `namespace` or `none`; empty: anything.
    pub isolation: Vec<String>,
    /// How many different builders must attest the package.
    pub attestations: u32,
}
