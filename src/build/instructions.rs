//! What a tag asks for in its message, as git-debpush(1) writes it: it wins
//! over the configuration. Writes nothing.

use super::package::Debian;
use super::source::{Revision, SourceFormat};
use super::upstream::Layout;
use crate::format::changelog::Entry;
use crate::format::tag_instructions::{Instructions, QuiltMode};
use crate::model::{Finding, TagName};
use crate::sys::git::{GitError, Repository, Tag, TagKind};

/// What a tag's instructions decide.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The tag that holds upstream's release.
    pub upstream_tag: Option<TagName>,
    /// What contradicts them.
    pub findings: Vec<Finding>,
}

/// Follows the instructions of a tag's message; changes the policy so.
pub(super) fn follow(
    repository: &Repository,
    revision: &Revision,
    message: &str,
    changelog: &Entry,
    format: SourceFormat,
    policy: &mut Debian,
) -> Result<Asked, GitError> {
    let mut asked = Asked::default();
    let name = revision.shown();
    let instructions = match Instructions::parse(message) {
        Ok(Some(instructions)) => instructions,
        Ok(None) => return Ok(asked),
        Err(error) => {
            let finding = Finding::error("tag-instructions", name, error.to_string());
            let fix = "make the tag again with git-debpush, under another version";
            asked.findings.push(finding.fix(fix));
            return Ok(asked);
        }
    };
    asked.findings = contradictions(&instructions, name, changelog);
    for word in &instructions.unknown {
        let found = format!("its instructions say “{word}”, which is not known here");
        let finding = Finding::warning("tag-instructions", name, found);
        asked.findings.push(finding);
    }
    if let Some(mode) = instructions.quilt {
        if format == SourceFormat::Quilt {
            policy.layout = Some(layout(mode));
        } else {
            let found = format!("it says --quilt={mode}, but the package is no quilt package");
            let finding = Finding::error("tag-instructions", name, found);
            asked.findings.push(finding);
        }
    }
    if let Some(tag) = &instructions.upstream_tag {
        match upstream(repository, tag, instructions.upstream.as_deref())? {
            Ok(tag) => {
                // The tag's maker saw that upstream, whatever is configured.
                policy.orig = None;
                asked.upstream_tag = Some(tag);
            }
            Err(finding) => asked.findings.push(finding),
        }
    }
    Ok(asked)
}

fn layout(mode: QuiltMode) -> Layout {
    match mode {
        QuiltMode::Linear => Layout::Commits,
        QuiltMode::Unapplied => Layout::Unapplied,
        QuiltMode::Applied => Layout::Applied,
        QuiltMode::Single => Layout::Single,
        QuiltMode::Bare => Layout::Overlay,
    }
}

fn contradictions(instructions: &Instructions, tag: &str, changelog: &Entry) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut contradict = |what: &str, said: &str, found: &str| {
        let message = format!("its instructions say {what} {said}, but {found}");
        let finding = Finding::error("tag-instructions", tag, message);
        findings.push(finding.fix("tag the commit that is meant, with instructions that fit"));
    };
    if let Some(source) = &instructions.source
        && source != changelog.source.as_str()
    {
        let found = format!(
            "debian/changelog:{} is {}",
            changelog.line, changelog.source
        );
        contradict("source", source, &found);
    }
    if let Some(version) = &instructions.version
        && version != changelog.version.as_str()
    {
        let found = format!(
            "debian/changelog:{} is {}",
            changelog.line, changelog.version
        );
        contradict("version", version, &found);
    }
    let named = tag.split_once('/').map(|(distro, _)| distro);
    if let Some(named) = named
        && !instructions.distros.is_empty()
        && !instructions.distros.iter().any(|distro| distro == named)
    {
        let found = format!("the tag is named for {named}");
        contradict("distro", &instructions.distros.join(", "), &found);
    }
    if let Some(suite) = &instructions.suite {
        let known: Vec<_> = changelog
            .distributions
            .iter()
            .map(ToString::to_string)
            .collect();
        if !known.contains(suite) {
            let found = format!(
                "debian/changelog:{} is for {}",
                changelog.line,
                known.join(" ")
            );
            contradict("suite", suite, &found);
        }
    }
    findings
}

fn upstream(
    repository: &Repository,
    name: &str,
    commit: Option<&str>,
) -> Result<Result<TagName, Finding>, GitError> {
    let refuse = |found: String, fix: String| {
        Ok(Err(Finding::error("tag-instructions", name, found).fix(fix)))
    };
    let tag: Tag = match repository.tag(name) {
        Ok(tag) => tag,
        Err(error @ GitError::NoTag { .. }) => {
            let found = format!("it is to be the upstream tag, but {error}");
            return refuse(found, format!("git fetch origin tag {name}"));
        }
        Err(error) => return Err(error),
    };
    let object = match &tag.kind {
        TagKind::Annotated { object, .. } => Some(object.as_str()),
        TagKind::Lightweight => None,
    };
    match commit {
        Some(wanted) if wanted != tag.commit.id && Some(wanted) != object => {
            let found = format!(
                "upstream’s commit is to be {wanted}, but the tag leads to {}",
                tag.commit.id
            );
            refuse(found, "find out who moved the upstream tag".to_owned())
        }
        _ => Ok(Ok(tag.name)),
    }
}
