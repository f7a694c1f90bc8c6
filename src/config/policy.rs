//! Tables as written → what the stages take, checked with the line at hand.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::read::{ConfigError, Source};
use super::written::{self, BuildKind, OneOrMany};
use crate::build::license::License;
use crate::build::package::{Content, CopyrightSource, Debian, Declared, Kind, Owner, Package};
use crate::format::compress::Compression;
use crate::format::control::RelationField;
use crate::format::relation;
use crate::model::{Architecture, Component, Fingerprint, PackageName, Suite};
use crate::release::{TagPattern, VersionFile, tag_pattern};

/// Where an archive is: a directory or a URL, as written.
pub type ArchiveLocation = String;

/// A project's configuration, checked.
#[derive(Debug, Clone)]
pub struct Project {
    /// The packages that it describes; empty when it leaves them to detection.
    pub packages: Vec<Package>,
    /// Archives by name.
    pub archives: BTreeMap<String, ArchiveLocation>,
    /// The key that signs, where one is named.
    pub key: Option<String>,
    /// Whose signatures on tags count; empty: every key that debcut knows.
    pub tag_keys: Vec<Fingerprint>,
    /// How long a build may take.
    pub build_limit: Duration,
    /// How many jobs a build runs side by side; without it as many as there
    /// are processors.
    pub jobs: Option<u32>,
}

/// Builds of real packages take hours; a build that hangs should still end.
const BUILD_LIMIT_MINUTES: u32 = 240;

/// Upstream tags that are tried when the configuration names none: the name
/// gbp gives an import, then the usual ones.
const UPSTREAM_TAGS: [&str; 3] = ["upstream/{version}", "v{version}", "{version}"];

impl Project {
    /// Reads a configuration; `file` is its name for errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source {
            file: file.to_owned(),
            text,
        };
        let written = source.parse()?;
        let mut packages: Vec<Package> = Vec::new();
        for written in written.package {
            let at = written.span();
            let written = written.into_inner();
            let named = written.name.as_ref().map_or(at.clone(), Spanned::span);
            let package = self::package(&source, &at, written)?;
            if packages.iter().any(|other| other.name == package.name) {
                let why = format!("there are two packages named {}", package.name);
                return Err(source.refuse(&named, why));
            }
            packages.push(package);
        }
        let tag_keys = written.signing.tag_keys.iter().map(|key| {
            let plain = key.get_ref().replace(' ', "").to_uppercase();
            Fingerprint::new(plain).map_err(|e| source.refuse(&key.span(), e.to_string()))
        });
        let limit = written.build.timeout_minutes.unwrap_or(BUILD_LIMIT_MINUTES);
        Ok(Self {
            packages,
            archives: written
                .archive
                .into_iter()
                .map(|(name, archive)| (name, archive.location.into_inner()))
                .collect(),
            key: written.signing.key,
            tag_keys: tag_keys.collect::<Result<_, _>>()?,
            build_limit: Duration::from_secs(u64::from(limit) * 60),
            jobs: written.build.jobs,
        })
    }

    /// Describes the package of a tree that has a `debian/` directory and no
    /// description of its own.
    pub fn debian_package(name: PackageName, path: &str) -> Package {
        Package {
            tags: usual_tags(&name),
            name,
            path: path.to_owned(),
            version_files: Vec::new(),
            kind: Kind::Debian(Debian {
                upstream_tags: upstream_tags(),
                orig: None,
            }),
        }
    }
}

fn usual_tags(name: &PackageName) -> Vec<TagPattern> {
    let patterns = tag_pattern::USUAL.iter();
    let patterns = patterns.map(|pattern| pattern.replace("{name}", name.as_str()));
    patterns
        .filter_map(|pattern| TagPattern::new(&pattern).ok())
        .collect()
}

fn upstream_tags() -> Vec<TagPattern> {
    UPSTREAM_TAGS
        .iter()
        .map(|p| TagPattern::new(p).expect("constant"))
        .collect()
}

