//! Writing paragraphs: deb822(5), in the form of dpkg's own tools.
//!
//! Holds the writer, which lets no value leave its field. Knows nothing of what
//! a field means or which ones belong together.

use std::fmt::Write as _;

use super::{BLANKS, is_field_name};

/// Says why a field cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The name is not a field name.
    #[error("“{field}” is not a field name")]
    Name {
        /// The name.
        field: String,
    },
    /// The paragraph already has such a field.
    #[error("field {field} is there twice")]
    Duplicate {
        /// The name.
        field: String,
    },
    /// The value would not be read back as the value of this field.
    #[error("field {field}: {found:?} cannot stand in a value: {rule}")]
    Value {
        /// The name.
        field: String,
        /// The line of the value that breaks the rule.
        found: String,
        /// The rule.
        rule: &'static str,
    },
}

/// Writes one paragraph, field by field, in the order of the calls.
///
/// What it accepts is read back as the same fields with the same values. No
/// line ends in blanks, so the text survives a cleartext signature.
///
/// ```
/// use debcut::format::deb822::ParagraphWriter;
///
/// let mut control = ParagraphWriter::default();
/// control.field("Package", "hello")?;
/// control.lines("Description", ["greets the world", "Says hello.", "", "That is all."])?;
/// assert_eq!(
///     control.finish(),
///     "Package: hello\nDescription: greets the world\n Says hello.\n .\n That is all.\n"
/// );
///
/// let mut forged = ParagraphWriter::default();
/// assert!(forged.field("Package", "hello\nEssential: yes").is_err());
/// # Ok::<(), debcut::format::deb822::WriteError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ParagraphWriter {
    text: String,
    names: Vec<String>,
}

impl ParagraphWriter {
    /// Adds a field whose value is already folded: every line but the first
    /// starts with a blank and holds more than blanks.
    pub fn field(&mut self, name: &str, value: &str) -> Result<&mut Self, WriteError> {
        let mut lines = value.split('\n');
        let first = lines.next().unwrap_or_default().trim_matches(BLANKS);
        let mut folded = first.to_owned();
        for line in lines {
            let refuse = |rule| WriteError::Value {
                field: name.to_owned(),
                found: line.to_owned(),
                rule,
            };
            let line = line.trim_end_matches(BLANKS);
            if line.is_empty() {
                return Err(refuse("an empty line would end the paragraph"));
            }
            if !line.starts_with(BLANKS) {
                return Err(refuse("a line without a blank before it would be a field"));
            }
            folded.push('\n');
            folded.push_str(line);
        }
        self.append(name, &folded)
    }

    /// Adds a field if it has a value.
    pub fn optional(&mut self, name: &str, value: Option<&str>) -> Result<&mut Self, WriteError> {
        match value {
            Some(value) => self.field(name, value),
            None => Ok(self),
        }
    }

    /// Adds a field of plain lines, which are folded here: each but the first
    /// gets a blank before it, an empty one is written as a dot.
    pub fn lines<L: AsRef<str>>(
        &mut self,
        name: &str,
        lines: impl IntoIterator<Item = L>,
    ) -> Result<&mut Self, WriteError> {
        let mut folded = String::new();
        for (at, line) in lines.into_iter().enumerate() {
            let line = line.as_ref();
            if line.contains('\n') {
                return Err(WriteError::Value {
                    field: name.to_owned(),
                    found: line.to_owned(),
                    rule: "one line expected",
                });
            }
            let line = line.trim_end_matches(BLANKS);
            if at == 0 {
                folded.push_str(line.trim_start_matches(BLANKS));
            } else {
                // As dpkg: a line of dots gets one more, so that it comes back.
                let dot = if line.bytes().all(|b| b == b'.') {
                    "."
                } else {
                    ""
                };
                let _ = write!(folded, "\n {dot}{line}");
            }
        }
        self.append(name, &folded)
    }

    /// Ends the paragraph and returns its text, with a newline at its end.
    pub fn finish(self) -> String {
        self.text
    }

    fn append(&mut self, name: &str, folded: &str) -> Result<&mut Self, WriteError> {
        let field = name.to_owned();
        if !is_field_name(name) {
            return Err(WriteError::Name { field });
        }
        if self.names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            return Err(WriteError::Duplicate { field });
        }
        if folded.contains(['\r', '\0']) {
            return Err(WriteError::Value {
                field,
                found: folded.to_owned(),
                rule: "carriage returns and NUL are not allowed",
            });
        }
        let blank = if folded.is_empty() || folded.starts_with('\n') {
            ""
        } else {
            " "
        };
        self.names.push(field);
        let _ = writeln!(self.text, "{name}:{blank}{folded}");
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Syntax, paragraph};
    use super::*;

    #[test]
    fn the_writer_refuses_what_would_leave_the_field() {
        for (name, value) in [
            ("A", "x\nB: y"),
            ("A", "x\n\n y"),
            ("A", "x\n \t\n y"),
            ("A", "x\n y\n"),
            ("A", "x\r"),
            ("A", "x\0"),
            ("A B", "x"),
            ("-A", "x"),
            ("#A", "x"),
            ("", "x"),
            ("A:", "x"),
            ("Ä", "x"),
        ] {
            let mut writer = ParagraphWriter::default();
            assert!(writer.field(name, value).is_err(), "{name:?}: {value:?}");
            assert_eq!(writer.finish(), "", "{name:?}: {value:?}");
        }
        let mut writer = ParagraphWriter::default();
        writer.field("A", "1").expect("a field");
        let error = writer.field("a", "2").expect_err("twice");
        assert_eq!(error.to_string(), "field a is there twice");
        assert!(writer.lines("B", ["x", "y\nC: z"]).is_err());
    }

    #[test]
    fn the_writer_leaves_no_blanks_at_the_end_of_lines() {
        let mut writer = ParagraphWriter::default();
        writer
            .field("Files", "\n a \n b\t")
            .and_then(|w| w.field("Empty", ""))
            .and_then(|w| w.optional("None", None))
            .and_then(|w| w.lines("Text", ["", "a  ", " ", "..", " x"]))
            .expect("fields");
        assert_eq!(
            writer.finish(),
            "Files:\n a\n b\nEmpty:\nText:\n a\n .\n ...\n  x\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            fields in prop::collection::vec(
                ("[A-Za-z][A-Za-z0-9-]{0,5}", prop::collection::vec("[ -~é]{0,8}", 1..4)), 1..5
            )
        ) {
            let mut writer = ParagraphWriter::default();
            let mut wanted = Vec::new();
            for (name, lines) in &fields {
                if writer.lines(name, lines).is_ok() {
                    let mut lines: Vec<_> = lines.iter().map(|l| l.trim_end()).collect();
                    lines[0] = lines[0].trim_start();
                    wanted.push((name.as_str(), lines));
                }
            }
            let text = writer.finish();
            let found = paragraph(text.as_bytes(), Syntax::Generated).expect("what we wrote");
            let found: Vec<(&str, Vec<&str>)> = found
                .fields()
                .iter()
                .map(|f| (f.name(), f.lines().map(|(_, line)| line).collect()))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
