//! Requests, signed and made again until they are answered (Amazon S3 API
//! Reference; Signature Version 4 in the query).

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, Method};
use ureq::http::request::Builder;
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, AsSendBody, Body, SendBody};

use super::connection;
use super::error::{Meaning, Refusal};
use super::percent;
use super::traffic::{Kind, Traffic};
use crate::sys::interrupt;
use crate::sys::store::StoreError;

/// How often a request is made again. With the pauses between them, a store may
/// be away for about five seconds.
const RETRIES: u32 = 7;
/// The first pause; each later one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How long we do as a store says that wants us to wait.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a signature counts: until the request has begun.
const SIGNED_FOR_SECONDS: u64 = 900;
/// The longest text that is an answer and no object.
const LONGEST_TEXT: u64 = 32 << 20;

/// A bucket, and the right to use it.
pub(super) struct Client {
    agent: Agent,
    bucket: Bucket,
    credentials: Credentials,
    pub(super) traffic: Traffic,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) kind: Kind,
    /// The object; none: the bucket.
    pub(super) key: Option<&'a str>,
    pub(super) query: Vec<(&'static str, String)>,
    /// Fields by their names in lower case.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Payload<'a>,
}

/// Opens what a request sends, anew for each try.
pub(super) type Opening<'a> = &'a dyn Fn() -> Result<Box<dyn Read>, StoreError>;

/// What a request sends.
pub(super) enum Payload<'a> {
    Nothing,
    Bytes(&'a [u8]),
    Stream { size: u64, open: Opening<'a> },
}

/// A successful answer.
pub(super) struct Reply {
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
}

/// What an answer brings.
pub(super) enum Content {
    Text(String),
    Object(Body),
}

impl Reply {
    /// Returns a field of the answer.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the text; an object has none.
    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            Content::Object(_) => "",
        }
    }
}

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// What was to be sent could not be read.
    Local(StoreError),
    /// The store said no.
    Refused(Refusal),
    /// There was no answer, or not all of it.
    Lost(io::Error),
    /// The server could not be trusted.
    Insecure(String),
}

impl Fault {
    /// Tells what a refusal is about.
    pub(super) fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused(refusal) => Some(refusal.meaning()),
            Self::Local(_) | Self::Lost(_) | Self::Insecure(_) => None,
        }
    }

    /// Tells whether the same request may succeed a little later.
    fn passes(&self) -> bool {
        match self {
            Self::Local(_) | Self::Insecure(_) => false,
            Self::Refused(refusal) => refusal.meaning() == Meaning::Passing,
            Self::Lost(error) => !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Interrupted
            ),
        }
    }
}

impl<'a> Ask<'a> {
    /// Asks for something about an object, without sending any.
    pub(super) fn of(kind: Kind, key: &'a str) -> Self {
        Self {
            kind,
            key: Some(key),
            query: Vec::new(),
            headers: Vec::new(),
            payload: match kind {
                Kind::Put | Kind::Copy | Kind::Post => Payload::Bytes(&[]),
                Kind::Get | Kind::Head | Kind::List | Kind::Delete => Payload::Nothing,
            },
        }
    }

    /// Asks for a list of what the bucket holds.
    pub(super) fn list(query: Vec<(&'static str, String)>) -> Self {
        Self {
            kind: Kind::List,
            key: None,
            query,
            headers: Vec::new(),
            payload: Payload::Nothing,
        }
    }

    /// Adds a parameter.
    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a field.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn method(&self) -> Method {
        match self.kind {
            Kind::Get | Kind::List => Method::Get,
            Kind::Head => Method::Head,
            Kind::Put | Kind::Copy => Method::Put,
            Kind::Post => Method::Post,
            Kind::Delete => Method::Delete,
        }
    }
}

impl Client {
    pub(super) fn new(agent: Agent, bucket: Bucket, credentials: Credentials) -> Self {
        Self {
            agent,
            bucket,
            credentials,
            traffic: Traffic::default(),
        }
    }

    /// Names an object as the source of a copy.
    pub(super) fn source(&self, key: &str) -> String {
        percent::encoded(&format!("/{}/{key}", self.bucket.name()))
    }

    /// Makes a request until it is answered, or nothing more is to be expected.
    pub(super) fn send(&self, ask: &Ask<'_>) -> Result<Reply, Fault> {
        let mut tried = 0;
        loop {
            let fault = match self.once(ask) {
                Ok(reply) => return Ok(reply),
                Err(fault) => fault,
            };
            if tried == RETRIES || !fault.passes() {
                return Err(fault);
            }
            pause(tried, &fault)?;
            tried += 1;
            self.traffic.count_again();
        }
    }

    fn once(&self, ask: &Ask<'_>) -> Result<Reply, Fault> {
        self.traffic.count(ask.kind);
        let mut request = Request::builder()
            .method(ask.method().to_str())
            .uri(self.signed(ask));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let answer = match &ask.payload {
            Payload::Nothing => self.run(request, ()),
            Payload::Bytes(bytes) => {
                let mut left: &[u8] = bytes;
                let request = request.header("content-length", bytes.len());
                self.run(request, SendBody::from_reader(&mut left))
            }
            Payload::Stream { size, open } => {
                let mut opened = open().map_err(Fault::Local)?;
                let request = request.header("content-length", *size);
                self.run(request, SendBody::from_reader(&mut opened))
            }
        }?;
        self.understand(ask, answer)
    }

