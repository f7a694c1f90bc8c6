//! [`TaggedSource`] and choices → [`BuildPlan`], or the findings that forbid
//! it. Pure: the same source and choices give the same plan, byte for byte.

mod choices;
mod findings;

use std::collections::BTreeMap;

use serde::Serialize;

use super::description::remarks;
use super::entry::{self, MadeEntry};
use super::environment::BuildEnvironment;
use super::gates::Gate;
use super::isolation::{Allowance, Isolation};
use super::package::{Declared, Kind};
use super::source::{DebianSource, Exported, Orig, Recipe, Revision, SourceFormat, TaggedSource};
use super::target::{self, Target};
use super::upload::Upload;
use super::version::declared_version;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Architecture, Finding, Fingerprint, PackageName, Sha256, Timestamp};
use crate::release::debian_version::check_rebuild;

pub use choices::{Builder, Choices, EntryWanted, Scope};

use findings::{
    debian_findings, declared_findings, scope_findings, signature_findings, version_findings,
};

/// Everything a build depends on, decided.
#[derive(Debug, Clone, Serialize)]
pub struct BuildPlan {
    /// The source package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// Its directory in the tree; empty for the top.
    pub path: String,
    /// What it is made of.
    pub revision: Revision,
    /// The commit's id.
    pub commit: String,
    /// The tree's id.
    pub tree: String,
    /// The time that stands for “now” in everything that is built.
    pub epoch: Timestamp,
    /// What is built.
    pub scope: Scope,
    /// Where.
    pub isolation: Isolation,
    /// Who builds the binaries.
    pub builder: Builder,
    /// What stands around the build.
    pub environment: BuildEnvironment,
    /// What it may use up; part of no digest: more room makes no other bytes.
    pub allowance: Allowance,
    /// Where this machine keeps its tools (`PATH`, `CARGO_HOME` …): given to a
    /// declared build command, and nobody else's affair.
    #[serde(skip)]
    pub host_environment: BTreeMap<String, String>,
    /// How long a tool may run, in seconds.
    pub limit_seconds: u64,
    /// The architecture that is built for.
    pub architecture: Architecture,
    /// By which means.
    pub target: Target,
    /// The entry that the changelog gets for this build alone.
    pub entry: Option<MadeEntry>,
    /// How the upload is described.
    pub upload: Upload,
    /// The checks that it has to pass; part of no digest: they make no bytes.
    pub gates: Vec<Gate>,
    /// How it is built.
    pub recipe: RecipePlan,
    /// The certificate whose key signs.
    pub signing_key: Option<Fingerprint>,
    /// The version of debcut.
    pub builder_version: String,
    /// What is odd and stops nothing; not part of the plan's digest.
    #[serde(skip)]
    pub warnings: Vec<Finding>,
}

/// How a package is built.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "build", rename_all = "kebab-case")]
pub enum RecipePlan {
    /// By dpkg's tools.
    Debian {
        /// The source package's format.
        format: SourceFormat,
        /// The upstream tarball; a native package has none.
        orig: Option<Box<Orig>>,
        /// What `.gitattributes` leave out of the tree.
        exported: Exported,
    },
    /// By our own writer.
    Declared {
        /// The description.
        declared: Box<Declared>,
        /// The text of its changelog.
        changelog: String,
    },
}

impl BuildPlan {
    /// Returns the digest of what is asked for: the same tag built again by
    /// other hands, with more jobs or by newer tools is the same request.
    pub fn digest(&self) -> Sha256 {
        let revision = match &self.revision {
            Revision::Tag { name, object, .. } => serde_json::json!([name, object]),
            Revision::Candidate { .. } => serde_json::json!(["candidate"]),
        };
        let identity = serde_json::json!([revision, self.product_digest()]);
        Sha256::of(&serde_json::to_vec(&identity).expect("a plan has string keys"))
    }

    /// Returns the digest of what the artifacts are made of: the same for a
    /// release commit and for the tag that it gets. Only the provenance of the
    /// two differs.
    pub fn product_digest(&self) -> Sha256 {
        let recipe = match &self.recipe {
            RecipePlan::Debian {
                format,
                orig,
                exported,
                ..
            } => {
                serde_json::json!([format, orig.as_deref().map(Orig::identity), exported])
            }
            RecipePlan::Declared {
                declared,
                changelog,
            } => {
                serde_json::json!([declared, changelog])
            }
        };
        let identity = serde_json::json!([
            (&self.package, &self.version, &self.path),
            (&self.commit, &self.tree, self.epoch),
            (self.scope, &self.isolation, &self.architecture),
            self.environment.chosen(),
            (&self.target, &self.entry, &self.upload),
            recipe,
            self.builder,
        ]);
        Sha256::of(&serde_json::to_vec(&identity).expect("a plan has string keys"))
    }

