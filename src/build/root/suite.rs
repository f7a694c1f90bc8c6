//! Which suites a build's system is made of: `debian/changelog`'s word, or the
//! user's, → names below a mirror's `dists/`.
//!
//! As Debian's own builders have it: a release with its security and point
//! updates; backports and experimental on top of what they are made for.
//! `-proposed-updates` is left out: what is in it may be withdrawn.

use serde::{Deserialize, Serialize};

use crate::model::Suite;
use crate::model::name::nearest;

/// The suites of one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suites {
    /// The whole distribution that the system is made from.
    pub base: Suite,
    /// Suites on the same mirror that add to it.
    pub further: Vec<Suite>,
    /// The suite of the security mirror, where the base has one.
    pub security: Option<Suite>,
}

impl Suites {
    /// Returns the names of all, the base first.
    pub fn names(&self) -> Vec<String> {
        let all = [&self.base].into_iter();
        let all = all.chain(&self.further).chain(&self.security);
        all.map(ToString::to_string).collect()
    }
}

/// A series that Debian has, or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its code name.
    pub name: String,
    /// Whether it is released, so that it has updates.
    pub age: Age,
}

/// How far a series has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It has updates and a security suite.
    Released,
    /// It is what testing is, or will be.
    Coming,
}

/// Whose suites are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// Debian's, which are known by name.
    Debian(&'a [Series]),
    /// Those of a mirror that somebody named: whatever is there.
    Mirror,
}

/// Says that a distribution's name tells nothing about where to build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody knows a suite “{name}” to build in")]
pub struct UnknownSuite {
    /// The name.
    pub name: String,
    /// The known one that is most like it.
    pub nearest: Option<String>,
    /// Whether the changelog says it, and not the user.
    pub from: From,
}

/// Who named a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The newest entry of `debian/changelog`.
    Changelog,
    /// The configuration or the command line.
    User,
}

/// Names that the archive gives to whatever series it is at the time.
const ALIASES: [(&str, Age); 4] = [
    ("testing", Age::Coming),
    ("stable", Age::Released),
    ("oldstable", Age::Released),
    ("oldoldstable", Age::Released),
];
/// What follows a series' name in a distribution's, the longer first.
const POCKETS: [&str; 6] = [
    "-security",
    "-proposed-updates",
    "-updates",
    "-backports-sloppy",
    "-backports",
    "/updates",
];

/// Returns the series of this moment, where no table of the machine's says.
pub fn usual_series() -> Vec<Series> {
    let series = |age, names: &[&str]| {
        let names = names.iter();
        let series = names.map(move |name| Series {
            name: (*name).to_owned(),
            age,
        });
        series.collect::<Vec<_>>()
    };
    let released = series(Age::Released, &["buster", "bullseye", "bookworm", "trixie"]);
    let coming = series(Age::Coming, &["forky", "duke"]);
    released.into_iter().chain(coming).collect()
}

/// Reads the table of the package distro-info-data: what is released on `day`
/// (`2025-06-01`).
pub fn series_of_table(table: &str, day: &str) -> Vec<Series> {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| head.iter().position(|known| *known == name);
    let (Some(name), Some(release)) = (column("series"), column("release")) else {
        return Vec::new();
    };
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let series = rows.filter_map(|row| {
        let name = (*row.get(name)?).to_owned();
        let released = row.get(release).filter(|date| !date.is_empty());
        let age = match released.is_some_and(|date| *date <= day) {
            true => Age::Released,
            false => Age::Coming,
        };
        let standing = matches!(name.as_str(), "sid" | "experimental");
        (!standing).then_some(Series { name, age })
    });
    series.collect()
}

