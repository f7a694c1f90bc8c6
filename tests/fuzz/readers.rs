//! Everything that takes bytes from outside, each as one function of bytes.
//!
//! A reader may refuse what it gets; it must not panic, and must not take more
//! memory than a limit. What it accepts it must be able to write again. Each
//! tells whether it accepted anything.

use std::io::{self, Read};

use debcut::archive::chunk::{ChunkRule, cut};
use debcut::archive::{Manifest, proofs};
use debcut::format::changes::Changes;
use debcut::format::compress::{Compression, Decoder};
use debcut::format::control::{BinaryControl, SourceControl};
use debcut::format::deb822::Syntax;
use debcut::format::dsc::Dsc;
use debcut::format::index::piece::{Encoding, Joining};
use debcut::format::index::{Entry, Kind, contents, translation};
use debcut::format::relation::Form;
use debcut::format::release::Release;
use debcut::format::statement::Envelope;
use debcut::format::version::Version;
use debcut::format::{ar, buildinfo::Buildinfo, changelog, deb, deb822, gzip_member, index};
use debcut::format::{relation, tar, xz_stream};
use debcut::model::{ArchivePath, Suite};
use debcut::publish::Head;
use debcut::sys::openpgp::Certificate;

/// What a single stream may unpack to, when it is hostile.
const UNPACKED: u64 = 8 << 20;

/// Reads an ar archive to its end.
pub fn ar(bytes: &[u8]) -> bool {
    let Ok(mut archive) = ar::Reader::new(bytes) else {
        return false;
    };
    loop {
        match archive.next_member() {
            Ok(Some(_)) if io::copy(&mut archive, &mut io::sink()).is_ok() => {}
            ended => return matches!(ended, Ok(None)),
        }
    }
}

/// Reads a tar archive to its end.
pub fn tar(bytes: &[u8]) -> bool {
    let mut archive = tar::Reader::new(bytes);
    loop {
        match archive.next_entry() {
            Ok(Some(_)) if io::copy(&mut archive, &mut io::sink()).is_ok() => {}
            ended => return matches!(ended, Ok(None)),
        }
    }
}

/// Reads a binary package, its control file alone, and all of it.
pub fn deb(bytes: &[u8]) -> bool {
    let limits = deb::Limits {
        control_bytes: UNPACKED,
        data_bytes: UNPACKED,
        ratio_free_bytes: UNPACKED,
        ..deb::Limits::default()
    };
    let _ = deb::control(bytes, &limits);
    let whole = deb::read(bytes, &limits, |_, content| {
        io::copy(content, &mut io::sink()).map(drop)
    });
    let _ = deb::Contents::read(bytes, &limits);
    match whole {
        Ok(package) => BinaryControl::parse(package.control.paragraph()).is_ok(),
        Err(_) => false,
    }
}

/// Decompresses bytes in every format that a package can have.
pub fn compressed(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for compression in [
        Compression::Gzip,
        Compression::Xz,
        Compression::Lzma,
        Compression::Zstd,
        Compression::Bzip2,
    ] {
        if let Ok(decoder) = Decoder::new(compression, bytes, 128 << 20) {
            accepted |= io::copy(&mut decoder.take(UNPACKED), &mut io::sink()).is_ok();
        }
    }
    accepted
}

/// Reads paragraphs of either kind.
pub fn paragraphs(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for syntax in [Syntax::Generated, Syntax::Handwritten] {
        let Ok(found) = deb822::paragraphs(bytes, syntax) else {
            continue;
        };
        for field in found.iter().flat_map(deb822::Paragraph::fields) {
            let _ = (field.value(), field.lines().count());
            for form in [Form::Settled, Form::Handwritten, Form::Template] {
                accepted |= relation::field_relations(field, form).is_ok();
            }
        }
    }
    accepted
}

/// Reads the files that come with a source package and an upload.
pub fn upload(bytes: &[u8]) -> bool {
    let mut accepted = SourceControl::parse(bytes).is_ok();
    accepted |= BinaryControl::parse(bytes).is_ok();
    accepted |= Dsc::parse(bytes).is_ok();
    if let Ok(changes) = Changes::parse(bytes)
        && let Ok(text) = changes.text()
    {
        assert_eq!(Changes::parse(text.as_bytes()).expect("ours"), changes);
        accepted = true;
    }
    if let Ok(buildinfo) = Buildinfo::parse(bytes)
        && let Ok(text) = buildinfo.text()
    {
        assert_eq!(Buildinfo::parse(text.as_bytes()).expect("ours"), buildinfo);
        accepted = true;
    }
    accepted
}

/// Reads relations and versions, as values of fields and as lines.
pub fn relations(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut accepted = false;
    for line in text.lines() {
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        for form in [Form::Settled, Form::Handwritten, Form::Template] {
            if let Ok(clauses) = relation::relations(value, form) {
                let words: Vec<_> = clauses.iter().map(ToString::to_string).collect();
                let again = relation::relations(&words.join(", "), form);
                assert_eq!(again.expect("as we write them"), clauses);
                accepted = true;
            }
        }
        if let Ok(version) = Version::new(value) {
            assert!(version.compare(&version).is_eq());
            assert_eq!(version.to_string(), value);
        }
    }
    accepted
}

