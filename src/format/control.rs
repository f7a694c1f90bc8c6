//! `debian/control`: deb-src-control(5), Debian Policy 5.2.
//!
//! Holds what a build needs to know of a source package and its binary
//! packages, with the line of every error in the file. Knows nothing of
//! substituting `${…}` (dpkg-gencontrol does that). The control file inside a
//! `.deb` is another format: [`binary`].

pub mod binary;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;

pub use binary::is_maintainer;
pub use binary::{
    BinaryControl, DebugSymbols, DeclareError, DeclaredControl, MultiArch, MultiArchError,
    RelationField,
};

use super::deb822::{Deb822Error, Paragraph, Syntax, paragraphs};
use super::relation::{Clause, Form, field_relations};
use crate::model::{Architecture, PackageName};

/// A source package as `debian/control` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceControl {
    /// The source package's name.
    pub source: PackageName,
    /// `Maintainer`, as written.
    pub maintainer: String,
    /// `Section`, which binary packages inherit.
    pub section: Option<String>,
    /// `Priority`, which binary packages inherit.
    pub priority: Option<String>,
    /// `Build-Depends`: for every build and for `clean`.
    pub build_depends: Vec<Clause>,
    /// `Build-Depends-Arch`: to build packages for one architecture.
    pub build_depends_arch: Vec<Clause>,
    /// `Build-Depends-Indep`: to build packages for all architectures.
    pub build_depends_indep: Vec<Clause>,
    /// `Build-Conflicts`, for every build.
    pub build_conflicts: Vec<Clause>,
    /// `Standards-Version`: the version of the Policy it follows.
    pub standards_version: Option<String>,
    /// `Rules-Requires-Root`, where it is said; dpkg decides what silence means.
    pub rules_requires_root: Option<RulesRequiresRoot>,
    /// The binary packages, in order; never empty.
    pub binaries: Vec<BinaryTemplate>,
}

/// Whether `debian/rules` must (seem to) be run by root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesRequiresRoot {
    /// `no`: never.
    No,
    /// `binary-targets`: the targets `binary*`.
    BinaryTargets,
    /// Keywords, for the commands that they name.
    Keywords(Vec<String>),
}

/// A binary package as `debian/control` describes it, before the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryTemplate {
    /// Its name.
    pub package: PackageName,
    /// Where it can be built: `all`, `any`, wildcards or architectures.
    pub architectures: Vec<Architecture>,
    /// What kind of package file comes out.
    pub package_type: PackageType,
    /// `Section`, its own or the source's.
    pub section: Option<String>,
    /// `Priority`, its own or the source's.
    pub priority: Option<String>,
    /// The first line of `Description`.
    pub synopsis: String,
    /// The line its paragraph starts on.
    pub line: usize,
}

/// The kind of a package file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageType {
    /// A package to install: `.deb`.
    Deb,
    /// A package for the Debian installer alone: `.udeb`.
    Udeb,
}

/// Says that a text names no kind of package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected deb or udeb")]
pub struct PackageTypeError;

impl FromStr for PackageType {
    type Err = PackageTypeError;
    fn from_str(text: &str) -> Result<Self, PackageTypeError> {
        match text {
            "deb" => Ok(Self::Deb),
            "udeb" => Ok(Self::Udeb),
            _ => Err(PackageTypeError),
        }
    }
}

impl FromStr for RulesRequiresRoot {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "no" => Self::No,
            "binary-targets" => Self::BinaryTargets,
            words => Self::Keywords(words.split_ascii_whitespace().map(str::to_owned).collect()),
        })
    }
}

