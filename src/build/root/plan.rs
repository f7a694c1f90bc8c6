//! What is there and the policy → what is to be made. Pure.

use serde::Serialize;

use super::cache::Cached;
use crate::model::Timestamp;

/// When a system that is there is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// When it is so many days old. One that is pinned to a moment never is.
    AfterDays(u32),
    /// Now, whatever its age.
    Now,
    /// Never: what is there is taken.
    Never,
}

/// A system's age in days at which it is made again: long enough that builds
/// are quick, short enough that a security update of the compiler counts.
pub const USUAL_DAYS: u32 = 7;

/// How a build comes to its system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is there.
    Use(Box<Cached>),
    /// It has to be made.
    Make(Why),
}

/// Why a system has to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// There is none.
    Missing,
    /// The one that is there is so many days old.
    Old(i64),
    /// The user asked for it.
    Asked,
}

const DAY_SECONDS: i64 = 86_400;

/// Says whether the newest system there is will do.
pub fn step(newest: Option<Cached>, refresh: Refresh, now: Timestamp) -> Step {
    let Some(cached) = newest else {
        return Step::Make(Why::Missing);
    };
    if cached.record.snapshot.is_some() {
        return Step::Use(Box::new(cached));
    }
    let days = (now.unix() - cached.record.made_unix) / DAY_SECONDS;
    match refresh {
        Refresh::Now => Step::Make(Why::Asked),
        Refresh::AfterDays(limit) if days >= i64::from(limit) => Step::Make(Why::Old(days)),
        Refresh::AfterDays(_) | Refresh::Never => Step::Use(Box::new(cached)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::root::cache::Record;
    use crate::model::{Architecture, Sha256};

    #[test]
    fn what_is_there_is_used_until_it_is_old() {
        let cached = |days: i64, snapshot: Option<&str>| Cached {
            name: "x".to_owned(),
            directory: "/x".into(),
            record: Record {
                suites: vec!["bookworm".to_owned()],
                architecture: Architecture::new("amd64").expect("one"),
                key: Sha256::of(b""),
                made_unix: 1_000_000_000 - days * DAY_SECONDS,
                snapshot: snapshot.map(str::to_owned),
                sources: Vec::new(),
                identity: Sha256::of(b""),
                packages: 0,
                debs: Default::default(),
            },
        };
        let pinned = Some("20250520T000000Z");
        let cases = [
            (None, Refresh::Never, Some(Why::Missing)),
            (Some(cached(6, None)), Refresh::AfterDays(7), None),
            (
                Some(cached(7, None)),
                Refresh::AfterDays(7),
                Some(Why::Old(7)),
            ),
            (Some(cached(70, None)), Refresh::Never, None),
            (Some(cached(0, None)), Refresh::Now, Some(Why::Asked)),
            (
                Some(cached(0, None)),
                Refresh::AfterDays(0),
                Some(Why::Old(0)),
            ),
            // A clock that was set back makes nothing old.
            (Some(cached(-9, None)), Refresh::AfterDays(7), None),
            (Some(cached(700, pinned)), Refresh::Now, None),
            (Some(cached(700, pinned)), Refresh::AfterDays(7), None),
        ];
        let now = Timestamp::from_unix(1_000_000_000);
        for (newest, refresh, want) in cases {
            let shown = format!("{newest:?} {refresh:?}");
            let want = match want {
                Some(why) => Step::Make(why),
                None => Step::Use(Box::new(newest.clone().expect("there"))),
            };
            assert_eq!(step(newest, refresh, now), want, "{shown}");
        }
    }
}
