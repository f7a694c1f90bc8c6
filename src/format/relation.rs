//! Relations between packages (`Depends`, `Build-Depends` …): Debian Policy
//! 7.1, deb-control(5), deb-src-control(5).
//!
//! Holds the parsed field and the place of what is wrong in it. Knows nothing
//! of which packages exist or are installed.
//!
//! The parser is our own: debian-control's lossless tree gives no position for
//! all of its errors, is not safe to send to another thread, and takes its
//! versions from a crate that orders and checks them differently from dpkg.
//!
//! Deviation from dpkg: the operators `<` and `>`, obsolete and warned about
//! since 1997, are refused.

use std::fmt;

use super::deb822::{Deb822Error, Field};
use super::version::{Version, VersionError};
use crate::model::PackageName;
use crate::model::name::NameError;

/// Where a field was written, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By a program, in a `.dsc`, a `.deb` or an index: relations alone.
    Settled,
    /// By a person (`Build-Depends` in `debian/control`): empty places between
    /// commas and after the last one are allowed.
    Handwritten,
    /// By a person, for dpkg-gencontrol(1) to fill in (`Depends` in
    /// `debian/control`): `${…}` is allowed too.
    Template,
}

/// Alternatives, one of which must hold (`a | b`); never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The alternatives in the order of preference.
    pub alternatives: Vec<Alternative>,
}

/// One alternative of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alternative {
    /// A relation to a package.
    Relation(Relation),
    /// Text with `${…}` in it, which says nothing until it is replaced.
    Unsettled(String),
}

/// A relation to one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The package's name.
    pub name: PackageName,
    /// What stands after the colon: `any`, `native` or an architecture.
    pub qualifier: Option<String>,
    /// Which versions will do; all of them without.
    pub version: Option<(Operator, Version)>,
    /// On which architectures the relation holds (wildcards as written); on all
    /// of them when empty. All are negated or none is.
    pub architectures: Vec<Condition>,
    /// In which build profiles the relation holds: one of the lists must, and
    /// in it all conditions; always when empty.
    pub profiles: Vec<Vec<Condition>>,
}

/// An architecture or a build profile that must be, or must not be, the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether a `!` stands before it.
    pub negated: bool,
    /// Its name as written.
    pub name: String,
}

/// How a version must compare with the one in the relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    /// Tells whether `version` compares so with `bound`, in dpkg's order.
    pub fn holds(self, version: &Version, bound: &Version) -> bool {
        let order = version.compare(bound);
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }
}

/// Says where a field stops being a list of relations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// Something else than the grammar has in this place.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// The byte of the field where it stands, counted from 0.
        at: usize,
        /// What stands there, or that nothing does.
        found: String,
        /// What the grammar has.
        expected: &'static str,
    },
    /// The package's name is not one.
    #[error("cannot take the package's name")]
    Name {
        /// The byte of the field where it stands, counted from 0.
        at: usize,
        /// Why not.
        source: NameError,
    },
    /// The version is not one.
    #[error("cannot take the version")]
    Version {
        /// The byte of the field where it stands, counted from 0.
        at: usize,
        /// Why not.
        source: VersionError,
    },
}

impl RelationError {
    /// Returns the byte of the field where the error stands, counted from 0.
    pub fn at(&self) -> usize {
        match self {
            Self::Unexpected { at, .. } | Self::Name { at, .. } | Self::Version { at, .. } => *at,
        }
    }
}

/// Reads the relations in a field's text.
///
/// ```
/// use debcut::format::relation::{Form, relations};
///
/// let found = relations("libc6 (>= 2.36), exim4 | mail-transport-agent", Form::Settled)?;
/// assert_eq!(found[1].to_string(), "exim4 | mail-transport-agent");
/// let error = relations("libc6 (2.36)", Form::Settled).expect_err("no operator");
/// assert_eq!(error.at(), 7);
/// # Ok::<(), debcut::format::relation::RelationError>(())
/// ```
pub fn relations(text: &str, form: Form) -> Result<Vec<Clause>, RelationError> {
    let mut clauses = Vec::new();
    if text.trim_matches(BLANKS).is_empty() {
        return Ok(clauses);
    }
    // Neither commas nor bars occur within an alternative.
    for (at, clause) in split(text, ',') {
        if clause.trim_matches(BLANKS).is_empty() && form != Form::Settled {
            continue;
        }
        let alternatives = split(clause, '|')
            .map(|(offset, text)| alternative(text, at + offset, form))
            .collect::<Result<_, _>>()?;
        clauses.push(Clause { alternatives });
    }
    Ok(clauses)
}

/// Reads the relations of a field, naming the line of what is wrong.
pub fn field_relations(field: &Field<'_>, form: Form) -> Result<Vec<Clause>, Deb822Error> {
    let (numbers, lines): (Vec<_>, Vec<_>) = field.lines().unzip();
    let text = lines.join("\n");
    relations(&text, form).map_err(|error| {
        let before = &text[..error.at()];
        let line = before.matches('\n').count();
        let start = before.rfind(',').map_or(0, |comma| comma + 1);
        let clause = text[start..].split(',').next().unwrap_or_default();
        field.invalid(numbers[line], clause.trim_matches(BLANKS), error)
    })
}

const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// Splits a text, with the byte where each part starts.
fn split(text: &str, at: char) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    text.split(at).map(move |part| {
        let start = offset;
        offset += part.len() + at.len_utf8();
        (start, part)
    })
}

