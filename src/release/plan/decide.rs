//! A package's wish → its decision: the whole version, its tag, and whether
//! both may be.

use super::draft::{Draft, Wanted, Wish};
use super::line::Raises;
use super::{Decision, Next, Request};
use crate::format::version::Version;
use crate::model::{Finding, TagName};
use crate::release::debian_version::{self, Basis, DebianVersionError, Upload};
use crate::release::facts::Facts;
use crate::release::number::{Number, PreStyle};
use crate::release::policy::{Bump, DebianKind, Policy, Unit};
use crate::release::upstream::{debian_upstream, release_of};
use crate::release::version_file::Kind;

/// Decides about one package.
pub(super) fn decide(
    draft: &Draft<'_>,
    facts: &Facts,
    policy: &Policy,
    request: &Request,
    findings: &mut Vec<Finding>,
) -> Decision {
    let decided = match &draft.wish {
        Wish::Nothing(reason) => {
            return Decision::Skip {
                reason: reason.clone(),
            };
        }
        Wish::Tag => prepared(draft),
        Wish::Release(wanted) => release(draft, wanted, request),
    };
    let decision = match decided {
        Ok(decision) => decision,
        Err(finding) => {
            let reason = finding.message.clone();
            findings.push(finding);
            return Decision::Skip { reason };
        }
    };
    if let Decision::Release(next) = &decision {
        findings.extend(taken(draft, next, facts));
        if matches!(request.upload, Upload::Release) && !request.force {
            findings.extend(off_branch(draft, next, facts.branch.as_deref(), policy));
        }
        findings.extend(debian_version::masks_security_updates(&next.debian_version));
    }
    decision
}

fn prepared(draft: &Draft<'_>) -> Result<Decision, Finding> {
    let pending = draft.pending.expect("a wish for a tag comes of it");
    let debian_version = match (&draft.unit.debian, draft.line.debian) {
        (DebianKind::Changelog { .. }, Some(version)) => version.clone(),
        _ if draft.line.pattern.is_debian() => Version::new(&*pending.version)
            .map_err(|error| refuse(draft, "invalid-version", error.to_string()))?,
        _ => declared(draft, &pending.version)?,
    };
    let tag = match is_upload(&pending.version, &debian_version) {
        true => upload_tag(draft, &debian_version),
        false => Some(tag(draft, &pending.version, &debian_version)?),
    };
    let tag = tag.ok_or_else(|| {
        let message = format!("{debian_version} makes no valid tag");
        refuse(draft, "invalid-tag", message)
    })?;
    Ok(Decision::Prepared {
        version: pending.version.clone(),
        debian_version,
        tag,
        commit: pending.commit.clone(),
        later: pending.later.len(),
    })
}

fn release(draft: &Draft<'_>, wanted: &Wanted, request: &Request) -> Result<Decision, Finding> {
    if request.pre.is_some() && draft.line.raises == Raises::Revision {
        let message = "its releases raise the Debian revision, which has no candidates";
        return Err(refuse(draft, "no-candidate", message.to_owned())
            .fix("--set-version names upstream's candidate, such as 1.2~rc1-1"));
    }
    let mut number = wanted.number.clone();
    if let (Some(kind), Some(whole)) = (request.pre, &number) {
        let before = draft.facts.pre_releases.iter();
        let before = before.filter_map(|release| draft.line.number(&release.version));
        let before: Vec<_> = before.filter(|pre| pre.released() == *whole).collect();
        let count = before
            .iter()
            .filter_map(|pre| pre.pre().filter(|(k, _)| *k == kind));
        let highest = count.map(|(_, n)| n).max().unwrap_or(0);
        let Some(count) = highest.checked_add(1) else {
            let message = format!("there is no candidate after number {highest} of {whole}");
            return Err(refuse(draft, "version-goes-back", message)
                .fix("--set-version names the version to release instead"));
        };
        let style = match before.last() {
            None => usual_style(draft.unit),
            Some(before) => before.pre_style().cloned().unwrap_or_else(PreStyle::semver),
        };
        let pre = whole.pre_release_in(kind, count, &style);
        if let Some(last) = before.last().filter(|last| **last >= pre) {
            return Err(refuse(
                draft,
                "version-goes-back",
                format!("{pre} would not sort after {last}, which is released"),
            )
            .fix("ask for a later kind: alpha, beta, rc, or none for the final release"));
        }
        number = Some(pre);
    }
    let debian_version = debian(draft, number.as_ref(), request)?;
    let version = match (draft.line.pattern.is_debian(), &number) {
        (false, Some(number)) => number.to_string(),
        _ => debian_version.to_string(),
    };
    let current = draft
        .line
        .current
        .and_then(|release| draft.line.number(&release.version));
    if let (Some(number), Some(current), false) =
        (&number, &current, draft.line.pattern.is_debian())
        && number <= current
    {
        return Err(refuse(
            draft,
            "version-goes-back",
            format!("{number} is not higher than {current}, the last release"),
        )
        .fix("--really OLD releases an older version again under a higher number"));
    }
    let tag = tag(draft, &version, &debian_version)?;
    let new_upstream = draft.line.raises == Raises::Revision && number.is_some();
    Ok(Decision::Release(Next {
        version,
        number: own(draft, number.as_ref(), &debian_version),
        debian_version,
        tag: Some(tag),
        bump: wanted.bump,
        reason: wanted.reason.clone(),
        binary_only: false,
        opening: new_upstream.then(|| "New upstream release.".to_owned()),
        distribution: None,
        again: draft.unmade().map(|pending| pending.commit.clone()),
        requirements: Vec::new(),
    }))
}

