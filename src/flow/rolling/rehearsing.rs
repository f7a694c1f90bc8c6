//! The rehearsal: old → new → old → new in a throw-away root, before any host
//! is touched.
//!
//! Real maintainer scripts and dependencies, with the options that hosts use.
//! A broken `prerm` or `postrm` of the new version is a door that opens one way
//! only: nothing else finds it in time.

mod courses;
mod own;
mod place;
mod said;

use std::collections::BTreeSet;
use std::path::Path;

use self::courses::{Course, Item, courses};
use self::own::Own;
use self::place::{Ground, Place, Ran};
use self::said::{Ends, Step};
use super::opening::choosing;
use crate::archive::Current;
use crate::build::root::{self, Provided, Refresh, RootError};
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::rooting::{self, Saying, Surroundings};
use crate::model::{Architecture, Suite};
use crate::publish::Question;
use crate::rollout::Rollout;
use crate::rollout::target::Meant;
use crate::sys::files::FileError;
use crate::sys::process::ToolError;
use crate::sys::sandbox::{Network, SandboxError};

/// Where a rehearsal happens, and with what.
pub struct Stage<'a> {
    /// This program, which is a room's first process.
    pub program: &'a Path,
    /// What is below.
    pub base: Base,
    /// What the configuration says of clean systems.
    pub saying: Saying<'a>,
    /// When a clean system that is there is made again.
    pub refresh: Refresh,
}

/// What a rehearsal stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// A clean system of the release, made by mmdebstrap(1) and kept.
    #[default]
    Clean,
    /// This machine's own system, read-only below a layer in memory: nothing is
    /// made, but only root can, and only for the machine's own release.
    Host,
}

