//! What changed: the entries of a package's changelog that hosts do not have yet.

use super::opening::choosing;
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::paging::changelog::in_package;
use crate::format::changelog::File;
use crate::format::index::{self, Kind};
use crate::format::version::Version;
use crate::publish::{Question, observe_source};
use crate::rollout::Rollout;

/// Larger packages are not unpacked for their changelog.
const PACKAGE_BYTES: u64 = 64 * 1024 * 1024;
/// How many lines of it a request repeats.
const LINES: usize = 200;

/// Returns the changelog's entries from the version that is rolled out back to
/// the newest one that the rings' suites have; where they have none, the entry
/// of the version. `None` where the packages have no changelog of Debian's form.
pub fn changes(desk: &Desk<'_>, rollout: &Rollout) -> Result<Option<String>, FlowError> {
    let target = &rollout.target;
    let Some(meant) = target.versions.first() else {
        return Ok(None);
    };
    let mut current = desk.look(&meant.from, None, Question::Manifest)?;
    observe_source(desk.store.as_ref(), &mut current, &target.source)?;
    let own = choosing::stanzas(&current).filter(|stanza| {
        stanza.kind() == Kind::Packages
            && stanza.source() == (target.source.clone(), meant.source_version.clone())
    });
    let mut files = Vec::new();
    for stanza in own {
        let file = index::files(stanza).unwrap_or_default().into_iter().next();
        files.extend(file.map(|file| (file.size, stanza.name().clone(), file.path)));
    }
    // The smallest package of a source says what the others do.
    files.sort();
    for (size, package, path) in files {
        if size > PACKAGE_BYTES {
            break;
        }
        let Some(reader) = desk.store.open(&path)? else {
            continue;
        };
        if let Some(text) = in_package(reader, &package) {
            let had = had(desk, rollout, &meant.source_version)?;
            return Ok(newer(&text, &meant.source_version, had.as_ref()));
        }
    }
    Ok(None)
}

/// Returns the newest older version that a ring's suite has.
fn had(desk: &Desk<'_>, rollout: &Rollout, than: &Version) -> Result<Option<Version>, FlowError> {
    let mut newest: Option<Version> = None;
    let rings = rollout.policy.rings.iter();
    for suite in rings.flat_map(|ring| &ring.suites).map(|one| &one.suite) {
        let mut current = desk.look(suite, None, Question::Manifest)?;
        observe_source(desk.store.as_ref(), &mut current, &rollout.target.source)?;
        let offers = choosing::offers(&current, &rollout.target.source);
        let older = offers.into_iter().map(|offer| offer.version);
        newest = newest.into_iter().chain(older.filter(|v| v < than)).max();
    }
    Ok(newest)
}

/// Takes the entries up to a version and after another one out of a changelog.
fn newer(changelog: &str, to: &Version, after: Option<&Version>) -> Option<String> {
    let file = File::parse(changelog.as_bytes());
    let is_new = |version: &Version| version <= to && after.is_some_and(|after| version > after);
    let mut text = String::new();
    for entry in &file.entries {
        let Some(version) = entry.version() else {
            continue;
        };
        if version == *to || is_new(&version) {
            text.push_str(&String::from_utf8_lossy(entry.bytes));
        }
    }
    // A rebuild for one release says nothing of its own.
    if text.is_empty() {
        let newest = file.entries.first()?;
        text.push_str(&String::from_utf8_lossy(newest.bytes));
    }
    let lines: Vec<_> = text.trim_end().lines().collect();
    let more = lines.len().saturating_sub(LINES);
    let mut kept = lines[..lines.len() - more].join("\n");
    if more > 0 {
        kept.push_str(&format!("\n[and {more} more lines]"));
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: &str, what: &str) -> String {
        format!(
            "hello ({version}) stable; urgency=medium\n\n  * {what}\n\n -- A <a@b.c>  Thu, 01 May 2025 10:00:00 +0000\n\n"
        )
    }

    #[test]
    fn what_hosts_do_not_have_yet_is_told() {
        let all = [
            entry("1.3", "not yet"),
            entry("1.2", "new"),
            entry("1.1", "newer"),
            entry("1.0", "old"),
        ];
        let all = all.concat();
        let told = |to: &str, after: Option<&str>| {
            let version = |text: &str| Version::new(text).expect(text);
            let after = after.map(version);
            let text = newer(&all, &version(to), after.as_ref()).expect("a text");
            let lines = text.lines().filter_map(|line| line.strip_prefix("  * "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(told("1.2", Some("1.0")), ["new", "newer"]);
        assert_eq!(told("1.2", Some("1.1")), ["new"]);
        assert_eq!(told("1.2", None), ["new"]);
        assert_eq!(told("1.1", Some("0.1")), ["newer", "old"]);
        assert_eq!(told("1.2+deb12u1", None), ["not yet"]);
    }
}
