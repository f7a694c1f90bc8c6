//! Who is told of a rollout, and how: what nobody has told yet is told, one
//! message after the other, each written down when it is out.

use super::delivering::Courier;
use crate::model::finding::with_causes;
use crate::model::{Listener, Timestamp};
use crate::report::rolling::{Kind, RolloutView, Telling};
use crate::rollout::Rollout;
use crate::rollout::event::{Entry, Event};
use crate::rollout::plan::Step;
use crate::rollout::telling::{Channel, due};

/// Tells one channel of one entry; returns what is to be written down. A channel
/// that cannot be told is no error: a rollout does not wait for a chat.
pub fn tell(
    courier: &Courier<'_>,
    channel: &Channel,
    rollout: &RolloutView,
    entry: &Entry,
    listener: &dyn Listener,
) -> Option<Event> {
    let telling = Telling::of(entry, rollout)?;
    let sent = courier
        .rendered(&channel.form, Kind::News, &telling)
        .and_then(|text| courier.deliver(&text, &channel.to, &telling.name));
    let error = sent.err().map(|error| with_causes(&error));
    if let Some(error) = &error {
        let name = &channel.name;
        listener.warn(format!(
            "{name} was not told of “{}”: {error}",
            telling.text
        ));
    }
    Some(Event::Notified {
        channel: channel.name.clone(),
        of: entry.number,
        error,
    })
}

/// Tells all channels of all that they were not told yet. `write` puts each
/// result into the journal before the next message goes out; its error ends it.
pub fn tell_all<E>(
    courier: &Courier<'_>,
    channels: &[Channel],
    (rollout, entries): (&Rollout, &[Entry]),
    (next, now): (&Step, Timestamp),
    listener: &dyn Listener,
    write: &mut dyn FnMut(Event) -> Result<(), E>,
) -> Result<(), E> {
    let due = due(entries, channels);
    if due.is_empty() {
        return Ok(());
    }
    let view = RolloutView::new(&rollout.id.to_string(), rollout, entries, next, now);
    for (entry, channel) in due {
        if let Some(event) = tell(courier, channel, &view, entry, listener) {
            write(event)?;
        }
    }
    Ok(())
}
