//! GNU tar archives as Debian's packages hold them: a [`Tree`] written with
//! GNU tar's bytes, and any tar that dpkg meets read strictly.
//!
//! Follows “Basic Tar Format” of the GNU tar manual (old GNU format, `././
//! @LongLink`), POSIX ustar and pax(1), and v7. Opens no files: contents come
//! through [`Content`]. Sparse, multi-volume and incremental archives are
//! refused.
//!
//! Of the `tar` crate, its header blocks are used. Its builder drops `./`, does
//! not notice that a file has changed its size, and ends after two blocks; its
//! reader holds a long name of any claimed size in memory, drops the high bytes
//! of base-256 numbers and never looks past the first zero block.

mod header;
mod path;
mod pax;
mod read;
mod tree;
mod write;

pub use header::{Device, HeaderError, Owner};
pub use path::{PathError, TreePath};
pub use read::{Entry, EntryKind, Reader, TarError};
pub use tree::{Content, Kind, Node, Tree, TreeError};
pub use write::{Modes, Owners, Style, Symlinks, WriteError, write};
