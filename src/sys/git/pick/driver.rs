//! How a file is merged: what its attributes say (gitattributes(5), `merge`).
//!
//! They are read from the tree that a commit is picked onto, as git reads those
//! of the branch that is checked out, wherever the user's own work tree is. On
//! top of them stand `info/attributes`, below them `core.attributesFile`, where
//! the configuration names one.

use std::path::Path;

use super::{Ours, Picking, Placed};
use crate::format::gitattributes::{Attributes, PathKind, State};
use crate::sys::files;
use crate::sys::git::{GitError, Repository};

/// How a file is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// Line by line.
    Text,
    /// With the lines of both sides.
    Union,
    /// Not at all.
    Binary,
    /// By a command of the user's, or in another way that only git knows.
    OnlyGit,
}

const NAME: &[u8] = b".gitattributes";

/// What the repository's settings say of merges, the same for every path.
#[derive(Debug)]
pub struct MergeSettings {
    /// Whether both sides go through the filters of a checkout first.
    renormalizes: bool,
    /// The driver of what has no attribute.
    usual: Option<String>,
    /// What stands above and below a tree's own attributes.
    over: Option<Vec<u8>>,
    under: Option<Vec<u8>>,
}

impl MergeSettings {
    fn read(repository: &Repository) -> Result<Self, GitError> {
        let over = repository.inner.commondir().join("info/attributes");
        let under = repository.setting("core.attributesFile");
        let under = under.map(|path| files::read_if_there(Path::new(&path)));
        let renormalizes = repository.setting("merge.renormalize");
        Ok(Self {
            renormalizes: renormalizes.as_deref() == Some("true"),
            usual: repository.setting("merge.default"),
            over: files::read_if_there(&over)?,
            under: under.transpose()?.flatten(),
        })
    }
}

/// Finds how a path is merged.
pub(super) fn driver(picking: &Picking<'_>, path: &[u8]) -> Result<Driver, GitError> {
    let known = &picking.objects.merging;
    let settings = match known.get() {
        Some(settings) => settings,
        None => {
            let read = MergeSettings::read(picking.repository)?;
            known.get_or_init(|| read)
        }
    };
    if settings.renormalizes {
        return Ok(Driver::OnlyGit);
    }
    let named = |name: &str| {
        let own = format!("merge.{name}.driver");
        if picking.repository.setting(&own).is_some() {
            return Driver::OnlyGit;
        }
        match name {
            "binary" => Driver::Binary,
            "union" => Driver::Union,
            _ => Driver::Text,
        }
    };
    Ok(match attribute(picking, settings, path)? {
        State::Unset => Driver::Binary,
        State::Set => Driver::Text,
        State::Value(name) => named(&name),
        State::Unspecified => match &settings.usual {
            Some(name) => named(name),
            None => Driver::Text,
        },
    })
}

fn attribute(
    picking: &Picking<'_>,
    settings: &MergeSettings,
    path: &[u8],
) -> Result<State, GitError> {
    if let Some(over) = &settings.over {
        let over = Attributes::new([(&b""[..], over.as_slice())]);
        let said = over.of(path, PathKind::File, "merge");
        if said != State::Unspecified {
            return Ok(said);
        }
    }
    let mut found = Vec::new();
    let under = settings.under.clone();
    found.extend(under.map(|text| (&b""[..], text)));
    let directories = (0..path.len()).filter(|at| path[*at] == b'/');
    let directories = directories.map(|at| &path[..at]);
    for directory in std::iter::once(&b""[..]).chain(directories) {
        let place = match directory {
            b"" => NAME.to_vec(),
            directory => [directory, b"/", NAME].concat(),
        };
        let text = match picking.ours(&place)? {
            Ours::Placed(Placed::Item(item)) => picking.objects.content(item.id)?,
            Ours::Placed(Placed::New { content, .. }) => content,
            Ours::Nothing | Ours::InTheWay => continue,
        };
        found.push((directory, text));
    }
    if found.is_empty() {
        return Ok(State::Unspecified);
    }
    let files = found.iter().map(|(at, text)| (*at, text.as_slice()));
    Ok(Attributes::new(files).of(path, PathKind::File, "merge"))
}
