//! Rust's text as the paths it names, without comments, strings and tests.
//!
//! Tokens are enough: a path is identifiers joined by `::`, `use` groups are
//! braces behind one. Nothing is resolved: what is imported shows where it is
//! imported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A file of `src/` outside of tests.
pub struct Source {
    /// Its path below `src/`.
    pub path: PathBuf,
    /// Every path it names, with its line; `use` groups spread out.
    pub names: Vec<Name>,
}

/// A path such as `crate::model::Suite` or `println!` (with the mark).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its parts.
    pub parts: Vec<String>,
    /// The line it starts on.
    pub line: usize,
}

impl Source {
    /// Reads a text; `path` is where it stands below `src/`.
    pub fn parse(path: &str, text: &str) -> Self {
        let tokens: TokenStream = text.parse().expect("src/ is Rust");
        let mut names = Vec::new();
        read(tokens, &[], &mut names, &mut Vec::new());
        let path = PathBuf::from(path);
        Self { path, names }
    }

    /// Returns the folder of `src/` it is in; `None` for `main.rs`, `lib.rs`.
    pub fn folder(&self) -> Option<&str> {
        let mut parts = self.path.iter();
        let first = parts.next()?.to_str()?;
        parts.next().map(|_| first)
    }

    /// Says where one of its names stands.
    pub fn place(&self, name: &Name) -> String {
        format!("src/{}:{}", self.path.display(), name.line)
    }
}

/// Reads every file below `src/` that is no test.
pub fn all() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    for entry in walkdir::WalkDir::new(&top).sort_by_file_name() {
        let path = entry.expect("src/ can be listed").into_path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("src/ can be read");
            let below = path.strip_prefix(&top).expect("it was found there");
            texts.push((below.to_owned(), text));
        }
    }
    let mut tests = BTreeSet::new();
    for (path, text) in &texts {
        let mut modules = Vec::new();
        let tokens: TokenStream = text.parse().expect("src/ is Rust");
        read(tokens, &[], &mut Vec::new(), &mut modules);
        tests.extend(modules.into_iter().map(|name| own_folder(path).join(name)));
    }
    // A module of tests is `NAME.rs` and whatever lies in `NAME/`.
    texts.retain(|(path, _)| {
        !tests
            .iter()
            .any(|test| path.starts_with(test) || *path == test.with_extension("rs"))
    });
    let shown = |path: &Path| path.to_str().expect("names are text").to_owned();
    let sources = texts.iter();
    let sources = sources.map(|(path, text)| Source::parse(&shown(path), text));
    sources.collect()
}

/// Returns where a file's modules lie.
fn own_folder(file: &Path) -> PathBuf {
    match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => file.parent().unwrap_or(Path::new("")).to_owned(),
        _ => file.with_extension(""),
    }
}

/// Collects the names in some tokens behind `prefix`, and the modules in files
/// of their own that are compiled for tests only.
fn read(
    tokens: TokenStream,
    prefix: &[String],
    names: &mut Vec<Name>,
    test_modules: &mut Vec<String>,
) {
    let mut tokens = tokens.into_iter().peekable();
    let mut path = Joining::new(prefix);
    while let Some(token) = tokens.next() {
        let next_is = |tokens: &mut Tokens, sign: char| matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == sign);
        match token {
            TokenTree::Ident(ident) => {
                path.take(ident.to_string(), ident.span().start().line, names);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ':' if next_is(&mut tokens, ':') => {
                    tokens.next();
                    path.goes_on = true;
                }
                '!' if !next_is(&mut tokens, '=') => path.mark(names),
                '#' => {
                    path.end(names);
                    if let Some(TokenTree::Group(group)) = tokens.peek()
                        && is_test_mark(group)
                    {
                        tokens.next();
                        skip_item(&mut tokens, test_modules);
                    }
                }
                _ => path.end(names),
            },
            TokenTree::Group(group) => {
                let spread = path.goes_on && group.delimiter() == Delimiter::Brace;
                let below = if spread { path.drain() } else { Vec::new() };
                path.end(names);
                read(group.stream(), &below, names, test_modules);
            }
            TokenTree::Literal(_) => path.end(names),
        }
    }
    path.end(names);
}

