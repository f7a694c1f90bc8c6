//! The whole program, run as its users run it: a repository of its own, a
//! cleared environment, a fixed clock; judged by exit code, output, and what
//! is on the disk before and after.

mod apt;
mod archive;
mod building;
mod bytes;
mod choices;
mod config;
mod debian;
mod debianize;
mod demo;
mod edges;
mod grounds;
mod histories;
mod interruption;
mod judges;
mod keys;
mod mistakes;
mod pipelines;
mod places;
mod planning;
mod preparing;
mod projects;
mod publishing;
mod rebuilding;
mod refusals;
mod releasing;
mod steps;
mod stopping;
mod tagging;
mod uploads;
mod verify;
mod world;
