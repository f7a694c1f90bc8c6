//! A rollout as one page that needs no script and nothing from elsewhere.
//!
//! Names, reasons and logs are anybody's, so every value is escaped.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::chart::{self, Lead};
use super::view::RolloutView;
use super::words;
use crate::model::Timestamp;
use crate::report::pages::escaped;
use crate::rollout::event::Entry;
use crate::rollout::{Rollout, Step};

const TEMPLATE: &str = include_str!("../../../templates/rollout/page.html");
const STYLE: &str = include_str!("../../../templates/rollout/page.css");

fn written<T: serde::Serialize>(value: T) -> Value {
    Value::from(Serde(value))
}

/// Writes the page of a rollout as it is now; `next` is what its planner says,
/// `leads` are releases for the chart of lead times, the newest first (none: no
/// chart).
pub fn page(
    rollout: &Rollout,
    entries: &[Entry],
    next: &Step,
    leads: &[Lead],
    now: Timestamp,
) -> String {
    let view = RolloutView::new(&rollout.id.to_string(), rollout, entries, next, now);
    let badges: Vec<_> = view.rings.iter().map(|ring| ring.state).collect();
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(syntax.expect("the usual marks"));
    templates.set_formatter(|out, _, value| match value {
        nothing if nothing.is_undefined() || nothing.is_none() => Ok(()),
        safe if safe.is_safe() => Ok(write!(out, "{safe}")?),
        text => Ok(out.write_str(&escaped(&text.to_string()))?),
    });
    templates
        .add_template("page.html", TEMPLATE)
        .expect("the template is ours");
    let page = templates.get_template("page.html").and_then(|template| {
        template.render(context! {
            rollout => written(&view),
            timeline => written(chart::rings(rollout, &badges, now)),
            leads => written(leads),
            chart => written(chart::leads(leads)),
            kinds => ["tag", "archive", "canary", "everyone"],
            median => chart::summary(leads).map(|(median, _)| words::span(median)),
            worst => chart::summary(leads).map(|(_, worst)| words::span(worst)),
            style => Value::from_safe_string(STYLE.to_owned()),
            program => crate::VERSION,
        })
    });
    let mut page = page.expect("the template asks for nothing else");
    page.push('\n');
    page
}