/// How a package writes its first pre-release: as Python takes it (PEP 440)
/// where Python has to.
fn usual_style(unit: &Unit) -> PreStyle {
    let mut files = unit.version_files.iter();
    match files.any(|file| file.kind == Kind::Pyproject) {
        true => PreStyle::pep_440(),
        false => PreStyle::semver(),
    }
}

/// Returns the version that a release's version files get; none where only the
/// Debian revision rises.
fn own(draft: &Draft<'_>, number: Option<&Number>, debian: &Version) -> Option<String> {
    let line = &draft.line;
    if !line.pattern.is_debian() {
        return number.map(ToString::to_string);
    }
    if line.raises == Raises::Revision {
        let Some(current) = line.current else {
            return number.map(|number| in_own_style(draft.unit, number));
        };
        let before = Version::new(&*current.version).ok();
        let stays = before.is_some_and(|before| release_of(&before) == release_of(debian));
        return (!stays).then(|| own_of_debian(draft.unit, debian));
    }
    number.map(|number| in_own_style(draft.unit, number))
}

/// Returns a release's version without what is Debian's: `1.2` of `1:1.2-3`.
pub(super) fn own_version(draft: &Draft<'_>, version: &str) -> String {
    let debian = match draft.line.pattern.is_debian() {
        true => Version::new(version).ok(),
        false => None,
    };
    debian.map_or_else(
        || version.to_owned(),
        |debian| own_of_debian(draft.unit, &debian),
    )
}

/// Returns what a Debian version is made of, as the package's files write it.
pub(super) fn own_of_debian(unit: &Unit, debian: &Version) -> String {
    let upstream = release_of(debian);
    match Number::parse(upstream) {
        Ok(number) => in_own_style(unit, &number),
        Err(_) => upstream.to_owned(),
    }
}

/// Writes a number that comes of a Debian version as its files do: a `~` is
/// nobody's but Debian's.
fn in_own_style(unit: &Unit, number: &Number) -> String {
    let style = usual_style(unit);
    let own = number
        .pre()
        .map(|(kind, count)| number.released().pre_release_in(kind, count, &style));
    own.as_ref().unwrap_or(number).to_string()
}

