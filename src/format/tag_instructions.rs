//! Instructions in the message of a tag, as git-debpush(1) writes them and
//! tag2upload obeys them: lines of the form `[dgit WORD WORD …]`.
//!
//! Words that nobody knows are kept by name, as dgit passes over them; a word
//! that begins with `!` must be understood, so an unknown one is refused.

use std::fmt;

/// How a quilt package's tree relates to its patches (dgit(1), `--quilt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuiltMode {
    /// `linear`, `try-linear`, `smash`: patches are applied in the tree, and
    /// what `debian/patches` lacks is made of the history.
    Linear,
    /// `gbp`, `unapplied`: the tree is upstream's, with patches beside it.
    Unapplied,
    /// `dpm`, `nofix`, `nocheck`: the tree has the patches applied, and
    /// `debian/patches` holds them all.
    Applied,
    /// `single`: one patch holds every change.
    Single,
    /// `baredebian`: the tree is `debian/` alone.
    Bare,
}

/// The words, each with its mode.
const MODES: [(&str, QuiltMode); 15] = [
    ("linear", QuiltMode::Linear),
    ("try-linear", QuiltMode::Linear),
    ("try-linear+auto", QuiltMode::Linear),
    ("smash", QuiltMode::Linear),
    ("gbp", QuiltMode::Unapplied),
    ("unapplied", QuiltMode::Unapplied),
    ("gbp+auto", QuiltMode::Unapplied),
    ("dpm", QuiltMode::Applied),
    ("nofix", QuiltMode::Applied),
    ("nocheck", QuiltMode::Applied),
    ("dpm+auto", QuiltMode::Applied),
    ("single", QuiltMode::Single),
    ("baredebian", QuiltMode::Bare),
    ("baredebian+git", QuiltMode::Bare),
    ("baredebian+tarball", QuiltMode::Bare),
];

impl QuiltMode {
    /// Reads the value of `--quilt=`.
    pub fn parse(text: &str) -> Option<Self> {
        let found = MODES.iter().find(|(name, _)| *name == text);
        found.map(|(_, mode)| *mode)
    }
}

impl fmt::Display for QuiltMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = MODES.iter().find(|(_, mode)| mode == self);
        f.write_str(found.map_or("", |(name, _)| name))
    }
}

/// What a tag asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instructions {
    /// `distro=`: whose archive it is meant for; every one that is named.
    pub distros: Vec<String>,
    /// `please-upload`: the tag asks to be uploaded.
    pub please_upload: bool,
    /// `split`: the tag stands for the maintainer's view of the tree.
    pub split: bool,
    /// `source=`.
    pub source: Option<String>,
    /// `version=`.
    pub version: Option<String>,
    /// `upstream=`: the upstream commit.
    pub upstream: Option<String>,
    /// `upstream-tag=`.
    pub upstream_tag: Option<String>,
    /// `--quilt=`.
    pub quilt: Option<QuiltMode>,
    /// The suite of the first line: `SOURCE release VERSION for SUITE`.
    pub suite: Option<String>,
    /// Words that say something we do not know, in their order.
    pub unknown: Vec<String>,
}

/// Why the instructions of a tag cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionsError {
    /// A line of instructions has no end.
    #[error("line {line} of the tag's message begins with [dgit and does not end with ]")]
    Unended {
        /// The line of the message, from 1.
        line: usize,
    },
    /// A layout that is not known.
    #[error("line {line} of the tag's message asks for --quilt={mode}, which is not known")]
    Quilt {
        /// The line of the message, from 1.
        line: usize,
        /// What it says.
        mode: String,
    },
    /// A value is given twice, differently.
    #[error("the tag's message says {key}={first} and {key}={second}")]
    Twice {
        /// What is said.
        key: &'static str,
        /// At first.
        first: String,
        /// And then.
        second: String,
    },
    /// A word that must be understood, and is not.
    #[error("line {line} of the tag's message demands “{word}”, which is not known")]
    Demanded {
        /// The line of the message, from 1.
        line: usize,
        /// The word.
        word: String,
    },
}

impl Instructions {
    /// Reads the message of a tag, without its signature; `None` when it holds
    /// no instructions.
    pub fn parse(message: &str) -> Result<Option<Self>, InstructionsError> {
        let mut found = Self::default();
        let mut any = false;
        for (at, text) in message.lines().enumerate() {
            let line = at + 1;
            let Some(rest) = text.strip_prefix("[dgit") else {
                continue;
            };
            if !rest.starts_with([' ', ']']) {
                continue;
            }
            let words = rest.trim_end().strip_suffix(']');
            let words = words.ok_or(InstructionsError::Unended { line })?;
            any = true;
            for word in words.split_ascii_whitespace() {
                found.word(word, line)?;
            }
        }
        found.suite = message.lines().next().and_then(suite);
        Ok(any.then_some(found))
    }

