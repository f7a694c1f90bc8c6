//! A project's own versions ⇄ the Debian versions made of them.
//!
//! Debian's side of the mapping: the repacks' suffixes of the Developer's
//! Reference 6.7.8.2 (`+dfsg`, `+ds`), `+really` for a way back to an older
//! release, and what native packages append for others' uploads (`+nmu1`,
//! `+deb12u1`, `~bpo12+1`).

use crate::format::version::Version;

/// Tells whether `written`, as a project writes its versions, is the release
/// that the Debian version is made of.
pub fn is_release_of(written: &str, version: &Version) -> bool {
    let debian = debian_upstream(written);
    written == version.as_str()
        || [version.upstream(), release_of(version)]
            .iter()
            .any(|release| written == *release || debian == *release)
}

/// Returns the upstream release that a Debian version is made of:
/// `1.2+dfsg1-3` → `1.2`, `2.0+really1.9-1` → `1.9`.
///
/// ```
/// use debcut::format::version::Version;
/// use debcut::release::upstream::release_of;
/// let version = Version::new("2:2.0+really1.9+dfsg.1-1")?;
/// assert_eq!(release_of(&version), "1.9");
/// # Ok::<(), debcut::format::version::VersionError>(())
/// ```
pub fn release_of(version: &Version) -> &str {
    let mut release = version.upstream();
    if let Some((_, really)) = release.rsplit_once("+really") {
        release = really;
    }
    let uploads: &[&str] = if version.is_native() { &UPLOADS } else { &[] };
    let words = REPACKS.iter().chain(uploads);
    // One after the other: 1.2+dfsg+nmu1 has two.
    while let Some(shorter) = words.clone().find_map(|word| without(release, word)) {
        release = shorter;
    }
    release
}

/// What marks sources that Debian has packed again, after `+`, `~` or `.`.
const REPACKS: [&str; 4] = ["dfsg", "ds", "repack", "repacked"];

/// What a native package's version gains by an upload that is no release of
/// its own: of another maintainer, to a stable suite, to backports.
const UPLOADS: [&str; 3] = ["nmu", "deb", "bpo"];

/// Takes such a word with its number off the end of a version.
fn without<'a>(release: &'a str, word: &str) -> Option<&'a str> {
    let at = release.rfind(word)?;
    let number = &release[at + word.len()..];
    let numbered = match word {
        "deb" => number
            .split_once('u')
            .is_some_and(|(a, b)| is_number(a) && is_number(b)),
        "bpo" => number
            .split_once('+')
            .is_some_and(|(a, b)| is_number(a) && is_number(b)),
        "nmu" => is_number(number),
        _ => number.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
    };
    let before = release[..at].strip_suffix(['+', '~', '.'])?;
    (numbered && !before.is_empty()).then_some(before)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Writes a project's version as a Debian upstream version: a pre-release of
/// SemVer or PEP 440 sorts before its release (`1.2.0-rc.1` → `1.2.0~rc1`), a
/// post-release before the next one (`1.2.post1` → `1.2+post1`, for to dpkg
/// `1.2.post1` would be above `1.2.1`). PEP 440's epoch is left out: Debian's is
/// a decision of its own.
///
/// What is neither stays as it is, so the texts of Debian's own versions do.
pub fn debian_upstream(version: &str) -> String {
    let (core, build) = match version.split_once('+') {
        Some((core, build)) => (core, format!("+{}", build.replace('-', "."))),
        None => (version, String::new()),
    };
    let core = match core.split_once('!') {
        Some((epoch, rest)) if is_number(epoch) => rest,
        _ => core,
    };
    if let Some((release, rest)) = core.split_once('-') {
        return format!("{release}~{}{build}", identifiers(rest));
    }
    let numbers = core.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let release = core[..core.len() - numbers.len()].trim_end_matches('.');
    match words(numbers) {
        Some(words) if !release.is_empty() => format!("{release}{words}{build}"),
        _ => format!("{core}{build}"),
    }
}

/// Writes SemVer's identifiers: `rc.1` → `rc1`, as that dot is the notation's
/// and not the version's.
fn identifiers(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let letter = out.ends_with(|last: char| last.is_ascii_alphabetic());
        if c == '.' && letter && rest.peek().is_some_and(char::is_ascii_digit) {
            continue;
        }
        out.push(if c == '-' { '.' } else { c });
    }
    out
}

