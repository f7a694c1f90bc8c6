//! At which generation a mirror stands.

use crate::archive::layout;
use crate::format::release::Release;
use crate::model::Suite;
use crate::publish::error::PublishError;
use crate::publish::head::read_manifest;
use crate::sys::openpgp::text_of;
use crate::sys::store::Store;

use super::files::Pushed;
use super::target::{MirrorError, Target};

/// Where a mirror stands with one suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has what the archive has.
    Current,
    /// It has this earlier generation.
    At(u64),
    /// It has something that the archive does not know, or not any more.
    Other,
    /// It has nothing.
    Absent,
}

/// Where one mirror stands with one suite.
#[derive(Debug, Clone)]
pub struct Stand {
    /// The suite.
    pub suite: Suite,
    /// The archive's newest generation.
    pub newest: u64,
    /// The mirror's.
    pub standing: Standing,
}

/// How many generations are compared.
const LOOKED_AT: usize = 1000;

/// Compares a mirror's `InRelease` with the generations of a suite.
pub fn standing(
    store: &dyn Store,
    target: &dyn Target,
    newest: &Pushed,
) -> Result<Standing, MirrorError> {
    let path = layout::in_release(&newest.manifest.suite);
    let Some(bytes) = target.read(&path)? else {
        return Ok(Standing::Absent);
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if newest
        .texts
        .as_ref()
        .is_some_and(|texts| texts.in_release == text)
    {
        return Ok(Standing::Current);
    }
    let plain = text_of(&text).unwrap_or_default();
    let Ok(release) = Release::parse(plain.as_bytes()) else {
        return Ok(Standing::Other);
    };
    let mut manifest = newest.manifest.clone();
    for _ in 0..LOOKED_AT {
        if manifest.date < release.date {
            break;
        }
        if manifest.release() == release {
            return Ok(match manifest.number == newest.manifest.number {
                true => Standing::Current,
                false => Standing::At(manifest.number),
            });
        }
        let Some(parent) = manifest.parent else {
            break;
        };
        manifest = match read_manifest(store, &parent) {
            Ok(parent) => parent,
            // Old generations are collected.
            Err(PublishError::Missing { .. }) => break,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Standing::Other)
}