impl SourceControl {
    /// Reads the bytes of a `debian/control`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let all = paragraphs(bytes, Syntax::Handwritten)?;
        let (source, binaries) = all.split_first().ok_or(Deb822Error::Empty)?;
        let section = source.get("Section").map(str::to_owned);
        let priority = source.get("Priority").map(str::to_owned);
        let build_relations = |name| match source.field(name) {
            Some(field) => field_relations(field, Form::Handwritten),
            None => Ok(Vec::new()),
        };
        let mut control = Self {
            source: source.parse("Source")?,
            maintainer: source.require("Maintainer")?.value().to_owned(),
            build_depends: build_relations("Build-Depends")?,
            build_depends_arch: build_relations("Build-Depends-Arch")?,
            build_depends_indep: build_relations("Build-Depends-Indep")?,
            build_conflicts: build_relations("Build-Conflicts")?,
            standards_version: source.get("Standards-Version").map(str::to_owned),
            rules_requires_root: source.parse_optional("Rules-Requires-Root")?,
            binaries: Vec::new(),
            section,
            priority,
        };
        let mut seen = BTreeMap::new();
        for paragraph in binaries {
            let binary = control.binary(paragraph)?;
            if let Some(first) = seen.insert(binary.package.clone(), binary.line) {
                let field = paragraph.require("Package")?;
                let error = format!("the package is already described on line {first}");
                return Err(field.invalid(field.line(), field.value(), error));
            }
            control.binaries.push(binary);
        }
        if control.binaries.is_empty() {
            return Err(Deb822Error::End {
                line: source.line(),
                expected: "the paragraph of a binary package",
            });
        }
        Ok(control)
    }

    fn binary(&self, paragraph: &Paragraph<'_>) -> Result<BinaryTemplate, Deb822Error> {
        let package = paragraph.parse("Package")?;
        for name in RelationField::ALL.map(RelationField::as_str) {
            if let Some(field) = paragraph.field(name) {
                field_relations(field, Form::Template)?;
            }
        }
        // dpkg knows the field by its old name too.
        let package_type = match paragraph.parse_optional("Package-Type")? {
            Some(found) => found,
            None => (paragraph.parse_optional("XC-Package-Type")?).unwrap_or(PackageType::Deb),
        };
        let or = |field: &str, inherited: &Option<String>| {
            paragraph
                .get(field)
                .map(str::to_owned)
                .or_else(|| inherited.clone())
        };
        let description = paragraph.require("Description")?;
        let (_, synopsis) = description.lines().next().unwrap_or_default();
        Ok(BinaryTemplate {
            package,
            architectures: paragraph.require("Architecture")?.parse_words()?,
            package_type,
            section: or("Section", &self.section),
            priority: or("Priority", &self.priority),
            synopsis: synopsis.to_owned(),
            line: paragraph.line(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_files_are_read() {
        for (text, source, depends, binaries) in [
            (
                &include_bytes!("../../fixtures/debian/hello.control")[..],
                "hello",
                "debhelper-compat (= 13), help2man, texinfo",
                &[("hello", "any", PackageType::Deb, "devel")][..],
            ),
            (
                include_bytes!("../../fixtures/debian/debconf.control"),
                "debconf",
                "debhelper-compat (= 13), dh-exec, dh-python, po-debconf, po4a",
                &[
                    ("debconf", "all", PackageType::Deb, "admin"),
                    ("debconf-i18n", "all", PackageType::Deb, "localization"),
                    ("debconf-doc", "all", PackageType::Deb, "doc"),
                    ("debconf-utils", "all", PackageType::Deb, "devel"),
                    ("python3-debconf", "all", PackageType::Deb, "python"),
                ],
            ),
            (
                include_bytes!("../../fixtures/debian/libgcrypt20.control"),
                "libgcrypt20",
                "debhelper-compat (= 13), libgpg-error-dev",
                &[
                    ("libgcrypt20-doc", "all", PackageType::Deb, "doc"),
                    ("libgcrypt20-dev", "any", PackageType::Deb, "libdevel"),
                    ("libgcrypt20", "any", PackageType::Deb, "libs"),
                    (
                        "libgcrypt20-udeb",
                        "any",
                        PackageType::Udeb,
                        "debian-installer",
                    ),
                    (
                        "libgcrypt-mingw-w64-dev",
                        "all",
                        PackageType::Deb,
                        "libdevel",
                    ),
                ],
            ),
        ] {
            let found = SourceControl::parse(text).expect(source);
            assert_eq!(found.source.as_str(), source);
            let clauses: Vec<_> = found.build_depends.iter().map(Clause::to_string).collect();
            assert_eq!(clauses.join(", "), depends, "{source}");
            let shape: Vec<_> = found
                .binaries
                .iter()
                .map(|b| {
                    let section = b.section.as_deref().unwrap_or_default();
                    (
                        b.package.as_str(),
                        b.architectures[0].as_str(),
                        b.package_type,
                        section,
                    )
                })
                .collect();
            assert_eq!(shape, binaries, "{source}");
        }
        let hello = SourceControl::parse(include_bytes!("../../fixtures/debian/hello.control"));
        let hello = hello.expect("hello");
        assert_eq!(hello.rules_requires_root, Some(RulesRequiresRoot::No));
        assert_eq!(hello.standards_version.as_deref(), Some("4.6.2"));
        assert_eq!(
            hello.binaries[0].synopsis,
            "example package based on GNU hello"
        );
        assert_eq!(hello.binaries[0].line, 12);
    }

    const GOOD: &str = "\
# a comment
Source: hello
Maintainer: A <a@example.org>
Build-Depends: debhelper-compat (= 13),
# why
 help2man,

Package: hello
Architecture: any
Depends: ${misc:Depends}, a1
Description: greets
 the world
";

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        SourceControl::parse(GOOD.as_bytes()).expect("good");
        for (from, to, want, cause) in [
            (
                "Source: hello",
                "Source: Hello",
                "line 2: field Source: “Hello” is not valid",
                "“Hello” is not a valid package name: two or more of a-z 0-9 + - . and a letter or digit first",
            ),
            (
                "Source: hello\n",
                "",
                "line 2: the paragraph has no value for field Source",
                "",
            ),
            (
                " help2man",
                " help2 man",
                "line 6: field Build-Depends: “help2 man” is not valid",
                "found “man”, expected , or | or one of ( [ < in this order",
            ),
            (
                "a1",
                "a1 |",
                "line 10: field Depends: “a1 |” is not valid",
                "found nothing, expected a package name",
            ),
            (
                "Architecture: any",
                "Architecture: any\n Ämd64",
                "line 10: field Architecture: “Ämd64” is not valid",
                "“Ämd64” is not a valid architecture: lower-case letters, digits and -",
            ),
            (
                "Architecture: any\n",
                "",
                "line 8: the paragraph has no value for field Architecture",
                "",
            ),
            (
                "Depends: ${misc:Depends}",
                "Package-Type: rpm",
                "line 10: field Package-Type: “rpm, a1” is not valid",
                "expected deb or udeb",
            ),
            (
                "\n the world\n",
                "\n x\n\nPackage: hello\nArchitecture: all\nDescription: x\n",
                "line 14: field Package: “hello” is not valid",
                "the package is already described on line 8",
            ),
            (
                &GOOD[GOOD.find("\nPackage").expect("there")..],
                "",
                "line 2: found no more paragraphs, expected the paragraph of a binary package",
                "",
            ),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = SourceControl::parse(text.as_bytes()).expect_err(to);
            assert_eq!(error.to_string(), want);
            let source = error.source().map_or(String::new(), ToString::to_string);
            assert_eq!(source, cause, "{want}");
        }
    }

    proptest! {
        #[test]
        fn any_change_is_refused_or_read(at in 0..GOOD.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
            let end = (at + len).min(GOOD.len());
            let text = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
            if let Ok(found) = SourceControl::parse(text.as_bytes()) {
                prop_assert!(!found.binaries.is_empty());
            }
        }
    }
}
