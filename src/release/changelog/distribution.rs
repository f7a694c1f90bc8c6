//! Where an entry may go: the suites of Debian and Ubuntu, those that the
//! package has been to, and the project's own.

use super::EntryError;
use crate::format::changelog::RawEntry;
use crate::model::Suite;
use crate::model::name::nearest;
use crate::release::policy::DebianPolicy;

/// Debian's suites and code names that have pockets, oldest first (the table of
/// distro-info-data, from the first release with a code name).
const DEBIAN: [&str; 23] = [
    "buzz",
    "rex",
    "bo",
    "hamm",
    "slink",
    "potato",
    "woody",
    "sarge",
    "etch",
    "lenny",
    "squeeze",
    "wheezy",
    "jessie",
    "stretch",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "oldstable",
    "stable",
    "testing",
];

/// What follows the name of a Debian suite.
const DEBIAN_POCKETS: [&str; 8] = [
    "",
    "-security",
    "-updates",
    "-proposed-updates",
    "-backports",
    "-backports-sloppy",
    "-lts",
    "-fasttrack",
];

/// Ubuntu's code names, oldest first (distro-info-data), and its newest.
const UBUNTU: [&str; 45] = [
    "warty", "hoary", "breezy", "dapper", "edgy", "feisty", "gutsy", "hardy", "intrepid", "jaunty",
    "karmic", "lucid", "maverick", "natty", "oneiric", "precise", "quantal", "raring", "saucy",
    "trusty", "utopic", "vivid", "wily", "xenial", "yakkety", "zesty", "artful", "bionic",
    "cosmic", "disco", "eoan", "focal", "groovy", "hirsute", "impish", "jammy", "kinetic", "lunar",
    "mantic", "noble", "oracular", "plucky", "questing", "resolute", "devel",
];

/// What follows the name of an Ubuntu series.
const UBUNTU_POCKETS: [&str; 5] = ["", "-security", "-updates", "-proposed", "-backports"];

/// Names that stand alone.
const PLAIN: [&str; 6] = [
    "unstable",
    "sid",
    "experimental",
    "oldoldstable",
    "oldoldstable-lts",
    "UNRELEASED",
];

/// Every name that Debian or Ubuntu accepts.
fn official() -> impl Iterator<Item = String> {
    let with = |names: &'static [&str], pockets: &'static [&str]| {
        let each = |name| pockets.iter().map(move |pocket| format!("{name}{pocket}"));
        names.iter().flat_map(each)
    };
    let plain = PLAIN.iter().map(|name| (*name).to_owned());
    plain
        .chain(with(&DEBIAN, &DEBIAN_POCKETS))
        .chain(with(&UBUNTU, &UBUNTU_POCKETS))
}

/// Refuses a distribution that is neither official, nor of the project's own,
/// nor one that an entry of the file names.
pub(super) fn check(name: &str, own: &[&str], entries: &[RawEntry<'_>]) -> Result<(), EntryError> {
    let used: Vec<_> = entries.iter().flat_map(RawEntry::distributions).collect();
    if own.contains(&name) || used.contains(&name) || official().any(|known| known == name) {
        return Ok(());
    }
    let known: Vec<_> = official().collect();
    let all = known.iter().map(String::as_str);
    let nearest = nearest(name, all.chain(own.iter().copied()).chain(used));
    Err(EntryError::UnknownDistribution {
        name: name.to_owned(),
        nearest: nearest.map(str::to_owned),
    })
}

/// Returns where an entry goes: as wanted, else by the policy, else as the
/// newest of the released `entries`, else to `unstable`.
pub(super) fn choose(
    wanted: Option<&Suite>,
    policy: &DebianPolicy,
    entries: &[RawEntry<'_>],
) -> Result<Vec<Suite>, EntryError> {
    let own: Vec<_> = policy.distribution.iter().chain(&policy.suites).collect();
    let own: Vec<_> = own.into_iter().map(Suite::as_str).collect();
    if let Some(suite) = wanted.or(policy.distribution.as_ref()) {
        check(suite.as_str(), &own, entries)?;
        return Ok(vec![suite.clone()]);
    }
    let released = entries.iter().find(|entry| !entry.is_unreleased());
    let before = released.map(RawEntry::distributions).unwrap_or_default();
    let before: Option<Vec<_>> = before
        .into_iter()
        .map(|name| Suite::new(name).ok())
        .collect();
    Ok(before
        .filter(|suites| !suites.is_empty())
        .unwrap_or_else(|| vec![Suite::new("unstable").expect("a suite's name")]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::changelog::File;

    const OLD: &[u8] =
        b"x1 (1) UNRELEASED; urgency=low\n\n  * x\n\nx1 (0.9) internal stable; urgency=low\n";

    fn policy(distribution: Option<&str>) -> DebianPolicy {
        DebianPolicy {
            distribution: distribution.map(|name| Suite::new(name).expect("a suite")),
            suites: vec![Suite::new("canary").expect("a suite")],
            ..DebianPolicy::default()
        }
    }

    #[test]
    fn the_nearest_wish_wins() {
        let file = File::parse(OLD);
        for (wanted, own, entries, want) in [
            (Some("trixie"), Some("staging"), &file.entries[..], "trixie"),
            (None, Some("staging"), &file.entries, "staging"),
            (None, None, &file.entries, "internal stable"),
            (None, None, &[], "unstable"),
        ] {
            let wanted = wanted.map(|name| Suite::new(name).expect("a suite"));
            let found = choose(wanted.as_ref(), &policy(own), entries).expect(want);
            let found: Vec<_> = found.iter().map(Suite::as_str).collect();
            assert_eq!(found.join(" "), want);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let file = File::parse(OLD);
        for name in [
            "unstable",
            "sid",
            "UNRELEASED",
            "bookworm",
            "bookworm-backports",
            "stable-security",
            "bookworm-proposed-updates",
            "bullseye-backports-sloppy",
            "noble-proposed",
            "jammy",
            "internal",
            "canary",
            "staging",
        ] {
            check(name, &["canary", "staging"], &file.entries).expect(name);
        }
        for (name, near) in [
            ("unstabel", Some("unstable")),
            ("bookwrom-backports", Some("bookworm-backports")),
            ("unreleased", None),
            ("unstable-backports", None),
            ("interal", Some("internal")),
            ("frobnicated", None),
        ] {
            let error = check(name, &[], &file.entries).expect_err(name);
            let EntryError::UnknownDistribution { nearest, .. } = &error else {
                panic!("{name}: {error}");
            };
            if near.is_some() {
                assert_eq!(nearest.as_deref(), near, "{name}");
            }
        }
    }
}
