//! The room's first process: it sets the room up, watches, and ends with its
//! owner. It is this program, started by [`Room::open`](super::Room::open)
//! with all namespaces but an account's.

mod decoys;
mod etc;
mod mounts;
mod net;
mod packets;
mod system;
mod watch;

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, set_dumpable_behavior, umask};
use serde::Serialize;

use super::description::Network;
use super::room::Sightings;
use super::wire::{self, Order, Word};
use mounts::Sources;
use packets::Packets;

/// What could not be done, and the cause.
#[derive(Debug, thiserror::Error)]
#[error("{act}: {source}")]
struct Failed {
    act: String,
    source: io::Error,
}

/// Says what was being done when something failed.
trait Doing<T> {
    fn doing(self, act: impl FnOnce() -> String) -> Result<T, Failed>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, act: impl FnOnce() -> String) -> Result<T, Failed> {
        self.map_err(|source| Failed {
            act: act(),
            source: source.into(),
        })
    }
}

/// Runs the first process until its owner, on the other end of its standard
/// output, is gone.
pub fn run() -> io::Result<()> {
    let socket = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    // The number that the owner knows: this is still the owner's /proc.
    let number = std::fs::read_link("/proc/self")?;
    let number = number.to_string_lossy().parse().map_err(io::Error::other)?;
    say(&socket, &Word::Started(number))?;
    let trees = wire::receive_trees(&socket)?;
    let mut lines = BufReader::new(socket.try_clone()?);
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(());
    }
    let order: Order = serde_json::from_str(&line)?;
    let sources = Sources::new(order.sent.iter().cloned().zip(trees).collect());
    match set_up(&order, sources) {
        Ok((watch, unapplied)) => {
            say(&socket, &Word::Ready(unapplied))?;
            watch.until_alone(&socket)
        }
        Err(failed) => say(&socket, &Word::Failed(failed.to_string())),
    }
}

fn say(mut socket: &UnixStream, word: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    socket.write_all(&line)
}

fn set_up(order: &Order, sources: Sources) -> Result<(watch::Watch, Vec<String>), Failed> {
    umask(Mode::empty());
    // Its memory and descriptors are nobody's business, not even its root's.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).doing(|| "prctl".to_owned())?;
    let description = &order.description;
    rustix::system::sethostname(description.host_name.as_bytes())
        .doing(|| "set the host name".to_owned())?;
    let mut unapplied = Vec::new();
    let decoys = mounts::set_up(order, sources)?;
    let packets = match description.network {
        Network::Host => None,
        Network::None => {
            net::loopback_up().doing(|| "start the loopback interface".to_owned())?;
            let watched = net::route_everything_here().and_then(|()| Packets::open());
            if let Err(error) = &watched {
                unapplied.push(format!(
                    "network: there is none, but who tries cannot be seen: {error}"
                ));
            }
            watched.ok()
        }
    };
    let watch = watch::Watch {
        packets,
        decoys,
        limits: description.limits,
        seen: Sightings::default(),
    };
    Ok((watch, unapplied))
}
