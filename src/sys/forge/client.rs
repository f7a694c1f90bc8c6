//! Calls of a REST API: one agent, the token, answers in pages, patience with
//! a forge that is busy.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue, Method, Request};
use ureq::{Agent, Body};

use super::error::ForgeError;
use super::percent::encoded;
use super::said::said;
use super::site::{Kind, Site, host_of};
use super::token::{Token, may_carry, token};
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

/// The way to a forge.
pub(super) struct Client {
    kind: Kind,
    api: String,
    agent: Agent,
    token: Option<Token>,
    environment: Environment,
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
        serde_json::from_slice(&reply.body).map_err(|source| ForgeError::Answer {
            host: self.host().to_owned(),
            what: call.what.clone(),
            source,
        })
    }

    /// Calls, again where the forge is busy or fails: none of the calls does
    /// more when it is made twice.
    fn send(&self, call: &Call<'_>, url: &str) -> Result<Reply, ForgeError> {
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
        let limited = status == 429 || (status == 403 && is_limit(headers, &said));
        if limited {
            let wait = wait_of(headers);
            let seconds = wait.unwrap_or(PAUSE).as_secs().max(1);
            let error = ForgeError::Busy {
                host,
                seconds,
                said,
            };
            return Again::After(wait, error);
        }
        match status {
            401 | 403 => Again::Never(ForgeError::Forbidden {
                host,
                what,
                status,
                said,
                token: self.token.as_ref().map(|token| token.variable),
            }),
            404 | 410 => Again::Never(ForgeError::Missing { host, what, said }),
            300..=399 => Again::Never(ForgeError::Moved {
                host,
                what,
                to: text(headers, "location").unwrap_or_default().to_owned(),
            }),
            500.. => {
                let error = ForgeError::Failed {
                    host,
                    what,
                    status,
                    said,
                };
                match status {
                    502..=504 => Again::After(wait_of(headers), error),
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

    fn without_token(&self, said: String) -> String {
        match &self.token {
            Some(token) => said.replace(&token.secret, "…"),
            None => said,
        }
    }

    /// Says what happened to the connection.
    fn lost(&self, error: ureq::Error) -> Again {
        let host = self.host().to_owned();
        let (why, again) = match error {
            ureq::Error::HostNotFound => ("there is no host of that name".to_owned(), false),
            ureq::Error::ConnectionFailed => ("nobody answers there".to_owned(), false),
            ureq::Error::Timeout(which) => (format!("it took too long ({which})"), false),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                let why = "its address is no URL".to_owned();
                return Again::Never(ForgeError::Way { host, why });
            }
            ureq::Error::Io(error) => {
                let refused = error.kind() == std::io::ErrorKind::ConnectionRefused;
                (error.to_string(), !refused)
            }
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

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(ANSWER_BYTES).read_to_vec()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Tells whether a refusal is one for a while: GitHub answers 403 where its
/// limits are reached.
fn is_limit(headers: &HeaderMap, said: &str) -> bool {
    text(headers, "retry-after").is_some()
        || text(headers, "x-ratelimit-remaining") == Some("0")
        || said.contains("rate limit")
}

/// Reads for how long to wait: `Retry-After` in seconds, else until the moment
/// at which the limit begins anew.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| text(headers, name)?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    let is_out = number("x-ratelimit-remaining").or_else(|| number("ratelimit-remaining"));
    let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
    let (Some(0), Some(reset)) = (is_out, reset) else {
        return None;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    // One more: the forge's clock is another one.
    Some(Duration::from_secs(reset).saturating_sub(now) + Duration::from_secs(1))
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

    #[test]
    fn waits_are_read() {
        let headers = |all: &[(&'static str, String)]| {
            let mut map = HeaderMap::new();
            for (name, value) in all {
                map.insert(*name, value.parse().expect("a value"));
            }
            map
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now");
        let soon = (now.as_secs() + 30).to_string();
        let wait = wait_of(&headers(&[("retry-after", "7".into())]));
        assert_eq!(wait, Some(Duration::from_secs(7)));
        let primary = headers(&[
            ("x-ratelimit-remaining", "0".into()),
            ("x-ratelimit-reset", soon.clone()),
        ]);
        let wait = wait_of(&primary).expect("a wait").as_secs();
        assert!((28..=31).contains(&wait), "{wait}");
        assert!(is_limit(&primary, ""));
        let past = headers(&[
            ("x-ratelimit-remaining", "0".into()),
            ("x-ratelimit-reset", "1".into()),
        ]);
        assert_eq!(wait_of(&past), Some(Duration::from_secs(1)));
        let left = headers(&[
            ("x-ratelimit-remaining", "7".into()),
            ("x-ratelimit-reset", soon),
        ]);
        assert_eq!(wait_of(&left), None);
        assert!(!is_limit(&left, "Resource not accessible by integration"));
        assert!(is_limit(&left, "You have exceeded a secondary rate limit"));
    }
}
