//! Licences whose texts can be printed: SPDX licence expressions (SPDX 2.3,
//! annex D) → the `License` fields of Debian's machine-readable copyright
//! format 1.0. Pure.
//!
//! A text is either here or in `/usr/share/common-licenses` of every Debian
//! system (Debian Policy 12.5); a licence without one is refused, because a
//! package must carry its licence.

mod texts;

use serde::Serialize;

use texts::{EXCEPTIONS, KNOWN, Known, Text};

/// A licence expression, all of whose texts are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    written: String,
    expression: Expression,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LicenseError {
    /// No text is known.
    #[error(
        "no text of the licence “{found}” is known here: name a file of the tree with copyright = \"LICENSE\""
    )]
    NoText {
        /// The licence or exception.
        found: String,
    },
    /// It is no expression.
    #[error("“{0}” is no licence expression, such as “MIT OR Apache-2.0”")]
    Malformed(String),
    /// Debian's format has no brackets.
    #[error(
        "“{0}” is nested deeper than Debian's copyright format can say: name a file of the tree with copyright = \"LICENSE\""
    )]
    Nested(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    One(Atom),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

/// One licence, as Debian names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Atom {
    known: &'static Known,
    or_later: bool,
    exception: Option<&'static (&'static str, &'static str, &'static str)>,
}

impl License {
    /// Reads an expression: `MIT`, `MIT OR Apache-2.0`, `GPL-2.0-or-later`,
    /// `Apache-2.0 WITH LLVM-exception`; Debian's short names are read too,
    /// and `/` for `OR` as old crates have it.
    pub fn new(text: &str) -> Result<Self, LicenseError> {
        let spaced = text
            .replace('(', " ( ")
            .replace(')', " ) ")
            .replace('/', " OR ");
        let mut words = Words {
            written: text,
            words: spaced.split_whitespace().rev().collect(),
        };
        let expression = words.any(0)?;
        if !words.words.is_empty() {
            return Err(words.malformed());
        }
        if expression.fields().is_none() {
            return Err(LicenseError::Nested(text.to_owned()));
        }
        Ok(Self {
            written: text.to_owned(),
            expression,
        })
    }

    /// Returns the expression as Debian writes it: `Expat or Apache-2.0`.
    pub fn debian_name(&self) -> String {
        self.expression
            .fields()
            .expect("new() refuses what has none")
    }

    /// Returns each licence's name with its text, the lines of the `License`
    /// field that follow its first.
    pub fn texts(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        self.expression.atoms(&mut |atom| {
            let name = atom.name();
            if found.iter().all(|(known, _)| *known != name) {
                found.push((name, atom.text()));
            }
        });
        found
    }
}

impl Serialize for License {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.written)
    }
}

impl Expression {
    /// Writes the first line of a `License` field. There, `and` binds closer
    /// than `or`, unless a comma stands before it; so two levels can be said.
    fn fields(&self) -> Option<String> {
        let flat = |parts: &[Self], word: &str| {
            let name = |part: &Self| match part {
                Self::One(atom) => Some(atom.name()),
                _ => None,
            };
            let names: Option<Vec<_>> = parts.iter().map(name).collect();
            Some(names?.join(word))
        };
        let level = |part: &Self| match part {
            Self::One(atom) => Some(atom.name()),
            Self::All(parts) => flat(parts, " and "),
            Self::Any(parts) => flat(parts, " or "),
        };
        let join = |parts: &[Self], word: &str| {
            let names: Option<Vec<_>> = parts.iter().map(level).collect();
            Some(names?.join(word))
        };
        match self {
            Self::One(atom) => Some(atom.name()),
            Self::Any(parts) => join(parts, " or "),
            Self::All(parts) => flat(parts, " and ").or_else(|| join(parts, ", and ")),
        }
    }

    fn atoms(&self, visit: &mut impl FnMut(&Atom)) {
        match self {
            Self::One(atom) => visit(atom),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.atoms(visit);
                }
            }
        }
    }
}

