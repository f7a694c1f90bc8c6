//! What tests of rollouts' parts need: packages with maintainer scripts, a desk
//! before the archive, and a rollout as it is planned.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use debcut::flow::archiving::{Act, Desk, open_store};
use debcut::flow::rolling::opening::{Wanted, target};
use debcut::flow::signing::KeyWanted;
use debcut::model::{Silent, Suite, Timestamp};
use debcut::rollout::calendar::Calendar;
use debcut::rollout::policy::{
    Approval, Engine, Members, Policy, Rehearsal, Restart, Ring, RingSuite, Share, Supersede,
};
use debcut::rollout::state::RolloutId;
use debcut::rollout::{Entry, Event, Rollout, Target};
use debcut::sys::clock::Clock;
use debcut::sys::environment::Environment;

use crate::world::{World, tool};

/// A binary package about to be made by dpkg-deb.
#[derive(Clone, Copy, Default)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Further fields, each a line that ends.
    pub fields: &'a str,
    /// Its maintainer scripts: name and text, without the first line.
    pub scripts: &'a [(&'a str, &'a str)],
    /// Its files: path and content.
    pub files: &'a [(&'a str, &'a str)],
    /// Which of them are conffiles.
    pub conffiles: &'a str,
}

impl Package<'_> {
    /// Makes it; returns the file.
    pub fn make(&self, world: &World) -> PathBuf {
        let tree = world.path("tree");
        let _ = std::fs::remove_dir_all(&tree);
        let put = |path: &str, text: &str, mode: u32| {
            let path = tree.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(&path, text).expect("a file");
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("its mode");
        };
        let Self { name, version, .. } = self;
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nSection: misc\n\
             Priority: optional\nMaintainer: Ada Example <ada@example.org>\n{}\
             Description: a package\n It exists to be rolled out.\n",
            self.fields
        );
        put("DEBIAN/control", &control, 0o644);
        put(&format!("usr/share/{name}/version"), version, 0o644);
        for (script, text) in self.scripts {
            let text = format!("#!/bin/sh\nset -e\n{text}\n");
            put(&format!("DEBIAN/{script}"), &text, 0o755);
        }
        for (path, text) in self.files {
            put(path, text, 0o644);
        }
        if !self.conffiles.is_empty() {
            put("DEBIAN/conffiles", self.conffiles, 0o644);
        }
        let into = world.path("debs");
        std::fs::create_dir_all(&into).expect("a directory");
        let mut dpkg = tool("dpkg-deb", "dpkg");
        dpkg.args(["--root-owner-group", "-Zgzip", "--build"]);
        let said = world.judge_at_epoch(dpkg, &tree, &into).stdout;
        let made = said.rsplit('\'').nth(1).expect("dpkg-deb names the file");
        std::fs::remove_dir_all(tree).expect("it was there");
        PathBuf::from(made)
    }
}

/// The environment of a world, as the library takes it.
pub fn environment(world: &World) -> Environment {
    let path = |below: &str| world.path(below).display().to_string();
    let search = std::env::var("PATH").unwrap_or_default();
    let variables = [
        ("HOME", path("home")),
        ("XDG_DATA_HOME", path("data")),
        ("XDG_CACHE_HOME", path("cache")),
        ("TMPDIR", path("tmp")),
        ("PATH", search),
    ];
    Environment::new(world.project(), variables)
}

/// Opens the world's archive at a moment of its own.
pub fn desk<'a>(world: &World, environment: &'a Environment, seconds: i64) -> Desk<'a> {
    let now: Timestamp = crate::world::NOW.parse().expect("a moment");
    let clock = Clock::Fixed(now.plus_seconds(seconds));
    let archive = world.archive_at();
    let archive = archive.to_str().expect("text");
    Desk {
        store: open_store(archive, &world.project(), environment).expect("opened"),
        environment,
        clock,
        dates: clock,
        configured_key: None,
        rules: Default::default(),
        wait: Duration::from_secs(10),
        who: "ada@lab".to_owned(),
        command: "debcut rollout run".to_owned(),
        listener: &Silent,
    }
}

/// Does something that is signed with the only key there is.
pub fn act<T>(run: impl FnOnce(&mut Act<'_>) -> T) -> T {
    let mut ask = |_: &_| Ok(None);
    run(&mut Act {
        key: KeyWanted::Usual,
        ask: &mut ask,
        dry_run: false,
        reason: None,
    })
}

/// Names a suite.
pub fn suite(name: &str) -> Suite {
    Suite::new(name).expect("a name")
}

/// Names suites for all releases; `bookworm:stable-12` for one.
pub fn ring_suites(names: &[&str]) -> Vec<RingSuite> {
    let one = |name: &&str| match name.split_once(':') {
        Some((release, name)) => RingSuite {
            release: Some(release.to_owned()),
            suite: suite(name),
        },
        None => RingSuite {
            release: None,
            suite: suite(name),
        },
    };
    names.iter().map(one).collect()
}

/// Says what is wanted: `hello` or `hello=1.2`.
pub fn wanted(text: &str, from: &[&str]) -> Wanted {
    let (source, version) = match text.split_once('=') {
        Some((source, version)) => (source, Some(version.parse().expect("a version"))),
        None => (text, None),
    };
    Wanted {
        source: source.parse().expect("a name"),
        version,
        from: ring_suites(from),
    }
}

/// Plans a rollout whose rings open these suites, one each.
pub fn rollout(target: Target, rings: &[&str]) -> Rollout {
    let ring = |name: &&str| Ring {
        name: format!("ring-{}", name.replace(':', "-"))
            .parse()
            .expect("a name"),
        members: Members::Hosts(Vec::new()),
        suites: ring_suites(&[name]),
        soak_seconds: 0,
        batch: Share::Count(1),
        concurrency: 1,
        checks: Vec::new(),
        check_seconds: 60,
        max_failures: Share::Count(0),
        max_unreachable: Share::Count(0),
        min_sample: 0,
    };
    let policy = Policy {
        rings: match rings.is_empty() {
            // Hosts that read the suite where it enters need none opened.
            true => vec![Ring {
                suites: Vec::new(),
                ..ring(&"none")
            }],
            false => rings.iter().map(ring).collect(),
        },
        engine: Engine::Ssh,
        calendar: Calendar::default(),
        supersede: Supersede::Refuse,
        approval: Approval::NotNeeded,
        rehearsal: Rehearsal::Wanted,
        restart: Restart::Nothing,
        sources_file: None,
        job_seconds: 600,
        lock_seconds: 60,
        attempts: 3,
        retry_seconds: 60,
    };
    let now: Timestamp = crate::world::NOW.parse().expect("a moment");
    let version = target.versions[0].source_version.clone();
    let event = Event::Planned {
        id: RolloutId::first(target.source.clone(), version),
        target,
        policy: Box::new(policy),
        reason: Some("it says hello again".to_owned()),
        profile: None,
        after: None,
    };
    let planned = Entry {
        number: 1,
        at: now,
        by: "ada@lab".to_owned(),
        event,
    };
    Rollout::from_entries(&[planned]).expect("a plan")
}

/// Finds a target and plans its rollout.
pub fn planned(desk: &Desk<'_>, text: &str, from: &[&str], rings: &[&str]) -> Rollout {
    let target = target(desk, &wanted(text, from)).expect(text);
    rollout(target, rings)
}
