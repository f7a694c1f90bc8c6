//! A change → the item that tells it, in the package's habits.

use std::collections::BTreeSet;

use super::habits::{Bugs, FirstWord, Habits, Stop};
use super::item::{bullet, essence};
use crate::format::changelog::{closes, launchpad, wrap};
use crate::model::PackageName;
use crate::release::change::{Change, GbpDch};

/// An item, worded and not wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wording {
    /// Whose change it is: the name of a `[ Name ]` section.
    pub author: String,
    /// The item's text.
    pub text: String,
    /// What belongs to it: further items and paragraphs.
    pub parts: Vec<Part>,
    /// The ways in which somebody else may have told it (see [`essence`]).
    pub essences: Vec<String>,
    closes: Vec<u64>,
    launchpad: Vec<u64>,
}

/// What belongs to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// An item of its own.
    Bullet(String),
    /// A paragraph.
    Paragraph(String),
}

impl Wording {
    /// Words a change; none if its author wants no mention. `releaser` is the
    /// author where the change has none.
    pub(super) fn of(
        change: &Change,
        habits: &Habits,
        source: &PackageName,
        releaser: &str,
    ) -> Option<Self> {
        if change.gbp_dch == GbpDch::Ignore {
            return None;
        }
        let mut names =
            (change.authors.iter()).map(|author| section_name(&author.name, &author.email));
        let author = names.next().unwrap_or_else(|| section_name(releaser, ""));
        let told = told(change);
        let scoped = scoped(change, &told, source);
        let mut parts = Vec::new();
        let breaks = change.breaking.as_deref().map(spaced).unwrap_or_default();
        let mut text = scoped.clone();
        if !breaks.is_empty() {
            match essence(&breaks) == essence(&told) {
                true => text.push_str(" (breaking change)"),
                false => parts.push(Part::Bullet(format!("Breaking change: {breaks}"))),
            }
        }
        if let Some(action) = change.action_required.as_deref().map(spaced) {
            parts.push(Part::Bullet(format!("Action required: {action}")));
        }
        if change.gbp_dch == GbpDch::Full {
            parts.extend(paragraphs(&change.body));
        }
        // One by one: what ends in `closes:` is not continued by the next part.
        let own = || std::iter::once(text.as_str()).chain(parts.iter().map(Part::text));
        let own_closes: Vec<_> = own().flat_map(closes).collect();
        let own_launchpad: Vec<_> = own().flat_map(launchpad).collect();
        let named = |bugs: &[u64]| bugs.iter().copied().collect();
        let bugs = bugs(
            &missing(&change.closes, &named(&own_closes)),
            &missing(&change.launchpad, &named(&own_launchpad)),
            habits,
        );
        let thanks: Vec<_> = names.filter(|name| *name != author).collect();
        let holes: Vec<_> = change
            .cves
            .iter()
            .filter(|hole| !own().any(|text| text.contains(hole.as_str())))
            .collect();
        let holes: Vec<_> = holes.into_iter().map(|hole| spaced(hole)).collect();
        let told_fully = format!("{}: {told}", kind_and_scopes(change));
        Some(Self {
            author,
            essences: [&told, &scoped, &told_fully]
                .map(|told| essence(told))
                .into(),
            text: sentence(text, &thanks, &holes, &bugs, habits),
            parts,
            closes: [own_closes, change.closes.clone()].concat(),
            launchpad: [own_launchpad, change.launchpad.clone()].concat(),
        })
    }

    /// Names the bugs that the change closes and that are not named yet; empty
    /// if there are none.
    pub(super) fn bugs_beside(&self, named: &Named, habits: &Habits) -> String {
        let closes = missing(&self.closes, &named.closes);
        let launchpad = missing(&self.launchpad, &named.launchpad);
        bugs(&closes, &launchpad, habits)
    }

    /// Writes the item's lines.
    pub(super) fn lines(&self, habits: &Habits, width: usize) -> Vec<String> {
        let mut lines = wrap(&self.text, width, &format!("  {} ", habits.bullet), "    ");
        let inner = format!("    {} ", habits.inner);
        for part in &self.parts {
            lines.extend(match part {
                Part::Bullet(text) => wrap(text, width, &inner, "      "),
                Part::Paragraph(text) => wrap(text, width, "    ", "    "),
            });
        }
        lines
    }
}

/// The bugs that a text names.
pub(super) struct Named {
    closes: BTreeSet<u64>,
    launchpad: BTreeSet<u64>,
}

impl Named {
    pub(super) fn in_text(text: &str) -> Self {
        Self {
            closes: closes(text).into_iter().collect(),
            launchpad: launchpad(text).into_iter().collect(),
        }
    }

    /// Adds those of another text.
    pub(super) fn add(&mut self, text: &str) {
        self.closes.extend(closes(text));
        self.launchpad.extend(launchpad(text));
    }
}

impl Part {
    fn text(&self) -> &str {
        match self {
            Self::Bullet(text) | Self::Paragraph(text) => text,
        }
    }
}

/// The change in one line, without a bullet of its own.
fn told(change: &Change) -> String {
    let told = spaced(&change.description);
    let bare = bullet(&told).map_or(told.as_str(), |(_, rest)| rest);
    match bare.is_empty() {
        true => format!(
            "Commit {}",
            &change.commit.get(..12).unwrap_or(&change.commit)
        ),
        false => bare.to_owned(),
    }
}

