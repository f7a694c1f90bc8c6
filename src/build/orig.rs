//! Where a package's upstream tarballs come from. Writes nothing.

mod given;
pub(super) mod signature;

use std::path::{Path, PathBuf};

use super::attributes;
use super::observe::{Means, ObserveError, TOOL_PATH};
use super::package::{ComponentPolicy, Debian, Package, UsePristineTar};
use super::pristine_tar::Branch;
use super::source::SourceFormat;
use super::upstream::{Component, Origin, Tarball};
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Finding, TagName};
use crate::release::TagPattern;
use crate::sys::git::{Commit, GitError, Repository, Tag};
use crate::sys::process::ToolError;

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
            Some(at) => given::tarball_at(at, &format!("{stem}.orig.tar"), endings)?,
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
        signature::judge(self.repository, self.tree, &mut found)?;
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
            signature: armour.map(signature::unchecked),
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
            for path in given::beside(given, stem)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if let Some(component) = component_of(&name) {
                    let tarball = given::tarball_of(&path, name.into_owned())?;
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
        let nearby = given::tarball_at(above, &name, self.format.tarball_endings());
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
}
