//! Why a forge gave no answer. No error repeats a token.

use crate::sys::outward::OutwardError;

/// Why a forge gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// Its address, or the way there, cannot be used.
    #[error("{host} cannot be asked: {why}")]
    Way {
        /// The forge's host.
        host: String,
        /// Why.
        why: String,
    },
    /// Nobody gave a token, and what is to be done needs one.
    #[error("{host} needs a token for that, and there is none")]
    NoToken {
        /// The forge's host.
        host: String,
    },
    /// It does not know whoever asks (401), or does not let them (403).
    #[error("{host} refuses {what} ({status}){}", clause(said))]
    Forbidden {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// What it said.
        said: String,
        /// The variable that the token is from; none: none was sent.
        token: Option<&'static str>,
    },
    /// There is no such thing, or whoever asks may not see it (404).
    #[error("{host} has no {what}{}", clause(said))]
    Missing {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// What it said.
        said: String,
    },
    /// It has moved.
    #[error("{host} says that {what} has moved{}", clause(to))]
    Moved {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// Where to.
        to: String,
    },
    /// It does not take what was sent.
    #[error("{host} does not take {what} ({status}){}", clause(said))]
    Refused {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It wants to be left alone for a while, longer than is waited for here.
    #[error("{host} answers no more for {seconds} seconds{}", clause(said))]
    Busy {
        /// The forge's host.
        host: String,
        /// For how long.
        seconds: u64,
        /// What it said.
        said: String,
    },
    /// It fails (5xx).
    #[error("{host} failed at {what} ({status}){}", clause(said))]
    Failed {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// There was no answer.
    #[error("{host} cannot be reached: {why}")]
    Lost {
        /// The forge's host.
        host: String,
        /// What happened instead.
        why: String,
    },
    /// Somebody asked this process to stop.
    #[error("interrupted; {host} is asked no more")]
    Interrupted {
        /// The forge's host.
        host: String,
    },
    /// The answer is not what its API says.
    #[error("{host} answers {what} with what is no answer")]
    Answer {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The answer goes on somewhere else: the token is not for there.
    #[error("{host} continues {what} elsewhere: {to}")]
    Elsewhere {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// Where.
        to: String,
    },
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
}

fn clause(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

impl ForgeError {
    /// Tells whether the forge is away: trying again later may help.
    pub fn is_away(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. }
                | Self::Failed { .. }
                | Self::Lost { .. }
                | Self::Interrupted { .. }
                | Self::Answer { .. }
        )
    }
}
