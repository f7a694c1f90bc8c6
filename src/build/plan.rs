//! [`TaggedSource`] and choices → [`BuildPlan`], or the findings that forbid
//! it. Pure: the same source and choices give the same plan, byte for byte.

use std::collections::BTreeMap;

use serde::Serialize;

use super::description::remarks;
use super::entry::{self, MadeEntry};
use super::environment::{BuildEnvironment, Machine};
use super::gates::Gate;
use super::isolation::{Allowance, Isolation};
use super::package::{Declared, Kind};
use super::source::{
    DebianSource, Exported, Orig, Recipe, Revision, SourceFormat, TagSignature, TaggedSource,
    VersionFileProblem,
};
use super::target::{self, Target};
use super::tools::ToolIdentity;
use super::upload::Upload;
use super::version::declared_version;
use crate::format::changelog::Entry;
use crate::format::control::BinaryTemplate;
use crate::format::version::Version;
use crate::model::{Architecture, Finding, Fingerprint, PackageName, Sha256, Suite, Timestamp};
use crate::release::debian_version::check_rebuild;
use crate::release::upstream::is_release_of;
use crate::release::{TagPattern, tag_pattern};

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
    let mut made = None;
    let (name, version, epoch, recipe) = match (&source.recipe, &source.package.kind) {
        (Recipe::Debian(debian), _) => {
            debian_findings(source, debian, &mut findings);
            scope_findings(debian, choices, &mut findings);
            made = made_entry(&debian.changelog, choices, &mut findings);
            let recipe = RecipePlan::Debian {
                format: debian.format,
                orig: debian.orig.clone().map(Box::new),
                exported: debian.exported.clone(),
            };
            let entry = &debian.changelog;
            (
                debian.control.source.clone(),
                entry.version.clone(),
                entry.date,
                recipe,
            )
        }
        (Recipe::Declared { changelog }, Kind::Declared(declared)) => {
            let name = source.package.name.clone();
            let changelog = changelog.as_deref();
            let version = match declared_version(source, declared.revision.as_deref()) {
                Ok(version) => version,
                Err(finding) => return Err(vec![finding]),
            };
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
            declared_findings(name.as_str(), declared, choices, &mut findings);
            let epoch = changelog.map_or(source.committed, |(entry, _)| entry.date);
            let mut changelog = match changelog {
                Some((_, text)) => String::from_utf8_lossy(text).into_owned(),
                None => made_changelog(&name, &version, declared, epoch),
            };
            let mut declared = declared.clone();
            if let Ok(newest) = Entry::newest(changelog.as_bytes()) {
                made = made_entry(&newest, choices, &mut findings);
            }
            if let Some(made) = &made {
                changelog.insert_str(0, &made.text);
            }
            if let Some(EntryWanted::Distribution { suite, .. }) = &choices.entry {
                declared.distribution = suite.to_string();
            }
            (
                name,
                version,
                epoch,
                RecipePlan::Declared {
                    declared,
                    changelog,
                },
            )
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

fn environment(recipe: &RecipePlan, epoch: Timestamp, choices: &Choices) -> BuildEnvironment {
    let search_path = match recipe {
        RecipePlan::Debian { .. } => Some(super::observe::TOOL_PATH.to_owned()),
        RecipePlan::Declared { .. } => None,
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

fn debian_findings(source: &TaggedSource, debian: &DebianSource, findings: &mut Vec<Finding>) {
    let (entry, control) = (&debian.changelog, &debian.control);
    let path = source.package.file("debian/changelog");
    if entry.source != control.source {
        let found = format!(
            "its newest entry is for {}, but debian/control describes {}",
            entry.source, control.source
        );
        findings.push(Finding::error("changelog-source", &path, found));
    }
    if control.source != source.package.name {
        let found = format!(
            "it describes {}, but debcut.toml calls the package {}",
            control.source, source.package.name
        );
        findings.push(Finding::error("package-name", "debian/control", found));
    }
    if entry.is_unreleased() {
        let found = format!("the entry of {} is UNRELEASED", entry.version);
        let finding = Finding::warning("unreleased", &path, found);
        findings.push(finding.fix("name a distribution before you tag"));
    }
    findings.extend(debian.findings.iter().cloned());
    let native = debian.format.is_native();
    if native != entry.version.is_native() {
        let (format, fix) = match native {
            true => ("3.0 (native)", "drop the revision, or use 3.0 (quilt)"),
            false => (
                "3.0 (quilt)",
                "add a revision such as -1, or use 3.0 (native)",
            ),
        };
        let found = format!("{} does not fit the source format {format}", entry.version);
        findings.push(Finding::error("version-format", &path, found).fix(fix));
    }
}

/// Says what a package does not have that is to be built of it.
fn scope_findings(debian: &DebianSource, choices: &Choices, findings: &mut Vec<Finding>) {
    let is_all = |package: &BinaryTemplate| package.architectures.iter().all(Architecture::is_all);
    let binaries = &debian.control.binaries;
    let lacks = match choices.scope {
        Scope::Any => binaries.iter().all(is_all),
        Scope::All => !binaries.iter().any(is_all),
        Scope::Full | Scope::Source | Scope::Binary => false,
    };
    if !lacks {
        return;
    }
    let name = debian.control.source.as_str();
    let finding = match choices.scope {
        Scope::All => Finding::error(
            "nothing-to-build",
            name,
            "it has no package for all \
            architectures",
        )
        .fix("--only any builds those that it has"),
        _ => {
            let found = format!(
                "it has no package for {} alone: all of them are for every architecture",
                choices.target.architecture
            );
            Finding::error("nothing-to-build", name, found)
                .fix("they are built once, without --arch, --rebuild and --only any")
        }
    };
    findings.push(finding);
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

/// Says which of the wishes are none for a package without `debian/`.
fn declared_findings(
    name: &str,
    declared: &Declared,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) {
    let (built_for, target) = (&declared.architecture, &choices.target);
    let here = Architecture::of_this_machine();
    let another = declared.command.is_some() && *built_for != here
        || target.architecture != here && target.architecture != *built_for;
    if another && !built_for.is_all() {
        let found = format!(
            "its command runs on {here} and would build for {here}, not for {}",
            if *built_for == here {
                &target.architecture
            } else {
                built_for
            }
        );
        let finding = Finding::error("cross-build", name, found);
        findings.push(finding.fix(
            "build it on a machine of that architecture (debcut build --matrix lists the jobs), \
             or say architecture = \"any\"",
        ));
    }
    if let Some(EntryWanted::Rebuild { .. }) = &choices.entry {
        let found = "a declared package has no source package to build again";
        let finding = Finding::error("no-rebuild", name, found);
        findings.push(finding.fix("raise revision in [package.declared], commit and tag"));
    }
    let own_part = match choices.scope {
        Scope::Any => built_for.is_all(),
        Scope::All => !built_for.is_all(),
        Scope::Full | Scope::Source | Scope::Binary => false,
    };
    if own_part {
        let found = format!("it is one package, for {built_for}");
        findings.push(Finding::error("nothing-to-build", name, found));
    }
}

fn version_findings(source: &TaggedSource, version: &Version, findings: &mut Vec<Finding>) {
    if let (Revision::Tag { name, .. }, Recipe::Debian(debian)) = (&source.revision, &source.recipe)
    {
        let named = source
            .package
            .tags
            .iter()
            .filter_map(|pattern| Some((pattern, pattern.version_in(name.as_str())?)));
        let named: Vec<_> = named.collect();
        let agrees = |(pattern, tagged): &(&TagPattern, String)| {
            tag_pattern::names(tagged, version, pattern)
        };
        if !named.is_empty() && !named.iter().any(agrees) {
            let found = format!(
                "the tag says {}, but debian/changelog:{} says {version}",
                named[0].1, debian.changelog.line
            );
            let finding = Finding::error("tag-changelog-mismatch", name.as_str(), found);
            findings.push(finding.fix("tag the commit whose debian/changelog has that version"));
        }
    }
    for (file, found) in &source.version_files {
        let finding = match found {
            Ok(text) if is_release_of(text, version) => continue,
            Ok(text) => {
                let found = format!(
                    "it says {text}, but {} is {version}",
                    source.revision.shown()
                );
                Finding::error("version-file-mismatch", &file.path, found)
                    .fix("change the file, commit, and tag that commit")
            }
            Err(VersionFileProblem::NotThere) => {
                let found = format!("the tree of {} has no such file", source.revision.shown());
                Finding::error("version-file-missing", &file.path, found)
                    .fix("remove it from version-files in debcut.toml")
            }
            Err(VersionFileProblem::Unreadable(why)) => {
                Finding::error("version-file-unreadable", &file.path, why.to_string())
            }
        };
        findings.push(finding);
    }
}

fn signature_findings(source: &TaggedSource, choices: &Choices, findings: &mut Vec<Finding>) {
    let Revision::Tag {
        name, signature, ..
    } = &source.revision
    else {
        return;
    };
    let subject = name.as_str();
    match signature {
        TagSignature::Good { .. } => {}
        TagSignature::Bad { why } => {
            let found = format!("its signature is not accepted: {why}");
            findings.push(Finding::error("tag-signature", subject, found));
        }
        TagSignature::Unsigned | TagSignature::Unchecked { .. } if choices.signed_tags_only => {
            let found = match signature {
                TagSignature::Unchecked { why } => format!("its signature was not checked: {why}"),
                _ => "it is not signed, and signing.tag-keys asks for it".to_owned(),
            };
            findings.push(Finding::error("tag-signature", subject, found));
        }
        // Most projects do not sign tags; the provenance records which.
        TagSignature::Unsigned => {}
        TagSignature::Unchecked { why } => {
            let found = format!("its signature was not checked: {why}");
            let finding = Finding::warning("tag-signature", subject, found);
            findings.push(finding.fix("debcut key import FILE makes its key known"));
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
