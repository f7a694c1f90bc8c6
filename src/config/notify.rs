//! `[[rollout.notify]]` and `[[patch.notify]]`: who is told of what, and how.

use toml::Spanned;

use super::read::{ConfigError, Source};
use super::rollout::destination;
use super::written::Notify;
use crate::model::name::nearest;
use crate::rollout::telling::{Channel, Destination, Form};

/// Takes the channels of a table; `all` is what there is to be told, by its
/// words.
pub(super) fn channels<N: Copy, const COUNT: usize>(
    source: &Source<'_>,
    table: &str,
    written: Vec<Spanned<Notify>>,
    all: [(N, &str); COUNT],
) -> Result<Vec<Channel<N>>, ConfigError> {
    let mut found: Vec<Channel<N>> = Vec::new();
    for written in written {
        let at = written.span();
        let written = written.into_inner();
        let Some(name) = written.name else {
            let why = format!("every [[{table}.notify]] needs a name");
            return Err(source.refuse(&at, why));
        };
        if found.iter().any(|other| other.name == *name.get_ref()) {
            let why = format!("there are two channels named {}", name.get_ref());
            return Err(source.refuse(&name.span(), why));
        }
        let on = written.on.iter().map(|word| news(source, word, all));
        let on = on.collect::<Result<_, _>>()?;
        let to = destination(source, &name.span(), written.command, written.webhook)?;
        let to =
            to.ok_or_else(|| source.refuse(&name.span(), "a channel needs command or webhook"))?;
        found.push(Channel {
            name: name.into_inner(),
            on,
            form: match &written.template {
                Some(word) => Form::named(word),
                None => usual_form(&to),
            },
            to,
        });
    }
    Ok(found)
}

/// A chat's webhook wants its JSON; a command reads text.
fn usual_form(to: &Destination) -> Form {
    match to {
        Destination::Webhook(_) => Form::Slack,
        _ => Form::Text,
    }
}

fn news<N: Copy, const COUNT: usize>(
    source: &Source<'_>,
    written: &Spanned<String>,
    all: [(N, &str); COUNT],
) -> Result<N, ConfigError> {
    let wanted = written.get_ref().as_str();
    let found = all.into_iter().find(|(_, word)| *word == wanted);
    found.map(|(news, _)| news).ok_or_else(|| {
        let known = all.map(|(_, word)| word);
        let near = nearest(wanted, known);
        let near = near.map_or(String::new(), |near| format!("; is {near} meant?"));
        let why = format!(
            "there is no state “{wanted}”{near} Known: {}",
            known.join(", ")
        );
        source.refuse(&written.span(), why)
    })
}
