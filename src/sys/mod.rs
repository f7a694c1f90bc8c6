//! The outside, small and honest: clock, processes, files, git, signatures,
//! stores.

pub mod apt;
pub mod binfmt;
pub mod clock;
pub mod disk;
pub mod ed25519;
pub mod environment;
pub mod files;
pub mod forge;
pub mod git;
pub mod host;
pub mod http;
pub mod interrupt;
pub mod layers;
pub mod machine;
pub mod openpgp;
pub mod outward;
pub mod post;
pub mod process;
pub mod sandbox;
pub mod store;
pub mod temporary;
pub mod tree;
pub mod web;
