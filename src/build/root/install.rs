//! A layer on top of a bare system: what a build needs, installed by apt, by
//! nobody's hands, in two rooms after each other. In the first apt fetches, with
//! network, and nobody's scripts run; in the second they run, without network.
//!
//! Services that a package would start are told not to (`policy-rc.d`,
//! invoke-rc.d(8)); questions get their default answers; there is no terminal.
//! What only the installing needs (sources, keys, indices, packages as they
//! came) is taken away again, so that it is in no build.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::apt::{Apt, Call, KEPT};
use super::cache::{Cache, Cached, Staged};
use super::debs::{self, Debs};
use super::sources::{BOUND, KEYS, Source, extra_sources};
use super::wanted::{Place, RootWanted};
use super::{Means, RootError, ids};
use crate::sys::files::{self, Access, FileError};
use crate::sys::sandbox::{Account, Bind, Description, Limits, Network, Room, Root, Upper};

/// More than any package's scripts need, and less than would harm the machine.
const LIMITS: Limits = Limits {
    processes: 4096,
    memory_bytes: 1 << 40,
    space_bytes: 4 << 30,
};
/// Files that only the installing needs.
pub(super) const LIST: &str = "etc/apt/sources.list.d/debcut.list";
pub(super) const CONFIGURATION: &str = "etc/apt/apt.conf.d/99debcut";
/// How mirrors are reached, with what that takes to know: the fetching alone.
pub(super) const FETCHING: &str = "etc/apt/apt.conf.d/98debcut";
pub(super) const PREFERENCES: &str = "etc/apt/preferences.d/99debcut";
pub(super) const POLICY: &str = "usr/sbin/policy-rc.d";

/// Installs what is wanted on top of `root` and returns the staged directory,
/// whose `tree/` is the layer, with the packages that were installed.
pub(super) fn install(
    wanted: &RootWanted,
    root: &Cached,
    cache: &Cache,
    means: &mut Means<'_>,
) -> Result<(Staged, Debs), RootError> {
    let layers = root.directory.join("layers");
    files::create_dir(&layers)?;
    super::cache::sweep(&layers);
    let staged = Staged::within(&layers)?;
    let (changes, work) = (staged.path().join("tree"), staged.path().join("work"));
    for directory in [&changes, &work] {
        public_dir(directory)?;
    }
    let kept = cache.debs();
    files::create_dir(&kept)?;
    let keyring = prepare(wanted, root, &changes, means)?;
    ids::give_tree(staged.path())?;
    let mut description = description(wanted, root.tree(), &changes, &work);
    description.binds.push(Bind {
        from: kept.clone(),
        to: KEPT.into(),
        writable: false,
    });
    let (calls, debs) = {
        let room = Room::open(&description, means.program).map_err(RootError::Sandbox)?;
        Apt::with_network(&room, wanted, means).fetch()?
    };
    // A cache that cannot be written makes the next system slower.
    let _ = debs::keep(&debs, &changes, &kept);
    debs::prune(&kept);
    description.binds.pop();
    description.network = Network::None;
    install_fetched(&description, wanted, &calls, keyring.as_deref(), means)?;
    ids::remove(&work)?;
    Ok((staged, debs))
}

fn install_fetched(
    description: &Description,
    wanted: &RootWanted,
    calls: &[Call],
    keyring: Option<&Path>,
    means: &mut Means<'_>,
) -> Result<(), RootError> {
    let room = Room::open(description, means.program).map_err(RootError::Sandbox)?;
    let mut apt = Apt::without_network(&room, wanted, means);
    let done = apt.install(calls).and_then(|()| apt.settle(keyring));
    let network = room.sightings().map_err(RootError::Sandbox)?.network;
    if !network.is_empty() {
        means.listener.note(format!(
            "packages wanted the network while they were installed, and had none: {}",
            network.join(", ")
        ));
    }
    done
}

