//! Several attestations in one file, one a line (JSON lines): the builder's
//! provenance first, then those of others who came to the same digests.

use super::{Attested, VerifyAttestationError, verify};
use crate::format::statement::{Envelope, Statement};
use crate::sys::openpgp::Keyring;

/// One line of a file of attestations.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1, without counting blank lines.
    pub number: usize,
    /// What it says and who signed it, or why that does not count.
    pub attested: Result<Attested, VerifyAttestationError>,
    /// What it says, whoever signed it; none where it cannot be read.
    pub says: Option<Statement>,
}

/// Returns the envelopes of a file, in order. A single envelope may be spread
/// over several lines, as other tools write it.
pub fn envelopes(text: &str) -> Vec<&str> {
    if Envelope::parse(text).is_ok() {
        return vec![text];
    }
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).collect()
}

/// Returns the first envelope of a file: the builder's own.
pub fn first(text: &str) -> &str {
    envelopes(text).first().copied().unwrap_or_default()
}

/// Adds an attestation to a file's text; one that is there already is not added
/// a second time. Nothing that was there changes, and each line ends.
///
/// ```
/// use debcut::keys::attestation::append;
/// assert_eq!(append("a", "b\n"), "a\nb\n");
/// assert_eq!(append("a\nb\n", "b"), "a\nb\n");
/// assert_eq!(append("", "b"), "b\n");
/// ```
pub fn append(existing: &str, line: &str) -> String {
    let line = line.trim_end();
    let mut text = existing.trim_end().to_owned();
    if !text.is_empty() {
        text.push('\n');
    }
    if !existing.lines().any(|other| other.trim_end() == line) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Verifies every attestation of a file against a keyring, in order.
pub fn verify_all(text: &str, keyring: &Keyring) -> Vec<Line> {
    let line = |(at, text): (usize, &str)| Line {
        number: at + 1,
        attested: verify(text, keyring),
        says: Envelope::parse(text)
            .and_then(|envelope| envelope.statement())
            .ok(),
    };
    envelopes(text).into_iter().enumerate().map(line).collect()
}