/// Reads a changelog, whole and its newest entry.
pub fn changelog(bytes: &[u8]) -> bool {
    let file = changelog::File::parse(bytes);
    assert!(file.to_bytes() == bytes, "it is written as it was read");
    let _ = changelog::headings(bytes);
    changelog::Entry::newest(bytes).is_ok()
}

/// Reads a `Release`; what it says is said again.
pub fn release(bytes: &[u8]) -> bool {
    if let Ok(release) = Release::parse(bytes)
        && let Ok(text) = release.text()
    {
        assert_eq!(Release::parse(text.as_bytes()).expect("ours"), release);
        return true;
    }
    false
}

/// Cuts an index into small chunks: read and cut again, they are the same.
fn chunks<T: Entry + std::fmt::Debug>(entries: Vec<T>, read: impl Fn(&str) -> Vec<T>) {
    let rule = ChunkRule {
        boundary_bits: 1,
        max_bytes: 500,
    };
    let first = cut(&rule, entries);
    let again: Vec<T> = first.iter().flat_map(|(_, text)| read(text)).collect();
    assert_eq!(cut(&rule, again), first);
}

/// Reads `Packages` and `Sources` as far as the files that they promise.
pub fn listing(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for kind in [Kind::Packages, Kind::Sources] {
        let Ok(stanzas) = index::parse(bytes, kind) else {
            continue;
        };
        for stanza in &stanzas {
            accepted |= index::files(stanza).is_ok();
            let _ = contents::location(stanza);
        }
        chunks(stanzas, |text| {
            index::parse(text.as_bytes(), kind).expect("our chunk")
        });
    }
    accepted
}

/// Reads `Contents`.
pub fn contents(bytes: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(lines) = contents::parse(text)
    {
        let accepted = !lines.is_empty();
        chunks(lines, |text| contents::parse(text).expect("our chunk"));
        return accepted;
    }
    false
}

/// Reads `Translation-en`, and takes descriptions out and puts them back.
pub fn descriptions(bytes: &[u8]) -> bool {
    if let Ok(found) = translation::parse(bytes) {
        chunks(found, |text| {
            translation::parse(text.as_bytes()).expect("our chunk")
        });
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(short) = translation::shorten(text)
    {
        let back = translation::restore(&short.control, &short.translation);
        let back = back.expect("what was taken out goes back");
        let value = |text: &str| {
            let paragraph = deb822::paragraph(text.as_bytes(), Syntax::Generated).expect("one");
            paragraph.get("Description").map(str::to_owned)
        };
        assert_eq!(value(&back), value(text));
        return true;
    }
    false
}

/// Takes published files apart and puts them together again.
pub fn pieces(bytes: &[u8]) -> bool {
    let sizes = |count: usize| {
        let each = bytes.len() / count.max(1);
        vec![each as u64; count]
    };
    for encoding in Encoding::ALL {
        let _ = encoding.decompress(bytes, UNPACKED);
        for count in [0, 1, 2, 7] {
            let _ = encoding.take_apart(bytes, sizes(count).into_iter());
        }
        let mut joining = Joining::new(encoding);
        if joining.push(bytes).is_ok() {
            let _ = joining.push(bytes);
            let _ = joining.finish();
        }
    }
    let mut accepted = false;
    if let Ok(blocks) = xz_stream::blocks(bytes) {
        accepted = true;
        let mut assembly = xz_stream::Assembly::default();
        blocks.iter().for_each(|block| assembly.push(block));
        assert!(assembly.finish() == bytes, "a stream has one form");
    }
    if let Ok(blocks) = gzip_member::split(bytes) {
        accepted = true;
        let mut assembly = gzip_member::Assembly::default();
        assembly.push(&blocks);
        assert!(assembly.finish() == bytes, "a member has one form");
    }
    accepted
}

/// Reads the state of an archive.
pub fn state(bytes: &[u8]) -> bool {
    let mut accepted = false;
    if let Ok(manifest) = Manifest::from_bytes(bytes) {
        accepted = true;
        let _ = manifest.release().text();
        let again = Manifest::from_bytes(&manifest.to_bytes());
        assert_eq!(again.expect("ours"), manifest);
    }
    let path = ArchivePath::new(".debcut/suites/stable/head").expect("a path");
    let suite = Suite::new("stable").expect("a name");
    accepted |= Head::from_bytes(&path, &suite, bytes).is_ok();
    let _ = proofs::from_bytes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(envelope) = Envelope::parse(text)
    {
        let _ = envelope.statement();
    }
    accepted
}

/// Reads keys.
pub fn keys(bytes: &[u8]) -> bool {
    let Ok(found) = Certificate::parse_all(bytes) else {
        return false;
    };
    for certificate in &found {
        let _ = (certificate.armored(), certificate.expires());
    }
    !found.is_empty()
}
