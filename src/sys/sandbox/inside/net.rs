//! The room's own network: a loopback interface, where every address ends.
//! Set up by messages to the kernel (rtnetlink(7)).

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

/// `RTM_NEWLINK` and `RTM_NEWROUTE`.
const NEW_LINK: u16 = 16;
const NEW_ROUTE: u16 = 24;
/// `NLMSG_ERROR` (netlink(7)): also the acknowledgement, with error 0.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST | NLM_F_ACK`, and `NLM_F_CREATE`.
const REQUEST: u16 = 1 | 4;
const CREATE: u16 = 0x400;
/// `IFF_UP`.
const UP: u32 = 1;
/// The loopback interface is the first of its namespace.
const LOOPBACK: u32 = 1;

/// Starts the loopback interface, with which the kernel gives it its addresses.
pub(super) fn loopback_up() -> io::Result<()> {
    // struct ifinfomsg: family, type, index, flags, which flags change.
    let mut body = vec![0; 4];
    for number in [LOOPBACK, UP, UP] {
        body.extend(number.to_ne_bytes());
    }
    request(NEW_LINK, REQUEST, &body)
}

/// Makes every address the room's own, so that an attempt to reach one is
/// refused at once instead of being lost.
pub(super) fn route_everything_here() -> io::Result<()> {
    const ANY: u8 = 0;
    const LOCAL_TABLE: u8 = 255;
    const STATIC: u8 = 4;
    const THIS_HOST: u8 = 254;
    const LOCAL: u8 = 2;
    const OUTPUT_INTERFACE: u16 = 4;
    let route = |family: AddressFamily| {
        let family = u8::try_from(family.as_raw()).unwrap_or_default();
        // struct rtmsg, then one attribute.
        let mut body = vec![family, ANY, ANY, ANY, LOCAL_TABLE, STATIC, THIS_HOST, LOCAL];
        body.extend(0_u32.to_ne_bytes());
        body.extend(8_u16.to_ne_bytes());
        body.extend(OUTPUT_INTERFACE.to_ne_bytes());
        body.extend(LOOPBACK.to_ne_bytes());
        request(NEW_ROUTE, REQUEST | CREATE, &body)
    };
    route(AddressFamily::INET)?;
    // A kernel without IPv6 has nothing to route.
    match route(AddressFamily::INET6) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        routed => routed,
    }
}

/// Sends a request and waits for its acknowledgement.
fn request(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    let netlink = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    message.extend(body);
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&netlink, &message, SendFlags::empty(), &kernel)?;
    let mut answer = [0; 1024];
    let (got, _) = recv(&netlink, &mut answer, RecvFlags::empty())?;
    acknowledged(answer.get(..got).unwrap_or(&answer))
}

fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok());
    let code = answer.get(16..20).and_then(|code| code.try_into().ok());
    match (kind.map(u16::from_ne_bytes), code.map(i32::from_ne_bytes)) {
        (Some(ERROR), Some(0)) => Ok(()),
        (Some(ERROR), Some(code)) => Err(io::Error::from_raw_os_error(-code)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
