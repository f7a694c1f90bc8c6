//! Which of two versions is the higher release.
//!
//! The order of SemVer 2.0.0 (section 11) for what SemVer has, and of PEP 440
//! (“Summary of permitted suffixes and relative ordering”) for what it has; a
//! pre-release that both write (`1.0.0-rc.1`, `1.0.0rc1`) is the same to both.
//!
//! Deviation from SemVer: a known word with a number fused to it (`rc10`) is a
//! word and a number, so that `-rc10` follows `-rc9`; SemVer compares both as
//! text and would put it first. Projects that write so count like this.

use std::cmp::Ordering;

use super::{Identifier, Number};

/// PEP 440's places of a release: its development, its pre-releases, itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stage<'a> {
    Development,
    Pre(&'a [Identifier]),
    Final,
}

impl Number {
    /// Compares as releases; `Equal` does not mean `==` (see [`Number`]).
    pub fn compare(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.significant().cmp(other.significant()))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| in_development(self).cmp(&in_development(other)))
    }

    /// Returns the numbers without zeros at the end.
    fn significant(&self) -> impl Iterator<Item = u128> {
        let zeros = self.numbers.iter().rev().take_while(|n| n.0 == 0).count();
        let numbers = &self.numbers[..self.numbers.len() - zeros];
        numbers.iter().map(|(number, _)| *number)
    }

    fn stage(&self) -> Stage<'_> {
        if !self.pre.is_empty() {
            Stage::Pre(&self.pre)
        } else if self.post.is_none() && self.dev.is_some() {
            Stage::Development
        } else {
            Stage::Final
        }
    }

    /// PEP 440's local version: none below all, segments of letters below
    /// those of numbers.
    fn local(&self) -> Option<Vec<Local>> {
        let segment = |text: &str| match text.parse() {
            Ok(number) => Local::Number(number),
            Err(_) => Local::Letters(text.to_ascii_lowercase()),
        };
        let build = self.build.as_ref()?;
        Some(build.split(['.', '-', '_']).map(segment).collect())
    }
}

/// A segment of a local version.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Letters(String),
    Number(u128),
}

/// A development release stands before what it leads to.
fn in_development(number: &Number) -> (bool, Option<u128>) {
    (number.dev.is_none(), number.dev)
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
            .then_with(|| self.local().cmp(&other.local()))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
