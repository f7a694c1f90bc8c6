//! How a file is merged: what its attributes say (gitattributes(5), `merge`).
//!
//! They are read from the tree that a commit is picked onto, as git reads those
//! of the branch that is checked out, wherever the user's own work tree is. On
//! top of them stand `info/attributes`, below them `core.attributesFile`, where
//! the configuration names one.

use super::{Ours, Picking, Placed};
use crate::format::gitattributes::{Attributes, PathKind, State};
use crate::sys::files;
use crate::sys::git::GitError;

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

/// Finds how a path is merged.
pub(super) fn driver(picking: &Picking<'_>, path: &[u8]) -> Result<Driver, GitError> {
    let setting = |name: &str| picking.repository.setting(name);
    // Then both sides go through the filters of a checkout first.
    if setting("merge.renormalize").as_deref() == Some("true") {
        return Ok(Driver::OnlyGit);
    }
    let named = |name: &str| {
        if setting(&format!("merge.{name}.driver")).is_some() {
            return Driver::OnlyGit;
        }
        match name {
            "binary" => Driver::Binary,
            "union" => Driver::Union,
            _ => Driver::Text,
        }
    };
    Ok(match attribute(picking, path)? {
        State::Unset => Driver::Binary,
        State::Set => Driver::Text,
        State::Value(name) => named(&name),
        State::Unspecified => setting("merge.default").map_or(Driver::Text, |name| named(&name)),
    })
}

fn attribute(picking: &Picking<'_>, path: &[u8]) -> Result<State, GitError> {
    let own = |text: &[u8]| Attributes::new([(&b""[..], text)]).of(path, PathKind::File, "merge");
    let common = picking.repository.inner.commondir();
    let over = files::read_if_there(&common.join("info/attributes"))?;
    if let Some(over) = over.map(|text| own(&text))
        && over != State::Unspecified
    {
        return Ok(over);
    }
    let mut found = Vec::new();
    if let Some(under) = picking.repository.setting("core.attributesFile") {
        let under = files::read_if_there(std::path::Path::new(&under))?;
        found.extend(under.map(|text| (&b""[..], text)));
    }
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
