//! Random histories: the same packages in a suite are the same bytes in its
//! indices, however they came there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{Wax, World};
use super::*;
use crate::archive::settings::Descriptions;
use crate::archive::{
    Admission, Candidate, Current, Grounds, Older, Record, Removal, Selection, Settings, admit,
    promote, remove, settle,
};
use crate::format::index::piece::Encoding;
use crate::format::index::{self, Kind, contents, translation};
use crate::format::version::Version;
use crate::model::{ArchivePath, Finding, PackageName, Sha256, Suite};
use crate::sys::store::{MemoryStore, Store};

const SUITES: [&str; 2] = ["stable", "testing"];
const NAMES: [&str; 7] = ["aa", "ab", "libb1", "cc+", "d0", "ee.x", "zz-top"];
const VERSIONS: [&str; 4] = ["1.0~rc1", "1.0", "1.0+b1-1", "1:0.5"];
const ARCHITECTURES: [&str; 3] = ["amd64", "arm64", "all"];
/// Fields that take other ways through parsers and chunks.
const FIELDS: [&str; 4] = [
    "Depends: libc6 (>= 2.36),\n perl:any | python3,\n\t tree [amd64]\n",
    "Multi-Arch: foreign\nBuilt-Using: gcc-12 (= 12.2.0-14), binutils (= 2.40-2)\n",
    "Tag: role::program,\n use::testing\nX-Unknown: ☃ ünï and : colons\n",
    "",
];

/// A package that can be published, and how a suite lists it.
struct Package {
    candidate: Candidate,
    name: &'static str,
    version: &'static str,
    architecture: &'static str,
}

/// What happens to a suite.
#[derive(Debug, Clone)]
enum Step {
    Add(usize, Vec<usize>),
    Remove(usize, &'static str),
    RemoveVersion(usize, usize),
    Promote(usize, &'static str),
    PromoteAll(usize),
}

/// The packages of a suite, by their places in the catalogue.
type Model = [BTreeSet<usize>; SUITES.len()];

fn catalogue(world: &World) -> Vec<Package> {
    let mut found = Vec::new();
    for (n, name) in NAMES.into_iter().enumerate() {
        for (v, version) in VERSIONS.into_iter().enumerate() {
            let architecture = ARCHITECTURES[(n + v) % ARCHITECTURES.len()];
            let section = if n % 3 == 0 { "contrib/net" } else { "utils" };
            let more = FIELDS[(n * 2 + v) % FIELDS.len()];
            let control = format!(
                "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
                 Maintainer: A <a@example.org>\nSection: {section}\n{more}\
                 Description: number {v}\n Long for all,\n .\n  and {n}.\n"
            );
            let bytes = format!("{name} {version} {architecture}");
            found.push(Package {
                candidate: world.deb_of(&control, bytes.as_bytes()),
                name,
                version,
                architecture,
            });
        }
    }
    for (name, version) in [("plum", "1.0-1"), ("plum", "1.0-2"), ("sloe", "3")] {
        let tarball = format!("{name}_{version}.tar.xz");
        let files: [(&str, &[u8]); 1] = [(&tarball, tarball.as_bytes())];
        found.push(Package {
            candidate: world.source(name, version, &files),
            name,
            version,
            architecture: "source",
        });
    }
    found
}

/// The archive and what should be in it.
struct Scene<'a> {
    world: &'a World,
    catalogue: &'a [Package],
    settings: Settings,
    store: MemoryStore,
    model: Model,
}

impl<'a> Scene<'a> {
    fn new(world: &'a World, catalogue: &'a [Package], descriptions: Descriptions) -> Self {
        let scene = Self {
            world,
            catalogue,
            settings: Settings {
                descriptions,
                contents: vec![Encoding::Gz, Encoding::Xz],
                ..world.settings()
            },
            store: MemoryStore::default(),
            model: Model::default(),
        };
        for at in 0..SUITES.len() {
            let current = scene.current(at, Question::Whole);
            scene.publish(&current, settle(&current, &scene.settings));
        }
        scene
    }

    fn current(&self, at: usize, question: Question<'_>) -> Current {
        let suite = Suite::new(SUITES[at]).expect("a name");
        observe(&self.store, &suite, question).expect("readable")
    }

    fn publish(&self, current: &Current, admission: Result<Admission, Vec<Finding>>) {
        let admission = admission.expect("admitted");
        let record = Record {
            who: "tester".to_owned(),
            command: "test".to_owned(),
            ..Record::default()
        };
        let next = next(&self.store, current, admission, &[], record).expect("readable");
        if let Some(generation) = next {
            let plan = plan(generation);
            apply(
                &self.store,
                &plan,
                &Wax,
                Dating::of(self.world.now),
                self.world,
            )
            .expect("published");
        }
    }

    fn add(&mut self, at: usize, chosen: &[usize]) {
        let candidates: Vec<_> = chosen
            .iter()
            .map(|n| self.catalogue[*n].candidate.clone())
            .collect();
        let current = self.current(at, Question::Candidates(&candidates));
        self.publish(&current, admit(&current, &candidates, Older::Allow));
        self.model[at].extend(chosen);
    }

    fn remove(&mut self, at: usize, name: &'static str, version: Option<&'static str>) {
        let name = PackageName::new(name).expect("a name");
        let current = self.current(at, Question::Packages(std::slice::from_ref(&name)));
        let gone = |n: &usize| {
            let package = &self.catalogue[*n];
            package.name == name.as_str() && version.is_none_or(|v| v == package.version)
        };
        self.model[at].retain(|n| !gone(n));
        let version = version.map(|text| Version::new(text).expect("a version"));
        self.publish(&current, remove(&current, &[Removal { name, version }]));
    }

