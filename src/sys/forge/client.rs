//! Calls of a REST API: one agent, the token, answers in pages, patience with
//! a forge that is busy.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue, Method, Request};
use ureq::{Agent, Body};

use super::error::{ForgeError, Span};
use super::limit::{limited, wait};
use super::moved::{self, Moved};
use super::percent::encoded;
use super::said::{page_title, said};
use super::site::{Kind, Site, host_of};
use super::token::{Token, may_carry, token};
use crate::model::Timestamp;
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
const PAUSE: Duration = Duration::from_millis(500);
/// How much of an answer is read: a page of a hundred pull requests is 2 MB.
const ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// How many pages of a hundred are read of one list.
const PAGES: usize = 200;

/// What is asked for where a project was renamed.
const NEW_NAME: &str = "the project's new name";

/// The way to a forge.
pub(super) struct Client {
    kind: Kind,
    api: String,
    agent: Agent,
    token: Option<Token>,
    environment: Environment,
    /// What was answered, by address, since something was changed: nothing is
    /// asked twice.
    known: RefCell<HashMap<String, Reply>>,
}

/// A call.
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    query: Vec<(&'a str, String)>,
    body: Option<Value>,
    /// What it is, for an error.
    what: String,
}

impl<'a> Call<'a> {
    /// Asks for something; `what` is a noun for errors.
    pub fn get(path: String, what: impl Into<String>) -> Self {
        Self::new(Method::GET, path, what)
    }

    /// Calls with another method.
    pub fn new(method: Method, path: String, what: impl Into<String>) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            what: what.into(),
        }
    }

    /// Adds a parameter to the query.
    pub fn with(mut self, name: &'a str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Sends JSON.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn url(&self, api: &str) -> String {
        let mut url = format!("{api}{}", self.path);
        for (at, (name, value)) in self.query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url += &format!("{name}={}", encoded(value));
        }
        url
    }
}

/// An answer that is no refusal.
#[derive(Clone)]
struct Reply {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What becomes of a try that failed.
enum Again {
    /// It is final.
    Never(ForgeError),
    /// It may be tried again, after this time at least.
    After(Option<Duration>, ForgeError),
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
            known: RefCell::default(),
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

    /// Reads all pages of a list.
    pub fn all<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Vec<T>, ForgeError> {
        self.pages(call, |page: Vec<T>| page)
    }

    /// Reads all pages of a list that is inside something else.
    pub fn pages<P: DeserializeOwned, T>(
        &self,
        call: Call<'_>,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, ForgeError> {
        let call = call.with("per_page", 100);
        let mut found = Vec::new();
        let mut url = Some(call.url(&self.api));
        for _ in 0..PAGES {
            let Some(here) = url else { break };
            let reply = self.send(&call, &here)?;
            found.extend(items(self.read(&call, &reply)?));
            url = self.next(&call, &reply.headers)?;
        }
        Ok(found)
    }

    /// Finds the next page: by GitHub's `Link` (RFC 8288), by GitLab's
    /// `X-Next-Page`.
    fn next(&self, call: &Call<'_>, headers: &HeaderMap) -> Result<Option<String>, ForgeError> {
        if self.kind == Kind::GitLab
            && let Some(page) = text(headers, "x-next-page")
        {
            let page: Option<u64> = page.trim().parse().ok();
            let url = call.url(&self.api);
            return Ok(page.map(|page| format!("{url}&page={page}")));
        }
        let Some(next) = text(headers, "link").and_then(next_of_link) else {
            return Ok(None);
        };
        let below = format!("{}/", self.api);
        if !next.starts_with(&below) || next.contains("/../") {
            return Err(ForgeError::Elsewhere {
                host: self.host().to_owned(),
                what: call.what.clone(),
                to: host_of(next).to_owned(),
            });
        }
        Ok(Some(next.to_owned()))
    }

    fn read<T: DeserializeOwned>(&self, call: &Call<'_>, reply: &Reply) -> Result<T, ForgeError> {
        serde_json::from_slice(&reply.body).map_err(|error| {
            if is_page(&reply.headers, &reply.body) {
                return self.no_api(call, 200, &reply.body);
            }
            ForgeError::Answer {
                host: self.host().to_owned(),
                what: call.what.clone(),
                why: self.without_token(error.to_string()),
            }
        })
    }

    /// Says that a web page came: the address is that of something else, or a
    /// proxy that wants a login stands before it.
    fn no_api(&self, call: &Call<'_>, status: u16, body: &[u8]) -> ForgeError {
        ForgeError::NoApi {
            api: self.api.clone(),
            what: call.what.clone(),
            status,
            title: self.without_token(page_title(body)),
        }
    }

    /// Calls, where that was not asked before.
    fn send(&self, call: &Call<'_>, url: &str) -> Result<Reply, ForgeError> {
        if call.method != Method::GET {
            self.known.borrow_mut().clear();
            return self.try_all(call, url);
        }
        if let Some(known) = self.known.borrow().get(url) {
            return Ok(known.clone());
        }
        let reply = self.try_all(call, url)?;
        let known = reply.clone();
        self.known.borrow_mut().insert(url.to_owned(), known);
        Ok(reply)
    }

