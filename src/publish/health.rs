//! How a suite stands for its clients: until when they accept it, whether its
//! keys last, and whether a publish was left half-done.

use serde::Serialize;

use super::census::{Census, census};
use super::error::PublishError;
use super::head::Head;
use crate::archive::layout;
use crate::archive::manifest::Manifest;
use crate::model::{Finding, Severity, Suite, Timestamp};
use crate::sys::openpgp::{Certificate, Status};
use crate::sys::store::Store;

const DAY: i64 = 24 * 60 * 60;

/// How a suite stands.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// The suite.
    pub suite: Suite,
    /// Its generation.
    pub generation: u64,
    /// When that was made.
    pub date: Timestamp,
    /// From when on clients refuse it.
    pub valid_until: Option<Timestamp>,
    /// How long a generation of it is valid, in seconds.
    pub valid_for_seconds: Option<u32>,
    /// The keys it is signed with.
    pub keys: Vec<SigningKey>,
    /// The sizes of its published index files together, in bytes.
    pub index_bytes: u64,
    /// What is in it, where that was asked for.
    #[serde(flatten)]
    pub census: Option<Census>,
    /// Whether clients do not yet read what was committed last.
    pub pending: bool,
}

/// A key that a suite is signed with.
#[derive(Debug, Clone, Serialize)]
pub struct SigningKey {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whose it is; none where the archive has no certificate of it.
    pub user_id: Option<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    #[serde(skip)]
    status: Option<Status>,
}

/// Whether what is in a suite is counted, which reads all its chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// How long before an end somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Thresholds {
    /// Seconds before `Valid-Until` for a warning; by default a week, or half
    /// of what a generation is valid for where that is less.
    pub warn_seconds: Option<i64>,
    /// Seconds before any end for an error; by default two days, or a quarter
    /// of what a generation is valid for where that is less.
    pub critical_seconds: Option<i64>,
    /// Seconds before a key's end for a warning; by default 30 days.
    pub warn_key_seconds: Option<i64>,
}

impl Thresholds {
    /// Returns when to warn, and when it is critical, in seconds before the
    /// end of a suite's `Valid-Until`.
    pub fn of_validity(&self, health: &Health) -> (i64, i64) {
        // Whoever publishes daily with a week's validity is fine at six days.
        let life = health.valid_for_seconds.map_or(i64::MAX, i64::from);
        let warn = self.warn_seconds.unwrap_or((7 * DAY).min(life / 2));
        let critical = self.critical_seconds.unwrap_or((2 * DAY).min(life / 4));
        (warn, critical)
    }

    /// Returns when to warn, and when it is critical, in seconds before the end
    /// of a key.
    pub fn of_keys(&self) -> (i64, i64) {
        let warn = self.warn_key_seconds.unwrap_or(30 * DAY);
        (warn, self.critical_seconds.unwrap_or(2 * DAY))
    }
}

/// Looks at a suite; none where there is no such suite. The certificates are
/// those that the archive holds.
pub fn health(
    store: &dyn Store,
    suite: &Suite,
    certificates: &[Certificate],
    counted: Counted,
    now: Timestamp,
) -> Result<Option<Health>, PublishError> {
    // `InRelease` first: so a publish that goes on meanwhile can look
    // half-done, but one that is half-done never looks whole.
    let published = store.read(&layout::in_release(suite))?;
    let path = layout::head(suite);
    let Some(bytes) = store.read(&path)? else {
        return Ok(None);
    };
    let head = Head::from_bytes(&path, suite, &bytes)?;
    let manifest = head.manifest(store)?;
    let files = manifest.indices.iter().flat_map(|index| &index.files);
    let index_bytes = files.map(|file| file.size).sum();
    Ok(Some(Health {
        suite: suite.clone(),
        generation: manifest.number,
        date: manifest.date,
        valid_until: manifest.valid_until,
        valid_for_seconds: manifest.settings.valid_for_seconds,
        keys: keys(&manifest, certificates, now),
        index_bytes,
        census: match counted {
            Counted::Yes => Some(census(store, &manifest)?),
            Counted::No => None,
        },
        pending: published.is_none_or(|bytes| bytes != head.in_release.as_bytes()),
    }))
}

