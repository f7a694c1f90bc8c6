//! The whole program, run as its users run it: a repository of its own, a
//! cleared environment, a fixed clock; judged by exit code, output, and what
//! is on the disk before and after.

mod apt;
mod archive;
mod binary;
mod building;
mod bytes;
mod choices;
mod config;
mod debian;
mod debianize;
mod demo;
mod distributions;
mod doctor;
mod edges;
mod gates;
mod grounds;
mod histories;
mod interruption;
mod judges;
mod keys;
mod lead_time;
mod mistakes;
mod notes;
mod own_history;
mod pipelines;
mod places;
mod planning;
mod preparing;
mod projects;
mod publishing;
mod ready_hooks;
mod rebuilding;
mod refusals;
mod releasing;
mod sandbox;
mod status;
mod steps;
mod stopping;
mod tagging;
mod uploading;
mod uploads;
mod verify;
mod world;
