//! The clock against what is already dated: a release must not be older than
//! what it is made of.

use super::tags::UnitTags;
use crate::flow::FlowError;
use crate::model::{Checkup, Finding, Timestamp};
use crate::release::Facts;
use crate::sys::git::Repository;

/// Clocks of machines in one network differ by seconds; this is not seconds.
const SLACK_SECONDS: i64 = 300;

/// Collects the newest dates, and compares them with the clock.
pub(super) fn check(
    repository: &Repository,
    facts: &Facts,
    tags: &[UnitTags],
    now: Timestamp,
) -> Result<Checkup, FlowError> {
    let head = repository.commit("HEAD")?;
    let mut dated = vec![(format!("commit {:.12}", head.id), head.committed)];
    for tag in tags.iter().flat_map(|unit| &unit.tags) {
        dated.push((format!("tag {}", tag.name), tag.made));
    }
    for entry in facts
        .units
        .iter()
        .filter_map(|unit| unit.changelog.as_ref())
    {
        let what = format!("changelog entry {} {}", entry.source, entry.version);
        dated.push((what, entry.date));
    }
    Ok(judge(&dated, now))
}

fn judge(dated: &[(String, Timestamp)], now: Timestamp) -> Checkup {
    let mut checkup = Checkup::default();
    let latest = dated.iter().max_by_key(|(_, at)| *at);
    match latest {
        Some((what, at)) if *at > now.plus_seconds(SLACK_SECONDS) => {
            let why = format!("the clock says {now}, but the {what} is of {at}");
            let finding = Finding::error("clock", "clock", why);
            checkup
                .find(finding.fix("set the clock (timedatectl set-ntp true), or wait until then"));
        }
        _ => checkup.pass(
            "clock",
            "clock",
            format!("{now}, after all commits and tags"),
        ),
    }
    checkup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_date_counts() {
        let now = Timestamp::from_unix(1_750_000_000);
        let at = |seconds| ("x".to_owned(), now.plus_seconds(seconds));
        let cases = [
            (vec![], 0),
            (vec![at(-5), at(0)], 0),
            (vec![at(300)], 0),
            (vec![at(301)], 1),
            (vec![at(-5), at(90_000), at(-7)], 1),
        ];
        for (dated, want) in cases {
            assert_eq!(judge(&dated, now).findings.len(), want, "{dated:?}");
        }
    }
}
