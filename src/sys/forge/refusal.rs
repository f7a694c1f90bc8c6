//! Tries that failed: what is final, and what may be tried again.

use std::time::Duration;

use ureq::http::HeaderMap;

use super::call::Call;
use super::client::{Client, PAUSE};
use super::error::ForgeError;
use super::said::said;
use super::waiting::{is_limit, text, wait_of};

/// What becomes of a try that failed.
pub(super) enum Again {
    /// It is final.
    Never(ForgeError),
    /// It may be tried again, after this time at least.
    After(Option<Duration>, ForgeError),
}

impl Client {
    /// Says what a refusal means.
    pub(super) fn refused(
        &self,
        call: &Call<'_>,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Again {
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
    pub(super) fn lost(&self, error: ureq::Error) -> Again {
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