/// Looks at the keys that a generation is signed with.
pub fn keys(manifest: &Manifest, certificates: &[Certificate], now: Timestamp) -> Vec<SigningKey> {
    let first = manifest.record.key.as_deref();
    // During a rotation, others sign beside it.
    let beside = manifest.settings.signers.iter();
    let beside = beside
        .map(|key| key.as_str())
        .filter(|key| Some(*key) != first);
    let named = first.into_iter().chain(beside);
    let key = |fingerprint: &str| {
        let is_it = |known: &&Certificate| known.fingerprint().as_str() == fingerprint;
        let known = certificates.iter().find(is_it);
        SigningKey {
            fingerprint: fingerprint.to_owned(),
            user_id: known.map(|known| known.user_id().to_owned()),
            expires: known.and_then(Certificate::expires),
            status: known.map(|known| known.status(now)),
        }
    };
    named.map(key).collect()
}

/// Says what is wrong with a suite, or will soon be: a warning, or an error
/// where it is critical.
pub fn judge(health: &Health, thresholds: &Thresholds, now: Timestamp) -> Vec<Finding> {
    let subject = health.suite.as_str();
    let mut findings = Vec::new();
    if let Some(end) = health.valid_until {
        let (warn, critical) = thresholds.of_validity(health);
        let left = end.unix() - now.unix();
        let fix = "debcut archive refresh, or any publish, dates it anew";
        if let Some(severity) = severity(left, warn, critical) {
            let why = match left > 0 {
                true => format!("clients refuse it from {end} on, in {}", span(left)),
                false => format!("clients have refused it since {end}"),
            };
            findings.push(finding(severity, "archive-expired", subject, why).fix(fix));
        }
    }
    for key in &health.keys {
        findings.extend(judge_key(subject, key, thresholds, now));
    }
    if health.pending {
        let why = format!(
            "clients do not read generation {} yet: a publish goes on, or was stopped",
            health.generation
        );
        let finding = Finding::warning("archive-pending", subject, why);
        findings.push(finding.fix("any publish to it completes it: debcut archive add, refresh"));
    }
    findings
}

