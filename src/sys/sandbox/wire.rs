//! What a room's owner and its first process say to each other: one JSON
//! document a line, over a socket. Before the first line the owner sends the
//! directories that the room itself could not reach, as file descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

use super::description::Description;
use super::room::{SandboxError, Sightings};

/// What the first process has to set up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The room, its paths on the machine without symbolic links.
    pub description: Description,
    /// The paths on the machine whose trees were sent, in order.
    pub sent: Vec<PathBuf>,
    /// Whether the room has numbers for more than one account.
    pub accounts: Accounts,
    /// What stands at the forbidden paths.
    pub decoys: Vec<Decoy>,
}

/// How many accounts a room has numbers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Accounts {
    /// As many as a Debian system: 0 to 65535.
    Many,
    /// The user's own only, which is root inside.
    One,
}

/// A forbidden path and what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decoy {
    pub path: PathBuf,
    pub kind: DecoyKind,
}

/// What a decoy looks like: as the forbidden thing does outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DecoyKind {
    Directory,
    File,
    Socket,
}

/// What the first process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    /// It has started and has this number outside.
    Started(u32),
    /// The room is set up, but for these.
    Ready(Vec<String>),
    /// The room cannot be set up.
    Failed(String),
    /// What was seen; nobody else is in the room now.
    Seen(Sightings),
}

impl Word {
    /// Returns what to say about a word that was not to come now.
    pub fn unexpected(self) -> SandboxError {
        SandboxError::SetUp {
            why: match self {
                Self::Failed(why) => why,
                word => format!("its first process said {word:?}"),
            },
        }
    }
}

/// What the owner asks for once the room is set up.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    /// End everybody and say what was seen.
    Clear,
}

/// How many descriptors the kernel takes in one message (`SCM_MAX_FD`).
const AT_ONCE: usize = 253;

/// Sends descriptors: two bytes that count them, then one byte with each load.
pub(super) fn send_trees(to: &UnixStream, trees: &[OwnedFd]) -> io::Result<()> {
    let count = u16::try_from(trees.len()).map_err(io::Error::other)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
    send(to, &count.to_be_bytes(), &[], &mut space)?;
    for load in trees.chunks(AT_ONCE) {
        let load: Vec<BorrowedFd<'_>> = load.iter().map(AsFd::as_fd).collect();
        send(to, b"+", &load, &mut space)?;
    }
    Ok(())
}

fn send(
    to: &UnixStream,
    bytes: &[u8],
    load: &[BorrowedFd<'_>],
    space: &mut [MaybeUninit<u8>],
) -> io::Result<()> {
    let mut ancillary = SendAncillaryBuffer::new(space);
    if !load.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(load));
    }
    sendmsg(
        to,
        &[IoSlice::new(bytes)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

/// Receives what [`send_trees`] sent.
pub(super) fn receive_trees(from: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut trees = Vec::new();
    let mut count = [0; 2];
    receive(from, &mut count, &mut trees)?;
    let count = usize::from(u16::from_be_bytes(count));
    while trees.len() < count {
        receive(from, &mut [0], &mut trees)?;
    }
    Ok(trees)
}

fn receive(from: &UnixStream, bytes: &mut [u8], into: &mut Vec<OwnedFd>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let wanted = bytes.len();
    let mut bytes = [IoSliceMut::new(bytes)];
    let got = recvmsg(from, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    if got.bytes != wanted {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(load) = message {
            into.extend(load);
        }
    }
    Ok(())
}
