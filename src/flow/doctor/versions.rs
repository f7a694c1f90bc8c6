//! The versions that the tree at HEAD says, against each other and against the
//! last release.

use crate::model::{Checkup, Finding};
use crate::release::facts::UnitFacts;
use crate::release::number::Number;
use crate::release::policy::Unit;
use crate::release::upstream::is_release_of;
use crate::release::version_file::disagreement;
use crate::release::{Facts, Policy};

/// Judges every package.
pub(super) fn judge(policy: &Policy, facts: &Facts) -> Checkup {
    let mut checkup = Checkup::default();
    for (unit, found) in policy.units.iter().zip(&facts.units) {
        checkup.extend(one(unit, found));
    }
    checkup
}

fn one(unit: &Unit, found: &UnitFacts) -> Checkup {
    let mut checkup = Checkup::default();
    let name = unit.name.as_str();
    let said: Vec<_> = found
        .versions
        .iter()
        .map(|file| (file.path.as_str(), file.version.clone()))
        .collect();
    let disagree = disagreement(&said, None);
    for finding in &disagree {
        let fix = match finding.fix.as_str() {
            "" => "correct it, or version-files in debcut.toml",
            fix => fix,
        };
        checkup.find(finding.clone().fix(fix));
    }
    let first = said.iter().find_map(|(path, version)| {
        let version = version.as_ref().ok()?;
        Some((*path, version.as_str()))
    });
    let Some((first, version)) = first.filter(|_| disagree.is_empty()) else {
        return checkup;
    };
    if let Some(entry) = found
        .changelog
        .as_ref()
        .filter(|entry| !entry.is_unreleased())
        && !is_release_of(version, &entry.version)
        && !is_development(version)
    {
        let why = format!(
            "{first} says {version}, and the newest changelog entry is {}",
            entry.version
        );
        let finding = Finding::error("version-files-disagree", name, why);
        checkup.find(finding.fix("debcut prepare writes both; make them agree, and commit"));
        return checkup;
    }
    let last = found.pre_releases.last().or(found.last_final.as_ref());
    if let Some(last) = last
        && let (Ok(own), Ok(released)) = (Number::parse(version), Number::parse(&last.version))
        && own < released
    {
        let why = format!(
            "{first} says {version}, but {} is released as {}",
            last.version, last.tag
        );
        let finding = Finding::warning("version-behind-tag", name, why);
        checkup.find(finding.fix("debcut prepare writes the next version into it"));
        return checkup;
    }
    checkup.pass(
        "versions",
        name,
        format!("{} file(s) say {version}", said.len()),
    );
    checkup
}

fn is_development(version: &str) -> bool {
    Number::parse(version).is_ok_and(|number| number.is_development())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::changelog::Entry;
    use crate::model::{PackageName, TagName, Timestamp};
    use crate::release::commit::Release;
    use crate::release::facts::FoundVersion;
    use crate::release::policy::DebianKind;
    use crate::release::version_file::VersionFileError;

    fn entry(version: &str, distribution: &str) -> Entry {
        let text = format!(
            "tally ({version}) {distribution}; urgency=medium\n\n  * x\n\n \
             -- A <a@b.example>  Thu, 01 May 2025 10:00:00 +0000\n"
        );
        Entry::newest(text.as_bytes()).expect(version)
    }

    fn unit() -> Unit {
        Unit {
            name: PackageName::new("tally").expect("a name"),
            path: String::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            former_paths: Vec::new(),
            tags: Vec::new(),
            upstream_tags: Vec::new(),
            version_files: Vec::new(),
            debian: DebianKind::Changelog {
                path: "debian/changelog".into(),
            },
            depends_on: Vec::new(),
            changes_file: None,
        }
    }

    #[test]
    fn versions_are_compared() {
        let disagree: &[&str] = &["error version-files-disagree"];
        // What files say, the newest entry, the last release, the findings.
        type Case = (
            &'static [&'static str],
            Option<(&'static str, &'static str)>,
            &'static str,
            &'static [&'static str],
        );
        let cases: &[Case] = &[
            (&[], None, "1.2.0", &[]),
            (&["1.2.0"], None, "1.2.0", &[]),
            (&["1.2.0", "1.2.0"], None, "", &[]),
            (&["1.2.0-rc.1", "1.2.0rc1"], None, "1.1.0", &[]),
            (&["1.2.0", "1.3.0"], None, "1.2.0", disagree),
            (&["1.3.0"], None, "1.2.0", &[]),
            (&["1.1.0"], None, "1.2.0", &["warning version-behind-tag"]),
            (&["1.2.0"], Some(("1.2.0-1", "unstable")), "1.2.0", &[]),
            (
                &["1.2.0"],
                Some(("1:1.2.0+dfsg-4", "unstable")),
                "1.2.0",
                &[],
            ),
            (&["1.2.0"], Some(("1.1.0-1", "unstable")), "1.2.0", disagree),
            (&["1.2.0"], Some(("1.3.0-1", "UNRELEASED")), "1.2.0", &[]),
            (&["1.3.0-dev"], Some(("1.2.0-1", "unstable")), "1.2.0", &[]),
            (&["?"], None, "1.2.0", &["error version-file-unreadable"]),
        ];
        for (said, newest, last, want) in cases {
            let version = |(at, text): (usize, &&str)| FoundVersion {
                path: format!("file{at}"),
                version: match *text {
                    "?" => Err(VersionFileError::Missing {
                        path: format!("file{at}"),
                    }),
                    text => Ok(text.to_owned()),
                },
            };
            let found = UnitFacts {
                versions: said.iter().enumerate().map(version).collect(),
                changelog: newest.map(|(version, suite)| entry(version, suite)),
                last_final: (!last.is_empty()).then(|| Release {
                    tag: TagName::new(format!("v{last}")).expect("a name"),
                    version: (*last).to_owned(),
                    commit: String::new(),
                    committed: Timestamp::from_unix(0),
                }),
                ..UnitFacts::default()
            };
            let shown = super::super::tests::shown(&one(&unit(), &found));
            assert_eq!(shown, *want, "{said:?} {newest:?} {last}");
        }
    }
}
