//! What the configuration, the profile and the hosts that were found make of a
//! rollout: the policy that is written into its journal.

use super::RollingError;
use super::members::Resolved;
use crate::config::rollout::{Profile, RolloutRules};
use crate::rollout::policy::{Approval, Members, Policy, Rehearsal, Ring};

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
        Ring {
            name: ring.name.clone(),
            members: hurried(members.clone(), profile),
            suites: ring.suites.clone(),
            soak_seconds: profile.soak_seconds.unwrap_or(numbers.soak_seconds),
            batch: profile.batch.unwrap_or(numbers.batch),
            concurrency: profile.concurrency.unwrap_or(numbers.concurrency),
            checks: ring.checks.clone(),
            check_seconds: numbers.check_seconds,
            max_failures: profile.max_failures.unwrap_or(numbers.max_failures),
            max_unreachable: profile.max_unreachable.unwrap_or(numbers.max_unreachable),
            min_sample: profile.min_sample.unwrap_or(numbers.min_sample),
        }
    });
    let skipped = match (&said.skip_rehearsal, &said.profile, &said.reason) {
        (Some(why), _, _) => Some(why.clone()),
        (None, Some(name), reason) if profile.skips_rehearsal => {
            let why = reason
                .as_ref()
                .map_or(String::new(), |why| format!(": {why}"));
            Some(format!("{name}{why}"))
        }
        _ => None,
    };
    let mut calendar = rules.calendar.clone();
    if profile.skips_windows {
        calendar = crate::rollout::calendar::Calendar {
            zone: calendar.zone,
            ..Default::default()
        };
    }
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