/// Writes PEP 440's words behind the numbers: `rc1`, `a1.dev2`, `post1`. None:
/// there are others.
fn words(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let bare = rest.trim_start_matches(['.', '_']);
        let behind = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let word = &bare[..bare.len() - behind.len()];
        let numbered = behind.trim_start_matches(['.', '_']);
        let end = numbered.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = &numbered[..numbered.len() - end.len()];
        let sign = match word.to_ascii_lowercase().as_str() {
            // 1.2a may be a letter of anybody's.
            "a" | "b" | "c" if number.is_empty() => return None,
            "a" | "b" | "c" | "rc" | "alpha" | "beta" | "pre" | "preview" | "dev" => '~',
            "post" => '+',
            _ => return None,
        };
        out.push(sign);
        out.push_str(word);
        out.push_str(number);
        rest = end;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::number::Number;
    use proptest::prelude::*;

    #[test]
    fn repacks_are_of_their_release() {
        let cases = [
            ("1.2-1", "1.2"),
            ("1.2+dfsg-1", "1.2"),
            ("1.2+dfsg1-1", "1.2"),
            ("1.2+dfsg.1-1", "1.2"),
            ("1:1.2~dfsg-3", "1.2"),
            ("1.2.dfsg.1-1", "1.2"),
            ("1.2+ds-1", "1.2"),
            ("1.2+ds1-1", "1.2"),
            ("1.2+ds+dfsg-1", "1.2"),
            ("1.2+repack-1", "1.2"),
            ("1.2+repack2-1", "1.2"),
            ("1.2+repacked1-1", "1.2"),
            ("2.0+really1.9-1", "1.9"),
            ("2.0+really1.9+dfsg-1", "1.9"),
            ("2.0+really1.9+really1.8-1", "1.8"),
            ("1.2~rc1+dfsg-1", "1.2~rc1"),
            ("1.2+nmu1", "1.2"),
            ("1.2+nmu1+deb12u3", "1.2"),
            ("1.2+deb12u1", "1.2"),
            ("1.2~bpo12+1", "1.2"),
            // Only a native package has them in its upstream version.
            ("1.2+nmu1-1", "1.2+nmu1"),
            ("1.2+nmu", "1.2+nmu"),
            ("1.2+git20250101-1", "1.2+git20250101"),
            ("1.2+dsx-1", "1.2+dsx"),
            ("1.2ds1-1", "1.2ds1"),
        ];
        for (version, want) in cases {
            let version = Version::new(version).expect(version);
            assert_eq!(release_of(&version), want, "{version}");
        }
    }

    #[test]
    fn a_written_version_is_its_release() {
        let cases = [
            ("1.2.0", "1.2.0-1", true),
            ("1.2.0", "1:1.2.0+dfsg-1", true),
            ("1.2.0+dfsg", "1.2.0+dfsg-1", true),
            ("1.2.0-rc.1", "1.2.0~rc1+ds1-1", true),
            ("1.9", "2.0+really1.9-1", true),
            ("2.0", "2.0+really1.9-1", false),
            ("1.2.0", "1.2.0+nmu1", true),
            ("1.2.0", "1.2.0+git1-1", false),
            ("1.2.1", "1.2.0+dfsg-1", false),
        ];
        for (written, version, want) in cases {
            let version = Version::new(version).expect(version);
            assert_eq!(
                is_release_of(written, &version),
                want,
                "{written} {version}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_version_is_made_of_something(
            text in "[0-9]([0-9.]|\\+dfsg|\\+ds|~dfsg|\\+really|\\+nmu|\\+deb1u|ds|~bpo1){0,6}[0-9](-1)?"
        ) {
            if let Ok(version) = Version::new(text) {
                prop_assert!(!release_of(&version).is_empty());
                prop_assert!(version.upstream().contains(release_of(&version)));
            }
        }
    }

    #[test]
    fn pre_releases_sort_before_their_release() {
        let cases = [
            ("1.2.3", "1.2.3"),
            ("1.2.3-rc.1", "1.2.3~rc1"),
            ("1.2.3-rc1", "1.2.3~rc1"),
            ("1.2.3-alpha.beta.2", "1.2.3~alpha.beta2"),
            ("1.2.3-0.3.7", "1.2.3~0.3.7"),
            ("1.2.3+build-5", "1.2.3+build.5"),
            ("1.2rc1", "1.2~rc1"),
            ("1.2.dev3", "1.2~dev3"),
            ("1.2a1", "1.2~a1"),
            ("1.2.rc1", "1.2~rc1"),
            ("1.2_rc.1", "1.2~rc1"),
            ("1.2rc", "1.2~rc"),
            ("1.2.0RC2", "1.2.0~RC2"),
            ("1.2rc1.dev4", "1.2~rc1~dev4"),
            ("1.2.post1", "1.2+post1"),
            ("1.2.post1.dev2", "1.2+post1~dev2"),
            ("1.2rc1+local.5", "1.2~rc1+local.5"),
            ("1!1.2b2", "1.2~b2"),
            ("1.2a", "1.2a"),
            ("1.2.0beta2x", "1.2.0beta2x"),
            ("20250101", "20250101"),
            ("2024b1x", "2024b1x"),
            ("1.2.3~rc1", "1.2.3~rc1"),
        ];
        for (version, want) in cases {
            assert_eq!(debian_upstream(version), want, "{version}");
        }
    }

    proptest! {
        /// What a project releases one after the other, dpkg installs in the
        /// same order.
        #[test]
        fn the_order_survives(
            a in "[0-2]\\.[0-3](\\.[0-2])?",
            b in "[0-2]\\.[0-3](\\.[0-2])?",
            style in 0..5usize,
            pre in proptest::array::uniform2((0..4usize, 1..12u32)),
        ) {
            let written = |core: String, (kind, n): (usize, u32)| {
                let core = if core.matches('.').count() < 2 { format!("{core}.0") } else { core };
                match (style, ["a", "b", "rc", "post"][kind]) {
                    (4, kind) => format!("{core}{kind}{n}"),
                    (_, "post") => core,
                    (0, "rc") => format!("{core}-rc.{n}"),
                    (0, kind) => format!("{core}-{}.{n}", if kind == "a" { "alpha" } else { "beta" }),
                    (1, kind) => format!("{core}-{kind}{n}"),
                    (2, kind) => format!("{core}~{kind}{n}"),
                    (_, kind) => format!("{core}{kind}{n}"),
                }
            };
            let [x, y] = [written(a, pre[0]), written(b, pre[1])];
            let number = |text: &str| Number::parse(text).expect("a version");
            let debian = |text: &str| Version::new(debian_upstream(text)).expect("a version");
            prop_assert_eq!(
                number(&x).compare(&number(&y)),
                debian(&x).compare(&debian(&y)),
                "{} {}", x, y
            );
        }
    }
}
