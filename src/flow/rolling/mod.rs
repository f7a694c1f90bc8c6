//! Rollouts: what a step of one does to the archive, to hosts and to people.
//!
//! [`crate::rollout`] says what the next step is and writes down what came of
//! it; here are the hands that do it.

pub mod advancing;
mod changes;
pub mod changing;
mod commands;
pub mod controller;
mod counting;
pub mod delivering;
mod members;
pub mod opening;
pub mod planning;
mod refusal;
pub mod rehearsing;
pub mod requesting;
pub mod reversion;
pub mod shelf;
pub mod starting;
pub mod taking_back;
pub mod telling;

pub use refusal::RollingError;
