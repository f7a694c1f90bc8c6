//! A good package, changed at random.

use proptest::prelude::*;

use crate::format::compress::Compression;

use super::{CONTROL, compressed, entry, file, found, package, tar_of};

fn small(compression: Compression) -> Vec<u8> {
    let name = |stem: &str| format!("{stem}{}", compression.extension());
    let control = tar_of(&[file("./control", CONTROL), file("./md5sums", "")]);
    let long = [
        entry(
            b"././@LongLink",
            b'L',
            b"",
            &[b"./a/".as_slice(), &[b'n'; 120], b"\0"].concat(),
        ),
        file("./a/n", "content"),
        file("./a/cut", "x"),
        entry(b"././@PaxHeader", b'x', b"", b"12 path=./b\n"),
        entry(b"./c", b'1', b"./a/cut", b""),
        entry(b"./d", b'2', b"a", b""),
    ];
    package(&[
        ("debian-binary", b"2.0\n"),
        (&name("control.tar"), &compressed(compression, &control)),
        (&name("data.tar"), &compressed(compression, &tar_of(&long))),
    ])
}

#[test]
fn the_package_to_be_mutated_is_good() {
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        let deb = found(&small(compression)).expect("a good package");
        assert_eq!(deb.members[2].tar.expect("data").entries, 4);
    }
}

fn any_compression() -> impl Strategy<Value = Compression> {
    use Compression::{Gzip, None, Xz, Zstd};
    prop::sample::select(vec![None, Gzip, Xz, Zstd])
}

proptest! {
    #[test]
    fn mutations_never_panic(
        compression in any_compression(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let mut bytes = small(compression);
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] ^= byte,
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
            if bytes.len() < 2 {
                break;
            }
        }
        let _ = found(&bytes);
    }

    #[test]
    fn any_truncation_is_refused(compression in any_compression(), at: prop::sample::Index) {
        let bytes = small(compression);
        prop_assert!(found(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn nothing_may_follow(compression in any_compression(), more in prop::collection::vec(any::<u8>(), 1..80)) {
        let bytes = [small(compression), more].concat();
        prop_assert!(found(&bytes).is_err());
    }
}
