//! Why a forge gave no answer. No error repeats a token.

use std::fmt;

use crate::model::Timestamp;
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
    #[error("{host} does not know {what}, or does not show it{}", clause(said))]
    Missing {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// What it said.
        said: String,
        /// The variable that the token is from; none: none was sent.
        token: Option<&'static str>,
    },
    /// It has moved.
    #[error("{host} sends {what} on to {}", project.as_ref().unwrap_or(to))]
    Moved {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// Where to, without what follows the path.
        to: String,
        /// What the project is called now, where it was renamed.
        project: Option<String>,
    },
    /// A web page came in place of an answer.
    #[error("{api} answers {what} with a web page ({status}){}", clause(title))]
    NoApi {
        /// The address of the API, as it is configured.
        api: String,
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// The page's title.
        title: String,
    },
    /// Nobody that is trusted vouches for it.
    #[error("no secure connection to {host}: {why}")]
    Insecure {
        /// The forge's host.
        host: String,
        /// What is wrong with its certificate.
        why: String,
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
    #[error(
        "{host} takes no more calls until {until}, {span} from now{}",
        clause(said)
    )]
    Busy {
        /// The forge's host.
        host: String,
        /// Until when.
        until: Timestamp,
        /// For how long.
        span: Span,
        /// What it said.
        said: String,
        /// The variable that the token is from; none: none was sent.
        token: Option<&'static str>,
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
    #[error("{host} answers {what} with what is no answer: {why}")]
    Answer {
        /// The forge's host.
        host: String,
        /// What was asked.
        what: String,
        /// What is wrong with it.
        why: String,
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

/// A time to wait, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 second"),
            seconds @ ..120 => write!(f, "{seconds} seconds"),
            seconds => write!(f, "{} minutes", seconds.div_ceil(60)),
        }
    }
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
