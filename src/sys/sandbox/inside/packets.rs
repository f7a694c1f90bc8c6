//! Which addresses and names somebody wanted, read from packets on the room's
//! loopback interface: every address is routed there, so that every attempt is
//! a packet that can be seen, and is refused at once.
//!
//! Packets are read as RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC
//! 768 (UDP) and RFC 1035 (DNS) lay them out, as far as is needed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, recv, socket_with};

/// `ETH_P_ALL` (packet(7)): packets of every protocol.
const EVERY: u16 = 3;
/// The numbers of protocols in IP (IANA).
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;
/// The port of name servers.
const DOMAIN: u16 = 53;
/// Long enough for what precedes the payload, and for a question.
const LONGEST: usize = 1024;

/// A socket that sees every packet of the room's.
#[derive(Debug)]
pub(super) struct Packets(OwnedFd);

impl Packets {
    pub(super) fn open() -> io::Result<Self> {
        let protocol = NonZeroU32::new(u32::from(EVERY.to_be())).map(Protocol::from_raw);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Datagrams: without the link's header.
        let socket = socket_with(AddressFamily::PACKET, SocketType::DGRAM, flags, protocol)?;
        Ok(Self(socket))
    }

    /// Names what was wanted by the packets that came since the last call.
    pub(super) fn wanted(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut packet = [0; LONGEST];
        while let Ok((length, _)) = recv(&self.0, &mut packet, RecvFlags::DONTWAIT) {
            let packet = packet.get(..length).unwrap_or(&packet);
            found.extend(wanted_by(packet));
        }
        found
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Names what a packet wants outside the room, if anything.
fn wanted_by(packet: &[u8]) -> Option<String> {
    let (to, protocol, payload) = destination(packet)?;
    if to.is_loopback() || to.is_unspecified() {
        return None;
    }
    let number = |at: usize| {
        let bytes = payload.get(at..at + 2)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    };
    let at = |port: u16| SocketAddr::new(to, port);
    match protocol {
        TCP => {
            // Opening a connection: SYN without ACK.
            let opens = payload.get(13)? & 0x12 == 0x02;
            opens.then(|| number(2).map(|port| format!("{}/tcp", at(port))))?
        }
        UDP => {
            let port = number(2)?;
            if port == DOMAIN
                && let Some(name) = payload.get(8..).and_then(asked_name)
            {
                return Some(format!("{name} (DNS)"));
            }
            Some(format!("{}/udp", at(port)))
        }
        ICMP if payload.first() == Some(&8) => Some(format!("{to} (ping)")),
        ICMP6 if payload.first() == Some(&128) => Some(format!("{to} (ping)")),
        _ => None,
    }
}

fn destination(packet: &[u8]) -> Option<(IpAddr, u8, &[u8])> {
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet.first()? & 15) * 4;
            let to: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
            let to = Ipv4Addr::from(to).into();
            Some((to, *packet.get(9)?, packet.get(header..)?))
        }
        6 => {
            let to: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
            let to = Ipv6Addr::from(to);
            let to = to.to_ipv4_mapped().map_or(IpAddr::from(to), IpAddr::from);
            Some((to, *packet.get(6)?, packet.get(40..)?))
        }
        _ => None,
    }
}

/// Reads the name of a question's first entry (RFC 1035 section 4.1.2).
fn asked_name(message: &[u8]) -> Option<String> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        if length == 0 {
            break;
        }
        // Longer ones are pointers, which a first name cannot have.
        if length > 63 {
            return None;
        }
        let label = message.get(at + 1..=at + length)?;
        let shown = label.escape_ascii().to_string();
        labels.push(shown);
        at += 1 + length;
    }
    (!labels.is_empty()).then(|| labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ipv4(to: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1];
        packet.extend(to);
        packet.extend(payload);
        packet
    }

    fn ipv6(to: Ipv6Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, protocol, 64];
        packet.extend([0; 16]);
        packet.extend(to.octets());
        packet.extend(payload);
        packet
    }

    fn tcp(port: u16, flags: u8) -> Vec<u8> {
        let mut segment = vec![0x80, 0];
        segment.extend(port.to_be_bytes());
        segment.extend([0; 9]);
        segment.extend([flags, 0, 0]);
        segment
    }

    fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0x80, 0];
        datagram.extend(port.to_be_bytes());
        datagram.extend([0; 4]);
        datagram.extend(payload);
        datagram
    }

    #[test]
    fn wants_are_named() {
        let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";
        let documentation = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        let cases = [
            (
                ipv4([93, 184, 216, 34], 6, &tcp(80, 2)),
                Some("93.184.216.34:80/tcp"),
            ),
            (ipv4([93, 184, 216, 34], 6, &tcp(80, 0x12)), None),
            (ipv4([93, 184, 216, 34], 6, &tcp(80, 0x14)), None),
            (ipv4([127, 0, 1, 1], 6, &tcp(80, 2)), None),
            (
                ipv4([192, 0, 2, 53], 17, &udp(53, question)),
                Some("example.org (DNS)"),
            ),
            (
                ipv4([192, 0, 2, 53], 17, &udp(53, b"?")),
                Some("192.0.2.53:53/udp"),
            ),
            (
                ipv4([192, 0, 2, 1], 17, &udp(123, b"")),
                Some("192.0.2.1:123/udp"),
            ),
            (ipv4([192, 0, 2, 1], 1, &[8, 0]), Some("192.0.2.1 (ping)")),
            (ipv4([192, 0, 2, 1], 1, &[3, 3]), None),
            (
                ipv6(documentation, 6, &tcp(443, 2)),
                Some("[2001:db8::1]:443/tcp"),
            ),
            (ipv6(Ipv6Addr::LOCALHOST, 6, &tcp(443, 2)), None),
            (Vec::new(), None),
        ];
        for (packet, want) in cases {
            assert_eq!(wanted_by(&packet).as_deref(), want, "{packet:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_packet_is_read_without_harm(packet in proptest::collection::vec(any::<u8>(), 0..90)) {
            let _ = wanted_by(&packet);
            let _ = asked_name(&packet);
        }

        #[test]
        fn any_name_is_shown_in_one_line(label in proptest::collection::vec(any::<u8>(), 1..60)) {
            let mut question = vec![0; 12];
            question.push(u8::try_from(label.len()).expect("it is short"));
            question.extend(&label);
            question.push(0);
            let name = asked_name(&question).expect("it is a name");
            prop_assert!(name.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{name}");
        }
    }
}
