//! What a source package is made of beside the tag's tree: upstream's release,
//! and how the tree lies on it. Writes nothing.

use super::attributes;
use super::instructions;
use super::layout::Question;
use super::observe::{Means, ObserveError, Tree};
use super::orig::Search;
use super::package::{Debian, Package};
use super::source::{Orig, Revision, SourceFormat};
use super::upstream::{Exported, Follow, Layout};
use crate::format::changelog::Entry;
use crate::format::control::SourceControl;
use crate::model::Finding;
use crate::sys::git::TagKind;

/// What a source package is made of beside the tree.
pub(super) struct Origins {
    /// The upstream release; a native package has none.
    pub orig: Option<Orig>,
    /// What attributes change of the tree.
    pub exported: Exported,
    /// What was seen on the way.
    pub findings: Vec<Finding>,
}

impl Tree<'_> {
    /// Finds what upstream released and how the tree lies on it.
    pub(super) fn origins(
        &self,
        package: &Package,
        policy: &Debian,
        (changelog, control, format): (&Entry, &SourceControl, SourceFormat),
        tag: &Revision,
        means: &Means<'_>,
    ) -> Result<Origins, ObserveError> {
        let Self {
            repository, commit, ..
        } = *self;
        let tree = repository.subtree(&commit.tree, &package.path)?;
        let tree = tree.expect("observe() found the package's directory in the tree");
        let mut policy = policy.clone();
        let message = self.message(tag)?;
        let asked =
            instructions::follow(repository, tag, &message, changelog, format, &mut policy)?;
        let mut findings = asked.findings;
        let seen = attributes::look(repository, &commit.tree, &package.path)?;
        findings.extend(seen.findings(self.revision));
        if format.is_native() {
            // A native package's tarball is nobody's but ours: all of the tree.
            let follow = policy.follow.unwrap_or(Follow::Nothing);
            let facts = repository.commit_facts(&commit.id)?;
            let (exported, found) = seen.exported(repository, follow, self.revision, &facts)?;
            findings.extend(found);
            return Ok(Origins {
                orig: None,
                exported,
                findings,
            });
        }
        let search = Search {
            repository,
            changelog,
            format,
            package,
            tree: &tree,
            policy: &policy,
            upstream_tag: asked.upstream_tag.as_ref(),
            means,
        };
        let found = search.find()?;
        findings.extend(found.findings);
        let exported = match policy.follow.unwrap_or_default() {
            follow @ Follow::Nothing => Exported {
                follow,
                ..Exported::default()
            },
            follow @ Follow::Attributes => Exported {
                follow,
                left_out: seen.left_out,
                filled: seen.filled.into_iter().map(|(path, _)| path).collect(),
            },
        };
        let components = found
            .components
            .iter()
            .map(|found| found.component.as_str());
        let components: Vec<_> = components.collect();
        let question = Question {
            repository,
            commit: &commit.id,
            tree: &tree,
            path: &package.path,
            policy: &policy,
            base: found.base.as_ref(),
            components: &components,
            exported: &exported,
            maintainer: &control.maintainer,
            means,
        };
        let (mut packing, found_so) = question.settle()?;
        findings.extend(found_so);
        if format == SourceFormat::OldDiff {
            packing.layout = Layout::Diff;
            packing.patches.clear();
        }
        Ok(Origins {
            orig: Some(Orig {
                tarball: found.tarball,
                components: found.components,
                packing,
            }),
            exported,
            findings,
        })
    }

    /// Returns the message of an annotated tag; empty when there is none.
    fn message(&self, tag: &Revision) -> Result<String, ObserveError> {
        let Revision::Tag { name, .. } = tag else {
            return Ok(String::new());
        };
        let TagKind::Annotated { signed, .. } = self.repository.tag(name.as_str())?.kind else {
            return Ok(String::new());
        };
        let text = String::from_utf8_lossy(&signed);
        let message = text.split_once("\n\n").map(|(_, message)| message);
        Ok(message.unwrap_or_default().to_owned())
    }
}
