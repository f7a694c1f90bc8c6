//! Which bytes of a file are asked for: RFC 9110, section 14.

/// Ranges of one request that are answered one by one; more, or more bytes than
/// the file has, are an attack or a mistake, and get the whole file.
const RANGES: usize = 32;

/// Bytes of a file, both ends counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The first one.
    pub first: u64,
    /// The last one.
    pub last: u64,
}

impl Slice {
    /// Returns how many they are.
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What a `Range` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The whole file: nothing that we understand was asked for.
    Whole,
    /// These bytes, in the order of the request; never none.
    Slices(Vec<Slice>),
    /// Nothing that the file has.
    Outside,
}

/// Reads a `Range` for a file of `size` bytes.
pub fn wanted(range: &str, size: u64) -> Wanted {
    let Some((unit, set)) = range.split_once('=') else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let mut slices = Vec::new();
    for (count, one) in set.split(',').map(str::trim).enumerate() {
        if count == RANGES {
            return Wanted::Whole;
        }
        match slice(one, size) {
            Some(Some(slice)) => slices.push(slice),
            Some(None) => {}
            None => return Wanted::Whole,
        }
    }
    if slices.is_empty() {
        return Wanted::Outside;
    }
    match slices.iter().map(|slice| slice.length()).sum::<u64>() <= size {
        true => Wanted::Slices(slices),
        false => Wanted::Whole,
    }
}

/// Reads one range: none when it is not one, an empty one when the file has
/// nothing of it.
fn slice(text: &str, size: u64) -> Option<Option<Slice>> {
    let (first, last) = text.split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a file can have bytes are far behind its end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let found = if first.is_empty() {
        let count = number(last)?.min(size);
        (count > 0).then(|| Slice {
            first: size - count,
            last: size - 1,
        })
    } else {
        let first = number(first)?;
        let last = match last {
            "" => u64::MAX,
            last => number(last)?,
        };
        if last < first {
            return None;
        }
        (first < size).then(|| Slice {
            first,
            last: last.min(size - 1),
        })
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_specification_says() {
        let slices = |pairs: &[(u64, u64)]| {
            let slice = |(first, last): &(u64, u64)| Slice {
                first: *first,
                last: *last,
            };
            Wanted::Slices(pairs.iter().map(slice).collect())
        };
        let cases: &[(&str, u64, Wanted)] = &[
            ("bytes=0-0", 10, slices(&[(0, 0)])),
            ("Bytes=2-4", 10, slices(&[(2, 4)])),
            ("bytes=7-", 10, slices(&[(7, 9)])),
            ("bytes=7-99", 10, slices(&[(7, 9)])),
            ("bytes=-3", 10, slices(&[(7, 9)])),
            ("bytes=-99", 10, slices(&[(0, 9)])),
            ("bytes=1-2, 4-5", 10, slices(&[(1, 2), (4, 5)])),
            ("bytes=8-9,0-1", 10, slices(&[(8, 9), (0, 1)])),
            ("bytes=0-1,50-60", 10, slices(&[(0, 1)])),
            ("bytes=10-", 10, Wanted::Outside),
            ("bytes=-0", 10, Wanted::Outside),
            ("bytes=0-", 0, Wanted::Outside),
            ("bytes=99999999999999999999-", 10, Wanted::Outside),
            ("bytes=4-2", 10, Wanted::Whole),
            ("bytes=", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("lines=1-2", 10, Wanted::Whole),
            ("bytes=0-9,0-9", 10, Wanted::Whole),
        ];
        for (range, size, want) in cases {
            assert_eq!(wanted(range, *size), *want, "{range} of {size}");
        }
        let many = vec!["0-0"; 33].join(",");
        assert_eq!(wanted(&format!("bytes={many}"), 100), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn nothing_outside_the_file_is_ever_wanted(range in "(bytes=)?[0-9,= -]{0,30}", size in 0u64..50) {
            if let Wanted::Slices(slices) = wanted(&range, size) {
                prop_assert!(!slices.is_empty());
                for Slice { first, last } in slices {
                    prop_assert!(first <= last && last < size);
                }
            }
        }
    }
}