fn package(
    source: &Source<'_>,
    at: &Range<usize>,
    written: written::Package,
) -> Result<Package, ConfigError> {
    let Some(name) = written.name else {
        return Err(source.refuse(at, "every [[package]] needs a name"));
    };
    let at = name.span();
    let name = PackageName::new(name.into_inner());
    let name = name.map_err(|error| source.refuse(&at, error.to_string()))?;
    let path = match &written.path {
        None => String::new(),
        Some(path) => tree_path(source, &path.span(), path.get_ref())?,
    };
    let tags = match &written.tag {
        Some(tags) => patterns(source, &name, tags)?,
        None => usual_tags(&name),
    };
    let kind = match (&written.build, written.declared) {
        (Some(kind), Some(_)) if *kind.get_ref() == BuildKind::Debian => {
            let why =
                "build = \"debian\" takes the package from debian/: remove [package.declared]";
            return Err(source.refuse(&kind.span(), why));
        }
        (Some(kind), None) if *kind.get_ref() == BuildKind::Declared => {
            let why = "build = \"declared\" needs a [package.declared] table";
            return Err(source.refuse(&kind.span(), why));
        }
        (_, Some(declared)) => {
            let at = declared.span();
            Kind::Declared(Box::new(self::declared(
                source,
                &at,
                declared.into_inner(),
            )?))
        }
        (_, None) => {
            let upstream_tags = match &written.upstream_tag {
                Some(tags) => patterns(source, &name, tags)?,
                None => upstream_tags(),
            };
            Kind::Debian(Debian {
                upstream_tags,
                orig: written.orig.map(PathBuf::from),
            })
        }
    };
    let version_files = written.version_files.unwrap_or_default();
    let version_files = version_files.iter().map(|file| {
        Ok(VersionFile::new(tree_path(
            source,
            &file.span(),
            file.get_ref(),
        )?))
    });
    let version_files = version_files.collect::<Result<_, ConfigError>>()?;
    Ok(Package {
        name,
        path,
        tags,
        version_files,
        kind,
    })
}

/// Takes tag patterns; `{name}` in them is the package's.
fn patterns(
    source: &Source<'_>,
    name: &PackageName,
    written: &Spanned<OneOrMany>,
) -> Result<Vec<TagPattern>, ConfigError> {
    let OneOrMany(texts) = written.get_ref();
    let read = |text: &String| TagPattern::new(&text.replace("{name}", name.as_str()));
    let found: Result<Vec<_>, _> = texts.iter().map(read).collect();
    let found = found.map_err(|error| source.refuse(&written.span(), error.to_string()))?;
    if found.is_empty() {
        return Err(source.refuse(&written.span(), "at least one tag pattern is needed"));
    }
    Ok(found)
}

/// Takes a path inside the repository, without `./` and ending slash.
fn tree_path(source: &Source<'_>, at: &Range<usize>, path: &str) -> Result<String, ConfigError> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if path.starts_with('/') || parts.contains(&"..") {
        let why = format!("“{path}” must be a path inside the repository");
        return Err(source.refuse(at, why));
    }
    Ok(parts.join("/"))
}

