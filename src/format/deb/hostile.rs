//! Packages made to break their readers, and mutations of a good one.
//!
//! Their tar headers are made by the `tar` crate, so that our own writer is
//! not its own judge.

mod bombs;
mod elsewhere;
mod entries;
mod members;
mod mutations;
mod paths;

use std::error::Error;
use std::io::{self, Write};

use crate::format::ar;
use crate::format::compress::{Compression, Encoder, Settings};

use super::{Deb, Limits, ReadError, read};

const CONTROL: &str = "Package: hello\nVersion: 1.0\nArchitecture: all\n\
    Maintainer: A <a@example.org>\nDescription: greets\n";

fn entry(name: &[u8], type_flag: u8, link: &[u8], content: &[u8]) -> Vec<u8> {
    claiming(name, type_flag, link, content, content.len() as u64)
}

fn claiming(name: &[u8], type_flag: u8, link: &[u8], content: &[u8], size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
    header.set_entry_type(tar::EntryType::new(type_flag));
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(size);
    if matches!(type_flag, b'3' | b'4') {
        header.set_device_major(1).expect("gnu");
        header.set_device_minor(3).expect("gnu");
    }
    header.set_cksum();
    let padding = content.len().next_multiple_of(512) - content.len();
    [header.as_bytes(), content, &[0; 512][..padding]].concat()
}

fn file(name: &str, content: &str) -> Vec<u8> {
    entry(name.as_bytes(), b'0', b"", content.as_bytes())
}

fn tar_of(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

fn compressed(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Settings::new(compression), Vec::new()).expect("writable");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn package(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = ar::MAGIC.to_vec();
    for (name, content) in members {
        let header = ar::Header {
            name: name.as_bytes().to_vec(),
            mtime: 0,
            size: content.len() as u64,
        };
        bytes.extend(header.encode().expect("fits"));
        bytes.extend_from_slice(content);
        bytes.extend_from_slice(&b"\n"[..content.len() % 2]);
    }
    bytes
}

fn good_control() -> Vec<u8> {
    tar_of(&[file("./control", CONTROL)])
}

fn with_data(entries: &[Vec<u8>]) -> Vec<u8> {
    with_members(&good_control(), &tar_of(entries))
}

fn with_control(entries: &[Vec<u8>]) -> Vec<u8> {
    with_members(&tar_of(entries), &tar_of(&[]))
}

fn with_members(control: &[u8], data: &[u8]) -> Vec<u8> {
    package(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", control),
        ("data.tar", data),
    ])
}

fn found(bytes: &[u8]) -> Result<Deb, ReadError> {
    read(bytes, &Limits::default(), |_, content| {
        io::copy(content, &mut io::sink()).map(drop)
    })
}

fn said(bytes: &[u8]) -> String {
    let Err(error) = found(bytes) else {
        return "accepted".to_owned();
    };
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
