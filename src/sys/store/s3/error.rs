//! What stands against using an object store, and what its refusals mean.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::sys::web::WayError;

/// Why an object store cannot be used as it is asked for; trying again does
/// not help.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// The location is not one.
    #[error("“{location}” is no s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]: {why}")]
    Location {
        /// The location.
        location: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server's URL is not one, or not with this bucket.
    #[error("“{endpoint}” cannot be the endpoint: {why}")]
    Endpoint {
        /// The URL.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server's URL carries a secret that everybody would see.
    #[error("the endpoint holds a password: the key belongs in the environment")]
    SecretInEndpoint,
    /// Nobody says who asks.
    #[error(
        "no key for the object store: neither the environment nor the profile {profile} has one"
    )]
    NoCredentials {
        /// The profile that was looked for.
        profile: String,
    },
    /// Only one half of a key is there.
    #[error("{has} is set, but {lacks} is not")]
    HalfCredentials {
        /// The variable that is set.
        has: &'static str,
        /// The one that is not.
        lacks: &'static str,
    },
    /// A file of the user's profile cannot be read.
    #[error("cannot read {}", path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no way to the server.
    #[error(transparent)]
    Way(#[from] WayError),
    /// Nobody that is trusted vouches for the server.
    #[error("no secure connection to the store: {said}")]
    Insecure {
        /// What is wrong with its certificate.
        said: String,
    },
    /// There is no such bucket.
    #[error("there is no bucket {bucket}")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// The key is not accepted.
    #[error("the store does not accept the key: {said}")]
    Credentials {
        /// What the store said.
        said: String,
    },
    /// This machine's clock and the store's differ too much.
    #[error("this machine's clock differs too much from the store's: {said}")]
    Clock {
        /// What the store said.
        said: String,
    },
    /// The bucket is elsewhere.
    #[error("the bucket is in another region: {said}")]
    Region {
        /// What the store said.
        said: String,
        /// The region, where the store told.
        region: Option<String>,
    },
}

/// An answer that is no success (Amazon S3 API Reference, “Error responses”).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// The error's code; empty where there was no text, as after `HEAD`.
    pub(super) code: String,
    /// The error's message.
    pub(super) message: String,
    /// The region that the bucket is in, where the store told.
    pub(super) region: Option<String>,
    /// How long the store wants us to wait.
    pub(super) retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            code,
            message,
            ..
        } = self;
        match (code.is_empty(), message.is_empty()) {
            (true, _) => write!(f, "the store answered with status {status}"),
            (false, true) => write!(f, "{code} (status {status})"),
            (false, false) => write!(f, "{code}: {message} (status {status})"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What was asked for is not there.
    Absent,
    /// A condition did not hold.
    Unmet,
    /// Somebody else does the same right now, or the store has too much to do,
    /// or is broken for the moment.
    Passing,
    /// There is no such bucket.
    NoBucket,
    /// The key is wrong, or has expired.
    Credentials,
    /// The key may not do this.
    Denied,
    /// The clocks differ.
    Clock,
    /// The bucket is elsewhere.
    Region,
    /// No room is left.
    Full,
    /// The store does not know how to.
    Unknown,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Reads an error's text, as far as it is one.
    pub(super) fn new(status: u16, text: &str) -> Self {
        let mut refusal = Self {
            status,
            code: String::new(),
            message: String::new(),
            region: None,
            retry_after: None,
        };
        let Ok(document) = roxmltree::Document::parse(text) else {
            return refusal;
        };
        for node in document.root_element().children() {
            let text = node.text().unwrap_or_default().trim().to_owned();
            match node.tag_name().name() {
                "Code" => refusal.code = text,
                "Message" => refusal.message = text,
                "Region" => refusal.region = Some(text),
                _ => {}
            }
        }
        refusal
    }

    /// Tells what it is about.
    pub(super) fn meaning(&self) -> Meaning {
        match (&*self.code, self.status) {
            ("NoSuchBucket", _) => Meaning::NoBucket,
            ("PreconditionFailed", _) | (_, 412) => Meaning::Unmet,
            // A conditional write that met another one: which of them won is
            // not known before the next try.
            ("ConditionalRequestConflict" | "OperationAborted", _) => Meaning::Passing,
            ("RequestTimeout" | "SlowDown" | "InternalError" | "ServiceUnavailable", _) => {
                Meaning::Passing
            }
            ("RequestTimeTooSkewed", _) => Meaning::Clock,
            // How Amazon says the same of a signature in the query.
            ("AccessDenied", _)
                if self.message.contains("has expired")
                    || self.message.contains("not yet valid") =>
            {
                Meaning::Clock
            }
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "TokenRefreshRequired"
                | "InvalidSecurity",
                _,
            ) => Meaning::Credentials,
            (
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "AuthorizationQueryParametersError"
                | "IllegalLocationConstraintException",
                _,
            )
            | (_, 301 | 307) => Meaning::Region,
            ("QuotaExceeded" | "InsufficientStorage" | "XMinioStorageFull", _) | (_, 507) => {
                Meaning::Full
            }
            ("NotImplemented", _) | (_, 501 | 405) => Meaning::Unknown,
            (_, 401 | 403) => Meaning::Denied,
            (_, 404) => Meaning::Absent,
            (_, 408 | 429 | 500 | 502 | 503 | 504) => Meaning::Passing,
            _ => Meaning::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let text = |code: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                 <Message>said</Message><AWSAccessKeyId>AK</AWSAccessKeyId>\
                 <StringToSign>AWS4 secret</StringToSign><Region>eu-west-1</Region></Error>"
            )
        };
        for (status, code, want) in [
            (404, "NoSuchKey", Meaning::Absent),
            (404, "NoSuchBucket", Meaning::NoBucket),
            (404, "", Meaning::Absent),
            (412, "PreconditionFailed", Meaning::Unmet),
            (412, "", Meaning::Unmet),
            (409, "ConditionalRequestConflict", Meaning::Passing),
            (403, "AccessDenied", Meaning::Denied),
            (403, "SignatureDoesNotMatch", Meaning::Credentials),
            (400, "ExpiredToken", Meaning::Credentials),
            (403, "RequestTimeTooSkewed", Meaning::Clock),
            (301, "PermanentRedirect", Meaning::Region),
            (400, "AuthorizationHeaderMalformed", Meaning::Region),
            (503, "SlowDown", Meaning::Passing),
            (500, "", Meaning::Passing),
            (429, "TooManyRequests", Meaning::Passing),
            (200, "InternalError", Meaning::Passing),
            (400, "RequestTimeout", Meaning::Passing),
            (507, "", Meaning::Full),
            (501, "NotImplemented", Meaning::Unknown),
            (400, "EntityTooLarge", Meaning::Other),
        ] {
            let body = match code {
                "" => "<html>it broke</p>".to_owned(),
                code => text(code),
            };
            let refusal = Refusal::new(status, &body);
            assert_eq!(refusal.meaning(), want, "{status} {code}");
            assert!(!refusal.to_string().contains("secret"), "{refusal}");
        }
        let late = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert_eq!(Refusal::new(403, late).meaning(), Meaning::Clock);
        let moved = Refusal::new(301, &text("PermanentRedirect"));
        assert_eq!(moved.region.as_deref(), Some("eu-west-1"));
        assert_eq!(moved.to_string(), "PermanentRedirect: said (status 301)");
    }
}
