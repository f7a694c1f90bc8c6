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
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::deb822::{Syntax, paragraph};
    use super::*;

    fn shown(clauses: &[Clause]) -> String {
        let clauses: Vec<_> = clauses.iter().map(Clause::to_string).collect();
        clauses.join(", ")
    }

    #[test]
    fn relations_are_read_and_shown_in_one_form() {
        for (text, form, want) in [
            ("", Form::Settled, ""),
            ("a1", Form::Settled, "a1"),
            ("a1(>=1:2-3)|b1,c1", Form::Settled, "a1 (>= 1:2-3) | b1, c1"),
            (
                "a1:any\n (<< 2~),\n b1",
                Form::Settled,
                "a1:any (<< 2~), b1",
            ),
            ("a1 [ !i386  !amd64 ]", Form::Settled, "a1 [!i386 !amd64]"),
            (
                "a1 [linux-any] <!nocheck> <!stage1 cross>",
                Form::Settled,
                "a1 [linux-any] <!nocheck> <!stage1 cross>",
            ),
            (
                "a1 ( = 1 ) , b1 (>> 1), c1 (<= 1)",
                Form::Settled,
                "a1 (= 1), b1 (>> 1), c1 (<= 1)",
            ),
            (",a1,,\n b1,", Form::Handwritten, "a1, b1"),
            (
                "${misc:Depends}, a1 (= ${binary:Version}) | b1-${abi}, c1,",
                Form::Template,
                "${misc:Depends}, a1 (= ${binary:Version}) | b1-${abi}, c1",
            ),
        ] {
            let found = relations(text, form).expect(text);
            assert_eq!(shown(&found), want, "{text:?}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        let found = relations("a1:native (>= 1.0) [!i386] <x !y>", Form::Settled).expect("one");
        let [Alternative::Relation(found)] = &found[0].alternatives[..] else {
            panic!("{found:?}");
        };
        assert_eq!(found.name.as_str(), "a1");
        assert_eq!(found.qualifier.as_deref(), Some("native"));
        let (operator, bound) = found.version.as_ref().expect("a version");
        for (version, want) in [("1.0~", false), ("1.0-0", true), ("2", true)] {
            let version = version.parse().expect(version);
            assert_eq!(operator.holds(&version, bound), want, "{version}");
        }
        assert!(found.architectures[0].negated);
        assert_eq!(found.profiles[0].len(), 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, form, at, want) in [
            (
                "a1,",
                Form::Settled,
                3,
                "found nothing, expected a package name",
            ),
            (
                "a1,,b1",
                Form::Settled,
                3,
                "found nothing, expected a package name",
            ),
            (
                "a1 | | b1",
                Form::Handwritten,
                5,
                "found nothing, expected a package name",
            ),
            (
                "a1 b1",
                Form::Settled,
                3,
                "found “b1”, expected , or | or one of ( [ < in this order",
            ),
            (
                "a1 (1.0)",
                Form::Settled,
                4,
                "found “1.0)”, expected one of << <= = >= >>",
            ),
            (
                "a1 (> 1.0)",
                Form::Settled,
                4,
                "found “> 1.0)”, expected one of << <= = >= >>",
            ),
            (
                "a1 (>= )",
                Form::Settled,
                7,
                "found “)”, expected a version",
            ),
            ("a1 (>= 1.0", Form::Settled, 10, "found nothing, expected )"),
            ("a1 (>= 1.0-)", Form::Settled, 7, "cannot take the version"),
            ("b1, A1", Form::Settled, 4, "cannot take the package's name"),
            (
                "a1:",
                Form::Settled,
                3,
                "found nothing, expected an architecture",
            ),
            (
                "a1 []",
                Form::Settled,
                4,
                "found “]”, expected an architecture or ]",
            ),
            (
                "a1 [i386 !amd64]",
                Form::Settled,
                16,
                "found [… i386 !amd64 …], expected architectures that all have a ! or all have none",
            ),
            (
                "a1 <x",
                Form::Settled,
                5,
                "found nothing, expected a build profile or >",
            ),
            (
                "a1 <x> (= 1)",
                Form::Settled,
                7,
                "found “(= 1)”, expected , or | or one of ( [ < in this order",
            ),
            (
                "${misc:Depends}",
                Form::Handwritten,
                0,
                "found “${misc:Depends}”, expected a package name",
            ),
            ("a1 (= ${v})", Form::Settled, 6, "cannot take the version"),
            ("a1, ${x", Form::Template, 7, "found nothing, expected }"),
            (
                "a1, ${ x}",
                Form::Template,
                6,
                "found “ x}”, expected a variable's name",
            ),
        ] {
            let error = relations(text, form).expect_err(text);
            assert_eq!(
                (error.at(), error.to_string().as_str()),
                (at, want),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_fields_errors_have_the_line_in_the_file() {
        let text = "Source: x\nBuild-Depends: a1,\n# why\n b1,\n c1 (1),\n";
        let parsed = paragraph(text.as_bytes(), Syntax::Handwritten).expect("fields");
        let field = parsed.require("Build-Depends").expect("there");
        let error = field_relations(field, Form::Handwritten).expect_err("c1");
        assert_eq!(
            error.to_string(),
            "line 5: field Build-Depends: “c1 (1)” is not valid"
        );
    }

    #[test]
    fn dpkg_and_debian_control_read_the_same() {
        let texts = [
            "debhelper-compat (= 13), po-debconf, libfoo-dev (>= 1:2~) [linux-any] <!nocheck>",
            "a1 | b1 (<< 3) | c1:any, d1 [!i386 !amd64] <x !y> <z>",
            "a1(>=1)|b1",
        ];
        for text in texts {
            let found = shown(&relations(text, Form::Settled).expect(text));
            let (parsed, errors) =
                debian_control::lossless::relations::Relations::parse_relaxed(text, false);
            assert!(errors.is_empty(), "{text}: {errors:?}");
            assert_eq!(
                parsed.entries().count(),
                found.split(", ").count(),
                "{text}"
            );
            let program = "use Dpkg::Deps; print deps_parse($ARGV[0], build_dep => 1)->output()";
            let output = Command::new("perl")
                .args(["-e", program, text])
                .output()
                .expect("cannot run perl: install the packages perl and libdpkg-perl");
            assert!(output.status.success(), "install the package libdpkg-perl");
            assert_eq!(String::from_utf8_lossy(&output.stdout), found, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_in_a_place_or_shown_and_read_again(
            text in "([ab][1a]?|[ab]1 \\(>= [0-9:~-]{1,3}\\)|\\$\\{a\\}|[\\]\\[(),|<>!$}{=: \né]){0,8}"
        ) {
            for form in [Form::Settled, Form::Handwritten, Form::Template] {
                match relations(&text, form) {
                    Ok(found) => {
                        let again = relations(&shown(&found), form);
                        prop_assert_eq!(again, Ok(found));
                    }
                    Err(error) => prop_assert!(text.is_char_boundary(error.at()), "{}", error),
                }
            }
        }
    }
}
