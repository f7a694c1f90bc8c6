//! What is chosen of a build: by the command line, by the configuration.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::build::environment::Machine;
use crate::build::gates::Gate;
use crate::build::isolation::{Allowance, Isolation};
use crate::build::target::Target;
use crate::build::tools::ToolIdentity;
use crate::build::upload::Upload;
use crate::format::version::Version;
use crate::model::{Fingerprint, Suite};

/// What the user and the configuration choose.
#[derive(Debug, Clone)]
pub struct Choices {
    /// What is built.
    pub scope: Scope,
    /// Where it is built.
    pub isolation: Isolation,
    /// Who builds the binaries.
    pub builder: Builder,
    /// What a build in a room may use up.
    pub allowance: Allowance,
    /// What this machine brings in where nothing keeps it out, and how many
    /// jobs run side by side.
    pub machine: Machine,
    /// `DEB_BUILD_PROFILES`.
    pub profiles: Vec<String>,
    /// `DEB_BUILD_OPTIONS`.
    pub options: Vec<String>,
    /// The tools of this machine that take part.
    pub tools: BTreeMap<String, ToolIdentity>,
    /// How long a tool may run, in seconds.
    pub limit_seconds: u64,
    /// The certificate whose key signs; none: nothing is signed.
    pub signing_key: Option<Fingerprint>,
    /// Whether the policy names whose tags count, so that unsigned ones do not.
    pub signed_tags_only: bool,
    /// What it is built for.
    pub target: Target,
    /// An entry that the changelog gets for this build alone.
    pub entry: Option<EntryWanted>,
    /// How the upload is described.
    pub upload: Upload,
    /// The checks that it has to pass.
    pub gates: Vec<Gate>,
    /// The version of debcut.
    pub builder_version: String,
    /// Variables of the user's own that a declared build command needs to find
    /// its compiler (`PATH`, `CARGO_HOME`, `RUSTUP_HOME`).
    pub command_environment: BTreeMap<String, String>,
}

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Source and binaries.
    Full,
    /// The source package alone.
    Source,
    /// The binaries alone.
    Binary,
    /// The binaries for one architecture.
    Any,
    /// The binaries for all architectures.
    All,
}

impl Scope {
    /// Returns its word, which is dpkg-buildpackage's.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Source => "source",
            Self::Binary => "binary",
            Self::Any => "any",
            Self::All => "all",
        }
    }

    /// Tells whether the source package is among what is built.
    pub fn has_source(self) -> bool {
        matches!(self, Self::Full | Self::Source)
    }

    /// Tells whether packages for one architecture are.
    pub fn has_any(self) -> bool {
        matches!(self, Self::Full | Self::Binary | Self::Any)
    }

    /// Tells whether packages for all architectures are.
    pub fn has_all(self) -> bool {
        matches!(self, Self::Full | Self::Binary | Self::All)
    }
}

/// An entry that the changelog gets for a build alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryWanted {
    /// Of a build for one distribution.
    Distribution {
        /// The distribution.
        suite: Suite,
        /// What its versions end with; may be empty.
        suffix: String,
    },
    /// Of a rebuild of the same source.
    Rebuild {
        /// The version of the binaries.
        version: Version,
        /// Which rebuild it is, from 1.
        count: u32,
        /// Why it is made.
        reason: String,
    },
}

/// Who builds the binaries of a package with `debian/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Builder {
    /// dpkg-buildpackage(1), run by debcut.
    Debcut,
    /// sbuild(1), as its user has set it up.
    Sbuild {
        /// The user's variables that it finds its configuration by.
        #[serde(skip)]
        environment: BTreeMap<String, String>,
    },
}

impl Builder {
    /// Returns the user's variables that it is run with.
    pub fn environment(&self) -> impl Iterator<Item = (&String, &String)> {
        let variables = match self {
            Self::Debcut => None,
            Self::Sbuild { environment } => Some(environment),
        };
        variables.into_iter().flatten()
    }
}
