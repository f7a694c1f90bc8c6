//! `[[rollout.ring]]` and `[[rollout.check]]` → [`RingRules`].

use toml::Spanned;

use super::words::{hosts, number, share, suites, time};
use super::{
    Check, ConfigError, HostsWanted, MembersWanted, Pull, RingNumbers, RingRules, Share, Source,
    written,
};
use crate::model::RingName;
use crate::model::name::nearest;
use crate::rollout::health::What;

/// A check with the rings that it names itself.
pub struct Listed {
    check: Check,
    rings: Option<Vec<Spanned<String>>>,
}

/// Takes the checks.
pub fn checks(
    source: &Source<'_>,
    written: Vec<Spanned<written::Check>>,
) -> Result<Vec<Listed>, ConfigError> {
    let mut found: Vec<Listed> = Vec::new();
    for written in written {
        let at = written.span();
        let table = written.into_inner();
        let Some(name) = table.name else {
            return Err(source.refuse(&at, "every [[rollout.check]] needs a name"));
        };
        if found
            .iter()
            .any(|other| other.check.name == *name.get_ref())
        {
            let why = format!("there are two checks named {}", name.get_ref());
            return Err(source.refuse(&name.span(), why));
        }
        let texts = [&table.host, &table.controller, &table.service];
        if texts
            .iter()
            .any(|text| text.as_ref().is_some_and(|text| text.trim().is_empty()))
        {
            return Err(source.refuse(&name.span(), "the check tries nothing"));
        }
        let what = match (table.host, table.controller, table.service) {
            (Some(command), None, None) => What::OnHost(command),
            (None, Some(command), None) => What::OnController(command),
            (None, None, Some(unit)) => What::Service(unit),
            _ => {
                let why = "a check is one of host = \"COMMAND\", controller = \"COMMAND\" and \
                           service = \"UNIT\"";
                return Err(source.refuse(&name.span(), why));
            }
        };
        found.push(Listed {
            check: Check {
                what,
                limit_seconds: time(source, &table.limit, 1, 60)?,
                failures: number(source, &table.failures, 1, 1)?,
                name: name.into_inner(),
            },
            rings: table.rings,
        });
    }
    Ok(found)
}

/// Returns the checks that name no ring.
pub fn everywhere(checks: &[Listed]) -> Vec<Check> {
    let all = checks.iter().filter(|listed| listed.rings.is_none());
    all.map(|listed| listed.check.clone()).collect()
}

/// Takes the rings.
pub fn rings(
    source: &Source<'_>,
    written: Vec<Spanned<written::Ring>>,
    checks: &[Listed],
    usual: &RingNumbers,
) -> Result<Vec<RingRules>, ConfigError> {
    let mut found: Vec<RingRules> = Vec::new();
    for written in written {
        let at = written.span();
        let ring = ring(source, &at, written.into_inner(), checks, usual)?;
        if found.iter().any(|other| other.name == ring.name) {
            let why = format!("there are two rings named {}", ring.name);
            return Err(source.refuse(&at, why));
        }
        let is_rest =
            |ring: &RingRules| matches!(&ring.members, MembersWanted::Hosts(HostsWanted::Rest));
        if found.iter().any(is_rest) && matches!(ring.members, MembersWanted::Hosts(_)) {
            let why = "nobody is left for a ring behind that of the rest";
            return Err(source.refuse(&at, why));
        }
        found.push(ring);
    }
    for ring in checks
        .iter()
        .flat_map(|listed| listed.rings.iter().flatten())
    {
        let known = || found.iter().map(|ring| ring.name.as_str());
        if !known().any(|name| name == ring.get_ref()) {
            return Err(unknown(source, "ring", ring, known()));
        }
    }
    Ok(found)
}

fn unknown<'a>(
    source: &Source<'_>,
    what: &str,
    name: &Spanned<String>,
    known: impl Iterator<Item = &'a str> + Clone,
) -> ConfigError {
    let wanted = name.get_ref();
    let meant = match nearest(wanted, known.clone()) {
        Some(near) => format!("; is {near} meant?"),
        None => format!("; there is {}", known.collect::<Vec<_>>().join(", ")),
    };
    let meant = meant.trim_end_matches("; there is ");
    source.refuse(
        &name.span(),
        format!("there is no {what} “{wanted}”{meant}"),
    )
}

