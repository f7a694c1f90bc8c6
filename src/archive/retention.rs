//! Which generations of a suite are kept, and why each.
//!
//! A generation was current until the next one was published. Beside what the
//! suite's settings and its pins say, one that was current within the grace
//! time is always kept whole: a client may have fetched its `InRelease` just
//! before, and fetches its indices and packages only now.

use crate::archive::manifest::{Base, Manifest};
use crate::archive::pins::{Pin, PinName};
use crate::archive::settings::Retention;
use crate::model::Timestamp;

/// A reason to keep a generation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// It is what clients read.
    Newest,
    /// Clients may still be reading it.
    Grace,
    /// It is one of so many of the newest.
    Count,
    /// It was current within the time that is kept.
    Age,
    /// Nobody has said how long generations are kept.
    NoRetention,
    /// Somebody wants it.
    Pinned(PinName),
}

/// A generation as retention sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Which one.
    pub base: Base,
    /// The `Date` of its `Release`.
    pub date: Timestamp,
}

impl Dated {
    /// Takes what matters of a manifest.
    pub fn of(base: Base, manifest: &Manifest) -> Self {
        let date = manifest.date;
        Self { base, date }
    }
}

impl Retention {
    /// Tells whether nothing is said, and so nothing is dropped.
    pub fn is_unsaid(&self) -> bool {
        self.count.is_none() && self.seconds.is_none()
    }
}

/// Returns for each generation, the newest first, why it is kept; nothing where
/// it is not.
pub fn kept(
    generations: &[Dated],
    retention: &Retention,
    pins: &[Pin],
    now: Timestamp,
    grace_seconds: u64,
) -> Vec<Vec<Kept>> {
    let mut found = Vec::new();
    for (at, generation) in generations.iter().enumerate() {
        let until = at.checked_sub(1).map(|next| generations[next].date);
        let within = |seconds: u64| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX / 4);
            until.is_none_or(|until| until.plus_seconds(seconds) >= now)
        };
        let counted = retention
            .count
            .is_some_and(|count| at < count.get() as usize);
        let mut why = Vec::new();
        let mut add = |holds: bool, reason| why.extend(holds.then_some(reason));
        add(at == 0, Kept::Newest);
        add(at > 0 && within(grace_seconds), Kept::Grace);
        add(counted, Kept::Count);
        add(retention.seconds.is_some_and(within), Kept::Age);
        add(retention.is_unsaid(), Kept::NoRetention);
        // By its number: a purge that was stopped has written it anew, and not
        // yet told the pin.
        let number = generation.base.number;
        let pinned = pins.iter().filter(|pin| pin.generation.number == number);
        why.extend(pinned.map(|pin| Kept::Pinned(pin.name.clone())));
        found.push(why);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Sha256, Suite};

    const DAY: i64 = 86_400;

    /// Generations made on these days, the newest first.
    fn made(days: &[i64]) -> Vec<Dated> {
        let number = |at: usize| (days.len() - at) as u64;
        let dated = |(at, day): (usize, &i64)| Dated {
            base: Base {
                number: number(at),
                manifest: Sha256::of(&number(at).to_be_bytes()),
            },
            date: Timestamp::from_unix(day * DAY),
        };
        days.iter().enumerate().map(dated).collect()
    }

    fn pin(base: Base) -> Pin {
        let suite = Suite::new("stable").expect("a name");
        let name = PinName::new("p").expect("a name");
        Pin::new(
            suite,
            name,
            base,
            (String::new(), None),
            Timestamp::from_unix(0),
        )
    }

    #[test]
    fn the_newest_and_what_somebody_wants_is_kept() {
        // Made on days 100, 90, 50 and 10; today is day 101.
        let generations = made(&[100, 90, 50, 10]);
        let now = Timestamp::from_unix(101 * DAY);
        // (count, days, grace in days, pinned, the numbers that are kept)
        type Case = (Option<u32>, Option<u64>, u64, Option<usize>, &'static [u64]);
        let cases: [Case; 9] = [
            (None, None, 0, None, &[4, 3, 2, 1]),
            (Some(1), None, 0, None, &[4]),
            (Some(1), None, 1, None, &[4, 3]),
            (Some(3), None, 0, None, &[4, 3, 2]),
            (None, Some(5), 0, None, &[4, 3]),
            (None, Some(11), 0, None, &[4, 3, 2]),
            (Some(1), Some(60), 0, None, &[4, 3, 2, 1]),
            (Some(1), None, 0, Some(3), &[4, 1]),
            (Some(9), None, 0, None, &[4, 3, 2, 1]),
        ];
        for (count, days, grace, pinned, want) in cases {
            let retention = Retention {
                count: count.and_then(NonZeroU32::new),
                seconds: days.map(|days| days * DAY as u64),
            };
            let pins: Vec<_> = pinned
                .map(|at| pin(generations[at].base))
                .into_iter()
                .collect();
            let why = kept(&generations, &retention, &pins, now, grace * DAY as u64);
            let numbers = generations
                .iter()
                .zip(&why)
                .filter(|(_, why)| !why.is_empty());
            let numbers: Vec<_> = numbers.map(|(dated, _)| dated.base.number).collect();
            assert_eq!(numbers, want, "{count:?} {days:?} {grace} {pinned:?}");
        }
    }

    proptest! {
        #[test]
        fn keeping_more_never_drops_anything(
            days in proptest::collection::vec(0i64..100, 1..12),
            count in 1u32..12, more in 0u32..5, seconds in 0u64..100, grace in 0u64..100,
        ) {
            let mut days = days;
            days.sort_by(|a, b| b.cmp(a));
            let generations = made(&days);
            let now = Timestamp::from_unix(100 * DAY);
            let is = |count: u32, seconds: u64, grace: u64| {
                let retention = Retention {
                    count: NonZeroU32::new(count),
                    seconds: Some(seconds * DAY as u64),
                };
                let why = kept(&generations, &retention, &[], now, grace * DAY as u64);
                why.into_iter().map(|why| !why.is_empty()).collect::<Vec<_>>()
            };
            let less = is(count, seconds, grace);
            let most = is(count + more, seconds + u64::from(more), grace + u64::from(more));
            prop_assert!(less[0]);
            prop_assert!(less.iter().filter(|kept| **kept).count() >= days.len().min(count as usize));
            for (less, most) in less.iter().zip(&most) {
                prop_assert!(!less || *most);
            }
            // What is kept without pins is a run of the newest.
            prop_assert!(less.is_sorted_by(|a, b| a >= b));
        }
    }
}
