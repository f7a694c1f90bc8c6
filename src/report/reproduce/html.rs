//! The report as one page.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::{ReproduceDocument, rows};
use crate::verify::reproduction::Said;

const TEMPLATE: &str = include_str!("../../../templates/reproduce.html");

pub(super) fn page(document: &ReproduceDocument) -> String {
    let reproduction = &document.reproduction;
    let mut templates = Environment::new();
    // Names and bytes of packages are anybody's: everything is escaped.
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates
        .add_template("reproduce.html", TEMPLATE)
        .expect("the template is ours");
    let deeper: Vec<_> = reproduction
        .deeper
        .iter()
        .map(|look| match &look.said {
            Said::Text { text, cut } => context! { artifact => &look.artifact, text, cut },
            Said::Nothing { why } => context! { artifact => &look.artifact, why },
        })
        .collect();
    let bisection = reproduction.bisection.as_ref();
    let page = templates
        .get_template("reproduce.html")
        .and_then(|template| {
            template.render(context! {
                package => &reproduction.package,
                version => &reproduction.version,
                revision => &reproduction.revision,
                buildinfo => &reproduction.buildinfo,
                reference => document.reference(),
                isolation => &reproduction.isolation,
                builds => &reproduction.builds,
                equal => document.equal,
                verdict => document.verdict(),
                variations => Value::from(Serde(document.variations())),
                artifacts => Value::from(Serde(document.artifacts())),
                bisection => bisection.map(rows::bisection),
                bisection_builds => bisection.map(|culprits| culprits.builds),
                deeper,
                program => crate::VERSION,
            })
        });
    page.expect("the template asks for nothing else")
}
