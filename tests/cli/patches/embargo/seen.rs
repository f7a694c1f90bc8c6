//! What others see: every byte of it, decompressed wherever anything is
//! compressed.

use std::io::Read as _;
use std::path::Path;

use super::{SECRET, git};
use crate::world::World;

/// How deep a package is packed: a page in a tree in a package, and one more.
const DEEP: u32 = 4;

/// Tells whether bytes hold a word, also where something compressed begins
/// anywhere in them.
pub fn reveals(bytes: &[u8], word: &[u8], deep: u32) -> bool {
    if bytes.windows(word.len()).any(|window| window == word) {
        return true;
    }
    if deep == 0 {
        return false;
    }
    let starts = |magic: &'static [u8]| {
        let all = bytes.windows(magic.len()).enumerate();
        all.filter(move |(_, window)| *window == magic)
            .map(|(at, _)| at)
    };
    // What ends in the middle of something else is an error after its last byte.
    let mut inner = Vec::new();
    let mut unpacked = |mut from: Box<dyn std::io::Read + '_>| {
        let mut out = Vec::new();
        let _ = from.read_to_end(&mut out);
        inner.push(out);
    };
    for at in starts(b"\x1f\x8b\x08") {
        unpacked(Box::new(flate2::read::GzDecoder::new(&bytes[at..])));
    }
    for at in starts(b"\xfd7zXZ\0") {
        unpacked(Box::new(liblzma::read::XzDecoder::new(&bytes[at..])));
    }
    for at in starts(b"\x28\xb5\x2f\xfd") {
        if let Ok(decoder) = zstd::stream::read::Decoder::new(&bytes[at..]) {
            unpacked(Box::new(decoder));
        }
    }
    if bytes.first() == Some(&0x78) {
        unpacked(Box::new(flate2::read::ZlibDecoder::new(bytes)));
    }
    let more = inner.iter().filter(|out| !out.is_empty());
    more.into_iter().any(|out| reveals(out, word, deep - 1))
}

/// Lists the files below a directory that hold a word.
pub fn holding(directory: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(directory) {
        let Ok(entry) = entry else { continue };
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).expect("readable");
        let name = entry.path().display().to_string();
        if name.contains(word) || reveals(&bytes, word.as_bytes(), DEEP) {
            found.push(name);
        }
    }
    found
}

/// Lists what others see of a word: the public repository (every object, every
/// name), the public archive, what was mailed, posted and told, the user's home
/// and the temporary directory, and what debcut said.
pub fn seen(world: &World, word: &str, said: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for place in [
        "public.git",
        "apt",
        "mail",
        "wall",
        "web",
        "hook",
        "home",
        "data",
        "tmp",
        "mirror",
    ] {
        let path = world.path(place);
        if path.exists() {
            found.extend(holding(&path, word));
        }
    }
    // Packs hold differences: git alone puts them together.
    let all = "--git-dir ../public.git cat-file --batch --batch-all-objects";
    for (what, words) in [
        ("objects", all),
        ("refs", "--git-dir ../public.git for-each-ref"),
    ] {
        if git(world, words).code(0).stdout.contains(word) {
            found.push(what.to_owned());
        }
    }
    if said.iter().any(|said| said.contains(word)) {
        found.push("output".to_owned());
    }
    found
}

#[test]
fn nothing_hides_in_a_package() {
    let world = super::prepared("");
    super::fix(&world);
    super::run(&world, "release --to stable --archive ../sec").code(0);
    let found = holding(&world.path("sec"), SECRET).join("\n");
    // The page in the package, whose bytes as such do not hold the word.
    let package = found.lines().find(|line| line.ends_with(".deb"));
    let package = std::fs::read(package.expect(&found)).expect("readable");
    assert!(reveals(&package, SECRET.as_bytes(), DEEP));
    assert!(!reveals(&package, SECRET.as_bytes(), 0));
    assert!(!reveals(&package, b"zanzibor", DEEP));
}