    /// Returns the directory in which dpkg expects the source: the package's
    /// name and its upstream version.
    pub fn directory_name(&self) -> String {
        format!("{}-{}", self.package, self.source_version().upstream())
    }

    /// Returns the version of the source package: of a rebuild, the binaries
    /// have another one.
    pub fn source_version(&self) -> &Version {
        match &self.entry {
            Some(made) if made.place == entry::EntryPlace::Binaries => &made.source_version,
            _ => &self.version,
        }
    }

    /// Returns `NAME_VERSION` as in names of files, without the epoch.
    pub fn file_stem(&self) -> String {
        format!("{}_{}", self.package, self.version.without_epoch())
    }
}

/// Plans a build, or says everything that stands against it.
pub fn plan(source: &TaggedSource, choices: &Choices) -> Result<BuildPlan, Vec<Finding>> {
    let mut findings = Vec::new();
    let shown = source.revision.shown();
    let Read {
        name,
        version,
        epoch,
        recipe,
        made,
    } = match (&source.recipe, &source.package.kind) {
        (Recipe::Debian(debian), _) => debianized(source, debian, choices, &mut findings),
        (Recipe::Declared { changelog }, Kind::Declared(declared)) => {
            let changelog = changelog.as_deref();
            match described(source, declared, changelog, choices, &mut findings) {
                Ok(read) => read,
                Err(finding) => return Err(vec![finding]),
            }
        }
        (Recipe::Declared { .. }, Kind::Debian(_)) => {
            unreachable!("observe() makes the recipe that the package's kind asks for")
        }
    };
    version_findings(source, &version, &mut findings);
    let epoch = made.as_ref().map_or(epoch, |made| made.date);
    signature_findings(source, choices, &mut findings);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    if let Revision::Candidate { meant: None, .. } = source.revision {
        let why = "it is built from a commit without a tag: a candidate, not a release";
        findings.push(Finding::warning("candidate", shown, why));
    }
    Ok(BuildPlan {
        host_environment: host_environment(&recipe, choices),
        environment: environment(&recipe, epoch, choices),
        package: name,
        version: made.as_ref().map_or(version, |made| made.version.clone()),
        path: source.package.path.clone(),
        revision: source.revision.clone(),
        commit: source.commit.clone(),
        tree: source.tree.clone(),
        epoch,
        entry: made,
        target: choices.target.clone(),
        upload: choices.upload.clone(),
        gates: choices.gates.clone(),
        scope: choices.scope,
        isolation: choices.isolation.clone(),
        builder: choices.builder.clone(),
        allowance: choices.allowance.clone(),
        limit_seconds: choices.limit_seconds,
        architecture: choices.target.architecture.clone(),
        recipe,
        signing_key: choices.signing_key.clone(),
        builder_version: choices.builder_version.clone(),
        warnings: findings,
    })
}

/// What a source says of a package, by whichever recipe.
struct Read {
    name: PackageName,
    version: Version,
    epoch: Timestamp,
    recipe: RecipePlan,
    made: Option<MadeEntry>,
}

/// Reads a package with `debian/`.
fn debianized(
    source: &TaggedSource,
    debian: &DebianSource,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) -> Read {
    debian_findings(source, debian, findings);
    scope_findings(debian, choices, findings);
    let entry = &debian.changelog;
    Read {
        name: debian.control.source.clone(),
        version: entry.version.clone(),
        epoch: entry.date,
        recipe: RecipePlan::Debian {
            format: debian.format,
            orig: debian.orig.clone().map(Box::new),
            exported: debian.exported.clone(),
        },
        made: made_entry(entry, choices, findings),
    }
}

