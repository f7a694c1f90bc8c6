//! Texts on their way: into a file, to a command's standard input, to a webhook.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::report::rolling::{Kind, RenderError, Rendered, rendered};
use crate::rollout::telling::{Destination, Form, Webhook, WebhookError};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, FileError};
use crate::sys::git::Repository;
use crate::sys::outward::{Destination as Outward, Gate, OutwardError, Permit, archive_place};
use crate::sys::post::{Message, PostError, post};
use crate::sys::process::ToolError;

/// How long a command may take to pass a message on. A rollout waits for it
/// between two steps, an emergency as well; what was not told in time is told
/// again after the next step.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a text is not where it was to go.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// The template's file cannot be read, or the text not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The template's file is no text.
    #[error("the template {} is no UTF-8", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// The template cannot be used.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The command did not take it.
    #[error("the command did not take it")]
    Command {
        /// What it said.
        source: ToolError,
    },
    /// The webhook did not take it.
    #[error("{webhook} did not take it")]
    Webhook {
        /// The webhook, without its secret.
        webhook: Webhook,
        /// What it said.
        source: PostError,
    },
    /// The variable that should hold the URL does not.
    #[error("{webhook} cannot be used: ${variable} is not set to a URL")]
    Variable {
        /// The webhook.
        webhook: Webhook,
        /// The variable.
        variable: String,
        /// What is wrong with its value, where it has one.
        source: Option<WebhookError>,
    },
}

/// Brings texts to where they go.
#[derive(Clone, Copy)]
pub struct Courier<'a> {
    /// What commands see, without the secrets of signing.
    pub environment: &'a Environment,
    /// Where commands run and paths begin: beside the configuration.
    pub directory: &'a Path,
}

impl Courier<'_> {
    /// Renders by a form; reads the operator's own template.
    pub fn rendered(
        &self,
        form: &Form,
        kind: Kind,
        values: &impl serde::Serialize,
    ) -> Result<Rendered, DeliverError> {
        let own = self.own_template(form)?;
        Ok(rendered(form, own.as_deref(), kind, values)?)
    }

    /// Reads the operator's own template, where the form names one.
    pub fn own_template(&self, form: &Form) -> Result<Option<String>, DeliverError> {
        let Form::Own(path) = form else {
            return Ok(None);
        };
        let path = self.directory.join(path);
        let bytes = files::read(&path)?;
        let text = String::from_utf8(bytes).map_err(|_| DeliverError::NoText { path })?;
        Ok(Some(text))
    }

    /// Delivers a text; `name` stays the same when it is sent again.
    pub fn deliver(
        &self,
        text: &Rendered,
        to: &Destination,
        name: &str,
    ) -> Result<(), DeliverError> {
        match to {
            Destination::File(path) => {
                let path = self.directory.join(path);
                let place = archive_place(&path.display().to_string(), self.directory);
                self.permit(Outward::Archive(place))?;
                if let Some(parent) = path.parent() {
                    files::create_dir(parent)?;
                }
                Ok(files::replace(&path, text.text.as_bytes(), Access::Public)?)
            }
            Destination::Command(command) => self.command(command, text, name),
            Destination::Webhook(webhook) => self.webhook(webhook, text, name),
        }
    }

    /// Asks the gate, also where what is told of was begun from elsewhere.
    fn permit(&self, to: Outward) -> Result<Permit, OutwardError> {
        let own = Repository::own_dir_at(self.directory);
        let gate = own
            .into_iter()
            .fold(self.environment.gate().clone(), Gate::of);
        gate.permit(to)
    }

    fn command(&self, command: &str, text: &Rendered, name: &str) -> Result<(), DeliverError> {
        let ran = self
            .permit(Outward::Command(command.to_owned()))?
            .shell()
            .envs(self.environment.without_secrets().variables())
            .env("DEBCUT_MESSAGE", name)
            .env("DEBCUT_MESSAGE_TYPE", text.media)
            .dir(self.directory)
            .input(text.text.as_bytes())
            .limit(LIMIT)
            .output();
        // The command may have a secret in it: it is named by its channel.
        ran.map(|_| ())
            .map_err(|source| DeliverError::Command { source })
    }

    /// Returns the address of a webhook: a secret.
    pub fn address<'b>(&'b self, webhook: &'b Webhook) -> Result<&'b str, DeliverError> {
        let Some(variable) = webhook.variable() else {
            return Ok(webhook.secret());
        };
        let failed = |source| DeliverError::Variable {
            webhook: webhook.clone(),
            variable: variable.to_owned(),
            source,
        };
        let text = self.environment.var(variable).ok_or(failed(None))?;
        let held = Webhook::new(text).map_err(|error| failed(Some(error)))?;
        match held.variable() {
            Some(_) => Err(failed(Some(WebhookError))),
            None => Ok(text),
        }
    }

    fn webhook(&self, webhook: &Webhook, text: &Rendered, name: &str) -> Result<(), DeliverError> {
        let url = self.address(webhook)?;
        let permit = self.permit(Outward::Address(url.to_owned()))?;
        let message = Message {
            kind: text.media,
            name,
            body: &text.text,
        };
        post(&permit, &message, self.environment).map_err(|source| DeliverError::Webhook {
            webhook: webhook.clone(),
            source,
        })
    }
}
