//! Which rebuild of its source the next one is.

use std::path::Path;

use super::super::FlowError;
use super::published::Published;
use super::variant::Rebuild;
use crate::build::plan::EntryWanted;
use crate::build::source::{Recipe, TaggedSource};
use crate::flow::parts;
use crate::format::checksums::parse_sums;
use crate::format::version::Version;
use crate::model::Architecture;
use crate::release::debian_version::source_of;
use crate::sys::files;

/// Returns the entry of the rebuild: that of the last one in `out` where it was
/// made for the same architecture and reason, so that asking twice makes one;
/// else of the next that is neither there nor published.
pub(super) fn entry(
    wanted: &Rebuild,
    source: &TaggedSource,
    architecture: &Architecture,
    out: &Path,
    published: &Published,
) -> Result<Option<EntryWanted>, FlowError> {
    let Recipe::Debian(debian) = &source.recipe else {
        let version = source.package.name.to_string();
        let version = wanted
            .version
            .clone()
            .or(Version::new(format!("0+{version}")).ok());
        return Ok(version.map(|version| EntryWanted::Rebuild {
            version,
            count: 1,
            reason: wanted.reason.clone(),
        }));
    };
    let own = &debian.changelog.version;
    let reason = wanted.reason.clone();
    let numbered = |version: Version| {
        let count = count_of(&version).unwrap_or(1);
        Ok(Some(EntryWanted::Rebuild {
            version,
            count,
            reason: reason.clone(),
        }))
    };
    if let Some(version) = &wanted.version {
        return numbered(version.clone());
    }
    let mut last = 0;
    for (version, built_for, text) in built(out)? {
        if source_of(&version).as_ref() != Some(own) {
            continue;
        }
        let count = count_of(&version).unwrap_or(0);
        let same = built_for == architecture.as_str() && says(&text, &wanted.reason);
        if same {
            return numbered(version);
        }
        // Another architecture's may have the same number, when it is of the
        // same reason: it is one rebuild of the archive's.
        let elsewhere = says(&text, &wanted.reason);
        last = last.max(if elsewhere {
            count.saturating_sub(1)
        } else {
            count
        });
    }
    for version in &published.binaries {
        if source_of(version).as_ref() == Some(own) {
            last = last.max(count_of(version).unwrap_or(0));
        }
    }
    let next = Version::new(format!("{own}+b{}", last + 1));
    numbered(next.expect("a version with +b and a number is one"))
}

/// Tells whether an entry's text gives a reason.
fn says(text: &str, reason: &str) -> bool {
    reason.lines().all(|line| text.contains(line.trim()))
}

fn count_of(version: &Version) -> Option<u32> {
    version.as_str().rsplit_once("+b")?.1.parse().ok()
}

/// Lists the rebuilds in a directory: version, architecture and entry.
fn built(out: &Path) -> Result<Vec<(Version, String, String)>, FlowError> {
    let sums = files::read_if_there(&out.join(crate::build::product::SUMS))?;
    let sums = String::from_utf8_lossy(&sums.unwrap_or_default()).into_owned();
    let listed = parse_sums(&sums).unwrap_or_default();
    let parts = parts::read(out, &listed)?;
    let rebuild = |part: parts::Part| {
        let (_, statement) = part.stated?;
        let definition = statement.provenance.build_definition;
        let plan = definition.internal_parameters.get("plan")?;
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        Some((
            Version::new(plan["version"].as_str()?).ok()?,
            text(&plan["architecture"])?,
            text(&plan["entry"]["text"])?,
        ))
    };
    Ok(parts.into_iter().filter_map(rebuild).collect())
}
