//! A project's own version numbers: SemVer 2.0.0, PEP 440, fewer or more
//! numbers than three; read, compared and raised in the style they have.
//!
//! Read are numbers with dots between them and then, in this order, as far as
//! they are there: a pre-release (`-rc.1`, `-rc1`, `~rc1`, `rc1`, `a1`, `.rc1`,
//! `-SNAPSHOT`), PEP 440's `.post1` and `.dev3`, and `+` with SemVer's build
//! metadata or PEP 440's local version. A hyphen or tilde starts a list of
//! identifiers as in SemVer; words that are fused to the numbers are PEP 440's.
//! A tag's `v` is the tag pattern's and no part of it, and so is a Debian
//! revision: `1.2-1` is SemVer's pre-release 1.
//!
//! Refused: letters that may be anybody's (`1.0.2g`, `9.6p1`), and numbers of
//! more than 38 digits.

mod hotfix;
mod order;
mod parse;
mod pre;

use std::fmt;

use super::policy::Bump;

pub use hotfix::HotfixForm;
pub use parse::NumberError;
pub use pre::{PreKind, PreStyle};

/// A version as a project writes it.
///
/// Two numbers are *equal* (`==`) when their texts are. [`Number::compare`]
/// tells which is the higher release: `1.2` and `1.2.0` are the same to it, and
/// so are versions that differ in build metadata. `Ord` is that order and,
/// where it sees no difference, first PEP 440's of local versions, then that of
/// the texts; so it agrees with `==`.
///
/// ```
/// use debcut::release::number::{Number, PreKind};
/// use debcut::release::Bump;
/// let last = Number::parse("1.2")?;
/// assert_eq!(last.raised(Bump::Patch).as_str(), "1.2.1");
/// let next = last.raised(Bump::Minor);
/// let candidate = next.pre_release(PreKind::Rc, 1, Some(&Number::parse("1.0rc3")?));
/// assert_eq!(candidate.as_str(), "1.3rc1");
/// assert!(last < candidate && candidate < next);
/// # Ok::<(), debcut::release::number::NumberError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    text: String,
    /// PEP 440's `1!`.
    epoch: u128,
    /// The numbers with their width, for `2026.09` goes on to `2026.10`.
    numbers: Vec<(u128, usize)>,
    /// How many bytes of `text` the epoch and the numbers take.
    plain: usize,
    /// The pre-release: SemVer's identifiers, most significant first.
    pre: Vec<Identifier>,
    /// How the pre-release is written, where it starts with a known word.
    style: Option<PreStyle>,
    /// PEP 440's post-release.
    post: Option<u128>,
    /// PEP 440's development release.
    dev: Option<u128>,
    /// Where the post-release ends, or what stands before it.
    before_dev: usize,
    /// What stands behind `+`.
    build: Option<String>,
}

/// A part of a pre-release, in SemVer's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identifier {
    Number(u128),
    Word(String),
}

