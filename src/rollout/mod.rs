//! Rings, soak, health, halt, and the way back.
//!
//! A rollout brings the binaries of one source that the archive has to the
//! hosts that have them installed: canaries first, then ring by ring, each
//! opened by the archive. Its state is its journal, applied event by event
//! ([`state`]); the next step is a pure function of state and clock ([`plan`]);
//! what touches the world does one step and decides nothing ([`hands`]).

pub mod calendar;
pub mod event;
pub mod facts;
pub mod hands;
pub mod health;
pub mod phasing;
pub mod plan;
pub mod policy;
pub mod state;
pub mod target;

pub use event::{Entry, Event};
pub use facts::HostFacts;
pub use plan::{Hold, Step};
pub use policy::{Policy, Ring};
pub use state::{HostState, Phase, Rollout, Stage, Way};
pub use target::{Meant, Move, Target};
