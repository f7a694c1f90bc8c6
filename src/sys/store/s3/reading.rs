//! Reading an object that may be large over a connection that may break: what
//! has come is kept, and the rest is asked for again.

use std::io::{self, Read};
use std::sync::Arc;

use ureq::BodyReader;

use super::client::{Ask, Client, Content, Fault, Reply};
use super::error::Meaning;
use super::traffic::Kind;

/// How often a broken connection is put up with while one object is read.
const BREAKS: u32 = 8;

/// How often a whole object is read anew when it is replaced meanwhile.
const WHOLE_READS: u32 = 4;
/// How much room is made for an object on the word of a server.
const FIRST_ROOM: u64 = 64 << 20;

/// An object as it is read. Its bytes are of one state: when it is replaced
/// meanwhile, reading fails.
pub(super) struct Reading {
    client: Arc<Client>,
    key: String,
    etag: Option<String>,
    size: Option<u64>,
    at: u64,
    body: BodyReader<'static>,
    breaks: u32,
}

impl Reading {
    /// Opens an object; none where there is none.
    pub(super) fn open(client: &Arc<Client>, key: &str) -> Result<Option<Self>, Fault> {
        let reply = match client.send(&Ask::of(Kind::Get, key)) {
            Err(fault) if fault.meaning() == Some(Meaning::Absent) => return Ok(None),
            reply => reply?,
        };
        Ok(Some(Self {
            client: Arc::clone(client),
            key: key.to_owned(),
            etag: reply.header("etag").map(str::to_owned),
            size: length(&reply),
            at: 0,
            body: body(reply),
            breaks: 0,
        }))
    }

    /// Returns which state of the object this is.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Returns how many bytes are still to come, where the store told.
    pub(super) fn left(&self) -> Option<u64> {
        Some(self.size?.saturating_sub(self.at))
    }

    fn resume(&mut self, cause: io::Error) -> io::Result<()> {
        // Without a name for the state, the rest may be of another one.
        let Some(etag) = self.etag.clone().filter(|_| self.breaks < BREAKS) else {
            return Err(cause);
        };
        self.breaks += 1;
        let ask = Ask::of(Kind::Get, &self.key)
            .header("range", format!("bytes={}-", self.at))
            .header("if-match", etag);
        let reply = self.client.send(&ask).map_err(|fault| match fault {
            Fault::Lost(error) => error,
            Fault::Refused(refusal) if refusal.meaning() == Meaning::Unmet => {
                io::Error::other("it was replaced while it was read")
            }
            Fault::Refused(refusal) => io::Error::other(refusal),
            Fault::Local(error) => io::Error::other(error),
            Fault::Insecure(said) => io::Error::other(said),
        })?;
        // A server that knows no ranges begins again.
        let begins = reply.header("content-range").is_some();
        let skip = if begins { 0 } else { self.at };
        self.body = body(reply);
        let skipped = io::copy(&mut (&mut self.body).take(skip), &mut io::sink())?;
        match skipped == skip {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let cause = match self.body.read(buffer) {
                Ok(0) if self.left().is_some_and(|left| left > 0) => {
                    io::Error::from(io::ErrorKind::UnexpectedEof)
                }
                Ok(read) => {
                    self.at += read as u64;
                    return Ok(read);
                }
                Err(error) => error,
            };
            self.resume(cause)?;
        }
    }
}

fn length(reply: &Reply) -> Option<u64> {
    match &reply.content {
        Content::Object(body) => body.content_length(),
        Content::Text(_) => None,
    }
}

fn body(reply: Reply) -> BodyReader<'static> {
    match reply.content {
        Content::Object(body) => body.into_reader(),
        Content::Text(_) => unreachable!("what is got is an object"),
    }
}

/// Reads a whole object with the name of its state; none where there is none.
pub(super) fn whole(client: &Arc<Client>, key: &str) -> Result<Option<(Vec<u8>, String)>, Fault> {
    for attempt in 1.. {
        let Some(mut reading) = Reading::open(client, key)? else {
            return Ok(None);
        };
        let size = reading.left().unwrap_or_default().min(FIRST_ROOM);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        match reading.read_to_end(&mut bytes) {
            Ok(_) => {
                let etag = reading.etag().unwrap_or_default().to_owned();
                return Ok(Some((bytes, etag)));
            }
            // Replaced meanwhile, or without a state that could be continued.
            Err(_) if attempt < WHOLE_READS => {}
            Err(error) => return Err(Fault::Lost(error)),
        }
    }
    unreachable!("the last attempt returns")
}
