//! `[[patch.notify]]`: who is told of what happens to a maintenance branch.

use toml::Spanned;

use super::written;
use super::{ConfigError, Source};
use crate::config::rollout::destination;
use crate::rollout::telling::{Destination, Form};

/// What is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// A branch takes nothing for a while.
    Frozen,
    /// It takes what was approved again.
    Thawed,
}

impl News {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Frozen, Self::Thawed];

    /// Returns its word, as in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
        }
    }
}

/// Somebody who wants to hear of maintenance branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// What it wants to hear of; empty: everything.
    pub on: Vec<News>,
    /// How it is said.
    pub form: Form,
    /// Where it goes.
    pub to: Destination,
}

impl Channel {
    /// Tells whether it wants to hear of this.
    pub fn wants(&self, news: News) -> bool {
        self.on.is_empty() || self.on.contains(&news)
    }
}

/// Takes the channels.
pub fn channels(
    source: &Source<'_>,
    written: Vec<Spanned<written::Notify>>,
) -> Result<Vec<Channel>, ConfigError> {
    let mut found: Vec<Channel> = Vec::new();
    for written in written {
        let at = written.span();
        let table = written.into_inner();
        let Some(name) = table.name else {
            return Err(source.refuse(&at, "every [[patch.notify]] needs a name"));
        };
        if found.iter().any(|other| other.name == *name.get_ref()) {
            let why = format!("there are two channels named {}", name.get_ref());
            return Err(source.refuse(&name.span(), why));
        }
        let on = table.on.iter().map(|word| news(source, word));
        let on = on.collect::<Result<Vec<_>, _>>()?;
        let to = destination(source, &name.span(), table.command, table.webhook)?;
        let to =
            to.ok_or_else(|| source.refuse(&name.span(), "a channel needs command or webhook"))?;
        let usual = match &to {
            Destination::Webhook(_) => Form::Slack,
            _ => Form::Text,
        };
        found.push(Channel {
            name: name.into_inner(),
            on,
            form: table.template.map_or(usual, |word| Form::named(&word)),
            to,
        });
    }
    Ok(found)
}

fn news(source: &Source<'_>, word: &Spanned<String>) -> Result<News, ConfigError> {
    let wanted = word.get_ref().as_str();
    let found = News::ALL.into_iter().find(|news| news.word() == wanted);
    found.ok_or_else(|| {
        let known = News::ALL.map(News::word).join(", ");
        let why = format!("nothing is told of “{wanted}”; known: {known}");
        source.refuse(&word.span(), why)
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Project;

    #[test]
    fn channels_are_checked() {
        let read = |text: &str| {
            let project = Project::parse("debcut.toml", &format!("[[patch.notify]]\n{text}\n"));
            let project = project.map_err(|error| error.to_string())?;
            Ok::<_, String>(project.patch_channels)
        };
        let good = read("name = 'a'\non = ['frozen']\ncommand = 'cat'").expect("a channel");
        assert!(good[0].wants(super::News::Frozen) && !good[0].wants(super::News::Thawed));
        for wrong in [
            "command = 'cat'",
            "name = 'a'",
            "name = 'a'\non = ['melted']\ncommand = 'cat'",
            "name = 'a'\nwebhook = 'x'",
            "name = 'a'\ncommand = 'cat'\n[[patch.notify]]\nname = 'a'\ncommand = 'cat'",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
