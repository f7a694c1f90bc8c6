//! Rollouts: what a step of one does to the archive, to hosts and to people.
//!
//! [`crate::rollout`] says what the next step is and writes down what came of
//! it; here are the hands that do it.

mod counting;
pub mod delivering;
mod members;
pub mod opening;
mod planning;
mod refusal;
pub mod rehearsing;
pub mod requesting;
pub mod reversion;
pub mod telling;

pub use refusal::RollingError;
