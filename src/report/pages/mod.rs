//! The archive for people: pages that any web server serves beside the files
//! that apt reads.
//!
//! Names, descriptions and changelogs are anybody's, so every value is escaped
//! for HTML, and only addresses of the web become links. The pages need no
//! script and nothing from elsewhere.

pub mod place;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

use crate::model::{Sha256, Timestamp};

/// The style sheet that all pages share.
pub const STYLE: &str = include_str!("../../../templates/archive/style.css");

const TEMPLATES: [(&str, &str); 6] = [
    (
        "base.html",
        include_str!("../../../templates/archive/base.html"),
    ),
    (
        "index.html",
        include_str!("../../../templates/archive/index.html"),
    ),
    (
        "suite.html",
        include_str!("../../../templates/archive/suite.html"),
    ),
    (
        "list.html",
        include_str!("../../../templates/archive/list.html"),
    ),
    (
        "package.html",
        include_str!("../../../templates/archive/package.html"),
    ),
    (
        "history.html",
        include_str!("../../../templates/archive/history.html"),
    ),
];

/// The templates, read once.
pub struct Book(Environment<'static>);

/// A page that can be written.
pub trait Sheet: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
}

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}

impl Book {
    /// Reads the templates.
    pub fn new() -> Self {
        let mut templates = Environment::new();
        // Whatever a template is called, what it shows is anybody's.
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_formatter(|out, _, value| match value {
            nothing if nothing.is_undefined() || nothing.is_none() => Ok(()),
            safe if safe.is_safe() => Ok(write!(out, "{safe}")?),
            text => Ok(out.write_str(&escaped(&text.to_string()))?),
        });
        for (name, text) in TEMPLATES {
            let added = templates.add_template(name, text);
            added.expect("the templates are ours");
        }
        Self(templates)
    }

    /// Names the state of the templates: pages made from others are old.
    pub fn edition() -> String {
        let mut all = STYLE.to_owned();
        TEMPLATES.iter().for_each(|(_, text)| all.push_str(text));
        format!(
            "{} {}",
            crate::VERSION,
            &Sha256::of(all.as_bytes()).hex()[..16]
        )
    }

    /// Writes a page.
    pub fn page<S: Sheet>(&self, sheet: &S) -> String {
        let template = self.0.get_template(S::TEMPLATE);
        let page = template.and_then(|page| page.render(Value::from(Serde(sheet))));
        let mut page = page.expect("the templates ask for nothing else");
        page.push('\n');
        page
    }
}

/// Escapes text for HTML, in contents and in quoted attributes. The templates'
/// own way would also escape every slash, of which references are full.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // HTML has no way to write them, and a package needs none.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A link, or a step on the way to a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it leads, relative to its page.
    pub href: String,
}

impl Link {
    /// Makes one.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
        }
    }
}

/// What all pages have.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    /// What stands in the window's title.
    pub title: String,
    /// The way from the page to the archive's root: `../../`.
    pub root: &'static str,
    /// The pages above it, and itself.
    pub trail: Vec<Link>,
}

/// The archive's first page.
#[derive(Debug, Serialize)]
pub struct Front {
    /// What all pages have.
    #[serde(flatten)]
    pub frame: Frame,
    /// What the suites' labels and origins say the archive is.
    pub descriptions: Vec<String>,
    /// How files of the archive are called on hosts.
    pub file: String,
    /// The suites.
    pub suites: Vec<SuiteFacts>,
    /// The keys that sign them.
    pub keys: Vec<KeyFacts>,
}

impl Sheet for Front {
    const TEMPLATE: &'static str = "index.html";
}

/// What is said of a suite.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteFacts {
    /// Its name.
    pub name: String,
    /// Its name in names of files.
    pub file: String,
    /// Its page, from the first page.
    pub href: String,
    /// Its description.
    pub description: Option<String>,
    /// Whom it belongs to.
    pub origin: Option<String>,
    /// Its generation.
    pub generation: u64,
    /// When that was made.
    pub date: Timestamp,
    /// The day of that.
    pub day: String,
    /// Until when clients accept it.
    pub valid_until: Option<Timestamp>,
    /// How many names of packages it has.
    pub packages: u64,
    /// Its components.
    pub components: Vec<String>,
    /// Its architectures.
    pub architectures: Vec<String>,
    /// The `.sources` file.
    pub sources: String,
    /// Where that is, from the first page.
    pub sources_href: String,
}

/// A key that signs.
#[derive(Debug, Clone, Serialize)]
pub struct KeyFacts {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whose it is.
    pub owner: String,
    /// The day it ends.
    pub expires: Option<String>,
    /// Where it is, from the first page.
    pub href: String,
}

/// A suite's page.
#[derive(Debug, Serialize)]
pub struct SuiteSheet {
    /// What all pages have.
    #[serde(flatten)]
    pub frame: Frame,
    /// The suite.
    pub suite: SuiteFacts,
    /// Its lists of packages, in order.
    pub lists: Vec<ListLink>,
}

impl Sheet for SuiteSheet {
    const TEMPLATE: &'static str = "suite.html";
}

/// A link to a list of packages.
#[derive(Debug, Serialize)]
pub struct ListLink {
    /// Where it is.
    pub href: String,
    /// Between which packages it lies.
    pub label: String,
    /// How many there are.
    pub count: u64,
}

/// A list of packages.
#[derive(Debug, Serialize)]
pub struct ListSheet {
    /// What all pages have.
    #[serde(flatten)]
    pub frame: Frame,
    /// The suite.
    pub suite: String,
    /// From which package to which.
    pub label: String,
    /// The packages.
    pub rows: Vec<ListRow>,
    /// The list before.
    pub before: Option<String>,
    /// The list behind.
    pub after: Option<String>,
}

