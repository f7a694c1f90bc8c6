//! How a release's heading is written: `1.2.3`, `v1.2.3 - 2026-11-21`,
//! `[1.2.3](…) (November 21, 2026)`.

/// A heading that names a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title {
    /// What stands before the version: `Version `, `hello-`, `v`.
    pub before: String,
    /// Whether the version is in brackets.
    pub bracketed: bool,
    /// The version, without `v`.
    pub version: String,
    /// The address that the version leads to.
    pub link: Option<String>,
    /// What stands behind it.
    pub after: String,
}

/// How a date is written in headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateForm {
    /// `2026-11-21`, with this between the numbers.
    Numbers(char),
    /// `November 21, 2026`; abbreviated: `Nov 21, 2026`; ordinal: `21st`.
    MonthFirst { short: bool, ordinal: bool },
    /// `21 November 2026`.
    DayFirst { short: bool, ordinal: bool },
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Title {
    /// Reads a heading's text; none: it names no version. `known` is a version
    /// that is one, whatever it looks like.
    pub fn read(text: &str, known: Option<&str>) -> Option<Self> {
        let found = known.and_then(|known| word_in(text, known));
        let (at, version) = found.or_else(|| version_in(text))?;
        let (mut before, mut rest) = (&text[..at], &text[at + version.len()..]);
        let mut v = "";
        if let Some(less) = before.strip_suffix('v') {
            (before, v) = (less, "v");
        }
        let bracketed = before.ends_with('[') && rest.starts_with(']');
        if bracketed {
            before = &before[..before.len() - 1];
            rest = &rest[1..];
        }
        let link = rest.strip_prefix('(').filter(|_| bracketed);
        let link = link.and_then(|rest| rest.split_once(')'));
        let (link, after) = link.map_or((None, rest), |(link, rest)| (Some(link), rest));
        let open = before.to_lowercase().starts_with("unreleased");
        let plain = before.split_whitespace().count() <= 1 && !before.contains(['[', '(']) && !open;
        plain.then(|| Self {
            before: format!("{before}{v}"),
            bracketed,
            version: version.to_owned(),
            link: link.map(str::to_owned),
            after: after.to_owned(),
        })
    }

    /// Names the package that the heading says, where it says one.
    pub fn package(&self) -> Option<&str> {
        let word = self.before.strip_suffix('v').unwrap_or(&self.before);
        let word = word.trim_end_matches([' ', '-', '@', '/']);
        let kind = ["", "v", "version", "release"].contains(&word.to_lowercase().as_str());
        (!kind).then_some(word)
    }

    /// Tells whether it says that the release is still to come.
    pub fn is_open(&self) -> bool {
        let after = self.after.to_lowercase();
        let words = [
            "unreleased",
            "tbd",
            "tba",
            "draft",
            "in progress",
            "in development",
        ];
        words.iter().any(|word| after.contains(word))
    }

    /// Tells whether a date stands in it.
    pub fn is_dated(&self) -> bool {
        date_in(&self.after).is_some()
    }

    /// Writes what stands behind the version for another day, `2026-11-21`.
    pub fn after_on(&self, day: &str) -> String {
        let Some((start, end, form)) = date_in(&self.after) else {
            return String::new();
        };
        let (before, after) = (&self.after[..start], &self.after[end..]);
        let marks = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        let before = if marks(before) { before } else { " - " };
        let after: String = after.chars().take_while(|c| ")]*_".contains(*c)).collect();
        format!("{before}{}{after}", form.write(day))
    }
}

impl DateForm {
    fn write(self, day: &str) -> String {
        let mut parts = day.split('-');
        let mut part = || parts.next().unwrap_or_default();
        let (year, month, date) = (part(), part(), part());
        let name = |short: bool| {
            let index = month.parse::<usize>().unwrap_or(1).saturating_sub(1);
            let name = MONTHS.get(index).copied().unwrap_or(month);
            if short { &name[..3] } else { name }
        };
        let date = date.trim_start_matches('0');
        let numbered = |ordinal: bool| match (ordinal, date) {
            (false, _) => date.to_owned(),
            (_, "1" | "21" | "31") => format!("{date}st"),
            (_, "2" | "22") => format!("{date}nd"),
            (_, "3" | "23") => format!("{date}rd"),
            _ => format!("{date}th"),
        };
        match self {
            Self::Numbers(mark) => day.replace('-', &mark.to_string()),
            Self::MonthFirst { short, ordinal } => {
                format!("{} {}, {year}", name(short), numbered(ordinal))
            }
            Self::DayFirst { short, ordinal } => {
                format!("{} {} {year}", numbered(ordinal), name(short))
            }
        }
    }
}

