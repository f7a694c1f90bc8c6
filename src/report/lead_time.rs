//! How long releases took.

use serde::Serialize;

use super::{Document, Page};
use crate::model::Timestamp;
use crate::release::lead_time::{LeadTime, Since, Span, spans};

/// What `lead-time` answers.
#[derive(Debug, Serialize)]
pub struct LeadTimeDocument {
    releases: Vec<LeadTime>,
    /// Median and worst of each step, over all of them.
    spans: Vec<Span>,
}

impl LeadTimeDocument {
    /// Shows releases.
    pub fn new(releases: Vec<LeadTime>) -> Self {
        let spans = spans(&releases);
        Self { releases, spans }
    }
}

impl Document for LeadTimeDocument {
    const SCHEMA: &'static str = "debcut/lead-time/1";

    fn text(&self, page: &mut Page) {
        if self.releases.is_empty() {
            page.line("nothing is released yet");
            return;
        }
        let rows: Vec<[String; 9]> = self.releases.iter().map(row).collect();
        page.table(
            [
                "PACKAGE",
                "VERSION",
                "COMMITS",
                "OLDEST COMMIT",
                "MEDIAN",
                "TAGGED",
                "ARCHIVE",
                "CANARY",
                "EVERYONE",
            ],
            &rows,
        );
        // Of one release, the table says it all.
        if self.releases.len() > 1 {
            page.line("");
            let rows: Vec<[String; 4]> = self.spans.iter().map(span_row).collect();
            page.table(["STEP", "RELEASES", "MEDIAN", "WORST"], &rows);
        }
    }
}

fn span_row(of: &Span) -> [String; 4] {
    [
        of.steps.replace('-', " → "),
        of.releases.to_string(),
        span(of.median_seconds),
        span(of.worst_seconds),
    ]
}

fn row(release: &LeadTime) -> [String; 9] {
    let dash = || "–".to_owned();
    let moment = |at: Option<Timestamp>| at.map_or_else(dash, |at| at.to_string());
    let suites: Vec<String> = release
        .suites
        .iter()
        .map(|arrival| {
            let after = arrival.at.unix() - release.tagged.unix();
            let sign = match arrival.known {
                Since::Exactly => "+",
                Since::AtLatest => "at latest +",
            };
            let after = span(after.max(0));
            format!("{} {} {sign}{after}", arrival.archive, arrival.suite)
        })
        .collect();
    [
        release.package.to_string(),
        release.version.clone(),
        release.commits.to_string(),
        moment(release.oldest_commit),
        release.median_seconds.map_or_else(dash, span),
        release.tagged.to_string(),
        match suites.is_empty() {
            true => dash(),
            false => suites.join(", "),
        },
        moment(release.canary),
        match release.taken_back {
            Some(at) => format!("taken back {at}"),
            None => moment(release.everyone),
        },
    ]
}

/// Writes a span of time in its two largest units.
fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        for (seconds, want) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_600, "1 h 0 min"),
            (90_000, "1 d 1 h"),
            (864_000, "10 d 0 h"),
        ] {
            assert_eq!(span(seconds), want, "{seconds}");
        }
    }
}
