//! Messages to a web server: one POST (RFC 9110, 9.3.3), its answer, no more.
//!
//! The URL is the right to post, so no error repeats it: whoever asks knows
//! where the message was to go.

use std::time::{Duration, Instant};

use ureq::Agent;

use super::environment::Environment;
use super::outward::Permit;
use super::web;

/// How long one try may take. Chats answer within a second.
const LIMIT: Duration = Duration::from_secs(5);
/// How long all tries together may take: what is told must not hold up what it
/// tells of.
const PATIENCE: Duration = Duration::from_secs(12);
/// How often a server that is busy is asked.
const TRIES: u32 = 3;
/// The pause before the second try; each later one is four times as long.
const PAUSE: Duration = Duration::from_millis(250);
/// How much of a server's refusal is repeated.
const SAID_CHARS: usize = 200;
/// How much of an answer is read.
const ANSWER_BYTES: u64 = 64 * 1024;

/// A message.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// Its media type (`application/json`).
    pub kind: &'a str,
    /// What names it: the same for every try (the `Idempotency-Key` header).
    pub name: &'a str,
    /// What it says.
    pub body: &'a str,
}

/// Why a message may not have arrived.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The address or the way there cannot be used.
    #[error("{why}")]
    Way {
        /// Why.
        why: String,
    },
    /// The server refused it.
    #[error("the server answered {status}{}", match said.as_str() {
        "" => String::new(),
        said => format!(": {said}"),
    })]
    Refused {
        /// Its status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
    /// There was no answer.
    #[error("{why}")]
    Lost {
        /// What happened instead.
        why: String,
        /// Whether nothing was sent.
        unsent: bool,
    },
}

impl PostError {
    /// Tells whether the same message may be sent again: the server has not
    /// taken it.
    fn passes(&self) -> bool {
        match self {
            Self::Way { .. } => false,
            Self::Refused { status, .. } => matches!(status, 429 | 502 | 503),
            Self::Lost { unsent, .. } => *unsent,
        }
    }
}

/// Posts a message to the address of a permit, again where the server is busy or
/// away, for 12 seconds at most. Redirects are refused: who was named was meant.
pub fn post(
    permit: &Permit,
    message: &Message<'_>,
    environment: &Environment,
) -> Result<(), PostError> {
    let url = permit.address();
    let begun = Instant::now();
    let agent = web::agent(url, environment, LIMIT).map_err(|error| PostError::Way {
        why: error.to_string(),
    })?;
    let mut pause = PAUSE;
    for tried in 1.. {
        let Err(error) = once(&agent, url, message) else {
            return Ok(());
        };
        let late = begun.elapsed() + pause + LIMIT > PATIENCE;
        if tried >= TRIES || late || !error.passes() || super::interrupt::asked() {
            return Err(error);
        }
        std::thread::sleep(pause);
        pause *= 4;
    }
    unreachable!("the tries are counted")
}

fn once(agent: &Agent, url: &str, message: &Message<'_>) -> Result<(), PostError> {
    let sent = agent
        .post(url)
        .header("Content-Type", message.kind)
        .header("Idempotency-Key", message.name)
        .send(message.body);
    let mut answer = sent.map_err(lost)?;
    let status = answer.status().as_u16();
    if (200..300).contains(&status) {
        return Ok(());
    }
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES);
    let said = body.read_to_string().unwrap_or_default();
    let said: String = said
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(SAID_CHARS)
        .collect();
    Err(PostError::Refused { status, said })
}

/// Says what happened to the connection, without the URL.
fn lost(error: ureq::Error) -> PostError {
    let (why, unsent) = match error {
        ureq::Error::HostNotFound => ("there is no host of that name".to_owned(), true),
        ureq::Error::ConnectionFailed => ("the server cannot be reached".to_owned(), true),
        ureq::Error::Timeout(which) => (
            format!("the server took too long ({which})"),
            matches!(which, ureq::Timeout::Connect | ureq::Timeout::Resolve),
        ),
        ureq::Error::Io(error) => {
            let refused = error.kind() == std::io::ErrorKind::ConnectionRefused;
            (error.to_string(), refused)
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            let why = "it is no valid URL".to_owned();
            return PostError::Way { why };
        }
        ureq::Error::Rustls(error) => (error.to_string(), true),
        other => (other.to_string(), false),
    };
    PostError::Lost { why, unsent }
}