    fn run(&self, request: Builder, body: impl AsSendBody) -> Result<Response<Body>, Fault> {
        let request = request.body(body);
        let request = request.map_err(|_| Fault::Lost(io::ErrorKind::InvalidInput.into()))?;
        self.agent.run(request).map_err(lost)
    }

    /// Signs a request. By the real time, always: the store compares it with
    /// its own, whatever moment we are told to take for now.
    fn signed(&self, ask: &Ask<'_>) -> String {
        let url = match ask.key {
            Some(key) => self.bucket.object_url(key),
            None => self.bucket.base_url().clone(),
        };
        let (mut query, mut headers) = (ask.query.clone(), ask.headers.clone());
        query.sort();
        headers.sort();
        let signed = rusty_s3::signing::sign(
            &jiff::Timestamp::now(),
            ask.method(),
            url,
            self.credentials.key(),
            self.credentials.secret(),
            self.credentials.token(),
            self.bucket.region(),
            SIGNED_FOR_SECONDS,
            query.iter().map(|(name, value)| (*name, value.as_str())),
            headers.iter().map(|(name, value)| (*name, value.as_str())),
        );
        signed.into()
    }

    fn understand(&self, ask: &Ask<'_>, answer: Response<Body>) -> Result<Reply, Fault> {
        let status = answer.status().as_u16();
        let (parts, mut body) = answer.into_parts();
        if ask.kind == Kind::Get && matches!(status, 200 | 206) {
            return Ok(Reply {
                headers: parts.headers,
                content: Content::Object(body),
            });
        }
        let text = match ask.kind {
            Kind::Head => Vec::new(),
            _ => {
                let limited = body.with_config().limit(LONGEST_TEXT);
                limited.read_to_vec().map_err(lost)?
            }
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        // Copying and completing begin to answer before they are done, with
        // success: what became of it is in the text.
        let failed = !(200..300).contains(&status) || text.contains("<Error>");
        if !failed {
            return Ok(Reply {
                headers: parts.headers,
                content: Content::Text(text),
            });
        }
        let mut refusal = Refusal::new(status, &text);
        let field = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        refusal.region = refusal.region.or_else(|| field("x-amz-bucket-region"));
        let wait = field("retry-after").and_then(|seconds| seconds.parse().ok());
        refusal.retry_after = wait.map(Duration::from_secs);
        Err(Fault::Refused(refusal))
    }
}

/// Says what happened to the connection, without the request's URL: that holds
/// its signature.
fn lost(error: ureq::Error) -> Fault {
    let other = |kind, text: String| io::Error::new(kind, text);
    Fault::Lost(match error {
        ureq::Error::Io(error) => match error.downcast::<StoreError>() {
            Ok(local) => return Fault::Local(local),
            // What TLS does not like of what it was sent.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Fault::Insecure(error.to_string());
            }
            Err(error) => error,
        },
        ureq::Error::Rustls(error) => return Fault::Insecure(error.to_string()),
        ureq::Error::Tls(why) => return Fault::Insecure(why.to_owned()),
        ureq::Error::Timeout(which) => other(
            io::ErrorKind::TimedOut,
            format!("the server kept silent for too long ({which})"),
        ),
        ureq::Error::HostNotFound => other(
            io::ErrorKind::HostUnreachable,
            "there is no host of that name".to_owned(),
        ),
        ureq::Error::ConnectionFailed => other(
            io::ErrorKind::ConnectionRefused,
            "the server cannot be reached".to_owned(),
        ),
        ureq::Error::BadUri(_) => other(io::ErrorKind::InvalidInput, "no valid URL".to_owned()),
        error => io::Error::other(error.to_string()),
    })
}

/// Waits before the next try: longer each time, and never all clients at once.
fn pause(tried: u32, fault: &Fault) -> Result<(), Fault> {
    let wanted = match fault {
        Fault::Refused(refusal) => refusal.retry_after,
        _ => None,
    };
    let usual = FIRST_PAUSE
        .saturating_mul(1 << tried)
        .min(LONGEST_PAUSE)
        .mul_f64(rand::Rng::gen_range(&mut rand::thread_rng(), 0.5..1.0));
    let mut left = usual.max(wanted.unwrap_or_default().min(PATIENCE));
    while !left.is_zero() {
        if interrupt::asked() {
            return Err(Fault::Lost(io::ErrorKind::Interrupted.into()));
        }
        let slice = left.min(Duration::from_millis(50));
        thread::sleep(slice);
        left -= slice;
    }
    Ok(())
}

/// How many requests are worth being under way at once.
pub(super) fn fan_out(requests: usize) -> usize {
    requests.clamp(1, connection::CONNECTIONS)
}
