//! Tables as written → what the stages take, checked with the line at hand.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::build::BuildRules;
use super::read::{ConfigError, Source};
use super::release::{self, Part, Surroundings};
use super::written::{self, BuildKind, OneOrMany};
use crate::build::package::{Debian, Kind, Package};
use crate::build::root::choices::RootChoices;
use crate::keys::KeyName;
use crate::model::{Fingerprint, PackageName};
use crate::release::{Policy, TagPattern, tag_pattern};

/// Where an archive is: a directory or a URL, as written.
pub type ArchiveLocation = String;

/// A project's configuration, checked.
#[derive(Debug, Clone)]
pub struct Project {
    /// The packages that it describes; empty when it leaves them to detection.
    pub packages: Vec<Package>,
    /// How they are released: units in the order of the packages. What the tree
    /// and the repository decide is open; [`Project::policy`] settles it.
    pub release: Policy,
    /// Archives by name.
    pub archives: BTreeMap<String, ArchiveLocation>,
    /// The mirrors of the archives, by the archives' names.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// The key that signs, where one is named.
    pub key: Option<String>,
    /// Whose signatures on tags count; empty: every key that debcut knows.
    pub tag_keys: Vec<Fingerprint>,
    /// Whose attestations count where packages are published and proven; empty:
    /// those of every known key.
    pub build_keys: Vec<Fingerprint>,
    /// Who may sign a suite; empty: every known key.
    pub publish_keys: Vec<Fingerprint>,
    /// Whether a proof demands that the tagged commit is signed too.
    pub signed_commits: bool,
    /// By what a proof demands that a build was isolated; empty: anything.
    pub proven_isolation: Vec<String>,
    /// How many builders must attest what an archive of this name gets.
    pub attestations: BTreeMap<String, u32>,
    /// How packages are built.
    pub build: BuildRules,
    /// The systems that builds happen in.
    pub root: RootChoices,
    /// How rollouts go.
    pub rollout: super::RolloutRules,
    /// The rules of maintenance branches.
    pub patch: crate::patch::Policy,
    /// Who is told of releases.
    pub announce: super::AnnounceRules,
    /// Who is told of what happens to them.
    pub patch_channels: Vec<super::patch::Channel>,
    parts: Vec<Part>,
}

/// Upstream tags that are tried when the configuration names none: the name
/// gbp gives an import, then the usual ones.
const UPSTREAM_TAGS: [&str; 3] = ["upstream/{version}", "v{version}", "{version}"];

/// Returns the words of a list.
pub(super) fn words(written: &[written::Isolation]) -> Vec<String> {
    let words = written.iter().map(|isolation| isolation.word().to_owned());
    words.collect()
}

/// Reads the keys of a list.
pub(super) fn fingerprints(
    source: &Source<'_>,
    written: &[Spanned<String>],
) -> Result<Vec<Fingerprint>, ConfigError> {
    let read = |key: &Spanned<String>| {
        let written = key.get_ref();
        let found = KeyName::parse(written).and_then(|name| name.fingerprint());
        found.ok_or_else(|| {
            let why = format!("“{written}” is no fingerprint of 40 hexadecimal digits");
            source.refuse(&key.span(), why)
        })
    };
    written.iter().map(read).collect()
}

