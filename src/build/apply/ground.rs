//! What was seen in a build's room, and what follows from it.

use super::floor::{Floor, Watched};
use super::{Bench, BuildError};
use crate::build::isolation::{Allowance, LimitsReached, NetworkAttempts};
use crate::model::Finding;
use crate::model::finding::with_causes;
use crate::sys::sandbox::Sightings;

impl Bench<'_> {
    /// Notes what was seen since the last look, after a tool has ended.
    pub(super) fn look(&mut self) {
        if let Floor::Room {
            room,
            seen,
            watched,
            ..
        } = &mut self.floor
        {
            let Ok(now) = room.sightings() else {
                *watched = Watched::NoMore;
                return;
            };
            for (known, new) in [
                (&mut seen.network, now.network),
                (&mut seen.forbidden, now.forbidden),
                (&mut seen.limits, now.limits),
                (&mut seen.left_behind, now.left_behind),
            ] {
                for thing in new {
                    if !known.contains(&thing) {
                        known.push(thing);
                    }
                }
            }
        }
    }

    /// Notes a limit that a tool was ended for.
    pub(super) fn note_limit(&mut self, limit: &str) {
        if let Floor::Room { seen, .. } = &mut self.floor
            && !seen.limits.iter().any(|known| known == limit)
        {
            seen.limits.push(limit.to_owned());
        }
    }

    /// Returns what is to be said of the build so far.
    pub(super) fn findings(&self) -> Vec<Finding> {
        match &self.floor {
            Floor::Machine => Vec::new(),
            Floor::Room { seen, watched, .. } => {
                let package = self.plan.package.as_str();
                let mut found = findings(seen, &self.plan.allowance, package);
                if *watched == Watched::NoMore {
                    let what = "the first process of the build's room is gone, and everybody \
                                with it: what the build did last, nobody saw";
                    let finding = Finding::error("unwatched", package, what);
                    found.push(finding.fix(
                        "look at what the build does to the processes that it meets; where the \
                         machine ran out of memory, build again",
                    ));
                }
                found
            }
        }
    }

    /// Says where everything is that the tools said.
    pub(super) fn whole_output(&self) -> String {
        format!("the whole output is in {}", self.workshop.log.display())
    }

    /// Adds what was seen in a room to what ended the build there. A room's
    /// products that are not what they should be are an answer about the build,
    /// not a failure of whoever looks at them.
    pub(super) fn explained(&self, error: BuildError) -> BuildError {
        if matches!(self.floor, Floor::Machine) {
            return error;
        }
        let seen = self.findings();
        let findings = match error {
            BuildError::Refused { findings } => findings,
            BuildError::Failed { .. }
            | BuildError::NoSpace { .. }
            | BuildError::Interrupted { .. }
            | BuildError::Place(_)
            | BuildError::Sandbox(_) => return error,
            BuildError::Product { .. } | BuildError::NotUtf8 { .. } | BuildError::Name(_) => {
                self.odd_product(&error)
            }
            _ if seen.iter().any(Finding::is_error) => self.odd_product(&error),
            _ => return error,
        };
        BuildError::Refused {
            findings: [findings, seen].concat(),
        }
    }

    fn odd_product(&self, error: &BuildError) -> Vec<Finding> {
        let finding = Finding::error("build", self.plan.package.as_str(), with_causes(error));
        vec![finding.fix(self.whole_output())]
    }

    /// Returns what is odd about a build that ended well, or refuses it.
    pub(super) fn judged(&self) -> Result<Vec<Finding>, BuildError> {
        let mut findings = self.findings();
        if !findings.iter().any(Finding::is_error) {
            return Ok(findings);
        }
        let what = "it ended well, and is refused all the same";
        let finding = Finding::warning("build-refused", self.plan.package.as_str(), what);
        findings.push(finding.fix(self.whole_output()));
        Err(BuildError::Refused { findings })
    }
}

fn findings(seen: &Sightings, allowance: &Allowance, package: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if !seen.network.is_empty() {
        let what = format!(
            "the build wanted the network, which it does not get: {}",
            seen.network.join(", ")
        );
        found.push(match allowance.network {
            NetworkAttempts::Fail => Finding::error("network", package, what).fix(
                "bring what it fetches into the source or the build dependencies; \
                 network = \"warn\" in [build] lets a build pass whose tests only try",
            ),
            NetworkAttempts::Warn => Finding::warning("network", package, what),
        });
    }
    if !seen.forbidden.is_empty() {
        let what = format!(
            "the build opened what is no build's business: {} (empty decoys stood there)",
            seen.forbidden.join(", ")
        );
        let finding = Finding::error("forbidden-path", package, what);
        found.push(finding.fix("look at what the build runs before you trust anything of it"));
    }
    if !seen.limits.is_empty() {
        let what = format!(
            "the build ran into its limit of {}",
            seen.limits.join(", of ")
        );
        found.push(match allowance.limits {
            LimitsReached::Fail => Finding::error("limit", package, what).fix(
                "raise processes, memory, space or timeout-minutes in [build], or lower --jobs; \
                 limits = \"warn\" lets a build pass whose tests only try",
            ),
            LimitsReached::Warn => Finding::warning("limit", package, what),
        });
    }
    if !seen.left_behind.is_empty() {
        let what = format!(
            "the build left programs running, which were ended: {}",
            seen.left_behind.join(", ")
        );
        found.push(Finding::warning("left-behind", package, what));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_said() {
        let one = |name: &str| vec![name.to_owned()];
        let nothing = Sightings::default;
        let cases = [
            (
                nothing(),
                NetworkAttempts::Fail,
                LimitsReached::Fail,
                &[][..],
            ),
            (
                Sightings {
                    network: one("192.0.2.1:80/tcp"),
                    ..nothing()
                },
                NetworkAttempts::Fail,
                LimitsReached::Fail,
                &["error network"],
            ),
            (
                Sightings {
                    network: one("example.org (DNS)"),
                    ..nothing()
                },
                NetworkAttempts::Warn,
                LimitsReached::Fail,
                &["warning network"],
            ),
            (
                Sightings {
                    limits: one("memory"),
                    ..nothing()
                },
                NetworkAttempts::Warn,
                LimitsReached::Fail,
                &["error limit"],
            ),
            (
                Sightings {
                    forbidden: one("/home/ana/.ssh"),
                    limits: one("processes"),
                    left_behind: one("sleep"),
                    ..nothing()
                },
                NetworkAttempts::Warn,
                LimitsReached::Warn,
                &[
                    "error forbidden-path",
                    "warning limit",
                    "warning left-behind",
                ],
            ),
        ];
        for (seen, network, limits, want) in cases {
            let allowance = Allowance {
                processes: 1,
                memory_bytes: 1,
                space_bytes: 1,
                host_paths: Vec::new(),
                network,
                limits,
                forbidden: Vec::new(),
            };
            let found: Vec<String> = findings(&seen, &allowance, "pp")
                .iter()
                .map(|finding| {
                    let word = if finding.is_error() {
                        "error"
                    } else {
                        "warning"
                    };
                    format!("{word} {}", finding.rule)
                })
                .collect();
            assert_eq!(found, want, "{seen:?}");
        }
    }
}
