//! Paragraphs of fields: deb822(5), the grammar under every control file.
//!
//! Holds the strict reader and the writer ([`mod@write`]) that all typed formats
//! share. Knows nothing of what a field means.
//!
//! The reader is our own because exact bytes and line numbers are the point:
//! control bytes are copied, never written again from parsed values, and a
//! refusal names its line. It is stricter than dpkg where parsers disagree and
//! a file could mean two things: carriage returns, NUL, a byte order mark,
//! duplicate fields (in any case of letters) and, in generated files, lines of
//! blanks are errors.

pub mod write;

use std::borrow::Cow;
use std::error::Error;
use std::str::FromStr;

pub use write::{ParagraphWriter, WriteError};

/// Who wrote a file, which decides what it may hold beside fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// A program: no comments, and only empty lines end a paragraph
    /// (`.dsc`, `.changes`, a package's `control`, indices).
    Generated,
    /// A person: lines that start with `#` are comments, and a line of blanks
    /// ends a paragraph as an empty one does, as in dpkg (`debian/control`).
    Handwritten,
}

/// One paragraph, borrowed from the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph<'a> {
    text: &'a str,
    line: usize,
    fields: Vec<Field<'a>>,
}

/// One field of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    line: usize,
    raw: &'a str,
    value: Cow<'a, str>,
}

/// Says why a text is not the paragraph, or a field not the value, it should
/// be. Lines count from 1 in the text that was read.
#[derive(Debug, thiserror::Error)]
pub enum Deb822Error {
    /// The bytes are not UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// The first line that is not.
        line: usize,
    },
    /// A character that no control file may hold.
    #[error("line {line}: {what} is not allowed")]
    Forbidden {
        /// Where it stands.
        line: usize,
        /// What it is.
        what: &'static str,
    },
    /// The text is signed in clear and still has its armour.
    #[error("line {line}: the text is still wrapped in an OpenPGP signature")]
    Armoured {
        /// Where the armour starts.
        line: usize,
    },
    /// A comment where a program wrote the file.
    #[error("line {line}: a comment is not allowed in a generated file")]
    Comment {
        /// Where it stands.
        line: usize,
    },
    /// A line of blanks where a program wrote the file.
    #[error("line {line}: found only blanks, expected an empty line or text")]
    Blanks {
        /// Where it stands.
        line: usize,
    },
    /// A continuation line that continues nothing.
    #[error("line {line}: a continuation line before the first field of its paragraph")]
    Continuation {
        /// Where it stands.
        line: usize,
    },
    /// A line without a colon.
    #[error("line {line}: found “{found}”, expected a field name and a colon")]
    NoColon {
        /// Where it stands.
        line: usize,
        /// The start of the line.
        found: String,
    },
    /// A field name with characters it may not have.
    #[error("line {line}: “{found}” is not a field name")]
    FieldName {
        /// Where it stands.
        line: usize,
        /// What stands before the colon.
        found: String,
    },
    /// A field that its paragraph already has.
    #[error("line {line}: field {field} is already on line {first}")]
    Duplicate {
        /// Where the second one stands.
        line: usize,
        /// Its name.
        field: String,
        /// Where the first one stands.
        first: usize,
    },
    /// No paragraph at all.
    #[error("there are no fields")]
    Empty,
    /// A second paragraph where one was expected.
    #[error("line {line}: a second paragraph, expected one")]
    Second {
        /// Where it starts.
        line: usize,
    },
    /// A paragraph that must follow does not.
    #[error("line {line}: found no more paragraphs, expected {expected}")]
    End {
        /// Where the last paragraph starts.
        line: usize,
        /// What should follow it.
        expected: &'static str,
    },
    /// A field that must be there is not, or is empty.
    #[error("line {line}: the paragraph has no value for field {field}")]
    Missing {
        /// Where the paragraph starts.
        line: usize,
        /// The field's name.
        field: &'static str,
    },
    /// A field's value is not what it should be.
    #[error("line {line}: field {field}: “{found}” is not valid")]
    Invalid {
        /// Where the value stands.
        line: usize,
        /// The field's name.
        field: String,
        /// The value, or the part of it that is wrong.
        found: String,
        /// Why it is not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Reads all paragraphs of `bytes`, in order.
pub fn paragraphs(bytes: &[u8], syntax: Syntax) -> Result<Vec<Paragraph<'_>>, Deb822Error> {
    let text = checked_text(bytes)?;
    let mut all = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let start = at;
        at += line.len();
        let content = line.strip_suffix('\n').unwrap_or(line);
        match kind(content, number, syntax)? {
            Line::End => all.extend(open.take().map(|open| open.close(text)).transpose()?),
            Line::Comment => {}
            Line::Continuation => match &mut open {
                Some(open) => open.end = at,
                None => return Err(Deb822Error::Continuation { line: number }),
            },
            Line::Field(name) => {
                let open = open.get_or_insert(Open {
                    start,
                    end: at,
                    line: number,
                    fields: Vec::new(),
                });
                open.end = at;
                open.fields.push((name, number, start + name.len() + 1));
            }
        }
    }
    all.extend(open.map(|open| open.close(text)).transpose()?);
    Ok(all)
}