impl Project {
    /// Reads a configuration; `file` is its name for errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source {
            file: file.to_owned(),
            text,
        };
        let mut written = source.parse()?;
        let mut packages: Vec<Package> = Vec::new();
        let mut parts = Vec::new();
        for written in written.package {
            let at = written.span();
            let mut written = written.into_inner();
            let named = written.name.as_ref().map_or(at.clone(), Spanned::span);
            let path = path(&source, &written)?;
            let part = Part::read(&source, named.clone(), &path, &mut written)?;
            let package = self::package(&source, &at, path, written)?;
            if packages.iter().any(|other| other.name == package.name) {
                let why = format!("there are two packages named {}", package.name);
                return Err(source.refuse(&named, why));
            }
            packages.push(package);
            parts.push(part);
        }
        let (rules, hooks) = (written.release, written.hooks);
        let release = release::policy(&source, rules, hooks, &packages, &parts)?;
        let signing = &written.signing;
        let tag_keys = fingerprints(&source, &signing.tag_keys)?;
        let build_keys = fingerprints(&source, &signing.build_keys)?;
        let publish_keys = fingerprints(&source, &signing.publish_keys)?;
        let wanted = written.archive.iter();
        let attestations = wanted
            .filter_map(|(name, a)| Some((name.clone(), a.attestations?)))
            .collect();
        let mirrors = written.archive.iter();
        let mirrors = mirrors
            .map(|(name, archive)| (name.clone(), archive.mirrors.clone()))
            .collect();
        Ok(Self {
            packages,
            mirrors,
            release,
            archives: written
                .archive
                .into_iter()
                .map(|(name, archive)| (name, archive.location.into_inner()))
                .collect(),
            key: written.signing.key,
            signed_commits: written.signing.signed_commits,
            proven_isolation: words(&written.signing.isolation),
            tag_keys,
            build_keys,
            publish_keys,
            attestations,
            root: super::chroot::choices(&source, &written.build)?,
            build: BuildRules::read(&source, written.build)?,
            rollout: super::RolloutRules::read(&source, written.rollout)?,
            patch_channels: super::patch::channels(
                &source,
                std::mem::take(&mut written.patch.notify),
            )?,
            patch: super::patch::policy(&source, written.patch)?,
            announce: super::announce::rules(&source, written.announce)?,
            parts,
        })
    }

    /// Returns how the packages are released, by the configuration and, where
    /// it says nothing, by what is there: the usual file of changes, the tag
    /// pattern in use, the pages of the remote's forge.
    pub fn policy(&self, around: &Surroundings<'_>) -> Policy {
        let mut policy = self.release.clone();
        release::settle(&mut policy, &self.parts, around);
        policy
    }

    /// Adds a package that the configuration leaves to detection.
    pub fn adopt(&mut self, package: Package) {
        let part = Part::default();
        let several = !self.packages.is_empty();
        self.release.units.push(part.unit(&package, several));
        self.packages.push(package);
        self.parts.push(part);
    }

    /// Describes the package of a tree that has a `debian/` directory and no
    /// description of its own.
    pub fn debian_package(name: PackageName, path: &str) -> Package {
        Package {
            tags: usual_tags(&name),
            name,
            path: path.to_owned(),
            version_files: Vec::new(),
            kind: Kind::Debian(Debian {
                upstream_tags: upstream_tags(),
                ..Debian::default()
            }),
        }
    }
}

fn usual_tags(name: &PackageName) -> Vec<TagPattern> {
    let patterns = tag_pattern::USUAL.iter();
    let patterns = patterns.map(|pattern| pattern.replace("{name}", name.as_str()));
    patterns
        .filter_map(|pattern| TagPattern::new(&pattern).ok())
        .collect()
}

fn upstream_tags() -> Vec<TagPattern> {
    UPSTREAM_TAGS
        .iter()
        .map(|p| TagPattern::new(p).expect("constant"))
        .collect()
}

fn path(source: &Source<'_>, written: &written::Package) -> Result<String, ConfigError> {
    match &written.path {
        None => Ok(String::new()),
        Some(path) => tree_path(source, &path.span(), path.get_ref()),
    }
}

fn package(
    source: &Source<'_>,
    at: &Range<usize>,
    path: String,
    mut written: written::Package,
) -> Result<Package, ConfigError> {
    let Some(name) = written.name.take() else {
        return Err(source.refuse(at, "every [[package]] needs a name"));
    };
    let at = name.span();
    let name = PackageName::new(name.into_inner());
    let name = name.map_err(|error| source.refuse(&at, error.to_string()))?;
    let tags = match &written.tag {
        Some(tags) => patterns(source, &name, tags)?,
        None => usual_tags(&name),
    };
    let kind = match (&written.build, written.declared.take()) {
        (Some(kind), Some(_)) if *kind.get_ref() == BuildKind::Debian => {
            let why =
                "build = \"debian\" takes the package from debian/: remove [package.declared]";
            return Err(source.refuse(&kind.span(), why));
        }
        (Some(kind), None) if *kind.get_ref() == BuildKind::Declared => {
            let why = "build = \"declared\" needs a [package.declared] table";
            return Err(source.refuse(&kind.span(), why));
        }
        (_, Some(declared)) => {
            let at = declared.span();
            Kind::Declared(Box::new(super::declared::declared(
                source,
                &at,
                declared.into_inner(),
            )?))
        }
        (_, None) => {
            let upstream_tags = match &written.upstream_tag {
                Some(tags) => patterns(source, &name, tags)?,
                None => upstream_tags(),
            };
            Kind::Debian(Debian {
                upstream_tags,
                ..super::sources::debian(source, &written)?
            })
        }
    };
    let version_files = written.version_files.unwrap_or_default();
    let version_files = version_files.iter();
    let version_files = version_files.map(|file| release::version_file(source, file));
    let version_files = version_files.collect::<Result<_, ConfigError>>()?;
    Ok(Package {
        name,
        path,
        tags,
        version_files,
        kind,
    })
}