/// Makes the Debian version of a release.
fn debian(
    draft: &Draft<'_>,
    number: Option<&Number>,
    request: &Request,
) -> Result<Version, Finding> {
    let line = &draft.line;
    let DebianKind::Changelog { .. } = &draft.unit.debian else {
        let number = number.map(ToString::to_string).unwrap_or_default();
        return declared(draft, &number);
    };
    let Some(written) = line.debian else {
        return Err(refuse(
            draft,
            "no-changelog",
            "it has no debian/changelog to continue".into(),
        )
        .fix("debcut init --debian writes one"));
    };
    // Its entry is that of the release commit which is made again.
    let is_remade = draft.unmade().is_some_and(|pending| {
        let version = pending.version.as_str();
        version == written.as_str() || debian_upstream(version) == written.upstream()
    });
    let stays = line.is_unreleased || line.current.is_none() || is_remade;
    // A whole Debian version that the user names is taken as it is.
    let named = request
        .set_version
        .as_deref()
        .filter(|_| line.raises == Raises::Revision);
    if let Some(text) = named.filter(|text| text.contains(['-', ':'])) {
        return set(draft, text, written);
    }
    let Some(number) = number else {
        // A revision: the one that is written and not released, or the next.
        if stays {
            return Ok(written.clone());
        }
        let basis = Basis {
            current: Some(written),
            upstream: None,
            revision: None,
        };
        let upload = match draft.hotfix {
            // 1.2-1.1: higher than the revision, lower than the next one.
            Some(_) => Upload::Nmu,
            None => Upload::Release,
        };
        return next(draft, &basis, &upload);
    };
    let text = number.to_string();
    let same = debian_upstream(&text) == written.upstream();
    if same && stays {
        return Ok(written.clone());
    }
    let revision = debian_version::first_revision(written);
    // A candidate of what is being written: only what is released is below it.
    let leads_to_it = number.is_pre_release()
        && debian_upstream(number.released().as_str()) == written.upstream();
    let basis = Basis {
        current: line.released.filter(|_| leads_to_it).or(Some(written)),
        upstream: Some(&text),
        revision: revision.as_deref(),
    };
    next(draft, &basis, &Upload::Release)
}

/// Reads a Debian version that the user names: without an epoch it has the one
/// that is there, and it must be higher than what is released.
fn set(draft: &Draft<'_>, text: &str, written: &Version) -> Result<Version, Finding> {
    let mut whole = text.to_owned();
    if !text.contains(':') && written.as_str().contains(':') {
        whole = format!("{}:{text}", written.epoch());
    }
    if !text.contains('-') {
        let revision = debian_version::first_revision(written);
        whole = format!("{whole}-{}", revision.as_deref().unwrap_or("1"));
    }
    let version =
        Version::new(whole).map_err(|error| refuse(draft, "invalid-version", error.to_string()))?;
    let current = draft.line.current;
    let released = current.and_then(|release| Version::new(&*release.version).ok());
    let entry = Some(written.clone()).filter(|_| current.is_some() && !draft.line.is_unreleased);
    match released.into_iter().chain(entry).max() {
        Some(last) if version <= last => {
            let message = format!("{version} is not higher than {last}, the last release");
            Err(refuse(draft, "version-goes-back", message)
                .fix("--really OLD releases an older version again under a higher number"))
        }
        _ => Ok(version),
    }
}

/// The Debian version of a package without `debian/`.
fn declared(draft: &Draft<'_>, version: &str) -> Result<Version, Finding> {
    let revision = match &draft.unit.debian {
        DebianKind::Declared { revision, .. } => revision.as_deref(),
        DebianKind::Changelog { .. } => None,
    };
    let mut text = debian_upstream(version);
    if let Some(revision) = revision {
        text = format!("{text}-{revision}");
    }
    let version = Version::new(text);
    version.map_err(|error| refuse(draft, "invalid-version", error.to_string()))
}

fn next(draft: &Draft<'_>, basis: &Basis<'_>, upload: &Upload) -> Result<Version, Finding> {
    debian_version::next(basis, upload).map_err(|error| no_version(draft, &error))
}

fn no_version(draft: &Draft<'_>, error: &DebianVersionError) -> Finding {
    let rule = match error {
        DebianVersionError::Order { .. } => "version-goes-back",
        DebianVersionError::UnknownSuite(_) | DebianVersionError::UnnamedSuite(_) => {
            "unknown-suite"
        }
        DebianVersionError::Invalid { .. } => "invalid-version",
        DebianVersionError::NoEarlier => "no-earlier-version",
        DebianVersionError::LocalWord(_) => "local-word",
        DebianVersionError::OtherRelease { .. } | DebianVersionError::NoRebuild { .. } => {
            "no-rebuild"
        }
    };
    let fix = match error {
        DebianVersionError::Order { .. } | DebianVersionError::Invalid { .. } => {
            "--set-version names the version to release instead"
        }
        DebianVersionError::UnknownSuite(_) | DebianVersionError::UnnamedSuite(_) => {
            "name it by its code name: bookworm is 12"
        }
        DebianVersionError::NoEarlier => "release a version first",
        DebianVersionError::LocalWord(_) => "take the house's name: --local +wmf",
        DebianVersionError::OtherRelease { .. } | DebianVersionError::NoRebuild { .. } => {
            "a rebuild is of the source that is there: release a revision instead"
        }
    };
    refuse(draft, rule, crate::model::finding::with_causes(error)).fix(fix)
}

