//! What a commit's trailers say of where else it should go: the kernel's
//! `Cc: stable@… # 5.10+` (Documentation/process/stable-kernel-rules.rst),
//! `Backport-to: release-1.12`, `Backport: no`.

use crate::format::conventional::{Message, Trailer, unix_lines};

/// A branch, as trailers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    name: String,
    /// The numbers of its version: of `release-1.12` 1 and 12.
    version: Vec<u64>,
}

impl Target {
    /// Takes a branch's name.
    pub fn new(branch: &str) -> Self {
        Self {
            name: branch.to_owned(),
            version: version(branch.rsplit(['-', '/', '_', 'v']).next().unwrap_or(branch)),
        }
    }
}

/// What a commit's trailers say of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    #[default]
    Unsaid,
    /// It should go there, by this trailer.
    Yes(String),
    /// It should go nowhere else, by this trailer.
    No(String),
}

/// Reads what a message says of a branch. A refusal goes first.
pub fn asked(message: &str, target: &Target) -> Asked {
    let text = unix_lines(message);
    let parsed = Message::parse(&text);
    let mut asked = Asked::Unsaid;
    for trailer in &parsed.trailers {
        let shown = || format!("{}: {}", trailer.token, trailer.line());
        match says(trailer, target) {
            Some(true) if asked == Asked::Unsaid => asked = Asked::Yes(shown()),
            Some(false) => return Asked::No(shown()),
            _ => {}
        }
    }
    asked
}

fn says(trailer: &Trailer<'_>, target: &Target) -> Option<bool> {
    let value = trailer.line();
    if trailer.is("Cc") {
        return stable(&value, target).then_some(true);
    }
    let named = ["Backport-to", "Backport", "Backports", "Backport-for"];
    if !named.iter().any(|token| trailer.is(token)) {
        return None;
    }
    let words: Vec<&str> = value
        .split([',', ' ', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    let is = |word: &str, all: &[&str]| all.iter().any(|one| word.eq_ignore_ascii_case(one));
    if words
        .iter()
        .any(|word| is(word, &["no", "none", "never", "false"]))
    {
        return Some(false);
    }
    let meant = words.iter().any(|word| {
        is(word, &["yes", "all", "stable", "true"])
            || word.eq_ignore_ascii_case(&target.name)
            || line_of(word).is_some_and(|line| line.holds(&target.version))
    });
    meant.then_some(true)
}

/// Reads `stable@vger.kernel.org`, `<stable@…> # 5.10+`, `stable # 1.12`.
fn stable(value: &str, target: &Target) -> bool {
    let (who, comment) = value.split_once('#').unwrap_or((value, ""));
    let who = who.trim();
    let address = who.rsplit_once('<').map_or(who, |(_, rest)| rest);
    let local = address.split('@').next().unwrap_or_default();
    if !local
        .trim_matches(['<', '>', ' '])
        .eq_ignore_ascii_case("stable")
    {
        return false;
    }
    // Up to a colon stand versions, behind it commits that go before.
    let comment = comment.split(':').next().unwrap_or_default();
    let words = comment.split([',', ' ', '&']);
    let mut lines: Vec<Line> = words.filter_map(line_of).collect();
    // The kernel's rule: a version alone means that one and all since.
    if let [only] = lines.as_mut_slice()
        && only.to.is_some()
        && only.from == only.to.clone().unwrap_or_default()
    {
        only.to = None;
    }
    lines.is_empty() || lines.iter().any(|line| line.holds(&target.version))
}

/// Versions from one to another, both among them; no end: all since.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    from: Vec<u64>,
    to: Option<Vec<u64>>,
}

impl Line {
    fn holds(&self, wanted: &[u64]) -> bool {
        // `1` means all of 1.x: compared by as many numbers as are written.
        let cut = |numbers: &[u64], like: &[u64]| numbers[..like.len().min(numbers.len())].to_vec();
        !wanted.is_empty()
            && cut(wanted, &self.from) >= cut(&self.from, wanted)
            && (self.to.as_ref()).is_none_or(|to| cut(wanted, to) <= cut(to, wanted))
    }
}

/// Reads `1.12`, `v1.12.x`, `1.12+`, `1.10-1.12`, `release-1.12`.
fn line_of(word: &str) -> Option<Line> {
    let word = word.trim_matches(['(', ')', '"', '\'', '.']);
    if let Some(open) = word.strip_suffix('+') {
        let from = some(version(open.rsplit(['-', '/']).next().unwrap_or(open)))?;
        return Some(Line { from, to: None });
    }
    for divider in ["..", "-"] {
        if let Some((from, to)) = word.split_once(divider) {
            let (from, to) = (version(from), version(to));
            if !from.is_empty() && !to.is_empty() {
                return Some(Line { from, to: Some(to) });
            }
        }
    }
    let one = some(version(word.rsplit(['-', '/']).next().unwrap_or(word)))?;
    Some(Line {
        from: one.clone(),
        to: Some(one),
    })
}

fn some(numbers: Vec<u64>) -> Option<Vec<u64>> {
    (!numbers.is_empty()).then_some(numbers)
}

/// Reads `1.12`, `v1.12`, `1.12.x`; nothing of anything else.
fn version(text: &str) -> Vec<u64> {
    let bare = text.trim().trim_start_matches(['v', 'V']);
    let bare = bare
        .strip_suffix(".x")
        .or_else(|| bare.strip_suffix(".y"))
        .unwrap_or(bare);
    let numbers: Option<Vec<u64>> = bare.split('.').map(|part| part.parse().ok()).collect();
    numbers.unwrap_or_default()
}
