//! A build, or the plan of one.

use serde::Serialize;

use super::{Document, Page, size};
use crate::build::plan::{BuildPlan, RecipePlan, Scope};
use crate::build::product::{Artifact, Built};
use crate::build::source::{Revision, TagSignature};
use crate::build::target::Toolchain;
use crate::format::version::Version;
use crate::model::PackageName;

/// What `build` answers.
#[derive(Debug, Serialize)]
pub struct BuildDocument {
    package: Option<String>,
    version: Option<String>,
    tag: Option<String>,
    commit: Option<String>,
    /// What is built: `full`, `source`, `binary`, `any`, `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    architecture: Option<String>,
    epoch: Option<String>,
    signed_by: Option<String>,
    directory: Option<String>,
    artifacts: Vec<Artifact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<serde_json::Value>,
    #[serde(skip)]
    lines: Vec<(String, String)>,
}

impl BuildDocument {
    /// Shows what is known of a build that was refused.
    pub fn refused(
        package: &PackageName,
        version: Option<&Version>,
        revision: &Revision,
        commit: &str,
    ) -> Self {
        let tag = match revision {
            Revision::Tag { name, .. } => Some(name.to_string()),
            Revision::Candidate { .. } => None,
        };
        Self {
            package: Some(package.to_string()),
            version: version.map(ToString::to_string),
            tag,
            commit: Some(commit.to_owned()),
            scope: None,
            architecture: None,
            epoch: None,
            signed_by: None,
            directory: None,
            artifacts: Vec::new(),
            plan: None,
            lines: Vec::new(),
        }
    }

    /// Shows what would be built.
    pub fn planned(plan: &BuildPlan) -> Self {
        let whole = serde_json::to_value(plan).expect("a plan has string keys");
        Self {
            plan: Some(whole),
            ..Self::of(plan)
        }
    }

    /// Shows a finished build.
    pub fn built(plan: &BuildPlan, built: &Built) -> Self {
        Self {
            directory: Some(built.directory.display().to_string()),
            artifacts: built.artifacts.clone(),
            ..Self::of(plan)
        }
    }

    fn of(plan: &BuildPlan) -> Self {
        let mut lines = vec![("commit".to_owned(), plan.commit.clone())];
        let tag = match &plan.revision {
            Revision::Tag {
                name, signature, ..
            } => {
                let signed = match signature {
                    TagSignature::Good { user_id, .. } => format!("signed by {user_id}"),
                    TagSignature::Unsigned => "not signed".to_owned(),
                    TagSignature::Unchecked { .. } => "signature not checked".to_owned(),
                    TagSignature::Bad { .. } => "signature not accepted".to_owned(),
                };
                lines.insert(0, ("tag".to_owned(), format!("{name} ({signed})")));
                Some(name.to_string())
            }
            Revision::Candidate { .. } => {
                lines.insert(0, ("tag".to_owned(), "none: a candidate".to_owned()));
                None
            }
        };
        let how = match &plan.recipe {
            RecipePlan::Debian { orig, .. } => match orig {
                None => "debian/, native".to_owned(),
                Some(orig) => format!("debian/, upstream {}", orig.shown()),
            },
            RecipePlan::Declared { .. } => "declared in debcut.toml".to_owned(),
        };
        lines.push(("made of".to_owned(), how));
        if plan.target.toolchain != Toolchain::Native || plan.scope != Scope::Full {
            let how = match plan.target.toolchain {
                Toolchain::Native => "",
                Toolchain::Cross { .. } => ", by a cross compiler",
                Toolchain::Foreign => ", in a system of that architecture",
            };
            let what = format!("{} of {}{how}", plan.scope.word(), plan.architecture);
            lines.push(("built".to_owned(), what));
        }
        for gate in &plan.gates {
            lines.push(("checked by".to_owned(), gate.word().to_owned()));
        }
        let key = plan.signing_key.as_ref();
        lines.push((
            "signed by".to_owned(),
            key.map_or("nobody".to_owned(), ToString::to_string),
        ));
        Self {
            package: Some(plan.package.to_string()),
            version: Some(plan.version.to_string()),
            tag,
            commit: Some(plan.commit.clone()),
            scope: Some(plan.scope.word()),
            architecture: Some(plan.architecture.to_string()),
            epoch: Some(plan.epoch.to_string()),
            signed_by: key.map(ToString::to_string),
            directory: None,
            artifacts: Vec::new(),
            plan: None,
            lines,
        }
    }
}

/// What `build` answers of several builds.
#[derive(Debug, Serialize)]
pub struct BuildsDocument {
    builds: Vec<BuildDocument>,
}

impl BuildsDocument {
    /// Shows builds in the order in which they were made.
    pub fn new(builds: Vec<BuildDocument>) -> Self {
        Self { builds }
    }
}

impl Document for BuildsDocument {
    const SCHEMA: &'static str = BuildDocument::SCHEMA;

    fn text(&self, page: &mut Page) {
        for build in &self.builds {
            build.text(page);
        }
    }
}

impl Document for BuildDocument {
    const SCHEMA: &'static str = "debcut/build/1";

    fn text(&self, page: &mut Page) {
        // Of a refusal the findings say all that there is to say.
        let (Some(package), Some(version), false) =
            (&self.package, &self.version, self.lines.is_empty())
        else {
            return;
        };
        page.line(page.bold(&format!("{package} {version}")));
        for (name, value) in &self.lines {
            page.field(name, value);
        }
        if let Some(directory) = &self.directory {
            page.field("in", format!("{directory}/"));
            for artifact in &self.artifacts {
                page.line(format!("    {:>9}  {}", size(artifact.size), artifact.name));
            }
        }
    }
}
