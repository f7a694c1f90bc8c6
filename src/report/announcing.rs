//! Announcements of releases, made from templates: what a template sees is an
//! [`Announcement`], with the filters that messages of rollouts have.

use serde::Serialize;

use super::rolling::{RenderError, Rendered, filled};
use crate::release::commit::Person;
use crate::release::notes::Notes;
use crate::rollout::telling::Form;

/// What somebody is told of a release.
#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// What names this announcement, whenever it is sent.
    pub name: String,
    /// What it is about, in a line: `hello 1.2.4`.
    pub title: String,
    /// The day, `2026-11-21`.
    pub date: String,
    /// Who announces.
    pub by: Person,
    /// The tags.
    pub tags: Vec<String>,
    /// The packages.
    pub packages: Vec<AnnouncedPackage>,
    /// The branch that has more; none: nothing was left out.
    pub excluded_from: Option<String>,
    /// What is not in it although it is on that branch, newest first.
    pub excluded: Vec<Excluded>,
}

/// A package of an announcement.
#[derive(Debug, Clone, Serialize)]
pub struct AnnouncedPackage {
    /// Its notes, field by field.
    #[serde(flatten)]
    pub notes: Notes,
    /// Its notes as text.
    pub text: String,
    /// Its notes in Markdown.
    pub markdown: String,
}

/// A change that is on a branch and not in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// The commit.
    pub commit: String,
    /// What users are told of it, as notes do; else the first line of its message.
    pub subject: String,
}

/// The usual template of a form: its name and text.
fn usual(form: &Form) -> (&'static str, &'static str) {
    macro_rules! template {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!("../../templates/announce/", $name)),
            )
        };
    }
    match form {
        Form::Markdown => template!("announcement.md"),
        Form::Json => template!("announcement.json"),
        Form::Slack => template!("slack.json"),
        Form::Text | Form::Own(_) => template!("announcement.txt"),
    }
}

/// Renders by a form; `own` is the text of the project's own template, where the
/// form names one.
pub fn announced(
    form: &Form,
    own: Option<&str>,
    announcement: &Announcement,
) -> Result<Rendered, RenderError> {
    let (mut name, mut template) = usual(form);
    let file;
    if let (Form::Own(path), Some(text)) = (form, own) {
        file = path.display().to_string();
        (name, template) = (&file, text);
    }
    filled(name, template, announcement)
}
