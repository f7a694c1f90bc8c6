//! `Phased-Update-Percentage`: which hosts apt offers a phased update to.
//!
//! As apt does it (`apt-pkg/upgrade.cc` and `depcache.cc` of apt 2.2 and later,
//! `PhasedUpgrader`): the text `SOURCE-VERSION-MACHINE` seeds a `std::seed_seq`
//! (each byte as a signed char), that a `std::minstd_rand`, and that draws from
//! a `std::uniform_int_distribution` (libstdc++'s, by rejection).

use crate::format::version::Version;
use crate::model::PackageName;

/// Which apt draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apt {
    /// Before 3.3: from 0 to 100, and in it is who draws the percentage or
    /// less: 0 still reaches one of 101.
    Old,
    /// From 3.3 on: from 0 to 99, and in it is who draws less.
    New,
}

/// The modulus of `std::minstd_rand`, which gives 1 to one less.
const MODULUS: u64 = 2_147_483_647;
const MULTIPLIER: u64 = 48_271;

/// Returns what a machine draws for a source's version, as apt before 3.3 does:
/// from 0 to 100. The version is the source's, with its epoch.
pub fn draw(source: &PackageName, version: &Version, machine_id: &str) -> u8 {
    draw_as(Apt::Old, source, version, machine_id)
}

/// Returns what a machine draws for a source's version with such an apt.
pub fn draw_as(apt: Apt, source: &PackageName, version: &Version, machine_id: &str) -> u8 {
    let seed = format!("{source}-{version}-{machine_id}");
    let mut state = u64::from(seed_sequence(seed.as_bytes())) % MODULUS;
    if state == 0 {
        state = 1;
    }
    let values = match apt {
        Apt::Old => 101,
        Apt::New => 100,
    };
    // The generator's range is 0..=MODULUS-2 once its minimum is taken off.
    let scale = (MODULUS - 2) / values;
    loop {
        state = state * MULTIPLIER % MODULUS;
        let drawn = state - 1;
        if drawn < scale * values {
            return (drawn / scale) as u8;
        }
    }
}

/// Tells whether a machine that has drawn `draw` takes an update that is
/// offered to `percent` of a hundred; to all of them it is not phased.
pub fn takes(percent: u8, draw: u8, apt: Apt) -> bool {
    match apt {
        _ if percent >= 100 => true,
        Apt::Old => draw <= percent,
        Apt::New => draw < percent,
    }
}

/// Tells whether a machine takes a phased update.
pub fn is_in(
    apt: Apt,
    percent: u8,
    source: &PackageName,
    version: &Version,
    machine_id: &str,
) -> bool {
    takes(percent, draw_as(apt, source, version, machine_id), apt)
}

/// Returns the fourth word of four that `std::seed_seq` generates from bytes
/// (\[rand.util.seedseq\]): `std::minstd_rand` takes that one.
fn seed_sequence(bytes: &[u8]) -> u32 {
    const WORDS: usize = 4;
    let seeds: Vec<u32> = bytes.iter().map(|byte| *byte as i8 as i32 as u32).collect();
    let mut words = [0x8b8b_8b8b_u32; WORDS];
    // With four words, t is (4 - 1) / 2 and p is (4 - t) / 2.
    let (t, p) = (1, 1);
    let q = p + t;
    let rounds = WORDS.max(seeds.len() + 1);
    let mix = |x: u32| x ^ (x >> 27);
    for k in 0..rounds {
        let (at, near, far) = (k % WORDS, (k + p) % WORDS, (k + q) % WORDS);
        let before = words[(k + WORDS - 1) % WORDS];
        let first = mix(words[at] ^ words[near] ^ before).wrapping_mul(1_664_525);
        let add = match k {
            0 => seeds.len() as u32,
            _ if k <= seeds.len() => (at as u32).wrapping_add(seeds[k - 1]),
            _ => at as u32,
        };
        let second = first.wrapping_add(add);
        words[near] = words[near].wrapping_add(first);
        words[far] = words[far].wrapping_add(second);
        words[at] = second;
    }
    for k in rounds..rounds + WORDS {
        let (at, near, far) = (k % WORDS, (k + p) % WORDS, (k + q) % WORDS);
        let before = words[(k + WORDS - 1) % WORDS];
        let sum = words[at].wrapping_add(words[near]).wrapping_add(before);
        let third = mix(sum).wrapping_mul(1_566_083_941);
        let fourth = third.wrapping_sub(at as u32);
        words[near] ^= third;
        words[far] ^= fourth;
        words[at] = fourth;
    }
    words[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured with apt 2.6.
    const DRAWN: [(&str, &str, &str, u8); 7] = [
        ("ph", "1.1", "85acb55e5a8466ca646fe990fe239699", 0),
        ("ph", "1.1", "606001bef9af906e3cb205b02fe81b8d", 1),
        ("ph", "1.1", "62063a0009d13dfd5ace3ae714d19853", 10),
        ("ph", "1.1", "8f060d321a1fa6b2c94608f07f217519", 11),
        ("ph", "1.1", "ea582303a0a6a14f0af025dc04acead5", 50),
        ("ph", "1.1", "66957da8fb7e954663ab26ad8198ed70", 100),
        ("phsrc", "3:7.1-1", "03e04301b15a7969eae9d94821cc8222", 3),
    ];

    #[test]
    fn draws_as_apt_does() {
        for (source, version, machine, want) in DRAWN {
            let source = PackageName::new(source).expect("a name");
            let version = Version::new(version).expect("a version");
            let drawn = draw(&source, &version, machine);
            assert_eq!(drawn, want, "{source} {version} {machine}");
        }
    }

    #[test]
    fn edges_of_taking() {
        for (percent, draw, old, new) in [
            (0, 0, true, false),
            (0, 1, false, false),
            (10, 10, true, false),
            (10, 11, false, false),
            (99, 99, true, false),
            (99, 100, false, false),
            (100, 100, true, true),
        ] {
            let found = (
                takes(percent, draw, Apt::Old),
                takes(percent, draw, Apt::New),
            );
            assert_eq!(found, (old, new), "{draw} of {percent}");
        }
    }
}
