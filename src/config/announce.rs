//! `[announce]` as written → who is told of releases.

use toml::Spanned;

use super::read::{ConfigError, Source};
use super::written::announce as written;
use crate::format::mail::is_mailbox;
use crate::rollout::telling::{Destination, Form, Webhook};

/// Who is told of releases, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnounceRules {
    /// Who mails are from; none: who announces.
    pub from: Option<String>,
    /// The command that takes a mail, with its recipients in its headers.
    pub sendmail: String,
    /// Who is told.
    pub channels: Vec<Channel>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// How it is said.
    pub form: Form,
    /// Where it goes.
    pub to: Way,
}

/// A way to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A mail to these addresses.
    Mail(Vec<String>),
    /// A file, a command or a webhook.
    Sent(Destination),
}

impl Default for AnnounceRules {
    fn default() -> Self {
        Self {
            from: None,
            // sendmail(8): recipients from the headers, a lone dot is text.
            sendmail: "/usr/sbin/sendmail -t -i".to_owned(),
            channels: Vec::new(),
        }
    }
}

/// Reads who is told.
pub(super) fn rules(
    source: &Source<'_>,
    written: written::Announce,
) -> Result<AnnounceRules, ConfigError> {
    let usual = AnnounceRules::default();
    let mut channels: Vec<Channel> = Vec::new();
    for written in written.channel {
        let channel = channel(source, written)?;
        if channels
            .iter()
            .any(|other| other.name == channel.value.name)
        {
            let why = format!("there are two channels named {}", channel.value.name);
            return Err(source.refuse(&channel.at, why));
        }
        channels.push(channel.value);
    }
    if let Some(from) = written
        .from
        .as_ref()
        .filter(|from| !is_mailbox(from.get_ref()))
    {
        return Err(source.refuse(
            &from.span(),
            "an address such as \"Name <name@example.org>\"",
        ));
    }
    Ok(AnnounceRules {
        from: written.from.map(Spanned::into_inner),
        sendmail: written.sendmail.unwrap_or(usual.sendmail),
        channels,
    })
}

struct Placed {
    at: std::ops::Range<usize>,
    value: Channel,
}

fn channel(source: &Source<'_>, written: Spanned<written::Channel>) -> Result<Placed, ConfigError> {
    let whole = written.span();
    let table = written.into_inner();
    let Some(name) = table.name else {
        return Err(source.refuse(&whole, "every [[announce.channel]] needs a name"));
    };
    let at = name.span();
    let name = name.into_inner();
    let mut ways = Vec::new();
    if let Some(mail) = table.mail {
        let addresses = match mail.get_ref() {
            written::Addresses::One(one) => vec![one.clone()],
            written::Addresses::Several(several) => several.clone(),
        };
        let wrong = addresses.iter().find(|one| !is_mailbox(one));
        if let Some(wrong) = wrong {
            let why = format!("“{wrong}” is no address such as \"users@example.org\"");
            return Err(source.refuse(&mail.span(), why));
        }
        if addresses.is_empty() {
            return Err(source.refuse(&mail.span(), "mail names nobody"));
        }
        ways.push(Way::Mail(addresses));
    }
    if let Some(webhook) = table.webhook {
        // What stands behind the host may be a secret, and is not repeated.
        let found = Webhook::new(webhook.get_ref());
        let found = found.map_err(|error| source.refuse(&webhook.span(), error.to_string()))?;
        ways.push(Way::Sent(Destination::Webhook(found)));
    }
    let command = table.command.map(Destination::Command);
    let file = table.file.map(|file| Destination::File(file.into()));
    ways.extend(command.into_iter().chain(file).map(Way::Sent));
    let (Some(to), true) = (ways.pop(), ways.is_empty()) else {
        let why = "a channel needs one of mail, command, webhook and file";
        return Err(source.refuse(&at, why));
    };
    let form = match (table.template, &to) {
        (Some(word), _) => Form::named(&word),
        (None, Way::Sent(Destination::Webhook(_))) => Form::Slack,
        (None, _) => Form::Text,
    };
    let value = Channel { name, form, to };
    Ok(Placed { at, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Project;

    fn read(text: &str) -> Result<AnnounceRules, ConfigError> {
        Project::parse("debcut.toml", text).map(|project| project.announce)
    }

    #[test]
    fn channels_are_read() {
        let rules = read(
            "[announce]\nfrom = 'Team <team@example.org>'\n\
             [[announce.channel]]\nname = 'list'\nmail = 'users@example.org'\n\
             [[announce.channel]]\nname = 'chat'\nwebhook = '$CHAT'\n\
             [[announce.channel]]\nname = 'page'\nfile = 'news.md'\ntemplate = 'md'\n",
        );
        let rules = rules.expect("reads");
        assert_eq!(rules.from.as_deref(), Some("Team <team@example.org>"));
        let forms: Vec<_> = rules.channels.iter().map(|one| one.form.clone()).collect();
        assert_eq!(forms, [Form::Text, Form::Slack, Form::Markdown]);
        assert_eq!(read("").expect("reads"), AnnounceRules::default());
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for (text, want) in [
            ("name = 'x'", "needs one of"),
            ("mail = 'a@b'", "needs a name"),
            ("name = 'x'\nmail = 'nobody'", "no address"),
            ("name = 'x'\nmail = []", "names nobody"),
            ("name = 'x'\nmail = 'a@b'\ncommand = 'c'", "one of mail"),
            ("name = 'x'\nwebhook = 'h/SECRET'", "webhook"),
        ] {
            let error = read(&format!("[[announce.channel]]\n{text}\n"));
            let error = error.expect_err(text).to_string();
            assert!(error.contains(want), "{text}: {error}");
            assert!(!error.contains("SECRET"), "{error}");
        }
    }
}