    /// Calls, again where the forge is busy or fails: none of the calls does
    /// more when it is made twice.
    fn try_all(&self, call: &Call<'_>, url: &str) -> Result<Reply, ForgeError> {
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

    fn refused(&self, call: &Call<'_>, status: u16, headers: &HeaderMap, body: &[u8]) -> Again {
        let (host, what) = (self.host().to_owned(), call.what.clone());
        let said = self.without_token(said(body));
        let token = self.token.as_ref().map(|token| token.variable);
        let now = now();
        if let Some(wait) = limited(status, headers, &said, now) {
            let seconds = wait.as_secs().max(1);
            let error = ForgeError::Busy {
                host,
                until: now.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)),
                span: Span(seconds),
                said,
                token,
            };
            return Again::After(Some(wait), error);
        }
        match status {
            300..=399 => Again::Never(self.moved(call, headers)),
            400..=499 if is_page(headers, body) => Again::Never(self.no_api(call, status, body)),
            401 | 403 => Again::Never(ForgeError::Forbidden {
                host,
                what,
                status,
                said,
                token,
            }),
            404 | 410 => Again::Never(ForgeError::Missing {
                host,
                what,
                said,
                token,
            }),
            500.. => {
                let error = ForgeError::Failed {
                    host,
                    what,
                    status,
                    said,
                };
                match status {
                    502..=504 => Again::After(wait(headers, now), error),
                    _ => Again::Never(error),
                }
            }
            _ => Again::Never(ForgeError::Refused {
                host,
                what,
                status,
                said,
            }),
        }
    }

    /// Says where something is now. Of a renamed project the new name is asked
    /// for, where the same API says it.
    fn moved(&self, call: &Call<'_>, headers: &HeaderMap) -> ForgeError {
        let location = text(headers, "location").unwrap_or_default();
        let place = moved::place(&self.api, location);
        let project = match &place {
            Moved::Named(project) => Some(project.clone()),
            // Once: what sends on for ever is not followed.
            Moved::Numbered(path) if call.what != NEW_NAME => self.name_of(path),
            Moved::Numbered(_) | Moved::Elsewhere(_) => None,
        };
        let to = match place {
            Moved::Elsewhere(to) => to,
            Moved::Named(path) | Moved::Numbered(path) => path,
        };
        ForgeError::Moved {
            host: self.host().to_owned(),
            what: call.what.clone(),
            to: self.without_token(to),
            project: project.map(|project| self.without_token(project)),
        }
    }

    /// Asks for the name of a project by its number.
    fn name_of(&self, path: &str) -> Option<String> {
        let call = Call::get(path.to_owned(), NEW_NAME);
        let reply = self.once(&call, &call.url(&self.api)).ok()?;
        let named: Value = serde_json::from_slice(&reply.body).ok()?;
        let name = |key: &str| named[key].as_str().map(str::to_owned);
        name("full_name").or_else(|| name("path_with_namespace"))
    }

    fn without_token(&self, said: String) -> String {
        match &self.token {
            Some(token) => said.replace(&token.secret, "…"),
            None => said,
        }
    }

    /// Says what happened to the connection.
    fn lost(&self, error: ureq::Error) -> Again {
        let host = self.host().to_owned();
        let insecure = |why: String| {
            let (host, why) = (host.clone(), self.without_token(why));
            Again::Never(ForgeError::Insecure { host, why })
        };
        let (why, again) = match error {
            ureq::Error::HostNotFound => ("there is no host of that name".to_owned(), false),
            ureq::Error::ConnectionFailed => ("nobody answers there".to_owned(), false),
            ureq::Error::Timeout(which) => (format!("it took too long ({which})"), false),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                let why = "its address is no URL".to_owned();
                return Again::Never(ForgeError::Way { host, why });
            }
            ureq::Error::Rustls(error) => return insecure(error.to_string()),
            ureq::Error::Tls(why) => return insecure(why.to_owned()),
            ureq::Error::Io(error) => match error.kind() {
                // What TLS does not like of what it was sent.
                io::ErrorKind::InvalidData => return insecure(error.to_string()),
                io::ErrorKind::ConnectionRefused => ("nobody answers there".to_owned(), false),
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => ("the connection was cut".to_owned(), true),
                _ => (error.to_string(), true),
            },
            ureq::Error::BodyExceedsLimit(_) => ("its answer is too long".to_owned(), false),
            other => (other.to_string(), false),
        };
        let why = self.without_token(why);
        let error = ForgeError::Lost { host, why };
        match again {
            true => Again::After(None, error),
            false => Again::Never(error),
        }
    }
}

/// Tells whether a web page came in place of an answer.
fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = text(headers, "content-type").unwrap_or_default();
    kind.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

/// Returns the moment of this machine's clock: a forge's limits are real time.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(ANSWER_BYTES).read_to_vec()
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Sleeps; false: somebody asked to stop meanwhile.
fn slept(wait: Duration) -> bool {
    let until = Instant::now() + wait;
    while !interrupt::asked() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(Duration::from_millis(200)));
    }
    false
}

/// Reads the address of the next page from a `Link` header (RFC 8288):
/// `<https://…&page=2>; rel="next", <…>; rel="last"`.
fn next_of_link(link: &str) -> Option<&str> {
    link.split(',').find_map(|one| {
        let (target, parameters) = one.split_once(';')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("rel")
                && (value.trim().trim_matches('"').split(' ')).any(|rel| rel == "next")
        });
        let target = target.trim().strip_prefix('<')?.strip_suffix('>')?;
        is_next.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_on() {
        for (link, want) in [
            (
                r#"<https://api.github.com/repositories/1300192/issues?page=2>; rel="prev", <https://api.github.com/repositories/1300192/issues?page=4>; rel="next", <https://api.github.com/repositories/1300192/issues?page=515>; rel="last""#,
                Some("https://api.github.com/repositories/1300192/issues?page=4"),
            ),
            (r#"<https://h/a?page=1>; rel="first""#, None),
            ("<https://h/a>; title=\"x\"; REL=next", Some("https://h/a")),
            ("rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_of_link(link), want, "{link}");
        }
    }
}
