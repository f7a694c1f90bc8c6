//! How suites stand for their clients: for a person, for Nagios and its kin,
//! for Prometheus.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::{Finding, Severity, Timestamp};
use crate::publish::health::{Health, Thresholds, span};
use crate::report::{Document, Page, size};

/// What `archive status` answers.
#[derive(Debug, Serialize)]
pub struct ArchiveStatusDocument {
    archive: String,
    state: &'static str,
    suites: Vec<SuiteRow>,
}

#[derive(Debug, Serialize)]
struct SuiteRow {
    #[serde(flatten)]
    health: Health,
    /// Seconds until clients refuse it.
    left_seconds: Option<i64>,
}

/// What a monitoring program is told: the plugin API of Nagios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Monitored {
    /// All is well.
    Ok,
    /// Somebody should look.
    Warning,
    /// Somebody must look now.
    Critical,
    /// It could not be found out.
    Unknown,
}

impl Monitored {
    /// Weighs findings: a warning is one, an error is critical.
    pub fn of(findings: &[Finding]) -> Self {
        let worst = findings.iter().map(|finding| finding.severity).max();
        match worst {
            Some(Severity::Error) => Self::Critical,
            Some(Severity::Warning) => Self::Warning,
            _ => Self::Ok,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Writes the one line for what could not be found out.
    pub fn unknown(why: &str) -> String {
        format!("DEBCUT {} - {}", Self::Unknown.word(), line(why))
    }
}

impl ArchiveStatusDocument {
    /// Shows how suites stand at `now`.
    pub fn new(archive: String, suites: &[Health], findings: &[Finding], now: Timestamp) -> Self {
        let row = |health: &Health| SuiteRow {
            left_seconds: left(health, now),
            health: health.clone(),
        };
        Self {
            archive,
            state: match Monitored::of(findings) {
                Monitored::Ok => "ok",
                Monitored::Warning => "warning",
                Monitored::Critical => "critical",
                Monitored::Unknown => "unknown",
            },
            suites: suites.iter().map(row).collect(),
        }
    }

    /// Writes the one line that Nagios and its kin read, with the measured
    /// values behind the bar (“plugin output” and “performance data” of the
    /// Monitoring Plugins' guidelines).
    pub fn nagios(&self, findings: &[Finding], thresholds: &Thresholds) -> String {
        let state = Monitored::of(findings);
        let mut said: Vec<String> = Vec::new();
        for severity in [Severity::Error, Severity::Warning] {
            let of = findings.iter().filter(|one| one.severity == severity);
            said.extend(of.map(|one| line(&format!("{}: {}", one.subject, one.message))));
        }
        if said.is_empty() {
            for SuiteRow {
                health,
                left_seconds,
            } in &self.suites
            {
                let name = format!("{}@{}", health.suite, health.generation);
                said.push(match left_seconds {
                    Some(left) => format!("{name} valid for {}", span(*left)),
                    None => name,
                });
            }
        }
        let mut measured = Vec::new();
        for SuiteRow {
            health,
            left_seconds,
        } in &self.suites
        {
            let suite = &health.suite;
            measured.push(format!("'{suite}_generation'={}", health.generation));
            if let Some(left) = left_seconds {
                let (warn, critical) = thresholds.of_validity(health);
                measured.push(format!("'{suite}_valid'={left}s;{warn}:;{critical}:"));
            }
        }
        let (said, measured) = (said.join(", "), measured.join(" "));
        format!("DEBCUT {} - {said}|{measured}", state.word())
    }

    /// Writes the metrics in Prometheus' text exposition format 0.0.4.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, help: &str, values: Vec<(String, i64)>| {
            if values.is_empty() {
                return;
            }
            let _ = writeln!(text, "# HELP {name} {help}");
            let _ = writeln!(text, "# TYPE {name} gauge");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        };
        let each = |value: &dyn Fn(&Health) -> Option<i64>| -> Vec<(String, i64)> {
            let suites = self.suites.iter();
            suites
                .filter_map(|row| {
                    Some((
                        format!("suite=\"{}\"", label(row.health.suite.as_str())),
                        value(&row.health)?,
                    ))
                })
                .collect()
        };
        family(
            "debcut_suite_generation",
            "Number of the suite's current generation.",
            each(&|suite| i64::try_from(suite.generation).ok()),
        );
        family(
            "debcut_suite_date_seconds",
            "Date of the suite's Release, in seconds since the epoch.",
            each(&|suite| Some(suite.date.unix())),
        );
        family(
            "debcut_suite_valid_until_seconds",
            "Valid-Until of the suite's Release, in seconds since the epoch.",
            each(&|suite| suite.valid_until.map(Timestamp::unix)),
        );
        family(
            "debcut_suite_publish_pending",
            "1 while clients do not read what was committed last.",
            each(&|suite| Some(i64::from(suite.pending))),
        );
        family(
            "debcut_suite_packages",
            "Binary packages in the suite.",
            each(&|suite| i64::try_from(suite.census?.packages).ok()),
        );
        family(
            "debcut_suite_sources",
            "Source packages in the suite.",
            each(&|suite| i64::try_from(suite.census?.sources).ok()),
        );
        family(
            "debcut_suite_pool_bytes",
            "Size of the files of the suite's packages.",
            each(&|suite| i64::try_from(suite.census?.pool_bytes).ok()),
        );
        family(
            "debcut_suite_index_bytes",
            "Size of the suite's published index files.",
            each(&|suite| i64::try_from(suite.index_bytes).ok()),
        );
        let mut keys = Vec::new();
        for SuiteRow { health, .. } in &self.suites {
            for key in &health.keys {
                let suite = label(health.suite.as_str());
                let labels = format!("suite=\"{suite}\",key=\"{}\"", label(&key.fingerprint));
                keys.extend(key.expires.map(|end| (labels, end.unix())));
            }
        }
        family(
            "debcut_suite_key_expires_seconds",
            "End of a key that signs the suite, in seconds since the epoch.",
            keys,
        );
        text
    }
}

