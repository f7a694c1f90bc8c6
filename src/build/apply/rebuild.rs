//! A source package that somebody else has built → its binaries once more.
//!
//! The source is given and is not made again; nothing is signed, because
//! nothing of it is to be published.

use std::fs::File;
use std::io::LineWriter;
use std::path::PathBuf;

use super::floor::{Floor, Links};
use super::{Bench, BuildError, Workshop, finish, name_of};
use crate::build::isolation::Isolation;
use crate::build::place::BuildPlace;
use crate::build::plan::BuildPlan;
use crate::build::product::Built;
use crate::sys::files::{self, StagedDir};

/// What is built again.
#[derive(Debug, Clone)]
pub struct SourcePackage {
    /// Its `.dsc`.
    pub dsc: PathBuf,
    /// The files that it lists.
    pub files: Vec<PathBuf>,
    /// The directory that it is unpacked to, below the build path.
    pub tree: String,
    /// Which binaries.
    pub binaries: Binaries,
    /// The changelog entry of a binary-only rebuild, to stand before all
    /// others.
    pub entry: Option<String>,
}

/// Which binaries of a source package are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binaries {
    /// Those for every architecture alike.
    All,
    /// Those for one architecture.
    Any,
    /// Both.
    Both,
}

/// Builds the binaries by a plan whose recipe is not looked at.
pub fn rebuild(
    plan: &BuildPlan,
    source: &SourcePackage,
    workshop: &Workshop<'_>,
) -> Result<Built, BuildError> {
    let began = workshop.clock.now();
    let staged = StagedDir::beside(workshop.out)?;
    let place = match plan.isolation {
        Isolation::None => BuildPlace::take(workshop.listener)?,
        Isolation::Namespace | Isolation::Chroot(_) => BuildPlace::beside()?,
    };
    let log = File::create(workshop.log).map_err(files::failed("write", workshop.log))?;
    let mut bench = Bench {
        plan,
        workshop,
        place,
        log: LineWriter::new(log),
        floor: Floor::Machine,
        preloaded: None,
        step: Default::default(),
    };
    let made = binaries(&mut bench, source);
    let made = made.map_err(|error| bench.explained(error))?;
    let findings = bench.judged()?;
    let built = finish(
        &made,
        plan,
        workshop,
        staged,
        super::BuildOrigin::Now(began),
        &[],
    )?;
    Ok(Built { findings, ..built })
}

fn binaries(bench: &mut Bench<'_>, source: &SourcePackage) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let mut given = Vec::new();
    for path in [&source.dsc].into_iter().chain(&source.files) {
        let to = work.join(name_of(path));
        files::copy_to_new(files::open(path)?, &to)?;
        given.push(to);
    }
    bench.open()?;
    bench.carry_in("carrying in the source of", &given)?;
    let ground = bench.ground();
    let tree = ground.join(&source.tree);
    let unpack = bench.on_floor("dpkg-source", &ground);
    let unpack = unpack.args(["--no-check", "--no-copy", "--extract"]);
    let unpack = unpack.arg(name_of(&source.dsc)).arg(&tree);
    bench.run("unpacking the source package of", unpack)?;
    if let Some(entry) = &source.entry {
        let script = "cat - debian/changelog > ../changelog && mv ../changelog debian/changelog";
        let prepend = bench.on_floor("sh", &tree).args(["-euc", script]);
        bench.run(
            "adding the changelog entry of",
            prepend.input(entry.as_str()),
        )?;
    }
    let build = bench.on_floor("dpkg-buildpackage", &tree);
    let which = match source.binaries {
        Binaries::All => "--build=all",
        Binaries::Any => "--build=any",
        Binaries::Both => "--build=binary",
    };
    // Not --sanitize-env: what it would put right is varied on purpose.
    bench.run("building", build.args([which, "--no-sign"]))?;
    let made = bench.listed_files(&tree)?;
    bench.carry_out(&ground, &made, &work, Links::Refused)?;
    Ok(made.into_iter().map(|name| work.join(name)).collect())
}
