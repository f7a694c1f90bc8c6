//! Rings, soak, health, halt, and the way back.
//!
//! A rollout brings the binaries of one source that the archive has to the
//! hosts that have them installed: canaries first, then ring by ring, each
//! opened by the archive. Its state is its journal, applied event by event
//! ([`state`]); the next step is a pure function of state and clock ([`plan`]);
//! what touches the world does one step and decides nothing ([`hands`]).

pub mod approval;
mod arrival;
pub mod asked;
pub mod drive;
pub mod event;
pub mod facts;
pub mod gate;
pub mod hands;
pub mod health;
pub mod journal;
pub mod judge;
pub mod phasing;
pub mod plan;
pub mod policy;
pub mod remote;
pub mod script;
pub mod state;
pub mod target;
pub mod telling;
pub mod word;

#[cfg(test)]
mod simulation;

pub use crate::model::calendar;
pub use asked::Asked;
pub use event::{Entry, Event};
pub use facts::HostFacts;
pub use journal::Journal;
pub use plan::{Hold, Step};
pub use policy::{Policy, Ring};
pub use remote::Remote;
pub use state::{HostState, Phase, Rollout, RolloutId, Stage, Way};
pub use target::{Meant, Move, Target};
