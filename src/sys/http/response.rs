//! What the server answers: RFC 9110, sections 13 to 15.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::kind::{cache_control, content_type};
use super::listing;
use super::place::{Place, place_of, with_slash};
use super::range::{Slice, Wanted, wanted};
use super::request::Request;
use crate::model::Timestamp;
use crate::sys::clock::Clock;

/// Between the parts of an answer of several ranges. Made for texts that have
/// no line like it; a package that has one does no harm but to itself.
const BOUNDARY: &str = "debcut-5f3a9c1e7b2d4860";

/// An answer.
pub struct Response {
    code: u16,
    fields: Vec<(&'static str, String)>,
    body: Vec<Piece>,
    length: u64,
}

/// A part of a body.
enum Piece {
    /// This text.
    Text(String),
    /// These bytes of a file.
    Slice(File, Slice),
}

impl Response {
    /// Answers with a status alone.
    pub fn status(code: u16) -> Self {
        let mut response = Self {
            code,
            fields: Vec::new(),
            body: Vec::new(),
            length: 0,
        };
        if code >= 400 {
            let said = format!("{code} {}\n", reason(code));
            response.say("text/plain; charset=utf-8", said);
        }
        response
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
        match place_of(&request.target, root) {
            Some(Place::File { file, below }) => Self::file(request, file, &below),
            Some(Place::Directory(directory)) => Self::directory(request, &directory, root),
            Some(Place::WithoutSlash) => {
                let mut response = Self::status(301);
                let place = with_slash(&request.target);
                response.fields.extend(place.map(|to| ("Location", to)));
                response
            }
            None => Self::status(404),
        }
    }

    fn directory(request: &Request, directory: &Path, root: &Path) -> Self {
        let below = directory.strip_prefix(root).unwrap_or(directory);
        let index = crate::sys::files::open_regular(&directory.join("index.html"));
        if let Ok(Some(file)) = index {
            return Self::file(request, file, &below.join("index.html"));
        }
        match listing::page(root, below) {
            Ok(page) => {
                let mut response = Self::status(200);
                response.say("text/html; charset=utf-8", page);
                response.fields.push(("Cache-Control", "no-cache".into()));
                response
            }
            Err(_) => Self::status(404),
        }
    }

    fn file(request: &Request, file: File, below: &Path) -> Self {
        let Ok(metadata) = file.metadata() else {
            return Self::status(404);
        };
        let state = State::of(&metadata);
        let mut response = Self::status(200);
        response.fields = vec![
            ("Last-Modified", state.told().http_date()),
            ("ETag", state.tag.clone()),
            ("Cache-Control", cache_control(below).into()),
        ];
        if state.is_known(request) {
            response.code = 304;
            return response;
        }
        let kind = content_type(below);
        response.fields.push(("Accept-Ranges", "bytes".into()));
        let range = request.range.as_deref();
        // A resumed download of a file that has changed starts anew.
        let range = range.filter(|_| state.may_resume(request));
        let size = metadata.len();
        match range.map_or(Wanted::Whole, |range| wanted(range, size)) {
            Wanted::Whole => {
                let last = size.wrapping_sub(1);
                response.length = size;
                response.fields.push(("Content-Type", kind.into()));
                if size > 0 {
                    response.body = vec![Piece::Slice(file, Slice { first: 0, last })];
                }
            }
            Wanted::Outside => {
                response.code = 416;
                let none = format!("bytes */{size}");
                response.fields.push(("Content-Range", none));
            }
            Wanted::Slices(slices) => {
                response.code = 206;
                if response.slices(file, &slices, size, kind).is_err() {
                    return Self::status(503);
                }
            }
        }
        if kind.starts_with("text/html") {
            // Pages of the archive need no script, so none may run.
            let rule = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
            response
                .fields
                .push(("Content-Security-Policy", rule.into()));
        }
        response
    }

