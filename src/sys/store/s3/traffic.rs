//! How many requests were made: a request costs time, and with most providers
//! money.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a request is for, as providers count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    Head,
    List,
    Put,
    Copy,
    Post,
    Delete,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::Get, "GET"),
    (Kind::Head, "HEAD"),
    (Kind::List, "LIST"),
    (Kind::Put, "PUT"),
    (Kind::Copy, "COPY"),
    (Kind::Post, "POST"),
    (Kind::Delete, "DELETE"),
];

/// Counts requests, each try of one for itself.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    counts: [AtomicU64; KINDS.len()],
    again: AtomicU64,
}

impl Traffic {
    /// Counts a request.
    pub(super) fn count(&self, kind: Kind) {
        let at = KINDS.iter().position(|(known, _)| *known == kind);
        let at = at.expect("every kind is listed");
        self.counts[at].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that is made again.
    pub(super) fn count_again(&self) {
        self.again.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let counts: Vec<_> = counts.zip(KINDS).filter(|(count, _)| *count > 0).collect();
        let total: u64 = counts.iter().map(|(count, _)| count).sum();
        let words: Vec<_> = counts
            .iter()
            .map(|(count, (_, name))| format!("{count} {name}"))
            .collect();
        write!(f, "S3: {total} requests")?;
        if total > 0 {
            write!(f, ": {}", words.join(", "))?;
        }
        match self.again.load(Ordering::Relaxed) {
            0 => Ok(()),
            again => write!(f, "; {again} of them tried again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_kind() {
        let traffic = Traffic::default();
        assert_eq!(traffic.to_string(), "S3: 0 requests");
        for kind in [Kind::Put, Kind::Get, Kind::Put] {
            traffic.count(kind);
        }
        assert_eq!(traffic.to_string(), "S3: 3 requests: 1 GET, 2 PUT");
        traffic.count_again();
        assert_eq!(
            traffic.to_string(),
            "S3: 3 requests: 1 GET, 2 PUT; 1 of them tried again"
        );
    }
}
