//! What in a difference speaks for which cause.

use std::collections::BTreeSet;

use super::words::{self, Both};
use super::{Cause, Certainty, Known};
use crate::model::Timestamp;
use crate::verify::difference::{Aspect, Difference, Spot, What};
use crate::verify::variation::Variation;

type Clue = (Cause, Certainty, String);

/// Finds what speaks for a cause; none if nothing does.
pub(super) fn find(
    difference: &Difference,
    known: (&Known, &Known),
    varied: &BTreeSet<Variation>,
) -> Option<Clue> {
    if let Some(evidence) = follows(difference) {
        return Some((Cause::Follows, Certainty::Likely, evidence.to_owned()));
    }
    match &difference.what {
        What::Aspect {
            aspect,
            first,
            second,
        } => aspect_clue(*aspect, first, second, known),
        What::Content { spots, .. } => {
            let clues = spots.iter().filter_map(|spot| spot_clue(spot, known));
            clues.min_by_key(|(_, certainty, _)| *certainty)
        }
        What::Reordered { spot } => Some(reordered(spot, known, varied)),
        What::Entries { first, second } => {
            let evidence = format!("{first} stands where the second has {second}");
            Some((Cause::Order, Certainty::Likely, evidence))
        }
        What::Compression if varied.contains(&Variation::Processors) => {
            let evidence = "unpacked the two are the same, and compressors share the work \
                            among the processors they find";
            Some((Cause::Parallelism, Certainty::Likely, evidence.to_owned()))
        }
        What::Compression | What::OnlyIn { .. } | What::Digest { .. } | What::TooLarge { .. } => {
            None
        }
    }
}

/// Tells what differs only because something else does.
fn follows(difference: &Difference) -> Option<&'static str> {
    let place = &difference.place;
    let names = place.names();
    let innermost = place.innermost();
    let in_control = names.get(1).is_some_and(|name| name == "control.tar");
    let listed = |fields: &[&str]| {
        let What::Content { spots, .. } = &difference.what else {
            return false;
        };
        let texts = spots
            .iter()
            .flat_map(|spot| [spot.first.text(), spot.second.text()]);
        let mut texts = texts.map(Option::unwrap_or_default);
        texts.all(|text| text.is_empty() || fields.iter().any(|field| text.starts_with(field)))
    };
    if in_control && innermost == "md5sums" {
        return Some("it lists the checksums of the package's files");
    }
    if in_control && innermost == "control" && listed(&["Installed-Size:"]) {
        return Some("it tells the size of the package's files");
    }
    if in_control && innermost == "control" && listed(&["Build-Ids:"]) {
        return Some("it lists the build ids of the package's programs");
    }
    if matches!(
        innermost,
        "section .note.gnu.build-id" | "section .gnu_debuglink"
    ) {
        return Some("it is a checksum of the program's other sections");
    }
    let is_only = matches!(difference.what, What::OnlyIn { .. });
    if names.iter().any(|name| name.contains("/.build-id/")) && is_only {
        return Some("it is named after the build id of a program that differs");
    }
    if innermost == "symbol table" {
        return Some("it tells where the library's objects are");
    }
    if names[0].ends_with(".dsc") && listed(&[" "]) {
        return Some("it lists the checksums of the source's files");
    }
    None
}

fn aspect_clue(aspect: Aspect, first: &str, second: &str, known: (&Known, &Known)) -> Option<Clue> {
    let says = format!("the first says {first}, the second {second}");
    match aspect {
        Aspect::Time => {
            let zones = zone_shift(known).filter(|shift| {
                let times = (written_time(first), written_time(second));
                let (Some(a), Some(b)) = times else {
                    return false;
                };
                const BUILD: i64 = 3600;
                (b.unix() - a.unix() - shift * 60).abs() < BUILD
            });
            let cause = match zones {
                Some(_) => Cause::Zone,
                None => Cause::Timestamp,
            };
            Some((cause, Certainty::Likely, says))
        }
        Aspect::Mode => {
            let mode = |text: &str| u32::from_str_radix(text, 8).ok();
            let differing = mode(first)? ^ mode(second)?;
            let evidence = umask_evidence(differing, known)?;
            Some((
                Cause::Umask,
                Certainty::Likely,
                format!("{says}; {evidence}"),
            ))
        }
        Aspect::Owner => Some((Cause::User, Certainty::Likely, says)),
        Aspect::Compression => None,
        Aspect::Type | Aspect::Target | Aspect::Device | Aspect::Name => {
            in_words(first.as_bytes(), second.as_bytes(), known)
        }
    }
}

