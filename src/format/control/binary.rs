//! The control file of a binary package: deb-control(5), Debian Policy 5.3.
//!
//! Holds a typed view of such a file, over its text as it was, and the writer
//! for a package that is declared rather than built from `debian/`. The text of
//! a package that exists is never written again: it is part of what was built.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::format::deb822::{
    Deb822Error, Field, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph,
};
use crate::format::relation::{Form, RelationError, relations};
use crate::format::version::{Version, VersionError};
use crate::model::name::NameError;
use crate::model::{Architecture, PackageName};

/// The control file of a binary package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryControl {
    text: String,
    /// The package's name.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture; never a wildcard.
    pub architecture: Architecture,
    /// The source package it was built from.
    pub source: PackageName,
    /// The version of that source package; a rebuild (`+b1`) has its own.
    pub source_version: Version,
    /// `Maintainer`, as written.
    pub maintainer: String,
    /// `Section`, as written.
    pub section: Option<String>,
    /// `Priority`, as written.
    pub priority: Option<String>,
    /// The first line of `Description`.
    pub synopsis: String,
}

impl BinaryControl {
    /// Reads the bytes of a package's `control`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        let package: PackageName = found.parse("Package")?;
        let version: Version = found.parse("Version")?;
        let (source, source_version) = match found.field("Source") {
            Some(field) => source_of(field, &version)?,
            None => (package.clone(), version.clone()),
        };
        let description = found.require("Description")?;
        let (_, synopsis) = description.lines().next().unwrap_or_default();
        Ok(Self {
            text: String::from_utf8(bytes.to_vec()).expect("was read as UTF-8"),
            architecture: concrete(found.require("Architecture")?)?,
            maintainer: found.require("Maintainer")?.value().to_owned(),
            section: found.get("Section").map(str::to_owned),
            priority: found.get("Priority").map(str::to_owned),
            synopsis: synopsis.to_owned(),
            package,
            version,
            source,
            source_version,
        })
    }

    /// Returns the file's text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns all fields.
    pub fn paragraph(&self) -> Paragraph<'_> {
        paragraph(self.text.as_bytes(), Syntax::Generated).expect("was read before")
    }

    /// Returns the name dpkg gives the package's file:
    /// `PACKAGE_VERSION_ARCHITECTURE.deb`, without the epoch.
    pub fn file_name(&self) -> String {
        let version = self.version.without_epoch();
        format!("{}_{version}_{}.deb", self.package, self.architecture)
    }
}

/// Says why a `Source` field does not name a source package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is not `NAME` or `NAME (VERSION)`.
    #[error("expected a source package's name, or it and a version in parentheses")]
    Form,
    /// The name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version is not one.
    #[error(transparent)]
    Version(#[from] VersionError),
}

/// Reads `NAME` or `NAME (VERSION)`; without a version it is `version`.
pub(in crate::format) fn source_of(
    field: &Field<'_>,
    version: &Version,
) -> Result<(PackageName, Version), Deb822Error> {
    let parse = |text: &str| -> Result<_, SourceError> {
        let Some((name, rest)) = text.split_once(' ') else {
            return Ok((PackageName::new(text)?, version.clone()));
        };
        let bare = rest.trim().strip_prefix('(');
        let bare = bare.and_then(|rest| rest.strip_suffix(')'));
        let bare = bare.ok_or(SourceError::Form)?;
        Ok((PackageName::new(name)?, Version::new(bare)?))
    };
    let value = field.value();
    parse(value).map_err(|error| field.invalid(field.line(), value, error))
}

/// Reads an architecture that a built package may have.
fn concrete(field: &Field<'_>) -> Result<Architecture, Deb822Error> {
    let found: Architecture = field.parse()?;
    if !is_concrete(&found) {
        let error = "a built package is for one architecture or for all";
        return Err(field.invalid(field.line(), found.as_str(), error));
    }
    Ok(found)
}

fn is_concrete(architecture: &Architecture) -> bool {
    let name = architecture.as_str();
    name != "source" && name.split('-').all(|part| part != "any")
}

// ── Declared packages ───────────────────────────────────────────────────────

/// What the control file of a declared package shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredControl {
    /// The package's name, and its source package's.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture.
    pub architecture: Architecture,
    /// Who maintains it: `Name <mail@example.org>`.
    pub maintainer: String,
    /// Its relations to other packages, each as one field's text.
    pub relations: BTreeMap<RelationField, String>,
    /// `Section`.
    pub section: Option<String>,
    /// `Priority`.
    pub priority: Option<String>,
    /// `Multi-Arch`.
    pub multi_arch: Option<MultiArch>,
    /// What a package of separate debug files says of itself; none: it is
    /// another package.
    pub debug_symbols: Option<DebugSymbols>,
    /// `Homepage`.
    pub homepage: Option<String>,
    /// What it is, in one line.
    pub synopsis: String,
    /// More about it, in lines; empty ones part paragraphs.
    pub description: String,
}

/// What a package of separate debug files says beside, as debhelper's do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugSymbols {
    /// `Source`: the package whose programs are debugged.
    pub source: PackageName,
    /// `Build-Ids`: of each program, in hexadecimal digits.
    pub build_ids: Vec<String>,
}

/// The relation fields of a binary package, in dpkg's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelationField {
    /// `Pre-Depends`
    PreDepends,
    /// `Depends`
    Depends,
    /// `Recommends`
    Recommends,
    /// `Suggests`
    Suggests,
    /// `Enhances`
    Enhances,
    /// `Conflicts`
    Conflicts,
    /// `Breaks`
    Breaks,
    /// `Replaces`
    Replaces,
    /// `Provides`
    Provides,
}

