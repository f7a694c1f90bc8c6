//! `CMakeLists.txt`: `project(NAME VERSION 1.2.3)`.
//!
//! cmake-language(7); the names of commands are read in any case.

use std::ops::Range;

use super::error::Unread;
use super::scan::{Inside, Language, Quote, TokenKind, arguments, looks_like_version};

const CMAKE: Language = Language {
    word: |c| !c.is_whitespace() && !"()\"#".contains(c),
    line_comments: &["#"],
    comments: &[("#[[", "]]"), ("#[=[", "]=]")],
    quotes: &[
        Quote {
            open: "[[",
            close: "]]",
            inside: Inside::Raw,
        },
        Quote {
            open: "[=[",
            close: "]=]",
            inside: Inside::Raw,
        },
        Quote {
            open: "\"",
            close: "\"",
            inside: Inside::Escaped,
        },
    ],
};

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let tokens = CMAKE.tokens(text)?;
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let named =
            token.kind == TokenKind::Word && text[token.at.clone()].eq_ignore_ascii_case("project");
        if !named || !tokens.get(index + 1).is_some_and(|next| next.is_mark('(')) {
            continue;
        }
        let own = arguments(&tokens[index + 1..]);
        let keyword = |(_, token): &&(isize, _)| {
            let token: &&super::scan::Token = token;
            token.is_word(text, "VERSION")
        };
        // The first argument is the project's name, whatever it is.
        let after = own.iter().skip(1).skip_while(|pair| !keyword(pair)).nth(1);
        if let Some((_, value)) = after {
            let written = &text[value.at.clone()];
            if !looks_like_version(written) {
                let reason = format!("project() takes it from {written}");
                return Err(Unread::Dynamic(reason));
            }
            found.push(value.at.clone());
        }
    }
    match found.len() {
        0 => Err(Unread::NoVersion("project(… VERSION …)".into())),
        1 => Ok(found),
        _ => {
            let at = found.iter().map(|found| found.start).collect();
            Err(Unread::several("project(… VERSION …)", at))
        }
    }
}
