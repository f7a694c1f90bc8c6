//! A room without doors: a build's own user, mount, PID, UTS, IPC and network
//! namespaces, made with `unshare(1)` and entered with `nsenter(1)`, both of
//! the essential package util-linux. Root is not needed where user namespaces
//! are allowed.
//!
//! The first process of the room is this program itself ([`init`]): it mounts
//! what the [`Description`] says, changes the root, watches, and ends the
//! moment its standard input closes, with which the kernel ends everybody in
//! the room. So a room never outlives the process that opened it, however
//! that one ends.
//!
//! Tools are ordinary [`Tool`]s, whose limits, logs and interruption work as
//! outside; [`Room::enter`] only says where they run.

mod description;
mod room;

pub use description::{Account, Bind, Description, Limits, Manner, Network, Root, Upper, Who};
pub use room::{Room, SandboxError, Sightings};