fn written_time(text: &str) -> Option<Timestamp> {
    let utc = match text.ends_with('Z') {
        true => text.to_owned(),
        false => format!("{text}Z"),
    };
    Timestamp::parse_rfc3339(&utc).ok()
}

/// Returns how many minutes the second build's clock on the wall is ahead of
/// the first's because of their zones.
fn zone_shift((first, second): (&Known, &Known)) -> Option<i64> {
    let east = |known: &Known| words::minutes_east(known.zone.as_deref()?);
    let shift = east(second)? - east(first)?;
    (shift != 0).then_some(shift)
}

/// Tells why these bits of a mode are the umask's.
fn umask_evidence(differing: u32, (first, second): (&Known, &Known)) -> Option<String> {
    let (a, b) = (first.umask?, second.umask?);
    let masked = (a ^ b) & 0o777;
    (differing != 0 && differing & !masked == 0)
        .then(|| format!("the umasks were {a:04o} and {b:04o}"))
}

fn spot_clue(spot: &Spot, known: (&Known, &Known)) -> Option<Clue> {
    if let Some(label) = spot.label {
        return Some((
            Cause::Timestamp,
            Certainty::Likely,
            format!("it is {label}"),
        ));
    }
    in_words(spot.first.bytes(), spot.second.bytes(), known).or_else(|| raw_time(spot, known))
}

/// Finds a cause in two short texts that differ.
pub(super) fn in_words(first: &[u8], second: &[u8], known: (&Known, &Known)) -> Option<Clue> {
    let both = Both::of(first, second);
    let likely = |cause, evidence| Some((cause, Certainty::Likely, evidence));
    let (a, b) = known;
    for (cause, words) in [
        (Cause::Path, pair(&a.path, &b.path)),
        (Cause::HostName, pair(&a.host_name, &b.host_name)),
        (Cause::Kernel, pair(&a.kernel, &b.kernel)),
        (Cause::Locale, pair(&a.locale, &b.locale)),
    ] {
        if let Some((first, second)) = words
            && both.swapped(&first, &second)
        {
            return likely(cause, told(&both, &first, &second));
        }
    }
    user(&both, known)
        .or_else(|| noise(&both, known))
        .or_else(|| moment(&both, known))
        .or_else(|| zone(&both, known))
        .or_else(|| umask(&both, known))
        .or_else(|| processors(&both, known))
        .or_else(|| charset(&both, known))
        .or_else(|| chance(&both))
}

fn pair(first: &Option<String>, second: &Option<String>) -> Option<(String, String)> {
    let words = [first, second].map(|word| word.clone().unwrap_or_default());
    let [first, second] = words;
    (first != second).then_some((first, second))
}

fn told(both: &Both, first: &str, second: &str) -> String {
    let says = |text: &str, word: &str| match text.contains(word) && !word.is_empty() {
        true => format!("“{word}”"),
        false => "something else".to_owned(),
    };
    format!(
        "the first holds {}, the second {}",
        says(&both.first, first),
        says(&both.second, second)
    )
}

fn user(both: &Both, (a, b): (&Known, &Known)) -> Option<Clue> {
    let (first, second) = (a.user.clone()?, b.user.clone()?);
    let (one, other) = (first.1.to_string(), second.1.to_string());
    let found = both.swapped(&first.0, &second.0) || both.became(&one, &other);
    let evidence = format!(
        "it was built by {} ({one}), then by {} ({other})",
        first.0, second.0
    );
    found.then_some((Cause::User, Certainty::Likely, evidence))
}

