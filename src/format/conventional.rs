//! Commit messages: Conventional Commits 1.0.0, and git-interpret-trailers(1).
//!
//! Holds what a message says by its form: the subject's type, scopes and `!`,
//! the body, the trailers. Knows nothing of which types there are and what a
//! trailer asks for.
//!
//! Subjects are read by the crate git-conventional. Bodies and trailers are
//! not: it starts the trailers at the first paragraph of the form `Note: …`,
//! lets a trailer swallow all paragraphs behind it, and refuses a message
//! without a blank line after the subject.
//!
//! Where the two specifications differ: trailers are those of the last
//! paragraph that git takes for trailers, of paragraphs before it that hold
//! nothing but well-known ones (forges put `Co-authored-by` into a paragraph
//! of its own), and `BREAKING CHANGE:` at the start of a paragraph, whose text
//! goes on until the next trailer (rule 10). `Token #value` is a trailer as
//! `Token: value` is. A line that starts with a URL is none.

mod footer;

use std::borrow::Cow;
use std::fmt;

/// A commit message, read by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The first line that is not empty, without blanks around it.
    pub subject: &'a str,
    /// The subject's parts, where it has the form `type(scope)!: description`.
    pub header: Option<Header<'a>>,
    /// The paragraphs behind the subject that are no trailers, without empty
    /// lines around them.
    pub body: String,
    /// The trailers, in their order.
    pub trailers: Vec<Trailer<'a>>,
    /// What is odd and was accepted, or looks like something that it is not.
    pub remarks: Vec<Remark>,
}

/// A subject of the form `type(scope)!: description`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The type, in lower case.
    pub kind: Cow<'a, str>,
    /// The scopes, as written; several are separated by commas.
    pub scopes: Vec<&'a str>,
    /// Whether `!` stands before the colon.
    pub breaking: Breaking,
    /// What follows the colon; never empty.
    pub description: &'a str,
    /// Whether a blank stands behind the colon, as the specification demands.
    pub colon: Colon,
}

/// Whether a subject says that something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaking {
    /// There is a `!`.
    Said,
    /// There is none.
    Unsaid,
}

/// What follows a subject's colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colon {
    /// A blank.
    Spaced,
    /// The description.
    Tight,
}

/// A trailer, which Conventional Commits calls a footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer<'a> {
    /// The token, as written.
    pub token: &'a str,
    /// What stands between token and value.
    pub separator: Separator,
    /// The value, each line without blanks around it; its paragraphs are
    /// separated by an empty line.
    pub value: String,
}

/// What stands between a trailer's token and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `Token: value`
    Colon,
    /// `Token #value`
    Hash,
}

/// What is odd about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// `feat:description`
    NoSpace,
    /// The second line is not empty.
    NoBlankLine,
    /// `BREAKING CHANGE:` inside a paragraph.
    BreakingInBody,
    /// `Breaking change:` where `BREAKING CHANGE:` would count.
    BreakingCase,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSpace => "no blank after the subject's colon",
            Self::NoBlankLine => "no empty line after the subject",
            Self::BreakingInBody => {
                "“BREAKING CHANGE:” inside a paragraph does not count: it must start one"
            }
            Self::BreakingCase => "“BREAKING CHANGE:” counts in capital letters only",
        })
    }
}

impl<'a> Header<'a> {
    /// Reads a subject; nothing where it has not the form.
    ///
    /// ```
    /// use debcut::format::conventional::Header;
    /// let header = Header::parse("feat(api,cli)!: drop it").expect("it is conventional");
    /// assert_eq!(header.scopes, ["api", "cli"]);
    /// assert_eq!(Header::parse("Merge branch 'main'"), None);
    /// ```
    pub fn parse(subject: &'a str) -> Option<Self> {
        let subject = subject.trim();
        // The crate words an error for every subject that it refuses.
        subject.find(':')?;
        let read = git_conventional::Commit::parse(subject).ok()?;
        let kind = read.type_().as_str();
        let description = read.description();
        Some(Self {
            kind: if kind.bytes().all(|b| b.is_ascii_lowercase()) {
                Cow::Borrowed(kind)
            } else {
                Cow::Owned(kind.to_lowercase())
            },
            scopes: (read.scope().map(|scope| scope.as_str()))
                .into_iter()
                .flat_map(|scopes| scopes.split(','))
                .map(str::trim)
                .filter(|scope| !scope.is_empty())
                .collect(),
            breaking: if read.breaking() {
                Breaking::Said
            } else {
                Breaking::Unsaid
            },
            description,
            colon: if subject[..subject.len() - description.len()].ends_with(':') {
                Colon::Tight
            } else {
                Colon::Spaced
            },
        })
    }
}

impl Trailer<'_> {
    /// Tells whether its token is `token`; case does not count.
    pub fn is(&self, token: &str) -> bool {
        self.token.eq_ignore_ascii_case(token)
    }

    /// Tells whether it says that something breaks (rules 12, 15 and 16).
    pub fn is_breaking(&self) -> bool {
        self.separator == Separator::Colon && footer::is_breaking(self.token)
    }

    /// Returns the value on one line.
    pub fn line(&self) -> Cow<'_, str> {
        if self.value.contains('\n') {
            Cow::Owned(self.value.split_whitespace().collect::<Vec<_>>().join(" "))
        } else {
            Cow::Borrowed(&self.value)
        }
    }
}

impl<'a> Message<'a> {
    /// Reads a message with lines that end in LF (see [`unix_lines`]). There is
    /// no text that is not a message.
    pub fn parse(text: &'a str) -> Self {
        let text = text.trim_start_matches(['\n', ' ', '\t']);
        let (subject, rest) = text.split_once('\n').unwrap_or((text, ""));
        Self::of(subject, rest)
    }

    /// Reads a message whose subject is known; `rest`: what follows its line.
    pub fn of(subject: &'a str, rest: &'a str) -> Self {
        let subject = subject.trim();
        let header = Header::parse(subject);
        let mut remarks = Vec::new();
        if (header.as_ref()).is_some_and(|header| header.colon == Colon::Tight) {
            remarks.push(Remark::NoSpace);
        }
        let (joined, rest) = if starts_blank(rest) {
            ("", rest)
        } else {
            // git takes lines right behind the first for more of the subject,
            // so none of them is a trailer.
            remarks.push(Remark::NoBlankLine);
            rest.split_at(rest.find("\n\n").map_or(rest.len(), |at| at + 1))
        };
        let (body, trailers) = footer::split(joined, rest, &mut remarks);
        remarks.sort_unstable();
        remarks.dedup();
        Self {
            subject,
            header,
            body,
            trailers,
            remarks,
        }
    }
}

/// Tells whether a text's first line is blank, or there is none.
fn starts_blank(text: &str) -> bool {
    text.split('\n')
        .next()
        .unwrap_or_default()
        .trim()
        .is_empty()
}

/// Returns a text with LF where it has CRLF.
pub fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Tells for each line whether it belongs to a fenced block (CommonMark 4.5),
/// its fences included.
pub fn fenced<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (&'a str, bool)> {
    let mut open: Option<(char, usize)> = None;
    lines.map(move |line| {
        let bare = line.trim_start();
        let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| bare.len() - bare.trim_start_matches(mark).len());
        match (open, mark) {
            (None, Some(mark)) if run >= 3 => {
                open = Some((mark, run));
                (line, true)
            }
            (Some((fence, length)), Some(mark))
                if mark == fence && run >= length && bare[run..].trim().is_empty() =>
            {
                open = None;
                (line, true)
            }
            (open, _) => (line, open.is_some()),
        }
    })
}

#[cfg(test)]
mod tests;
