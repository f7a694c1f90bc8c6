//! A package that was packed, or the plan of it.

use std::path::Path;

use serde::Serialize;

use crate::format::deb::PackPlan;
use crate::model::Sha256;
use crate::report::{Document, Page, size};

/// What `deb pack` answers.
#[derive(Debug, Serialize)]
pub struct DebPack {
    file: String,
    #[serde(flatten)]
    plan: PackPlan,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
}

impl DebPack {
    /// Shows what would be packed.
    pub fn planned(file: &Path, plan: PackPlan) -> Self {
        Self {
            file: file.display().to_string(),
            plan,
            size: None,
            sha256: None,
        }
    }

    /// Shows what was packed.
    pub fn packed(file: &Path, plan: PackPlan, size: u64, sha256: Sha256) -> Self {
        Self {
            size: Some(size),
            sha256: Some(sha256),
            ..Self::planned(file, plan)
        }
    }
}

impl Document for DebPack {
    const SCHEMA: &'static str = "debcut/deb-pack/1";

    fn text(&self, page: &mut Page) {
        let plan = &self.plan;
        let title = format!("{} {} {}", plan.package, plan.version, plan.architecture);
        page.line(page.bold(&title));
        page.field("file", &self.file);
        page.field("time", plan.epoch.to_string());
        let level = plan.level.map(|level| format!(" -{level}"));
        let level = level.unwrap_or_default();
        let strategy = plan.strategy.map(|strategy| format!(" {strategy}"));
        let strategy = strategy.unwrap_or_default();
        let control = plan.control_compression;
        let control = control.map(|control| format!(", control {control}"));
        let control = control.unwrap_or_default();
        let compression = format!("{}{level}{strategy}{control}", plan.compression);
        page.field("compression", compression);
        let unpacked = size(plan.unpacked);
        page.field("holds", format!("{} entries, {unpacked}", plan.entries));
        if let (Some(bytes), Some(sha256)) = (self.size, self.sha256) {
            page.field("size", size(bytes));
            page.field("sha256", sha256.to_string());
        }
    }
}
