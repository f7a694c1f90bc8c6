//! Who takes a phased update.

use serde::Serialize;

use super::{Document, Page};
use crate::format::version::Version;
use crate::model::PackageName;
use crate::rollout::phasing::{Apt, expected};

/// What `rollout who` answers.
#[derive(Debug, Serialize)]
pub struct WhoDocument {
    source: PackageName,
    source_version: Version,
    percentage: u8,
    apt: &'static str,
    /// How many ids were read.
    all: usize,
    /// How many of as many take it on average.
    expected: u64,
    takes: Vec<Taking>,
}

#[derive(Debug, Serialize)]
struct Taking {
    machine_id: String,
    draw: u8,
}

impl WhoDocument {
    /// Names those that take it, each with its draw.
    pub fn new(
        source: &PackageName,
        version: &Version,
        percentage: u8,
        apt: Apt,
        all: usize,
        takes: Vec<(String, u8)>,
    ) -> Self {
        let takes = takes.into_iter();
        Self {
            source: source.clone(),
            source_version: version.clone(),
            percentage,
            apt: match apt {
                Apt::Old => "old",
                Apt::New => "new",
            },
            all,
            expected: expected(percentage, all as u64, apt),
            takes: takes
                .map(|(machine_id, draw)| Taking { machine_id, draw })
                .collect(),
        }
    }
}

impl Document for WhoDocument {
    const SCHEMA: &'static str = "debcut/rollout-who/1";

    fn text(&self, page: &mut Page) {
        for taking in &self.takes {
            page.line(&taking.machine_id);
        }
    }
}
