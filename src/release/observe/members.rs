//! Sets of packages, small enough to hang one on every commit.

/// A set of packages, by their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members(Box<[u64]>);

impl Members {
    /// Makes an empty set for `count` packages.
    pub(super) fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)].into())
    }

    /// Makes the set of all `count` packages.
    pub(super) fn all(count: usize) -> Self {
        let mut all = Self::none(count);
        (0..count).for_each(|unit| all.insert(unit));
        all
    }

    pub(super) fn insert(&mut self, unit: usize) {
        self.0[unit / 64] |= 1 << (unit % 64);
    }

    pub(super) fn remove(&mut self, unit: usize) {
        self.0[unit / 64] &= !(1 << (unit % 64));
    }

    pub(super) fn has(&self, unit: usize) -> bool {
        self.0[unit / 64] & (1 << (unit % 64)) != 0
    }

    /// Adds another set and tells whether that made this one larger.
    pub(super) fn grow(&mut self, by: &Self) -> bool {
        let mut grown = false;
        for (own, other) in self.0.iter_mut().zip(&by.0) {
            grown |= *other & !*own != 0;
            *own |= *other;
        }
        grown
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        let words = self.0.iter().zip(&other.0);
        Self(words.map(|(own, other)| own & !other).collect())
    }

    /// Tells whether it has a package that none of the others has.
    pub(super) fn exceeds(&self, others: [Option<&Self>; 2]) -> bool {
        self.0.iter().enumerate().any(|(at, word)| {
            let taken = others.iter().flatten().map(|other| other.0[at]);
            word & !taken.fold(0, |all, word| all | word) != 0
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(at, word)| {
            let bits = (0..64).filter(move |bit| word & (1 << bit) != 0);
            bits.map(move |bit| at * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_more_than_a_word() {
        let mut set = Members::none(130);
        assert_eq!(set.iter().next(), None);
        for unit in [0, 63, 64, 129] {
            set.insert(unit);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(set.has(129) && !set.has(128));
        let mut all = Members::all(130);
        assert!(!all.grow(&set));
        let mut rest = all.without(&set);
        assert_eq!(rest.iter().count(), 126);
        assert!(rest.grow(&set));
        assert_eq!(rest, all);
        assert!(rest.exceeds([Some(&set), None]) && !set.exceeds([None, Some(&rest)]));
        rest.remove(64);
        assert!(!rest.has(64));
    }
}
