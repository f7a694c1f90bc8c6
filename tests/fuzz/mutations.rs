//! Good bytes made bad, the same for the same number.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// What readers stumble over, put where something else was.
const ODD: [&[u8]; 18] = [
    b"\n",
    b"\n\n",
    b"\n .\n",
    b"\r\n",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b":",
    b"9999999999",
    b"18446744073709551616",
    b"-1",
    b"../",
    b"\t",
    b"[[[[[[[[{{{{{{{{",
    b"-----BEGIN PGP SIGNED MESSAGE-----\n\n",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x01",
];
/// No mutant is longer: what repeats is repeated again.
const LONGEST: usize = 256 * 1024;

/// Returns the mutant of this number.
pub fn mutant(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut chance = StdRng::seed_from_u64(number);
    let seed = seeds.choose(&mut chance).expect("some seed");
    let mut bytes = match chance.gen_range(0..20) {
        0 => (0..chance.gen_range(0..600))
            .map(|_| chance.r#gen())
            .collect(),
        // The right beginning, and then anything.
        1 => {
            let kept = chance.gen_range(0..=seed.len().min(80));
            let anything = (0..chance.gen_range(0..600)).map(|_| chance.r#gen::<u8>());
            seed[..kept].iter().copied().chain(anything).collect()
        }
        _ => seed.clone(),
    };
    for _ in 0..chance.gen_range(1..8) {
        edit(&mut bytes, seeds, &mut chance);
        bytes.truncate(LONGEST);
    }
    if chance.gen_bool(0.5) {
        mend(&mut bytes);
    }
    bytes
}

fn edit(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut StdRng) {
    let at = chance.gen_range(0..=bytes.len());
    let end = (at + chance.gen_range(0..200)).min(bytes.len());
    match chance.gen_range(0..9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.gen_range(0..8),
        1 if at < bytes.len() => bytes[at] = chance.r#gen(),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let times = chance.gen_range(1..30);
            let part = bytes[at..end].repeat(times);
            bytes.splice(at..at, part);
        }
        5 => {
            let other = seeds.choose(chance).expect("some seed");
            let from = chance.gen_range(0..=other.len());
            let to = (from + chance.gen_range(0..400)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        6 => {
            let odd = ODD.choose(chance).expect("some");
            bytes.splice(at..(at + odd.len()).min(bytes.len()), odd.iter().copied());
        }
        7 => {
            let odd = ODD.choose(chance).expect("some");
            bytes.splice(at..at, odd.iter().copied());
        }
        _ => {
            // Whole lines change places.
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let (a, b) = (chance.gen_range(0..=lines.len()), lines.len());
            if a < b {
                let line = lines.remove(a);
                lines.insert(chance.gen_range(0..=lines.len()), line);
            }
            *bytes = lines.concat();
        }
    }
}

/// Corrects checksums, so that a reader gets past them.
fn mend(bytes: &mut [u8]) {
    mend_tar(bytes);
    mend_xz(bytes);
}

/// Corrects the header checksum of everything that looks like a tar header.
fn mend_tar(bytes: &mut [u8]) {
    let magics = |at: &usize| bytes[*at..].starts_with(b"ustar");
    let places: Vec<_> = (257..bytes.len()).filter(magics).collect();
    for place in places {
        let at = place - 257;
        let Some(header) = bytes.get_mut(at..at + 512) else {
            continue;
        };
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// Corrects the checksums of an xz stream's index and footer.
fn mend_xz(bytes: &mut [u8]) {
    let len = bytes.len();
    if len < 36 || !bytes.ends_with(b"YZ") || !len.is_multiple_of(4) {
        return;
    }
    let size = u32::from_le_bytes([0, 1, 2, 3].map(|n| bytes[len - 8 + n]));
    let index_len = (size as usize + 1).saturating_mul(4);
    let footer = crc32fast::hash(&bytes[len - 8..len - 2]).to_le_bytes();
    bytes[len - 12..len - 8].copy_from_slice(&footer);
    if let Some(start) = (len - 12).checked_sub(index_len)
        && index_len > 4
    {
        let end = len - 16;
        let crc = crc32fast::hash(&bytes[start..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&crc);
    }
}