/// Reads `bytes` that hold exactly one paragraph.
pub fn paragraph(bytes: &[u8], syntax: Syntax) -> Result<Paragraph<'_>, Deb822Error> {
    let mut all = paragraphs(bytes, syntax)?.into_iter();
    let first = all.next().ok_or(Deb822Error::Empty)?;
    match all.next() {
        None => Ok(first),
        Some(second) => Err(Deb822Error::Second { line: second.line }),
    }
}

/// A paragraph being read: its bounds, and name, line and value's start of
/// each field.
struct Open<'a> {
    start: usize,
    end: usize,
    line: usize,
    fields: Vec<(&'a str, usize, usize)>,
}

impl<'a> Open<'a> {
    fn close(self, text: &'a str) -> Result<Paragraph<'a>, Deb822Error> {
        self.refuse_duplicates()?;
        let starts = self.fields.iter().skip(1);
        let ends = starts
            .map(|(name, _, value)| value - 1 - name.len())
            .chain([self.end]);
        let field = |(&(name, line, start), end): (&(&'a str, usize, usize), usize)| {
            let raw = &text[start..end];
            Field {
                name,
                line,
                raw,
                value: without_comments(raw),
            }
        };
        Ok(Paragraph {
            text: &text[self.start..self.end],
            line: self.line,
            fields: self.fields.iter().zip(ends).map(field).collect(),
        })
    }

    /// Sorted, not pair by pair: a hostile paragraph may have many fields.
    fn refuse_duplicates(&self) -> Result<(), Deb822Error> {
        let mut sorted: Vec<_> = self
            .fields
            .iter()
            .map(|(name, line, _)| (*name, *line))
            .collect();
        let lower = |name: &'a str| name.bytes().map(|b| b.to_ascii_lowercase());
        sorted.sort_by(|(a, at), (b, bt)| lower(a).cmp(lower(b)).then(at.cmp(bt)));
        match sorted
            .windows(2)
            .find(|two| two[0].0.eq_ignore_ascii_case(two[1].0))
        {
            None => Ok(()),
            Some(two) => Err(Deb822Error::Duplicate {
                line: two[1].1,
                field: two[1].0.to_owned(),
                first: two[0].1,
            }),
        }
    }
}

enum Line<'a> {
    End,
    Comment,
    Continuation,
    Field(&'a str),
}

fn kind(content: &str, line: usize, syntax: Syntax) -> Result<Line<'_>, Deb822Error> {
    if content.is_empty() {
        return Ok(Line::End);
    }
    if content.starts_with('#') {
        return match syntax {
            Syntax::Handwritten => Ok(Line::Comment),
            Syntax::Generated => Err(Deb822Error::Comment { line }),
        };
    }
    if content.starts_with(BLANKS) {
        return match (content.trim_matches(BLANKS).is_empty(), syntax) {
            (false, _) => Ok(Line::Continuation),
            (true, Syntax::Handwritten) => Ok(Line::End),
            (true, Syntax::Generated) => Err(Deb822Error::Blanks { line }),
        };
    }
    if content.starts_with("-----BEGIN PGP ") {
        return Err(Deb822Error::Armoured { line });
    }
    match content.split_once(':') {
        None => Err(Deb822Error::NoColon {
            line,
            found: beginning(content),
        }),
        Some((name, _)) if is_field_name(name) => Ok(Line::Field(name)),
        Some((name, _)) => Err(Deb822Error::FieldName {
            line,
            found: beginning(name),
        }),
    }
}

/// As much of a text as an error should repeat: a line of a long list fits.
fn beginning(text: &str) -> String {
    match text.char_indices().nth(200) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['#', '-'])
        && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}