impl Sheet for ListSheet {
    const TEMPLATE: &'static str = "list.html";
}

/// A package in a list.
#[derive(Debug, Serialize)]
pub struct ListRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its newest version.
    pub version: String,
    /// How many older ones there are.
    pub more: usize,
    /// Its architectures, `source` among them.
    pub architectures: Vec<String>,
    /// What it is, in a line.
    pub synopsis: String,
}

/// A package's page.
#[derive(Debug, Default, Serialize)]
pub struct PackageSheet {
    /// What all pages have.
    #[serde(flatten)]
    pub frame: Option<Frame>,
    /// Its name.
    pub name: String,
    /// Whether no suite has it any more.
    pub gone: bool,
    /// Whether apt can install it: it is not only a source.
    pub install: bool,
    /// What it is, in a line.
    pub synopsis: String,
    /// What it is, at length.
    pub description: Vec<Part>,
    /// The version that the facts are of.
    pub version: String,
    /// Every version, the newest first.
    pub rows: Vec<VersionRow>,
    /// What is said of the newest version.
    pub facts: Vec<Fact>,
    /// Its relations to other packages.
    pub relations: Vec<RelationRow>,
    /// What is built of it, where it is a source.
    pub binaries: Vec<Related>,
    /// Statements of how it was built.
    pub proofs: Vec<Link>,
    /// Its changelog.
    pub changelog: Option<ChangelogPart>,
}

impl Sheet for PackageSheet {
    const TEMPLATE: &'static str = "package.html";
}

/// A part of a description.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// Whether its lines stay as they are.
    pub verbatim: bool,
}

/// A version on one architecture.
#[derive(Debug, Serialize)]
pub struct VersionRow {
    /// The version.
    pub version: String,
    /// The suites that have it.
    pub suites: Vec<Link>,
    /// Its architecture.
    pub architecture: String,
    /// Its component.
    pub component: String,
    /// Its files.
    pub files: Vec<FileLink>,
}

/// A file to download.
#[derive(Debug, Serialize)]
pub struct FileLink {
    /// Its name.
    pub text: String,
    /// Where it is.
    pub href: String,
    /// How large it is.
    pub size: String,
}

/// A fact with a name.
#[derive(Debug, Serialize)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
}

/// A field of relations.
#[derive(Debug, Serialize)]
pub struct RelationRow {
    /// The field.
    pub name: &'static str,
    /// Its clauses, each of alternatives.
    pub clauses: Vec<Vec<Related>>,
}

/// Another package.
#[derive(Debug, Serialize)]
pub struct Related {
    /// Its name.
    pub name: String,
    /// What else is said: a version, an architecture.
    pub rest: String,
    /// Its page, where the archive has it.
    pub href: Option<String>,
}

/// The newest part of a changelog.
#[derive(Debug, Serialize)]
pub struct ChangelogPart {
    /// The text.
    pub text: String,
    /// Where the whole is.
    pub href: String,
    /// Whether the whole is longer.
    pub cut: bool,
}

/// A suite's history.
#[derive(Debug, Serialize)]
pub struct HistorySheet<'a, R> {
    /// What all pages have.
    #[serde(flatten)]
    pub frame: Frame,
    /// The suite.
    pub suite: String,
    /// The generations, the newest first.
    pub rows: &'a [R],
    /// Whether there were older ones.
    pub cut: bool,
}

impl<R: Serialize> Sheet for HistorySheet<'_, R> {
    const TEMPLATE: &'static str = "history.html";
}

/// Takes a package's long description apart (Debian Policy 5.6.13): paragraphs,
/// and lines with two blanks or more before them, which stay as they are.
pub fn description(value: &str) -> (String, Vec<Part>) {
    let mut lines = value.lines();
    let synopsis = lines.next().unwrap_or_default().trim().to_owned();
    let mut parts: Vec<Part> = Vec::new();
    let mut open = false;
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        if line == "." || line.is_empty() {
            open = false;
            continue;
        }
        let verbatim = line.starts_with(' ');
        match parts.last_mut() {
            Some(last) if open && last.verbatim == verbatim => {
                last.text.push(if verbatim { '\n' } else { ' ' });
                last.text.push_str(line);
            }
            _ => parts.push(Part {
                text: line.to_owned(),
                verbatim,
            }),
        }
        open = true;
    }
    (synopsis, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_paragraphs_and_lists() {
        let (synopsis, parts) =
            description("a tool\n It does\n things.\n .\n More:\n  * one\n  * two\n .\n End.");
        assert_eq!(synopsis, "a tool");
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.text.as_str(), part.verbatim))
            .collect();
        assert_eq!(
            found,
            [
                ("It does things.", false),
                ("More:", false),
                (" * one\n * two", true),
                ("End.", false)
            ]
        );
    }

    #[test]
    fn whatever_a_package_says_stays_text() {
        let evil = "</title><script>alert(1)</script>\"' onload=x {{ 7*7 }}";
        let page = Book::new().page(&PackageSheet {
            frame: Some(Frame {
                title: evil.into(),
                root: "../../../",
                trail: vec![Link::new(evil, evil)],
            }),
            name: evil.into(),
            synopsis: evil.into(),
            description: vec![Part {
                text: evil.into(),
                verbatim: true,
            }],
            changelog: Some(ChangelogPart {
                text: evil.into(),
                href: evil.into(),
                cut: false,
            }),
            ..PackageSheet::default()
        });
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("\"' onload"), "{page}");
        assert!(page.contains("{{ 7*7 }}"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}
