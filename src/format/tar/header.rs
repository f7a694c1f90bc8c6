//! One 512-byte header block: fields ⇄ bytes.

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
        let mut block = [0; BLOCK];
        text(&mut block[..100], &self.name);
        octal(&mut block[100..108], u64::from(self.mode));
        number(&mut block[108..116], i128::from(self.owner.uid));
        number(&mut block[116..124], i128::from(self.owner.gid));
        number(&mut block[124..136], i128::from(self.size));
        number(&mut block[136..148], i128::from(self.mtime));
        block[156] = self.type_flag;
        text(&mut block[157..257], &self.link);
        block[257..265].copy_from_slice(b"ustar  \0");
        text(&mut block[265..297], &self.owner.user);
        text(&mut block[297..329], &self.owner.group);
        if let Some(device) = self.device {
            octal(&mut block[329..337], u64::from(device.major));
            octal(&mut block[337..345], u64::from(device.minor));
        }
        let sum = format!("{:06o}\0 ", checksum(&block));
        block[148..156].copy_from_slice(sum.as_bytes());
        block
    }

    /// Reads a v7, ustar or old GNU header.
    pub fn decode(block: &[u8; BLOCK]) -> Result<Self, HeaderError> {
        let (found, expected) = (unsigned("the checksum", &block[148..156])?, checksum(block));
        if found != expected {
            return Err(HeaderError::Checksum { found, expected });
        }
        // Only POSIX ustar puts a directory there; old GNU keeps other times
        // and sparse maps in the same bytes, v7 nothing.
        let posix = &block[257..263] == b"ustar\0";
        let named = posix || &block[257..263] == b"ustar ";
        let mut name = until_nul(&block[..100]).to_vec();
        let prefix = until_nul(&block[345..500]);
        if posix && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        let type_flag = block[156];
        let device = if named && matches!(type_flag, b'3' | b'4') {
            let part = |field, range: std::ops::Range<usize>| {
                let found = &block[range];
                let value = unsigned(field, found)?.try_into();
                value.map_err(|_| HeaderError::Number {
                    field,
                    found: found.to_vec(),
                })
            };
            Some(Device {
                major: part("the device's major number", 329..337)?,
                minor: part("the device's minor number", 337..345)?,
            })
        } else {
            None
        };
        let owner_name = |range: std::ops::Range<usize>| {
            let name = if named { &block[range] } else { &[] };
            until_nul(name).to_vec()
        };
        Ok(Self {
            name,
            // Old tars put the file type into the mode as well.
            mode: (unsigned("the mode", &block[100..108])? & 0o7777) as u32,
            owner: Owner {
                uid: unsigned("the owner", &block[108..116])?,
                gid: unsigned("the group", &block[116..124])?,
                user: owner_name(265..297),
                group: owner_name(297..329),
            },
            size: unsigned("the size", &block[124..136])?,
            mtime: signed("the time", &block[136..148])?,
            type_flag,
            link: until_nul(&block[157..257]).to_vec(),
            device,
        })
    }
}

fn text(field: &mut [u8], bytes: &[u8]) {
    let len = bytes.len().min(field.len());
    field[..len].copy_from_slice(&bytes[..len]);
}

fn octal(field: &mut [u8], value: u64) {
    let width = field.len() - 1;
    field[..width].copy_from_slice(format!("{value:0width$o}").as_bytes());
}

/// Writes octal where it fits, else base-256: big-endian two's complement,
/// marked by the first byte.
fn number(field: &mut [u8], value: i128) {
    let octal_digits = 3 * (field.len() - 1);
    match u64::try_from(value) {
        Ok(value) if octal_digits >= 64 || value >> octal_digits == 0 => octal(field, value),
        _ => {
            let bytes = value.to_be_bytes();
            field.copy_from_slice(&bytes[bytes.len() - field.len()..]);
            field[0] = if value < 0 { 0xff } else { 0x80 };
        }
    }
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
    signed(field, found)?
        .try_into()
        .map_err(|_| HeaderError::Number {
            field,
            found: found.to_vec(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_gnu_tar_does() {
        for (value, want) in [
            (0, &b"00000000000\0"[..]),
            (0o77777777777, b"77777777777\0"),
            (0o100000000000, b"\x80\0\0\0\0\0\0\x02\0\0\0\0"),
            (-1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            (-86400, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xae\x80"),
        ] {
            let mut field = [0; 12];
            number(&mut field, value);
            assert_eq!(
                field.escape_ascii().to_string(),
                want.escape_ascii().to_string()
            );
            assert_eq!(signed("it", &field), Ok(value as i64), "{value}");
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
        fn blocks_never_panic(mut block in prop::collection::vec(any::<u8>(), BLOCK)) {
            let sum = |block: &[u8]| checksum(block.try_into().expect("one block"));
            let digits = format!("{:06o}\0 ", sum(&block));
            block[148..156].copy_from_slice(digits.as_bytes());
            let _ = Header::decode(block.as_slice().try_into().expect("one block"));
        }
    }
}
