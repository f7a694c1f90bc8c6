//! Python source: `__version__ = "…"` of a module, `setup(version="…")`.
//!
//! The Python Language Reference, section 2 (lexical analysis). Only versions
//! that are written as one literal are read.

use std::ops::Range;

use super::error::Unread;
use super::scan::{Inside, Language, Quote, Token, TokenKind, arguments, looks_like_version};

const PYTHON: Language = Language {
    word: |c| c.is_alphanumeric() || c == '_',
    line_comments: &["#"],
    comments: &[],
    quotes: &[
        quote("\"\"\"", Inside::Escaped),
        quote("'''", Inside::Escaped),
        quote("\"", Inside::EscapedOneLine),
        quote("'", Inside::EscapedOneLine),
    ],
};

const fn quote(mark: &'static str, inside: Inside) -> Quote {
    Quote {
        open: mark,
        close: mark,
        inside,
    }
}

/// The names that modules give their version, the usual one first.
const NAMES: [&str; 5] = [
    "__version__",
    "VERSION",
    "version",
    "__VERSION__",
    "_version",
];

/// Finds the version that a module assigns to a name of its own.
pub(super) fn module(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let tokens = PYTHON.tokens(text)?;
    for name in NAMES {
        if let Some(found) = assigned(text, &tokens, name)? {
            return Ok(vec![found]);
        }
    }
    let named = tokens.iter().find(|token| token.is_word(text, NAMES[0]));
    Err(match named {
        Some(token) => Unread::Dynamic(format!(
            "line {} computes it",
            super::error::line_of(text, token.at.start)
        )),
        None => Unread::NoVersion("__version__".into()),
    })
}

/// Finds the literal that a module's own statement assigns to a name:
/// `name = "…"`, `name: str = "…"`, `name = other = "…"`.
fn assigned(text: &str, tokens: &[Token], name: &str) -> Result<Option<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        depth += token.nesting();
        // What is indented is a class's or a function's own.
        let begins = token.at.start == 0 || text[..token.at.start].ends_with('\n');
        if begins && depth == 0 && token.is_word(text, name) {
            found.extend(literal(text, &tokens[index + 1..]));
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => {
            let at = found.iter().map(|found| found.start).collect();
            Err(Unread::several(name, at))
        }
    }
}

/// Reads the rest of an assignment up to its one literal.
fn literal(text: &str, tokens: &[Token]) -> Option<Range<usize>> {
    let line = tokens
        .iter()
        .position(|token| token.kind == TokenKind::LineEnd || token.is_mark(';'));
    let statement = &tokens[..line.unwrap_or(tokens.len())];
    let (value, before) = statement.split_last()?;
    let mut equals = false;
    for token in before {
        equals = match token.kind {
            TokenKind::Mark('=') => true,
            TokenKind::Word | TokenKind::Mark(':' | '.' | '[' | ']') => false,
            _ => return None,
        };
    }
    let written = value.kind == TokenKind::Quoted && looks_like_version(&text[value.at.clone()]);
    (equals && written).then(|| value.at.clone())
}

/// Finds the version that a `setup.py` passes to `setup()`: a literal, or the
/// name of a literal that the file assigns.
pub(super) fn setup(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let tokens = PYTHON.tokens(text)?;
    let mut found = Vec::new();
    let mut computed = None;
    let calls = tokens.iter().enumerate().filter(|(index, token)| {
        let called = tokens.get(index + 1).is_some_and(|next| next.is_mark('('));
        let defined = *index > 0 && tokens[index - 1].is_word(text, "def");
        token.is_word(text, "setup") && called && !defined
    });
    for (index, _) in calls {
        let own: Vec<_> = arguments(&tokens[index + 1..]);
        for (place, (depth, token)) in own.iter().enumerate() {
            let follows = |offset: usize| own.get(place + offset).map(|(_, token)| *token);
            let named = *depth == 0 && token.is_word(text, "version");
            if !named || !follows(1).is_some_and(|next| next.is_mark('=')) {
                continue;
            }
            let ends = follows(3).is_none_or(|next| next.is_mark(','));
            let value = follows(2).filter(|_| ends);
            let value = match value {
                Some(value) if value.kind == TokenKind::Word => {
                    assigned(text, &tokens, &text[value.at.clone()])?
                }
                Some(value) if value.kind == TokenKind::Quoted => Some(value.at.clone()),
                _ => None,
            };
            match value.filter(|at| looks_like_version(&text[at.clone()])) {
                Some(at) => found.push(at),
                None => computed = Some(token.at.start),
            }
        }
    }
    match (found.as_slice(), computed) {
        (_, Some(at)) => Err(Unread::Dynamic(format!(
            "line {} computes it",
            super::error::line_of(text, at)
        ))),
        ([], None) => Err(Unread::NoVersion("setup(version=…)".into())),
        ([_], None) => Ok(found),
        _ => {
            let at = found.iter().map(|found| found.start).collect();
            Err(Unread::several("setup(version=…)", at))
        }
    }
}
