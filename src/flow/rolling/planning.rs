//! What the configuration, the profile and the hosts that were found make of a
//! rollout: the policy that is written into its journal.

use super::RollingError;
use super::members::Resolved;
use crate::config::rollout::{Profile, RolloutRules};
use crate::rollout::calendar::Calendar;
use crate::rollout::policy::{Approval, Members, Policy, Rehearsal, Ring, Supersede};

/// What the command line says beside the configuration.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The profile.
    pub profile: Option<String>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Why the rehearsal is skipped.
    pub skip_rehearsal: Option<String>,
    /// Whether approval is asked for, whatever the configuration says.
    pub request: bool,
}

/// Finds the profile that is asked for.
pub fn profile<'a>(
    rules: &'a RolloutRules,
    said: &Said,
) -> Result<Option<&'a Profile>, RollingError> {
    let Some(name) = &said.profile else {
        return Ok(None);
    };
    let found = rules
        .profiles
        .get(name)
        .ok_or_else(|| RollingError::NoProfile {
            wanted: name.clone(),
            known: rules.profiles.keys().cloned().collect(),
        })?;
    match found.needs_reason && said.reason.is_none() {
        true => Err(RollingError::NoReason {
            profile: name.clone(),
        }),
        false => Ok(Some(found)),
    }
}

/// Makes the policy.
pub fn policy(
    rules: &RolloutRules,
    resolved: &Resolved,
    said: &Said,
) -> Result<Policy, RollingError> {
    let usual = Profile::default();
    let profile = profile(rules, said)?.unwrap_or(&usual);
    let rings = resolved.rings.iter().map(|(ring, members)| {
        let numbers = &ring.numbers;
        let ring = Ring {
            name: ring.name.clone(),
            members: members.clone(),
            suites: ring.suites.clone(),
            soak_seconds: numbers.soak_seconds,
            batch: numbers.batch,
            concurrency: numbers.concurrency,
            checks: ring.checks.clone(),
            check_seconds: numbers.check_seconds,
            max_failures: numbers.max_failures,
            max_unreachable: numbers.max_unreachable,
            min_sample: numbers.min_sample,
        };
        by_profile(ring, profile)
    });
    let skipped = skipped(said, profile);
    let calendar = calendar(&rules.calendar, profile);
    let approval = profile.approval.as_ref().unwrap_or(&rules.approval);
    Ok(Policy {
        rings: rings.collect(),
        engine: rules.engine,
        calendar,
        supersede: rules.supersede,
        approval: match approval {
            Approval::NotNeeded if said.request => Approval::Needed {
                count: 1,
                keys: Vec::new(),
            },
            approval => approval.clone(),
        },
        rehearsal: skipped.map_or_else(|| rules.rehearsal.clone(), Rehearsal::Skipped),
        restart: rules.restart.clone(),
        sources_file: rules.sources_file.clone(),
        job_seconds: rules.job_seconds,
        lock_seconds: rules.lock_seconds,
        attempts: rules.attempts,
        retry_seconds: rules.retry_seconds,
    })
}

/// Makes the policy of a rollout that goes where an older one went: its rings
/// and hosts, by a profile.
pub fn same_places(
    rules: &RolloutRules,
    old: &Policy,
    said: &Said,
) -> Result<Policy, RollingError> {
    let usual = Profile::default();
    let profile = profile(rules, said)?.unwrap_or(&usual);
    let rings = old.rings.iter().cloned();
    Ok(Policy {
        rings: rings.map(|ring| by_profile(ring, profile)).collect(),
        calendar: calendar(&old.calendar, profile),
        supersede: Supersede::Replace,
        approval: profile.approval.as_ref().unwrap_or(&old.approval).clone(),
        rehearsal: skipped(said, profile)
            .map_or_else(|| rules.rehearsal.clone(), Rehearsal::Skipped),
        ..old.clone()
    })
}

fn by_profile(ring: Ring, profile: &Profile) -> Ring {
    Ring {
        members: hurried(ring.members, profile),
        soak_seconds: profile.soak_seconds.unwrap_or(ring.soak_seconds),
        batch: profile.batch.unwrap_or(ring.batch),
        concurrency: profile.concurrency.unwrap_or(ring.concurrency),
        max_failures: profile.max_failures.unwrap_or(ring.max_failures),
        max_unreachable: profile.max_unreachable.unwrap_or(ring.max_unreachable),
        min_sample: profile.min_sample.unwrap_or(ring.min_sample),
        ..ring
    }
}

fn skipped(said: &Said, profile: &Profile) -> Option<String> {
    match (&said.skip_rehearsal, &said.profile, &said.reason) {
        (Some(why), _, _) => Some(why.clone()),
        (None, Some(name), reason) if profile.skips_rehearsal => {
            let why = reason
                .as_ref()
                .map_or(String::new(), |why| format!(": {why}"));
            Some(format!("{name}{why}"))
        }
        _ => None,
    }
}

fn calendar(usual: &Calendar, profile: &Profile) -> Calendar {
    match profile.skips_windows {
        true => Calendar {
            zone: usual.zone.clone(),
            ..Calendar::default()
        },
        false => usual.clone(),
    }
}

/// A pull ring of a short soak steps through its percentages as quickly.
fn hurried(members: Members, profile: &Profile) -> Members {
    match (members, profile.soak_seconds) {
        (Members::Pull(mut pull), Some(soak)) => {
            pull.phase_seconds = pull.phase_seconds.min(soak);
            Members::Pull(pull)
        }
        (members, _) => members,
    }
}

/// Returns how long a rollout takes at least, in seconds: every soak and every
/// percentage, without installations and windows.
pub fn least_seconds(policy: &Policy) -> i64 {
    let ring = |ring: &Ring| {
        let phases = match &ring.members {
            Members::Hosts(hosts) if hosts.is_empty() => return 0,
            Members::Hosts(_) => 0,
            Members::Pull(pull) => {
                let steps = pull.phases.len().saturating_sub(1) as i64;
                steps * i64::from(pull.phase_seconds)
            }
        };
        phases + i64::from(ring.soak_seconds)
    };
    policy.rings.iter().map(ring).sum()
}
