//! The lines of the report, the same for text and HTML.

use serde::Serialize;

use crate::report::Page;
use crate::verify::Assurance;
use crate::verify::assurance::{Extent, Judged};
use crate::verify::bisect::Culprits;
use crate::verify::cause::{Cause, Certainty, Explained};
use crate::verify::difference::{Aspect, Place, Side, Spot, What};
use crate::verify::variation::{Outcome, Tried};

/// A variation and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct VariationRow {
    name: &'static str,
    tried: bool,
    first: String,
    second: String,
    means: String,
}

impl VariationRow {
    pub(super) fn of(tried: &Tried) -> Self {
        let name = tried.variation.name();
        match &tried.outcome {
            Outcome::Varied {
                means,
                first,
                second,
            } => Self {
                name,
                tried: true,
                first: first.clone(),
                second: second.clone(),
                means: means.clone(),
            },
            Outcome::NotTried { why } => Self {
                name,
                tried: false,
                first: String::new(),
                second: String::new(),
                means: why.clone(),
            },
        }
    }

    pub(super) fn text(&self, page: &mut Page) {
        let Self {
            name,
            first,
            second,
            means,
            ..
        } = self;
        if self.tried {
            page.line(format!("  {name:<16} {first} → {second}"));
            page.line(page.dim(&format!("  {:<16} by {means}", "")));
        } else {
            let not = page.warning("not tried");
            page.line(format!("  {name:<16} {not}: {means}"));
        }
    }
}

/// Whether an artifact is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Equal,
    Differs,
    NotTried,
}

/// An artifact and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct ArtifactRow {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) verdict: String,
    pub(super) differences: Vec<DifferenceRow>,
    /// What differs only because these do.
    pub(super) follow: Vec<String>,
}

impl ArtifactRow {
    pub(super) fn of(judged: &Judged) -> Self {
        let row = |state, verdict: &str| Self {
            name: judged.name.clone(),
            state,
            verdict: verdict.to_owned(),
            differences: Vec::new(),
            follow: Vec::new(),
        };
        match &judged.assurance {
            Assurance::Reproduced(proof) => match proof.extent() {
                Extent::Bytes => row(State::Equal, "equal, byte for byte"),
                Extent::Text => row(State::Equal, "equal but for the signature"),
                Extent::Checksums => row(State::Equal, "equal in what it says of the artifacts"),
            },
            Assurance::NotTried { why } => row(State::NotTried, &format!("not compared: {why}")),
            Assurance::Differs { differences } => {
                let follows = |one: &&Explained| one.why.cause == Cause::Follows;
                let own = differences.iter().filter(|one| !follows(one));
                let follow = differences.iter().filter(follows);
                Self {
                    differences: own.map(DifferenceRow::of).collect(),
                    follow: follow.map(|one| within(&one.difference.place)).collect(),
                    ..row(State::Differs, "DIFFERS")
                }
            }
        }
    }
}

/// A difference as a person reads it.
#[derive(Debug, Serialize)]
pub(super) struct DifferenceRow {
    pub(super) place: String,
    pub(super) at: String,
    pub(super) first: Option<String>,
    pub(super) second: Option<String>,
    pub(super) how: Option<String>,
    pub(super) cause: String,
    pub(super) certainty: &'static str,
    pub(super) evidence: String,
    pub(super) remedy: String,
}

impl DifferenceRow {
    fn of(explained: &Explained) -> Self {
        let why = &explained.why;
        let mut row = Self {
            place: within(&explained.difference.place),
            at: String::new(),
            first: None,
            second: None,
            how: None,
            cause: why.cause.name().to_owned(),
            certainty: match why.certainty {
                Certainty::Shown => "shown by builds",
                Certainty::Likely => "likely",
                Certainty::Guess => "a guess",
            },
            evidence: harmless(&why.evidence),
            remedy: harmless(&why.remedy),
        };
        match &explained.difference.what {
            What::Content { spots, omitted } => {
                if let Some(spot) = spots.first() {
                    row.spot(spot);
                }
                let more = spots.len().saturating_sub(1) as u64 + omitted;
                row.how = match more {
                    0 => None,
                    1 => Some("and in 1 place more".to_owned()),
                    n => Some(format!("and in {n} places more")),
                };
            }
            What::Reordered { spot } => {
                row.spot(spot);
                row.how = Some("the same in another order".to_owned());
            }
            What::Aspect {
                aspect,
                first,
                second,
            } => {
                row.at = format!(": {aspect}");
                row.first = Some(harmless(first));
                row.second = Some(harmless(second));
                if *aspect == Aspect::Name {
                    row.at = ": name in the header".to_owned();
                }
            }
            What::Entries { first, second } => {
                row.at = ": order of what it holds".to_owned();
                row.first = Some(harmless(first));
                row.second = Some(harmless(second));
            }
            What::OnlyIn { side } => {
                let which = match side {
                    Side::First => "first",
                    Side::Second => "second",
                };
                row.how = Some(format!("only the {which} build made it"));
            }
            What::Compression => {
                let how = "unpacked the two are the same; they were compressed differently";
                row.how = Some(how.to_owned());
            }
            What::Digest { first, second } => {
                row.at = ": SHA-256".to_owned();
                row.first = Some(first.clone());
                row.second = Some(second.clone().unwrap_or_else(|| "none".to_owned()));
            }
            What::TooLarge { offset } => {
                row.at = format!(", byte {offset}");
                row.how = Some("too large, or too damaged, to look into".to_owned());
            }
        }
        row
    }

    fn spot(&mut self, spot: &Spot) {
        self.at = match (spot.line, spot.label) {
            (Some(line), _) => format!(", line {line}"),
            (None, Some(label)) => format!(", byte {} ({label})", spot.offset),
            (None, None) => format!(", byte {}", spot.offset),
        };
        self.first = Some(harmless(&spot.first.shown()));
        self.second = Some(harmless(&spot.second.shown()));
    }
}

/// Names a place inside its artifact.
fn within(place: &Place) -> String {
    let inside = match place.names() {
        [_, inside @ ..] if !inside.is_empty() => inside,
        whole => whole,
    };
    harmless(&inside.join(" → "))
}

/// Says what a bisection has found, one line each.
pub(super) fn bisection(culprits: &Culprits<Place>) -> Vec<String> {
    let places = |n: usize| match n {
        1 => "1 place".to_owned(),
        n => format!("{n} places"),
    };
    let mut lines = Vec::new();
    for (variation, caused) in &culprits.alone {
        lines.push(format!("{variation} alone: {}", places(caused.len())));
    }
    for (set, caused) in &culprits.together {
        let names: Vec<_> = set.iter().map(|variation| variation.name()).collect();
        let names = names.join(" and ");
        lines.push(format!("only together {names}: {}", places(caused.len())));
    }
    if !culprits.unstable.is_empty() {
        let n = places(culprits.unstable.len());
        lines.push(format!(
            "under the same conditions: {n} (chance, or time that passes)"
        ));
    }
    if lines.is_empty() {
        lines.push("nothing differed again".to_owned());
    }
    lines
}

/// Escapes what a terminal would obey: the bytes are anybody's.
pub(super) fn harmless(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '\n' | '\t' => letter.to_string(),
        _ if letter.is_control() => letter.escape_default().to_string(),
        _ => letter.to_string(),
    });
    escaped.collect()
}