fn alternative(text: &str, at: usize, form: Form) -> Result<Alternative, RelationError> {
    let mut cursor = Cursor {
        text,
        at: 0,
        base: at,
    };
    if form == Form::Template && text.contains("${") {
        cursor.variables()?;
        return Ok(Alternative::Unsettled(text.trim_matches(BLANKS).to_owned()));
    }
    let at = cursor.blanks().position();
    let name = cursor.word("a package name")?;
    let name = PackageName::new(name).map_err(|source| RelationError::Name { at, source })?;
    let qualifier = match cursor.take(":") {
        true => Some(cursor.plain_word("an architecture")?.to_owned()),
        false => None,
    };
    let version = match cursor.blanks().take("(") {
        true => Some(cursor.bound()?),
        false => None,
    };
    let architectures = match cursor.blanks().take("[") {
        true => cursor.conditions("]", "an architecture or ]")?,
        false => Vec::new(),
    };
    if let Some(mixed) = (architectures.windows(2)).find(|two| two[0].negated != two[1].negated) {
        return Err(RelationError::Unexpected {
            at: cursor.position(),
            found: format!("[… {} {} …]", mixed[0], mixed[1]),
            expected: "architectures that all have a ! or all have none",
        });
    }
    let mut profiles = Vec::new();
    while cursor.blanks().take("<") {
        profiles.push(cursor.conditions(">", "a build profile or >")?);
    }
    match cursor.blanks().rest() {
        "" => Ok(Alternative::Relation(Relation {
            name,
            qualifier,
            version,
            architectures,
            profiles,
        })),
        _ => Err(cursor.unexpected(", or | or one of ( [ < in this order")),
    }
}

/// A place in one alternative, which starts at byte `base` of the field.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    base: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn position(&self) -> usize {
        self.base + self.at
    }

    fn blanks(&mut self) -> &mut Self {
        self.at = self.text.len() - self.rest().trim_start_matches(BLANKS).len();
        self
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes characters up to a blank or a mark of the grammar.
    fn word(&mut self, expected: &'static str) -> Result<&'a str, RelationError> {
        let ends = |c: char| BLANKS.contains(&c) || ":()[]<>!=${}".contains(c);
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if word.is_empty() {
            return Err(self.unexpected(expected));
        }
        self.at += word.len();
        Ok(word)
    }

    /// Takes the name of an architecture or a build profile.
    fn plain_word(&mut self, expected: &'static str) -> Result<&'a str, RelationError> {
        let before = self.at;
        let word = self.word(expected)?;
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-+.".contains(&b);
        if word.bytes().all(known) {
            Ok(word)
        } else {
            self.at = before;
            Err(self.unexpected(expected))
        }
    }

    /// Reads the rest of `(>= 1.0)`.
    fn bound(&mut self) -> Result<(Operator, Version), RelationError> {
        let operators = [
            Operator::Earlier,
            Operator::EarlierOrEqual,
            Operator::LaterOrEqual,
            Operator::Later,
            Operator::Equal,
        ];
        self.blanks();
        let Some(operator) = operators.into_iter().find(|o| self.take(o.as_str())) else {
            return Err(self.unexpected("one of << <= = >= >>"));
        };
        let at = self.blanks().position();
        let rest = self.rest();
        let ends = |c: char| BLANKS.contains(&c) || "()".contains(c);
        let text = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if text.is_empty() {
            return Err(self.unexpected("a version"));
        }
        let version = Version::new(text).map_err(|source| RelationError::Version { at, source })?;
        self.at += text.len();
        match self.blanks().take(")") {
            true => Ok((operator, version)),
            false => Err(self.unexpected(")")),
        }
    }

    /// Reads the rest of a bracket: conditions, at least one.
    fn conditions(
        &mut self,
        end: &str,
        expected: &'static str,
    ) -> Result<Vec<Condition>, RelationError> {
        let mut found = Vec::new();
        while found.is_empty() || !self.blanks().take(end) {
            let negated = self.blanks().take("!");
            let name = self.plain_word(expected)?.to_owned();
            found.push(Condition { negated, name });
        }
        Ok(found)
    }

    /// Checks every `${…}` of the text.
    fn variables(&mut self) -> Result<(), RelationError> {
        while let Some(start) = self.rest().find("${") {
            self.at += start + 2;
            let rest = self.rest();
            let known = |c: char| c.is_ascii_alphanumeric() || "-:_".contains(c);
            let name = &rest[..rest.find(|c| !known(c)).unwrap_or(rest.len())];
            if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                return Err(self.unexpected("a variable's name"));
            }
            self.at += name.len();
            if !self.take("}") {
                return Err(self.unexpected("}"));
            }
        }
        Ok(())
    }

    fn unexpected(&self, expected: &'static str) -> RelationError {
        let rest = self.rest().trim_end_matches(BLANKS);
        RelationError::Unexpected {
            at: self.position(),
            found: match rest {
                "" => "nothing".to_owned(),
                _ => format!("“{}”", rest.chars().take(40).collect::<String>()),
            },
            expected,
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, alternative) in self.alternatives.iter().enumerate() {
            let bar = if at == 0 { "" } else { " | " };
            write!(f, "{bar}{alternative}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relation(relation) => relation.fmt(f),
            Self::Unsettled(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = &self.version {
            write!(f, " ({} {version})", operator.as_str())?;
        }
        let brackets = [("[", &self.architectures, "]")].into_iter();
        let angles = self.profiles.iter().map(|list| ("<", list, ">"));
        for (open, conditions, close) in brackets.chain(angles) {
            if !conditions.is_empty() {
                let words: Vec<_> = conditions.iter().map(Condition::to_string).collect();
                write!(f, " {open}{}{close}", words.join(" "))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.negated { "!" } else { "" };
        write!(f, "{mark}{}", self.name)
    }
}

#[cfg(test)]
mod tests;
