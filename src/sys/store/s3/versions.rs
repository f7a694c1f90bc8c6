//! Destroying an object: every version that a bucket keeps, the marks of
//! deletion among them, and parts of it that were never completed.

use super::client::{Ask, Client, Fault};
use super::error::Meaning;
use super::traffic::Kind;
use super::{listing, uploads};

/// Removes an object so that nobody who may read the bucket gets it back.
pub(super) fn erase(client: &Client, key: &str) -> Result<(), Fault> {
    for begun in uploads::list(client, key)? {
        if begun.key == key {
            uploads::abort(client, key, &begun.id)?;
        }
    }
    for version in versions(client, key)? {
        client.send(&Ask::of(Kind::Delete, key).query("versionId", version))?;
    }
    // Also where a store tells of no versions, or somebody wrote meanwhile.
    match client.send(&Ask::of(Kind::Head, key)) {
        Err(fault) if fault.meaning() == Some(Meaning::Absent) => Ok(()),
        Err(fault) => Err(fault),
        Ok(_) => client.send(&Ask::of(Kind::Delete, key)).map(|_| ()),
    }
}

fn versions(client: &Client, key: &str) -> Result<Vec<String>, Fault> {
    let (mut found, mut after) = (Vec::new(), Vec::new());
    loop {
        let mut query = vec![("versions", String::new()), ("prefix", key.to_owned())];
        query.extend(["key-marker", "version-id-marker"].into_iter().zip(after));
        let reply = match client.send(&Ask::list(query)) {
            // A store that keeps no versions.
            Err(fault) if fault.meaning() == Some(Meaning::Unknown) => return Ok(found),
            reply => reply?,
        };
        let names = ["Version", "DeleteMarker"];
        let page = listing::page(reply.text(), &names).map_err(Fault::Lost)?;
        let own = page.entries.iter().filter(|e| e.get("Key") == Some(key));
        found.extend(own.filter_map(|entry| entry.get("VersionId").map(str::to_owned)));
        after = page.next(&["NextKeyMarker", "NextVersionIdMarker"]);
        // Keys come in order, so all of ours were before a longer one.
        let past = page
            .entries
            .last()
            .and_then(|e| e.get("Key"))
            .is_some_and(|last| last > key);
        if after.is_empty() || past {
            return Ok(found);
        }
    }
}