fn ring(
    source: &Source<'_>,
    at: &std::ops::Range<usize>,
    table: written::Ring,
    checks: &[Listed],
    usual: &RingNumbers,
) -> Result<RingRules, ConfigError> {
    let Some(name) = &table.name else {
        return Err(source.refuse(at, "every [[rollout.ring]] needs a name"));
    };
    let named = RingName::new(name.get_ref());
    let named = named.map_err(|error| source.refuse(&name.span(), error.to_string()))?;
    let members = match (&table.hosts, &table.pull) {
        (Some(written), None) => MembersWanted::Hosts(hosts(source, written)?),
        (None, Some(written)) => MembersWanted::Pull(pull(source, written.get_ref())?),
        (Some(_), Some(pull)) => {
            let why = "a ring has hosts or is pull, not both";
            return Err(source.refuse(&pull.span(), why));
        }
        (None, None) => {
            let why = "a ring needs hosts = [\"a\", \"@group\"], \"rest\" or { command = \"…\" }, \
                       or pull = { observe = \"…\" }";
            return Err(source.refuse(&name.span(), why));
        }
    };
    if let (Some(_), Some(suites)) = (&table.suite, &table.suites) {
        return Err(source.refuse(&suites.span(), "name either suite or suites"));
    }
    let opens = suites(
        source,
        if table.suite.is_some() {
            &table.suite
        } else {
            &table.suites
        },
    )?;
    if opens.is_empty() && matches!(members, MembersWanted::Pull(_)) {
        let why = "a pull ring needs suite: opening it is all that the controller does";
        return Err(source.refuse(&name.span(), why));
    }
    let mut held = Vec::new();
    match &table.checks {
        None => held.extend(checks.iter().filter(|listed| {
            let names = listed.rings.as_ref();
            names.is_none_or(|names| names.iter().any(|ring| ring.get_ref() == named.as_str()))
        })),
        Some(names) => {
            for wanted in names {
                let one = checks
                    .iter()
                    .find(|listed| listed.check.name == *wanted.get_ref());
                held.push(one.ok_or_else(|| {
                    let known = checks.iter().map(|listed| listed.check.name.as_str());
                    unknown(source, "check", wanted, known)
                })?);
            }
        }
    }
    Ok(RingRules {
        name: named,
        members,
        suites: opens,
        numbers: RingNumbers {
            soak_seconds: time(source, &table.soak, 0, usual.soak_seconds)?,
            batch: share(source, &table.batch, 1, usual.batch)?,
            concurrency: number(source, &table.concurrency, 1, usual.concurrency)?,
            check_seconds: time(source, &table.check_time, 1, usual.check_seconds)?,
            max_failures: share(source, &table.max_failures, 0, usual.max_failures)?,
            max_unreachable: share(source, &table.max_unreachable, 0, usual.max_unreachable)?,
            min_sample: number(source, &table.min_sample, 0, usual.min_sample)?,
        },
        checks: held
            .into_iter()
            .map(|listed| listed.check.clone())
            .collect(),
    })
}

fn pull(source: &Source<'_>, written: &written::Pull) -> Result<Pull, ConfigError> {
    let mut phases: Vec<u8> = Vec::new();
    for phase in &written.phases {
        let percent = u8::try_from(*phase.get_ref())
            .ok()
            .filter(|p| (1..=100).contains(p));
        let percent = percent.filter(|p| phases.last().is_none_or(|last| last < p));
        phases.push(percent.ok_or_else(|| {
            let why = "phases are percentages from 1 to 100, each higher than the one before";
            source.refuse(&phase.span(), why)
        })?);
    }
    // Those behind the last percentage are not forgotten.
    if phases.last().is_some_and(|last| *last < 100) {
        phases.push(100);
    }
    Ok(Pull {
        observe: written.observe.clone(),
        limit_seconds: time(source, &written.limit, 1, 60)?,
        every_seconds: time(source, &written.every, 1, 300)?,
        adoption: share(source, &written.adoption, 1, Share::Percent(90))?,
        phases,
        phase_seconds: time(source, &written.phase_time, 0, 86_400)?,
    })
}
