//! How urgent an upgrade is.

use std::fmt;
use std::str::FromStr;

/// How urgent an upgrade is, in Debian's order (Policy 5.6.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `emergency`
    Emergency,
    /// `critical`
    Critical,
}

/// Says that a text is no urgency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not an urgency: expected low, medium, high, emergency or critical")]
pub struct UrgencyError(pub String);

impl Urgency {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
        (Self::Emergency, "emergency"),
        (Self::Critical, "critical"),
    ];
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(urgency, _)| urgency == self);
        f.pad(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Urgency {
    type Err = UrgencyError;
    fn from_str(text: &str) -> Result<Self, UrgencyError> {
        // `urgency=low (HIGH for users of x)` is allowed.
        let word = text.split_ascii_whitespace().next().unwrap_or_default();
        let known = |(_, name): &&(Self, &str)| name.eq_ignore_ascii_case(word);
        let found = Self::ALL.iter().find(known);
        found
            .map(|(urgency, _)| *urgency)
            .ok_or_else(|| UrgencyError(word.to_owned()))
    }
}