impl RelationField {
    /// All of them, in dpkg's order.
    pub const ALL: [Self; 9] = [
        Self::PreDepends,
        Self::Depends,
        Self::Recommends,
        Self::Suggests,
        Self::Enhances,
        Self::Conflicts,
        Self::Breaks,
        Self::Replaces,
        Self::Provides,
    ];

    /// Returns the field's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Recommends => "Recommends",
            Self::Suggests => "Suggests",
            Self::Enhances => "Enhances",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Replaces => "Replaces",
            Self::Provides => "Provides",
        }
    }
}

impl serde::Serialize for RelationField {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// Whether a package can be installed for several architectures at once, or
/// serve packages of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiArch {
    /// Installable for several at once.
    Same,
    /// One for all architectures.
    Foreign,
    /// Decided by who depends on it (`:any`).
    Allowed,
}

/// Says that a text is no value of `Multi-Arch`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not valid for Multi-Arch: expected same, foreign or allowed")]
pub struct MultiArchError(pub String);

impl FromStr for MultiArch {
    type Err = MultiArchError;
    fn from_str(text: &str) -> Result<Self, MultiArchError> {
        match text {
            "same" => Ok(Self::Same),
            "foreign" => Ok(Self::Foreign),
            "allowed" => Ok(Self::Allowed),
            _ => Err(MultiArchError(text.to_owned())),
        }
    }
}

impl serde::Serialize for MultiArch {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for MultiArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Same => "same",
            Self::Foreign => "foreign",
            Self::Allowed => "allowed",
        })
    }
}

/// Says what of a declared package cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclareError {
    /// The maintainer is not a name and an address.
    #[error("the maintainer is “{found}”, expected Name <mail@example.org>")]
    Maintainer {
        /// What was found.
        found: String,
    },
    /// A one-line value has several lines or none.
    #[error("{field} is {found:?}, expected one line of text")]
    OneLine {
        /// The field.
        field: &'static str,
        /// What was found.
        found: String,
    },
    /// A relation field is not a list of relations.
    #[error("{field} is not a list of relations")]
    Relation {
        /// The field.
        field: &'static str,
        /// Where and why not.
        source: RelationError,
    },
    /// A built package is for one architecture or for all.
    #[error("the architecture is {found}, expected one architecture or all")]
    Architecture {
        /// What was found.
        found: Architecture,
    },
    /// A value would not stay in its field.
    #[error("cannot write the control file")]
    Write(#[from] WriteError),
}

impl DeclaredControl {
    /// Checks everything and writes the text of the control file; the size of
    /// the package's files is counted in KiB, as dpkg-gencontrol does.
    pub fn text(&self, installed_size_kib: u64) -> Result<String, DeclareError> {
        self.check()?;
        let mut to = ParagraphWriter::default();
        let debug = self.debug_symbols.as_ref();
        to.field("Package", self.package.as_str())?
            .optional("Source", debug.map(|debug| debug.source.as_str()))?
            .field("Version", self.version.as_str())?
            .optional("Auto-Built-Package", debug.map(|_| "debug-symbols"))?
            .field("Architecture", self.architecture.as_str())?
            .field("Maintainer", self.maintainer.trim())?
            .field("Installed-Size", &installed_size_kib.to_string())?;
        for (field, text) in &self.relations {
            let clauses = relations(text, Form::Settled).map_err(|source| {
                let field = field.as_str();
                DeclareError::Relation { field, source }
            })?;
            let clauses: Vec<_> = clauses.iter().map(ToString::to_string).collect();
            if !clauses.is_empty() {
                to.field(field.as_str(), &clauses.join(", "))?;
            }
        }
        let multi_arch = self.multi_arch.map(|value| value.to_string());
        to.optional("Section", self.section.as_deref())?
            .optional("Priority", self.priority.as_deref())?
            .optional("Multi-Arch", multi_arch.as_deref())?
            .optional("Homepage", self.homepage.as_deref())?;
        let body = self.description.trim_matches('\n').trim_end();
        let body = body.lines().filter(|_| !body.is_empty());
        to.lines(
            "Description",
            std::iter::once(self.synopsis.trim()).chain(body),
        )?;
        let build_ids = debug.map(|debug| debug.build_ids.join(" "));
        to.optional("Build-Ids", build_ids.as_deref())?;
        Ok(to.finish())
    }

    fn check(&self) -> Result<(), DeclareError> {
        if !is_maintainer(self.maintainer.trim()) {
            let found = self.maintainer.clone();
            return Err(DeclareError::Maintainer { found });
        }
        if !is_concrete(&self.architecture) {
            let found = self.architecture.clone();
            return Err(DeclareError::Architecture { found });
        }
        for (field, value) in [
            ("Description", Some(&self.synopsis)),
            ("Section", self.section.as_ref()),
            ("Priority", self.priority.as_ref()),
            ("Homepage", self.homepage.as_ref()),
        ] {
            if let Some(found) = value.filter(|v| v.trim().is_empty() || v.contains('\n')) {
                let found = found.clone();
                return Err(DeclareError::OneLine { field, found });
            }
        }
        Ok(())
    }
}

/// Tells whether a text is a name, and an address in angle brackets, on one line.
pub fn is_maintainer(text: &str) -> bool {
    let parts = text.strip_suffix('>').and_then(|t| t.split_once(" <"));
    parts.is_some_and(|(name, mail)| {
        let strange = |c: char| "<>".contains(c) || c.is_control();
        let known_mail = |c: char| !c.is_whitespace() && !strange(c);
        !name.trim().is_empty()
            && !name.contains(strange)
            && mail.chars().all(known_mail)
            && mail
                .split_once('@')
                .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
    })
}

#[cfg(test)]
mod tests;
