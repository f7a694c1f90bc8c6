//! A tar, read by the strict reader: what it refuses is compared as bytes.

use std::cell::Cell;
use std::io::{self, Read};

use crate::format::tar::{EntryKind, Reader};
use crate::model::Timestamp;

use super::{Aspect, Part, cut};

pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let place = Cell::new(0);
    let mut reader = Reader::new(Counted {
        bytes,
        place: &place,
    });
    let mut parts = Vec::new();
    while let Some(entry) = reader.next_entry().ok()? {
        // The reader has read the header and nothing behind it.
        let content = match entry.kind {
            EntryKind::File { size } => cut(bytes, place.get() as u64, size)?,
            _ => &[],
        };
        let owner = &entry.owner;
        let [user, group] = [&owner.user, &owner.group].map(|n| String::from_utf8_lossy(n));
        let name = match entry.path.is_root() {
            true => ".".to_owned(),
            false => entry.path.to_string(),
        };
        let part = Part::new(name, content)
            .aspect(Aspect::Type, entry.kind.name())
            .aspect(Aspect::Time, Timestamp::from_unix(entry.mtime).to_string())
            .aspect(Aspect::Mode, format!("{:04o}", entry.mode))
            .aspect(
                Aspect::Owner,
                format!("{user}/{group} ({}/{})", owner.uid, owner.gid),
            );
        parts.push(match &entry.kind {
            EntryKind::Symlink { target } => {
                part.aspect(Aspect::Target, String::from_utf8_lossy(target))
            }
            EntryKind::HardLink { target } => part.aspect(Aspect::Target, target.to_string()),
            EntryKind::CharDevice(device) | EntryKind::BlockDevice(device) => part.aspect(
                Aspect::Device,
                format!("{}, {}", device.major, device.minor),
            ),
            _ => part,
        });
    }
    Some(parts)
}

/// Bytes that are read, and how far.
struct Counted<'a> {
    bytes: &'a [u8],
    place: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let place = self.place.get();
        let read = (&self.bytes[place..]).read(buffer)?;
        self.place.set(place + read);
        Ok(read)
    }
}
