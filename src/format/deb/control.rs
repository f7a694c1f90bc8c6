//! The control file of a binary package, deb-control(5): one paragraph, kept
//! byte for byte because an archive's index repeats it.
//!
//! Checks the shape of the paragraph and the fields an archive cannot be
//! without. Knows nothing of relations and of the order of versions.

use std::ops::Range;

use crate::model::{Architecture, PackageName};

/// A control file that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    bytes: Vec<u8>,
    fields: Vec<Span>,
    package: PackageName,
    version: String,
    architecture: Architecture,
}

/// Where a field's name and value stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

/// One field of a paragraph, as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it is written; case does not matter.
    pub name: &'a str,
    /// The value with the line breaks and indentation of its further lines,
    /// without blanks around it. Nearly always UTF-8.
    pub value: &'a [u8],
}

/// Says why bytes are not the control file of a binary package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// A line breaks deb822(5).
    #[error("control line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A field comes twice.
    #[error("control line {line}: the field {field} comes a second time")]
    Duplicate {
        /// The line, from 1.
        line: usize,
        /// The field.
        field: String,
    },
    /// A mandatory field is missing or empty.
    #[error("control has no field {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A mandatory field's value is not what it must be.
    #[error("control field {field} is “{}”: {reason}", .found.escape_ascii())]
    Value {
        /// The field.
        field: &'static str,
        /// What stands there.
        found: Vec<u8>,
        /// What is wrong with it.
        reason: String,
    },
}

impl Control {
    /// Checks a control file: exactly one paragraph of well-formed lines, no
    /// field twice, and valid `Package`, `Version` and `Architecture`. Blank
    /// lines after the paragraph are accepted, as old packages have them.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ControlError> {
        let fields = fields(&bytes)?;
        let value = |field: &'static str| {
            let refuse = |reason: &str, found: &[u8]| ControlError::Value {
                field,
                found: found.to_vec(),
                reason: reason.to_owned(),
            };
            let span = fields
                .iter()
                .find(|span| bytes[span.name.clone()].eq_ignore_ascii_case(field.as_bytes()))
                .filter(|span| !span.value.is_empty())
                .ok_or(ControlError::Missing { field })?;
            let found = &bytes[span.value.clone()];
            let text = std::str::from_utf8(found).map_err(|_| refuse("not UTF-8", found))?;
            if text.contains('\n') {
                return Err(refuse("more than one line", found));
            }
            Ok(text)
        };
        let name = |field, error: crate::model::name::NameError| ControlError::Value {
            field,
            found: error.text.into_bytes(),
            reason: format!("expected {}", error.rule),
        };
        let package =
            PackageName::new(value("Package")?).map_err(|error| name("Package", error))?;
        let architecture = Architecture::new(value("Architecture")?)
            .map_err(|error| name("Architecture", error))?;
        let version = value("Version")?.to_owned();
        let known = |b: u8| b.is_ascii_alphanumeric() || b".+-~:".contains(&b);
        if !version.bytes().all(known) {
            return Err(ControlError::Value {
                field: "Version",
                found: version.into_bytes(),
                reason: "expected letters, digits and . + - ~ :".to_owned(),
            });
        }
        Ok(Self {
            bytes,
            fields,
            package,
            version,
            architecture,
        })
    }

    /// Returns the file byte for byte.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the paragraph alone: without blank lines after it, with the
    /// newline of its last line.
    pub fn paragraph(&self) -> &[u8] {
        let text = self.bytes.trim_ascii_end();
        let end = self.bytes[text.len()..].iter().position(|b| *b == b'\n');
        &self.bytes[..text.len() + end.map_or(0, |at| at + 1)]
    }

    /// Returns every field in its order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields.iter().map(|span| Field {
            name: std::str::from_utf8(&self.bytes[span.name.clone()]).expect("names are ASCII"),
            value: &self.bytes[span.value.clone()],
        })
    }

    /// Returns a field's value; case does not matter.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// Returns the package's name.
    pub fn package(&self) -> &PackageName {
        &self.package
    }

    /// Returns the version as it is written: its characters are deb-version(7)'s,
    /// its structure is not checked.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }
}