    fn word(&mut self, word: &str, line: usize) -> Result<(), InstructionsError> {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let given = word.len() > key.len();
        let (key, to): (&'static str, _) = match (key, given) {
            ("please-upload", false) => {
                self.please_upload = true;
                return Ok(());
            }
            ("split", false) => {
                self.split = true;
                return Ok(());
            }
            ("distro", true) => {
                self.distros.push(value.to_owned());
                return Ok(());
            }
            ("--quilt", true) => {
                let mode = QuiltMode::parse(value).ok_or_else(|| InstructionsError::Quilt {
                    line,
                    mode: value.to_owned(),
                })?;
                return match self.quilt.replace(mode) {
                    Some(first) if first != mode => Err(InstructionsError::Twice {
                        key: "--quilt",
                        first: first.to_string(),
                        second: mode.to_string(),
                    }),
                    _ => Ok(()),
                };
            }
            ("source", true) => ("source", &mut self.source),
            ("version", true) => ("version", &mut self.version),
            ("upstream", true) => ("upstream", &mut self.upstream),
            ("upstream-tag", true) => ("upstream-tag", &mut self.upstream_tag),
            _ if word.starts_with('!') => {
                let word = word.to_owned();
                return Err(InstructionsError::Demanded { line, word });
            }
            _ => {
                self.unknown.push(word.to_owned());
                return Ok(());
            }
        };
        match to.replace(value.to_owned()) {
            Some(first) if first != value => Err(InstructionsError::Twice {
                key,
                first,
                second: value.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Reads the suite of a first line such as `hello release 2.10-3 for unstable`.
fn suite(line: &str) -> Option<String> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    match words[..] {
        [_, "release", _, "for", suite] => Some(suite.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_git_debpush_writes_is_understood() {
        let message = "hello release 2.10-3 for unstable\n\n\
            [dgit distro=debian split --quilt=gbp]\n\
            [dgit please-upload source=hello version=2.10-3 upstream-tag=v2.10 upstream=abc]\n";
        let found = Instructions::parse(message).expect("parses");
        let found = found.expect("there are some");
        let text = |text: &str| Some(text.to_owned());
        let want = Instructions {
            distros: vec!["debian".into()],
            please_upload: true,
            split: true,
            source: text("hello"),
            version: text("2.10-3"),
            upstream: text("abc"),
            upstream_tag: text("v2.10"),
            quilt: Some(QuiltMode::Unapplied),
            suite: text("unstable"),
            unknown: Vec::new(),
        };
        assert_eq!(found, want);
    }

    #[test]
    fn messages_without_instructions_and_with_bad_ones() {
        for message in ["", "v1.0\n", "text [dgit split]\n", "[dgitx split]\n"] {
            assert_eq!(Instructions::parse(message), Ok(None), "{message:?}");
        }
        let cases = [
            (
                "[dgit split",
                "line 1 of the tag's message begins with [dgit",
            ),
            (
                "t\n\n[dgit --quilt=new]",
                "line 3 of the tag's message asks for --quilt=new",
            ),
            (
                "[dgit source=a]\n[dgit source=b]",
                "says source=a and source=b",
            ),
            (
                "[dgit --quilt=gbp --quilt=dpm]",
                "says --quilt=gbp and --quilt=dpm",
            ),
            ("[dgit !sideways]", "demands “!sideways”"),
        ];
        for (message, want) in cases {
            let error = Instructions::parse(message).expect_err(message);
            assert!(error.to_string().contains(want), "{message:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_message_is_read(message: String) {
            let _ = Instructions::parse(&message);
        }

        #[test]
        fn what_is_said_is_what_is_found(
            source in "[a-z][a-z0-9+.-]{1,9}",
            version in "[0-9][0-9a-z.+~-]{0,9}",
            mode in 0..MODES.len(),
            extra in "[a-z]{3,8}-[a-z]{3,8}",
            divided: bool,
        ) {
            let (name, want) = MODES[mode];
            let between = if divided { "]\ntext\n[dgit " } else { " " };
            let message = format!(
                "a\n\n[dgit distro=debian --quilt={name}{between}source={source} {extra} \
                 version={version}]\n-- end"
            );
            let found = Instructions::parse(&message).expect("parses").expect("some");
            prop_assert_eq!(found.source, Some(source));
            prop_assert_eq!(found.version, Some(version));
            prop_assert_eq!(found.quilt, Some(want));
            let unknown = if extra == "please-upload" { vec![] } else { vec![extra] };
            prop_assert_eq!(found.unknown, unknown);
        }
    }
}
