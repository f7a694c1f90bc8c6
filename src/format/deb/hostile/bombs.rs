//! Little bytes that want much.

use std::io::{self, Read, Write};

use crate::format::compress::{Compression, Encoder, Settings};
use crate::format::deb::{Limits, ReadError, read};

use super::{
    claiming, compressed, entry, file, good_control, package, said, tar_of, with_control, with_data,
};

#[test]
fn bombs_do_not_go_off() {
    let huge = claiming(b"./zeros", b'0', b"", b"", 3 << 26);
    let settings = Settings {
        level: Some(1),
        ..Settings::new(Compression::Zstd)
    };
    let mut encoder = Encoder::new(settings, Vec::new()).expect("writable");
    encoder.write_all(&huge).expect("memory");
    io::copy(&mut io::repeat(0).take(3 << 25), &mut encoder).expect("memory");
    let bomb = encoder.finish().expect("memory");
    assert!(bomb.len() < 1 << 20);
    let bytes = package(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &good_control()),
        ("data.tar.zst", &bomb),
    ]);
    let limits = Limits {
        ratio_free_bytes: 1 << 20,
        ..Limits::default()
    };
    let found = read(&bytes[..], &limits, |_, _| Ok(()));
    let by_ratio = 200 * bomb.len() as u64;
    let Err(ReadError::TooLarge { limit, .. }) = found else {
        panic!("{found:?}");
    };
    assert_eq!(limit, by_ratio.max(1 << 20));

    let zeros = "\0".repeat(1 << 20);
    let control = compressed(Compression::Xz, &tar_of(&[file("./x", &zeros)]));
    let bytes = package(&[("debian-binary", b"2.0\n"), ("control.tar.xz", &control)]);
    let limits = Limits {
        control_bytes: 100_000,
        ..Limits::default()
    };
    let found = read(&bytes[..], &limits, |_, _| Ok(()));
    assert!(
        matches!(found, Err(ReadError::TooLarge { limit: 100_000, .. })),
        "{found:?}"
    );

    let links: Vec<_> = (0..200)
        .map(|n| entry(format!("./{n}").as_bytes(), b'1', b"./x", b""))
        .collect();
    let entries = [vec![file("./x", &zeros)], links].concat();
    let found = said(&with_control(&entries));
    assert!(
        found.contains("unpacks to more than 67108864 bytes"),
        "{found}"
    );

    let many: Vec<_> = (0..20).map(|n| file(&format!("./{n}"), "")).collect();
    let limits = Limits {
        entries: 19,
        ..Limits::default()
    };
    let found = read(&with_data(&many)[..], &limits, |_, _| Ok(()));
    assert!(
        matches!(
            found,
            Err(ReadError::TooMany {
                what: "entries",
                limit: 19
            })
        ),
        "{found:?}"
    );
}

#[test]
fn windows_are_held_to_the_limit() {
    // A frame that wants 2 GiB, and an empty block.
    let zstd = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    // A dictionary of 4 GiB, an unknown size.
    let lzma = b"\x5d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0";
    for (name, stream) in [("data.tar.zst", &zstd[..]), ("data.tar.lzma", lzma)] {
        let control = good_control();
        let members = [
            ("debian-binary", &b"2.0\n"[..]),
            ("control.tar", &control),
            (name, stream),
        ];
        let found = said(&package(&members)).to_lowercase();
        assert!(found.contains("memory"), "{name}: {found}");
    }
}