fn noise(both: &Both, (a, b): (&Known, &Known)) -> Option<Clue> {
    let is_new = |(name, _): &(&String, &String)| !a.noise.contains_key(*name);
    let mut new = b.noise.iter().filter(is_new);
    let (name, _) = new.find(|(name, value)| {
        let came = |word: &str| {
            let said = |text: &str| text.contains(word);
            word.len() > 2 && said(&both.second) && !said(&both.first)
        };
        // A short value may stand in anything: it must be a word by itself.
        let is_word = both.changed.iter().any(|(_, word)| word == *value);
        came(&format!("{name}=")) || is_word || value.len() > 6 && came(value)
    })?;
    let evidence = format!("the second holds the variable {name}, which only that build had");
    Some((Cause::Environment, Certainty::Likely, evidence))
}

fn moment(both: &Both, (a, b): (&Known, &Known)) -> Option<Clue> {
    let (first, second) = (a.built?, b.built?);
    let likely = |evidence| Some((Cause::Timestamp, Certainty::Likely, evidence));
    let (first_years, second_years) = (words::years(first), words::years(second));
    let years = |x: i64, y: i64| first_years.contains(&x) && second_years.contains(&y);
    if let Some((x, y)) = both.numbers(years) {
        return likely(format!("the builds were in {x} and in {y}, and it says so"));
    }
    let moments = |x: i64, y: i64| words::within(first, x) && words::within(second, y);
    if let Some((x, y)) = both.numbers(moments) {
        let shown = |unix| Timestamp::from_unix(unix);
        return likely(format!(
            "{x} and {y} are the times of the builds, {} and {}",
            shown(x),
            shown(y)
        ));
    }
    // `20261121`, as in file names and versions.
    let days = |text: &str, (began, ended): (Timestamp, Timestamp)| {
        let plain = |time: Timestamp| time.day().replace('-', "");
        [began, ended]
            .into_iter()
            .any(|time| text.contains(&plain(time)) || text.contains(&time.day()))
    };
    let (in_first, in_second) = (days(&both.first, first), days(&both.second, second));
    if in_first && in_second {
        return likely("it holds the day of the build".to_owned());
    }
    None
}

fn zone(both: &Both, known: (&Known, &Known)) -> Option<Clue> {
    let (a, b) = known;
    let east = |known: &Known| words::minutes_east(known.zone.as_deref()?);
    let (from, to) = (east(a)?, east(b)?);
    let name = |known: &Known| {
        let zone = known.zone.as_deref().unwrap_or_default();
        zone.trim_end_matches(|c: char| !c.is_ascii_alphabetic())
            .to_owned()
    };
    let (first, second) = (name(a), name(b));
    let likely = |evidence| Some((Cause::Zone, Certainty::Likely, evidence));
    for (first, second) in [(first, second), (words::offset(from), words::offset(to))] {
        if both.swapped(&first, &second) {
            return likely(told(both, &first, &second));
        }
    }
    let shift = zone_shift(known)?;
    let times = (words::minutes(&both.first)?, words::minutes(&both.second)?);
    const DAY: i64 = 24 * 60;
    let apart = (times.1 - times.0 - shift).rem_euclid(DAY);
    // Builds may be a few minutes apart.
    let close = apart.min(DAY - apart) < 15;
    let evidence = format!(
        "its times are {} apart, as the zones are",
        words::offset(shift)
    );
    (close && times.0 != times.1).then_some((Cause::Zone, Certainty::Likely, evidence))
}

fn umask(both: &Both, known: (&Known, &Known)) -> Option<Clue> {
    let (a, b) = (known.0.umask?, known.1.umask?);
    let likely = |evidence| Some((Cause::Umask, Certainty::Likely, evidence));
    let (a, b) = (format!("{a:o}"), format!("{b:o}"));
    for zeros in ["", "0", "00", "000"] {
        let padded = |digits: &str, width: usize| format!("{digits:0>width$}");
        let width = zeros.len() + a.len().max(b.len());
        if both.became(&padded(&a, width), &padded(&b, width)) {
            return likely(format!(
                "the umasks were {a:0>4} and {b:0>4}, and it says so"
            ));
        }
    }
    if let (Some(x), Some(y)) = (
        words::listed_mode(&both.first),
        words::listed_mode(&both.second),
    ) && let Some(evidence) = umask_evidence(x ^ y, known)
    {
        return likely(format!("it lists modes, and {evidence}"));
    }
    let modes = both.changed.iter().find_map(|(a, b)| {
        let mode = |text: &str| {
            let digits = (3..=6).contains(&text.len()).then_some(text)?;
            u32::from_str_radix(digits, 8).ok()
        };
        umask_evidence(mode(a)? ^ mode(b)?, known)
    });
    likely(format!("it lists modes, and {}", modes?))
}

