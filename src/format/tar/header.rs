//! One 512-byte header block: fields ⇄ bytes.
//!
//! Which field stands where is the `tar` crate's knowledge. What numbers and
//! checksums look like is ours: the crate writes no time before 1970, and seven
//! digits of a checksum where GNU tar writes six; reading, it drops the high
//! bytes of a number in base-256, takes a sign, and refuses a blank field.

/// The size of a block.
pub(super) const BLOCK: usize = 512;

/// Who owns an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user's number.
    pub uid: u64,
    /// The group's number.
    pub gid: u64,
    /// The user's name; may be empty.
    pub user: Vec<u8>,
    /// The group's name; may be empty.
    pub group: Vec<u8>,
}

impl Owner {
    /// Returns root, as every file of a Debian package belongs to.
    pub fn root() -> Self {
        Self {
            uid: 0,
            gid: 0,
            user: b"root".to_vec(),
            group: b"root".to_vec(),
        }
    }

    /// Returns number 0 without names, as in Debian's source packages.
    pub fn unnamed() -> Self {
        Self {
            uid: 0,
            gid: 0,
            user: Vec::new(),
            group: Vec::new(),
        }
    }
}

/// The number of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Which driver.
    pub major: u32,
    /// Which device of it.
    pub minor: u32,
}

/// Says which field of a header is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A number is not written in octal or base-256, or is too large or
    /// negative.
    #[error("{field} is “{}”, expected a number in octal or base-256", .found.escape_ascii())]
    Number {
        /// Which field.
        field: &'static str,
        /// What stands there.
        found: Vec<u8>,
    },
    /// The checksum is not that of the block.
    #[error("header checksum is {found}, expected {expected}")]
    Checksum {
        /// What stands there.
        found: u64,
        /// The sum of the block's bytes.
        expected: u64,
    },
}

/// The fields of a header, names cut to what fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub name: Vec<u8>,
    pub mode: u32,
    pub owner: Owner,
    pub size: u64,
    pub mtime: i64,
    pub type_flag: u8,
    pub link: Vec<u8>,
    pub device: Option<Device>,
}

impl Header {
    /// Writes the block as GNU tar's old GNU format has it.
    pub fn encode(&self) -> [u8; BLOCK] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(self.mode);
        header.set_uid(self.owner.uid);
        header.set_gid(self.owner.gid);
        header.set_size(self.size);
        header.set_entry_type(tar::EntryType::new(self.type_flag));
        let gnu = header.as_gnu_mut().expect("it was made as one");
        match u64::try_from(self.mtime) {
            Ok(mtime) => gnu.as_header_mut().set_mtime(mtime),
            Err(_) => gnu.mtime = before_1970(self.mtime),
        }
        text(&mut gnu.name, &self.name);
        text(&mut gnu.linkname, &self.link);
        text(&mut gnu.uname, &self.owner.user);
        text(&mut gnu.gname, &self.owner.group);
        if let Some(device) = self.device {
            gnu.set_device_major(device.major);
            gnu.set_device_minor(device.minor);
        }
        let sum = format!("{:06o}\0 ", checksum(header.as_bytes()));
        header.as_old_mut().cksum.copy_from_slice(sum.as_bytes());
        *header.as_bytes()
    }

    /// Reads a v7, ustar or old GNU header.
    pub fn decode(block: &[u8; BLOCK]) -> Result<Self, HeaderError> {
        let header = known_version(block);
        let old = header.as_old();
        let (found, expected) = (unsigned("the checksum", &old.cksum)?, checksum(block));
        if found != expected {
            return Err(HeaderError::Checksum { found, expected });
        }
        let type_flag = old.linkflag[0];
        // Only ustar and old GNU have these; v7 has nothing there.
        let numbers = match (header.as_ustar(), header.as_gnu()) {
            (Some(ustar), _) => Some((ustar.dev_major, ustar.dev_minor)),
            (_, Some(gnu)) => Some((gnu.dev_major, gnu.dev_minor)),
            (None, None) => None,
        };
        let device = match numbers.filter(|_| matches!(type_flag, b'3' | b'4')) {
            Some((major, minor)) => Some(Device {
                major: short("the device's major number", &major)?,
                minor: short("the device's minor number", &minor)?,
            }),
            None => None,
        };
        Ok(Self {
            // With the directory that only ustar puts elsewhere; old GNU keeps
            // other times and sparse maps in the same bytes.
            name: header.path_bytes().into_owned(),
            // Old tars put the file type into the mode as well.
            mode: (unsigned("the mode", &old.mode)? & 0o7777) as u32,
            owner: Owner {
                uid: unsigned("the owner", &old.uid)?,
                gid: unsigned("the group", &old.gid)?,
                user: header.username_bytes().unwrap_or_default().to_vec(),
                group: header.groupname_bytes().unwrap_or_default().to_vec(),
            },
            size: unsigned("the size", &old.size)?,
            mtime: signed("the time", &old.mtime)?,
            type_flag,
            link: header.link_name_bytes().unwrap_or_default().into_owned(),
            device,
        })
    }
}

/// Takes a block for what its magic says, as dpkg does; the crate would take
/// one with an unusual version for v7 and not see all of its name.
fn known_version(block: &[u8; BLOCK]) -> tar::Header {
    let mut header = tar::Header::from_byte_slice(block).clone();
    let (magic, version) = header.as_mut_bytes()[257..265].split_at_mut(6);
    match &*magic {
        b"ustar\0" => version.copy_from_slice(b"00"),
        b"ustar " => version.copy_from_slice(b" \0"),
        _ => {}
    }
    header
}