impl Atom {
    fn name(&self) -> String {
        let plus = if self.or_later { "+" } else { "" };
        let with = self
            .exception
            .map(|(_, debian, _)| format!(" with {debian} exception"));
        format!("{}{plus}{}", self.known.debian, with.unwrap_or_default())
    }

    fn text(&self) -> String {
        let mut text = match self.known.text {
            Text::Whole(text) => folded(text),
            Text::Common(file) => {
                let later = match self.or_later {
                    true => " This version applies or, as you wish, any later one.\n",
                    false => "",
                };
                format!(
                    "{later} On Debian systems, the full text of this licence is in\n \
                     /usr/share/common-licenses/{file}.\n"
                )
            }
        };
        if let Some((_, _, exception)) = self.exception {
            text.push_str(" .\n");
            text.push_str(&folded(exception));
        }
        text
    }
}

/// Makes the lines of a field out of a text's.
fn folded(text: &str) -> String {
    let line = |line: &str| match line {
        "" => " .\n".to_owned(),
        line => format!(" {line}\n"),
    };
    text.trim().lines().map(line).collect()
}

/// The words of an expression, the next one last.
struct Words<'a> {
    written: &'a str,
    words: Vec<&'a str>,
}

/// More brackets than any licence needs; what is read calls itself.
const DEEPEST: usize = 8;

impl Words<'_> {
    fn malformed(&self) -> LicenseError {
        LicenseError::Malformed(self.written.to_owned())
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self
            .words
            .last()
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        if found {
            self.words.pop();
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<Expression, LicenseError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, LicenseError> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("AND") {
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, LicenseError> {
        if self.takes("(") {
            if depth == DEEPEST {
                return Err(LicenseError::Nested(self.written.to_owned()));
            }
            let inner = self.any(depth + 1)?;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err(self.malformed()),
            };
        }
        let word = self.words.pop().ok_or_else(|| self.malformed())?;
        if ["OR", "AND", "WITH", ")"]
            .iter()
            .any(|w| w.eq_ignore_ascii_case(word))
        {
            return Err(self.malformed());
        }
        let mut atom = atom(word).ok_or_else(|| no_text(word))?;
        if self.takes("WITH") {
            let name = self.words.pop().ok_or_else(|| self.malformed())?;
            let known = EXCEPTIONS
                .iter()
                .find(|(spdx, _, _)| spdx.eq_ignore_ascii_case(name));
            atom.exception = Some(known.ok_or_else(|| no_text(name))?);
        }
        Ok(Expression::One(atom))
    }
}

fn no_text(found: &str) -> LicenseError {
    LicenseError::NoText {
        found: found.to_owned(),
    }
}

/// Keeps a level of its own only where there is more than one; a bracket
/// around the same kind is none.
fn joined(parts: Vec<Expression>, level: fn(Vec<Expression>) -> Expression) -> Expression {
    let mut flat = Vec::new();
    for part in parts {
        match (level(Vec::new()), part) {
            (Expression::Any(_), Expression::Any(inner))
            | (Expression::All(_), Expression::All(inner)) => flat.extend(inner),
            (_, part) => flat.push(part),
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => level(flat),
    }
}

fn atom(word: &str) -> Option<Atom> {
    let lower = word.to_ascii_lowercase();
    let named = |name: &str, or_later: bool| {
        let is = |known: &&Known| known.names.contains(&name);
        let known = KNOWN.iter().find(is)?;
        // Only the GNU licences are said to have later versions.
        (!or_later || known.has_later).then_some(Atom {
            known,
            or_later,
            exception: None,
        })
    };
    let later = lower.strip_suffix("-or-later").or(lower.strip_suffix('+'));
    match (later, lower.strip_suffix("-only")) {
        (Some(name), _) => named(name, true),
        (_, Some(name)) => named(name, false).filter(|atom| atom.known.has_later),
        _ => named(&lower, false),
    }
}

#[cfg(test)]
mod tests;
