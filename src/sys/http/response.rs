//! What the server answers: RFC 9110, sections 13 to 15.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::request::Request;
use crate::model::Timestamp;

/// An answer.
pub struct Response {
    code: u16,
    fields: Vec<(&'static str, String)>,
    body: Option<(File, u64)>,
    length: u64,
}

impl Response {
    /// Answers with a status alone.
    pub fn status(code: u16) -> Self {
        Self {
            code,
            fields: Vec::new(),
            body: None,
            length: 0,
        }
    }

    /// Returns the status.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Answers a request for a file below `root`.
    pub fn to(request: &Request, root: &Path) -> Self {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            let mut refusal = Self::status(405);
            refusal.fields.push(("Allow", "GET, HEAD".into()));
            return refusal;
        }
        let found = path_of(&request.target, root).and_then(|path| {
            let file = File::open(&path).ok()?;
            let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let since = metadata
                .modified()
                .ok()?
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            Some((
                path,
                file,
                metadata.len(),
                Timestamp::from_unix(since.as_secs() as i64),
            ))
        });
        let Some((path, file, size, modified)) = found else {
            return Self::status(404);
        };
        let known = request.modified_since.as_deref().and_then(http_date);
        if known.is_some_and(|known| modified <= known) {
            return Self::status(304);
        }
        let mut response = Self::status(200);
        response.fields = vec![
            ("Last-Modified", modified.http_date()),
            ("Content-Type", content_type(&path).into()),
            ("Accept-Ranges", "bytes".into()),
        ];
        // A resumed download of a file that has changed starts anew.
        let same = request
            .if_range
            .as_deref()
            .is_none_or(|at| http_date(at) == Some(modified));
        match request
            .range
            .as_deref()
            .filter(|_| same)
            .map(|range| part(range, size))
        {
            Some(Part::Bytes { first, last }) => {
                response.code = 206;
                response
                    .fields
                    .push(("Content-Range", format!("bytes {first}-{last}/{size}")));
                response.body = Some((file, first));
                response.length = last - first + 1;
            }
            Some(Part::Outside) => {
                response.code = 416;
                response
                    .fields
                    .push(("Content-Range", format!("bytes */{size}")));
            }
            Some(Part::Whole) | None => {
                response.body = Some((file, 0));
                response.length = size;
            }
        }
        response
    }

    /// Writes the answer; to a `HEAD` without its body.
    pub fn send(self, stream: &TcpStream, head: bool, close: bool) -> io::Result<()> {
        let mut out = io::BufWriter::with_capacity(64 * 1024, stream);
        write!(out, "HTTP/1.1 {} {}\r\n", self.code, reason(self.code))?;
        for (name, value) in &self.fields {
            write!(out, "{name}: {value}\r\n")?;
        }
        if self.code != 304 {
            write!(out, "Content-Length: {}\r\n", self.length)?;
        }
        if close {
            write!(out, "Connection: close\r\n")?;
        }
        write!(out, "\r\n")?;
        if let (Some((mut file, first)), false) = (self.body, head) {
            file.seek(SeekFrom::Start(first))?;
            let sent = io::copy(&mut file.take(self.length), &mut out)?;
            if sent < self.length {
                // The file shrank meanwhile; only a broken connection says so.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        out.flush()
    }
}

/// Finds the file that a target names; nothing outside `root`, nothing whose
/// name begins with a dot (the archive's own state).
fn path_of(target: &str, root: &Path) -> Option<PathBuf> {
    let origin = match target.strip_prefix("http://") {
        Some(absolute) => &absolute[absolute.find('/')?..],
        None => target,
    };
    let path = origin.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut found = root.to_owned();
    for part in path.split('/') {
        let part = decoded(part)?;
        if part.is_empty() || part[0] == b'.' || part.contains(&b'/') || part.contains(&0) {
            return None;
        }
        found.push(OsString::from_vec(part));
    }
    // A link that leads out of the archive is not followed.
    found
        .canonicalize()
        .ok()
        .filter(|path| path.starts_with(root))
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

enum Part {
    Whole,
    Bytes { first: u64, last: u64 },
    Outside,
}

/// Reads a single range; several, or another unit, are answered with all.
fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Part::Whole;
    };
    match (first.parse::<u64>().ok(), last.parse::<u64>().ok()) {
        (Some(first), last) if last.is_some() || range.ends_with('-') => {
            let last = last.unwrap_or(u64::MAX).min(size.saturating_sub(1));
            if first >= size {
                Part::Outside
            } else if first > last {
                Part::Whole
            } else {
                Part::Bytes { first, last }
            }
        }
        (None, Some(last)) if first.is_empty() => match (last, size) {
            (0, _) | (_, 0) => Part::Outside,
            _ => Part::Bytes {
                first: size - last.min(size),
                last: size - 1,
            },
        },
        _ => Part::Whole,
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc2822(&text.replace("GMT", "UTC")).ok()
}

fn content_type(path: &Path) -> &'static str {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "deb" | "ddeb" | "udeb" => "application/vnd.debian.binary-package",
        "xz" => "application/x-xz",
        "gz" => "application/gzip",
        "zst" => "application/zstd",
        "asc" | "gpg" | "pgp" => "application/pgp-keys",
        "html" => "text/html; charset=utf-8",
        "json" => "application/json",
        "dsc" | "changes" | "buildinfo" | "sources" | "txt" => "text/plain; charset=utf-8",
        _ if matches!(name, "InRelease" | "Release" | "Packages" | "Sources") => {
            "text/plain; charset=utf-8"
        }
        _ => "application/octet-stream",
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        416 => "Range Not Satisfiable",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "HTTP Version Not Supported",
    }
}
