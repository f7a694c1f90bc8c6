//! A second build with everything that is to be said of it.

use serde::Serialize;

use super::assurance::SecondOpinion;
use super::bisect::Culprits;
use super::difference::Place;
use super::variation::Tried;

/// What building again has shown.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduction {
    /// The source package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The tag or commit, where it was built from one.
    pub revision: Option<String>,
    /// The `.buildinfo`, where it was built from one.
    pub buildinfo: Option<String>,
    /// What the second build was compared with.
    pub reference: Reference,
    /// What stood between the builds and the machine.
    pub isolation: String,
    /// What was varied, and what could not be.
    pub variations: Vec<Tried>,
    /// What became of each artifact.
    #[serde(flatten)]
    pub opinion: SecondOpinion,
    /// What causes each difference, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bisection: Option<Culprits<Place>>,
    /// How many builds it took altogether.
    pub builds: usize,
    /// What diffoscope says of artifacts that differ.
    pub deeper: Vec<DeeperLook>,
}

/// What a second build is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reference {
    /// Artifacts that were there.
    Artifacts {
        /// Where.
        directory: String,
        /// What was checked of them before.
        checked: String,
    },
    /// A first build under the usual conditions.
    FirstBuild,
    /// The checksums of a `.buildinfo`, with such artifacts as lie beside it.
    Record {
        /// The file.
        file: String,
        /// How many of its artifacts lie beside it.
        beside: usize,
    },
}

/// What another program says of two artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeeperLook {
    /// The artifact.
    pub artifact: String,
    /// What came of it.
    #[serde(flatten)]
    pub said: Said,
}

/// What came of asking diffoscope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "diffoscope", rename_all = "kebab-case")]
pub enum Said {
    /// It said this.
    Text {
        /// Its report.
        text: String,
        /// Whether the rest was cut off.
        cut: bool,
    },
    /// It said nothing, and why.
    Nothing {
        /// Why.
        why: String,
    },
}
