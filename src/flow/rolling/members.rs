//! Who the hosts of rings are, at the moment when a rollout starts.

use std::collections::BTreeSet;
use std::time::Duration;

use super::RollingError;
use crate::config::rollout::{HostWord, HostsWanted, MembersWanted, RingRules, RolloutRules};
use crate::model::name::NameError;
use crate::model::{Finding, HostName, RingName};
use crate::rollout::policy::Members;

/// How long a command may take that prints hosts.
pub(super) const LIMIT: Duration = Duration::from_secs(120);

/// What says who the hosts are, outside.
pub trait Outside {
    /// Returns what a shell command prints.
    fn printed(&self, command: &str) -> Result<String, RollingError>;
    /// Returns the hosts of a group.
    fn group(&self, group: &str) -> Result<Vec<HostName>, RollingError>;
}

/// The rings with their members, and what an operator should know of them.
#[derive(Debug)]
pub struct Resolved {
    /// The rings' members, in their order; a ring that has nobody is there, too.
    pub rings: Vec<(RingRules, Members)>,
    /// Hosts that stood in two rings, rings without any.
    pub findings: Vec<Finding>,
}

/// Finds out who the hosts are. `named` are those that the command line names:
/// nobody else is touched. Without rings the first of them all is the canary.
pub fn resolve(
    rules: &RolloutRules,
    named: &[HostWord],
    outside: &dyn Outside,
) -> Result<Resolved, RollingError> {
    let everyone = match (named, &rules.hosts) {
        ([], None) => None,
        ([], Some(wanted)) => Some(hosts(wanted, outside)?),
        (named, _) => Some(words(named, outside)?),
    };
    let allowed: Option<BTreeSet<&HostName>> =
        (!named.is_empty()).then(|| everyone.iter().flatten().collect());
    let rings = match rules.rings.as_slice() {
        [] => usual(rules, everyone.as_deref())?,
        rings => rings.to_vec(),
    };
    let mut resolved = Resolved {
        rings: Vec::new(),
        findings: Vec::new(),
    };
    let mut taken: std::collections::BTreeMap<HostName, RingName> = Default::default();
    for ring in rings {
        let wanted = match &ring.members {
            MembersWanted::Pull(pull) => {
                resolved
                    .rings
                    .push((ring.clone(), Members::Pull(pull.clone())));
                continue;
            }
            MembersWanted::Hosts(HostsWanted::Rest) => {
                let all = everyone.clone().ok_or_else(|| RollingError::RestOfNobody {
                    ring: ring.name.clone(),
                })?;
                all.into_iter()
                    .filter(|host| !taken.contains_key(host))
                    .collect()
            }
            MembersWanted::Hosts(wanted) => hosts(wanted, outside)?,
        };
        let mut own = Vec::new();
        for host in wanted {
            if allowed
                .as_ref()
                .is_some_and(|allowed| !allowed.contains(&host))
            {
                continue;
            }
            match taken.get(&host) {
                None => {
                    taken.insert(host.clone(), ring.name.clone());
                    own.push(host);
                }
                // Named twice in one ring is no matter.
                Some(first) if *first == ring.name => {}
                Some(first) => {
                    let why = format!(
                        "it is in the rings {first} and {}: {first} has it",
                        ring.name
                    );
                    let finding = Finding::warning("two-rings", host.as_str(), why);
                    let fix = format!("take it out of {} to be rid of this", ring.name);
                    resolved.findings.push(finding.fix(fix));
                }
            }
        }
        let is_first = resolved.rings.is_empty();
        if own.is_empty() && is_first {
            return Err(RollingError::EmptyFirstRing { ring: ring.name });
        }
        if own.is_empty() {
            let finding = Finding::warning("empty-ring", ring.name.as_str(), "it has no host");
            resolved.findings.push(finding);
        }
        resolved.rings.push((ring, Members::Hosts(own)));
    }
    for host in allowed
        .iter()
        .flatten()
        .filter(|host| !taken.contains_key(**host))
    {
        let finding = Finding::warning("no-ring", host.as_str(), "no ring has it");
        resolved
            .findings
            .push(finding.fix("put it into a ring, or hosts = \"rest\" into the last"));
    }
    Ok(resolved)
}

/// The rings without a configuration: the first host, then all others.
fn usual(
    rules: &RolloutRules,
    everyone: Option<&[HostName]>,
) -> Result<Vec<RingRules>, RollingError> {
    let (first, others) = everyone
        .and_then(<[_]>::split_first)
        .ok_or(RollingError::NoHosts)?;
    let ring = |name: &str, hosts: &[HostName]| RingRules {
        name: RingName::new(name).expect("a constant name"),
        members: MembersWanted::Hosts(HostsWanted::Named(
            hosts.iter().cloned().map(HostWord::Host).collect(),
        )),
        suites: Vec::new(),
        numbers: rules.usual.clone(),
        checks: rules.checks.clone(),
    };
    let mut rings = vec![ring("canary", std::slice::from_ref(first))];
    if !others.is_empty() {
        rings.push(ring("everyone", others));
    }
    Ok(rings)
}

