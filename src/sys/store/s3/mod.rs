//! An archive in an object store that speaks S3 (Amazon S3 API Reference).
//!
//! What a [`Store`] promises holds here by the store's own means: an object is
//! there whole or not at all, and a write with a condition is one request with
//! `If-None-Match` or `If-Match` (RFC 9110 13.1); so no lock is needed and none
//! is taken. A revision is an object's ETag. A request that is not answered, or
//! with “try again”, is made again; one whose answer was lost does not take its
//! own success for somebody else's, because what is there already with the same
//! bytes satisfies every condition.
//!
//! Of each object its SHA-256 is kept beside it (`x-amz-meta-sha256`), and for
//! how long caches may keep it.
//!
//! | object | holds |
//! |---|---|
//! | `.debcut/object-store` | whether conditions are honoured; not on Amazon's |
//! | `.debcut/lease` | whose turn it is, where they are not |

mod client;
mod conditions;
pub(in crate::sys) mod connection;
mod error;
mod known;
mod listing;
mod location;
mod percent;
mod profile;
mod reading;
mod sending;
mod traffic;
mod turn;
mod uploads;
mod versions;
mod writing;

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;

use client::{Ask, Client, Fault};
use conditions::Conditions;
use error::Meaning;
pub use error::S3Error;
use known::Known;
use location::{Location, Server};
use profile::Profile;
use reading::Reading;
use traffic::Kind;
use turn::NoTurn;
use writing::{DIGEST, Label, Precondition, Turns};

pub(super) use turn::Turn;

use super::lock::{Guard, Holder, LockError};
use super::{Condition, Content, Entry, Object, Reads, Revision, Store, StoreError};
use crate::model::{ArchivePath, Freshness, Sha256};
use crate::sys::environment::Environment;

/// From this size on it is worth asking first whether an object is there.
const WORTH_ASKING: u64 = 1 << 20;

/// An archive below a prefix of a bucket.
pub struct S3Store {
    location: Location,
    client: Arc<Client>,
    freshness: fn(&ArchivePath) -> Freshness,
    conditions: OnceLock<Conditions>,
    turns: Turns,
    known: Known,
}

impl S3Store {
    /// Tells whether a location is one of an object store.
    pub fn is_s3(location: &str) -> bool {
        location::is_s3(location)
    }

    /// Opens an archive; nothing is asked of the store yet. `freshness` tells of
    /// each file for how long a cache may keep it.
    pub fn new(
        location: &str,
        environment: &Environment,
        freshness: fn(&ArchivePath) -> Freshness,
    ) -> Result<Self, S3Error> {
        let profile = Profile::read(environment)?;
        let location = Location::new(location, environment, &profile)?;
        let credentials = profile.credentials(environment)?;
        let agent = connection::agent(location.bucket.base_url().as_str(), environment)?;
        let client = Client::new(agent, location.bucket.clone(), credentials);
        let conditions = OnceLock::new();
        if location.server == Server::Amazon {
            let _ = conditions.set(Conditions::Honoured);
        }
        Ok(Self {
            location,
            client: Arc::new(client),
            freshness,
            conditions,
            turns: Turns::default(),
            known: Known::default(),
        })
    }

    fn key(&self, path: &ArchivePath) -> String {
        self.location.key(path)
    }

    /// Tells whether a file never changes.
    fn lasts(&self, path: &ArchivePath) -> bool {
        (self.freshness)(path) == Freshness::Lasting
    }

    fn own_key(&self, name: &str) -> String {
        let path = ArchivePath::new(format!(".debcut/{name}"));
        self.key(&path.expect("a path"))
    }

    fn prefix(&self) -> String {
        match &self.location.prefix {
            Some(prefix) => format!("{prefix}/"),
            None => String::new(),
        }
    }

    fn label(&self, path: &ArchivePath, sha256: Sha256) -> Label {
        Label {
            sha256,
            freshness: (self.freshness)(path),
            content_type: writing::content_type(path.as_str()),
        }
    }

    /// Says what a fault means for a store.
    fn failed(&self, act: &'static str, path: &ArchivePath, fault: Fault) -> StoreError {
        let setup = |source| StoreError::Setup {
            place: self.place(),
            source,
        };
        let refusal = match fault {
            Fault::Local(error) => return error,
            Fault::Lost(error) => return StoreError::of(self.place(), act, path, error),
            Fault::Insecure(said) => return setup(S3Error::Insecure { said }),
            Fault::Refused(refusal) => refusal,
        };
        let said = refusal.to_string();
        let kind = match refusal.meaning() {
            Meaning::NoBucket => {
                let bucket = self.location.bucket.name().to_owned();
                return setup(S3Error::NoBucket { bucket });
            }
            Meaning::Credentials => return setup(S3Error::Credentials { said }),
            Meaning::Clock => return setup(S3Error::Clock { said }),
            Meaning::Region => {
                let region = refusal.region;
                return setup(S3Error::Region { said, region });
            }
            Meaning::Denied => io::ErrorKind::PermissionDenied,
            Meaning::Full => io::ErrorKind::StorageFull,
            Meaning::Absent => io::ErrorKind::NotFound,
            Meaning::Unknown => io::ErrorKind::Unsupported,
            Meaning::Unmet | Meaning::Passing | Meaning::Other => io::ErrorKind::Other,
        };
        StoreError::of(self.place(), act, path, io::Error::new(kind, refusal))
    }

