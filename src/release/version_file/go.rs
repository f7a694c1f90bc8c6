//! Go source: `const Version = "1.2.3"`, alone or in a group.
//!
//! The Go Programming Language Specification, “Lexical elements”, “Constant
//! declarations”. A `v` before the version stays.

use std::ops::Range;

use super::error::Unread;
use super::scan::{Inside, Language, Quote, Token, TokenKind, looks_like_version, without_v};

const GO: Language = Language {
    word: |c| c.is_alphanumeric() || c == '_',
    line_comments: &["//"],
    comments: &[("/*", "*/")],
    quotes: &[
        Quote {
            open: "`",
            close: "`",
            inside: Inside::Raw,
        },
        Quote {
            open: "\"",
            close: "\"",
            inside: Inside::EscapedOneLine,
        },
        Quote {
            open: "'",
            close: "'",
            inside: Inside::EscapedOneLine,
        },
    ],
};

/// The names that packages give their version, the usual one first.
const NAMES: [&str; 4] = ["Version", "version", "VERSION", "AppVersion"];

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let tokens = GO.tokens(text)?;
    for name in NAMES {
        let found = declared(text, &tokens, name);
        match found.len() {
            0 => {}
            1 => return Ok(found),
            _ => {
                let at = found.iter().map(|found| found.start).collect();
                return Err(Unread::several(name, at));
            }
        }
    }
    Err(Unread::NoVersion("const Version".into()))
}

/// Finds the literals of a name's declarations at the file's own level.
fn declared(text: &str, tokens: &[Token], name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut depth = 0;
    // How deep the entries of an open `const (` or `var (` stand.
    let mut group = None;
    let declares = |token: &Token| token.is_word(text, "const") || token.is_word(text, "var");
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| &tokens[index]);
        if token.is_mark('(') && depth == 0 && before.is_some_and(declares) {
            group = Some(1);
        }
        depth += token.nesting();
        if depth == 0 {
            group = None;
        }
        let alone = depth == 0 && before.is_some_and(declares);
        let begins = before.is_some_and(|before| {
            before.kind == TokenKind::LineEnd || before.is_mark('(') || before.is_mark(';')
        });
        let grouped = group == Some(depth) && begins;
        if token.is_word(text, name) && (alone || grouped) {
            found.extend(literal(text, &tokens[index + 1..]));
        }
    }
    found
}

/// Reads `= "…"` or `string = "…"` up to the declaration's end.
fn literal(text: &str, tokens: &[Token]) -> Option<Range<usize>> {
    let typed = tokens.first()?.is_word(text, "string");
    let [equals, value, rest @ ..] = &tokens[usize::from(typed)..] else {
        return None;
    };
    let ends = rest.first().is_none_or(|next| {
        next.kind == TokenKind::LineEnd || next.is_mark(';') || next.is_mark(')')
    });
    let literal = equals.is_mark('=') && value.kind == TokenKind::Quoted && ends;
    let at = without_v(text, value.at.clone());
    (literal && looks_like_version(&text[at.clone()])).then_some(at)
}