fn hosts(wanted: &HostsWanted, outside: &dyn Outside) -> Result<Vec<HostName>, RollingError> {
    match wanted {
        HostsWanted::Rest => Ok(Vec::new()),
        HostsWanted::Named(named) => words(named, outside),
        HostsWanted::Command(command) => {
            let printed = outside.printed(command)?;
            listed(&printed).map_err(|(line, source)| RollingError::HostsLine {
                command: command.clone(),
                line,
                source,
            })
        }
    }
}

fn words(words: &[HostWord], outside: &dyn Outside) -> Result<Vec<HostName>, RollingError> {
    let mut found: Vec<HostName> = Vec::new();
    let mut seen = BTreeSet::new();
    for word in words {
        let of_word = match word {
            HostWord::Host(host) => vec![host.clone()],
            HostWord::Group(group) => outside.group(group)?,
        };
        found.extend(of_word.into_iter().filter(|host| seen.insert(host.clone())));
    }
    Ok(found)
}

/// Reads hosts, one a line; what follows `#` is a comment.
fn listed(text: &str) -> Result<Vec<HostName>, (usize, NameError)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let host = HostName::new(line).map_err(|error| (number + 1, error))?;
        if seen.insert(host.clone()) {
            found.push(host);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rollout::RolloutRules;

    struct Told;
    impl Outside for Told {
        fn printed(&self, command: &str) -> Result<String, RollingError> {
            Ok(command.replace(' ', "\n"))
        }
        fn group(&self, group: &str) -> Result<Vec<HostName>, RollingError> {
            Ok(["1", "2", "3"]
                .map(|n| HostName::new(format!("{group}{n}")).expect("a name"))
                .to_vec())
        }
    }

    fn shown(rules: &str, named: &[&str]) -> Result<String, String> {
        let rules = RolloutRules::parse("x", rules).expect(rules);
        let named: Vec<_> = named
            .iter()
            .map(|text| match text.strip_prefix('@') {
                Some(group) => HostWord::Group(group.to_owned()),
                None => HostWord::Host(HostName::new(*text).expect("a name")),
            })
            .collect();
        let found = resolve(&rules, &named, &Told).map_err(|error| error.to_string())?;
        let rings = found.rings.iter().map(|(ring, members)| match members {
            Members::Hosts(hosts) => {
                let hosts: Vec<_> = hosts.iter().map(HostName::as_str).collect();
                format!("{}={}", ring.name, hosts.join(","))
            }
            Members::Pull(_) => format!("{} pulls", ring.name),
        });
        let rules = found
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.rule, finding.subject));
        Ok(rings.chain(rules).collect::<Vec<_>>().join("; "))
    }

    const RINGS: &str = "hosts = '@h'\n[[ring]]\nname = 'a'\nhosts = ['h2', 'h2', 'x']\n\
                         [[ring]]\nname = 'b'\nhosts = { command = 'y x z' }\n\
                         [[ring]]\nname = 'c'\nhosts = 'rest'\n";

    #[test]
    fn rings_are_filled_in_their_order() {
        let cases: &[(&str, &[&str], Result<&str, &str>)] = &[
            ("", &["a", "b", "c"], Ok("canary=a; everyone=b,c")),
            ("", &["a", "a"], Ok("canary=a")),
            ("", &["@g", "g2"], Ok("canary=g1; everyone=g2,g3")),
            (
                "hosts = { command = 'p q' }",
                &[],
                Ok("canary=p; everyone=q"),
            ),
            ("", &[], Err("nobody says which hosts there are")),
            (RINGS, &[], Ok("a=h2,x; b=y,z; c=h1,h3; two-rings x")),
            // Nobody but those that are named.
            (RINGS, &["x", "z", "w"], Ok("a=x; b=z; c=w; two-rings x")),
            (RINGS, &["z"], Err("the first ring, a, has no host")),
            (
                "[[ring]]\nname = 'a'\nhosts = ['h']\n[[ring]]\nname = 'b'\nhosts = 'rest'",
                &[],
                Err("ring b is the rest of all hosts, and nobody says who they all are"),
            ),
            (
                "[[ring]]\nname = 'a'\nhosts = ['h']\n[[ring]]\nname = 'b'\nhosts = []",
                &["h", "o"],
                Ok("a=h; b=; empty-ring b; no-ring o"),
            ),
        ];
        for (rules, named, want) in cases {
            let found = shown(rules, named);
            let found = found.as_ref().map(String::as_str).map_err(String::as_str);
            assert_eq!(found, *want, "{rules} {named:?}");
        }
    }

    #[test]
    fn printed_hosts_have_lines() {
        let names = |text: &str| {
            listed(text)
                .map(|found| found.len())
                .map_err(|(line, _)| line)
        };
        assert_eq!(names("a\n\n# all\n b # c\na\n"), Ok(2));
        assert_eq!(names("a\nb c\n"), Err(2));
        assert_eq!(names("-oProxyCommand=x\n"), Err(1));
    }
}