fn description(wanted: &RootWanted, tree: PathBuf, changes: &Path, work: &Path) -> Description {
    let binds = wanted.archives.iter().enumerate();
    let binds = binds.filter_map(|(at, archive)| match &archive.place {
        Place::Directory(from) => Some(Bind {
            from: from.clone(),
            to: format!("{BOUND}{at}").into(),
            writable: false,
        }),
        Place::Uri(_) => None,
    });
    Description {
        root: Root::Layers {
            lower: vec![tree],
            upper: Some(Upper {
                changes: changes.to_owned(),
                work: work.to_owned(),
            }),
        },
        binds: binds.collect(),
        files: std::collections::BTreeMap::new(),
        host_name: "debcut".to_owned(),
        network: Network::Host,
        build_path: "/build".into(),
        account: Account {
            name: "builder".to_owned(),
            uid: 1000,
            home: "/builder".into(),
        },
        limits: LIMITS,
        forbidden: Vec::new(),
    }
}

/// Writes what apt needs into the layer; returns the mirror's keys, where the
/// system below does not bring them.
fn prepare(
    wanted: &RootWanted,
    root: &Cached,
    changes: &Path,
    means: &Means<'_>,
) -> Result<Option<PathBuf>, RootError> {
    let put = |path: &str, text: &[u8], mode: u32| -> Result<(), RootError> {
        let path = Path::new(path);
        let path = changes.join(path.strip_prefix("/").unwrap_or(path));
        parents(changes, &path)?;
        files::replace(&path, text, Access::Public)?;
        let mode = fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        Ok(mode.map_err(files::failed("write", &path))?)
    };
    let lines = |sources: &[Source]| -> String {
        sources.iter().map(|source| source.line() + "\n").collect()
    };
    put(LIST, lines(&extra_sources(wanted)).as_bytes(), 0o644)?;
    for (at, archive) in wanted.archives.iter().enumerate() {
        if let Some(keys) = &archive.keys {
            put(&format!("{KEYS}{at}.asc"), keys.as_bytes(), 0o644)?;
        }
    }
    let below = |path: &PathBuf| root.tree().join(path.strip_prefix("/").unwrap_or(path));
    let keyring = wanted.mirror.keyring.clone();
    let keyring = keyring.filter(|path| !below(path).exists());
    if let Some(keyring) = &keyring {
        put(
            &keyring.display().to_string(),
            &files::read(keyring)?,
            0o644,
        )?;
    }
    put(POLICY, b"#!/bin/sh\nexit 101\n", 0o755)?;
    let configuration = "APT::Sandbox::User \"root\";\nAPT::Install-Recommends \"false\";\n\
        APT::Get::Assume-Yes \"true\";\nAPT::Keep-Downloaded-Packages \"true\";\n\
        APT::Update::Error-Mode \"any\";\nAcquire::Languages \"none\";\n\
        DPkg::Use-Pty \"false\";\nDPkg::Options { \"--force-unsafe-io\"; \"--force-confnew\"; };\n\
        quiet \"1\";\n";
    put(CONFIGURATION, configuration.as_bytes(), 0o644)?;
    let fetching = means.acquire.options.join("\n") + "\n";
    put(FETCHING, fetching.as_bytes(), 0o600)?;
    put(PREFERENCES, b"", 0o644)?;
    Ok(keyring)
}

/// Makes the directories above a path of the layer, as open as a system's are.
fn parents(top: &Path, path: &Path) -> Result<(), FileError> {
    let below = path.strip_prefix(top).expect("it is in the layer");
    let mut at = top.to_owned();
    for part in below.parent().into_iter().flat_map(Path::components) {
        at.push(part);
        if !at.is_dir() {
            public_dir(&at)?;
        }
    }
    Ok(())
}

fn public_dir(path: &Path) -> Result<(), FileError> {
    let made = fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)));
    made.map_err(files::failed("create", path))
}
