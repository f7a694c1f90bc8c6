//! Errors of keys: choosing, keeping and signing.

use super::{Exit, Failure};
use crate::keys::{ChooseError, KeyDescription, StoreError};
use crate::sys::openpgp::{AgentError, SignError, UnlockError};

impl From<ChooseError> for Failure {
    fn from(error: ChooseError) -> Self {
        let list = |failure: Self, keys: &[KeyDescription]| {
            keys.iter().fold(failure, |failure, key| {
                failure.hint(format!("--key {}   # {}", key.fingerprint, key.user_id))
            })
        };
        match error {
            ChooseError::Ci(_) => Self::of(Exit::Request, "key", &error)
                .hint("debcut key export --secret writes what the variable takes"),
            ChooseError::Store(error) => error.into(),
            ChooseError::Ask { .. } => Self::of_failed_io(&error),
            ChooseError::NoKey => Self::of(Exit::Request, "no-key", &error)
                .hint("debcut key new makes one")
                .hint("--key gpg:FINGERPRINT signs through your gpg-agent")
                .hint(
                    "debcut build --no-sign makes a package that nobody signed, to try things out",
                ),
            ChooseError::Several(ref keys) => {
                list(Self::of(Exit::Request, "several-keys", &error), keys)
            }
            ChooseError::Ambiguous { ref found, .. } => {
                list(Self::of(Exit::Request, "several-keys", &error), found)
            }
            ChooseError::NoSuchKey { ref known, .. } => {
                list(Self::of(Exit::Request, "no-key", &error), known)
            }
            ChooseError::Unlock(UnlockError::NoPassphrase { .. }) => {
                Self::of(Exit::Request, "no-passphrase", &error)
                    .hint("set DEBCUT_SIGNING_PASSPHRASE, or run it on a terminal")
            }
            ChooseError::Unlock(UnlockError::WrongPassphrase { .. }) => {
                Self::of(Exit::Request, "wrong-passphrase", &error)
            }
            ChooseError::Agent(AgentError::Tool(error)) => error.into(),
            ChooseError::Agent(AgentError::WrongPassphrase { .. }) => {
                Self::of(Exit::Request, "wrong-passphrase", &error)
            }
            ChooseError::Name { .. } | ChooseError::Agent(_) | ChooseError::Unlock(_) => {
                Self::of(Exit::Request, "key", &error)
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::File(error) => error.into(),
            StoreError::NoKey { .. } | StoreError::NoSecret { .. } => {
                Self::of(Exit::Request, "no-key", &error)
                    .hint("debcut key list shows what is there")
            }
            _ => Self::of(Exit::Request, "key", &error),
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Expired { .. } | SignError::Revoked { .. } => {
                Self::of(Exit::Request, "unusable-key", &error)
                    .hint("debcut key new makes another; --key FINGERPRINT picks one")
            }
            SignError::BeforeKey { .. } | SignError::Moment { .. } => {
                Self::of(Exit::Request, "clock", &error)
                    .hint("check the machine's clock, and DEBCUT_NOW")
            }
            SignError::Agent(AgentError::Tool(error)) => error.into(),
            SignError::Agent(AgentError::WrongPassphrase { .. }) => {
                Self::of(Exit::Request, "wrong-passphrase", &error)
            }
            SignError::Agent(_) => Self::of(Exit::Request, "signing", &error)
                .hint("gpg-agent asks on the terminal that it is told: export GPG_TTY=$(tty)")
                .hint("without a terminal, use a key of debcut's and DEBCUT_SIGNING_PASSPHRASE"),
            _ => Self::of(Exit::Request, "signing", &error),
        }
    }
}