/// Why nothing could be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// There is no system for the release.
    #[error("there is no system of {release} to rehearse in")]
    System {
        /// The release.
        release: String,
        /// Why not.
        source: Box<FlowError>,
    },
    /// The user has no cache.
    #[error("there is no place to rehearse in")]
    Cache(#[source] Box<RootError>),
    /// A room could not be opened.
    #[error(transparent)]
    Room(#[from] SandboxError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tool is missing or took too long.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A package of ours cannot be read.
    #[error("cannot read what is to be rehearsed")]
    Archive(#[source] Box<FlowError>),
    /// The throw-away root is not ready.
    #[error("the rehearsal's system cannot be prepared: {said}")]
    Prepare {
        /// What was said.
        said: String,
    },
    /// What the packages need cannot be fetched.
    #[error("what {what} needs cannot be fetched: {said}")]
    Unreachable {
        /// The packages.
        what: String,
        /// What apt said.
        said: String,
    },
    /// The machine's own system cannot be laid under.
    #[error("this machine's own system cannot be rehearsed in: {why}")]
    Host {
        /// Why not.
        why: String,
    },
    /// Only root may.
    #[error("only root can rehearse in this machine's own system")]
    NotRoot,
    /// The machine runs another release.
    #[error("this machine runs {own}, and what is rehearsed is for {release}")]
    OtherRelease {
        /// The machine's.
        own: String,
        /// The one that is wanted.
        release: String,
    },
    /// Nothing of it runs here.
    #[error("nothing of it can be installed on {architecture}, which this machine is")]
    OtherArchitecture {
        /// The machine's.
        architecture: Architecture,
    },
}

impl RehearsalError {
    fn cache(error: RootError) -> Self {
        Self::Cache(Box::new(error))
    }
}

/// Tries every way that hosts may go and come back, for each release that this
/// machine can run; returns the problems, in words. The versions before are
/// those that the suites have which the rings open, else the suite where the
/// version entered.
pub fn rehearse(
    desk: &Desk<'_>,
    rollout: &Rollout,
    stage: &Stage<'_>,
) -> Result<Vec<String>, FlowError> {
    let architecture = Architecture::of_this_machine();
    let mut problems: Vec<String> = Vec::new();
    let mut rehearsed = 0;
    for meant in &rollout.target.versions {
        let suites = read_by(desk, rollout, meant)?;
        let own = Own::new(desk.store.as_ref(), &suites, meant)?;
        let courses = courses(meant, &rollout.target.source, &architecture, &suites);
        if courses.is_empty() {
            continue;
        }
        let (ground, _held) = ground(desk, stage, meant)?;
        for course in &courses {
            rehearsed += 1;
            let mut rehearsal = Rehearsal {
                desk,
                stage,
                ground: &ground,
                own: &own,
            };
            for problem in rehearsal.course(course)? {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
    let others: BTreeSet<_> = (rollout.target.versions.iter())
        .flat_map(|meant| &meant.binaries)
        .map(|binary| &binary.architecture)
        .filter(|other| !other.is_all() && **other != architecture)
        .collect();
    for other in others {
        let note = format!("what is for {other} is not rehearsed: this machine is {architecture}");
        desk.listener.note(note);
    }
    match rehearsed {
        0 => Err(RehearsalError::OtherArchitecture { architecture }.into()),
        _ => Ok(problems),
    }
}

/// Reads the suites that hosts read which a version is meant for.
fn read_by(desk: &Desk<'_>, rollout: &Rollout, meant: &Meant) -> Result<Vec<Current>, FlowError> {
    let is_its = |release: &Option<String>| match (release, &meant.release) {
        (Some(a), Some(b)) => choosing::same_release(a, b),
        _ => true,
    };
    let rings = rollout.policy.rings.iter().flat_map(|ring| &ring.suites);
    let own = rings.filter(|ring| is_its(&ring.release));
    let mut names: BTreeSet<&Suite> = own.map(|ring| &ring.suite).collect();
    if names.is_empty() {
        names.insert(&meant.from);
    }
    let read = |suite: &Suite| desk.look(suite, None, Question::Whole);
    names.into_iter().map(read).collect()
}

/// Provides what a release is rehearsed on.
fn ground(
    desk: &Desk<'_>,
    stage: &Stage<'_>,
    meant: &Meant,
) -> Result<(Ground, Option<Provided>), FlowError> {
    let machine = std::fs::read_to_string(OS_RELEASE).unwrap_or_default();
    let own = os_field(&machine, "VERSION_CODENAME");
    let wanted = meant
        .release
        .clone()
        .unwrap_or_else(|| match own.is_empty() {
            true => "stable".to_owned(),
            false => own.clone(),
        });
    match stage.base {
        Base::Host => {
            let is_own = |own: &str| choosing::same_release(own, &wanted);
            match is_own(&own) || is_own(&os_field(&machine, "VERSION_ID")) {
                true => Ok((Ground::Host, None)),
                false => Err(RehearsalError::OtherRelease {
                    own,
                    release: wanted,
                }
                .into()),
            }
        }
        Base::Clean => {
            let name = choosing::release_name(&wanted)
                .unwrap_or(&wanted)
                .to_owned();
            let provide = || -> Result<Provided, FlowError> {
                let (environment, now) = (desk.environment, desk.clock.now());
                let system = rooting::wanted(&stage.saying, &name, None, environment, now)?;
                let around = Surroundings {
                    environment,
                    program: stage.program,
                    now,
                    listener: desk.listener,
                };
                rooting::provide(&system, stage.refresh, &around)
            };
            let provided = provide().map_err(|source| RehearsalError::System {
                release: wanted,
                source: Box::new(source),
            })?;
            let tree = provided.layers[0].clone();
            Ok((Ground::Clean(tree), Some(provided)))
        }
    }
}

/// What this machine runs (os-release(5)).
const OS_RELEASE: &str = "/etc/os-release";

fn os_field(text: &str, name: &str) -> String {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let found = lines.find(|(field, _)| *field == name);
    found.map_or(String::new(), |(_, value)| {
        value.trim_matches('"').to_owned()
    })
}

/// One course, and all that it takes.
struct Rehearsal<'a> {
    desk: &'a Desk<'a>,
    stage: &'a Stage<'a>,
    ground: &'a Ground,
    own: &'a Own<'a>,
}

/// Makes the system ready: no service starts, no question is asked, and our own
/// packages are one more source. `$1` has lines of apt.conf(5).
const PREPARE: &str = r#"
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mkdir -p /etc/apt/sources.list.d /etc/apt/apt.conf.d
echo 'deb [trusted=yes] file:/debcut-archive ./' >/etc/apt/sources.list.d/debcut-rehearsal.list
{ printf '%s\n' "$1"
  echo 'APT::Sandbox::User "root"; APT::Install-Recommends "false"; APT::Update::Error-Mode "any";'
  echo 'Acquire::Languages "none"; DPkg::Use-Pty "false"; DPkg::Options { "--force-unsafe-io"; };'
} >/etc/apt/apt.conf.d/99debcut-rehearsal
apt-get -q update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/debcut-rehearsal.list \
  -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
"#;
/// Has apt read our own packages alone, where what is installed and they are
/// enough: reading 60,000 others takes seconds, at every step.
const OWN_ONLY: &str = "-o Dir::Etc::sourcelist=/etc/apt/sources.list.d/debcut-rehearsal.list \
    -o Dir::Etc::sourceparts=-";
/// Names the files that an installation wants.
const NAMED: &str = "apt-get -q $only --print-uris --allow-downgrades install \"$@\"";
const UPDATE: &str = "apt-get -q update";
const FETCH: &str = "apt-get -q $only -y --allow-downgrades --download-only install \"$@\"";
/// What hosts are told (`--allow-downgrades` on the way back alone).
const INSTALL: &str = "apt-get $only -y --no-remove -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold $way install \"$@\"";
/// Names what is unfinished and what is not as it should be. `$@` are packages.
const LOOK: &str = r#"dpkg --audit | sed -n 's/^ \([a-z0-9][^ ]*\) .*/audit \1/p'
for package; do dpkg-query --show --showformat='is ${Package} ${Version} ${db:Status-Status}\n' "$package" || :
  dpkg --verify "$package" | sed -n 's/^..5.* c \(.*\)$/conffile \1/p'; done"#;
/// Names every file that packages may have left.
const FILES: &str = "find /etc /usr /opt /var/lib -xdev \\( -path /var/lib/dpkg -o -path /var/lib/apt \\) \
    -prune -o -print";

impl Rehearsal<'_> {
    /// Goes a course with all packages at once; where those cannot be beside
    /// each other, with each alone.
    fn course(&mut self, course: &Course) -> Result<Vec<String>, FlowError> {
        match self.whole(course)? {
            Some(problems) => Ok(problems),
            None => {
                let mut problems = Vec::new();
                for item in &course.new {
                    let only = course.only(&item.package);
                    let found = self.whole(&only)?;
                    problems.extend(found.unwrap_or_default());
                }
                Ok(problems)
            }
        }
    }

    /// Goes a course; `None` where several packages cannot even be asked for
    /// together.
    fn whole(&mut self, course: &Course) -> Result<Option<Vec<String>>, FlowError> {
        let stage = self.stage;
        let mut place = Place::open(self.ground, self.desk.environment, stage.program)?;
        let acquire = root::acquire(self.desk.environment);
        self.own.list(place.repository())?;
        let options = acquire.options.join("\n");
        let ran = place.run(Network::None, PREPARE, &[options])?;
        if !ran.is_good {
            return Err(RehearsalError::Prepare {
                said: said::apt_said(&ran.said),
            }
            .into());
        }
        let mut only = OWN_ONLY;
        let (old, new) = (versions(&course.old), versions(&course.new));
        let there = Ends {
            from: &old,
            to: &new,
        };
        for (step, items) in [(Step::Before, &course.old), (Step::There, &course.new)] {
            if items.is_empty() {
                continue;
            }
            if let Err(why) = self.provide(&mut place, items, &mut only)? {
                if items.len() > 1 {
                    return Ok(None);
                }
                let ends = match step {
                    Step::Before => Ends { from: "", to: &old },
                    _ => there,
                };
                return Ok(Some(said::failed(step, ends, &why)));
            }
        }
        self.desk.listener.begin(match old.is_empty() {
            true => format!("rehearsing {new}"),
            false => format!("rehearsing {old} → {new} → {old} → {new}"),
        });
        Ok(Some(self.steps(&mut place, course, only)?))
    }

    /// Goes there, back, and there again, as far as it comes.
    fn steps(
        &self,
        place: &mut Place<'_>,
        course: &Course,
        only: &str,
    ) -> Result<Vec<String>, FlowError> {
        let (old, new) = (versions(&course.old), versions(&course.new));
        let mut problems = Vec::new();
        let steps: &[Step] = match course.old.is_empty() {
            true => &[Step::There],
            false => &[Step::Before, Step::There, Step::Back, Step::Again],
        };
        let mut before = look(place, &course.new)?;
        let mut files = BTreeSet::new();
        for step in steps {
            let (items, ends) = match step {
                Step::Before => (&course.old, Ends { from: "", to: &old }),
                Step::There | Step::Again => (
                    &course.new,
                    Ends {
                        from: &old,
                        to: &new,
                    },
                ),
                Step::Back => (
                    &course.old,
                    Ends {
                        from: &new,
                        to: &old,
                    },
                ),
            };
            let ran = install(place, *step, items, only)?;
            let seen = look(place, items)?;
            let found = match ran.is_good {
                true => wrong(*step, ends, items, &before, &seen),
                false => said::failed(*step, ends, &ran.said),
            };
            let failed = !ran.is_good;
            problems.extend(found);
            match (step, failed) {
                (Step::There, true) if !course.old.is_empty() => {
                    // Hosts that were caught half-way have to come back, too.
                    let ran = install(place, Step::Back, &course.old, only)?;
                    if !ran.is_good {
                        let ends = Ends {
                            from: &new,
                            to: &old,
                        };
                        problems.extend(said::failed(Step::Back, ends, &ran.said));
                    }
                    return Ok(problems);
                }
                (_, true) => return Ok(problems),
                (Step::Before, false) => {
                    files = self.listed(place)?;
                    before = seen;
                }
                (Step::Back, false) => self.tell_left(&files, &self.listed(place)?, &new),
                _ => {}
            }
        }
        Ok(problems)
    }

    /// Puts what is to be installed within reach, and fetches what it needs from
    /// mirrors; else returns what apt said.
    fn provide(
        &self,
        place: &mut Place<'_>,
        items: &[Item],
        only: &mut &'static str,
    ) -> Result<Result<(), String>, FlowError> {
        let words: Vec<String> = items.iter().map(Item::word).collect();
        let unreachable = |ran: Ran| RehearsalError::Unreachable {
            what: words.join(" "),
            said: said::apt_said(&ran.said),
        };
        let script = |only: &str, script: &str| format!("only='{only}'; {script}");
        let mut named = place.run(Network::None, &script(only, NAMED), &words)?;
        let mut is_updated = false;
        if !named.is_good {
            *only = "";
            named = place.run(Network::None, &script(only, NAMED), &words)?;
        }
        if !named.is_good {
            // Without the mirrors' indices nobody can tell.
            let ran = place.run(Network::Host, UPDATE, &[])?;
            if !ran.is_good {
                return Err(unreachable(ran).into());
            }
            is_updated = true;
            named = place.run(Network::None, &script(only, NAMED), &words)?;
            if !named.is_good {
                return Ok(Err(named.said));
            }
        }
        self.own.bring(&named.said, place.repository())?;
        let is_own = |line: &&str| line.starts_with(&format!("'file:{}/", place::OWN));
        let others = named.said.lines().filter(|line| line.starts_with('\''));
        if others.filter(|line| !is_own(line)).count() == 0 {
            return Ok(Ok(()));
        }
        let mut ran = place.run(Network::Host, &script(only, FETCH), &words)?;
        if !ran.is_good && !is_updated {
            // What the lists name may be gone by now.
            place.run(Network::Host, UPDATE, &[])?;
            ran = place.run(Network::Host, &script(only, FETCH), &words)?;
        }
        match ran.is_good {
            true => Ok(Ok(())),
            false => Err(unreachable(ran).into()),
        }
    }

    /// Lists what packages may have left; the machine's own system is too large
    /// to be searched at every step.
    fn listed(&self, place: &mut Place<'_>) -> Result<BTreeSet<String>, FlowError> {
        if matches!(self.ground, Ground::Host) {
            return Ok(BTreeSet::new());
        }
        let ran = place.run(Network::None, FILES, &[])?;
        Ok(ran.said.lines().map(str::to_owned).collect())
    }

    /// Tells what the new version leaves behind when hosts go back: often it is
    /// meant to stay.
    fn tell_left(&self, before: &BTreeSet<String>, after: &BTreeSet<String>, new: &str) {
        let left: Vec<&String> = after.difference(before).collect();
        let gone: Vec<&String> = before.difference(after).collect();
        for (what, paths) in [("leaves", left), ("takes away", gone)] {
            if let Some(first) = paths.first() {
                let more = match paths.len() {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                let note = format!("{new} {what} {first}{more} when hosts go back from it");
                self.desk.listener.note(note);
            }
        }
    }
}

fn install(
    place: &mut Place<'_>,
    step: Step,
    items: &[Item],
    only: &str,
) -> Result<Ran, FlowError> {
    let way = match step {
        // The machine's own system may have something newer.
        Step::Before | Step::Back => "--allow-downgrades",
        Step::There | Step::Again => "",
    };
    let words: Vec<String> = items.iter().map(Item::word).collect();
    let script = format!("way={way} only='{only}'; {INSTALL}");
    Ok(place.run(Network::None, &script, &words)?)
}

/// What dpkg says of packages.
#[derive(Debug, Default)]
struct Seen {
    unfinished: BTreeSet<String>,
    conffiles: BTreeSet<String>,
    /// `PACKAGE VERSION STATUS`
    is: BTreeSet<String>,
}

fn look(place: &mut Place<'_>, items: &[Item]) -> Result<Seen, FlowError> {
    let names: Vec<String> = items.iter().map(|item| item.package.to_string()).collect();
    let ran = place.run(Network::None, LOOK, &names)?;
    let mut seen = Seen::default();
    for line in ran.said.lines() {
        match line.split_once(' ') {
            Some(("audit", name)) => drop(seen.unfinished.insert(name.to_owned())),
            Some(("conffile", path)) => drop(seen.conffiles.insert(path.to_owned())),
            Some(("is", state)) => drop(seen.is.insert(state.to_owned())),
            _ => {}
        }
    }
    Ok(seen)
}

/// Says what is wrong although apt says that all went well.
fn wrong(step: Step, ends: Ends<'_>, items: &[Item], before: &Seen, seen: &Seen) -> Vec<String> {
    let after = match (step, ends.from) {
        (_, "") => format!("after {} is installed", ends.to),
        (Step::Back, from) => format!("after the way back from {from} to {}", ends.to),
        (_, from) => format!("after the way from {from} to {}", ends.to),
    };
    let mut found = Vec::new();
    for name in seen.unfinished.difference(&before.unfinished) {
        found.push(format!(
            "{after}, dpkg --audit says that {name} is half done"
        ));
    }
    for item in items {
        let want = format!("{} {} installed", item.package, item.version);
        if !seen.is.contains(&want) {
            let own = seen
                .is
                .iter()
                .find(|is| is.starts_with(&format!("{} ", item.package)));
            let own = own.map_or("is not there", String::as_str);
            found.push(format!("{after}, {} is not there: {own}", item.word()));
        }
    }
    // With what hosts use (--force-confold) it would never change again.
    for path in seen.conffiles.difference(&before.conffiles) {
        found.push(format!(
            "{after}, the conffile {path} is not as the package ships it: \
             a maintainer script changed it, and hosts keep that from then on"
        ));
    }
    found
}

/// Returns the versions of packages, each once.
fn versions(items: &[Item]) -> String {
    let all: BTreeSet<_> = items.iter().map(|item| item.version.as_str()).collect();
    all.into_iter().collect::<Vec<_>>().join(", ")
}
