//! `[hooks]` → commands around the steps, in the steps' order.

use crate::config::read::{ConfigError, Source};
use crate::config::written::release as written;
use crate::release::policy::{Hook, When};

pub(super) fn hooks(
    source: &Source<'_>,
    written: written::Hooks,
) -> Result<Vec<Hook>, ConfigError> {
    let steps = [
        ("prepare", written.before_prepare, written.after_prepare),
        ("build", written.before_build, written.after_build),
        ("tag", written.before_tag, written.after_tag),
        ("publish", written.before_publish, written.after_publish),
        ("release", written.before_release, written.after_release),
    ];
    let mut found = Vec::new();
    for (step, before, after) in steps {
        for (when, commands) in [(When::Before, before), (When::After, after)] {
            let Some(commands) = commands else { continue };
            for command in &commands.get_ref().0 {
                if command.trim().is_empty() {
                    return Err(source.refuse(&commands.span(), "a hook needs a command"));
                }
                found.push(Hook {
                    when,
                    step: step.to_owned(),
                    command: command.clone(),
                });
            }
        }
    }
    Ok(found)
}
