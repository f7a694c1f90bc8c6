//! Pins as the store has them: what a rollout keeps its way back with.

use crate::archive::layout::{self, ObjectKind};
use crate::archive::{Pin, PinName};
use crate::model::Suite;
use crate::publish::condemned;
use crate::publish::error::PublishError;
use crate::sys::store::{Condition, Content, Store};

/// Returns a suite's pins, in order of their names.
pub fn pins(store: &dyn Store, suite: &Suite) -> Result<Vec<Pin>, PublishError> {
    let mut found = Vec::new();
    for entry in store.list(&layout::pins(suite))? {
        // One that is removed meanwhile is no pin.
        let Some(bytes) = store.read(&entry.path)? else {
            continue;
        };
        let pin = Pin::from_bytes(&bytes).map_err(|source| PublishError::Pin {
            path: entry.path.clone(),
            source,
        })?;
        found.push(pin);
    }
    Ok(found)
}

/// Finds a pin.
pub fn find_pin(
    store: &dyn Store,
    suite: &Suite,
    name: &PinName,
) -> Result<Option<Pin>, PublishError> {
    Ok(pins(store, suite)?
        .into_iter()
        .find(|pin| pin.name == *name))
}

/// Keeps a generation until the pin is removed; a pin of that name moves. Fails
/// when the generation is gone, or may be going just now.
pub fn pin(store: &dyn Store, pin: &Pin) -> Result<(), PublishError> {
    // What nobody needed until now is needed again.
    condemned::spare_all(store, pin.when)?;
    let path = layout::pin(&pin.suite, &pin.name);
    store.write(&path, Content::Bytes(&pin.to_bytes()), &Condition::Always)?;
    let manifest = layout::object(ObjectKind::Manifest, &pin.generation.manifest);
    match store.size(&manifest)? {
        Some(_) => Ok(()),
        None => {
            store.delete(&path)?;
            Err(PublishError::Missing { path: manifest })
        }
    }
}

/// Removes a pin; one that is not there is no error.
pub fn unpin(store: &dyn Store, suite: &Suite, name: &PinName) -> Result<(), PublishError> {
    Ok(store.delete(&layout::pin(suite, name))?)
}
