use proptest::prelude::*;

use super::*;

fn header(name: &str, size: u64) -> Header {
    Header {
        name: name.into(),
        mtime: 1_700_000_000,
        size,
    }
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for (name, content) in members {
        let head = header(name, content.len() as u64).encode();
        bytes.extend(head.expect("fits"));
        bytes.extend(*content);
        bytes.extend(&b"\n"[..content.len() % 2]);
    }
    bytes
}

fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut reader = Reader::new(bytes).map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    while let Some(member) = reader.next_member().map_err(|e| e.to_string())? {
        let mut content = Vec::new();
        reader
            .read_to_end(&mut content)
            .map_err(|e| e.to_string())?;
        found.push((String::from_utf8_lossy(&member.name).into_owned(), content));
    }
    Ok(found)
}

#[test]
fn header_is_dpkg_debs() {
    let want = b"debian-binary   1700000000  0     0     100644  4         `\n";
    let found = header("debian-binary", 4).encode().expect("fits");
    assert_eq!(
        found.escape_ascii().to_string(),
        want.escape_ascii().to_string()
    );
}

#[test]
fn what_does_not_fit_is_not_written() {
    for (name, size) in [
        ("", 0),
        ("seventeen-letters", 0),
        ("a name", 0),
        ("x", 10_000_000_000),
    ] {
        let found = header(name, size).encode();
        let refused = matches!(found, Err(ArError::Unwritable { .. }));
        assert!(refused, "{name} of {size} bytes: {found:?}");
    }
    header("sixteen-letters-", 9_999_999_999)
        .encode()
        .expect("fits");
}

#[test]
fn what_is_written_is_read() {
    let members: &[(&str, &[u8])] = &[("odd", b"abc"), ("empty", b""), ("even", b"abcd")];
    let want: Vec<_> = members
        .iter()
        .map(|(n, c)| ((*n).to_owned(), c.to_vec()))
        .collect();
    assert_eq!(read(&archive(members)), Ok(want));
}

#[test]
fn times_before_1970_are_written() {
    let header = Header {
        mtime: -1,
        ..header("x", 0)
    };
    let bytes = header.encode().expect("fits");
    assert_eq!(&bytes[16..28], b"-1          ");
    assert_eq!(Header::decode(&bytes, 0).expect("ours"), header);
}

#[test]
fn every_truncation_is_refused() {
    let whole = archive(&[("one", b"abc"), ("two", b"defgh")]);
    let between = [8, 72];
    for len in 0..whole.len() {
        let found = read(&whole[..len]);
        assert_eq!(found.is_ok(), between.contains(&len), "{len}: {found:?}");
    }
}

#[test]
fn nonsense_in_headers_is_refused() {
    let cases: &[(&str, usize, &str)] = &[
        ("size is negative", 48, "-4        "),
        ("size has a plus", 48, "+4        "),
        ("size is hexadecimal", 48, "0x4       "),
        ("size is blank", 48, "          "),
        ("size has a gap", 48, "4 4       "),
        ("mode is not octal", 40, "100649  "),
        ("time is text", 16, "yesterday   "),
        ("end is missing", 58, "  "),
        ("name is blank", 0, "                "),
        ("name has control characters", 0, "a\tb             "),
    ];
    for (case, at, text) in cases {
        let mut bytes = archive(&[("one", b"abcd")]);
        bytes[8 + at..8 + at + text.len()].copy_from_slice(text.as_bytes());
        let found = read(&bytes);
        assert!(found.is_err(), "{case}: {found:?}");
    }
}

#[test]
fn headers_of_other_tools_are_read() {
    for text in [
        "debian-binary/  0           0     0     644     4         `\n",
        "debian-binary                                   4         `\n",
        "debian-binary   -1          0     0     100644  4         `\n",
    ] {
        let bytes = text.as_bytes().try_into().expect(text);
        let found = Header::decode(bytes, 8).expect(text);
        assert_eq!((found.name, found.size), (b"debian-binary".to_vec(), 4));
    }
}

proptest! {
    #[test]
    fn the_crate_reads_what_we_write_and_we_what_it_writes(
        members in prop::collection::vec(
            ("[a-zA-Z0-9._-]{1,16}", prop::collection::vec(any::<u8>(), 0..70)), 0..5,
        ),
    ) {
        let slices: Vec<(&str, &[u8])> =
            members.iter().map(|(name, content)| (&name[..], &content[..])).collect();
        let ours = archive(&slices);
        let mut theirs = ar::Archive::new(&ours[..]);
        let mut found = Vec::new();
        while let Some(entry) = theirs.next_entry() {
            let mut entry = entry.expect("an archive");
            let name = String::from_utf8(entry.header().identifier().to_vec());
            prop_assert_eq!(entry.header().mode(), 0o100644);
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("memory");
            found.push((name.expect("letters"), content));
        }
        prop_assert_eq!(&found, &members);

        let mut builder = ar::Builder::new(Vec::new());
        for (name, content) in &members {
            let header = ar::Header::new(name.clone().into_bytes(), content.len() as u64);
            builder.append(&header, &content[..]).expect("memory");
        }
        let mut theirs = builder.into_inner().expect("memory");
        if members.is_empty() {
            theirs = MAGIC.to_vec();
        }
        prop_assert_eq!(read(&theirs), Ok(members));
    }
}