fn left(health: &Health, now: Timestamp) -> Option<i64> {
    health.valid_until.map(|end| end.unix() - now.unix())
}

/// Escapes a label's value.
fn label(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

/// Takes out what would end Nagios' line, or its readable part.
fn line(text: &str) -> String {
    let clean = |c: char| match c {
        '|' => '/',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(clean).collect()
}

impl Document for ArchiveStatusDocument {
    const SCHEMA: &'static str = "debcut/archive-status/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        let dash = || "–".to_owned();
        let row = |row: &SuiteRow| {
            let health = &row.health;
            let count = |count: Option<u64>| count.map_or_else(dash, |count| count.to_string());
            let key = health.keys.first();
            [
                format!("  {}@{}", health.suite, health.generation),
                health.date.to_string(),
                match row.left_seconds {
                    None => "without end".to_owned(),
                    Some(left) if left > 0 => format!("for {}", span(left)),
                    Some(_) => "no longer".to_owned(),
                },
                key.and_then(|key| key.expires)
                    .map_or_else(|| "without end".to_owned(), Timestamp::day),
                count(health.census.map(|census| census.packages)),
                count(health.census.map(|census| census.sources)),
                health
                    .census
                    .map_or_else(dash, |census| size(census.pool_bytes)),
                size(health.index_bytes),
                match health.pending {
                    true => "half-done".to_owned(),
                    false => "whole".to_owned(),
                },
            ]
        };
        let rows: Vec<_> = self.suites.iter().map(row).collect();
        let head = [
            "  SUITE",
            "DATE",
            "VALID",
            "KEY UNTIL",
            "PACKAGES",
            "SOURCES",
            "POOL",
            "INDICES",
            "PUBLISHED",
        ];
        page.table(head, &rows);
    }
}