fn fields(bytes: &[u8]) -> Result<Vec<Span>, ControlError> {
    let mut fields: Vec<Span> = Vec::new();
    let mut start = 0;
    let mut ended = false;
    for (number, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let line_number = number + 1;
        let refuse = |reason| {
            Err(ControlError::Line {
                line: line_number,
                reason,
            })
        };
        let Some(text) = line.strip_suffix(b"\n") else {
            return refuse("the newline at its end is missing");
        };
        if text.contains(&0) {
            return refuse("a NUL byte");
        }
        if text.contains(&b'\r') {
            return refuse("a carriage return");
        }
        if text.trim_ascii().is_empty() {
            if fields.is_empty() || !text.is_empty() {
                return refuse("blank");
            }
            ended = true;
        } else if ended {
            return refuse("a second paragraph");
        } else if text.starts_with(b" ") || text.starts_with(b"\t") {
            let Some(span) = fields.last_mut() else {
                return refuse("goes on, but no field came before");
            };
            span.value.end = start + text.trim_ascii_end().len();
        } else {
            let Some(colon) = text.iter().position(|b| *b == b':') else {
                return refuse("no colon after a field's name");
            };
            let name = &text[..colon];
            let starts = name.first().is_some_and(|b| !b"#-".contains(b));
            if !starts || !name.iter().all(u8::is_ascii_graphic) {
                return refuse("no valid name of a field");
            }
            let taken = |span: &Span| bytes[span.name.clone()].eq_ignore_ascii_case(name);
            if fields.iter().any(taken) {
                return Err(ControlError::Duplicate {
                    line: line_number,
                    field: String::from_utf8_lossy(name).into_owned(),
                });
            }
            let value = text[colon + 1..].trim_ascii();
            let at = start + text.trim_ascii_end().len() - value.len();
            fields.push(Span {
                name: start..start + colon,
                value: at..at + value.len(),
            });
        }
        start += line.len();
    }
    for Span { value, .. } in &mut fields {
        // The value of a field whose first line is empty starts in the next.
        value.start = value.end - bytes[value.clone()].trim_ascii_start().len();
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Package: hello\nVersion: 1:2.10-3~a\nArchitecture: amd64\n";

    #[test]
    fn a_paragraph_is_kept_and_looked_up() {
        let text = format!("{GOOD}Depends:\n a,\n b \nDescription:  x y \n more\n .\n\n\n");
        let control = Control::parse(text.clone().into()).expect("valid");
        assert_eq!(control.bytes(), text.as_bytes());
        assert_eq!(
            control.paragraph(),
            text.trim_end_matches('\n')
                .to_owned()
                .as_bytes()
                .iter()
                .copied()
                .chain(*b"\n")
                .collect::<Vec<_>>()
        );
        assert_eq!(control.version(), "1:2.10-3~a");
        assert_eq!(control.get("depends"), Some(&b"a,\n b"[..]));
        assert_eq!(control.get("Description"), Some(&b"x y \n more\n ."[..]));
        assert_eq!(control.get("Recommends"), None);
        assert_eq!(control.fields().count(), 5);
    }

    #[test]
    fn old_latin_1_descriptions_pass() {
        let text = [GOOD.as_bytes(), b"Maintainer: J\xfcrgen <j@x>\n"].concat();
        let control = Control::parse(text).expect("valid");
        assert_eq!(control.get("Maintainer"), Some(&b"J\xfcrgen <j@x>"[..]));
    }

    #[test]
    fn hostile_control_files_are_refused() {
        let more = |text: &str| format!("{GOOD}{text}");
        for (text, want) in [
            (String::new(), "control has no field Package"),
            ("\n".to_owned(), "control line 1: blank"),
            (
                more("Filename: x\n\nPackage: evil\n"),
                "control line 6: a second paragraph",
            ),
            (more("A: x\n \n y\n"), "control line 5: blank"),
            (more("A: x\0\n"), "control line 4: a NUL byte"),
            (more("A: x\r\n"), "control line 4: a carriage return"),
            (
                more("A: x"),
                "control line 4: the newline at its end is missing",
            ),
            (more("A\n"), "control line 4: no colon after a field's name"),
            (more("A b: x\n"), "control line 4: no valid name of a field"),
            (more("#A: x\n"), "control line 4: no valid name of a field"),
            (more(": x\n"), "control line 4: no valid name of a field"),
            (
                more("version: 2\n"),
                "control line 4: the field version comes a second time",
            ),
            (
                " x\n".to_owned(),
                "control line 1: goes on, but no field came before",
            ),
            (GOOD.replace("hello", ""), "control has no field Package"),
            (
                GOOD.replace("hello", "../x"),
                "control field Package is “../x”: expected two or more of a-z 0-9 + - . \
                 and a letter or digit first",
            ),
            (
                GOOD.replace("hello", "a\n b"),
                "control field Package is “a\\n b”: more than one line",
            ),
            (
                GOOD.replace("1:2.10-3~a", "1/2"),
                "control field Version is “1/2”: expected letters, digits and . + - ~ :",
            ),
            (
                GOOD.replace("Architecture", "Arch"),
                "control has no field Architecture",
            ),
        ] {
            let found = Control::parse(text.clone().into_bytes());
            let found = found.map(|_| ()).map_err(|e| e.to_string());
            assert_eq!(found, Err(want.to_owned()), "{text:?}");
        }
        let text = GOOD.as_bytes().to_vec();
        let mut latin = text.clone();
        latin[9] = 0xfc;
        assert!(Control::parse(latin).is_err());
    }
}
