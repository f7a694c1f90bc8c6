//! Writing an object: whole in one request, or a large one in parts, of which
//! those that an interrupted upload left are not sent again.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Condvar, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::client::{Ask, Client, Fault, Payload};
use super::error::Meaning;
use super::sending::{Sending, local};
use super::traffic::Kind;
use super::uploads::{self, Part};
use crate::model::{Freshness, Sha256};
use crate::sys::store::{Content, StoreError};

/// Where we keep an object's digest: providers have many of their own, none of
/// which all of them have, and none of an object sent in parts.
pub(super) const DIGEST: &str = "x-amz-meta-sha256";

/// From this size on an object is sent in parts. An interruption costs at most
/// one part; a store's limit for one request is 5 GiB.
const IN_PARTS: u64 = 32 << 20;
/// The size of a part; at least 5 MiB, says the store. A part is held in the
/// memory while it is sent.
const PART: u64 = 8 << 20;
/// How many parts an object can have.
const MOST_PARTS: u64 = 10_000;
/// How many objects are sent in parts at once: their parts need memory.
const AT_ONCE: usize = 4;

/// What is said of an object beside its bytes.
pub(super) struct Label {
    pub(super) sha256: Sha256,
    pub(super) freshness: Freshness,
    pub(super) content_type: &'static str,
}

impl Label {
    /// Adds it to a request.
    pub(super) fn on<'a>(&self, ask: Ask<'a>) -> Ask<'a> {
        ask.header("cache-control", self.freshness.cache_control())
            .header("content-type", self.content_type)
            .header(DIGEST, self.sha256.hex())
    }
}

/// A condition as the store takes it (RFC 9110 13.1).
pub(super) enum Precondition {
    None,
    Absent,
    Etag(String),
}

impl Precondition {
    fn on<'a>(&self, ask: Ask<'a>) -> Ask<'a> {
        match self {
            Self::None => ask,
            Self::Absent => ask.header("if-none-match", "*"),
            Self::Etag(etag) => ask.header("if-match", etag.clone()),
        }
    }
}

/// Returns the size of what is to be written.
pub(super) fn size(content: Content<'_>) -> Result<u64, StoreError> {
    match content {
        Content::Bytes(bytes) => Ok(bytes.len() as u64),
        Content::File { path, .. } => {
            let found = std::fs::metadata(path).map_err(|source| local(path, source))?;
            Ok(found.len())
        }
    }
}

/// Writes an object.
pub(super) fn put(
    client: &Client,
    turns: &Turns,
    (prefix, key): (&str, &str),
    content: Content<'_>,
    label: &Label,
    when: &Precondition,
) -> Result<(), Fault> {
    let size = size(content).map_err(Fault::Local)?;
    if let Content::File { path, .. } = content
        && size >= IN_PARTS
    {
        let _turn = turns.take();
        return put_in_parts(client, (prefix, key), path, size, label, when);
    }
    let ask = label.on(when.on(Ask::of(Kind::Put, key)));
    // The store refuses what does not arrive as it was sent.
    let checksum = STANDARD.encode(label.sha256.as_bytes());
    let ask = ask.header("x-amz-checksum-sha256", checksum);
    let opening = || match content {
        Content::File { path, sha256 } => {
            Ok(Box::new(Sending::open(path, size, sha256)?) as Box<dyn Read>)
        }
        Content::Bytes(_) => unreachable!("bytes are sent as they are"),
    };
    let payload = match content {
        Content::Bytes(bytes) => Payload::Bytes(bytes),
        Content::File { .. } => Payload::Stream {
            size,
            open: &opening,
        },
    };
    client.send(&Ask { payload, ..ask })?;
    Ok(())
}

fn put_in_parts(
    client: &Client,
    (prefix, key): (&str, &str),
    path: &Path,
    size: u64,
    label: &Label,
    when: &Precondition,
) -> Result<(), Fault> {
    let failed = |source| Fault::Local(local(path, source));
    let mut file = File::open(path).map_err(failed)?;
    let step = PART.max(size.div_ceil(MOST_PARTS));
    let mut upload = uploads::resume_or_begin(client, prefix, key, label)?;
    let mut hasher = sha2::Sha256::new();
    let (mut done, mut buffer) = (Vec::new(), Vec::new());
    for number in 1.. {
        buffer.clear();
        let read = Read::by_ref(&mut file).take(step).read_to_end(&mut buffer);
        if read.map_err(failed)? == 0 {
            break;
        }
        hasher.update(&buffer);
        let md5: [u8; 16] = Md5::digest(&buffer).into();
        let part = match upload.has(number, &md5, buffer.len()) {
            Some(part) => part,
            None => {
                let ask = Ask::of(Kind::Put, key)
                    .query("partNumber", number.to_string())
                    .query("uploadId", upload.id.clone())
                    .header("content-md5", STANDARD.encode(md5));
                let payload = Payload::Bytes(&buffer);
                let reply = client.send(&Ask { payload, ..ask })?;
                let etag = reply.header("etag").unwrap_or_default().to_owned();
                upload.sent += 1;
                Part { number, etag }
            }
        };
        done.push(part);
    }
    let found = Sha256::from_hasher(hasher);
    let expected = label.sha256;
    if found != expected {
        uploads::abort(client, key, &upload.id)?;
        return Err(Fault::Local(StoreError::Changed {
            file: path.to_owned(),
            expected,
            found,
        }));
    }
    let completed = uploads::complete(client, key, &upload, &done, label, |ask| when.on(ask));
    if let Err(fault) = &completed
        && fault.meaning() == Some(Meaning::Unmet)
    {
        // Nobody will complete it.
        uploads::abort(client, key, &upload.id)?;
    }
    completed
}

/// Lets a few have their turn at once.
pub(super) struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A turn, as long as it lives.
pub(super) struct Turn<'a>(&'a Turns);

impl Default for Turns {
    fn default() -> Self {
        Self {
            free: Mutex::new(AT_ONCE),
            given_back: Condvar::new(),
        }
    }
}

impl Turns {
    fn take(&self) -> Turn<'_> {
        let free = self.free.lock().expect("nobody panics while holding it");
        let mut free = self
            .given_back
            .wait_while(free, |free| *free == 0)
            .expect("nobody panics while holding it");
        *free -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Ok(mut free) = self.0.free.lock() {
            *free += 1;
            self.0.given_back.notify_one();
        }
    }
}

/// Returns what an object is, by the end of its name.
pub(super) fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "deb" | "ddeb" | "udeb" => "application/vnd.debian.binary-package",
        "xz" => "application/x-xz",
        "gz" => "application/gzip",
        "zst" => "application/zstd",
        "asc" | "pgp" => "application/pgp-keys",
        "gpg" => "application/pgp-signature",
        "json" | "jsonl" => "application/json",
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "dsc" | "changes" | "buildinfo" | "sources" | "txt" => "text/plain; charset=utf-8",
        _ if matches!(name, "InRelease" | "Release") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
