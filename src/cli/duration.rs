//! Lengths of time on the command line: `90d`, `12h`, `2y`.

use std::num::NonZeroU32;

const DAY: u32 = 24 * 60 * 60;

/// The units that an option takes; `m` is a month to a key and a minute to an
/// archive, so no option takes both.
pub type Units = [(&'static str, u32)];

/// For what lasts years.
pub const LONG: &Units = &[
    ("d", DAY),
    ("w", 7 * DAY),
    ("m", 30 * DAY),
    ("y", 365 * DAY),
];

/// For what lasts days.
pub const SHORT: &Units = &[
    ("s", 1),
    ("m", 60),
    ("h", 60 * 60),
    ("d", DAY),
    ("w", 7 * DAY),
];

/// Reads a number with its unit as seconds; at most 136 years.
pub fn seconds(text: &str, units: &Units) -> Result<NonZeroU32, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = units
        .iter()
        .find(|(name, _)| *name == &text[digits.len()..]);
    let product = digits.parse::<u32>().ok().zip(unit);
    let product = product.and_then(|(number, (_, unit))| number.checked_mul(*unit));
    product.and_then(NonZeroU32::new).ok_or_else(|| {
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
        format!(
            "expected a number and one of {}, such as 7d",
            names.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        let cases: &[(&str, &Units, Option<u32>)] = &[
            ("2y", LONG, Some(63_072_000)),
            ("90d", LONG, Some(7_776_000)),
            ("12h", SHORT, Some(43_200)),
            ("5m", SHORT, Some(300)),
            ("12h", LONG, None),
            ("0d", LONG, None),
            ("d", LONG, None),
            ("7", LONG, None),
            ("137y", LONG, None),
            ("-1d", LONG, None),
            ("1dé", LONG, None),
        ];
        for (text, units, want) in cases {
            let found = seconds(text, units).ok().map(NonZeroU32::get);
            assert_eq!(found, *want, "{text}");
        }
    }
}
