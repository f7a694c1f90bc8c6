//! Where a package's upstream tarball comes from. Writes nothing.

use std::path::Path;

use super::observe::{Means, ObserveError};
use super::package::{Debian, Package};
use super::source::Orig;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::FileDigests;
use crate::release::TagPattern;
use crate::sys::files;
use crate::sys::git::{GitError, Repository, Tag};

/// Finds the upstream tarball: the one given, else the one that the package's
/// policy names, else the upstream tag.
pub(super) fn find(
    repository: &Repository,
    changelog: &Entry,
    package: &Package,
    policy: &Debian,
    means: &Means<'_>,
) -> Result<Orig, ObserveError> {
    let name = format!(
        "{}_{}.orig.tar",
        changelog.source,
        changelog.version.upstream()
    );
    let top = repository.top();
    let given = means.orig.map(Path::to_owned);
    let given = given.or_else(|| policy.orig.as_ref().map(|path| top.join(path)));
    if let Some(at) = &given
        && let Some(found) = tarball_at(at, &name)?
    {
        return Ok(found);
    }
    let tags = upstream_tags(&policy.upstream_tags, &changelog.version);
    if given.is_none() {
        for wanted in &tags {
            match repository.tag(wanted) {
                Ok(Tag {
                    name: tag, commit, ..
                }) => {
                    // Upstream's tree may be this repository's or the package's
                    // alone, as an import makes it.
                    let below = repository.subtree(&commit.tree, &package.path)?;
                    return Ok(Orig::Tag {
                        tag,
                        commit: commit.id,
                        tree: below.unwrap_or(commit.tree),
                        committed: commit.committed,
                        name: format!("{name}.xz"),
                    });
                }
                Err(GitError::NoTag { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let above = top.parent().unwrap_or(top);
    let nearby = match tarball_at(above, &name)? {
        Some(Orig::Given { path, .. }) => Some(path),
        _ => None,
    };
    Err(ObserveError::NoOrig {
        package: changelog.source.to_string(),
        version: changelog.version.upstream().to_owned(),
        tags,
        name,
        beside: given,
        nearby,
    })
}

/// Names the tags an upstream version may have: with the version's own
/// spelling, and as a pre-release is spelled outside of Debian.
fn upstream_tags(patterns: &[TagPattern], version: &Version) -> Vec<String> {
    let upstream = version.upstream();
    // Repackaged sources (`+dfsg`, `+ds`) have a tag of their own, or none.
    patterns
        .iter()
        .map(|pattern| pattern.tag(upstream))
        .collect()
}

/// Takes a tarball, or the one of that name in a directory.
fn tarball_at(at: &Path, name: &str) -> Result<Option<Orig>, ObserveError> {
    const COMPRESSIONS: [&str; 4] = ["xz", "gz", "bz2", "lzma"];
    let mut candidates = Vec::new();
    if at.is_dir() {
        for compression in COMPRESSIONS {
            candidates.push((at.join(format!("{name}.{compression}")), compression));
        }
    } else if let Some(ending) = at.extension().and_then(|ending| ending.to_str()) {
        let known = COMPRESSIONS.iter().find(|known| match ending {
            "tgz" => **known == "gz",
            "txz" => **known == "xz",
            ending => **known == ending,
        });
        candidates.extend(known.map(|known| (at.to_owned(), *known)));
    }
    for (path, compression) in candidates {
        if path.is_file() {
            let digests = FileDigests::of_reader(files::open(&path)?);
            let sha256 = digests.map_err(files::failed("read", &path))?.sha256;
            return Ok(Some(Orig::Given {
                path,
                name: format!("{name}.{compression}"),
                sha256,
            }));
        }
    }
    Ok(None)
}
