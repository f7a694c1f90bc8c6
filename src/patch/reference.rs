//! What `patch pick` is given: a commit, a range, or a pull request.

use std::fmt;

/// What is to be picked, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A pull or merge request: `#12`, `!12`, its address.
    PullRequest {
        /// Its number.
        number: u64,
        /// As it was written.
        written: String,
    },
    /// `A..B`: the commits that B has and A has not.
    Range {
        /// A, which is left out.
        from: String,
        /// B.
        to: String,
    },
    /// A revision: an id, a branch, a tag, `refs/pull/12/head`.
    Revision(String),
}

/// Says that a text names nothing to pick.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing was written.
    #[error("a commit, a range A..B or a pull request (#12) is expected")]
    Empty,
    /// A symmetric difference has no order.
    #[error("“{0}” names commits of both sides: a range is A..B")]
    Symmetric(String),
    /// A range without an end is most likely a slip.
    #[error("“{0}” leaves out where the range begins: A..B")]
    Open(String),
}

impl Reference {
    /// Reads what was written.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(number) = pull_request(text) {
            let written = text.to_owned();
            return Ok(Self::PullRequest { number, written });
        }
        if text.contains("...") {
            return Err(ReferenceError::Symmetric(text.to_owned()));
        }
        let Some((from, to)) = text.split_once("..") else {
            return Ok(Self::Revision(text.to_owned()));
        };
        if from.is_empty() {
            return Err(ReferenceError::Open(text.to_owned()));
        }
        let to = if to.is_empty() { "HEAD" } else { to };
        Ok(Self::Range {
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullRequest { written, .. } => f.write_str(written),
            Self::Range { from, to } => write!(f, "{from}..{to}"),
            Self::Revision(text) => f.write_str(text),
        }
    }
}

/// Reads `#12`, `!12`, `https://HOST/OWNER/NAME/pull/12` and
/// `https://HOST/GROUP/NAME/-/merge_requests/12`.
pub fn pull_request(text: &str) -> Option<u64> {
    let digits = |text: &str| -> Option<u64> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok())?
    };
    if let Some(number) = text.strip_prefix(['#', '!']) {
        return digits(number);
    }
    let address = (text.strip_prefix("https://")).or_else(|| text.strip_prefix("http://"))?;
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let mut parts = address.split('/');
    parts.find(|part| ["pull", "pulls", "merge_requests"].contains(part))?;
    digits(parts.next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read() {
        let pull = |number, written: &str| {
            let written = written.to_owned();
            Ok(Reference::PullRequest { number, written })
        };
        let range = |from: &str, to: &str| {
            let (from, to) = (from.to_owned(), to.to_owned());
            Ok(Reference::Range { from, to })
        };
        let revision = |text: &str| Ok(Reference::Revision(text.to_owned()));
        let github = "https://github.com/o/n/pull/12/commits#x";
        let gitlab = "https://gitlab.example/g/s/n/-/merge_requests/7";
        for (text, want) in [
            ("#12", pull(12, "#12")),
            (" !7 ", pull(7, "!7")),
            (github, pull(12, github)),
            (gitlab, pull(7, gitlab)),
            ("a..b", range("a", "b")),
            ("v1.0..", range("v1.0", "HEAD")),
            ("..b", Err(ReferenceError::Open("..b".into()))),
            ("a...b", Err(ReferenceError::Symmetric("a...b".into()))),
            ("", Err(ReferenceError::Empty)),
            ("main~2", revision("main~2")),
            ("refs/pull/12/head", revision("refs/pull/12/head")),
            ("#", revision("#")),
            ("12", revision("12")),
        ] {
            assert_eq!(Reference::parse(text), want, "{text}");
        }
    }
}