fn processors(both: &Both, (a, b): (&Known, &Known)) -> Option<Clue> {
    let (first, second) = (a.processors?, b.processors?);
    let count =
        |text: &str, n: u32| text.trim_start_matches(|c: char| c.is_alphabetic()) == n.to_string();
    let mut changed = both.changed.iter();
    let found = changed.any(|(a, b)| count(a, first) && count(b, second));
    let evidence = format!("there were {first} processors, then {second}, and it says so");
    (first != second && found).then_some((Cause::Parallelism, Certainty::Likely, evidence))
}

/// One of the character sets has no letters beyond ASCII.
fn charset(both: &Both, (a, b): (&Known, &Known)) -> Option<Clue> {
    let utf8 = |known: &Known| {
        let locale = known.locale.as_deref()?.to_lowercase();
        Some(locale.contains("utf"))
    };
    let (first, second) = (utf8(a)?, utf8(b)?);
    if first == second {
        return None;
    }
    let likely = |evidence: &str| Some((Cause::Locale, Certainty::Likely, evidence.to_owned()));
    let names = ["UTF", "ANSI_X3"];
    if both.swapped(names[usize::from(!first)], names[usize::from(!second)]) {
        return likely("it names the character set");
    }
    if both.first.is_ascii() != both.second.is_ascii() {
        return likely("one side has letters that the other's character set has not");
    }
    None
}

fn chance(both: &Both) -> Option<Clue> {
    let mut changed = both.changed.iter();
    let (a, b) = changed.find(|(a, b)| {
        let alike = a.len().abs_diff(b.len()) <= 2;
        alike && words::is_random(a) && words::is_random(b)
    })?;
    let evidence = format!("“{a}” and “{b}” look like chance");
    Some((Cause::Randomness, Certainty::Guess, evidence))
}

/// Finds the time of the build as a number of four bytes.
fn raw_time(spot: &Spot, (a, b): (&Known, &Known)) -> Option<Clue> {
    let (first, second) = (a.built?, b.built?);
    let (x, y) = (spot.first.bytes(), spot.second.bytes());
    type Read = fn([u8; 4]) -> u32;
    let mut found = x.windows(4).zip(y.windows(4)).flat_map(|(x, y)| {
        let reads: [Read; 2] = [u32::from_le_bytes, u32::from_be_bytes];
        reads.map(|read| {
            let number = |bytes: &[u8]| bytes.try_into().map(read).map(i64::from);
            (number(x).unwrap_or(0), number(y).unwrap_or(0))
        })
    });
    let (x, _) =
        found.find(|(x, y)| x != y && words::within(first, *x) && words::within(second, *y))?;
    let evidence = format!(
        "it holds the time of the build, {}",
        Timestamp::from_unix(x)
    );
    Some((Cause::Timestamp, Certainty::Likely, evidence))
}

fn reordered(spot: &Spot, known: (&Known, &Known), varied: &BTreeSet<Variation>) -> Clue {
    let same = "both have the same lines or words, in another order";
    let clue = |cause, certainty, more: &str| (cause, certainty, format!("{same}{more}"));
    let language = |known: &Known| {
        let locale = known.locale.clone().unwrap_or_default();
        !matches!(locale.split('.').next(), Some("C" | "POSIX" | ""))
    };
    if varied.contains(&Variation::DirectoryOrder) {
        clue(
            Cause::Order,
            Certainty::Likely,
            ", and directories listed their files in another",
        )
    } else if language(known.0) != language(known.1) {
        clue(
            Cause::Locale,
            Certainty::Guess,
            ", and the languages sort differently",
        )
    } else if varied.contains(&Variation::Processors) {
        clue(
            Cause::Parallelism,
            Certainty::Guess,
            ", and there were more processors, or fewer",
        )
    } else {
        let text = spot.first.text().unwrap_or_default();
        let evidence = match text.contains(['{', '(', '[']) {
            true => ", as tables and sets do whose order is chance",
            false => "",
        };
        clue(Cause::Order, Certainty::Guess, evidence)
    }
}
