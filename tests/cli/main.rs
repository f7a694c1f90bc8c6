//! The whole program, run as its users run it.

mod config;
#[allow(dead_code)]
mod projects;
mod verify;
#[allow(dead_code)]
mod world;