type Tokens = std::iter::Peekable<proc_macro2::token_stream::IntoIter>;

/// A path while its parts come in.
struct Joining<'a> {
    prefix: &'a [String],
    own: Vec<String>,
    line: usize,
    /// Whether the last token was `::`, or it starts behind a prefix.
    goes_on: bool,
}

impl<'a> Joining<'a> {
    fn new(prefix: &'a [String]) -> Self {
        Self {
            prefix,
            own: Vec::new(),
            line: 0,
            goes_on: false,
        }
    }

    fn take(&mut self, part: String, line: usize, names: &mut Vec<Name>) {
        if !self.goes_on {
            self.end(names);
        }
        if self.own.is_empty() {
            self.line = line;
        }
        self.own.push(part);
        self.goes_on = false;
    }

    /// Takes the `!` of a macro.
    fn mark(&mut self, names: &mut Vec<Name>) {
        if let Some(last) = self.own.last_mut() {
            last.push('!');
        }
        self.end(names);
    }

    /// Gives the parts up to a group of names that it leads.
    fn drain(&mut self) -> Vec<String> {
        let own = std::mem::take(&mut self.own);
        self.prefix.iter().cloned().chain(own).collect()
    }

    fn end(&mut self, names: &mut Vec<Name>) {
        self.goes_on = false;
        if !self.own.is_empty() {
            let (parts, line) = (self.drain(), self.line);
            names.push(Name { parts, line });
        }
    }
}

/// Tells `[cfg(test)]` from other attributes.
fn is_test_mark(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Skips the item behind a mark; notes a module that is a file.
fn skip_item(tokens: &mut Tokens, test_modules: &mut Vec<String>) {
    let mut last = None;
    let mut module = None;
    for token in tokens.by_ref() {
        match token {
            TokenTree::Ident(ident) => {
                if last.as_deref() == Some("mod") {
                    module = Some(ident.to_string());
                }
                last = Some(ident.to_string());
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                test_modules.extend(module);
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_comments_strings_and_tests() {
        let cases: &[(&str, &[&str])] = &[
            ("use crate::model::Suite;", &["use", "crate::model::Suite"]),
            (
                "use std::{fs, io::{self, Read as _}};",
                &[
                    "use",
                    "std::fs",
                    "std::io::self",
                    "std::io::Read",
                    "std::io::as",
                    "std::io::_",
                ],
            ),
            ("// crate::cli\n/// crate::cli\nx", &["doc", "x"]),
            ("f(\"crate::cli\", r#\"std::fs\"#, 'c')", &["f"]),
            (
                "println!(\"{}\", crate::a::b())",
                &["println!", "crate::a::b"],
            ),
            ("#[cfg(test)]\nmod tests { use crate::cli; }\nx", &["x"]),
            ("#[cfg(test)] use crate::cli::{a}; x", &["x"]),
            ("#[cfg(unix)] mod y;", &["cfg", "unix", "mod", "y"]),
            (
                "Vec::<std::fs::File>::new()",
                &["Vec", "std::fs::File", "new"],
            ),
            ("a: std::net::Ipv4Addr", &["a", "std::net::Ipv4Addr"]),
        ];
        for (text, want) in cases {
            let source = Source::parse("model/x.rs", text);
            let found: Vec<String> = source.names.iter().map(|n| n.parts.join("::")).collect();
            assert_eq!(found, *want, "{text}");
        }
    }

    #[test]
    fn modules_of_tests_are_left_out() {
        let found = all();
        let has = |path: &str| found.iter().any(|source| source.path == Path::new(path));
        assert!(has("sys/openpgp/mod.rs") && has("sys/tree.rs"));
        assert!(!has("sys/openpgp/judges.rs"), "#[cfg(test)] mod judges;");
        assert!(
            !has("sys/tree/zoo/packing.rs"),
            "below #[cfg(test)] mod zoo;"
        );
    }
}
