//! Tar entries that no package holds.

use super::{claiming, entry, file, said, with_data};

#[test]
fn entries_that_nobody_should_send_are_refused() {
    let long = |type_flag, bytes: &[u8], size| {
        let special = claiming(b"././@LongLink", type_flag, b"", bytes, size);
        [special, file("./x", "x")].concat()
    };
    let pax = |type_flag, record: &str| {
        let special = entry(b"././@PaxHeader", type_flag, b"", record.as_bytes());
        [special, file("./x", "x")].concat()
    };
    let mut wrong_sum = file("./a", "x");
    wrong_sum[150] ^= 1;
    let mut negative = file("./a", "x");
    negative[124..136].fill(0xff);
    resum(&mut negative);
    let mut unsummed_size = file("./a", "x");
    unsummed_size[124..136].copy_from_slice(b"99999999999\0");
    resum(&mut unsummed_size);
    let cases: &[(&str, Vec<u8>, &str)] = &[
        (
            "sparse file",
            entry(b"./a", b'S', b"", b""),
            "a sparse file, which dpkg does not unpack",
        ),
        (
            "volume label",
            entry(b"./a", b'V', b"", b""),
            "type “V”, expected a file, directory, link, fifo or device",
        ),
        (
            "dump directory",
            entry(b"./a", b'D', b"", b""),
            "type “D”, expected a file, directory, link, fifo or device",
        ),
        (
            "multi-volume",
            entry(b"./a", b'M', b"", b""),
            "type “M”, expected a file, directory, link, fifo or device",
        ),
        (
            "directory with contents",
            entry(b"./a/", b'5', b"", b"hidden"),
            "6 bytes of contents for something that is no file",
        ),
        (
            "symbolic link with contents",
            entry(b"./a", b'2', b"b", b"hidden"),
            "6 bytes of contents for something that is no file",
        ),
        (
            "symbolic link to nowhere",
            entry(b"./a", b'2', b"", b""),
            "a symbolic link to nowhere",
        ),
        ("no name", entry(b"", b'0', b"", b"x"), "path “” is empty"),
        ("wrong checksum", wrong_sum, "header checksum is "),
        ("negative size", negative, "the size is “\\xff"),
        (
            "size not octal",
            unsummed_size,
            "the size is “99999999999\\x00”, expected a number in octal or base-256",
        ),
        (
            "long name of 8 GB",
            long(b'L', b"", 8 << 30),
            "8589934592 bytes of long name or pax header, expected at most 4097",
        ),
        (
            "empty long name",
            long(b'L', b"\0", 1),
            "a long name that is empty or goes on after its end",
        ),
        (
            "long name with a tail",
            long(b'L', b"./a\0b", 5),
            "a long name that is empty or goes on after its end",
        ),
        (
            "long name upwards",
            long(b'L', b"../a\0", 5),
            "path “../a” leads out through “..”",
        ),
        (
            "two long names",
            [
                long(b'L', b"a\0", 2)[..1024].to_vec(),
                long(b'L', b"b\0", 2),
            ]
            .concat(),
            "a second long name for the same entry",
        ),
        (
            "pax path upwards",
            pax(b'x', "13 path=../x\n"),
            "path “../x” leads out through “..”",
        ),
        (
            "global pax path upwards",
            pax(b'g', "13 path=../x\n"),
            "path “../x” leads out through “..”",
        ),
        (
            "pax size beyond all",
            pax(b'x', "29 size=18446744073709551615\n"),
            "inside the contents of an entry",
        ),
        (
            "pax sparse",
            pax(b'x', "22 GNU.sparse.major=1\n"),
            "a sparse file, which dpkg does not unpack",
        ),
        (
            "pax record cut",
            pax(b'x', "99 path=x\n"),
            "no pax record: “99 path=x\\n”",
        ),
        (
            "pax record of no length",
            pax(b'x', "0 path=x\n"),
            "no pax record: “0 path=x\\n”",
        ),
    ];
    for (case, bytes, want) in cases {
        let found = said(&with_data(std::slice::from_ref(bytes)));
        assert!(found.contains(want), "{case}: {found}");
    }
}

fn resum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
