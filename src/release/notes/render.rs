//! Notes → text, by templates (minijinja).
//!
//! A template sees the fields of [`Notes`]. Beside minijinja's own filters
//! there are `md` (as part of a Markdown document), `forge` (the same, where
//! `@name` would tell somebody), `html` (escaped, with code spans), `wrap(width,
//! first, next)`, `handle` (a contributor's name on GitHub, if the address
//! tells it) and `once` (of a note's parents one for each pull request). An own template may include the usual ones by their files' names:
//! `notes.md`, `notes.txt`, `notes.html`, `notes.news`, `notes.forge.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::markdown::{self, Mentions};
use super::{Notes, wrap};

/// A form of the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Markdown.
    Markdown,
    /// Plain text, as in a tag's message: a title, an empty line, the notes,
    /// in lines of 72 characters.
    Text,
    /// HTML, a fragment.
    Html,
    /// An entry of Debian's `NEWS` (Developer's Reference 6.3.4): what users
    /// must know, in paragraphs; empty where there is nothing of the kind.
    DebianNews,
    /// Markdown as forges have their releases.
    Forge,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 5] = [
        Self::Markdown,
        Self::Text,
        Self::Html,
        Self::DebianNews,
        Self::Forge,
    ];

    /// Returns its name, as on the command line and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Text => "text",
            Self::Html => "html",
            Self::DebianNews => "news",
            Self::Forge => "forge",
        }
    }

    /// Finds a form by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The usual template: its file's name and text.
    fn usual(self) -> (&'static str, &'static str) {
        macro_rules! template {
            ($name:literal) => {
                ($name, include_str!(concat!("../../../templates/", $name)))
            };
        }
        match self {
            Self::Markdown => template!("notes.md"),
            Self::Text => template!("notes.txt"),
            Self::Html => template!("notes.html"),
            Self::DebianNews => template!("notes.news"),
            Self::Forge => template!("notes.forge.md"),
        }
    }
}

/// Says that a template cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the template {name} cannot be used{}", Line(source.line()))]
pub struct TemplateError {
    /// Its name.
    pub name: String,
    /// What is wrong, and in which line.
    pub source: Error,
}

struct Line(Option<usize>);

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// Renders notes; `own` holds the text of the project's own templates by their
/// format's name. No line ends in blanks; the text ends with one newline, or is
/// empty.
pub fn render(
    notes: &Notes,
    format: Format,
    own: &BTreeMap<String, String>,
) -> Result<String, TemplateError> {
    render_all([notes], format, own)
}

/// Renders the notes of several releases, in their order, with an empty line
/// between them.
pub fn render_all<'a>(
    releases: impl IntoIterator<Item = &'a Notes>,
    format: Format,
    own: &BTreeMap<String, String>,
) -> Result<String, TemplateError> {
    let (usual, _) = format.usual();
    let name = own.get_key_value(format.name());
    let name = name.map_or(usual, |(name, _)| name.as_str());
    let failed = |source: Error| TemplateError {
        name: source.name().unwrap_or(name).to_owned(),
        source,
    };
    let mut environment = USUAL.clone();
    for (name, text) in own {
        environment.add_template(name, text).map_err(failed)?;
    }
    let template = environment.get_template(name).map_err(failed)?;
    let mut texts = Vec::new();
    for notes in releases {
        if format == Format::DebianNews && notes.debian.is_none() {
            let why = "an entry of NEWS needs a Debian version, a distribution and a maintainer";
            return Err(failed(Error::new(ErrorKind::InvalidOperation, why)));
        }
        let text = tidy(&template.render(Serde(notes)).map_err(failed)?);
        texts.extend(Some(text).filter(|text| !text.is_empty()));
    }
    Ok(texts.join("\n"))
}

/// The usual templates and filters, read once.
static USUAL: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual marks"));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with("html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.add_filter("md", |text: &str| markdown::escaped(text, Mentions::Plain));
    environment.add_filter("forge", |text: &str| {
        markdown::escaped(text, Mentions::Code)
    });
    environment.add_filter("html", |text: &str| {
        Value::from_safe_string(markdown::html(text))
    });
    environment.add_filter(
        "wrap",
        |text: &str, width: usize, first: &str, next: &str| wrap::wrapped(text, width, first, next),
    );
    environment.add_filter("handle", handle);
    environment.add_filter("once", once);
    for format in Format::ALL {
        let (name, text) = format.usual();
        let added = environment.add_template(name, text);
        added.expect("the usual templates are valid, by their tests");
    }
    environment
}

/// Leaves of parents that came with one pull request the first.
fn once(parents: Vec<Value>) -> Result<Vec<Value>, Error> {
    let mut seen = Vec::new();
    let mut kept = Vec::new();
    for parent in parents {
        let request = parent.get_attr("pull_request")?;
        if request.is_none() || !seen.contains(&request) {
            seen.push(request);
            kept.push(parent);
        }
    }
    Ok(kept)
}

/// Reads the name on GitHub out of an address that hides the real one:
/// `1234+ada@users.noreply.github.com`.
fn handle(email: &str) -> Option<String> {
    let local = email.strip_suffix("@users.noreply.github.com")?;
    let name = local.split_once('+').map_or(local, |(_, name)| name);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!name.is_empty() && name.chars().all(fits)).then(|| name.to_owned())
}

/// Takes blanks off the ends of lines, and empty lines off both ends and from
/// beside each other.
fn tidy(rendered: &str) -> String {
    let mut tidy = String::with_capacity(rendered.len());
    let mut empty = true;
    for line in rendered.lines() {
        let line = line.trim_end();
        if !(line.is_empty() && empty) {
            tidy.extend([line, "\n"]);
        }
        empty = line.is_empty();
    }
    tidy.truncate(tidy.trim_end_matches('\n').len());
    if !tidy.is_empty() {
        tidy.push('\n');
    }
    // Own templates may bring what text of the notes cannot.
    debug_assert!(tidy.lines().all(|line| line == line.trim_end()));
    tidy
}
