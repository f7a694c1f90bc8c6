//! A `debian/` directory for a package that has none, from templates.
//!
//! Debian Policy 4 (source packages), copyright format 1.0 (DEP-5), debhelper's
//! `dh` with compatibility level 13.

mod toolkit;

use std::path::Path;

use minijinja::context;

use super::detect::DetectedPackage;
use super::filled::filled;
use super::forge::Forge;
use crate::build::license::License;
use crate::format::changelog::{NewEntry, Urgency};
use crate::format::version::Version;
use crate::model::{Suite, TagName, Timestamp};
use crate::release::TagPattern;
use crate::release::upstream::debian_upstream;
use crate::sys::files::{self, Access, FileError};
use toolkit::Toolkit;

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path from the repository's top.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether it is run.
    pub access: Access,
}

/// What is known beside the tree.
#[derive(Debug, Clone)]
pub struct Packaging<'a> {
    /// `Name <address>`.
    pub maintainer: &'a str,
    /// When the first entry is written.
    pub date: Timestamp,
    /// The URL of the repository's remote.
    pub remote: Option<&'a str>,
    /// The repository's tags.
    pub tags: &'a [TagName],
}

/// Why there is no `debian/` to write.
#[derive(Debug, thiserror::Error)]
pub enum DebianizeError {
    /// A file of the project cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The project's version makes no Debian version.
    #[error("the version {written} makes no Debian version")]
    Version {
        /// The project's version.
        written: String,
        /// The rule that it breaks.
        source: crate::format::version::VersionError,
    },
    /// The first entry would not be valid.
    #[error("the first entry of debian/changelog would not be valid")]
    Changelog(#[from] crate::format::changelog::ChangelogError),
}

/// Writes the files of `debian/`: a native package, or, where the repository's
/// tags hold releases of an upstream, one of format 3.0 (quilt).
pub fn debianize(
    top: &Path,
    package: &DetectedPackage,
    packaging: &Packaging<'_>,
) -> Result<Vec<NewFile>, DebianizeError> {
    let directory = top.join(&package.path);
    let upstream = TagPattern::new("upstream/{version}").expect("a constant");
    let has_upstream = packaging
        .tags
        .iter()
        .any(|tag| upstream.version_in(tag.as_str()).is_some());
    let version = version(package, packaging, has_upstream.then_some(&upstream))?;
    let toolkit = Toolkit::of(&directory, &package.kind)?;
    let (license, texts) = license(&directory, package)?;
    let page = packaging.remote.and_then(Forge::of_remote);
    let page = page.map(|forge| forge.page);
    let names = context! {
        name => package.name.as_str(),
        maintainer => packaging.maintainer,
        summary => super::template::synopsis(package.name.as_str(), package.kind.summary()),
        page => page.clone(),
        year => packaging.date.day().chars().take(4).collect::<String>(),
        license => license,
        texts => texts,
        toolkit => toolkit.name(),
        build_depends => toolkit.build_depends(),
        depends => toolkit.depends().to_vec(),
        architecture => toolkit.architecture(),
        programs => toolkit.programs(),
        tag => "upstream/([\\d.]+)",
    };
    let entry = NewEntry {
        source: package.name.clone(),
        version,
        distribution: Suite::new("UNRELEASED").expect("a constant"),
        urgency: Urgency::Medium,
        maintainer: packaging.maintainer.to_owned(),
        date: packaging.date,
        changes: vec!["Initial release.".into()],
    };
    let format = match has_upstream {
        true => "3.0 (quilt)\n",
        false => "3.0 (native)\n",
    };
    let mut found = vec![
        ("source/format", format.to_owned()),
        ("changelog", entry.text()?),
        (
            "copyright",
            filled(include_str!("../../templates/debian/copyright"), &names),
        ),
        (
            "rules",
            filled(include_str!("../../templates/debian/rules"), &names),
        ),
    ];
    if let Some(install) = toolkit.install() {
        found.push(("install", install));
    }
    // A native package is its own upstream.
    if has_upstream && page.is_some() {
        found.push((
            "watch",
            filled(include_str!("../../templates/debian/watch"), &names),
        ));
    }
    // The last one: with it, the directory is a package.
    found.push((
        "control",
        filled(include_str!("../../templates/debian/control"), &names),
    ));
    let below = |name: &str| match package.path.as_str() {
        "" => format!("debian/{name}"),
        path => format!("{path}/debian/{name}"),
    };
    let file = |(name, text): (&str, String)| NewFile {
        path: below(name),
        text,
        access: match name {
            "rules" => Access::Program,
            _ => Access::Public,
        },
    };
    Ok(found.into_iter().map(file).collect())
}

fn version(
    package: &DetectedPackage,
    packaging: &Packaging<'_>,
    upstream: Option<&TagPattern>,
) -> Result<Version, DebianizeError> {
    let pattern = upstream.or(package.tag.as_ref());
    let tags = packaging.tags.iter();
    let tagged = tags.filter_map(|tag| pattern?.version_in(tag.as_str()));
    let newest = tagged.max_by_key(|written| Version::new(debian_upstream(written)).ok());
    let held = package
        .version_files
        .first()
        .map(|(_, version)| version.clone());
    let written = held.or(newest).unwrap_or_else(|| "0.1.0".into());
    let mut text = debian_upstream(&written);
    if upstream.is_some() {
        text.push_str("-1");
    } else {
        // A hyphen would be the start of a revision, which native ones have not.
        text = text.replace('-', ".");
    }
    Version::new(text.as_str()).map_err(|source| DebianizeError::Version { written, source })
}

/// Finds the licence: by its name where the text is known, else as the file
/// says.
fn license(
    directory: &Path,
    package: &DetectedPackage,
) -> Result<(String, Vec<String>), DebianizeError> {
    if let Some(known) = package
        .kind
        .license()
        .and_then(|name| License::new(name).ok())
    {
        let texts = known.texts();
        return Ok(match texts.as_slice() {
            [(name, text)] => (name.clone(), vec![text.trim_end().to_owned()]),
            _ => {
                let paragraphs = texts.iter();
                let paragraphs = paragraphs
                    .map(|(name, text)| format!("\nLicense: {name}\n{}", text.trim_end()));
                (known.debian_name(), paragraphs.collect())
            }
        });
    }
    let file = package.license_file.as_ref();
    let text = file
        .map(|name| files::read(&directory.join(name)))
        .transpose()?;
    let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
    let missing = "No licence was found when this file was written: put its text here.";
    let text = text.filter(|text| !text.trim().is_empty());
    let indented = text.as_deref().unwrap_or(missing).trim_end().lines();
    let indented = indented.map(|line| match line.trim_end() {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    });
    let indented: Vec<String> = indented.collect();
    Ok((
        format!("{}-license", package.name),
        vec![indented.join("\n")],
    ))
}

#[cfg(test)]
mod tests;
