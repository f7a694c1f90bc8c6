//! `notes`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::noting::{self, Noted, Wanted, What};
use crate::model::{Finding, PackageName, Severity, Sha256, TagName};
use crate::release::notes::render::Format;
use crate::report::{Answer, NotesDocument, Shown};
use crate::sys::files::{self, Access};

/// Arguments of `notes`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct NotesArguments {
    /// A release's tag, or a range A..B [default: what is not released yet]
    #[arg(value_name = "RANGE|TAG")]
    of: Option<String>,
    /// Every release, newest first
    #[arg(long, conflicts_with = "of")]
    all: bool,
    /// Of this package alone
    #[arg(long, value_name = "NAME")]
    package: Option<PackageName>,
    /// The form of the notes
    #[arg(long, value_name = "FORM", default_value = "md")]
    format: Form,
    /// Write the notes into FILE
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Say what is wrong with the notes from a user's point of view, in their place
    #[arg(long)]
    lint: bool,
    /// Let what --lint finds be errors: exit code 1
    #[arg(long, requires = "lint")]
    strict: bool,
    /// Say which file would be written, and write nothing
    #[arg(long, requires = "out")]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Markdown
    Md,
    /// Plain text, as in a tag's message
    Text,
    /// HTML, a fragment
    Html,
    /// The same as --json
    Json,
    /// Entries of Debian's NEWS: what users must know
    News,
    /// Markdown for a forge's release page
    Forge,
}

const EXAMPLES: &str = "\
Examples:
  debcut notes                            what the next release would tell users
  debcut notes v1.3.0                     what that release brought
  debcut notes v1.2.0..HEAD --format text
  debcut notes --all --package libfoo     every release of one package
  debcut notes --lint --strict            notes that users cannot read, as errors
  debcut notes v1.3.0 --format forge --out notes.md

A note is what a commit says in Release-Note:, else its subject. Commits of a
pre-release are told again with the final release.";

impl NotesArguments {
    /// Tells whether the answer is to be JSON without the common option.
    pub fn wants_json(&self) -> bool {
        self.format == Form::Json && self.out.is_none()
    }

    fn what(&self) -> Result<What, Failure> {
        let Some(text) = &self.of else {
            return Ok(match self.all {
                true => What::All,
                false => What::Unreleased,
            });
        };
        Ok(match text.split_once("..") {
            None => What::Release(TagName::new(text.clone())?),
            Some((from, to)) => What::Range {
                from: (!from.is_empty()).then(|| from.to_owned()),
                to: if to.is_empty() { "HEAD" } else { to }.to_owned(),
            },
        })
    }
}

impl Form {
    /// Returns the form of the text; none: JSON.
    fn format(self) -> Option<Format> {
        match self {
            Self::Md => Some(Format::Markdown),
            Self::Text => Some(Format::Text),
            Self::Html => Some(Format::Html),
            Self::News => Some(Format::DebianNews),
            Self::Forge => Some(Format::Forge),
            Self::Json => None,
        }
    }
}

/// Writes release notes.
pub fn run(arguments: &NotesArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = context.workspace()?;
    let wanted = Wanted {
        what: arguments.what()?,
        package: arguments.package.clone(),
        news_by: match arguments.format {
            Form::News => Some(context.person()?),
            _ => None,
        },
        date: context.now(),
    };
    let mut noted = noting::noted(&workspace, &wanted)?;
    let findings = match arguments.lint {
        true => judged(std::mem::take(&mut noted.findings), arguments.strict),
        false => Vec::new(),
    };
    if noted.releases.is_empty() {
        context.listener().note("there is no change to tell");
    }
    if let Some(out) = &arguments.out {
        let path = context.path(out);
        return Ok(write(noted, &path, arguments)?.findings(findings).into());
    }
    let shown = match arguments.format.format() {
        _ if arguments.lint => Shown::Findings,
        // Rendering a long history for nobody takes a second.
        Some(format) if !context.json => Shown::Notes(noted.rendered(format)?),
        _ => Shown::Place,
    };
    if arguments.lint && findings.is_empty() {
        context.listener().note("nothing is wrong with the notes");
    }
    Ok(Answer::new(document(noted, shown))
        .findings(findings)
        .into())
}

fn document(noted: Noted, shown: Shown) -> NotesDocument {
    let releases = noted.releases.into_iter();
    NotesDocument::new(releases.map(|told| (told.notes, told.ignored)), shown)
}

fn judged(mut findings: Vec<Finding>, strict: bool) -> Vec<Finding> {
    for finding in findings.iter_mut().filter(|_| strict) {
        finding.severity = Severity::Error;
    }
    findings
}

/// Writes the notes into a file that does not hold them yet.
fn write(noted: Noted, path: &Path, arguments: &NotesArguments) -> Result<Answer, Failure> {
    let text = match arguments.format.format() {
        Some(format) => Some(noted.rendered(format)?),
        None => None,
    };
    let document = document(noted, Shown::Place);
    let (text, document) = match text {
        Some(text) => (text, document),
        None => {
            let answer = Answer::new(document);
            let mut text =
                serde_json::to_string_pretty(&answer.json()).expect("documents have string keys");
            text.push('\n');
            (text, NotesDocument::new([], Shown::Place))
        }
    };
    let answer = Answer::new(document.written_to(path));
    if arguments.dry_run {
        return Ok(answer.dry_run(Sha256::of(text.as_bytes())));
    }
    let changed = files::read_if_there(path)?.as_deref() != Some(text.as_bytes());
    if changed {
        files::replace(path, text.as_bytes(), Access::Public)?;
    }
    Ok(answer.changed(changed))
}