    /// Takes the newest of each architecture from the other suite.
    fn promote(&mut self, to: usize, only: Option<&'static str>) {
        let from = 1 - to;
        let mut newest = BTreeMap::new();
        for n in &self.model[from] {
            let package = &self.catalogue[*n];
            if only.is_none_or(|name| name == package.name) {
                let version = Version::new(package.version).expect("a version");
                let key = (package.name, package.architecture);
                let best = newest.entry(key).or_insert((version.clone(), *n));
                if best.0 < version {
                    *best = (version, *n);
                }
            }
        }
        if newest.is_empty() {
            return;
        }
        let selection = match only {
            None => Selection::All,
            Some(name) => Selection::Packages(vec![Removal {
                name: PackageName::new(name).expect("a name"),
                version: None,
            }]),
        };
        let source = self.current(from, Question::Whole);
        let names: Vec<_> = newest.keys().map(|(name, _)| *name).collect();
        let names: Vec<_> = names.into_iter().map(PackageName::new).collect();
        let names: Vec<_> = names.into_iter().map(|name| name.expect("one")).collect();
        let current = self.current(to, Question::Packages(&names));
        let grounds = Grounds::default();
        let admission = promote(&source, &current, &selection, Older::Allow, &grounds);
        self.publish(&current, admission);
        self.model[to].extend(newest.into_values().map(|(_, n)| n));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Add(at, chosen) => self.add(*at, chosen),
            Step::Remove(at, name) => self.remove(*at, name, None),
            Step::RemoveVersion(at, n) => {
                let Package { name, version, .. } = self.catalogue[*n];
                self.remove(*at, name, Some(version));
            }
            Step::Promote(to, name) => self.promote(*to, Some(name)),
            Step::PromoteAll(to) => self.promote(*to, None),
        }
    }

    /// Returns every published index by its path, and checks that it can be
    /// read and lists what it should.
    fn indices(&self) -> BTreeMap<String, Sha256> {
        let mut found = BTreeMap::new();
        for (at, suite) in SUITES.into_iter().enumerate() {
            let current = self.current(at, Question::Manifest);
            let manifest = current.manifest().expect("it was created");
            let mut listed = BTreeSet::new();
            for index in &manifest.indices {
                for file in &index.files {
                    let path = index.name.file(Some(file.encoding));
                    let path = format!("dists/{suite}/{path}");
                    let place = ArchivePath::new(&*path).expect("a path");
                    let bytes = self.store.read(&place).expect("readable");
                    let bytes = bytes.expect("it is promised");
                    let text = file.encoding.decompress(&bytes, 1 << 20).expect("valid");
                    assert_eq!(Sha256::of(&text), index.sha256, "{path}");
                    found.insert(path, Sha256::of(&bytes));
                    listed.extend(read(index.name.kind(), &index.name.to_string(), &text));
                }
            }
            let package = |n: &usize| {
                let package = &self.catalogue[*n];
                format!(
                    "{} {} {}",
                    package.name, package.version, package.architecture
                )
            };
            let wanted: BTreeSet<_> = self.model[at].iter().map(package).collect();
            assert_eq!(listed, wanted, "{suite}");
        }
        found
    }
}

/// Reads an index; returns the packages that it lists.
fn read(kind: Option<Kind>, name: &str, text: &[u8]) -> Vec<String> {
    let Some(kind) = kind else {
        if name.contains("Contents") {
            let text = std::str::from_utf8(text).expect("text");
            contents::parse(text).expect("lines");
        } else {
            translation::parse(text).expect("paragraphs");
        }
        return Vec::new();
    };
    let stanzas = index::parse(text, kind).expect("stanzas");
    assert!(stanzas.is_sorted(), "{name}");
    let row = |s: &index::Stanza| format!("{} {} {}", s.name(), s.version(), s.architecture());
    stanzas.iter().map(row).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let suite = 0..SUITES.len();
    let name = prop::sample::select([&NAMES[..], &["plum", "sloe"]].concat());
    let package = 0..NAMES.len() * VERSIONS.len() + 3;
    let some = prop::collection::vec(package.clone(), 1..6);
    let step = prop_oneof![
        4 => (suite.clone(), some).prop_map(|(at, chosen)| Step::Add(at, chosen)),
        1 => (suite.clone(), name.clone()).prop_map(|(at, name)| Step::Remove(at, name)),
        1 => (suite.clone(), package).prop_map(|(at, n)| Step::RemoveVersion(at, n)),
        1 => (suite.clone(), name).prop_map(|(to, name)| Step::Promote(to, name)),
        1 => suite.prop_map(Step::PromoteAll),
    ];
    prop::collection::vec(step, 3..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_same_packages_are_the_same_bytes_whatever_happened_before(
        steps in steps(), batch in 1usize..9, backwards: bool, apart: bool,
    ) {
        let world = World::new();
        let catalogue = catalogue(&world);
        let descriptions = match apart {
            true => Descriptions::InTranslation,
            false => Descriptions::InPackages,
        };
        let mut lived = Scene::new(&world, &catalogue, descriptions);
        for step in &steps {
            lived.step(step);
        }
        let mut fresh = Scene::new(&world, &catalogue, descriptions);
        for at in 0..SUITES.len() {
            let mut all: Vec<_> = lived.model[at].iter().copied().collect();
            if backwards {
                all.reverse();
            }
            all.chunks(batch).for_each(|some| fresh.add(at, some));
        }
        prop_assert_eq!(lived.indices(), fresh.indices());
        let suites = SUITES.map(|name| Suite::new(name).expect("a name"));
        let now = world.now.plus_seconds(10);
        let found = check(&lived.store, &suites, Depth::Everything, &Wax, now, &world);
        prop_assert_eq!(found.expect("readable"), []);
    }
}
