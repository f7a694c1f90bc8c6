//! Two trees → a `.deb` with dpkg-deb's bytes.

use std::io::{self, Seek, SeekFrom, Write};

use crate::format::ar::{self, ArError};
use crate::format::compress::{Compression, Encoder, LevelError, Settings};
use crate::format::tar::{self, Modes, Owners, Style, Symlinks, Tree};
use crate::model::Timestamp;

/// How to pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How the data member is compressed, and the control member where
    /// [`ControlMember`] does not say otherwise.
    pub compress: Settings,
    /// How the control member is compressed.
    pub control: ControlMember,
    /// The package's time (`SOURCE_DATE_EPOCH`): the time of the ar members,
    /// and the latest any file may have.
    pub epoch: Timestamp,
    /// Whose the files of the data member are; [`Owners::Root`] is
    /// `--root-owner-group`.
    pub owners: Owners,
}

/// How the control member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlMember {
    /// As the data member is, which is dpkg-deb's default.
    #[default]
    Uniform,
    /// With gzip, as `--no-uniform-compression` has it and every dpkg did
    /// before 1.17.6: readable by those from before xz and zstd.
    Gzip,
}

impl Options {
    /// Settles how the control and the data member are compressed, in this
    /// order.
    pub(super) fn settle(&self) -> Result<[Settings; 2], LevelError> {
        let data = self.compress.settle()?;
        let control = match self.control {
            ControlMember::Uniform => data,
            ControlMember::Gzip => Settings::new(Compression::Gzip).settle()?,
        };
        Ok([control, data])
    }

    /// Packs as `SOURCE_DATE_EPOCH=epoch dpkg-deb --root-owner-group` does by
    /// default in Debian: xz.
    pub fn new(epoch: Timestamp) -> Self {
        Self {
            compress: Settings::new(Compression::Xz),
            control: ControlMember::Uniform,
            epoch,
            owners: Owners::Root,
        }
    }
}

/// Says why a package was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The compression is none that can be written.
    #[error(transparent)]
    Compress(#[from] LevelError),
    /// A member's tree cannot be written.
    #[error("cannot write {member}")]
    Tar {
        /// The member's name.
        member: String,
        /// Why.
        source: tar::WriteError,
    },
    /// A member is too large for an ar archive, or its time too far away.
    #[error("{member} does not fit into a package")]
    Header {
        /// The member's name.
        member: String,
        /// Which field does not fit.
        source: ArError,
    },
    /// The package cannot be written.
    #[error("cannot write {member}")]
    Output {
        /// The member's name.
        member: String,
        /// Why.
        source: io::Error,
    },
}

/// Writes a package to `out`, which starts at its current position.
///
/// The bytes are those of `dpkg-deb --build` on the same trees; for zstd only
/// with the same version of libzstd. Nothing is checked here: see
/// [`BuildTree`](super::BuildTree) and [`Declared`](super::Declared).
///
/// `out` is sought because a member's size stands before the member. It is
/// not flushed.
pub fn write(
    out: impl Write + Seek,
    control: &Tree,
    data: &Tree,
    options: &Options,
) -> Result<(), WriteError> {
    write_carried(out, control, data, options, |make, into| {
        make(into).map_err(CarryError::Make)
    })
}

/// Makes a tar, writing it to what it is given.
pub type MakeTar<'a> = dyn Fn(&mut dyn Write) -> Result<(), tar::WriteError> + Sync + 'a;

/// Says what stopped a tar on its way.
#[derive(Debug)]
pub enum CarryError {
    /// It could not be made.
    Make(tar::WriteError),
    /// It could not be compressed or written.
    Take(io::Error),
}

/// Writes a package as [`write()`] does, its tars brought by `carry` from who
/// makes them to who compresses them: so a thread of its own can read the
/// files.
///
/// `carry` calls the maker once and writes all that it makes, in its order and
/// in pieces of any size.
pub fn write_carried(
    mut out: impl Write + Seek,
    control: &Tree,
    data: &Tree,
    options: &Options,
    carry: impl Fn(&MakeTar<'_>, &mut dyn Write) -> Result<(), CarryError>,
) -> Result<(), WriteError> {
    let [of_control, of_data] = options.settle()?;
    let style = Style {
        prefix: b"./".to_vec(),
        symlinks: Symlinks::InPlace,
        owners: Owners::Root,
        modes: Modes::Readable,
        latest: options.epoch,
    };
    begin(&mut out, options).map_err(|source| WriteError::Output {
        member: "debian-binary".to_owned(),
        source,
    })?;
    let make = |mut to: &mut dyn Write| tar::write(control, &style, &mut to);
    let mtime = options.epoch.unix();
    member(&mut out, "control.tar", of_control, mtime, |encoder| {
        carry(&make, encoder)
    })?;
    let style = Style {
        symlinks: Symlinks::Last,
        owners: options.owners,
        modes: Modes::Kept,
        ..style
    };
    let make = |mut to: &mut dyn Write| tar::write(data, &style, &mut to);
    member(&mut out, "data.tar", of_data, mtime, |encoder| {
        carry(&make, encoder)
    })
}

fn begin(out: &mut impl Write, options: &Options) -> io::Result<()> {
    const VERSION: &[u8] = b"2.0\n";
    let header = ar::Header {
        name: b"debian-binary".to_vec(),
        mtime: options.epoch.unix(),
        size: VERSION.len() as u64,
    };
    let header = header.encode().expect("a Timestamp has at most 12 digits");
    out.write_all(&[&ar::MAGIC[..], &header, VERSION].concat())
}

fn member(
    out: &mut (impl Write + Seek),
    stem: &str,
    compress: Settings,
    mtime: i64,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), CarryError>,
) -> Result<(), WriteError> {
    let name = format!("{stem}{}", compress.compression.extension());
    let output = |source| WriteError::Output {
        member: name.clone(),
        source,
    };
    let start = out.stream_position().map_err(output)?;
    out.write_all(&[0; ar::HEADER_BYTES]).map_err(output)?;

    let buffered = io::BufWriter::with_capacity(64 * 1024, &mut *out);
    let mut encoder = Encoder::new(compress, buffered)?;
    fill(&mut encoder).map_err(|error| match error {
        CarryError::Make(source) => WriteError::Tar {
            member: name.clone(),
            source,
        },
        CarryError::Take(source) => output(source),
    })?;
    encoder
        .finish()
        .and_then(|mut buffered| buffered.flush())
        .map_err(output)?;

    let end = out.stream_position().map_err(output)?;
    let header = ar::Header {
        name: name.clone().into_bytes(),
        mtime,
        size: end - start - ar::HEADER_BYTES as u64,
    };
    let bytes = header.encode().map_err(|source| WriteError::Header {
        member: name.clone(),
        source,
    })?;
    let odd = header.size % 2 == 1;
    out.seek(SeekFrom::Start(start))
        .and_then(|_| out.write_all(&bytes))
        .and_then(|()| out.seek(SeekFrom::Start(end)))
        .and_then(|_| out.write_all(if odd { b"\n" } else { b"" }))
        .map_err(output)
}
