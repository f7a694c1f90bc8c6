//! Hosts asked and told.

use std::collections::BTreeMap;

use super::words::{heard, told};
use super::{Doing, DriveError, outside, record_all};
use crate::model::{HostName, PackageName, Sha256};
use crate::rollout::event::Event;
use crate::rollout::hands::{Order, Question};
use crate::rollout::health::What;
use crate::rollout::state::{Fault, HostState, Rollout, Way};
use crate::rollout::target::Move;

/// So many hosts are asked before what they said is written: a flush for each of
/// them would be most of the time with ten thousand, and one for all of them
/// would hide for minutes how far it is.
pub(super) const GROUP: usize = 250;

impl Doing<'_> {
    /// Asks hosts and writes down what each one's word means.
    pub(super) fn probe(&mut self, hosts: &[HostName]) -> Result<(), DriveError> {
        for hosts in hosts.chunks(GROUP) {
            let questions: Vec<_> = hosts.iter().map(|name| self.question(name)).collect();
            let mut made = Vec::new();
            let rollout = &*self.rollout;
            let asked = self
                .hands
                .probe(rollout, &questions, &mut |name, answer, at| {
                    let events = heard(rollout, name, answer, at).into_iter();
                    made.extend(events.map(|event| (event, at)));
                    Ok(())
                });
            record_all(self.rollout, self.journal, made)?;
            asked.map_err(outside("asking hosts"))?;
        }
        Ok(())
    }

    pub(super) fn question(&self, name: &HostName) -> Question {
        let host = self.rollout.hosts.get(name);
        let ring = host.map(|host| &self.rollout.policy.rings[host.ring]);
        let services = ring.into_iter().flat_map(|ring| &ring.checks);
        let services = services.filter_map(|check| match &check.what {
            What::Service(unit) => Some(unit.clone()),
            _ => None,
        });
        Question {
            host: name.clone(),
            job: host.and_then(|host| host.job.clone()),
            services: services.collect(),
        }
    }

    /// Tells a batch to begin: all of it is written down before the first one
    /// is told.
    pub(super) fn install(&mut self, hosts: &[(HostName, Vec<Move>)]) -> Result<(), DriveError> {
        let mut missing = Missing::default();
        let mut there = Vec::new();
        for (name, moves) in hosts {
            match missing.of(self, moves)? {
                None => there.push((name, moves)),
                Some(lost) => {
                    let fault = Fault::NoWayBack { missing: lost };
                    let host = name.clone();
                    self.record(Event::Failed { host, fault })?;
                }
            }
        }
        let mut orders = Vec::new();
        for (name, moves) in there {
            let Some(host) = self.rollout.hosts.get(name) else {
                continue;
            };
            let number = self.rollout.entries + orders.len() as u64 + 1;
            orders.push(Order {
                host: name.clone(),
                job: job(self.rollout, number),
                moves: moves.clone(),
                way: self.rollout.way,
                repair: host.repair || host.state == HostState::HalfDone,
            });
        }
        let at = self.hands.now();
        let starting = orders.iter().map(|order| Event::Starting {
            host: order.host.clone(),
            job: order.job.clone(),
        });
        let starting = starting.map(|event| (event, at)).collect();
        record_all(self.rollout, self.journal, starting)?;
        for orders in orders.chunks(GROUP) {
            let mut made = Vec::new();
            let rollout = &*self.rollout;
            let begun = self.hands.begin(rollout, orders, &mut |name, answer, at| {
                made.push((told(rollout, name, answer), at));
                Ok(())
            });
            record_all(self.rollout, self.journal, made)?;
            begun.map_err(outside("telling hosts"))?;
        }
        Ok(())
    }
}

/// What the archive no longer has, asked once for each way.
#[derive(Default)]
struct Missing {
    known: BTreeMap<Vec<(PackageName, String, String)>, Vec<String>>,
}

impl Missing {
    /// Before hosts go back, the archive must still have what they go to.
    fn of(&mut self, doing: &mut Doing, moves: &[Move]) -> Result<Option<Vec<String>>, DriveError> {
        if doing.rollout.way == Way::Forward {
            return Ok(None);
        }
        let key: Vec<_> = moves
            .iter()
            .map(|made| {
                let (architecture, to) = (made.architecture.to_string(), made.to.to_string());
                (made.package.clone(), architecture, to)
            })
            .collect();
        if !self.known.contains_key(&key) {
            let lost = doing.hands.missing(doing.rollout, moves);
            let lost = lost.map_err(outside("asking the archive for the way back"))?;
            self.known.insert(key.clone(), lost);
        }
        let lost = &self.known[&key];
        Ok((!lost.is_empty()).then(|| lost.clone()))
    }
}

/// Names a host's next job, by the number of the entry that says so: no two jobs
/// of a rollout have one name, and rollouts of one name, from other controllers
/// or in other years, have other jobs.
fn job(rollout: &Rollout, number: u64) -> String {
    let id = &rollout.id;
    let of = format!("{id} {} {}", rollout.planned, rollout.by);
    let digest = Sha256::of(of.as_bytes()).hex();
    let source = id.source.as_str().replace('+', "_");
    format!("{source}-{}-{number}", &digest[..8])
}
