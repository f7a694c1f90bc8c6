//! Messages and requests, made from templates (minijinja).
//!
//! A template sees the fields of [`Telling`], or of a request, and `rollout`, a
//! [`RolloutView`]. Beside minijinja's own filters there are `md` (as part of a
//! Markdown document), `slack` (as part of Slack's mrkdwn) and `cut(n)` (at most
//! so many characters). What is named `….json` writes values as JSON, what is
//! named `….html` escapes them for HTML.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use serde::Serialize;

use super::view::{At, RolloutView, Tone};
use super::words;
use crate::rollout::event::Entry;
use crate::rollout::telling::{Form, News};

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happened.
    News,
    /// Somebody is asked to approve.
    Request,
}

/// A text, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text; it ends with one newline.
    pub text: String,
    /// Its media type.
    pub media: &'static str,
    /// The ending of a file that holds it.
    pub ending: &'static str,
}

/// Says that a template cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the template {name} cannot be used{}", Line(source.line()))]
pub struct RenderError {
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

/// What somebody is told.
#[derive(Debug, Clone, Serialize)]
pub struct Telling<'a> {
    /// What it tells, in a word.
    pub news: &'static str,
    /// What happened, in a clause.
    pub text: String,
    /// What it means.
    pub tone: Tone,
    /// The number of its entry in the journal.
    pub number: u64,
    /// What names this message, whenever it is sent.
    pub name: String,
    /// When it happened.
    pub at: At,
    /// Who ran the controller.
    pub by: String,
    /// The rollout as it is now.
    pub rollout: &'a RolloutView,
}

impl<'a> Telling<'a> {
    /// Tells of an entry; `None` where it is no news.
    pub fn of(entry: &Entry, rollout: &'a RolloutView) -> Option<Self> {
        let news = News::of(&entry.event)?;
        let tone = match news {
            News::Halted | News::Blocked | News::RollingBack => Tone::Bad,
            News::Rehearsed
            | News::Approved
            | News::RingPassed
            | News::RolledBack
            | News::Converged
            | News::Done => Tone::Good,
            News::Requested | News::Soaking | News::Paused => Tone::Wait,
            News::Aborted | News::Superseded => Tone::Dim,
            _ => Tone::Busy,
        };
        Some(Self {
            news: news.word(),
            text: words::event(entry),
            tone,
            number: entry.number,
            name: format!("{}/{}", rollout.id, entry.number),
            at: At::of(entry.at),
            by: entry.by.clone(),
            rollout,
        })
    }
}

/// The usual template of a form: its name and text.
fn usual(form: &Form, kind: Kind) -> (&'static str, &'static str) {
    macro_rules! template {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!("../../../templates/rollout/", $name)),
            )
        };
    }
    match (kind, form) {
        (Kind::News, Form::Markdown) => template!("news.md"),
        (Kind::News, Form::Json) => template!("news.json"),
        (Kind::News, Form::Slack) => template!("slack.json"),
        (Kind::News, Form::Text | Form::Own(_)) => template!("news.txt"),
        (Kind::Request, Form::Markdown) => template!("request.md"),
        (Kind::Request, Form::Json) => template!("request.json"),
        (Kind::Request, Form::Slack) => template!("request.slack.json"),
        (Kind::Request, Form::Text | Form::Own(_)) => template!("request.txt"),
    }
}

/// Renders by a form; `own` is the text of the operator's own template, where
/// the form names one.
pub fn rendered(
    form: &Form,
    own: Option<&str>,
    kind: Kind,
    values: &impl Serialize,
) -> Result<Rendered, RenderError> {
    let (mut name, mut template) = usual(form, kind);
    let file;
    if let (Form::Own(path), Some(text)) = (form, own) {
        file = path.display().to_string();
        (name, template) = (&file, text);
    }
    filled(name, template, values)
}

/// Renders a template; its name says what it is.
pub(in crate::report) fn filled(
    name: &str,
    template: &str,
    values: &impl Serialize,
) -> Result<Rendered, RenderError> {
    let ending = ["json", "html", "md"]
        .into_iter()
        .find(|ending| name.ends_with(&format!(".{ending}")))
        .unwrap_or("txt");
    let media = match ending {
        "json" => "application/json",
        "html" => "text/html; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let failed = |source: Error| RenderError {
        name: name.to_owned(),
        source,
    };
    let mut templates = environment(ending);
    templates.add_template(name, template).map_err(failed)?;
    let page = templates.get_template(name).map_err(failed)?;
    let text = page.render(Value::from(Serde(values))).map_err(failed)?;
    Ok(Rendered {
        text: format!("{}\n", text.trim_end()),
        media,
        ending,
    })
}

fn environment(ending: &str) -> Environment<'static> {
    let mut templates = Environment::new();
    let escape = match ending {
        "json" => AutoEscape::Json,
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    };
    templates.set_auto_escape_callback(move |_| escape.clone());
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(syntax.expect("the usual marks"));
    templates.add_filter("md", |text: String| markdown(&text));
    templates.add_filter("slack", |text: String| slack(&text));
    templates.add_filter("cut", |text: String, most: usize| cut(&text, most));
    templates
}

/// Escapes what Markdown (CommonMark 0.31) would take for markup.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Escapes the three characters that Slack's mrkdwn escapes, so that nobody is
/// mentioned and nothing links.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_escaped() {
        for (text, md, chat) in [
            ("a <@U1> & b", r"a \<@U1\> \& b", "a &lt;@U1&gt; &amp; b"),
            ("*x* `y` [z](w)", r"\*x\* \`y\` \[z\](w)", "*x* `y` [z](w)"),
        ] {
            assert_eq!(markdown(text), md);
            assert_eq!(slack(text), chat);
        }
        assert_eq!(cut("übung", 5), "übung");
        assert_eq!(cut("übungen", 5), "übun…");
    }
}
