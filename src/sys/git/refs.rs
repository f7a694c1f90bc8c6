//! All tags at once: what two thousand of them lead to costs milliseconds,
//! because git has written the commits beside the packed ones.

use std::collections::BTreeMap;

use super::{GitError, ObjectId, Objects, Repository, failed};
use crate::model::TagName;

impl Repository {
    /// Returns what every tag leads to: its commit (a tag of something else,
    /// which has no place in a history, leads to that). Tags whose names or
    /// objects cannot be read are left out.
    pub fn tag_targets(
        &self,
        objects: &Objects<'_>,
    ) -> Result<BTreeMap<TagName, ObjectId>, GitError> {
        let listed = self
            .inner
            .references_glob("refs/tags/*")
            .map_err(failed("list its tags"))?;
        let mut found = BTreeMap::new();
        for reference in listed {
            let reference = reference.map_err(failed("list its tags"))?;
            let name = std::str::from_utf8(reference.name_bytes()).ok();
            let name = name.and_then(|name| name.strip_prefix("refs/tags/"));
            let Some(name) = name.and_then(|name| TagName::new(name).ok()) else {
                continue;
            };
            let packed = reference.target_peel().and_then(ObjectId::of);
            let peeled = match packed {
                Some(id) => Some(id),
                None => {
                    let direct = reference.resolve().ok().and_then(|direct| direct.target());
                    let direct = direct.and_then(ObjectId::of);
                    direct.and_then(|id| objects.peeled(id).ok())
                }
            };
            if let Some(id) = peeled {
                found.insert(name, id);
            }
        }
        Ok(found)
    }
}