/// What a version may stand behind.
fn begins(c: char) -> bool {
    " [-@/`*".contains(c)
}

/// Finds a version that is known.
fn word_in<'a>(text: &'a str, known: &str) -> Option<(usize, &'a str)> {
    let mut each = text.match_indices(known);
    each.find(|(at, word)| {
        let before = &text[..*at];
        let before = before.strip_suffix('v').unwrap_or(before);
        let mut behind = text[at + word.len()..].chars();
        let joins = |c: char| ".+~-_".contains(c);
        let ends = match behind.next() {
            Some(c) if joins(c) => !behind.next().is_some_and(char::is_alphanumeric),
            next => !next.is_some_and(char::is_alphanumeric),
        };
        ends && (before.is_empty() || before.ends_with(begins))
    })
}

/// Finds a version: numbers with dots between them, where a word begins.
fn version_in(text: &str) -> Option<(usize, &str)> {
    let starts = text.char_indices().filter(|&(at, c)| {
        let before = &text[..at];
        let before = before.strip_suffix('v').unwrap_or(before);
        c.is_ascii_digit() && (before.is_empty() || before.ends_with(begins))
    });
    starts.map(|(at, _)| at).find_map(|at| {
        let more = |c: char| !(c.is_ascii_alphanumeric() || ".+~-".contains(c));
        let word = &text[at..];
        let word = &word[..word.find(more).unwrap_or(word.len())];
        let word = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let numbers = word.split(['-', '+', '~']).next().unwrap_or_default();
        let mut parts = numbers.split('.');
        let first = parts.next()?;
        let first = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        let mut rest = parts.map(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        let dotted = numbers.contains('.') && rest.all(|digit| digit);
        (first && dotted).then_some((at, word))
    })
}

/// Finds a date: its start and end, and how it is written.
fn date_in(text: &str) -> Option<(usize, usize, DateForm)> {
    numbers_in(text).or_else(|| words_in(text))
}

fn numbers_in(text: &str) -> Option<(usize, usize, DateForm)> {
    text.char_indices().find_map(|(at, _)| {
        let date = text.get(at..at + 10)?.as_bytes();
        let mark = date[4];
        let digits = [0, 1, 2, 3, 5, 6, 8, 9];
        let fits = digits.iter().all(|&place| date[place].is_ascii_digit());
        let marked = b"-/.".contains(&mark) && mark == date[7];
        (fits && marked).then_some((at, at + 10, DateForm::Numbers(char::from(mark))))
    })
}

fn words_in(text: &str) -> Option<(usize, usize, DateForm)> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut words: Vec<(usize, &str)> = Vec::new();
    for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        let from = words.last().map_or(0, |(at, word)| at + word.len());
        words.push((from + text[from..].find(word)?, word));
    }
    let day = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let fits = digits.parse().is_ok_and(|day: u8| (1..=31).contains(&day));
        fits.then_some(digits.len() < word.len())
    };
    let month = |word: &str| {
        let full = MONTHS.contains(&word);
        let short = MONTHS.iter().any(|month| &month[..3] == word);
        (full || short).then_some(!full)
    };
    words.windows(3).find_map(|three| {
        let [(start, first), (_, second), (last, year)] = three else {
            return None;
        };
        let end = last + year.len();
        let fits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let form = match (month(first), day(second), day(first), month(second)) {
            (Some(short), Some(ordinal), _, _) => DateForm::MonthFirst { short, ordinal },
            (_, _, Some(ordinal), Some(short)) => DateForm::DayFirst { short, ordinal },
            _ => return None,
        };
        fits.then_some((*start, end, form))
    })
}
