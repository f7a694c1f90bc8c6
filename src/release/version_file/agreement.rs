//! Whether a project's version files say the same, before and after a release.

use super::VersionFileError;
use crate::model::Finding;
use crate::model::finding::with_causes;
use crate::release::upstream::debian_upstream;

/// Tells which files say another version than the one that is wanted; without
/// one, that they disagree. A file is told by its place, with its line
/// (`Cargo.toml:3`, as [`super::VersionFile::reading`] returns it).
///
/// Versions that are written in two styles and mean the same release agree:
/// `1.2.0-rc.1` and `1.2.0rc1`. A file that says nothing is a finding too.
pub fn disagreement<P: AsRef<str>>(
    found: &[(P, Result<String, VersionFileError>)],
    wanted: Option<&str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut said = Vec::new();
    for (place, version) in found {
        match version {
            Ok(version) => said.push((place.as_ref(), version.as_str())),
            Err(error) => findings.push(Finding::error(
                "version-file-unreadable",
                place.as_ref(),
                with_causes(error),
            )),
        }
    }
    let agree = |a: &str, b: &str| debian_upstream(a) == debian_upstream(b);
    if let Some(wanted) = wanted {
        for (place, version) in said.iter().filter(|(_, version)| !agree(version, wanted)) {
            let message = format!("it says {version}, not {wanted}");
            let finding = Finding::error("version-file-mismatch", *place, message);
            findings.push(finding.fix(format!("change it to {wanted}, and commit")));
        }
        return findings;
    }
    let Some((first, rest)) = said.split_first() else {
        return findings;
    };
    if rest.iter().any(|(_, version)| !agree(first.1, version)) {
        let all = said
            .iter()
            .map(|(place, version)| format!("{place} says {version}"));
        let message = all.collect::<Vec<_>>().join(", ");
        let finding = Finding::error("version-files-disagree", first.0, message);
        findings.push(finding.fix("make them say the version of the last release, and commit"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(of: &[(&str, &str)]) -> Vec<(String, Result<String, VersionFileError>)> {
        of.iter()
            .map(|(place, version)| ((*place).into(), Ok((*version).into())))
            .collect()
    }

    #[test]
    fn disagreement_names_every_file_and_version() {
        let two = said(&[("Cargo.toml:3", "1.2.3"), ("package.json:2", "1.2.4")]);
        let found = disagreement(&two, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule, "version-files-disagree");
        assert_eq!(
            found[0].message,
            "Cargo.toml:3 says 1.2.3, package.json:2 says 1.2.4"
        );
        let found = disagreement(&two, Some("1.2.3"));
        let shown: Vec<_> = found
            .iter()
            .map(|f| (f.subject.as_str(), f.message.as_str()))
            .collect();
        assert_eq!(shown, [("package.json:2", "it says 1.2.4, not 1.2.3")]);
    }

    #[test]
    fn styles_agree_and_silence_is_a_finding() {
        let styles = said(&[
            ("Cargo.toml:3", "1.2.0-rc.1"),
            ("pyproject.toml:2", "1.2.0rc1"),
        ]);
        assert_eq!(disagreement(&styles, None), []);
        assert_eq!(disagreement(&styles, Some("1.2.0-rc.1")), []);
        assert_eq!(disagreement::<&str>(&[], None), []);
        let path = "VERSION".to_owned();
        let place = "the first line".to_owned();
        let silent = [("VERSION", Err(VersionFileError::NoVersion { path, place }))];
        let found = disagreement(&silent, Some("1"));
        assert_eq!(found[0].rule, "version-file-unreadable");
        assert_eq!(found[0].message, "VERSION: no version at the first line");
    }
}