fn declared(
    source: &Source<'_>,
    at: &Range<usize>,
    written: written::Declared,
) -> Result<Declared, ConfigError> {
    let need = |value: &Option<Spanned<String>>, name: &str| match value {
        Some(value) => line(source, value),
        None => Err(source.refuse(at, format!("[package.declared] needs {name}"))),
    };
    let or = |value: &Option<Spanned<String>>, usual: &str| match value {
        Some(value) => line(source, value),
        None => Ok(usual.to_owned()),
    };
    let path = |value: &Spanned<String>| tree_path(source, &value.span(), value.get_ref());
    let architecture = match or(&written.architecture, "all")?.as_str() {
        "any" => Architecture::of_this_machine(),
        text => Architecture::new(text).map_err(|error| {
            let at = written
                .architecture
                .as_ref()
                .map_or(at.clone(), Spanned::span);
            source.refuse(&at, error.to_string())
        })?,
    };
    let distribution = or(&written.distribution, "stable")?;
    if let (Err(error), Some(at)) = (Suite::new(&distribution), &written.distribution) {
        return Err(source.refuse(&at.span(), error.to_string()));
    }
    let section = or(&written.section, "misc")?;
    if !section.split('/').all(|part| Component::new(part).is_ok()) {
        return Err(source.refuse(at, format!("“{section}” is no section")));
    }
    let copyright = match (&written.copyright, &written.license) {
        (Some(file), _) => CopyrightSource::File(path(file)?),
        (None, Some(license)) => {
            let known = License::new(&line(source, license)?);
            let known = known.map_err(|error| source.refuse(&license.span(), error.to_string()));
            CopyrightSource::License(known?)
        }
        (None, None) => {
            let why = "[package.declared] needs copyright (a file) or license (a short name)";
            return Err(source.refuse(at, why));
        }
    };
    let maintainer = need(&written.maintainer, "maintainer = \"Name <address>\"")?;
    let has_address = maintainer.split_once(" <").is_some_and(|(name, address)| {
        !name.is_empty() && address.ends_with('>') && address.contains('@')
    });
    if let (false, Some(written)) = (has_address, &written.maintainer) {
        let why = format!("maintainer is “{maintainer}”, and must be “Name <address>”");
        return Err(source.refuse(&written.span(), why));
    }
    Ok(Declared {
        maintainer,
        summary: need(&written.summary, "summary, one line that says what it is")?,
        description: written
            .description
            .as_ref()
            .map(|d| d.get_ref().clone())
            .unwrap_or_default(),
        section,
        priority: priority(written.priority.as_ref().map(Spanned::get_ref)).to_owned(),
        architecture,
        homepage: written
            .homepage
            .as_ref()
            .map(|page| line(source, page))
            .transpose()?,
        relations: relations(source, &written)?,
        revision: revision(source, written.revision.as_ref())?,
        distribution,
        copyright,
        changelog: written.changelog.as_ref().map(path).transpose()?,
        contents: contents(source, &written)?,
        scripts: scripts(source, &written.scripts)?,
        compression: match written.compression {
            None | Some(written::Compression::Xz) => Compression::Xz,
            Some(written::Compression::Gzip) => Compression::Gzip,
            Some(written::Compression::Zstd) => Compression::Zstd,
            Some(written::Compression::None) => Compression::None,
        },
        command: written.command,
    })
}

fn priority(written: Option<&written::Priority>) -> &'static str {
    match written {
        Some(written::Priority::Required) => "required",
        Some(written::Priority::Important) => "important",
        Some(written::Priority::Standard) => "standard",
        None | Some(written::Priority::Optional) => "optional",
    }
}

/// Takes a value that must fit on one line of a control file.
fn line(source: &Source<'_>, value: &Spanned<String>) -> Result<String, ConfigError> {
    let text = value.get_ref().trim();
    if text.is_empty() || text.contains(|c: char| c.is_control()) {
        let why = format!("“{}” must be one line of text", text.escape_debug());
        return Err(source.refuse(&value.span(), why));
    }
    Ok(text.to_owned())
}

fn revision(
    source: &Source<'_>,
    written: Option<&Spanned<String>>,
) -> Result<Option<String>, ConfigError> {
    let Some(written) = written else {
        return Ok(None);
    };
    let text = written.get_ref();
    let known = |c: char| c.is_ascii_alphanumeric() || "+.~".contains(c);
    if text.is_empty() || !text.chars().all(known) {
        let why = format!("“{text}” is no Debian revision: letters, digits and + . ~");
        return Err(source.refuse(&written.span(), why));
    }
    Ok(Some(text.clone()))
}

