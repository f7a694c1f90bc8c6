//! Programs that others wrote, on a suite of a hundred packages of Debian's
//! own: they bootstrap a Debian from it, mirror it, and read its indices.
//!
//! The packages come from Debian's mirror once and stay for the next run; the
//! tests say so and skip when it does not answer.

mod bootstrap;
mod fetch;
mod mirrors;
mod readers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::apt::{Served, sources};
use crate::debian::fetch::source_or_skip;
use crate::world::{World, is_root};

/// A suite with a minimal Debian and the source package hello.
struct Minimal {
    world: World,
    /// This machine's release, and so the suite's name: debootstrap knows
    /// releases by their names.
    suite: String,
    packages: Vec<PathBuf>,
}

#[expect(clippy::print_stderr, reason = "whoever reads the run must see it")]
fn skip(why: &str) {
    eprintln!("SKIPPED, not passed: {why}");
}

/// Tells whether whole systems can be made here, or says aloud why not.
fn makes_systems() -> bool {
    if !is_root() {
        skip("only root makes systems with devices and owners in a directory of its own");
    }
    is_root()
}

impl Minimal {
    /// Publishes it in a suite with these settings, or says why there is none.
    fn publish(settings: &[&str]) -> Option<Self> {
        let packages = match fetch::packages() {
            Ok(packages) => packages,
            Err(why) => {
                skip(&why);
                return None;
            }
        };
        assert!(packages.len() > 80, "{packages:?}");
        let source = source_or_skip("hello")?;
        let (world, suite) = (World::new(), fetch::codename());
        world.key();
        let words = ["init", "--suite", &suite];
        world.archive([&words, settings].concat()).code(0);
        let files = packages.iter().chain([&source.dsc]);
        let files = files.map(|path| path.to_str().expect("text"));
        let words = ["add", "--quiet", "--to", &suite].into_iter();
        world.archive(words.chain(files)).code(0);
        Some(Self {
            world,
            suite,
            packages,
        })
    }

    fn served(&self) -> Served {
        Served::start(&self.world)
    }

    /// Returns what is in it, as `NAME VERSION`, with the source.
    fn names_and_versions(&self) -> BTreeSet<String> {
        let binary = |path: &PathBuf| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let mut parts = name.split('_');
            let (name, version) = (parts.next(), parts.next());
            let version = version.expect("a version").replace("%3a", ":");
            format!("{} {version}", name.expect("a name"))
        };
        self.packages.iter().map(binary).collect()
    }

    /// Returns apt's file for it.
    fn sources(&self, served: &Served) -> String {
        sources(&self.world, &[&self.suite, "--uri", &served.url])
    }
}

/// Returns the files below a directory with their digests.
fn digests(top: &Path) -> Vec<(PathBuf, String)> {
    let listing = crate::world::listing(top).into_iter();
    let files = listing.filter(|(path, _)| top.join(path).is_file());
    // The listing has the mode before the digest.
    let digest = |(path, text): (PathBuf, String)| {
        let (_, digest) = text.split_once(' ').expect("a mode and a digest");
        (path, digest.to_owned())
    };
    files.map(digest).collect()
}
