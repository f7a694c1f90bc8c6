//! News of a rollout: which events are worth telling, who wants to hear of
//! which, and what nobody has told yet. Knows no texts and no connections.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::event::{Entry, Event};

/// A change of a rollout's state that is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are the events of the same names")]
pub enum News {
    Planned,
    Requested,
    Approved,
    Rehearsed,
    RehearsalSkipped,
    RingOpened,
    Soaking,
    SoakSkipped,
    RingPassed,
    Halted,
    Paused,
    Resumed,
    RollingBack,
    RolledBack,
    Blocked,
    Converging,
    Converged,
    Aborted,
    Superseded,
    Done,
}

impl News {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Planned,
        Self::Requested,
        Self::Approved,
        Self::Rehearsed,
        Self::RehearsalSkipped,
        Self::RingOpened,
        Self::Soaking,
        Self::SoakSkipped,
        Self::RingPassed,
        Self::Halted,
        Self::Paused,
        Self::Resumed,
        Self::RollingBack,
        Self::RolledBack,
        Self::Blocked,
        Self::Converging,
        Self::Converged,
        Self::Aborted,
        Self::Superseded,
        Self::Done,
    ];

    /// Returns what an event tells, where it changes the state of the whole.
    /// A rehearsal that failed is told by the halt that follows.
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Planned { .. } => Self::Planned,
            Event::Requested { .. } => Self::Requested,
            Event::Approved { .. } => Self::Approved,
            Event::Rehearsed { problems } if problems.is_empty() => Self::Rehearsed,
            Event::RehearsalSkipped { .. } => Self::RehearsalSkipped,
            Event::Opened { .. } => Self::RingOpened,
            Event::Soaking { .. } => Self::Soaking,
            Event::SoakSkipped { .. } => Self::SoakSkipped,
            Event::Passed { .. } => Self::RingPassed,
            Event::Halted { .. } => Self::Halted,
            Event::Paused { .. } => Self::Paused,
            Event::Resumed { .. } => Self::Resumed,
            Event::RollbackBegun { .. } => Self::RollingBack,
            Event::RolledBack => Self::RolledBack,
            Event::Blocked { .. } => Self::Blocked,
            Event::Converging => Self::Converging,
            Event::Converged => Self::Converged,
            Event::Aborted { .. } => Self::Aborted,
            Event::Superseded { .. } => Self::Superseded,
            Event::Done => Self::Done,
            _ => return None,
        })
    }

    /// Returns its word, as in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rehearsed => "rehearsed",
            Self::RehearsalSkipped => "rehearsal-skipped",
            Self::RingOpened => "ring-opened",
            Self::Soaking => "soaking",
            Self::SoakSkipped => "soak-skipped",
            Self::RingPassed => "ring-passed",
            Self::Halted => "halted",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::RollingBack => "rolling-back",
            Self::RolledBack => "rolled-back",
            Self::Blocked => "blocked",
            Self::Converging => "converging",
            Self::Converged => "converged",
            Self::Aborted => "aborted",
            Self::Superseded => "superseded",
            Self::Done => "done",
        }
    }

    /// Finds a kind by its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.word() == word)
    }
}

/// Somebody who wants to hear of a rollout, or of other news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel<N = News> {
    /// Its name: the journal tells by it who was told.
    pub name: String,
    /// What it wants to hear of; empty: everything.
    pub on: Vec<N>,
    /// How it is said.
    pub form: Form,
    /// Where it goes.
    pub to: Destination,
}

impl<N: PartialEq> Channel<N> {
    /// Tells whether it wants to hear of this.
    pub fn wants(&self, news: N) -> bool {
        self.on.is_empty() || self.on.contains(&news)
    }
}

/// How something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Text,
    /// Markdown.
    Markdown,
    /// JSON for programs.
    Json,
    /// The JSON body of a Slack incoming webhook, which Mattermost, Rocket.Chat
    /// and others take as well.
    Slack,
    /// A template of the operator's own; what ends in `.json` or `.html` is
    /// escaped as such.
    Own(PathBuf),
}

impl Form {
    /// Takes `text`, `md`, `json` or `slack`, and anything else as the path of
    /// a template.
    pub fn named(word: &str) -> Self {
        match word {
            "text" => Self::Text,
            "md" => Self::Markdown,
            "json" => Self::Json,
            "slack" => Self::Slack,
            path => Self::Own(path.into()),
        }
    }
}

/// Where something goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into a file, in place of what was there.
    File(PathBuf),
    /// To the standard input of a shell command.
    Command(String),
    /// By POST to a URL.
    Webhook(Webhook),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Command(command) => write!(f, "`{command}`"),
            Self::Webhook(webhook) => webhook.fmt(f),
        }
    }
}

/// An address that takes messages. Whoever knows it may post there, so it is
/// shown by its host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(String);

/// Says why a text is no webhook. The text is not repeated: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook is https://HOST/…, http://HOST/…, or $VARIABLE for one that the environment holds"
)]
pub struct WebhookError;

impl Webhook {
    /// Takes a URL, or `$VARIABLE` for a URL that the environment holds.
    pub fn new(text: &str) -> Result<Self, WebhookError> {
        let webhook = Self(text.to_owned());
        let good = match webhook.variable() {
            Some(name) => {
                let byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                !name.is_empty() && name.bytes().all(byte)
            }
            None => webhook.host().is_some_and(|host| !host.is_empty()),
        };
        good.then_some(webhook).ok_or(WebhookError)
    }

    /// Returns the variable that holds the URL, where one does.
    pub fn variable(&self) -> Option<&str> {
        let name = self.0.strip_prefix('$')?;
        let braced = name.strip_prefix('{').and_then(|n| n.strip_suffix('}'));
        Some(braced.unwrap_or(name))
    }

    /// Returns the whole URL: a secret.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Returns the host, with its port where one is given.
    pub fn host(&self) -> Option<&str> {
        let url = &self.0;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        let authority = rest.split(['/', '?', '#', '\\']).next()?;
        // What stands before an @ is a password.
        let host = authority.rsplit('@').next()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
        host.bytes().all(plain).then_some(host)
    }
}

impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.variable(), self.host()) {
            (Some(name), _) => write!(f, "the webhook in ${name}"),
            (None, Some(host)) => write!(f, "the webhook at {host}"),
            (None, None) => f.write_str("a webhook"),
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({self})")
    }
}

/// How often a channel is tried for one piece of news.
const TRIES: usize = 3;

/// Returns what is to be told and was not, in the order in which it happened:
/// news without an entry that says that the channel was told, or that it could
/// not be, three times.
///
/// That entry is written when a message is out. Who is killed between the two
/// tells once more; the message's own number lets its reader know it again.
pub fn due<'a>(entries: &'a [Entry], channels: &'a [Channel]) -> Vec<(&'a Entry, &'a Channel)> {
    let mut told: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    for entry in entries {
        if let Event::Notified { channel, of, error } = &entry.event {
            let tries = told.entry((channel.as_str(), *of)).or_default();
            *tries += match error {
                None => TRIES,
                Some(_) => 1,
            };
        }
    }
    let news = entries
        .iter()
        .filter_map(|entry| Some((entry, News::of(&entry.event)?)));
    news.flat_map(|(entry, news)| {
        let who = channels.iter().filter(move |channel| channel.wants(news));
        who.map(move |channel| (entry, channel))
    })
    .filter(|(entry, channel)| {
        let tries = told.get(&(channel.name.as_str(), entry.number));
        tries.is_none_or(|tries| *tries < TRIES)
    })
    .collect()
}

#[cfg(test)]
mod tests;
