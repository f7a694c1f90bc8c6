//! Where a package's upstream tarballs come from. Writes nothing.

use std::path::{Path, PathBuf};

use super::attributes;
use super::observe::{Means, ObserveError, TOOL_PATH};
use super::package::{ComponentPolicy, Debian, Package, UsePristineTar};
use super::pristine_tar::Branch;
use super::source::SourceFormat;
use super::upstream::{Component, Origin, Tarball, UpstreamSignature};
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{FileDigests, Finding, Fingerprint, Sha256, TagName};
use crate::release::TagPattern;
use crate::sys::files;
use crate::sys::git::{Commit, GitError, Repository, Tag};
use crate::sys::openpgp::{Keyring, SignedBy, VerifyError};
use crate::sys::process::ToolError;

/// Where the certificates are whose signatures of tarballs count
/// (dpkg-source(1), uscan(1)), the usual first.
const SIGNING_KEYS: [&str; 3] = [
    "debian/upstream/signing-key.asc",
    "debian/upstream/signing-key.pgp",
    "debian/upstream-signing-key.pgp",
];

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// The main tarball.
    pub tarball: Tarball,
    /// The others.
    pub components: Vec<Component>,
    /// The upstream tag, where there is one: patches are made against it.
    pub base: Option<Base>,
    /// What was seen on the way.
    pub findings: Vec<Finding>,
}

/// Upstream's commit.
#[derive(Debug, Clone)]
pub(super) struct Base {
    /// The tag.
    pub tag: TagName,
    /// The commit.
    pub commit: Commit,
    /// The packed directory's tree.
    pub tree: String,
    /// Where that directory is in the commit's tree.
    pub path: String,
}

/// What the search goes by.
pub(super) struct Search<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The newest entry of the package's changelog.
    pub changelog: &'a Entry,
    /// The source package's format.
    pub format: SourceFormat,
    /// The package.
    pub package: &'a Package,
    /// The tree of its directory.
    pub tree: &'a str,
    /// What is chosen for it.
    pub policy: &'a Debian,
    /// The upstream tag that the tag's instructions name.
    pub upstream_tag: Option<&'a TagName>,
    /// Everything else.
    pub means: &'a Means<'a>,
}

