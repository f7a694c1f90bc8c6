//! The keys of `[[package]]` that say how a source package is made.

use std::path::PathBuf;

use super::read::{ConfigError, Source};
use super::written::{self, Patches};
use crate::build::package::{ComponentPolicy, Debian, UsePristineTar};
use crate::build::upstream::{Follow, Layout};

/// Takes the keys; upstream's tags are the caller's.
pub(super) fn debian(
    source: &Source<'_>,
    written: &written::Package,
) -> Result<Debian, ConfigError> {
    let mut components: Vec<ComponentPolicy> = Vec::new();
    for component in &written.components {
        let written::Component { name, tag } = component.get_ref().clone();
        let refuse = |why: String| source.refuse(&component.span(), why);
        // dpkg-source(1): “only alphanumeric characters and hyphens”.
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(known) {
            let why = format!("“{name}” is no component: it takes letters, digits and hyphens");
            return Err(refuse(why));
        }
        if name == "debian" || components.iter().any(|other| other.name == name) {
            return Err(refuse(format!("the component “{name}” is there already")));
        }
        components.push(ComponentPolicy { name, tag });
    }
    Ok(Debian {
        upstream_tags: Vec::new(),
        orig: written.orig.clone().map(PathBuf::from),
        components,
        pristine_tar: match written.pristine_tar {
            None => UsePristineTar::WhereThere,
            Some(true) => UsePristineTar::Always,
            Some(false) => UsePristineTar::Never,
        },
        follow: written.export_attributes.map(|follow| match follow {
            true => Follow::Attributes,
            false => Follow::Nothing,
        }),
        layout: match written.patches {
            None | Some(Patches::Auto) => None,
            Some(Patches::Unapplied) => Some(Layout::Unapplied),
            Some(Patches::Applied) => Some(Layout::Applied),
            Some(Patches::Commits) => Some(Layout::Commits),
            Some(Patches::Single) => Some(Layout::Single),
            Some(Patches::Overlay) => Some(Layout::Overlay),
        },
        orig_only: written.orig_only.clone(),
    })
}
