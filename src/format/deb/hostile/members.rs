//! Members in the wrong order, cut, doubled, or with something behind them;
//! control members with more than control files.

use super::{
    CONTROL, compressed, entry, file, good_control, package, said, tar_of, with_control, with_data,
    with_members,
};
use crate::format::compress::Compression;

#[test]
fn members_come_in_their_order_or_not_at_all() {
    let (control, data) = (&good_control()[..], &tar_of(&[])[..]);
    let version: (&str, &[u8]) = ("debian-binary", b"2.0\n");
    let cases: &[(&str, Vec<u8>, &str)] = &[
        (
            "nothing",
            Vec::new(),
            "not a sound package: not an ar archive: begins with “”",
        ),
        (
            "before 1995",
            b"0.939000\n1234\n".to_vec(),
            "format 0.939000 from before 1995",
        ),
        (
            "magic alone",
            package(&[]),
            "the package ends before debian-binary",
        ),
        (
            "no version",
            package(&[("control.tar", control)]),
            "member control.tar comes where debian-binary is expected",
        ),
        (
            "format 3",
            package(&[("debian-binary", b"3.0\n")]),
            "debian-binary says format “3.0\\n”, expected 2.x",
        ),
        (
            "format without newline",
            package(&[("debian-binary", b"2.0")]),
            "debian-binary says format “2.0”, expected 2.x",
        ),
        (
            "no control",
            package(&[version]),
            "the package ends before control.tar",
        ),
        (
            "no data",
            package(&[version, ("control.tar", control)]),
            "the package ends before data.tar",
        ),
        (
            "data first",
            package(&[version, ("data.tar", data), ("control.tar", control)]),
            "member data.tar comes where control.tar is expected",
        ),
        (
            "two controls",
            package(&[
                version,
                ("control.tar", control),
                ("control.tar", control),
                ("data.tar", data),
            ]),
            "member control.tar comes where data.tar is expected",
        ),
        (
            "two data",
            package(&[
                version,
                ("control.tar", control),
                ("data.tar", data),
                ("data.tar", data),
            ]),
            "member data.tar comes where the end is expected",
        ),
        (
            "unknown member",
            package(&[
                version,
                ("extra", b""),
                ("control.tar", control),
                ("data.tar", data),
            ]),
            "member extra comes where control.tar is expected",
        ),
        (
            "unknown compression",
            package(&[version, ("control.tar.7z", control), ("data.tar", data)]),
            "member control.tar.7z has an unknown compression",
        ),
        (
            "no compression at all",
            package(&[version, ("control.tar.gz", control), ("data.tar", data)]),
            "control.tar.gz is corrupt: invalid gzip header",
        ),
        (
            "empty stream",
            package(&[version, ("control.tar.zst", b""), ("data.tar", data)]),
            "control.tar.zst is corrupt: the zstd stream is empty",
        ),
        (
            "garbage at the end",
            [with_data(&[]), b"garbage".to_vec()].concat(),
            "ar archive ends at byte",
        ),
        (
            "too many members",
            package(&[[version].as_slice(), &[("_x", &b""[..]); 64]].concat()),
            "more than 64 members",
        ),
    ];
    for (case, bytes, want) in cases {
        let found = said(bytes);
        assert!(found.contains(want), "{case}: {found}");
    }
}

#[test]
fn control_files_lie_side_by_side() {
    let control = || file("./control", CONTROL);
    let cases: &[(&str, Vec<Vec<u8>>, &str)] = &[
        (
            "no control",
            vec![file("./postinst", "x")],
            "control.tar holds no file named control",
        ),
        (
            "control in a directory",
            vec![file("./sub/control", CONTROL)],
            "control.tar holds the file sub/control, expected regular files side by side",
        ),
        (
            "a directory",
            vec![control(), entry(b"./sub", b'5', b"", b"")],
            "control.tar holds the directory sub,",
        ),
        (
            "a symbolic link",
            vec![control(), entry(b"./postinst", b'2', b"/bin/sh", b"")],
            "control.tar holds the symbolic link postinst,",
        ),
        (
            "a device",
            vec![control(), entry(b"./postinst", b'3', b"", b"")],
            "control.tar holds the device or fifo postinst,",
        ),
        (
            "two controls",
            vec![control(), control()],
            "control.tar holds a path that cannot be unpacked safely: control comes twice",
        ),
        (
            "control is a link outside",
            vec![entry(b"./control", b'2', b"/etc/passwd", b"")],
            "control.tar holds the symbolic link control,",
        ),
        (
            "bad field",
            vec![file("./control", "Package\n")],
            "the control file is not valid: control line 1: no colon after a field's name",
        ),
    ];
    for (case, entries, want) in cases {
        let found = said(&with_control(entries));
        assert!(found.starts_with(want), "{case}: {found}");
    }
}

#[test]
fn bytes_cannot_hide_behind_an_end() {
    use Compression::{Gzip, Xz, Zstd};
    let data = tar_of(&[file("./a", "x")]);
    for compression in [Gzip, Xz, Zstd] {
        let stream = compressed(compression, &data);
        let name = format!("data.tar{}", compression.extension());
        let with = |data: &[u8]| {
            let control = good_control();
            package(&[
                ("debian-binary", b"2.0\n"),
                ("control.tar", &control),
                (&name, data),
            ])
        };
        assert_eq!(said(&with(&stream)), "accepted");
        let want = format!("{name} is corrupt: bytes follow the end of the {compression} stream");
        for behind in [&stream[..], b"x", b"\0\0\0\0"] {
            assert_eq!(said(&with(&[&stream[..], behind].concat())), want);
        }
        for len in 0..stream.len() {
            let found = said(&with(&stream[..len]));
            assert!(
                found.starts_with(&format!("{name} is ")),
                "{len} of {name}: {found}"
            );
        }
    }
    let hidden = [data.clone(), file("./evil", "x")].concat();
    let found = said(&with_members(&good_control(), &hidden));
    assert!(
        found.contains("bytes other than zero follow the end of the tar"),
        "{found}"
    );
    let lone = &data[..data.len() - 1024];
    let found = said(&with_members(&good_control(), lone));
    assert!(
        found.contains("inside its entries: no zero block"),
        "{found}"
    );
}
