//! `meson.build`: `project('name', version: '1.2.3')`.
//!
//! Meson's syntax reference; strings have single quotes only.

use std::ops::Range;

use super::error::{Unread, line_of};
use super::scan::{Inside, Language, Quote, TokenKind, arguments, looks_like_version};

const MESON: Language = Language {
    word: |c| c.is_alphanumeric() || c == '_',
    line_comments: &["#"],
    comments: &[],
    quotes: &[
        Quote {
            open: "'''",
            close: "'''",
            inside: Inside::Raw,
        },
        Quote {
            open: "'",
            close: "'",
            inside: Inside::EscapedOneLine,
        },
    ],
};

/// Where a `meson.build` says that the version comes from.
pub(super) enum Source {
    /// It is written there.
    Written(Range<usize>),
    /// `files('VERSION')`.
    File(Range<usize>),
}

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    match source(text)? {
        Source::Written(at) => Ok(vec![at]),
        Source::File(at) => Err(Unread::Dynamic(format!("it is in {}", &text[at]))),
    }
}

pub(super) fn source(text: &str) -> Result<Source, Unread> {
    let tokens = MESON.tokens(text)?;
    let project = tokens.iter().enumerate().position(|(index, token)| {
        let called = tokens.get(index + 1).is_some_and(|next| next.is_mark('('));
        token.is_word(text, "project") && called
    });
    let none = || Unread::NoVersion("project(… version: …)".into());
    let own = arguments(&tokens[project.ok_or_else(none)? + 1..]);
    let key = own.windows(2).position(|pair| {
        pair[0].0 == 0 && pair[0].1.is_word(text, "version") && pair[1].1.is_mark(':')
    });
    let key = key.ok_or_else(none)?;
    let line = line_of(text, own[key].1.at.start);
    let computed = || Unread::Dynamic(format!("line {line} computes it"));
    let value: Vec<_> = own[key + 2..]
        .iter()
        .take_while(|(depth, token)| *depth > 0 || !token.is_mark(','))
        .map(|(_, token)| *token)
        .collect();
    match value.as_slice() {
        [one] if one.kind == TokenKind::Quoted => {
            let written = looks_like_version(&text[one.at.clone()]);
            written
                .then(|| Source::Written(one.at.clone()))
                .ok_or_else(none)
        }
        [name, open, path, close]
            if name.is_word(text, "files")
                && open.is_mark('(')
                && path.kind == TokenKind::Quoted
                && close.is_mark(')') =>
        {
            Ok(Source::File(path.at.clone()))
        }
        _ => Err(computed()),
    }
}
