//! What a rollout asks of the outside: the one place where steps touch it.

use std::error::Error;

use super::event::Generation;
use super::facts::HostFacts;
use super::health::{Check, Verdict};
use super::policy::{Pull, RingSuite};
use super::state::{Counted, Rollout, Way};
use super::target::Move;
use crate::model::{Fingerprint, HostName, Suite, Timestamp};

/// Something outside failed: nothing is known of the result, trying again may
/// help.
pub type Outside = Box<dyn Error + Send + Sync>;

/// What hosts are asked about beside their packages.
#[derive(Debug, Clone)]
pub struct Question {
    /// The host.
    pub host: HostName,
    /// The job whose outcome is wanted.
    pub job: Option<String>,
    /// Units whose state is wanted.
    pub services: Vec<String>,
}

/// What a host is told to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// The host.
    pub host: HostName,
    /// The job's name: telling it twice begins it once.
    pub job: String,
    /// What is to be done: `to` is where each package goes, also on the way
    /// back.
    pub moves: Vec<Move>,
    /// Whether older versions may come.
    pub way: Way,
    /// Finish what of our own packages is half done first.
    pub repair: bool,
}

/// A host's answer, or its silence.
pub type Answer<T> = Result<T, Silence>;

/// A host said nothing that could be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What was heard instead.
    pub why: String,
}

/// Takes each host's answer as it comes; its error ends the asking.
pub type Each<'a, T> = &'a mut dyn FnMut(&HostName, T) -> Result<(), Outside>;

/// Takes each host's answer with the moment when it came.
pub type Timed<'a, T> = &'a mut dyn FnMut(&HostName, T, Timestamp) -> Result<(), Outside>;

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It has begun, now or when it was told before.
    Begun,
    /// The host refused to begin.
    NotBegun {
        /// Why.
        why: String,
    },
}

/// The result of opening a ring or withdrawing a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// The suites are so, by these generations.
    Done(Vec<Generation>),
    /// The archive refuses.
    Refused(String),
    /// These suites no longer have what was meant to come from them.
    Gone(Vec<Suite>),
}

/// Everything that a rollout does to the world. Each answer is given as it
/// comes, from the calling thread.
pub trait Hands {
    /// Reads the clock.
    fn now(&self) -> Timestamp;

    /// Asks hosts, a bounded number at once.
    fn probe(
        &mut self,
        rollout: &Rollout,
        questions: &[Question],
        each: Timed<'_, Answer<HostFacts>>,
    ) -> Result<(), Outside>;

    /// Tells hosts to begin, a bounded number at once.
    fn begin(
        &mut self,
        rollout: &Rollout,
        orders: &[Order],
        each: Timed<'_, Answer<Told>>,
    ) -> Result<(), Outside>;

    /// Makes a check on hosts, a bounded number at once.
    fn check_hosts(
        &mut self,
        rollout: &Rollout,
        check: &Check,
        hosts: &[HostName],
        each: Timed<'_, Verdict>,
    ) -> Result<(), Outside>;

    /// Makes a check on the controller.
    fn check_here(&mut self, rollout: &Rollout, check: &Check) -> Result<Verdict, Outside>;

    /// Asks what a pull ring's hosts run.
    fn count(&mut self, rollout: &Rollout, pull: &Pull) -> Result<Counted, Outside>;

    /// Tries the way there and back; returns the problems.
    fn rehearse(&mut self, rollout: &Rollout) -> Result<Vec<String>, Outside>;

    /// Gives suites the version, offered to so many of a hundred hosts.
    fn open(
        &mut self,
        rollout: &Rollout,
        suites: &[RingSuite],
        percent: u8,
    ) -> Result<Moved, Outside>;

    /// Takes the version out of suites, and puts back what was there before.
    fn withdraw(&mut self, rollout: &Rollout, suites: &[Suite]) -> Result<Moved, Outside>;

    /// Names what of these the archive no longer offers to the host (each
    /// move's `to`): nothing may be moved there.
    fn missing(&mut self, rollout: &Rollout, moves: &[Move]) -> Result<Vec<String>, Outside>;

    /// Judges every approval once more, before it is used: a journal is a file,
    /// and a key may have expired or been revoked since. Names those that do not
    /// count, with the reason.
    fn doubts(&mut self, rollout: &Rollout) -> Result<Vec<(Fingerprint, String)>, Outside>;

    /// Renders the request for approval and brings it to who may approve;
    /// returns its digest.
    fn request(&mut self, rollout: &Rollout) -> Result<String, Outside>;
}
