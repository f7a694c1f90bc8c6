//! What a pull ring's hosts run, as the operator's command prints it: a line for
//! each host, or the numbers themselves.

use serde::Deserialize;

use crate::format::version::Version;
use crate::model::Timestamp;
use crate::rollout::Target;
use crate::rollout::state::Counted;

/// The numbers themselves, as JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    all: u64,
    there: u64,
    #[serde(default)]
    failed: u64,
}

/// Reads `HOST VERSION [ok|failed]` lines, or one object
/// `{"all": …, "there": …, "failed": …}`. A host counts as there when it runs the
/// version that is meant for some release, or a newer one than all of them; `-`
/// is the version of a host that does not have the package.
pub fn counted(text: &str, target: &Target, at: Timestamp) -> Result<Counted, String> {
    if text.trim_start().starts_with('{') {
        let Numbers { all, there, failed } =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        if there.checked_add(failed).is_none_or(|sum| sum > all) {
            return Err(format!(
                "{there} there and {failed} failed are more than all, {all}"
            ));
        }
        return Ok(Counted {
            at,
            all,
            there,
            failed,
        });
    }
    let mut counted = Counted {
        at,
        all: 0,
        there: 0,
        failed: 0,
    };
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(_host) = words.next() else {
            continue;
        };
        let refuse = |why: String| Err(format!("line {}: {why}", number + 1));
        let is_there = match words.next() {
            None => return refuse(format!("“{}” has no version", line.trim())),
            Some("-") => false,
            Some(version) => match Version::new(version) {
                Ok(version) => has(target, &version),
                Err(error) => return refuse(error.to_string()),
            },
        };
        let is_well = match (words.next(), words.next()) {
            (None | Some("ok"), None) => true,
            (Some("failed"), None) => false,
            _ => return refuse(format!("“{}” ends with neither ok nor failed", line.trim())),
        };
        counted.all += 1;
        counted.there += u64::from(is_there && is_well);
        counted.failed += u64::from(!is_well);
    }
    Ok(counted)
}

/// Tells whether a host with this version has what is meant, or more.
fn has(target: &Target, version: &Version) -> bool {
    let mut meant = target.versions.iter().flat_map(|meant| {
        let binaries = meant.binaries.iter().map(|binary| &binary.version);
        binaries.chain([&meant.source_version])
    });
    let mut all = meant.clone();
    meant.any(|one| one.compare(version).is_eq()) || all.all(|one| one.compare(version).is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackageName, Suite};
    use crate::rollout::Meant;
    use proptest::prelude::*;

    fn target() -> Target {
        let meant = |version: &str| Meant {
            release: None,
            source_version: Version::new(version).expect("a version"),
            from: Suite::new("new").expect("a suite"),
            generation: 1,
            binaries: Vec::new(),
        };
        Target {
            source: PackageName::new("hello").expect("a name"),
            versions: vec![meant("1.2-1+deb12u1"), meant("1.2-1+deb13u1")],
        }
    }

    #[test]
    fn lines_and_numbers_are_counted() {
        let numbers = |text: &str| {
            counted(text, &target(), Timestamp::from_unix(0)).map(|c| (c.all, c.there, c.failed))
        };
        type Counts = Result<(u64, u64, u64), &'static str>;
        let cases: &[(&str, Counts)] = &[
            ("", Ok((0, 0, 0))),
            ("a 1.2-1+deb12u1\nb 1.1-1\n# c\n\nc - ok\n", Ok((3, 1, 0))),
            (
                "a 1.2-1+deb13u1 ok\nb 1.3 ok\nc 1.2-1+deb12u1 failed",
                Ok((3, 2, 1)),
            ),
            // Newer than one release's and older than another's is neither.
            ("a 1.2-1+deb12u9", Ok((1, 0, 0))),
            ("{\"all\": 10, \"there\": 7}", Ok((10, 7, 0))),
            (
                " {\"all\": 10, \"there\": 7, \"failed\": 3}",
                Ok((10, 7, 3)),
            ),
            (
                "{\"all\": 10, \"there\": 8, \"failed\": 3}",
                Err("8 there and 3 failed are more"),
            ),
            ("{\"all\": 10}", Err("missing field `there`")),
            ("a", Err("line 1: “a” has no version")),
            ("a 1.2\nb x_y", Err("line 2: ")),
            ("a 1.2 well", Err("line 1: “a 1.2 well” ends with neither")),
            ("a 1.2 ok more", Err("line 1: ")),
        ];
        for (text, want) in cases {
            match (numbers(text), want) {
                (Ok(found), Ok(want)) => assert_eq!(found, *want, "{text}"),
                (Err(found), Err(want)) => assert!(found.contains(want), "{text}: {found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,80}") {
            if let Ok(found) = counted(&text, &target(), Timestamp::from_unix(0)) {
                prop_assert!(found.there + found.failed <= found.all);
            }
        }
    }
}
