//! What both forges are asked in the same way: lists of pull requests, changes
//! of some fields, and which labels stayed.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::client::{Call, Client};
use super::error::ForgeError;
use super::{History, PullRequest, TakenBack, Told, Word};
use crate::model::Timestamp;

/// Lists pull requests, page by page, and leaves out those that are not to be
/// kept: what a filter of the call does not say, or the forge does not know.
pub(super) fn pull_requests<T>(
    client: &Client,
    call: Call<'_>,
    keep: impl FnMut(&T) -> bool,
) -> Result<Vec<PullRequest>, ForgeError>
where
    T: DeserializeOwned + Into<PullRequest>,
{
    let found: Vec<T> = client.all(call)?;
    Ok(found.into_iter().filter(keep).map(T::into).collect())
}

/// Changes the fields that have a value; the others are not sent, and stay.
pub(super) fn change(
    client: &Client,
    call: Call<'_>,
    fields: &[(&str, Option<&str>)],
) -> Result<(), ForgeError> {
    let given = fields.iter().filter_map(|(name, value)| {
        let value = Value::from((*value)?);
        Some(((*name).to_owned(), value))
    });
    let body: Map<String, Value> = given.collect();
    client.tell(&call.body(Value::Object(body)))
}

/// A label that was set or taken away.
pub(super) struct LabelEvent {
    /// Who did it, by the forge's name.
    pub login: String,
    /// When; none: the forge does not say.
    pub at: Option<Timestamp>,
    /// Its name.
    pub label: String,
    /// Which way.
    pub turned: Turned,
}

/// What happened to a label.
pub(super) enum Turned {
    /// It was set.
    On,
    /// It was taken away.
    Off,
}

/// Tells who set the labels that are still there, and who took others away, from
/// their events, oldest first. What is taken away again was not meant.
pub(super) fn labelled(events: impl Iterator<Item = LabelEvent>) -> History {
    let mut history = History::default();
    for event in events {
        let LabelEvent { login, at, .. } = event;
        let what = Told::Labelled(event.label);
        history.labels.retain(|word| word.what != what);
        let text = String::new();
        match event.turned {
            Turned::On => history.labels.push(Word {
                login,
                at,
                what,
                text,
            }),
            Turned::Off => history.taken_back.push(TakenBack {
                what,
                of: None,
                login,
                at,
                text,
            }),
        }
    }
    history
}
