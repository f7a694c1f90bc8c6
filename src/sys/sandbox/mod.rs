//! A room without doors: a build's own user, mount, PID, UTS, IPC and network
//! namespaces, made with `unshare(1)` and entered with `nsenter(1)`, both of
//! the essential package util-linux. Root is not needed where user namespaces
//! are allowed.
//!
//! The first process of the room is this program itself (its hidden verb): it mounts
//! what the [`Description`] says, changes the root, watches, and ends the
//! moment its standard input closes, with which the kernel ends everybody in
//! the room. So a room never outlives the process that opened it, however
//! that one ends.
//!
//! Tools are ordinary [`Tool`](crate::sys::process::Tool)s, whose limits, logs and interruption work as
//! outside; [`Room::enter`] only says where they run.

mod description;
mod enter;
mod groups;
mod ids;
pub mod inside;
mod opening;
mod refusal;
mod removal;
mod room;
mod wire;

pub use description::{Account, Bind, Description, Limits, Manner, Network, Root, Upper, Who};
pub use enter::first_processors;
pub use ids::root_number;
pub use removal::remove_tree;
pub use room::{Room, SandboxError, Sightings};

/// Where the machine's own tools are: a user's search path has no say in what
/// becomes a room's root.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