impl Number {
    /// Reads a version.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        parse::parse(text)
    }

    /// Returns the version as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether it is a pre-release; one in development is.
    pub fn is_pre_release(&self) -> bool {
        !self.pre.is_empty() || self.dev.is_some()
    }

    /// Tells whether it marks work in progress (`-dev`, `.dev0`, `-SNAPSHOT`),
    /// which nobody releases.
    pub fn is_development(&self) -> bool {
        let marks = |part: &Identifier| match part {
            Identifier::Word(word) => {
                ["dev", "snapshot"].contains(&word.to_ascii_lowercase().as_str())
            }
            Identifier::Number(_) => false,
        };
        self.dev.is_some() || self.pre.iter().any(marks)
    }

    /// Tells whether the first number is 0; one with an epoch has been above.
    pub fn is_below_one(&self) -> bool {
        self.epoch == 0 && self.numbers[0].0 == 0
    }

    /// Returns the release that a pre-release leads to; itself otherwise.
    pub fn released(&self) -> Self {
        if !self.pre.is_empty() {
            self.plain()
        } else if self.dev.is_some() {
            // 1.0.post1.dev2 leads to 1.0.post1.
            reparsed(self.text[..self.before_dev].to_owned())
        } else {
            self.clone()
        }
    }

    /// Raises the final version; of a pre-release it is a step from the release
    /// that it leads to. Numbers behind the raised one become 0, and what
    /// follows the numbers goes, but for the epoch.
    ///
    /// A version keeps as many numbers as it has, with these exceptions: a
    /// patch of two numbers adds the third (`1.2` → `1.2.1`), a single number
    /// is raised by every step (`42` → `43`), and a fourth number that is not 0
    /// counts fixes of one release and ends with it (`1.2.3.4` → `1.2.4`, but
    /// `1.2.3.0` → `1.2.4.0`). A number that is written with leading zeros keeps
    /// its width (`24.04` → `24.05`). Of a date the parts are raised like any
    /// others: the calendar is not known here.
    pub fn raised(&self, bump: Bump) -> Self {
        let place = match bump {
            Bump::None => return self.released(),
            Bump::Major => 0,
            Bump::Minor => 1,
            Bump::Patch => 2,
        };
        let place = if self.numbers.len() == 1 { 0 } else { place };
        let mut numbers = self.numbers.clone();
        if numbers.len() <= place {
            numbers.resize(place + 1, (0, 1));
        }
        numbers[place].0 += 1;
        while numbers.len() > 3 && numbers.last().is_some_and(|(number, _)| *number > 0) {
            numbers.pop();
        }
        for (number, _) in &mut numbers[place + 1..] {
            *number = 0;
        }
        let written: Vec<_> = numbers
            .iter()
            .map(|(number, width)| format!("{number:0width$}"))
            .collect();
        reparsed(self.epoch_text() + &written.join("."))
    }

    /// Returns this release's pre-release of a kind and number, in the style
    /// that `like` has. Where `like` is no pre-release, a version that is PEP
    /// 440's and nobody else's (`1.0.post1`, `1!1.0`) gives its style, and all
    /// others SemVer's `-rc.1`; see [`Number::pre_release_in`].
    pub fn pre_release(&self, kind: PreKind, number: u64, like: Option<&Self>) -> Self {
        let own = like.into_iter().chain([self]);
        let style = own.clone().find_map(|like| like.style.clone());
        let style = style.unwrap_or_else(|| {
            let is_pep_440 = own.into_iter().any(Self::is_only_pep_440);
            if is_pep_440 {
                PreStyle::pep_440()
            } else {
                PreStyle::semver()
            }
        });
        self.pre_release_in(kind, number, &style)
    }

    /// Returns this release's pre-release of a kind and number, in a style.
    pub fn pre_release_in(&self, kind: PreKind, number: u64, style: &PreStyle) -> Self {
        let plain = self.plain();
        reparsed(plain.text + &style.write(kind, number))
    }

    /// Returns how its pre-release is written, where it has one of a known
    /// kind.
    pub fn pre_style(&self) -> Option<&PreStyle> {
        self.style.as_ref()
    }

    /// Returns the kind and number of a pre-release that has them and nothing
    /// behind them; 0 where the number is left out (`-beta`).
    pub fn pre(&self) -> Option<(PreKind, u64)> {
        if self.post.is_some() || self.dev.is_some() {
            return None;
        }
        let (Identifier::Word(word), rest) = self.pre.split_first()? else {
            return None;
        };
        let number = match rest {
            [] => 0,
            [Identifier::Number(number)] => u64::try_from(*number).ok()?,
            _ => return None,
        };
        Some((PreKind::of_word(word)?, number))
    }

    /// Returns which number changed first between two releases: of pre-releases
    /// those that they lead to. A third number and all behind it, and a
    /// post-release, are a patch's; an epoch is a major step.
    pub fn step_from(&self, other: &Self) -> Bump {
        let (new, old) = (self.released(), other.released());
        if new.epoch != old.epoch {
            return Bump::Major;
        }
        let count = new.numbers.len().max(old.numbers.len());
        let at = |of: &Self, place: usize| of.numbers.get(place).map_or(0, |(number, _)| *number);
        match (0..count).find(|place| at(&new, *place) != at(&old, *place)) {
            Some(0) => Bump::Major,
            Some(1) => Bump::Minor,
            Some(_) => Bump::Patch,
            None if new.post != old.post => Bump::Patch,
            None => Bump::None,
        }
    }

    /// Returns the epoch and the numbers.
    fn plain(&self) -> Self {
        reparsed(self.text[..self.plain].to_owned())
    }

    fn epoch_text(&self) -> String {
        let bang = self.text.find('!');
        bang.map_or_else(String::new, |bang| self.text[..=bang].to_owned())
    }

    /// Tells whether no other notation has what it has.
    fn is_only_pep_440(&self) -> bool {
        self.text.contains('!') || self.post.is_some() || self.dev.is_some()
    }
}

/// Reads what was made of a version's own parts.
fn reparsed(text: String) -> Number {
    parse::read(&text).expect("numbers and a pre-release are a version")
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests;
