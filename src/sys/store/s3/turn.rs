//! Whose turn it is to publish, where a store ignores the conditions of a
//! write: a lease in the bucket, renewed as long as its holder lives.
//!
//! A lease is no lock. Two publishers whose clocks differ by more than it lasts,
//! or one that stands still for longer and then goes on, may both believe it
//! theirs. It is what can be had without conditions, and users are told so.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::client::{Ask, Client, Fault, Payload};
use super::error::Meaning;
use super::reading;
use super::traffic::Kind;
use crate::model::Timestamp;
use crate::sys::store::Holder;

/// For how long a holder that has died is waited for.
const LASTS_SECONDS: i64 = 120;
/// How often a living one says so.
const RENEWED: Duration = Duration::from_secs(30);
/// How long a write may be under way: after it, two who wrote at the same time
/// both see which of them stands.
const SETTLES: Duration = Duration::from_millis(1500);
/// How often one who waits looks again.
const PAUSE: Duration = Duration::from_millis(500);

/// Who has the turn, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    holder: Holder,
    /// Tells two processes apart that are called the same.
    token: u64,
    until: Timestamp,
}

/// A turn that was taken; it ends when this goes.
#[derive(Debug)]
pub(in crate::sys::store) struct Turn {
    stop: Option<mpsc::Sender<()>>,
    renewing: Option<thread::JoinHandle<()>>,
}

/// Why there was no turn.
pub(super) enum NoTurn {
    /// Somebody else has it.
    Held(Option<Box<Holder>>),
    /// The store did not do as asked.
    Fault(Fault),
}

impl From<Fault> for NoTurn {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(jiff::Timestamp::now().as_second())
}

/// Waits for the turn and takes it.
pub(super) fn take(
    client: &Arc<Client>,
    key: &str,
    holder: &Holder,
    wait: Duration,
    on_wait: &dyn Fn(&Holder),
) -> Result<Turn, NoTurn> {
    let token = rand::random();
    let start = Instant::now();
    let mut told: Option<Holder> = None;
    loop {
        let there = read(client, key)?;
        if let Some(other) = there.filter(|lease| lease.until > now()) {
            if told.as_ref() != Some(&other.holder) {
                on_wait(&other.holder);
                told = Some(other.holder);
            }
        } else {
            write(client, key, holder, token)?;
            thread::sleep(SETTLES);
            if read(client, key)?.is_some_and(|lease| lease.token == token) {
                return Ok(keep(
                    Arc::clone(client),
                    key.to_owned(),
                    holder.clone(),
                    token,
                ));
            }
        }
        if start.elapsed() >= wait {
            return Err(NoTurn::Held(told.map(Box::new)));
        }
        thread::sleep(PAUSE.min(wait));
    }
}

fn read(client: &Arc<Client>, key: &str) -> Result<Option<Lease>, Fault> {
    let found = reading::whole(client, key)?;
    // One that is not ours to understand is nobody's.
    Ok(found.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
}

fn write(client: &Client, key: &str, holder: &Holder, token: u64) -> Result<(), Fault> {
    let lease = Lease {
        holder: holder.clone(),
        token,
        until: now().plus_seconds(LASTS_SECONDS),
    };
    let bytes = serde_json::to_vec(&lease).expect("strings and numbers only");
    let ask = Ask::of(Kind::Put, key).header("cache-control", "no-store");
    let payload = Payload::Bytes(&bytes);
    client.send(&Ask { payload, ..ask }).map(|_| ())
}

fn keep(client: Arc<Client>, key: String, holder: Holder, token: u64) -> Turn {
    let (stop, stopped) = mpsc::channel();
    let renewing = thread::spawn(move || {
        while stopped.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
            // One that cannot be renewed now is tried again in time.
            let _ = write(&client, &key, &holder, token);
        }
        let _ = give_back(&client, &key, token);
    });
    Turn {
        stop: Some(stop),
        renewing: Some(renewing),
    }
}

fn give_back(client: &Arc<Client>, key: &str, token: u64) -> Result<(), Fault> {
    if read(client, key)?.is_some_and(|lease| lease.token == token) {
        match client.send(&Ask::of(Kind::Delete, key)) {
            Err(fault) if fault.meaning() == Some(Meaning::Absent) => {}
            result => {
                result?;
            }
        }
    }
    Ok(())
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewing) = self.renewing.take() {
            let _ = renewing.join();
        }
    }
}