impl Search<'_> {
    /// Finds the upstream tarballs: those given, else those that the package's
    /// policy names, else what pristine-tar can make again, else the upstream
    /// tag's tree.
    pub(super) fn find(&self) -> Result<Found, ObserveError> {
        let stem = self.stem();
        let tags = self.upstream_tags();
        let base = self.base(&tags)?;
        let given = self.given();
        let mut findings = Vec::new();
        let branch = match (&given, self.policy.pristine_tar) {
            (Some(_), _) | (None, UsePristineTar::Never) => None,
            (None, _) => Branch::find(self.repository)?,
        };
        let name = |ending: &str| format!("{stem}.orig.tar.{ending}");
        let endings = self.format.tarball_endings();
        let mut tarball = match &given {
            Some(at) => tarball_at(at, &format!("{stem}.orig.tar"), endings)?,
            None => None,
        };
        if let (None, Some(branch)) = (&tarball, &branch) {
            let listed = branch.tarballs(&format!("{stem}.orig.tar."));
            for name in listed {
                tarball = tarball.or(self.pristine(branch, &name)?);
            }
        }
        if tarball.is_none()
            && given.is_none()
            && self.policy.pristine_tar != UsePristineTar::Always
            && let Some(base) = &base
        {
            let name = name(endings[0]);
            let (made, found) = self.made(name, base, &self.inner_components())?;
            findings.extend(found);
            tarball = Some(made);
        }
        let Some(tarball) = tarball else {
            return Err(self.nothing(&stem, tags, given));
        };
        let (components, found) =
            self.components(&stem, given.as_deref(), branch.as_ref(), &base)?;
        findings.extend(found);
        let mut found = Found {
            tarball,
            components,
            base,
            findings,
        };
        self.judge(&mut found)?;
        Ok(found)
    }

    /// Returns how the names of all upstream tarballs begin.
    fn stem(&self) -> String {
        let Entry {
            source, version, ..
        } = self.changelog;
        format!("{source}_{}", version.upstream())
    }

    fn given(&self) -> Option<PathBuf> {
        let given = self.means.orig.map(Path::to_owned);
        let top = self.repository.top();
        given.or_else(|| self.policy.orig.as_ref().map(|path| top.join(path)))
    }

    /// Names the tags an upstream version may have: with the version's own
    /// spelling, and as a pre-release is spelled outside of Debian.
    fn upstream_tags(&self) -> Vec<String> {
        if let Some(tag) = self.upstream_tag {
            return vec![tag.to_string()];
        }
        // Repackaged sources (`+dfsg`, `+ds`) have a tag of their own, or none.
        let version: &Version = &self.changelog.version;
        let patterns = self.policy.upstream_tags.iter();
        patterns
            .map(|pattern| pattern.tag(version.upstream()))
            .collect()
    }

    fn base(&self, tags: &[String]) -> Result<Option<Base>, ObserveError> {
        for wanted in tags {
            if let Some((tag, commit)) = self.tag(wanted)? {
                // Upstream's tree may be this repository's or the package's
                // alone, as an import makes it.
                let path = &self.package.path;
                let below = self.repository.subtree(&commit.tree, path)?;
                let path = below.as_ref().map_or(String::new(), |_| path.clone());
                return Ok(Some(Base {
                    tag,
                    tree: below.unwrap_or_else(|| commit.tree.clone()),
                    commit,
                    path,
                }));
            }
        }
        Ok(None)
    }

    fn tag(&self, name: &str) -> Result<Option<(TagName, Commit)>, ObserveError> {
        match self.repository.tag(name) {
            Ok(Tag { name, commit, .. }) => Ok(Some((name, commit))),
            Err(GitError::NoTag { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Names the components that are directories of upstream's tree.
    fn inner_components(&self) -> Vec<&ComponentPolicy> {
        let components = self.policy.components.iter();
        components.filter(|found| found.tag.is_none()).collect()
    }

    /// Describes the tarball that is made of a tag's tree.
    fn made(
        &self,
        name: String,
        base: &Base,
        without: &[&ComponentPolicy],
    ) -> Result<(Tarball, Vec<Finding>), ObserveError> {
        let seen = attributes::look(self.repository, &base.commit.tree, &base.path)?;
        let mut findings = seen.findings(base.tag.as_str());
        let facts = self.repository.commit_facts(&base.commit.id)?;
        let follow = self.policy.follow.unwrap_or_default();
        let (mut attributes, found) =
            seen.exported(self.repository, follow, base.tag.as_str(), &facts)?;
        findings.extend(found);
        let without = without.iter().map(|component| component.name.clone());
        attributes.left_out.extend(without);
        let origin = Origin::Tag {
            tag: base.tag.clone(),
            commit: base.commit.id.clone(),
            tree: base.tree.clone(),
            committed: base.commit.committed,
            attributes,
        };
        let signature = None;
        let tarball = Tarball {
            name,
            origin,
            signature,
        };
        Ok((tarball, findings))
    }

    fn pristine(&self, branch: &Branch, name: &str) -> Result<Option<Tarball>, ObserveError> {
        let ending = name.rsplit('.').next().unwrap_or_default();
        if !self.format.tarball_endings().contains(&ending) {
            return Ok(None);
        }
        let Some(origin) = branch.origin(self.repository, name)? else {
            return Ok(None);
        };
        let there = |at: &str| Path::new(at).join("pristine-tar").is_file();
        if !TOOL_PATH.split(':').any(there) {
            let program = "pristine-tar".to_owned();
            return Err(ToolError::Missing { program }.into());
        }
        let armour = branch.signature(self.repository, name)?;
        Ok(Some(Tarball {
            name: name.to_owned(),
            origin,
            signature: armour.map(unchecked),
        }))
    }

    fn components(
        &self,
        stem: &str,
        given: Option<&Path>,
        branch: Option<&Branch>,
        base: &Option<Base>,
    ) -> Result<(Vec<Component>, Vec<Finding>), ObserveError> {
        let endings = self.format.tarball_endings();
        let (mut found, mut findings) = (Vec::<Component>::new(), Vec::new());
        let beginning = format!("{stem}.orig-");
        let component_of = |name: &str| {
            let (component, ending) = name.strip_prefix(&beginning)?.rsplit_once(".tar.")?;
            endings.contains(&ending).then(|| component.to_owned())
        };
        if self.format == SourceFormat::Quilt {
            for path in beside(given, stem)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if let Some(component) = component_of(&name) {
                    let tarball = tarball_of(&path, name.into_owned())?;
                    found.push(Component { component, tarball });
                }
            }
            for name in branch.map_or(Vec::new(), |branch| branch.tarballs(&beginning)) {
                let known = component_of(&name);
                if let (Some(component), Some(branch)) = (known, branch)
                    && let Some(tarball) = self.pristine(branch, &name)?
                {
                    found.push(Component { component, tarball });
                }
            }
        }
        for wanted in &self.policy.components {
            let ComponentPolicy { name, tag } = wanted;
            if found.iter().any(|found| found.component == *name) {
                continue;
            }
            let base = match (tag, base) {
                (Some(tag), _) => self.component_tag(tag)?,
                (None, Some(base)) => self.repository.subtree(&base.tree, name)?.map(|tree| Base {
                    tree,
                    path: match base.path.as_str() {
                        "" => name.clone(),
                        above => format!("{above}/{name}"),
                    },
                    ..base.clone()
                }),
                (None, None) => None,
            };
            let file = format!("{stem}.orig-{name}.tar");
            let Some(base) = base else {
                return Err(ObserveError::NoComponent {
                    package: self.changelog.source.to_string(),
                    component: name.clone(),
                    name: file,
                });
            };
            let file = format!("{file}.{}", endings[0]);
            let (tarball, seen) = self.made(file, &base, &[])?;
            findings.extend(seen);
            found.push(Component {
                component: name.clone(),
                tarball,
            });
        }
        found.sort_by(|a, b| a.component.cmp(&b.component));
        found.dedup_by(|a, b| a.component == b.component);
        Ok((found, findings))
    }

    /// Finds the tag of a component: `{version}` in it is upstream's, and a
    /// component with versions of its own has a name without it.
    fn component_tag(&self, text: &str) -> Result<Option<Base>, ObserveError> {
        let version = self.changelog.version.upstream();
        let name = match TagPattern::new(text) {
            Ok(pattern) => pattern.tag(version),
            Err(_) => text.to_owned(),
        };
        let found = self.tag(&name)?;
        Ok(found.map(|(tag, commit)| Base {
            tag,
            tree: commit.tree.clone(),
            commit,
            path: String::new(),
        }))
    }

    fn nothing(&self, stem: &str, tags: Vec<String>, given: Option<PathBuf>) -> ObserveError {
        if given.is_none() && self.policy.pristine_tar == UsePristineTar::Always {
            return ObserveError::NoPristineTar {
                name: format!("{stem}.orig.tar"),
            };
        }
        let name = format!("{stem}.orig.tar");
        let top = self.repository.top();
        let above = top.parent().unwrap_or(top);
        let nearby = tarball_at(above, &name, self.format.tarball_endings());
        let nearby = match nearby.ok().flatten().map(|found| found.origin) {
            Some(Origin::Given { path, .. }) => Some(path),
            _ => None,
        };
        ObserveError::NoOrig {
            package: self.changelog.source.to_string(),
            version: self.changelog.version.upstream().to_owned(),
            tags,
            name,
            beside: given,
            nearby,
        }
    }

    /// Checks the signatures of what was given, and notes whose count.
    fn judge(&self, found: &mut Found) -> Result<(), ObserveError> {
        let keys = signing_keys(self.repository, self.tree)?;
        let keyring = match &keys {
            None => None,
            Some((path, bytes)) => match Keyring::parse(bytes) {
                Ok(keyring) => Some(keyring),
                Err(error) => {
                    let finding = Finding::error("upstream-signature", *path, error.to_string());
                    found.findings.push(finding);
                    return Ok(());
                }
            },
        };
        let components = found.components.iter_mut().map(|found| &mut found.tarball);
        for tarball in [&mut found.tarball].into_iter().chain(components) {
            let Tarball {
                name,
                origin,
                signature,
            } = tarball;
            match (signature, &keyring) {
                (Some(signature), Some(keyring)) => {
                    let certificates = keyring.certificates().iter();
                    signature.keys = certificates.map(|c| c.fingerprint().clone()).collect();
                    if let Origin::Given { path, .. } = origin {
                        let checked = check(keyring, &files::read(path)?, signature);
                        found
                            .findings
                            .extend(checked.err().map(|why| refused(name, &why)));
                    }
                }
                (Some(_), None) => {
                    let why = "its signature cannot be checked: there is no \
                               debian/upstream/signing-key.asc";
                    let finding = Finding::warning("upstream-signature", name.as_str(), why);
                    let fix = "put upstream's certificate there (gpg --armor --export KEY)";
                    found.findings.push(finding.fix(fix));
                }
                (None, Some(_)) if !matches!(origin, Origin::Tag { .. }) => {
                    let why = "debian/upstream/signing-key.asc is there, and no signature of it";
                    let finding = Finding::warning("upstream-signature", name.as_str(), why);
                    found
                        .findings
                        .push(finding.fix(format!("put {name}.asc beside it")));
                }
                (None, _) => {}
            }
        }
        Ok(())
    }
}

/// Reads the certificates whose signatures of tarballs count, and where they
/// are.
pub(super) fn signing_keys(
    repository: &Repository,
    tree: &str,
) -> Result<Option<(&'static str, Vec<u8>)>, GitError> {
    for path in SIGNING_KEYS {
        if let Some(bytes) = repository.file(tree, path)? {
            return Ok(Some((path, bytes)));
        }
    }
    Ok(None)
}

/// Checks upstream's signature of a tarball.
pub(super) fn check(
    keyring: &Keyring,
    tarball: &[u8],
    signature: &UpstreamSignature,
) -> Result<SignedBy, VerifyError> {
    keyring.verify_detached(tarball, &signature.armour)
}

/// Says that upstream's signature does not hold.
pub(super) fn refused(name: &str, why: &VerifyError) -> Finding {
    let found = format!("upstream's signature of it is not accepted: {why}");
    let finding = Finding::error("upstream-signature", name, found);
    finding.fix(
        "get the tarball again; if the certificate in debian/upstream/signing-key.asc is old, \
         replace it",
    )
}

fn unchecked(armour: Vec<u8>) -> UpstreamSignature {
    UpstreamSignature {
        sha256: Sha256::of(&armour),
        armour,
        keys: Vec::<Fingerprint>::new(),
    }
}

/// Takes a tarball, or the one of that name in a directory.
fn tarball_at(at: &Path, name: &str, endings: &[&str]) -> Result<Option<Tarball>, ObserveError> {
    let mut candidates = Vec::new();
    if at.is_dir() {
        for ending in endings {
            candidates.push((at.join(format!("{name}.{ending}")), *ending));
        }
    } else if let Some(ending) = at.extension().and_then(|ending| ending.to_str()) {
        let known = endings.iter().find(|known| match ending {
            "tgz" => **known == "gz",
            "txz" => **known == "xz",
            "tbz" | "tbz2" => **known == "bz2",
            ending => **known == ending,
        });
        candidates.extend(known.map(|known| (at.to_owned(), *known)));
    }
    for (path, ending) in candidates {
        if path.is_file() {
            return Ok(Some(tarball_of(&path, format!("{name}.{ending}"))?));
        }
    }
    Ok(None)
}

/// Takes a tarball, with the signature beside it.
fn tarball_of(path: &Path, name: String) -> Result<Tarball, ObserveError> {
    let digests = FileDigests::of_reader(files::open(path)?);
    let sha256 = digests.map_err(files::failed("read", path))?.sha256;
    let mut signature = path.as_os_str().to_owned();
    signature.push(".asc");
    let signature = files::read_if_there(Path::new(&signature))?;
    Ok(Tarball {
        name,
        origin: Origin::Given {
            path: path.to_owned(),
            sha256,
        },
        signature: signature.map(unchecked),
    })
}

/// Lists what lies beside the given tarball, where that has the name that
/// Debian gives it: then the others are there on purpose, too.
fn beside(given: Option<&Path>, stem: &str) -> Result<Vec<PathBuf>, ObserveError> {
    let directory = match given {
        Some(at) if at.is_dir() => at,
        Some(at) => {
            let name = at.file_name().unwrap_or_default().to_string_lossy();
            match at.parent() {
                Some(parent) if name.starts_with(&format!("{stem}.orig.tar.")) => parent,
                _ => return Ok(Vec::new()),
            }
        }
        None => return Ok(Vec::new()),
    };
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(directory)?;
        let mut found = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        found.retain(|path| path.is_file());
        found.sort();
        Ok(found)
    };
    Ok(list().map_err(files::failed("list", directory))?)
}