/// With its scopes before it, as Debian writes `debian/rules: …`; the package
/// itself is no news in its own changelog.
fn scoped(change: &Change, told: &str, source: &PackageName) -> String {
    let scopes = change.scopes.iter().map(|scope| spaced(scope));
    let scopes: Vec<_> = scopes
        .filter(|scope| !scope.is_empty() && scope != source.as_str())
        .collect();
    match scopes.is_empty() {
        true => told.to_owned(),
        false => format!("{}: {told}", scopes.join(", ")),
    }
}

/// As the commit's subject has them: `fix(api)`.
fn kind_and_scopes(change: &Change) -> String {
    let kind = change.kind.as_deref().unwrap_or_default();
    match change.scopes.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind}({})", change.scopes.join(",")),
    }
}

/// Puts the item's text together.
fn sentence(
    text: String,
    thanks: &[String],
    holes: &[String],
    bugs: &str,
    habits: &Habits,
) -> String {
    let mut text = match habits.first_word {
        FirstWord::AsItIs => text,
        FirstWord::Capital => capital(&text),
    };
    let ended = text.ends_with(['.', '!', '?', ':']);
    let stop = |text: &mut String| {
        if habits.stop != Stop::AsItIs && !text.ends_with(['.', '!', '?', ':']) {
            text.push('.');
        }
    };
    if !holes.is_empty() {
        // Before the stop that is there, so that the sentence stays one.
        let end = text.trim_end_matches('.').len();
        text.insert_str(end, &format!(" ({})", holes.join(", ")));
    }
    if !thanks.is_empty() {
        let names = and(thanks);
        match ended {
            true => text.push_str(&format!(" Thanks to {names}.")),
            false => text.push_str(&format!(", thanks to {names}")),
        }
    }
    match (bugs.is_empty(), habits.bugs, habits.stop) {
        (true, ..) => stop(&mut text),
        (false, Bugs::Sentence, _) => {
            if !text.ends_with(['.', '!', '?']) {
                text.push('.');
            }
            text.push_str(&format!(" {bugs}"));
        }
        (false, Bugs::InBrackets, Stop::AfterBugs) => {
            let end = text.trim_end_matches('.').len();
            text.truncate(end);
            text.push_str(&format!(" {bugs}."));
        }
        (false, Bugs::InBrackets, _) => {
            stop(&mut text);
            text.push_str(&format!(" {bugs}"));
        }
    }
    text
}

/// The bugs that are not named yet, ascending.
fn missing(bugs: &[u64], named: &BTreeSet<u64>) -> Vec<u64> {
    let bugs: BTreeSet<_> = bugs.iter().copied().collect();
    bugs.difference(named).copied().collect()
}

/// Names bugs in the grammar that dpkg reads.
fn bugs(closes: &[u64], launchpad: &[u64], habits: &Habits) -> String {
    let named = |keyword: &str, bugs: &[u64]| {
        let bugs: Vec<_> = bugs.iter().map(|bug| format!("#{bug}")).collect();
        (!bugs.is_empty()).then(|| format!("{keyword}: {}", bugs.join(", ")))
    };
    let named = [named("Closes", closes), named("LP", launchpad)];
    let named: Vec<_> = (named.into_iter().flatten())
        .map(|bugs| match habits.bugs {
            Bugs::InBrackets => format!("({bugs})"),
            Bugs::Sentence => format!("{bugs}."),
        })
        .collect();
    named.join(" ")
}

/// Capitalises an ordinary word; `apt-get`, `libfoo:` and `iOS` stay.
fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let mut letters = first.chars();
    let ordinary = first.chars().all(|c| c.is_ascii_lowercase());
    match letters.next().filter(|_| ordinary) {
        Some(letter) => format!("{}{}", letter.to_ascii_uppercase(), &text[1..]),
        None => text.to_owned(),
    }
}

/// `Ada`, `Ada and Bea`, `Ada, Bea and Cy`.
fn and(names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A name that can stand in `[ Name ]`.
pub(super) fn section_name(name: &str, email: &str) -> String {
    let clean = |text: &str| spaced(&text.replace(['[', ']', '<', '>'], " "));
    let name = clean(name);
    match name.is_empty() {
        true => clean(email),
        false => name,
    }
}

/// Divides a body: an empty line ends a paragraph, a bullet starts an item.
fn paragraphs(body: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    for line in body.lines() {
        let text = spaced(line);
        if text.is_empty() {
            open = false;
        } else if let Some((_, rest)) = bullet(&text).filter(|(_, rest)| !rest.is_empty()) {
            parts.push(Part::Bullet(rest.to_owned()));
            open = true;
        } else if let Some(Part::Bullet(last) | Part::Paragraph(last)) =
            parts.last_mut().filter(|_| open)
        {
            last.push(' ');
            last.push_str(&text);
        } else {
            parts.push(Part::Paragraph(text));
            open = true;
        }
    }
    parts
}

/// One line of printable words: what a terminal would act on is no text.
pub(super) fn spaced(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
