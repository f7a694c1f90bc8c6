//! Text → tables, with errors that name the file, the line and the nearest key.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::written::File;
use crate::model::name::nearest;

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is no TOML, or a key or a type is wrong.
    #[error("{file}:{line}: {message}")]
    Malformed {
        /// The file as the user knows it.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// The known key that is most like the unknown one.
        nearest: Option<String>,
    },
    /// A value that TOML takes and we do not.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file as the user knows it.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong and what is expected.
        message: String,
    },
}

/// A configuration's text, kept so that an error can say where.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The file as the user knows it.
    pub file: String,
    /// Its text.
    pub text: &'a str,
}

impl Source<'_> {
    /// Parses the text.
    pub fn parse(&self) -> Result<File, ConfigError> {
        self.parse_as()
    }

    /// Parses the text of another of our files.
    pub fn parse_as<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error: toml::de::Error| {
            let span = error.span().unwrap_or_default();
            let (message, nearest) = explain(error.message(), &self.text[span.clone()]);
            let (file, line) = (self.file.clone(), self.line(&span));
            ConfigError::Malformed {
                file,
                line,
                message,
                nearest,
            }
        })
    }

    /// Refuses what stands at `span`.
    pub fn refuse(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        let (file, line) = (self.file.clone(), self.line(span));
        ConfigError::Invalid {
            file,
            line,
            message: message.into(),
        }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// Takes the parser's sentence about an unknown key apart, so that the known
/// keys can be searched for the one that was meant.
fn explain(message: &str, found: &str) -> (String, Option<String>) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let unknown = quoted.next().unwrap_or(found);
        let known: Vec<&str> = quoted.collect();
        let nearest = nearest(unknown, known.iter().copied()).map(str::to_owned);
        let what = if message.starts_with("unknown field") {
            "key"
        } else {
            "value"
        };
        return (
            format!("unknown {what} “{unknown}”; known: {}", known.join(", ")),
            nearest,
        );
    }
    (message.trim_end().replace('\n', "; "), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, Option<String>) {
        let source = Source {
            file: "debcut.toml".into(),
            text,
        };
        match source.parse().expect_err(text) {
            error @ ConfigError::Malformed { .. } => {
                let shown = error.to_string();
                let ConfigError::Malformed { nearest, .. } = error else {
                    unreachable!()
                };
                (shown, nearest)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn unknown_keys_name_the_line_and_the_nearest_key() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            (
                "[[package]]\nnam = \"x\"\n",
                "debcut.toml:2: unknown key “nam”",
                Some("name"),
            ),
            (
                "\n[signin]\n",
                "debcut.toml:2: unknown key “signin”",
                Some("signing"),
            ),
            (
                "[[package]]\nname = \"x\"\n[package.declared]\n\nmaintaner = \"x\"\n",
                "debcut.toml:5: unknown key “maintaner”",
                Some("maintainer"),
            ),
            (
                "[[package]]\n[[package.declared.files]]\nsource='a'\ntarget='b'\nmod='1'\n",
                "debcut.toml:5: unknown key “mod”",
                Some("mode"),
            ),
            (
                "[[package]]\nbuild = \"debain\"\n",
                "debcut.toml:2: unknown value “debain”",
                Some("debian"),
            ),
            (
                "[[package]]\nzzzzzz = 1\n",
                "debcut.toml:2: unknown key “zzzzzz”",
                None,
            ),
            ("a = \n", "debcut.toml:1: ", None),
            (
                "[build]\njobs = \"two\"\n",
                "debcut.toml:2: invalid type",
                None,
            ),
        ];
        for (text, want, near) in cases {
            let (shown, nearest) = error(text);
            assert!(shown.starts_with(want), "{text}: {shown}");
            assert_eq!(nearest.as_deref(), *near, "{text}");
        }
    }

    #[test]
    fn an_empty_file_is_fine() {
        let source = Source {
            file: "debcut.toml".into(),
            text: "# nothing\n",
        };
        assert!(source.parse().expect("parses").package.is_empty());
    }
}
