//! Templates of ours, with names filled in.

use minijinja::{Environment, UndefinedBehavior, Value};

/// Fills a template; the text ends in one newline.
///
/// # Panics
///
/// If the template is none or speaks of a name that is not there: templates are
/// ours, and tests fill each.
pub(super) fn filled(template: &str, names: &Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = environment.render_str(template, names.clone());
    let text = text.expect("the templates are ours");
    format!("{}\n", text.trim_end())
}
