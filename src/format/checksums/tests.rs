use std::error::Error;

use proptest::prelude::*;

use super::*;

fn file(name: &str) -> ListedFile {
    ListedFile {
        name: FileName::new(name).expect(name),
        digests: FileDigests::of(name.as_bytes()),
    }
}

fn written(files: &[&ListedFile]) -> String {
    let mut to = ParagraphWriter::default();
    write_checksums(&mut to, files).expect("checksums");
    write_digests(&mut to, "Files", files, |f| f.digests.md5.clone()).expect("files");
    to.finish()
}

#[test]
fn what_is_written_is_read_back_in_order() {
    let files = [file("b_1.dsc"), file("a_1.deb")];
    let text = written(&[&files[0], &files[1]]);
    let paragraph = paragraph(text.as_bytes(), Syntax::Generated).expect("fields");
    let found = listed_files(&paragraph, Md5Field::Files).expect("a list");
    assert_eq!(found, files);
}

#[test]
fn fields_that_disagree_are_refused() {
    let (one, two) = (file("a_1.dsc"), file("b_1.deb"));
    let text = written(&[&one, &two]);
    let size = one.digests.size.to_string();
    let md5 = &one.digests.md5;
    let last = text.rfind(&format!(" {} ", two.digests.md5)).expect("md5");
    for (case, broken, message, cause) in [
        (
            "a file is missing in Files",
            text[..last].to_owned(),
            "line 6: field Checksums-Sha256: “b_1.deb” is not valid",
            "the file is not in field Files",
        ),
        (
            "a file too many in Files",
            format!("{text} {md5} 7 c\n"),
            "line 10: field Files: “c” is not valid",
            "the file is not in field Checksums-Sha256",
        ),
        (
            "a file twice",
            format!("{text} {md5} {size} a_1.dsc\n"),
            "line 10: field Files: “a_1.dsc” is not valid",
            "the file is already listed on line 8",
        ),
        (
            "another size",
            text.replace(&format!("{md5} {size}"), &format!("{md5} 9")),
            "line 8: field Files: “a_1.dsc” is not valid",
            "the size is 7 in field Checksums-Sha256",
        ),
        (
            "a size with a sign",
            text.replace(&format!("{md5} {size}"), &format!("{md5} +{size}")),
            "line 8: field Files: “+7” is not valid",
            "the size is not a number of bytes",
        ),
        (
            "a short digest",
            text.replace(md5.as_str(), &md5[1..]),
            &format!("line 8: field Files: “{}” is not valid", &md5[1..]),
            "a digest has 32 lower-case hexadecimal digits here",
        ),
        (
            "a path",
            text.replace("a_1.dsc", "../a_1.dsc"),
            "line 5: field Checksums-Sha256: “../a_1.dsc” is not valid",
            "“../a_1.dsc” is not a plain file name (a letter or digit, then letters, digits and + - . : , = _ ~ % @)",
        ),
        (
            "a word too many",
            text.replace("a_1.dsc", "a_1.dsc x"),
            &format!(
                "line 5: field Checksums-Sha256: “{} {size} a_1.dsc x” is not valid",
                one.digests.sha256
            ),
            "expected the 3 words “digest size name”, found 4",
        ),
    ] {
        let parsed = paragraph(broken.as_bytes(), Syntax::Generated).expect(case);
        let error = listed_files(&parsed, Md5Field::Files).expect_err(case);
        assert_eq!(error.to_string(), message, "{case}");
        let source = error.source().expect(case);
        assert_eq!(source.to_string(), cause, "{case}");
    }
}

#[test]
fn one_file_is_relisted_and_nothing_else_changes() {
    let changes = include_str!("../../../fixtures/debian/hello_2.10-3_amd64.changes");
    let info = include_str!("../../../fixtures/debian/hello_2.10-3_amd64.buildinfo");
    let signed = ListedFile {
        name: FileName::new("hello_2.10-3.dsc").expect("a name"),
        digests: FileDigests::of(b"signed"),
    };
    for (text, md5, listed) in [
        (changes, Md5Field::FilesOfChanges, 5),
        (info, Md5Field::ChecksumsMd5, 3),
    ] {
        let found = relisted(text, &signed).expect("listed");
        let pairs = text.lines().zip(found.lines());
        let changed: Vec<_> = pairs.filter(|(old, new)| old != new).collect();
        assert_eq!(changed.len(), 3, "{changed:?}");
        let parsed = paragraph(found.as_bytes(), Syntax::Generated).expect("fields");
        let files = listed_files(&parsed, md5).expect("a list");
        assert_eq!(files.len(), listed);
        assert!(files.contains(&signed), "{found}");

        let other = ListedFile {
            name: FileName::new("x").expect("a name"),
            ..signed.clone()
        };
        assert!(relisted(text, &other).is_err());
    }
}

#[test]
fn file_names_are_plain() {
    for name in ["hello_2.10-3.dsc", "a", "libstdc++6_1%3a1.0~rc1_amd64.deb"] {
        assert!(FileName::new(name).is_ok(), "{name}");
    }
    for name in [
        "", ".", "..", "../x", "a/b", "/a", "-a", ".a", "a b", "a\n", "a\\b", "a\0", "é", "$a",
        "a;b",
    ] {
        assert!(FileName::new(name).is_err(), "{name:?}");
    }
}

#[test]
fn sums_are_sha256sums() {
    let digest = Sha256::of(b"abc");
    for good in [format!("{digest}  a.deb\n"), format!("{digest} *a.deb")] {
        let found = parse_sums(&good).expect(&good);
        assert_eq!(found, [(FileName::new("a.deb").expect("name"), digest)]);
    }
    for (bad, want) in [
        (format!("{digest} a\n"), "line 1: found"),
        (format!("\\{digest}  a\\nb\n"), "line 1: found"),
        (format!("{digest}  a\n\n"), "line 2: found “”"),
        (format!("{digest}  ../a\n"), "line 1: cannot take"),
        (
            format!("{digest}  a\n{digest}  a\n"),
            "line 2: a is listed twice",
        ),
    ] {
        let error = parse_sums(&bad).expect_err(&bad).to_string();
        assert!(error.starts_with(want), "{bad:?}: {error}");
    }
}

#[test]
fn sha256sum_accepts_what_is_written() {
    use std::process::Command;
    let dir = tempfile::tempdir().expect("a directory");
    let name = FileName::new("a.deb").expect("a name");
    std::fs::write(dir.path().join(&name), "abc").expect("a file");
    let sums = write_sums([(&name, &Sha256::of(b"abc"))]);
    std::fs::write(dir.path().join("SHA256SUMS"), sums).expect("a file");
    let output = Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(dir.path())
        .output()
        .expect("cannot run sha256sum: install the package coreutils");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a.deb: OK\n");
}

proptest! {
    #[test]
    fn sums_survive(names in prop::collection::btree_set("[a-z0-9][a-z0-9+.~_-]{0,9}", 0..9)) {
        let sums: Vec<_> = names
            .iter()
            .map(|name| (FileName::new(name.as_str()).expect(name), Sha256::of(name.as_bytes())))
            .collect();
        let text = write_sums(sums.iter().map(|(name, digest)| (name, digest)));
        prop_assert_eq!(parse_sums(&text).expect("what we wrote"), sums);
    }

    #[test]
    fn any_sums_are_refused_or_read(text in "([0-9a-f]{64}(  | \\*)?[a-z./]{0,3}\n?|\\PC{0,5}){0,3}") {
        let _ = parse_sums(&text);
    }
}