    fn conflict(&self, path: &ArchivePath) -> StoreError {
        StoreError::Conflict {
            place: self.place(),
            path: path.clone(),
        }
    }

    /// Tells what the store does with conditions.
    fn conditions(&self) -> Result<Conditions, Fault> {
        if let Some(known) = self.conditions.get() {
            return Ok(*known);
        }
        let found = conditions::known(&self.client, &self.own_key("object-store"))?;
        Ok(*self.conditions.get_or_init(|| found))
    }

    /// Asks for an object's size and the digest that was kept with it.
    fn head(&self, path: &ArchivePath) -> Result<Option<(u64, Option<Sha256>)>, Fault> {
        let reply = match self.client.send(&Ask::of(Kind::Head, &self.key(path))) {
            Err(fault) if fault.meaning() == Some(Meaning::Absent) => return Ok(None),
            reply => reply?,
        };
        let size = reply
            .header("content-length")
            .and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| Fault::Lost(listing::unreadable("an object without a size")));
        let sha256 = reply.header(DIGEST).and_then(|hex| hex.parse().ok());
        Ok(Some((size?, sha256)))
    }

    /// Tells whether an object is there, and whether it is this one.
    fn holds(&self, path: &ArchivePath, sha256: Sha256) -> Result<Option<bool>, StoreError> {
        let found = self.recorded_digest(path)?;
        Ok(found.map(|(_, found)| found == sha256))
    }

    /// Writes where the store honours no conditions: looks, then writes. The
    /// caller has the turn.
    fn look_and_write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        label: &Label,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let there = self.read_revision(path)?;
        let holds = match (condition, &there) {
            (Condition::Always, _) | (Condition::IfAbsent, None) => true,
            (Condition::IfRevision(expected), Some(there)) => there.revision == *expected,
            (Condition::IfAbsent, Some(_)) | (Condition::IfRevision(_), None) => false,
        };
        if there.is_some_and(|there| Sha256::of(&there.bytes) == label.sha256) {
            return Ok(());
        }
        if !holds {
            return Err(self.conflict(path));
        }
        self.put(path, content, label, &Precondition::None)
            .map_err(|fault| self.failed("write", path, fault))
    }

    fn put(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        label: &Label,
        when: &Precondition,
    ) -> Result<(), Fault> {
        let (prefix, key) = (self.prefix(), self.key(path));
        let names = (&*prefix, &*key);
        writing::put(&self.client, &self.turns, names, content, label, when)
    }

    /// Writes whatever was seen before.
    fn write_anew(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        size: u64,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let failed = |fault| self.failed("write", path, fault);
        let sha256 = match content {
            Content::Bytes(bytes) => Sha256::of(bytes),
            Content::File { sha256, .. } => sha256,
        };
        let label = self.label(path, sha256);
        let when = match condition {
            Condition::Always => Precondition::None,
            Condition::IfAbsent => Precondition::Absent,
            Condition::IfRevision(Revision(etag)) => Precondition::Etag(etag.clone()),
        };
        // A name that is written once is protected by what is written: only
        // what is replaced needs a store that compares.
        if *condition != Condition::Always
            && self.conditions().map_err(failed)? == Conditions::Ignored
        {
            return self.look_and_write(path, content, &label, condition);
        }
        if *condition == Condition::IfAbsent && size >= WORTH_ASKING {
            match self.holds(path, sha256)? {
                Some(true) => return Ok(()),
                Some(false) => return Err(self.conflict(path)),
                None => {}
            }
        }
        match self.put(path, content, &label, &when) {
            Err(fault)
                if *condition != Condition::Always
                    && matches!(fault.meaning(), Some(Meaning::Unmet | Meaning::Absent)) =>
            {
                match self.holds(path, sha256)? {
                    Some(true) => Ok(()),
                    Some(false) | None => Err(self.conflict(path)),
                }
            }
            result => result.map_err(failed),
        }
    }
}