/// Says what a build for a distribution is made in. `chosen` is the user's
/// word, which wins.
pub fn suites(
    distribution: &str,
    chosen: Option<&str>,
    of: Of<'_>,
) -> Result<Suites, UnknownSuite> {
    let (name, from) = match chosen {
        Some(chosen) => (chosen, From::User),
        // An upload may name several; the first is what it is made for.
        None => {
            let first = distribution.split_whitespace().next().unwrap_or_default();
            (first, From::Changelog)
        }
    };
    let unknown = |known: &[&str]| UnknownSuite {
        name: name.to_owned(),
        // To nothing at all, every short name is near.
        nearest: match name {
            "" => None,
            "UNRELEASED" => Some("unstable".to_owned()),
            name => nearest(name, known.iter().copied()).map(str::to_owned),
        },
        from,
    };
    let suite = |name: &str| Suite::new(name).map_err(|_| unknown(&[]));
    let alone = |base: &str| {
        Ok(Suites {
            base: suite(base)?,
            further: Vec::new(),
            security: None,
        })
    };
    match name {
        "sid" | "unstable" => return alone("unstable"),
        "UNRELEASED" if from == From::Changelog => return alone("unstable"),
        "experimental" | "rc-buggy" => {
            return Ok(Suites {
                further: vec![suite("experimental")?],
                ..alone("unstable")?
            });
        }
        _ => {}
    }
    let series = match of {
        Of::Debian(series) => series,
        Of::Mirror => return alone(name),
    };
    let pocket = POCKETS.iter().find(|pocket| name.ends_with(**pocket));
    let series_name = pocket.map_or(name, |pocket| &name[..name.len() - pocket.len()]);
    let known = ALIASES.iter().map(|(name, age)| (*name, *age));
    let known = known.chain(series.iter().map(|s| (s.name.as_str(), s.age)));
    let known: Vec<(&str, Age)> = known.collect();
    let Some((_, age)) = known.iter().find(|(known, _)| *known == series_name) else {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let names: Vec<&str> = names
            .into_iter()
            .chain(["unstable", "experimental"])
            .collect();
        return Err(unknown(&names));
    };
    let mut found = alone(series_name)?;
    if *age == Age::Released {
        found
            .further
            .push(suite(&format!("{series_name}-updates"))?);
        // Security's suites had another form of name before bullseye.
        let old = ["buster", "stretch", "jessie"].contains(&series_name);
        let form = if old { "/updates" } else { "-security" };
        found.security = Some(suite(&format!("{series_name}{form}"))?);
    }
    match pocket.copied() {
        Some("-backports") => found.further.push(suite(name)?),
        Some("-backports-sloppy") => {
            let plain = name.trim_end_matches("-sloppy");
            found.further.extend([suite(plain)?, suite(name)?]);
        }
        _ => {}
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: Result<Suites, UnknownSuite>) -> String {
        match found {
            Ok(suites) => {
                let mut all = vec![suites.base.to_string()];
                all.extend(suites.further.iter().map(ToString::to_string));
                all.extend(suites.security.iter().map(|suite| format!("!{suite}")));
                all.join(" ")
            }
            Err(error) => format!("{error} {:?}", error.nearest),
        }
    }

    #[test]
    fn a_distribution_names_its_suites() {
        let cases = [
            ("unstable", None, "unstable"),
            ("sid", None, "unstable"),
            ("UNRELEASED", None, "unstable"),
            (
                "UNRELEASED",
                Some("trixie"),
                "trixie trixie-updates !trixie-security",
            ),
            (
                "unstable",
                Some("bookworm"),
                "bookworm bookworm-updates !bookworm-security",
            ),
            ("experimental", None, "unstable experimental"),
            ("rc-buggy", None, "unstable experimental"),
            (
                "bookworm",
                None,
                "bookworm bookworm-updates !bookworm-security",
            ),
            (
                "bookworm-security",
                None,
                "bookworm bookworm-updates !bookworm-security",
            ),
            (
                "bookworm-updates",
                None,
                "bookworm bookworm-updates !bookworm-security",
            ),
            (
                "bookworm-proposed-updates",
                None,
                "bookworm bookworm-updates !bookworm-security",
            ),
            (
                "trixie-backports",
                None,
                "trixie trixie-updates trixie-backports !trixie-security",
            ),
            (
                "bookworm-backports-sloppy",
                None,
                "bookworm bookworm-updates bookworm-backports bookworm-backports-sloppy \
                 !bookworm-security",
            ),
            (
                "buster/updates",
                None,
                "buster buster-updates !buster/updates",
            ),
            ("stable", None, "stable stable-updates !stable-security"),
            (
                "stable-backports",
                None,
                "stable stable-updates stable-backports !stable-security",
            ),
            ("testing", None, "testing"),
            ("forky", None, "forky"),
            (
                "bookworm trixie",
                None,
                "bookworm bookworm-updates !bookworm-security",
            ),
            (
                "bokworm",
                None,
                "nobody knows a suite “bokworm” to build in Some(\"bookworm\")",
            ),
            (
                "acme-prod",
                None,
                "nobody knows a suite “acme-prod” to build in None",
            ),
            ("", None, "nobody knows a suite “” to build in None"),
            (
                "unstable",
                Some("UNRELEASED"),
                "nobody knows a suite “UNRELEASED” to build in Some(\"unstable\")",
            ),
        ];
        let series = usual_series();
        for (distribution, chosen, want) in cases {
            let found = suites(distribution, chosen, Of::Debian(&series));
            assert_eq!(shown(found), want, "{distribution} {chosen:?}");
        }
    }

    #[test]
    fn nothing_is_near_no_name() {
        // The machine's table has names as short as “bo”.
        let name = "bo".to_owned();
        let age = Age::Released;
        let found = suites("unstable", Some(""), Of::Debian(&[Series { name, age }]));
        assert_eq!(found.map_err(|unknown| unknown.nearest), Err(None));
    }

    #[test]
    fn another_mirror_has_suites_of_its_own() {
        for (distribution, chosen, want) in [
            ("noble", None, "noble"),
            ("acme-prod", Some("jammy"), "jammy"),
            (
                "a b",
                Some("x y"),
                "nobody knows a suite “x y” to build in None",
            ),
        ] {
            let found = suites(distribution, chosen, Of::Mirror);
            assert_eq!(shown(found), want, "{distribution} {chosen:?}");
        }
    }

    #[test]
    fn the_machines_table_is_read() {
        let table = "version,codename,series,created,release,eol\n\
                     12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11\n\
                     13,Trixie,trixie,2023-06-10,2025-08-09,2028-08-09\n\
                     14,Forky,forky,2025-08-09\n\
                     ,Sid,sid,1993-08-16\n,Experimental,experimental,1993-08-16\n";
        let ages = |day: &str| -> Vec<(String, Age)> {
            let series = series_of_table(table, day).into_iter();
            series.map(|series| (series.name, series.age)).collect()
        };
        use Age::{Coming, Released};
        let name = |text: &str| text.to_owned();
        let early = [Released, Coming, Coming];
        let late = [Released, Released, Coming];
        for (day, ages_then) in [("2025-06-01", early), ("2025-08-09", late)] {
            let names = ["bookworm", "trixie", "forky"].map(name);
            let want: Vec<_> = names.into_iter().zip(ages_then).collect();
            assert_eq!(ages(day), want, "{day}");
        }
        assert!(series_of_table("", "2025-06-01").is_empty());
        // Where the package is there, it agrees with our own table.
        let Ok(table) = std::fs::read_to_string("/usr/share/distro-info/debian.csv") else {
            return;
        };
        let theirs = series_of_table(&table, "2026-01-01");
        for own in usual_series() {
            let name = own.name.clone();
            assert!(theirs.contains(&own), "{name}");
        }
    }
}