fn relations(
    source: &Source<'_>,
    written: &written::Declared,
) -> Result<BTreeMap<RelationField, String>, ConfigError> {
    let fields = [
        (RelationField::PreDepends, &written.pre_depends),
        (RelationField::Depends, &written.depends),
        (RelationField::Recommends, &written.recommends),
        (RelationField::Suggests, &written.suggests),
        (RelationField::Conflicts, &written.conflicts),
        (RelationField::Breaks, &written.breaks),
        (RelationField::Replaces, &written.replaces),
        (RelationField::Provides, &written.provides),
    ];
    let mut found = BTreeMap::new();
    for (field, relations) in fields {
        for relation in relations {
            relation::relations(relation.get_ref(), relation::Form::Settled)
                .map_err(|error| source.refuse(&relation.span(), error.to_string()))?;
        }
        if !relations.is_empty() {
            let texts: Vec<&str> = relations.iter().map(|r| r.get_ref().trim()).collect();
            found.insert(field, texts.join(", "));
        }
    }
    Ok(found)
}

fn contents(source: &Source<'_>, written: &written::Declared) -> Result<Vec<Content>, ConfigError> {
    let mut found = Vec::new();
    for file in &written.files {
        let (at, file) = (file.span(), file.get_ref());
        found.push(Content::File {
            source: tree_path(source, &at, &file.source)?,
            target: installed_path(source, &at, &file.target)?,
            mode: file
                .mode
                .as_ref()
                .map(|mode| self::mode(source, mode))
                .transpose()?,
            owner: owner(source, &file.owner, &file.group)?,
            conffile: file.conffile,
        });
    }
    for directory in &written.directories {
        let (at, directory) = (directory.span(), directory.get_ref());
        let mode = directory
            .mode
            .as_ref()
            .map(|mode| self::mode(source, mode))
            .transpose()?;
        found.push(Content::Directory {
            target: installed_path(source, &at, &directory.target)?,
            mode: mode.unwrap_or(0o755),
            owner: owner(source, &directory.owner, &directory.group)?,
        });
    }
    for link in &written.symlinks {
        let (at, link) = (link.span(), link.get_ref());
        if link.to.is_empty() || link.to.contains('\0') {
            return Err(source.refuse(&at, "a symlink needs what it points to"));
        }
        let target = installed_path(source, &at, &link.target)?;
        found.push(Content::Symlink {
            target,
            to: link.to.clone(),
        });
    }
    Ok(found)
}

/// Takes an absolute path on the installed system; an ending `/` is kept.
fn installed_path(
    source: &Source<'_>,
    at: &Range<usize>,
    path: &str,
) -> Result<String, ConfigError> {
    let inside = path.strip_prefix('/').unwrap_or_default();
    let plain = inside.trim_end_matches('/');
    let bad = |part: &str| matches!(part, "" | "." | "..") || part.contains('\0');
    if plain.is_empty() || plain.split('/').any(bad) {
        let why = format!("target “{path}” must be an absolute path without . and ..");
        return Err(source.refuse(at, why));
    }
    Ok(path.to_owned())
}

fn mode(source: &Source<'_>, written: &Spanned<String>) -> Result<u32, ConfigError> {
    let mode = u32::from_str_radix(written.get_ref(), 8)
        .ok()
        .filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| {
        let why = format!(
            "mode “{}” must be octal, such as \"0755\"",
            written.get_ref()
        );
        source.refuse(&written.span(), why)
    })
}

fn owner(
    source: &Source<'_>,
    user: &Option<Spanned<String>>,
    group: &Option<Spanned<String>>,
) -> Result<Owner, ConfigError> {
    let name = |written: &Option<Spanned<String>>, usual: String| match written {
        None => Ok(usual),
        Some(written) if is_account(written.get_ref()) => Ok(written.get_ref().clone()),
        Some(written) => {
            let why = format!(
                "“{}” is no user's or group's name",
                written.get_ref().escape_debug()
            );
            Err(source.refuse(&written.span(), why))
        }
    };
    let usual = Owner::default();
    Ok(Owner {
        user: name(user, usual.user)?,
        group: name(group, usual.group)?,
    })
}

