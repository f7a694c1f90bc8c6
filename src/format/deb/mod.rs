//! Binary packages, deb(5): written with dpkg-deb's bytes, read strictly.
//!
//! - [`write()`] packs a control tree and a data tree as `dpkg-deb
//!   --root-owner-group --build` does.
//! - [`BuildTree`] is a tree with `DEBIAN/` that dpkg-deb would build.
//! - [`Declared`] makes the control tree from fields, scripts and conffiles.
//! - [`read()`] reads a package in one pass and refuses what is hostile,
//!   within [`Limits`]; [`Contents`] is all that it says, as a value, and
//!   [`differences`] what two of them do not share; [`locate`] finds the bytes.
//!
//! Opens no files: contents come through [`tar::Content`](super::tar::Content).
//! Knows nothing of archives, dependencies or versions beyond their place in
//! the control file. The format 0.939000 from before 1995 is refused.

mod build_tree;
mod contents;
mod control;
mod declared;
mod difference;
#[cfg(test)]
mod hostile;
mod limits;
mod measured;
mod members;
mod pack_plan;
mod places;
mod read;
#[cfg(test)]
mod roundtrip;
mod write;

pub use build_tree::{BuildTree, BuildTreeError};
pub use contents::{Contents, Listed};
pub use control::{Control, ControlError, Field};
pub use declared::{Declared, DeclaredError, installed_size_kib};
pub use difference::{
    Aspect, ByteDifference, Change, Difference, Excerpt, Facts, LocateError, Part, Side, Span,
    differences, locate,
};
pub use limits::Limits;
pub use pack_plan::PackPlan;
pub use places::PlaceError;
pub use read::{ControlFile, Deb, Member, Oddity, ReadError, TarMember, control, read};
pub use write::{CarryError, ControlMember, MakeTar, Options, WriteError, write, write_carried};

/// What dpkg calls the maintainer scripts.
pub const SCRIPTS: [&str; 5] = ["preinst", "postinst", "prerm", "postrm", "config"];