/// Says what is wrong with a key that signs, or will soon be.
pub fn judge_key(
    subject: &str,
    key: &SigningKey,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Option<Finding> {
    let name = &key.fingerprint;
    let error = |why: String| Some(Finding::error("archive-key-expired", subject, why).fix(ROTATE));
    match key.status {
        None => {
            let why = format!("the archive has no certificate of {name}, which signs it");
            let fix = "publish to it, which puts the certificate there";
            Some(Finding::warning("archive-key-unknown", subject, why).fix(fix))
        }
        Some(Status::Expired(end)) => error(format!("its key {name} expired on {}", end.day())),
        Some(Status::Revoked(since)) => {
            error(format!("its key {name} was revoked on {}", since.day()))
        }
        Some(Status::NoSigningKey) => error(format!("its key {name} may not sign")),
        Some(Status::NotYet(from)) => {
            error(format!("its key {name} is only made on {}", from.day()))
        }
        Some(Status::Valid) => {
            let end = key.expires?;
            let left = end.unix() - now.unix();
            let (warn, critical) = thresholds.of_keys();
            let severity = severity(left, warn, critical)?;
            let why = format!("its key {name} expires on {}, in {}", end.day(), span(left));
            Some(finding(severity, "archive-key-expires", subject, why).fix(ROTATE))
        }
    }
}

const ROTATE: &str = "sign with another key in time: debcut key new, and let clients have it first";

fn severity(left: i64, warn: i64, critical: i64) -> Option<Severity> {
    match left {
        left if left <= critical.max(0) => Some(Severity::Error),
        left if left <= warn => Some(Severity::Warning),
        _ => None,
    }
}

fn finding(severity: Severity, rule: &'static str, subject: &str, why: String) -> Finding {
    Finding {
        severity,
        ..Finding::error(rule, subject, why)
    }
}

/// Writes a length of time as people say it (`6 d 23 h`), cut off.
pub fn span(seconds: i64) -> String {
    let (days, hours) = (seconds / DAY, seconds % DAY / 3600);
    match (days, hours, seconds / 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) if days < 10 => format!("{days} d {hours} h"),
        (days, ..) => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(valid_until: Option<Timestamp>, life: Option<u32>, key: SigningKey) -> Health {
        Health {
            suite: Suite::new("stable").expect("a name"),
            generation: 3,
            date: Timestamp::from_unix(0),
            valid_until,
            valid_for_seconds: life,
            keys: vec![key],
            index_bytes: 0,
            census: None,
            pending: false,
        }
    }

    fn key(status: Option<Status>, expires: Option<Timestamp>) -> SigningKey {
        SigningKey {
            fingerprint: "AB".into(),
            user_id: None,
            expires,
            status,
        }
    }

    #[test]
    fn suites_and_keys_are_judged_by_their_ends() {
        let now = Timestamp::from_unix(1_750_000_000);
        let at = |days: i64| now.plus_seconds(days * DAY);
        let valid = || key(Some(Status::Valid), None);
        let week = Some(7 * 86_400);
        let month = Some(30 * 86_400);
        let ends = |days| key(Some(Status::Valid), Some(at(days)));
        let gone = |status| key(Some(status), None);
        let cases: Vec<(Health, &str)> = vec![
            (health(None, None, valid()), ""),
            (health(Some(at(8)), month, valid()), ""),
            (
                health(Some(at(7)), month, valid()),
                "warning archive-expired",
            ),
            (health(Some(at(2)), month, valid()), "error archive-expired"),
            (
                health(Some(at(-1)), month, valid()),
                "error archive-expired",
            ),
            // One that lives for a week is not warned of on its second day.
            (health(Some(at(6)), week, valid()), ""),
            (
                health(Some(at(3)), week, valid()),
                "warning archive-expired",
            ),
            (health(Some(at(1)), week, valid()), "error archive-expired"),
            (health(None, None, ends(31)), ""),
            (health(None, None, ends(30)), "warning archive-key-expires"),
            (health(None, None, ends(2)), "error archive-key-expires"),
            (
                health(None, None, gone(Status::Expired(at(-1)))),
                "error archive-key-expired",
            ),
            (
                health(None, None, gone(Status::Revoked(at(-1)))),
                "error archive-key-expired",
            ),
            (
                health(None, None, key(None, None)),
                "warning archive-key-unknown",
            ),
        ];
        for (health, want) in cases {
            let found = judge(&health, &Thresholds::default(), now);
            let found: Vec<String> = found
                .iter()
                .map(|f| format!("{:?} {}", f.severity, f.rule).to_lowercase())
                .collect();
            assert_eq!(found.join(", "), want, "{health:?}");
        }
        let strict = Thresholds {
            warn_seconds: Some(10 * DAY),
            critical_seconds: Some(9 * DAY),
            ..Thresholds::default()
        };
        let found = judge(&health(Some(at(8)), week, valid()), &strict, now);
        assert!(found[0].is_error(), "{found:?}");
    }

    #[test]
    fn lengths_of_time_are_short() {
        for (seconds, want) in [
            (59, "0 min"),
            (3599, "59 min"),
            (7200, "2 h"),
            (6 * DAY + 23 * 3600, "6 d 23 h"),
            (9 * DAY, "9 d"),
            (729 * DAY + 3600, "729 d"),
        ] {
            assert_eq!(span(seconds), want);
        }
    }
}
