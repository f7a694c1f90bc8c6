//! What a client asks: RFC 9112, sections 3 and 5.

use std::io::{self, BufRead, Read};

/// Bytes of a request line and its fields that are read at most; apt's are
/// about 300, and browsers' below 16 KiB.
const LIMIT: u64 = 64 * 1024;

/// A request, its fields cut down to what matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD` or something that is refused.
    pub method: String,
    /// The target as it was sent.
    pub target: String,
    /// `Range`, as it was sent.
    pub range: Option<String>,
    /// `If-None-Match`, as it was sent.
    pub none_match: Option<String>,
    /// `If-Modified-Since`, as it was sent.
    pub modified_since: Option<String>,
    /// `If-Range`, as it was sent.
    pub if_range: Option<String>,
    /// Whether the connection ends with the answer.
    pub close: bool,
}

/// Why there is no request.
#[derive(Debug)]
pub enum RequestError {
    /// The connection broke.
    Broken(io::Error),
    /// The client is told off with this status.
    Bad(u16),
}

impl Request {
    /// Reads the next request; `None` when the client has ended.
    pub fn read(from: &mut impl BufRead) -> Result<Option<Self>, RequestError> {
        let mut limited = from.take(LIMIT);
        let line = |limited: &mut io::Take<_>| -> Result<Option<String>, RequestError> {
            let mut bytes = Vec::new();
            BufRead::read_until(limited, b'\n', &mut bytes).map_err(RequestError::Broken)?;
            match bytes.strip_suffix(b"\n") {
                None if bytes.is_empty() && limited.limit() > 0 => Ok(None),
                None => Err(RequestError::Bad(if limited.limit() == 0 {
                    431
                } else {
                    400
                })),
                Some(text) => {
                    let text = text.strip_suffix(b"\r").unwrap_or(text);
                    Ok(Some(String::from_utf8_lossy(text).into_owned()))
                }
            }
        };
        let Some(first) = line(&mut limited)? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(RequestError::Bad(400));
        };
        if !matches!(version, "HTTP/1.0" | "HTTP/1.1") {
            return Err(RequestError::Bad(if version.starts_with("HTTP/") {
                505
            } else {
                400
            }));
        }
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            range: None,
            none_match: None,
            modified_since: None,
            if_range: None,
            close: version == "HTTP/1.0",
        };
        loop {
            let Some(field) = line(&mut limited)? else {
                return Err(RequestError::Bad(400));
            };
            if field.is_empty() {
                return Ok(Some(request));
            }
            let Some((name, value)) = field.split_once(':') else {
                return Err(RequestError::Bad(400));
            };
            let value = value.trim().to_owned();
            match name.to_ascii_lowercase().as_str() {
                "range" => request.range = Some(value),
                "if-none-match" => request.none_match = Some(value),
                "if-modified-since" => request.modified_since = Some(value),
                "if-range" => request.if_range = Some(value),
                "connection" if value.eq_ignore_ascii_case("close") => request.close = true,
                "connection" if value.eq_ignore_ascii_case("keep-alive") => request.close = false,
                // A body would be taken for the next request.
                "content-length" if value != "0" => return Err(RequestError::Bad(413)),
                "transfer-encoding" => return Err(RequestError::Bad(413)),
                _ => {}
            }
        }
    }
}
