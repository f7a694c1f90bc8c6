//! An announcement on its way to a channel.

use std::path::Path;
use std::time::Duration;

use crate::config::{AnnounceChannel, AnnounceRules, AnnounceWay};
use crate::flow::rolling::delivering::{Courier, DeliverError};
use crate::format::mail::{Mail, address_of};
use crate::model::Timestamp;
use crate::release::commit::Person;
use crate::report::announcing::{Announcement, announced};
use crate::report::rolling::Rendered;
use crate::rollout::telling::{Destination, Form};
use crate::sys::environment::Environment;
use crate::sys::outward::{Destination as Outward, OutwardError, Permit, archive_place};
use crate::sys::process::ToolError;

/// How long a mail program may take to queue a mail.
const LIMIT: Duration = Duration::from_secs(60);

/// Why an announcement is not out.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// Its text could not be made or brought there.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The mail program did not take it.
    #[error("`{command}` did not take the mail")]
    Mail {
        /// The command.
        command: String,
        /// What it said.
        source: ToolError,
    },
}

/// What sends.
pub(super) struct Sender<'a> {
    pub environment: &'a Environment,
    pub directory: &'a Path,
    pub rules: &'a AnnounceRules,
    pub by: &'a Person,
    pub now: Timestamp,
}

impl Sender<'_> {
    fn courier(&self) -> Courier<'_> {
        Courier {
            environment: self.environment,
            directory: self.directory,
        }
    }

    /// Returns the text as a person reads it.
    pub(super) fn preview(&self, announcement: &Announcement) -> Result<String, SendError> {
        let text = announced(&Form::Text, None, announcement);
        Ok(text.map_err(DeliverError::from)?.text)
    }

    /// Returns the text of a channel.
    pub(super) fn text(
        &self,
        channel: &AnnounceChannel,
        announcement: &Announcement,
    ) -> Result<Rendered, SendError> {
        let own = self.courier().own_template(&channel.form)?;
        let text = announced(&channel.form, own.as_deref(), announcement);
        let text = text.map_err(DeliverError::from)?;
        let AnnounceWay::Mail(to) = &channel.to else {
            return Ok(text);
        };
        let own = format!("{} <{}>", self.by.name, self.by.email);
        let from = self.rules.from.as_deref().unwrap_or(&own);
        let host = address_of(from).rsplit('@').next().unwrap_or("localhost");
        let mail = Mail {
            from,
            to,
            subject: &announcement.title,
            date: self.now,
            id: &format!("{}.{}@{host}", announcement.name, channel.name),
            body: &text.text,
        };
        Ok(Rendered {
            text: mail.text(),
            media: "message/rfc822",
            ending: "eml",
        })
    }

    /// Asks the gate for every way out that a channel takes.
    pub(super) fn permits(&self, channel: &AnnounceChannel) -> Result<Vec<Permit>, SendError> {
        let ways = self.destinations(channel)?.into_iter();
        let permits = ways.map(|to| self.environment.gate().permit(to));
        Ok(permits.collect::<Result<_, _>>()?)
    }

    /// Returns the ways out that a channel takes.
    pub(super) fn destinations(
        &self,
        channel: &AnnounceChannel,
    ) -> Result<Vec<Outward>, SendError> {
        Ok(match &channel.to {
            AnnounceWay::Mail(addresses) => {
                let to = |one: &String| Outward::Address(format!("mailto:{}", address_of(one)));
                addresses.iter().map(to).collect()
            }
            AnnounceWay::Sent(Destination::Command(command)) => {
                vec![Outward::Command(command.clone())]
            }
            AnnounceWay::Sent(Destination::File(path)) => {
                let path = self.directory.join(path).display().to_string();
                vec![Outward::Archive(archive_place(&path, self.directory))]
            }
            AnnounceWay::Sent(Destination::Webhook(webhook)) => {
                vec![Outward::Address(
                    self.courier().address(webhook)?.to_owned(),
                )]
            }
        })
    }

    /// Sends a text to a channel.
    pub(super) fn send(
        &self,
        channel: &AnnounceChannel,
        text: &Rendered,
        announcement: &Announcement,
    ) -> Result<(), SendError> {
        match &channel.to {
            AnnounceWay::Mail(_) => self.mail(channel, text),
            AnnounceWay::Sent(to) => Ok(self.courier().deliver(text, to, &announcement.name)?),
        }
    }

    fn mail(&self, channel: &AnnounceChannel, text: &Rendered) -> Result<(), SendError> {
        let command = &self.rules.sendmail;
        let permits = self.permits(channel)?;
        // A mail to nobody goes nowhere.
        let Some(permit) = permits.first() else {
            return Ok(());
        };
        let ran = permit
            .mailer(command)
            .envs(self.environment.without_secrets().variables())
            .dir(self.directory)
            .input(text.text.as_bytes())
            .limit(LIMIT)
            .output();
        ran.map(drop).map_err(|source| SendError::Mail {
            command: command.clone(),
            source,
        })
    }
}