fn tag(draft: &Draft<'_>, version: &str, debian: &Version) -> Result<TagName, Finding> {
    draft.line.tag(version, debian).ok_or_else(|| {
        let message = format!("{} makes no valid tag of {version}", draft.line.pattern);
        refuse(draft, "invalid-tag", message)
    })
}

/// Refuses a version whose tag is there, on whatever commit.
fn taken(draft: &Draft<'_>, next: &Next, facts: &Facts) -> Option<Finding> {
    let tag = next.tag.as_ref()?;
    let on = facts.tags.get(tag)?;
    let message = format!(
        "{} is taken: {tag} is on {on:.12}, and this release would be on {:.12} or after it",
        next.version, facts.head
    );
    Some(
        refuse(draft, "tag-taken", message)
            .fix("--set-version names the version to release instead"),
    )
}

/// Refuses more than a maintenance branch is for.
fn off_branch(
    draft: &Draft<'_>,
    next: &Next,
    branch: Option<&str>,
    policy: &Policy,
) -> Option<Finding> {
    if let Some(base) = draft.hotfix.as_ref().filter(|_| next.bump > Bump::Patch) {
        let message = format!(
            "{} is for hotfixes of {base}, and this is more ({})",
            branch?, next.reason
        );
        return Some(refuse(draft, "maintenance-branch", message).fix(
            "leave the change out: it comes with the next release of its line; --force does \
             it all the same",
        ));
    }
    let (line, _) = maintained(branch?, &policy.maintenance)?;
    let released = draft.line.last.as_ref()?;
    let inside = |version: &str| version == line || version.starts_with(&format!("{line}."));
    let allowed = most(branch?, &policy.maintenance)?;
    let branch = branch.unwrap_or_default();
    let number = draft.line.number(&next.version);
    let number = number.map_or_else(|| next.version.clone(), |number| number.to_string());
    if !inside(&number) || next.bump > allowed {
        let message = format!(
            "{branch} is for patch releases of {line}, and {released} → {} is more ({})",
            next.version, next.reason
        );
        return Some(refuse(draft, "maintenance-branch", message).fix(
            "leave the change out, ask for it by debcut patch pick, or release from the main \
             branch; --force does it all the same",
        ));
    }
    None
}

/// Reads the line that a branch maintains: `release-1.2` → `1.2`, of 2 numbers.
/// A name with three and more is the branch of one release.
pub(super) fn maintained(branch: &str, patterns: &[String]) -> Option<(String, usize)> {
    let version = version_of(branch, patterns)?;
    let version = version.strip_suffix(".x").unwrap_or(version);
    let numbers: Vec<_> = version.split('.').collect();
    let plain = |n: &&str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    (numbers.len() < 3 && numbers.iter().all(plain)).then(|| (version.to_owned(), numbers.len()))
}

/// Returns the largest step of a release on the branch of a line: of one like
/// `1` a minor one; none: it is the branch of no line.
pub(super) fn most(branch: &str, patterns: &[String]) -> Option<Bump> {
    let (_, numbers) = maintained(branch, patterns)?;
    Some(match numbers {
        1 => Bump::Minor,
        _ => Bump::Patch,
    })
}

/// Reads the version in a maintenance branch's name.
pub(super) fn version_of<'a>(branch: &'a str, patterns: &[String]) -> Option<&'a str> {
    let version = patterns.iter().find_map(|pattern| {
        let (before, after) = pattern.split_once("{version}")?;
        branch.strip_prefix(before)?.strip_suffix(after)
    })?;
    Some(version.strip_prefix('v').unwrap_or(version))
}