    fn slices(&mut self, file: File, slices: &[Slice], size: u64, kind: &str) -> io::Result<()> {
        let at = |slice: &Slice| format!("bytes {}-{}/{size}", slice.first, slice.last);
        if let [slice] = slices {
            self.fields.push(("Content-Type", kind.into()));
            self.fields.push(("Content-Range", at(slice)));
            self.length = slice.length();
            self.body = vec![Piece::Slice(file, *slice)];
            return Ok(());
        }
        let parts = format!("multipart/byteranges; boundary={BOUNDARY}");
        self.fields.push(("Content-Type", parts));
        for slice in slices {
            let head = format!(
                "\r\n--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Range: {}\r\n\r\n",
                at(slice)
            );
            self.length += head.len() as u64 + slice.length();
            self.body.push(Piece::Text(head));
            self.body.push(Piece::Slice(file.try_clone()?, *slice));
        }
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        self.length += end.len() as u64;
        self.body.push(Piece::Text(end));
        Ok(())
    }

    fn say(&mut self, kind: &'static str, text: String) {
        self.fields.push(("Content-Type", kind.into()));
        self.length = text.len() as u64;
        self.body = vec![Piece::Text(text)];
    }

    /// Writes the answer; to a `HEAD` without its body.
    pub fn send(self, stream: &TcpStream, head: bool, close: bool) -> io::Result<()> {
        let mut out = io::BufWriter::with_capacity(64 * 1024, stream);
        write!(out, "HTTP/1.1 {} {}\r\n", self.code, reason(self.code))?;
        write!(out, "Date: {}\r\n", Clock::System.now().http_date())?;
        write!(out, "X-Content-Type-Options: nosniff\r\n")?;
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
        for piece in self.body.into_iter().filter(|_| !head) {
            match piece {
                Piece::Text(text) => out.write_all(text.as_bytes())?,
                Piece::Slice(mut file, slice) => {
                    file.seek(SeekFrom::Start(slice.first))?;
                    let sent = io::copy(&mut file.take(slice.length()), &mut out)?;
                    if sent < slice.length() {
                        // The file shrank; only a broken connection says so.
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
        out.flush()
    }
}

/// Which state of a file is there.
struct State {
    modified: Timestamp,
    tag: String,
}

impl State {
    /// Names it by its time and size: a file of an archive is never written
    /// into but replaced.
    fn of(metadata: &Metadata) -> Self {
        let (seconds, rest) = (metadata.mtime(), metadata.mtime_nsec());
        Self {
            modified: Timestamp::from_unix(seconds),
            tag: format!("\"{seconds:x}.{rest:x}-{:x}\"", metadata.len()),
        }
    }

    /// Returns the time that clients are told. A file may be replaced within the
    /// second it was made in, and a client that came between would be told for
    /// ever that it has the new one: so in that second it is told an earlier one.
    fn told(&self) -> Timestamp {
        match Clock::System.now() > self.modified {
            true => self.modified,
            false => self.modified.plus_seconds(-1),
        }
    }

    /// Tells whether the client has it already. A tag says more than a time,
    /// which is then not asked (RFC 9110, 13.2.2).
    fn is_known(&self, request: &Request) -> bool {
        match (&request.none_match, &request.modified_since) {
            (Some(tags), _) => tags.split(',').map(str::trim).any(|tag| {
                // Whether a tag is weak does not matter for this.
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag
            }),
            (None, Some(since)) => http_date(since).is_some_and(|since| self.modified <= since),
            (None, None) => false,
        }
    }

    /// Tells whether a range of it continues what the client has.
    fn may_resume(&self, request: &Request) -> bool {
        match request.if_range.as_deref() {
            None => true,
            Some(tag) if tag.starts_with('"') => tag == self.tag,
            Some(tag) if tag.starts_with("W/") => false,
            Some(date) => http_date(date) == Some(self.modified),
        }
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc2822(&text.replace("GMT", "UTC")).ok()
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
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
