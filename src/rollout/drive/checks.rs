//! Checks made.

use super::hosts::GROUP;
use super::{Doing, DriveError, outside, record_all};
use crate::model::{HostName, Timestamp};
use crate::rollout::event::Event;
use crate::rollout::facts::HostFacts;
use crate::rollout::gate::{self, Looked};
use crate::rollout::hands::Answer;
use crate::rollout::health::{Check, Verdict, What};
use crate::rollout::judge;
use crate::rollout::state::{Host, HostState};

impl Doing<'_> {
    /// Makes the checks that are due on a ring.
    pub(super) fn check(&mut self, index: usize, now: Timestamp) -> Result<(), DriveError> {
        let round = gate::round(self.rollout, index, now);
        let ring = self.rollout.policy.rings[index].clone();
        for looked in gate::checks(&ring) {
            let Some(hosts) = round.due.get(looked.name) else {
                continue;
            };
            // A check before may have found some of them failed.
            let well = |name: &&HostName| {
                let host = self.rollout.hosts.get(*name);
                host.is_some_and(|host| !matches!(host.state, HostState::Failed { .. }))
            };
            let hosts: Vec<_> = hosts.iter().filter(well).cloned().collect();
            let Some(check) = looked.check else {
                self.look(index, looked, &hosts)?;
                continue;
            };
            match &check.what {
                What::OnController(_) => {
                    let found = self.hands.check_here(self.rollout, check);
                    let found = found.map_err(outside("a check on the controller"))?;
                    self.record(Event::Checked {
                        ring: ring.name.clone(),
                        host: None,
                        check: check.name.clone(),
                        found,
                    })?;
                }
                What::OnHost(_) => self.check_hosts(index, check, &hosts)?,
                What::Service(_) => self.look(index, looked, &hosts)?,
            }
        }
        Ok(())
    }

    fn check_hosts(
        &mut self,
        index: usize,
        check: &Check,
        hosts: &[HostName],
    ) -> Result<(), DriveError> {
        let ring = self.ring(index);
        for hosts in hosts.chunks(GROUP) {
            let mut made = Vec::new();
            let rollout = &*self.rollout;
            let each = &mut |name: &HostName, found, at| {
                let event = Event::Checked {
                    ring: ring.clone(),
                    host: Some(name.clone()),
                    check: check.name.clone(),
                    found,
                };
                made.push((event, at));
                Ok(())
            };
            let asked = self.hands.check_hosts(rollout, check, hosts, each);
            record_all(self.rollout, self.journal, made)?;
            asked.map_err(outside("a check on hosts"))?;
        }
        Ok(())
    }

    /// Makes a check that a probe answers.
    fn look(
        &mut self,
        index: usize,
        check: Looked<'_>,
        hosts: &[HostName],
    ) -> Result<(), DriveError> {
        let ring = self.ring(index);
        for hosts in hosts.chunks(GROUP) {
            let questions: Vec<_> = hosts.iter().map(|name| self.question(name)).collect();
            let mut made = Vec::new();
            let rollout = &*self.rollout;
            let asked = self
                .hands
                .probe(rollout, &questions, &mut |name, answer, at| {
                    if let Some(host) = rollout.hosts.get(name) {
                        let event = Event::Checked {
                            ring: ring.clone(),
                            host: Some(name.clone()),
                            check: check.name.to_owned(),
                            found: looked(check, host, answer),
                        };
                        made.push((event, at));
                    }
                    Ok(())
                });
            record_all(self.rollout, self.journal, made)?;
            asked.map_err(outside("asking hosts"))?;
        }
        Ok(())
    }
}

fn looked(check: Looked<'_>, host: &Host, answer: Answer<HostFacts>) -> Verdict {
    match (answer, check.check.map(|check| &check.what)) {
        (Err(silence), _) => Verdict::Inconclusive { said: silence.why },
        (Ok(facts), Some(What::Service(unit))) => {
            let moved = !matches!(host.state, HostState::Skipped { .. });
            judge::service(unit, host, &facts, moved)
        }
        (Ok(facts), _) => judge::installed(host, &facts),
    }
}
