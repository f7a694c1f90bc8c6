//! A suite that has something, and packages that are offered to it.

mod admission;
mod changes;
mod comparison;

use std::collections::BTreeMap;

use crate::archive::candidate::{Binary, Source, SourceFile};
use crate::archive::chunk::{self, ChunkRule};
use crate::archive::manifest::{self, Index, IndexFile};
use crate::archive::*;
use crate::format::checksums::FileName;
use crate::format::control::BinaryControl;
use crate::format::dsc::Dsc;
use crate::format::index::Stanza;
use crate::format::index::contents::FileList;
use crate::format::index::piece::Encoding;
use crate::model::{Component, FileDigests, PackageName, Sha256, Suite, Timestamp};

fn settings() -> Settings {
    let names = |names: &[&str]| names.iter().map(|n| n.parse().expect("a name")).collect();
    let architectures = ["amd64", "arm64"].map(|n| n.parse().expect("a name"));
    Settings {
        chunks: ChunkRule {
            boundary_bits: 1,
            max_bytes: 400,
        },
        ..Settings::new(names(&["main", "contrib"]), architectures.to_vec())
    }
}

/// A suite of these stanzas, as if it had been published and observed.
fn suite_of(settings: Settings, stanzas: &BTreeMap<IndexName, Vec<Stanza>>) -> Current {
    let mut chunks = BTreeMap::new();
    let index = |name: IndexName| {
        let listed = stanzas.get(&name).cloned().unwrap_or_default();
        let cut = chunk::cut(&settings.chunks, listed.clone());
        let in_chunk = |name: &PackageName, at: usize| {
            let next = cut.get(at + 1).map(|(chunk, _)| &chunk.first);
            *name.as_str() >= *cut[at].0.first
                && next.is_none_or(|next| name.as_str() < next.as_str())
        };
        for (at, (chunk, _)) in cut.iter().enumerate() {
            let own = listed.iter().filter(|s| in_chunk(s.name(), at));
            let mut own: Vec<_> = own.cloned().collect();
            own.sort();
            chunks.insert(chunk.sha256, own);
        }
        let file = |encoding: &Encoding| IndexFile {
            encoding: *encoding,
            size: 0,
            sha256: Sha256::of(b""),
            pieces: Vec::new(),
        };
        Index {
            files: settings.encodings_of(&name).iter().map(file).collect(),
            patches: Vec::new(),
            name,
            size: cut.iter().map(|(chunk, _)| chunk.size).sum(),
            sha256: Sha256::of(b""),
            chunks: cut.into_iter().map(|(chunk, _)| chunk).collect(),
        }
    };
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        suite: Suite::new("stable").expect("a name"),
        number: 1,
        parent: None,
        date: Timestamp::from_unix(0),
        valid_until: None,
        record: Record::default(),
        shelves: BTreeMap::new(),
        indices: settings.indices().into_iter().map(index).collect(),
        settings: settings.clone(),
    };
    let base = Base {
        number: 1,
        manifest: Sha256::of(&manifest.to_bytes()),
    };
    Current {
        suite: manifest.suite.clone(),
        generation: Some((base, manifest)),
        chunks,
        translations: Default::default(),
        pool: BTreeMap::new(),
    }
}

/// A suite that has nothing.
pub(in crate::archive) fn nothing_there() -> Current {
    suite_of(settings(), &BTreeMap::new())
}

/// A suite into which these candidates were admitted, with their pool files.
fn suite_with(candidates: &[Candidate]) -> Current {
    let empty = suite_of(settings(), &BTreeMap::new());
    let admission = admit(&empty, candidates, Older::Refuse).expect("admitted");
    let stanzas = admission
        .edits
        .into_iter()
        .map(|(name, edit)| (name, edit.add));
    let mut current = suite_of(settings(), &stanzas.collect());
    for incoming in admission.pool {
        current
            .pool
            .insert(incoming.file.path.clone(), incoming.file);
    }
    current
}

/// `NAME VERSION ARCHITECTURE CONTENT [FIELD…]`
pub(in crate::archive) fn deb(text: &str) -> Candidate {
    let mut words = text.splitn(5, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (name, version, architecture, content) = (next(), next(), next(), next());
    let mut control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: A <a@example.org>\nDescription: a\n"
    );
    if let Some(field) = words.next() {
        control += &format!("{field}\n");
    }
    Candidate::Binary(Box::new(Binary {
        origin: format!("/in/{name}.deb").into(),
        size: content.len() as u64,
        sha256: Sha256::of(content.as_bytes()),
        control: BinaryControl::parse(control.as_bytes()).expect("a control file"),
        files: FileList::new([format!("usr/share/doc/{name}").as_bytes()]),
        component: None,
    }))
}

pub(in crate::archive) fn source(
    version: &str,
    listed: &[(&str, &str)],
    beside: &[(&str, &str)],
) -> Candidate {
    let line = |(name, content): &(&str, &str)| {
        let sha256 = Sha256::of(content.as_bytes());
        format!(" {sha256} {} {name}\n", content.len())
    };
    let text = format!(
        "Format: 1.0\nSource: hello\nBinary: hello\nArchitecture: any\nVersion: {version}\n\
         Maintainer: A <a@example.org>\nChecksums-Sha256:\n{}",
        listed.iter().map(line).collect::<String>()
    );
    let file = |(name, content): &(&str, &str)| SourceFile {
        origin: format!("/in/{name}").into(),
        name: FileName::new(*name).expect("a file name"),
        size: content.len() as u64,
        sha256: Sha256::of(content.as_bytes()),
    };
    Candidate::Source(Box::new(Source {
        origin: "/in/hello.dsc".into(),
        digests: FileDigests::of(text.as_bytes()),
        dsc: Dsc::parse(text.as_bytes()).expect("a .dsc"),
        files: beside.iter().map(file).collect(),
        section: None,
        priority: None,
        component: None,
    }))
}

fn in_component(mut candidate: Candidate, name: &str) -> Candidate {
    let component = Component::new(name).expect("a name");
    match &mut candidate {
        Candidate::Binary(binary) => binary.component = Some(component),
        Candidate::Source(source) => source.component = Some(component),
    }
    candidate
}
