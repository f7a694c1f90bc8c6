//! Source text → words, quoted texts and marks: as much of a language as it
//! takes to tell a version from a comment or another string that looks like it.

use std::ops::Range;

use super::error::Unread;

/// A piece of source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    /// Its bytes; of a quoted text those between the quotes.
    pub at: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a number, a keyword.
    Word,
    /// A quoted text.
    Quoted,
    /// Any other character that is no blank.
    Mark(char),
    /// The end of a line, outside of quoted texts.
    LineEnd,
}

/// What a language's words, comments and quotes look like.
pub(super) struct Language {
    pub word: fn(char) -> bool,
    /// What opens a comment that ends with its line.
    pub line_comments: &'static [&'static str],
    /// What opens and closes other comments; tried before those of a line.
    pub comments: &'static [(&'static str, &'static str)],
    /// Longer ones first.
    pub quotes: &'static [Quote],
}

pub(super) struct Quote {
    pub open: &'static str,
    pub close: &'static str,
    pub inside: Inside,
}

/// What may stand between quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// A backslash protects what follows it; the text ends on its line.
    EscapedOneLine,
    /// A backslash protects what follows it.
    Escaped,
    /// Everything but the closing quotes.
    Raw,
}

impl Language {
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<Token>, Unread> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let opens = |(open, _): &&(&str, &str)| rest.starts_with(open);
            if let Some((open, close)) = self.comments.iter().find(opens) {
                let inside = &rest[open.len()..];
                let end = inside.find(close).ok_or_else(|| open_end(at, open))?;
                at += open.len() + end + close.len();
            } else if self.line_comments.iter().any(|mark| rest.starts_with(mark)) {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(quote) = self.quotes.iter().find(|q| rest.starts_with(q.open)) {
                let start = at + quote.open.len();
                let end = quote
                    .end(text, start)
                    .ok_or_else(|| open_end(at, quote.open))?;
                found.push(token(TokenKind::Quoted, start..end));
                at = end + quote.close.len();
            } else if (self.word)(c) {
                let end = rest.find(|c| !(self.word)(c)).unwrap_or(rest.len());
                found.push(token(TokenKind::Word, at..at + end));
                at += end;
            } else {
                let end = at + c.len_utf8();
                match c {
                    '\n' => found.push(token(TokenKind::LineEnd, at..end)),
                    c if c.is_whitespace() => {}
                    c => found.push(token(TokenKind::Mark(c), at..end)),
                }
                at = end;
            }
        }
        Ok(found)
    }
}

impl Quote {
    /// Finds where a text that begins at `start` ends.
    fn end(&self, text: &str, start: usize) -> Option<usize> {
        if self.inside == Inside::Raw {
            return text[start..].find(self.close).map(|end| start + end);
        }
        let mut characters = text[start..].char_indices();
        while let Some((offset, c)) = characters.next() {
            if text[start + offset..].starts_with(self.close) {
                return Some(start + offset);
            }
            match c {
                '\\' => drop(characters.next()),
                '\n' if self.inside == Inside::EscapedOneLine => return None,
                _ => {}
            }
        }
        None
    }
}

fn token(kind: TokenKind, at: Range<usize>) -> Token {
    Token { kind, at }
}

fn open_end(at: usize, open: &str) -> Unread {
    Unread::Malformed(Some(at), format!("{open} is opened and not closed"))
}

impl Token {
    pub(super) fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && &text[self.at.clone()] == word
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.kind == TokenKind::Mark(mark)
    }

    /// How much deeper what follows is nested.
    pub(super) fn nesting(&self) -> isize {
        match self.kind {
            TokenKind::Mark('(' | '[' | '{') => 1,
            TokenKind::Mark(')' | ']' | '}') => -1,
            _ => 0,
        }
    }
}

/// Returns the tokens between the parentheses, the first of which is the first
/// of `tokens`, each with how deep it is nested there: 0 for the arguments.
pub(super) fn arguments(tokens: &[Token]) -> Vec<(isize, &Token)> {
    let mut depth = 0;
    let mut found = Vec::new();
    for token in tokens {
        if token.nesting() < 0 {
            depth += token.nesting();
        }
        if depth == 0 && !found.is_empty() {
            break;
        }
        if token.kind != TokenKind::LineEnd {
            found.push((depth - 1, token));
        }
        if token.nesting() > 0 {
            depth += 1;
        }
    }
    if !found.is_empty() {
        found.remove(0);
    }
    found
}

/// Tells whether a text is written like a version: a digit first, and nothing
/// that any format would have to quote.
pub(super) fn looks_like_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_version_character)
}

/// What versions of SemVer, PEP 440 and Debian are written with.
pub(super) fn is_version_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".+-~_:!".contains(c)
}

/// Takes off the `v` that many write before their versions.
pub(super) fn without_v(text: &str, at: Range<usize>) -> Range<usize> {
    let written = &text[at.clone()];
    match written.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => at.start + 1..at.end,
        _ => at,
    }
}
