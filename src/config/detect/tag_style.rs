//! Which tag patterns a repository follows.

use super::{DetectedGroup, DetectedPackage};
use crate::model::TagName;
use crate::release::TagPattern;

/// Finds the pattern that most tags follow. A lone package's tags carry its
/// name rarely, one of several must, or its tags would be its sisters' too.
pub(super) fn tag_style(name: &str, several: bool, tags: &[TagName]) -> Option<TagPattern> {
    let named = [
        "{name}-v{version}",
        "{name}/v{version}",
        "{name}-{version}",
        "{name}/{version}",
    ];
    let plain = [
        "debian/{version}",
        "v{version}",
        "{version}",
        "release-{version}",
    ];
    let named = named.iter().map(|pattern| pattern.replace("{name}", name));
    let plain = plain
        .iter()
        .map(|pattern| (*pattern).to_owned())
        .filter(|_| !several);
    let patterns = named
        .chain(plain)
        .filter_map(|pattern| TagPattern::new(&pattern).ok());
    let follow = |pattern: &TagPattern| {
        tags.iter()
            .filter(|tag| pattern.version_in(tag.as_str()).is_some())
            .count()
    };
    let counted = patterns.map(|pattern| (follow(&pattern), pattern));
    let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(count, _)| *count > 0)
        .map(|(_, pattern)| pattern)
}

/// Packages that are released together may have one tag: they do where the
/// repository's tags say so.
pub(super) fn one_tag(group: &DetectedGroup, packages: &mut [DetectedPackage], tags: &[TagName]) {
    let named = |package: &DetectedPackage| {
        let pattern = package.tag.as_ref();
        pattern.is_some_and(|tag| {
            tags.iter()
                .any(|name| tag.version_in(name.as_str()).is_some())
        })
    };
    let mut members: Vec<_> = packages
        .iter_mut()
        .filter(|package| group.packages.contains(&package.name))
        .collect();
    if members.iter().any(|package| named(package)) {
        return;
    }
    let Some(shared) = tag_style("", false, tags).filter(|tag| !tag.is_debian()) else {
        return;
    };
    for package in &mut members {
        package.tag = Some(shared.clone());
    }
}