/// Takes tag patterns; `{name}` in them is the package's.
fn patterns(
    source: &Source<'_>,
    name: &PackageName,
    written: &Spanned<OneOrMany>,
) -> Result<Vec<TagPattern>, ConfigError> {
    let OneOrMany(texts) = written.get_ref();
    let read = |text: &String| TagPattern::new(&text.replace("{name}", name.as_str()));
    let found: Result<Vec<_>, _> = texts.iter().map(read).collect();
    let found = found.map_err(|error| source.refuse(&written.span(), error.to_string()))?;
    if found.is_empty() {
        return Err(source.refuse(&written.span(), "at least one tag pattern is needed"));
    }
    Ok(found)
}

/// Takes a path inside the repository, without `./` and ending slash.
pub(super) fn tree_path(
    source: &Source<'_>,
    at: &Range<usize>,
    path: &str,
) -> Result<String, ConfigError> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if path.starts_with('/') || parts.contains(&"..") {
        let why = format!("“{path}” must be a path inside the repository");
        return Err(source.refuse(at, why));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str =
        "[package.declared]\nmaintainer = \"A <a@b.example>\"\nsummary = \"s\"\n";

    #[test]
    fn mistakes_name_their_line() {
        let declared = |rest: &str| format!("[[package]]\nname = \"pp\"\n{DECLARED}{rest}");
        let plain = "[[package]]\nname = \"aa\"\n";
        let cases = [
            (
                format!("{plain}\n[[package]]\npath = \"x\"\n"),
                "4: every [[package]] needs a name",
            ),
            (
                format!("{plain}\n[[package]]\npath = \"x\"\nname = \"aa\"\n"),
                "6: there are two packages named aa",
            ),
            (
                format!("{plain}tag = 5\n"),
                "3: invalid type: integer `5`, expected a text or a list of texts",
            ),
            (
                format!("{plain}tag = [\"v{{version}}\", 5]\n"),
                "3: invalid type: integer `5`, expected a string",
            ),
            (format!("{plain}tag = []\n"), "3: at least one tag pattern"),
            (
                declared("license = \"unknown\"\n"),
                "6: no text of the licence “unknown” is known here",
            ),
            (
                declared("license = \"MIT OR\"\n"),
                "6: “MIT OR” is no licence expression",
            ),
            (
                declared(
                    "license = \"MIT\"\nfiles = [\n{ source = \"a\", target = \"/a\" },\n\
                     { source = \"a\", target = \"/a\", owner = \"a:b\" }]\n",
                ),
                "9: “a:b” is no user's or group's name",
            ),
            (
                declared("license = \"MIT\"\ndirectories = [{ target = \"/a\", group = \"\" }]\n"),
                "7: “” is no user's or group's name",
            ),
            (
                declared("license = \"MIT\"\n\n[package.declared.scripts]\npostinst = \"\"\n"),
                "9: scripts.postinst must name a file",
            ),
            (
                declared("license = \"MIT\"\nscripts = { prerm = \"../x\" }\n"),
                "7: “../x” must be a path inside",
            ),
        ];
        for (text, want) in cases {
            let error = Project::parse("debcut.toml", &text).expect_err(&text);
            let want = format!("debcut.toml:{want}");
            assert!(error.to_string().starts_with(&want), "{text}\n{error}");
        }
    }

    #[test]
    fn tag_patterns_may_hold_the_name() {
        let text = "[[package]]\nname = \"aa\"\ntag = [\"{name}-v{version}\", \"v{version}\"]\n";
        let project = Project::parse("debcut.toml", text).expect("parses");
        let shown: Vec<_> = project.packages[0]
            .tags
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["aa-v{version}", "v{version}"]);
    }
}
