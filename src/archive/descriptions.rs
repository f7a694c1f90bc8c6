//! Where a suite has its long descriptions: a stanza in the form that it wants.

use std::collections::BTreeSet;

use crate::archive::settings::{Descriptions, Settings};
use crate::format::index::translation::{self, Shortened, Translation};
use crate::format::index::{Kind, Stanza};

/// Returns a stanza in the form in which a suite lists it, and the description
/// that it then has in `Translation-en`. `known` has the descriptions of stanzas
/// that come without theirs; such a one without any stays as it is.
pub(super) fn formed(
    settings: &Settings,
    stanza: Stanza,
    known: &BTreeSet<Translation>,
) -> (Stanza, Option<Translation>) {
    if stanza.kind() == Kind::Sources {
        return (stanza, None);
    }
    let md5 = translation::digest(&stanza.paragraph());
    let own = md5.and_then(|md5| {
        let key = Translation::unread(stanza.name(), &md5);
        known.get(&key).cloned()
    });
    match (settings.descriptions, own) {
        (Descriptions::InTranslation, Some(own)) => (stanza, Some(own)),
        (Descriptions::InTranslation, None) => match translation::shorten(stanza.text()) {
            Some(Shortened {
                control,
                translation,
            }) => match stanza.reformed(&control) {
                Ok(short) => (short, Some(translation)),
                Err(_) => (stanza, None),
            },
            None => (stanza, None),
        },
        (Descriptions::InPackages, Some(own)) => {
            let restored = translation::restore(stanza.text(), &own);
            let restored = restored.and_then(|text| stanza.reformed(&text).ok());
            (restored.unwrap_or(stanza), None)
        }
        (Descriptions::InPackages, None) => (stanza, None),
    }
}
