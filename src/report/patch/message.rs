//! What waiting authors are told of a maintenance branch, from a template
//! (minijinja): `branch`, `reason`, `until`, `by`, and `requests`, each with
//! `id`, `title` and `authors`.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::report::rolling::{RenderError, Rendered};
use crate::rollout::telling::Form;

/// What is told.
#[derive(Debug, Clone, Serialize)]
pub struct Telling {
    /// In a word: `frozen`, `thawed`.
    pub news: &'static str,
    /// The branch.
    pub branch: String,
    /// Until when, as a day.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// The requests that wait, or waited.
    pub requests: Vec<Waiting>,
}

/// A request that waits for a branch.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Its authors, `Name <address>` each.
    pub authors: Vec<String>,
}

/// Writes it in a form; `own` is the text of the user's own template.
pub fn telling_text(
    form: &Form,
    own: Option<&str>,
    telling: &Telling,
) -> Result<Rendered, RenderError> {
    let usual = match telling.news {
        "thawed" => include_str!("../../../templates/patch/thawed.txt"),
        _ => include_str!("../../../templates/patch/frozen.txt"),
    };
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = engine.render_str(own.unwrap_or(usual), Serde(telling));
    let text = text.map_err(|source| RenderError {
        name: telling.news.to_owned(),
        source,
    })?;
    let text = format!("{}\n", text.trim_end());
    let json = |value: serde_json::Value| Rendered {
        text: format!("{value}\n"),
        media: "application/json",
        ending: "json",
    };
    Ok(match form {
        Form::Json => json(serde_json::to_value(telling).unwrap_or_default()),
        Form::Slack => json(serde_json::json!({ "text": text })),
        Form::Text | Form::Markdown | Form::Own(_) => Rendered {
            text,
            media: "text/plain; charset=utf-8",
            ending: "txt",
        },
    })
}
