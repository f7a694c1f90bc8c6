//! The room's own network: a loopback interface and nothing else.

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

/// `RTM_NEWLINK` (rtnetlink(7)).
const NEW_LINK: u16 = 16;
/// `NLMSG_ERROR` (netlink(7)): also the acknowledgement, with error 0.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST | NLM_F_ACK`.
const REQUEST: u16 = 1 | 4;
/// `IFF_UP`.
const UP: u32 = 1;
/// The loopback interface is the first of its namespace.
const LOOPBACK: i32 = 1;

/// Starts the loopback interface, with which the kernel gives it its addresses.
pub(super) fn loopback_up() -> io::Result<()> {
    let mut body = vec![0; 4];
    body.extend(LOOPBACK.to_ne_bytes());
    body.extend(UP.to_ne_bytes());
    body.extend(UP.to_ne_bytes());
    request(NEW_LINK, REQUEST, &body)
}

/// Sends a request and waits for its acknowledgement.
fn request(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    let netlink = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    let length = 16 + body.len();
    let mut message = Vec::with_capacity(length);
    message.extend(
        u32::try_from(length)
            .map_err(io::Error::other)?
            .to_ne_bytes(),
    );
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    message.extend(body);
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&netlink, &message, SendFlags::empty(), &kernel)?;
    let mut answer = [0; 1024];
    let (got, _) = recv(&netlink, &mut answer, RecvFlags::empty())?;
    let number = |at: usize| answer.get(at..at + 4).filter(|_| at + 4 <= got);
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok());
    match (kind.map(u16::from_ne_bytes), number(16)) {
        (Some(ERROR), Some(code)) => match code.try_into().map(i32::from_ne_bytes) {
            Ok(0) => Ok(()),
            Ok(code) => Err(io::Error::from_raw_os_error(-code)),
            Err(_) => Err(io::ErrorKind::InvalidData.into()),
        },
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