/// Tells whether it can be the name of an account: as useradd(8) has it, with
/// the capitals and dots that adduser can be told to allow. A tar header has
/// room for 31 letters.
fn is_account(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.len() <= 31 && name.starts_with(first) && name.chars().all(known)
}

fn scripts(
    source: &Source<'_>,
    written: &written::Scripts,
) -> Result<Vec<(String, String)>, ConfigError> {
    let all = [
        ("preinst", &written.preinst),
        ("postinst", &written.postinst),
        ("prerm", &written.prerm),
        ("postrm", &written.postrm),
        ("config", &written.config),
        ("templates", &written.templates),
        ("triggers", &written.triggers),
    ];
    let named = all
        .into_iter()
        .filter_map(|(name, file)| Some((name, file.as_ref()?)));
    named
        .map(|(name, file)| {
            let path = tree_path(source, &file.span(), file.get_ref())?;
            if path.is_empty() {
                let why = format!("scripts.{name} must name a file of the tree");
                return Err(source.refuse(&file.span(), why));
            }
            Ok((name.to_owned(), path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str =
        "[package.declared]\nmaintainer = \"A <a@b.example>\"\nsummary = \"s\"\n";

    #[test]
    fn mistakes_name_their_line() {
        let declared = |rest: &str| format!("[[package]]\nname = \"pp\"\n{DECLARED}{rest}");
        let plain = "[[package]]\nname = \"aa\"\n";
        let cases = [
            (
                format!("{plain}\n[[package]]\npath = \"x\"\n"),
                "4: every [[package]] needs a name",
            ),
            (
                format!("{plain}\n[[package]]\npath = \"x\"\nname = \"aa\"\n"),
                "6: there are two packages named aa",
            ),
            (
                format!("{plain}tag = 5\n"),
                "3: invalid type: integer `5`, expected a text or a list of texts",
            ),
            (
                format!("{plain}tag = [\"v{{version}}\", 5]\n"),
                "3: invalid type: integer `5`, expected a string",
            ),
            (format!("{plain}tag = []\n"), "3: at least one tag pattern"),
            (
                declared("license = \"unknown\"\n"),
                "6: no text of the licence “unknown” is known here",
            ),
            (
                declared("license = \"MIT OR\"\n"),
                "6: “MIT OR” is no licence expression",
            ),
            (
                declared(
                    "license = \"MIT\"\nfiles = [\n{ source = \"a\", target = \"/a\" },\n\
                     { source = \"a\", target = \"/a\", owner = \"a:b\" }]\n",
                ),
                "9: “a:b” is no user's or group's name",
            ),
            (
                declared("license = \"MIT\"\ndirectories = [{ target = \"/a\", group = \"\" }]\n"),
                "7: “” is no user's or group's name",
            ),
            (
                declared("license = \"MIT\"\n\n[package.declared.scripts]\npostinst = \"\"\n"),
                "9: scripts.postinst must name a file",
            ),
            (
                declared("license = \"MIT\"\nscripts = { prerm = \"../x\" }\n"),
                "7: “../x” must be a path inside",
            ),
        ];
        for (text, want) in cases {
            let error = Project::parse("debcut.toml", &text).expect_err(&text);
            let want = format!("debcut.toml:{want}");
            assert!(error.to_string().starts_with(&want), "{text}\n{error}");
        }
    }

    #[test]
    fn tag_patterns_may_hold_the_name() {
        let text = "[[package]]\nname = \"aa\"\ntag = [\"{name}-v{version}\", \"v{version}\"]\n";
        let project = Project::parse("debcut.toml", text).expect("parses");
        let shown: Vec<_> = project.packages[0]
            .tags
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["aa-v{version}", "v{version}"]);
    }
}