/// Reads a package that debcut.toml describes.
fn described(
    source: &TaggedSource,
    declared: &Declared,
    changelog: Option<&(Entry, Vec<u8>)>,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) -> Result<Read, Finding> {
    let name = source.package.name.clone();
    let version = declared_version(source, declared.revision.as_deref())?;
    if let Some((entry, _)) = changelog
        && (entry.version != version || entry.source != name)
    {
        let path = declared.changelog.as_deref().unwrap_or_default();
        let found = format!(
            "its newest entry is {} {}, but the release is {name} {version}",
            entry.source, entry.version
        );
        let finding = Finding::error("changelog-version", path, found);
        findings.push(finding.fix("add an entry for this release, commit and tag again"));
    }
    let installs = !declared.contents.is_empty() || !declared.relations.is_empty();
    if !installs {
        let why = "it installs nothing and depends on nothing";
        let finding = Finding::warning("empty-package", name.as_str(), why);
        findings.push(finding.fix("list its files in debcut.toml: files = [...]"));
    }
    findings.extend(remarks(&name, &declared.summary, &declared.description));
    if choices.scope == Scope::Source {
        let why = "a declared package has no source package";
        findings.push(Finding::error("no-source-package", name.as_str(), why));
    }
    declared_findings(name.as_str(), declared, choices, findings);
    let epoch = changelog.map_or(source.committed, |(entry, _)| entry.date);
    let mut changelog = match changelog {
        Some((_, text)) => String::from_utf8_lossy(text).into_owned(),
        None => made_changelog(&name, &version, declared, epoch),
    };
    let made = match Entry::newest(changelog.as_bytes()) {
        Ok(newest) => made_entry(&newest, choices, findings),
        Err(_) => None,
    };
    if let Some(made) = &made {
        changelog.insert_str(0, &made.text);
    }
    let mut declared = Box::new(declared.clone());
    if let Some(EntryWanted::Distribution { suite, .. }) = &choices.entry {
        declared.distribution = suite.to_string();
    }
    Ok(Read {
        name,
        version,
        epoch,
        recipe: RecipePlan::Declared {
            declared,
            changelog,
        },
        made,
    })
}

fn environment(recipe: &RecipePlan, epoch: Timestamp, choices: &Choices) -> BuildEnvironment {
    let search_path = match recipe {
        RecipePlan::Debian { .. } => Some(super::observe::TOOL_PATH.to_owned()),
        RecipePlan::Declared { .. } => host_environment(recipe, choices).remove("PATH"),
    };
    BuildEnvironment {
        search_path,
        profiles: target::with(&choices.profiles, choices.target.profiles()),
        options: target::with(&choices.options, choices.target.options()),
        tools: choices.tools.clone(),
        ..BuildEnvironment::usual(&choices.isolation, &choices.machine, epoch)
    }
}

fn host_environment(recipe: &RecipePlan, choices: &Choices) -> BTreeMap<String, String> {
    match recipe {
        RecipePlan::Declared { declared, .. } if declared.command.is_some() => {
            choices.command_environment.clone()
        }
        RecipePlan::Declared { .. } | RecipePlan::Debian { .. } => BTreeMap::new(),
    }
}

/// Makes the entry that a build's own version needs.
fn made_entry(newest: &Entry, choices: &Choices, findings: &mut Vec<Finding>) -> Option<MadeEntry> {
    match choices.entry.as_ref()? {
        EntryWanted::Distribution { suite, suffix } => {
            // A tag that was made for the suite alone says so already.
            let own = !suffix.is_empty() && newest.version.as_str().ends_with(suffix.as_str());
            let suffix = if own { "" } else { suffix.as_str() };
            if suffix.is_empty() && newest.distributions == [suite.clone()] {
                return None;
            }
            match Version::new(format!("{}{suffix}", newest.version)) {
                Ok(version) => Some(entry::for_distribution(newest, version, suite)),
                Err(error) => {
                    let found = format!("“{suffix}” ends no version: {error}");
                    let finding = Finding::error("version-suffix", suite.as_str(), found);
                    findings.push(finding.fix("correct suffix in [build]"));
                    None
                }
            }
        }
        EntryWanted::Rebuild {
            version,
            count,
            reason,
        } => {
            if let Err(error) = check_rebuild(version, &newest.version) {
                let found = error.to_string();
                findings.push(Finding::error("binary-version", version.as_str(), found));
            }
            let architecture = &choices.target.architecture;
            Some(entry::of_rebuild(
                newest,
                version.clone(),
                *count,
                architecture,
                reason,
            ))
        }
    }
}

/// Writes the changelog of a declared package that keeps none: one entry that
/// depends on the commit alone, so that a candidate and its tag agree.
fn made_changelog(
    name: &PackageName,
    version: &Version,
    declared: &Declared,
    date: Timestamp,
) -> String {
    format!(
        "{name} ({version}) {}; urgency=medium\n\n  * Release {}.\n\n -- {}  {}\n",
        declared.distribution,
        version.upstream(),
        declared.maintainer,
        date.rfc2822()
    )
}
