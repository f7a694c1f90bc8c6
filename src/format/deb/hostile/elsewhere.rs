//! Packages of other times and tools, which are read, and failures that are
//! not the package's.

use std::io::{self, Read};

use crate::format::compress::Compression;
use crate::format::deb::{Limits, Oddity, ReadError, read};

use super::{CONTROL, compressed, entry, file, package, tar_of, with_data};

#[test]
fn packages_of_other_times_and_tools_are_read() {
    let v7 = {
        let mut header = tar::Header::new_old();
        header.set_path("usr/").expect("short");
        header.set_mode(0o40755);
        header.set_entry_type(tar::EntryType::new(0));
        for set in [
            tar::Header::set_uid,
            tar::Header::set_gid,
            tar::Header::set_size,
        ] {
            set(&mut header, 0);
        }
        header.set_mtime(800_000_000);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let ustar = {
        let mut header = tar::Header::new_ustar();
        let long = format!("usr/{}/{}", "d".repeat(90), "f".repeat(90));
        header.set_path(long).expect("fits a prefix");
        header.set_mode(0o100644);
        for set in [
            tar::Header::set_uid,
            tar::Header::set_gid,
            tar::Header::set_size,
        ] {
            set(&mut header, 0);
        }
        header.set_mtime(0);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let pax = [
        entry(
            b"././@PaxHeader",
            b'x',
            b"",
            b"19 path=./usr/p\xc3\xa4x\n".as_slice(),
        ),
        file("./usr/cut", "content"),
    ]
    .concat();
    let data = compressed(Compression::Gzip, &tar_of(&[v7, ustar, pax]));
    let control = format!("{CONTROL}\n").replace("Maintainer: A <a@example.org>\n", "");
    let control = compressed(Compression::Gzip, &tar_of(&[file("control", &control)]));
    let bytes = package(&[
        ("debian-binary/", b"2.1\nwhatever\n"),
        ("_early", b"ignored"),
        ("control.tar.gz/", &control),
        ("_gpgorigin", b"x"),
        ("data.tar.gz/", &data),
        ("_late", b""),
    ]);
    let mut seen = Vec::new();
    let deb = read(&bytes[..], &Limits::default(), |entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let path = entry.path.to_string();
        seen.push((
            path.len(),
            path.chars().rev().take(3).collect::<String>(),
            entry.mode,
            bytes.len(),
        ));
        Ok(())
    });
    let deb = deb.expect("a package");
    let want = [
        (3, "rsu".to_owned(), 0o755, 0),
        (185, "fff".to_owned(), 0o644, 0),
        (8, "xäp".to_owned(), 0o644, 7),
    ];
    assert_eq!(seen, want);
    assert_eq!(deb.format, "2.1");
    let names: Vec<_> = deb.members.iter().map(|m| m.name.as_str()).collect();
    let want = [
        "debian-binary",
        "_early",
        "control.tar.gz",
        "_gpgorigin",
        "data.tar.gz",
        "_late",
    ];
    assert_eq!(names, want);
    let pax = Oddity::Pax {
        member: "data.tar.gz".to_owned(),
    };
    assert_eq!(deb.oddities, [pax, Oddity::MissingField("Maintainer")]);
}

#[test]
fn failures_are_blamed_on_who_failed() {
    let whole = with_data(&[file("./a", "x")]);
    let full = read(&whole[..], &Limits::default(), |_, _| {
        Err(io::Error::other("disk full"))
    });
    assert!(matches!(full, Err(ReadError::Visit { .. })), "{full:?}");

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cable cut"))
        }
    }
    for len in 0..whole.len() {
        let cut = (&whole[..len]).chain(Broken);
        let found = read(cut, &Limits::default(), |_, content| {
            io::copy(content, &mut io::sink()).map(drop)
        });
        assert!(
            matches!(found, Err(ReadError::Source { .. })),
            "{len}: {found:?}"
        );
    }
    for len in 0..whole.len() {
        let swallowing = read(&whole[..len], &Limits::default(), |_, content| {
            let _ = io::copy(content, &mut io::sink());
            Ok(())
        });
        assert!(swallowing.is_err(), "{len}");
    }
}
