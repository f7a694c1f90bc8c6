//! The whole program, run as its users run it.

mod edges;
#[allow(dead_code)]
mod projects;
mod verify;
#[allow(dead_code)]
mod world;