impl Store for S3Store {
    fn place(&self) -> String {
        self.location.shown.clone()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read_revision(path)?.map(|object| object.bytes))
    }

    fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError> {
        if let Some((bytes, revision)) = self.known.bytes(path) {
            let bytes = bytes.to_vec();
            return Ok(Some(Object { bytes, revision }));
        }
        let found = reading::whole(&self.client, &self.key(path));
        let found = found.map_err(|fault| self.failed("read", path, fault))?;
        Ok(found.map(|(bytes, etag)| {
            let revision = Revision(etag);
            if self.lasts(path) {
                self.known.note(path, &bytes, &revision);
            }
            Object { bytes, revision }
        }))
    }

    fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let found = Reading::open(&self.client, &self.key(path));
        let found = found.map_err(|fault| self.failed("read", path, fault))?;
        Ok(found.map(|reading| Box::new(reading) as Box<dyn Read + Send>))
    }

    fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError> {
        if let Some(size) = self.known.size(path) {
            return Ok(Some(size));
        }
        let found = self.head(path);
        let found = found.map_err(|fault| self.failed("look at", path, fault))?;
        if let (Some((size, _)), true) = (found, self.lasts(path)) {
            self.known.note_size(path, size);
        }
        Ok(found.map(|(size, _)| size))
    }

    fn recorded_digest(&self, path: &ArchivePath) -> Result<Option<(u64, Sha256)>, StoreError> {
        let found = self.head(path);
        match found.map_err(|fault| self.failed("look at", path, fault))? {
            None => Ok(None),
            Some((size, Some(sha256))) => Ok(Some((size, sha256))),
            Some((_, None)) => self.digest(path),
        }
    }

    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.known.forget(path);
        let size = writing::size(content)?;
        self.write_anew(path, content, size, condition)?;
        if self.lasts(path) {
            self.known.note_size(path, size);
        }
        Ok(())
    }

    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        let (source, key) = (self.key(from), self.key(to));
        self.known.forget(to);
        // Replaced, because a cache may keep the copy for another time. Its
        // digest is not known here without asking, and nothing needs it.
        let ask = Ask::of(Kind::Copy, &key)
            .header("x-amz-copy-source", self.client.source(&source))
            .header("x-amz-metadata-directive", "REPLACE")
            .header("cache-control", (self.freshness)(to).cache_control())
            .header("content-type", writing::content_type(to.as_str()));
        let copied = self.client.send(&ask);
        copied.map_err(|fault| self.failed("copy", from, fault))?;
        Ok(())
    }

    fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError> {
        let failed = |fault| self.failed("list", below, fault);
        let prefix = self.key(below);
        let (mut entries, mut after) = (Vec::new(), None);
        loop {
            let mut query = vec![
                ("list-type", "2".to_owned()),
                ("encoding-type", "url".to_owned()),
                ("prefix", prefix.clone()),
            ];
            query.extend(after.map(|token| ("continuation-token", token)));
            let reply = self.client.send(&Ask::list(query)).map_err(failed)?;
            let page = ListObjectsV2::parse_response(reply.text())
                .map_err(|error| failed(Fault::Lost(listing::unreadable(&error.to_string()))))?;
            for found in page.contents {
                let rest = found.key.strip_prefix(&prefix);
                let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                // A key that no archive path can be is none of ours.
                let path = self.location.path(&found.key).filter(|_| is_below);
                let size = found.size.unwrap_or_default();
                entries.extend(path.map(|path| Entry { path, size }));
            }
            after = page.next_continuation_token;
            if after.is_none() {
                break;
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.known.forget(path);
        match self.client.send(&Ask::of(Kind::Delete, &self.key(path))) {
            Err(fault) if fault.meaning() == Some(Meaning::Absent) => Ok(()),
            result => result
                .map(|_| ())
                .map_err(|fault| self.failed("delete", path, fault)),
        }
    }

    fn erase(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.known.forget(path);
        let erased = versions::erase(&self.client, &self.key(path));
        erased.map_err(|fault| self.failed("erase", path, fault))
    }

    fn reads(&self) -> Reads {
        Reads::Far
    }

    fn fan_out(&self, files: usize) -> usize {
        client::fan_out(files)
    }

    fn traffic(&self) -> Option<String> {
        Some(self.client.traffic.to_string())
    }

    fn caution(&self) -> Option<String> {
        let ignored = self.conditions.get() == Some(&Conditions::Ignored);
        ignored.then(|| {
            format!(
                "{} ignores the conditions of a write: publishers take turns by a lease instead, \
                 which a stopped clock or a sleeping machine can break",
                self.place()
            )
        })
    }

    fn lock(
        &self,
        holder: &Holder,
        wait: Duration,
        on_wait: &dyn Fn(&Holder),
    ) -> Result<Guard, LockError> {
        let path = ArchivePath::new(".debcut/lease").expect("a path");
        let failed = |fault| self.failed("lock", &path, fault);
        self.known.forget_all();
        if self.conditions().map_err(failed)? == Conditions::Honoured {
            return Ok(Guard::needless());
        }
        match turn::take(&self.client, &self.key(&path), holder, wait, on_wait) {
            Ok(turn) => Ok(Guard::of_turn(turn)),
            Err(NoTurn::Held(holder)) => Err(LockError::Held {
                place: self.place(),
                holder,
                waited: wait,
            }),
            Err(NoTurn::Fault(fault)) => Err(failed(fault).into()),
        }
    }
}
