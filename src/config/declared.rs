//! `[package.declared]` as written → a [`Declared`] package.

mod system;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::policy::tree_path;
use super::read::{ConfigError, Source};
use super::written;
use crate::build::license::License;
use crate::build::package::{Content, CopyrightSource, Declared, Owner, Programs};
use crate::format::compress::Compression;
use crate::format::control::{MultiArch, MultiArchError, RelationField};
use crate::format::relation;
use crate::model::{Architecture, Component, Suite};

/// Checks the table; what is missing is reported where it begins, `at`.
pub(super) fn declared(
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
        multi_arch: multi_arch(source, written.multi_arch.as_ref())?,
        programs: Programs {
            strip: written.strip.unwrap_or(true),
            debug_symbols: written.debug_symbols.unwrap_or(true),
            detect_depends: written.detect_depends.unwrap_or(true),
        },
        units: system::units(source, &written.units)?,
        alternatives: system::alternatives(source, &written.alternatives)?,
        triggers: system::triggers(source, &written.triggers)?,
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
        (RelationField::Enhances, &written.enhances),
        (RelationField::Conflicts, &written.conflicts),
        (RelationField::Breaks, &written.breaks),
        (RelationField::Replaces, &written.replaces),
        (RelationField::Provides, &written.provides),
    ];
    let mut found = BTreeMap::new();
    for (field, relations) in fields {
        // What these stand for is added to every package without a word.
        const ALWAYS: [&str; 3] = [
            "${shlibs:Depends}",
            "${misc:Depends}",
            "${misc:Pre-Depends}",
        ];
        let own = |relation: &&Spanned<String>| !ALWAYS.contains(&relation.get_ref().trim());
        let relations: Vec<_> = relations.iter().filter(own).collect();
        for relation in &relations {
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

fn multi_arch(
    source: &Source<'_>,
    written: Option<&Spanned<String>>,
) -> Result<Option<MultiArch>, ConfigError> {
    let Some(written) = written else {
        return Ok(None);
    };
    let found = written.get_ref().parse();
    found
        .map(Some)
        .map_err(|error: MultiArchError| source.refuse(&written.span(), error.to_string()))
}

fn contents(source: &Source<'_>, written: &written::Declared) -> Result<Vec<Content>, ConfigError> {
    let mut found = system::unit_files(source, &written.units)?;
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

/// Takes an absolute path on the installed system; an ending `/` is kept. The
/// top itself is where a whole tree goes.
fn installed_path(
    source: &Source<'_>,
    at: &Range<usize>,
    path: &str,
) -> Result<String, ConfigError> {
    if path == "/" {
        return Ok(path.to_owned());
    }
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
