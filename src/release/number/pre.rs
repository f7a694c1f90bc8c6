//! Pre-releases: their kinds, and the ways to write them.

use serde::Serialize;

/// A kind of pre-release, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PreKind {
    /// `alpha`, `a`.
    Alpha,
    /// `beta`, `b`.
    Beta,
    /// `rc`.
    Rc,
}

/// The words for each kind, the usual one first (PEP 440, “Pre-releases”).
const WORDS: [(PreKind, &[&str]); 3] = [
    (PreKind::Alpha, &["alpha", "a"]),
    (PreKind::Beta, &["beta", "b"]),
    (PreKind::Rc, &["rc", "c", "pre", "preview"]),
];

impl PreKind {
    /// Returns the kind that a word names, in capitals or not.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let found = WORDS.iter().find(|(_, words)| words.contains(&&*word));
        found.map(|(kind, _)| *kind)
    }

    /// Returns the usual word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Rc => "rc",
        }
    }
}

/// A way to write pre-releases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PreStyle {
    /// What stands before the word: `-`, `~`, `.` or nothing.
    pub(super) before: String,
    /// A word as it was written; it tells long from short and capitals.
    pub(super) word: String,
    /// What stands between the word and the number: `.` or nothing.
    pub(super) between: String,
}

impl PreStyle {
    /// SemVer's: `-rc.1`, `-beta.2`.
    pub fn semver() -> Self {
        Self::new("-", "rc", ".")
    }

    /// PEP 440's: `rc1`, `b2`.
    pub fn pep_440() -> Self {
        Self::new("", "rc", "")
    }

    /// Debian's: `~rc1`, `~beta2`.
    pub fn debian() -> Self {
        Self::new("~", "rc", "")
    }

    pub(super) fn new(before: &str, word: &str, between: &str) -> Self {
        Self {
            before: before.into(),
            word: word.into(),
            between: between.into(),
        }
    }

    pub(super) fn write(&self, kind: PreKind, number: u64) -> String {
        let Self {
            before, between, ..
        } = self;
        format!("{before}{}{between}{number}", self.word_for(kind))
    }

    /// The style's own word where it is of the kind. `rc` alone tells nothing
    /// of the others: they are short where no separator stands before them, as
    /// PEP 440 has it.
    fn word_for(&self, kind: PreKind) -> String {
        if PreKind::of_word(&self.word) == Some(kind) {
            return self.word.clone();
        }
        let is_short = match self.word.len() {
            1 => true,
            2 => self.before.is_empty(),
            _ => false,
        };
        let word = match kind {
            PreKind::Alpha if is_short => "a",
            PreKind::Beta if is_short => "b",
            kind => kind.word(),
        };
        if self.word.bytes().all(|b| b.is_ascii_uppercase()) {
            word.to_ascii_uppercase()
        } else {
            word.to_owned()
        }
    }
}
