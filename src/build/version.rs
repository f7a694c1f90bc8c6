//! Which version a revision of a declared package is. Pure.

use super::source::{Revision, TaggedSource};
use crate::format::version::Version;
use crate::model::Finding;
use crate::release::TagPattern;
use crate::release::upstream::debian_upstream;

/// Takes a declared package's version from the tag; a candidate has no tag,
/// and takes it from its version files. `revision` is the Debian revision that
/// `debcut.toml` gives it; without one it is native.
pub fn declared_version(source: &TaggedSource, revision: Option<&str>) -> Result<Version, Finding> {
    let package = &source.package;
    let shown = source.revision.shown();
    let refusal = |found: String, fix: String| Finding::error("no-version", shown, found).fix(fix);
    let (pattern, written) = match &source.revision {
        Revision::Tag { name, .. }
        | Revision::Candidate {
            meant: Some(name), ..
        } => {
            let mut patterns = package.tags.iter();
            let named = patterns.find_map(|p| Some((Some(p), p.version_in(name.as_str())?)));
            named.ok_or_else(|| {
                let patterns: Vec<_> = package.tags.iter().map(ToString::to_string).collect();
                let found = format!("it fits no tag pattern of {}", package.name);
                refusal(found, format!("the patterns are {}", patterns.join(", ")))
            })?
        }
        Revision::Candidate { meant: None, .. } => {
            let mut files = source.version_files.iter();
            let written = files.find_map(|(_, found)| found.as_ref().ok().cloned());
            let written = written.ok_or_else(|| {
                let found = "no version file tells the candidate's version";
                let fix = "name one in debcut.toml, such as version-files = [\"VERSION\"]";
                refusal(found.to_owned(), fix.to_owned())
            })?;
            (None, written)
        }
    };
    let text = match (pattern.is_some_and(TagPattern::is_debian), revision) {
        // Such a tag names the whole version, with its revision.
        (true, _) => written,
        (false, Some(revision)) => format!("{}-{revision}", debian_upstream(&written)),
        (false, None) => debian_upstream(&written),
    };
    let version = Version::new(text.as_str()).map_err(|error| {
        let found = format!("it gives “{text}”, which is no Debian version: {error}");
        refusal(
            found,
            "use digits, letters and . + ~, beginning with a digit".to_owned(),
        )
    })?;
    if version.revision() == revision {
        return Ok(version);
    }
    let said = |revision: Option<&str>| match revision {
        Some(revision) => format!("the revision {revision}"),
        None => "no revision".to_owned(),
    };
    let found = format!(
        "it gives {version}, with {}, but debcut.toml says {}",
        said(version.revision()),
        said(revision)
    );
    let fix = match version.revision() {
        Some(revision) => format!("revision = \"{revision}\" in debcut.toml, or another tag"),
        None => "remove revision from debcut.toml, or name it in the tag".to_owned(),
    };
    Err(refusal(found, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::package::{Debian, Kind, Package};
    use crate::build::source::{Recipe, TagSignature};
    use crate::model::{PackageName, TagName, Timestamp};
    use crate::release::VersionFile;

    fn source(revision: Revision, file: &str) -> TaggedSource {
        let patterns = ["debian/{version}", "v{version}", "{version}"];
        let patterns = patterns.map(|text| TagPattern::new(text).expect(text));
        TaggedSource {
            revision,
            commit: String::new(),
            tree: String::new(),
            committed: Timestamp::from_unix(0),
            package: Package {
                name: PackageName::new("pp").expect("name"),
                path: String::new(),
                tags: patterns.to_vec(),
                version_files: Vec::new(),
                kind: Kind::Debian(Debian::default()),
            },
            version_files: vec![(VersionFile::new("VERSION"), Ok(file.to_owned()))],
            recipe: Recipe::Declared { changelog: None },
        }
    }

    #[test]
    fn tags_tell_versions() {
        let cases: &[(&str, Option<&str>, Result<&str, &str>)] = &[
            ("v1.2.0", None, Ok("1.2.0")),
            ("v1.2.0", Some("1"), Ok("1.2.0-1")),
            ("v1.2.0-rc.1", None, Ok("1.2.0~rc1")),
            ("v1.2.0-rc.1", Some("2"), Ok("1.2.0~rc1-2")),
            ("debian/1.2.0-1", Some("1"), Ok("1.2.0-1")),
            ("debian/1%1.2.0_rc1-1", Some("1"), Ok("1:1.2.0~rc1-1")),
            ("debian/1.2.0", None, Ok("1.2.0")),
            (
                "debian/1.2.0-1",
                None,
                Err("with the revision 1, but debcut.toml says no revision"),
            ),
            (
                "debian/1.2.0-1",
                Some("2"),
                Err("with the revision 1, but debcut.toml says the revision 2"),
            ),
            (
                "debian/1.2.0",
                Some("1"),
                Err("with no revision, but debcut.toml says the revision 1"),
            ),
            ("v1_2", None, Err("which is no Debian version")),
            ("vendor", None, Err("it fits no tag pattern of pp")),
        ];
        for (tag, revision, want) in cases {
            let name = TagName::new(*tag).expect(tag);
            let tag_revision = Revision::Tag {
                name,
                object: None,
                signature: TagSignature::Unsigned,
            };
            let found = declared_version(&source(tag_revision, "9"), *revision);
            match (found, want) {
                (Ok(found), Ok(want)) => assert_eq!(found.as_str(), *want, "{tag}"),
                (Err(found), Err(want)) => {
                    assert!(found.message.contains(want), "{tag}: {}", found.message);
                    assert!(!found.fix.is_empty(), "{tag}");
                }
                (found, want) => panic!("{tag}: {found:?}, not {want:?}"),
            }
        }
    }

    #[test]
    fn candidates_ask_their_version_files() {
        let candidate = || Revision::Candidate {
            meant: None,
            revision: "HEAD".to_owned(),
        };
        let found = declared_version(&source(candidate(), "1.2.0-rc.1"), Some("1"));
        assert_eq!(found.expect("a version").as_str(), "1.2.0~rc1-1");
        let mut silent = source(candidate(), "");
        silent.version_files.clear();
        let finding = declared_version(&silent, None).expect_err("nobody tells");
        assert!(finding.fix.contains("version-files"), "{}", finding.fix);
    }
}
