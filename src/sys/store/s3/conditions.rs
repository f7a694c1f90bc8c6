//! Whether a store honours the conditions of a write. All that keeps two
//! publishers apart rests on it, and a store that ignores them says success.
//!
//! Amazon's does. Any other is tried out once, with an object of no meaning,
//! and what was found is kept in the archive, for whoever publishes next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::{Ask, Client, Fault, Payload};
use super::error::Meaning;
use super::reading;
use super::traffic::Kind;

/// What a store does with the conditions of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Conditions {
    /// It writes only while they hold.
    Honoured,
    /// It writes in any case, or not at all.
    Ignored,
}

/// The form in which it is kept.
const SCHEMA: &str = "debcut/object-store/1";

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    conditional_writes: Conditions,
}

/// Returns what is known of the store, and finds it out where nothing is.
pub(super) fn known(client: &Arc<Client>, key: &str) -> Result<Conditions, Fault> {
    if let Some((bytes, _)) = reading::whole(client, key)?
        && let Ok(kept) = serde_json::from_slice::<Kept>(&bytes)
        && kept.schema == SCHEMA
    {
        return Ok(kept.conditional_writes);
    }
    let conditional_writes = tried(client, &format!("{key}.{:016x}", rand::random::<u64>()))?;
    let kept = Kept {
        schema: SCHEMA.to_owned(),
        conditional_writes,
    };
    let bytes = serde_json::to_vec(&kept).expect("words only");
    put(client, Ask::of(Kind::Put, key), &bytes)?;
    Ok(conditional_writes)
}

fn tried(client: &Client, key: &str) -> Result<Conditions, Fault> {
    put(client, Ask::of(Kind::Put, key), b"first\n")?;
    let absent = Ask::of(Kind::Put, key).header("if-none-match", "*");
    // No object of ours has this state.
    let other = format!("\"{}\"", "0".repeat(32));
    let changed = Ask::of(Kind::Put, key).header("if-match", other);
    let honoured = is_refused(put(client, absent, b"second\n"))?
        && is_refused(put(client, changed, b"third\n"))?;
    client.send(&Ask::of(Kind::Delete, key))?;
    Ok(match honoured {
        true => Conditions::Honoured,
        false => Conditions::Ignored,
    })
}

fn is_refused(result: Result<(), Fault>) -> Result<bool, Fault> {
    match result {
        Ok(()) => Ok(false),
        Err(fault) => match fault.meaning() {
            Some(Meaning::Unmet) => Ok(true),
            Some(Meaning::Unknown | Meaning::Other) => Ok(false),
            _ => Err(fault),
        },
    }
}

fn put(client: &Client, ask: Ask<'_>, bytes: &[u8]) -> Result<(), Fault> {
    let ask = ask.header("cache-control", "no-store");
    let payload = Payload::Bytes(bytes);
    client.send(&Ask { payload, ..ask }).map(|_| ())
}