fn checked_text(bytes: &[u8]) -> Result<&str, Deb822Error> {
    let line_at = |at: usize| 1 + bytes[..at].iter().filter(|b| **b == b'\n').count();
    let text = std::str::from_utf8(bytes).map_err(|error| Deb822Error::NotUtf8 {
        line: line_at(error.valid_up_to()),
    })?;
    if text.starts_with('\u{feff}') {
        let what = "a byte order mark";
        return Err(Deb822Error::Forbidden { line: 1, what });
    }
    match bytes.iter().position(|b| matches!(b, b'\r' | 0)) {
        None => Ok(text),
        Some(at) => Err(Deb822Error::Forbidden {
            line: line_at(at),
            what: match bytes[at] {
                0 => "a NUL byte",
                _ => "a carriage return",
            },
        }),
    }
}

/// A value's first line may start with `#`, the others are comments if they do:
/// continuation lines start with a blank.
fn without_comments(raw: &str) -> Cow<'_, str> {
    if raw.contains("\n#") {
        let lines = raw.split_inclusive('\n').enumerate();
        let kept: String = lines
            .filter(|(at, line)| *at == 0 || !line.starts_with('#'))
            .map(|(_, line)| line)
            .collect();
        Cow::Owned(trimmed(&kept).to_owned())
    } else {
        Cow::Borrowed(trimmed(raw))
    }
}

fn trimmed(raw: &str) -> &str {
    raw.trim_matches([' ', '\t', '\n'])
}

impl<'a> Paragraph<'a> {
    /// Returns the paragraph's bytes as they were, from its first field to the
    /// end of its last line.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the line its first field stands on.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the fields in the order they were written.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// Finds a field by its name, in any case of letters.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        let same = |field: &&Field<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().find(same)
    }

    /// Finds a field's [value](Field::value) by its name, in any case of
    /// letters.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.field(name).map(Field::value)
    }

    /// Finds a field that must be there and must not be empty.
    pub fn require(&self, field: &'static str) -> Result<&Field<'a>, Deb822Error> {
        self.field(field)
            .filter(|found| !found.value().is_empty())
            .ok_or(Deb822Error::Missing {
                line: self.line,
                field,
            })
    }

    /// Reads a field that must be there.
    pub fn parse<T>(&self, field: &'static str) -> Result<T, Deb822Error>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        self.require(field)?.parse()
    }

    /// Reads a field that may be missing or empty.
    pub fn parse_optional<T>(&self, field: &str) -> Result<Option<T>, Deb822Error>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        self.field(field)
            .filter(|found| !found.value().is_empty())
            .map(Field::parse)
            .transpose()
    }

    /// Reads the words of a field that may be missing or empty.
    pub fn parse_words<T>(&self, field: &str) -> Result<Vec<T>, Deb822Error>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        self.field(field).map_or(Ok(Vec::new()), Field::parse_words)
    }
}

impl<'a> Field<'a> {
    /// Returns the name as it is written.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the line the field's name stands on.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns every byte after the colon, comments and last newline included.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Returns the value without blanks around it and without comments;
    /// continuation lines are kept as they are.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the value's lines with their numbers, comments left out: the
    /// first without the blanks around it (it may be empty), the others
    /// without the blank that continues the field, blanks at the end, and the
    /// dot that stands for an empty line.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let raw = self.raw.strip_suffix('\n').unwrap_or(self.raw);
        let lines = (self.line..).zip(raw.split('\n')).enumerate();
        lines
            .filter(|(at, (_, line))| *at == 0 || !line.starts_with('#'))
            .map(|(at, (number, line))| {
                if at == 0 {
                    return (number, line.trim_matches(BLANKS));
                }
                // As dpkg: one blank is the continuation, and of a line of
                // dots one dot.
                let line = line[1..].trim_end_matches(BLANKS);
                let dots = !line.is_empty() && line.bytes().all(|b| b == b'.');
                (number, if dots { &line[1..] } else { line })
            })
    }

    /// Reads the value as a `T`.
    pub fn parse<T>(&self) -> Result<T, Deb822Error>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        let value = self.value();
        value
            .parse()
            .map_err(|error| self.invalid(self.line, value, error))
    }

    /// Reads the value as `T`s with blanks or newlines between them.
    pub fn parse_words<T>(&self) -> Result<Vec<T>, Deb822Error>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        let mut found = Vec::new();
        for (number, line) in self.lines() {
            for word in line.split_ascii_whitespace() {
                found.push(
                    word.parse()
                        .map_err(|error| self.invalid(number, word, error))?,
                );
            }
        }
        Ok(found)
    }

    /// Says that `found`, on `line`, is not a valid part of this field.
    pub fn invalid(
        &self,
        line: usize,
        found: &str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Deb822Error {
        Deb822Error::Invalid {
            line,
            field: self.name.to_owned(),
            found: beginning(found),
            source: source.into(),
        }
    }
}

#[cfg(test)]
mod tests;
