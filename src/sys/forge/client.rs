//! Calls of a REST API: one agent, the token, a few tries.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, HeaderValue, Request};
use ureq::{Agent, Body};

use super::call::Call;
use super::error::ForgeError;
use super::refusal::Again;
use super::site::{Kind, Site, host_of};
use super::token::{Token, may_carry, token};
use super::waiting::slept;
use crate::sys::environment::Environment;
use crate::sys::interrupt;
use crate::sys::outward::Destination;
use crate::sys::web;

/// How long one try may take: GitHub gives itself ten seconds for an answer.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a call waits, all in all, for a forge that is busy: a secondary
/// limit of GitHub's is a minute, a primary one up to an hour.
const PATIENCE: Duration = Duration::from_secs(75);
/// How often a forge that fails is asked.
const TRIES: u32 = 4;
/// The pause before the second try; each later one is three times as long.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// How much of an answer is read: a page of a hundred pull requests is 2 MB.
const ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// The way to a forge.
pub(super) struct Client {
    pub(super) kind: Kind,
    pub(super) api: String,
    agent: Agent,
    pub(super) token: Option<Token>,
    environment: Environment,
}

/// An answer that is no refusal.
pub(super) struct Reply {
    pub headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    pub fn new(site: &Site, environment: &Environment) -> Result<Self, ForgeError> {
        let way = |why: String| ForgeError::Way {
            host: site.host().to_owned(),
            why,
        };
        let token = token(site, environment);
        if !site.api.starts_with("https://") && !site.api.starts_with("http://") {
            return Err(way("its address is no https URL".to_owned()));
        }
        if let Some(token) = &token {
            if !may_carry(&site.api) {
                return Err(way(format!(
                    "{} would be sent without encryption",
                    token.variable
                )));
            }
            if HeaderValue::from_str(&token.value).is_err() {
                return Err(way(format!("{} holds no token", token.variable)));
            }
        }
        let agent = web::agent(&site.api, environment, LIMIT);
        Ok(Self {
            kind: site.kind,
            api: site.api.clone(),
            agent: agent.map_err(|error| way(error.to_string()))?,
            token,
            environment: environment.clone(),
        })
    }

    /// Tells whether there is a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Returns the API's host.
    pub fn host(&self) -> &str {
        host_of(&self.api)
    }

    /// Calls, and reads the answer.
    pub fn ask<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, ForgeError> {
        let reply = self.send(call, &call.url(&self.api))?;
        self.read(call, &reply)
    }

    /// Calls, and reads the answer; none: there is no such thing.
    pub fn find<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Option<T>, ForgeError> {
        match self.ask(call) {
            Err(ForgeError::Missing { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Calls for something to be done; what is answered does not matter.
    pub fn tell(&self, call: &Call<'_>) -> Result<(), ForgeError> {
        self.send(call, &call.url(&self.api)).map(drop)
    }

    pub(super) fn read<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        reply: &Reply,
    ) -> Result<T, ForgeError> {
        serde_json::from_slice(&reply.body).map_err(|source| ForgeError::Answer {
            host: self.host().to_owned(),
            what: call.what.clone(),
            source,
        })
    }

    /// Calls, again where the forge is busy or fails: none of the calls does
    /// more when it is made twice.
    pub(super) fn send(&self, call: &Call<'_>, url: &str) -> Result<Reply, ForgeError> {
        let begun = Instant::now();
        let mut pause = PAUSE;
        for tried in 1.. {
            if interrupt::asked() {
                let host = self.host().to_owned();
                return Err(ForgeError::Interrupted { host });
            }
            let (wait, error) = match self.once(call, url) {
                Ok(reply) => return Ok(reply),
                Err(Again::Never(error)) => return Err(error),
                Err(Again::After(wait, error)) => (wait.unwrap_or(pause), error),
            };
            let late = begun.elapsed() + wait > PATIENCE;
            if tried >= TRIES || late || !slept(wait) {
                return Err(error);
            }
            pause *= 3;
        }
        unreachable!("the tries are counted")
    }

    fn once(&self, call: &Call<'_>, url: &str) -> Result<Reply, Again> {
        let to = Destination::Address(url.to_owned());
        let permit = self.environment.gate().permit(to);
        let permit = permit.map_err(|error| Again::Never(error.into()))?;
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(permit.address());
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        let sent = match &call.body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                let request = request.body(body.to_string());
                request.map(|request| self.agent.run(request))
            }
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let sent = sent.map_err(|_| {
            Again::Never(ForgeError::Way {
                host: self.host().to_owned(),
                why: "its address is no URL".to_owned(),
            })
        })?;
        let answer = sent.map_err(|error| self.lost(error))?;
        let (parts, mut body) = answer.into_parts();
        let status = parts.status.as_u16();
        let body = read(&mut body).map_err(|error| self.lost(error));
        if (200..300).contains(&status) {
            let headers = parts.headers;
            return body.map(|body| Reply { headers, body });
        }
        Err(self.refused(call, status, &parts.headers, &body.unwrap_or_default()))
    }

    fn headers(&self) -> Vec<(&'static str, HeaderValue)> {
        let mut headers = Vec::new();
        if self.kind == Kind::GitHub {
            let accept = HeaderValue::from_static("application/vnd.github+json");
            headers.push(("Accept", accept));
            let version = HeaderValue::from_static("2022-11-28");
            headers.push(("X-GitHub-Api-Version", version));
        }
        if let Some(token) = &self.token
            && let Ok(mut value) = HeaderValue::from_str(&token.value)
        {
            value.set_sensitive(true);
            headers.push((token.header, value));
        }
        headers
    }
}

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(ANSWER_BYTES).read_to_vec()
}