fn text(field: &mut [u8], bytes: &[u8]) {
    let len = bytes.len().min(field.len());
    field[..len].copy_from_slice(&bytes[..len]);
}

/// Writes a negative number in base-256: big-endian two's complement.
fn before_1970(mtime: i64) -> [u8; 12] {
    let mut field = [0xff; 12];
    field[4..].copy_from_slice(&mtime.to_be_bytes());
    field
}

/// Adds up the block's bytes, the checksum itself counting as blanks.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u64::from(*b)).sum::<u64>();
    sum(&block[..148]) + 8 * u64::from(b' ') + sum(&block[156..])
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

fn signed(field: &'static str, found: &[u8]) -> Result<i64, HeaderError> {
    let refuse = || HeaderError::Number {
        field,
        found: found.to_vec(),
    };
    match found[0] {
        first @ (0x80 | 0xff) => {
            let start: i128 = if first == 0xff { -1 } else { 0 };
            let value = found[1..]
                .iter()
                .fold(start, |n, b| n << 8 | i128::from(*b));
            value.try_into().map_err(|_| refuse())
        }
        _ => {
            let digits = until_nul(found).trim_ascii();
            digits.iter().try_fold(0, |n: i64, digit| match digit {
                b'0'..=b'7' => Ok(n * 8 + i64::from(digit - b'0')),
                _ => Err(refuse()),
            })
        }
    }
}

fn unsigned(field: &'static str, found: &[u8]) -> Result<u64, HeaderError> {
    within(field, found)
}

fn short(field: &'static str, found: &[u8]) -> Result<u32, HeaderError> {
    within(field, found)
}

fn within<N: TryFrom<i64>>(field: &'static str, found: &[u8]) -> Result<N, HeaderError> {
    let value = signed(field, found)?.try_into();
    value.map_err(|_| HeaderError::Number {
        field,
        found: found.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(mtime: i64) -> Header {
        Header {
            name: b"./x".to_vec(),
            mode: 0o644,
            owner: Owner::root(),
            size: 0,
            mtime,
            type_flag: b'0',
            link: Vec::new(),
            device: None,
        }
    }

    #[test]
    fn numbers_are_written_as_gnu_tar_does() {
        for (value, want) in [
            (0, &b"00000000000\0"[..]),
            (0o77777777777, b"77777777777\0"),
            (0o100000000000, b"\x80\0\0\0\0\0\0\x02\0\0\0\0"),
            (-1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            (-86400, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xae\x80"),
        ] {
            let block = header(value).encode();
            assert_eq!(
                block[136..148].escape_ascii().to_string(),
                want.escape_ascii().to_string()
            );
            let found = Header::decode(&block).map(|header| header.mtime);
            assert_eq!(found, Ok(value), "{value}");
        }
    }

    #[test]
    fn the_magic_alone_says_which_header_it_is() {
        for (magic, name, user) in [
            (&b"ustar\x0000"[..], &b"dir/./x"[..], &b"root"[..]),
            (b"ustar\0  ", b"dir/./x", b"root"),
            (b"ustar  \0", b"./x", b"root"),
            (b"ustar 00", b"./x", b"root"),
            (b"\0\0\0\0\0\0\0\0", b"./x", b""),
        ] {
            let mut block = header(1).encode();
            block[257..265].copy_from_slice(magic);
            block[345..348].copy_from_slice(b"dir");
            let sum = format!("{:06o}\0 ", checksum(&block));
            block[148..156].copy_from_slice(sum.as_bytes());
            let found = Header::decode(&block).expect("a header");
            let shown = magic.escape_ascii();
            assert_eq!(
                found.name.escape_ascii().to_string(),
                name.escape_ascii().to_string(),
                "{shown}"
            );
            assert_eq!(found.owner.user, user, "{shown}");
        }
    }

    #[test]
    fn nonsense_is_no_number() {
        for found in [&b"8       "[..], b"-1\0", b"1 2\0", b"0x1\0", b"\x81\0\0\0"] {
            assert!(signed("it", found).is_err(), "{}", found.escape_ascii());
        }
        let too_large = b"\x80\x01\0\0\0\0\0\0\0\0\0\0";
        assert!(signed("it", too_large).is_err());
        assert!(unsigned("it", &[0xff; 12]).is_err());
        assert_eq!(unsigned("it", b"\0\0\0"), Ok(0));
        assert_eq!(unsigned("it", b"  17 \0"), Ok(0o17));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in prop::collection::vec(1..=255u8, 1..100),
            link in prop::collection::vec(1..=255u8, 0..100),
            numbers in (0..0o10000u32, 0..1u64 << 40, 0..1u64 << 32, any::<i64>()),
            size in 0..1u64 << 60,
            device in (0..1u32 << 21, 0..1u32 << 21),
        ) {
            let (mode, uid, gid, mtime) = numbers;
            let header = Header {
                name,
                mode,
                owner: Owner { uid, gid, ..Owner::root() },
                size,
                mtime,
                type_flag: b'3',
                link,
                device: Some(Device { major: device.0, minor: device.1 }),
            };
            prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
        }

        #[test]
        fn blocks_never_panic(mut block in prop::collection::vec(any::<u8>(), BLOCK)) {
            let sum = |block: &[u8]| checksum(block.try_into().expect("one block"));
            let digits = format!("{:06o}\0 ", sum(&block));
            block[148..156].copy_from_slice(digits.as_bytes());
            let _ = Header::decode(block.as_slice().try_into().expect("one block"));
        }
    }
}
