//! The packages of a record and those that are there → what to install. Pure.

use std::collections::BTreeMap;

use crate::format::buildinfo::Installed;

/// Lists the packages whose exact version is neither installed nor in any
/// archive, each with the versions that are.
pub fn missing(
    wanted: &[Installed],
    installed: &[Installed],
    there: &BTreeMap<String, Vec<(String, String)>>,
) -> Vec<String> {
    let lacking = wanted.iter().filter(|package| !installed.contains(package));
    let lacking = lacking.filter_map(|package| {
        let versions = there
            .get(package.package.as_str())
            .map_or(&[][..], Vec::as_slice);
        let exact = |(version, _): &(String, String)| version == package.version.as_str();
        if versions.iter().any(exact) {
            return None;
        }
        let known: Vec<&str> = versions
            .iter()
            .map(|(version, _)| version.as_str())
            .collect();
        Some(match known.is_empty() {
            true => format!("{package}: in no archive"),
            false => format!("{package}: the archives have {}", known.join(", ")),
        })
    });
    lacking.collect()
}

/// Returns apt's words for the packages that are not installed in the version
/// of the record.
pub fn to_install(wanted: &[Installed], installed: &[Installed]) -> Vec<String> {
    let lacking = wanted.iter().filter(|package| !installed.contains(package));
    let words = lacking.map(|package| match &package.architecture {
        Some(architecture) => format!("{}:{architecture}={}", package.package, package.version),
        None => format!("{}={}", package.package, package.version),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::version::Version;
    use crate::model::{Architecture, PackageName};

    fn package(name: &str, architecture: Option<&str>, version: &str) -> Installed {
        Installed {
            package: PackageName::new(name).expect("a name"),
            architecture: architecture.map(|text| Architecture::new(text).expect("one")),
            version: version.parse::<Version>().expect("a version"),
        }
    }

    #[test]
    fn what_cannot_be_found_is_named_all_at_once() {
        let wanted = [
            package("libc6", None, "2.36-9"),
            package("gcc", None, "4:12.2.0-3"),
            package("libc6", Some("arm64"), "2.36-9"),
            package("old-one", None, "1"),
            package("gone", None, "3"),
        ];
        let installed = [
            package("libc6", None, "2.36-9"),
            package("gcc", None, "4:14-1"),
        ];
        let versions = |found: &[&str]| {
            let found = found
                .iter()
                .map(|version| ((*version).to_owned(), "x".to_owned()));
            found.collect::<Vec<_>>()
        };
        let there = BTreeMap::from([
            ("libc6".to_owned(), versions(&["2.36-9"])),
            ("gcc".to_owned(), versions(&["4:12.2.0-3", "4:14-1"])),
            ("old-one".to_owned(), versions(&["2", "3"])),
        ]);
        assert_eq!(
            missing(&wanted, &installed, &there),
            [
                "old-one (= 1): the archives have 2, 3",
                "gone (= 3): in no archive"
            ]
        );
        assert_eq!(
            to_install(&wanted[..3], &installed),
            ["gcc=4:12.2.0-3", "libc6:arm64=2.36-9"]
        );
    }
}
