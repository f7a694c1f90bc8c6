//! Which hosts take a phased update: the draw that apt makes on each host from
//! its machine-id(5), computed here for hosts that nobody asks.
//!
//! Follows `apt-pkg/upgrade.cc` (`PhasedUpgrader`) and, below it, the C++
//! standard: `std::seed_seq` (28.5.8.1 [rand.util.seedseq]), `std::minstd_rand`
//! (28.5.4.2 [rand.eng.lcong]) and libstdc++'s `std::uniform_int_distribution`,
//! which the standard leaves open and apt's users therefore fix.

use crate::format::version::Version;
use crate::model::PackageName;

/// Which apt makes the draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apt {
    /// Before 3.3: of 0 to 100, and a host takes the update when it drew no
    /// more than the percentage. So 0 still reaches about one host of 101.
    Old,
    /// From 3.3 on: of 0 to 99, and a host takes the update when it drew less
    /// than the percentage.
    New,
}

/// A machine-id(5): 32 hexadecimal digits in lower case, not all of them 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(String);

/// Says why a text is no machine-id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a machine-id: {rule}")]
pub struct MachineIdError {
    /// What was found.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl MachineId {
    /// Checks `text` and takes it as a machine-id.
    pub fn new(text: impl Into<String>) -> Result<Self, MachineIdError> {
        let text = text.into();
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let rule = if text.len() != 32 {
            "it has 32 digits"
        } else if !text.bytes().all(digit) {
            "its digits are 0-9 and a-f, in lower case"
        } else if text.bytes().all(|byte| byte == b'0') {
            "not all of its digits are 0"
        } else {
            return Ok(Self(text));
        };
        Err(MachineIdError { text, rule })
    }

    /// Returns it as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns what apt draws on a host for a version of a source package, its
/// epoch included: 0 to 100 for [`Apt::Old`], 0 to 99 for [`Apt::New`].
pub fn draw(source: &PackageName, version: &Version, machine_id: &str, apt: Apt) -> u8 {
    let seed = format!("{source}-{version}-{machine_id}");
    // `char` is signed where apt is used most (amd64); all that can stand in a
    // seed is ASCII, so it makes no difference.
    let words: Vec<u32> = seed.bytes().map(u32::from).collect();
    let sides = match apt {
        Apt::Old => 101,
        Apt::New => 100,
    };
    let drawn = uniform(&mut MinStd::seeded(&words), sides);
    u8::try_from(drawn).expect("at most 100")
}

/// Tells whether a host that drew so takes an update that is offered to so many
/// of a hundred.
pub fn takes(percent: u8, draw: u8, apt: Apt) -> bool {
    match apt {
        Apt::Old => draw <= percent,
        Apt::New => draw < percent,
    }
}

/// Returns how many of `all` hosts take an update that is offered to so many of
/// a hundred, on average; part of a host is none.
pub fn expected(percent: u8, all: u64, apt: Apt) -> u64 {
    let (of, sides) = match apt {
        Apt::Old => (u64::from(percent) + 1, 101),
        Apt::New => (u64::from(percent), 100),
    };
    all * of.min(sides) / sides
}

/// 2³¹ − 1.
const MODULUS: u64 = 2_147_483_647;

/// `std::minstd_rand`.
struct MinStd(u64);

impl MinStd {
    /// Seeds it by the fourth word of four ([rand.eng.lcong] 5: k = 1).
    fn seeded(words: &[u32]) -> Self {
        let seed = u64::from(seed_words(words)[3]) % MODULUS;
        Self(if seed == 0 { 1 } else { seed })
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0 * 48_271 % MODULUS;
        self.0
    }
}

/// `std::uniform_int_distribution(0, sides - 1)` as libstdc++ has it.
fn uniform(from: &mut MinStd, sides: u64) -> u64 {
    // The generator gives 1 to 2³¹ − 2.
    let scale = (MODULUS - 2) / sides;
    loop {
        let drawn = from.next() - 1;
        if drawn < scale * sides {
            return drawn / scale;
        }
    }
}

/// `std::seed_seq::generate` for four words ([rand.util.seedseq] 8).
fn seed_words(of: &[u32]) -> [u32; 4] {
    let mut words = [0x8b8b_8b8b_u32; 4];
    let mix = |word: u32| word ^ (word >> 27);
    let (p, q) = (1, 2);
    let first = words.len().max(of.len() + 1);
    for k in 0..first {
        let (own, near, far, last) = (k % 4, (k + p) % 4, (k + q) % 4, (k + 3) % 4);
        let one = mix(words[own] ^ words[near] ^ words[last]).wrapping_mul(1_664_525);
        let add = match k.checked_sub(1) {
            None => of.len() as u32,
            Some(before) if before < of.len() => (own as u32).wrapping_add(of[before]),
            Some(_) => own as u32,
        };
        let two = one.wrapping_add(add);
        words[near] = words[near].wrapping_add(one);
        words[far] = words[far].wrapping_add(two);
        words[own] = two;
    }
    for k in first..first + 4 {
        let (own, near, far, last) = (k % 4, (k + p) % 4, (k + q) % 4, (k + 3) % 4);
        let sum = words[own]
            .wrapping_add(words[near])
            .wrapping_add(words[last]);
        let one = mix(sum).wrapping_mul(1_566_083_941);
        let two = one.wrapping_sub(own as u32);
        words[near] ^= one;
        words[far] ^= two;
        words[own] = two;
    }
    words
}

#[cfg(test)]
mod tests;
