//! Which releases a channel was told of: each by itself, whatever they were told
//! together with.

use super::Again;
use super::record::{Progress, Record, Release};
use crate::model::{TagName, Timestamp};
use crate::patch::Queue;

/// What of an announcement is for a channel.
pub(super) struct Share {
    /// The releases that it was not told of, or all where it is told once more.
    pub tags: Vec<TagName>,
    /// How it stands with these.
    pub before: Option<(Progress, Timestamp)>,
}

/// Finds what of some releases a channel is to be told. That something is out
/// goes before that it was begun. `name` is the whole announcement's.
pub(super) fn share(
    releases: &[Release],
    (channel, name): (&str, &str),
    (record, queue): (&Record, &Queue),
    again: Again,
) -> Share {
    let all = || releases.iter().map(|one| one.tag.clone()).collect();
    let told = |release: &Release| {
        let own = record.told(channel, name, release);
        let others = queue.announced.iter().rev();
        let mut others = others.filter(|one| one.channel.what == channel);
        let others = others.find(|one| {
            let of_it = |(tag, commit): &(TagName, String)| {
                *tag == release.tag && *commit == release.commit
            };
            one.name == name || one.releases.iter().any(of_it)
        });
        own.or(others.map(|one| one.channel.at))
    };
    let told: Vec<Option<Timestamp>> = releases.iter().map(told).collect();
    let last = told.iter().flatten().max().copied();
    let open = releases.iter().zip(&told);
    let open: Vec<&Release> = open
        .filter(|(_, told)| told.is_none())
        .map(|(release, _)| release)
        .collect();
    let begun = record.begun(channel, name, &open);
    let sent = last.map(|at| (Progress::Sent, at));
    let tags = open.iter().map(|one| one.tag.clone());
    match (again, open.is_empty()) {
        (Again::Always, _) => Share {
            tags: all(),
            before: sent.or(begun.map(|at| (Progress::Begun, at))),
        },
        (_, true) => Share {
            tags: all(),
            before: sent,
        },
        (_, false) => Share {
            tags: tags.collect(),
            before: begun.map(|at| (Progress::Begun, at)),
        },
    }
}