pub(super) fn refuse(draft: &Draft<'_>, rule: &'static str, message: String) -> Finding {
    Finding::error(rule, draft.unit.name.as_str(), message)
}

/// Decides about an upload that is no release of its own: the source stays, its
/// Debian version says for whom.
pub(super) fn upload(
    draft: &Draft<'_>,
    facts: &Facts,
    upload: &Upload,
    findings: &mut Vec<Finding>,
) -> Decision {
    match uploaded(draft, upload) {
        Ok(Some(next)) => {
            findings.extend(taken(draft, &next, facts));
            findings.extend(debian_version::masks_security_updates(&next.debian_version));
            Decision::Release(next)
        }
        Ok(None) => Decision::Skip {
            reason: format!("no change since {}, which is that upload", draft.since()),
        },
        Err(finding) => {
            let reason = finding.message.clone();
            findings.push(finding);
            Decision::Skip { reason }
        }
    }
}

fn uploaded(draft: &Draft<'_>, upload: &Upload) -> Result<Option<Next>, Finding> {
    let DebianKind::Changelog { .. } = &draft.unit.debian else {
        let message = "only a package with debian/changelog has such uploads".to_owned();
        return Err(refuse(draft, "no-changelog", message)
            .fix("raise the revision in debcut.toml, or release a new version"));
    };
    let Some(written) = draft.line.debian else {
        let message = "it has no debian/changelog".to_owned();
        return Err(refuse(draft, "no-changelog", message));
    };
    // An entry that is being written is nobody's upload yet.
    let written = draft.line.released.unwrap_or(written);
    let basis = Basis {
        current: Some(written),
        upstream: None,
        revision: None,
    };
    let version = next(draft, &basis, upload)?;
    let is_again = |text: &str| {
        text.trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned()
    };
    if draft.changes.changes.is_empty() && is_again(written.as_str()) == is_again(version.as_str())
    {
        return Ok(None);
    }
    let suite =
        |named| debian_version::suite_name(named).map_err(|error| no_version(draft, &error));
    let (opening, distribution) = match upload {
        Upload::Release => (None, None),
        Upload::Backport(named) => {
            let mut suite = suite(named)?.to_owned();
            if !suite.contains("-backports") {
                suite += "-backports";
            }
            (Some(format!("Rebuild for {suite}.")), Some(suite))
        }
        Upload::StableUpdate(named) => {
            let suite = suite(named)?.to_owned();
            (Some(format!("Update for {suite}.")), Some(suite))
        }
        Upload::Nmu => (Some("Non-maintainer upload.".to_owned()), None),
        Upload::Rebuild => (
            Some("Binary-only non-maintainer upload; no source changes.".to_owned()),
            None,
        ),
        Upload::Local(_) => (Some("Local changes.".to_owned()), None),
        Upload::Really(old) => (Some(format!("Go back to {old}.")), None),
    };
    let binary_only = *upload == Upload::Rebuild;
    let number = match upload {
        Upload::Really(_) => Some(release_of(&version).to_owned()),
        // A native version is the project's, and + is build metadata to it.
        Upload::Local(_) if version.is_native() && !version.upstream().contains('~') => {
            Some(version.upstream().to_owned())
        }
        _ => None,
    };
    Ok(Some(Next {
        version: version.to_string(),
        number,
        tag: upload_tag(draft, &version).filter(|_| !binary_only),
        debian_version: version,
        bump: Bump::Patch,
        reason: opening
            .clone()
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_owned(),
        binary_only,
        opening,
        distribution,
        again: None,
        requirements: Vec::new(),
    }))
}

/// Returns the tag of an upload that is no release of its own. It is of Debian,
/// and so is its tag: the release's own is taken.
fn upload_tag(draft: &Draft<'_>, version: &Version) -> Option<TagName> {
    let pattern = draft.unit.tags.iter().find(|pattern| pattern.is_debian());
    let name = match pattern {
        Some(pattern) => pattern.tag(version.as_str()),
        None => format!("debian/{}", version.to_dep14()),
    };
    TagName::new(name).ok()
}

/// Tells whether a version that awaits its tag is of such an upload.
pub(super) fn is_upload(version: &str, debian: &Version) -> bool {
    let marked = debian.revision().is_some() || release_of(debian) != debian.upstream();
    version == debian.as_str() && marked
}
