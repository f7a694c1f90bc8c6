//! The room's system: the machine's own, or layers of a directory tree.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount, mount_bind};

use super::super::description::Upper;
use super::super::wire::Order;
use super::mounts::{NEW, OLD, Sources, directory, file, make_directory, old, tmpfs, within};
use super::{Doing, Failed, etc};

/// What of the machine's system a room shows: programs, libraries and what
/// they need to know, nobody's data.
const TOP: [&str; 9] = [
    "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32", "opt",
];

/// What of `/var` programs read: databases that packages' triggers and
/// maintainer scripts made.
const VAR: [&str; 16] = [
    "lib/dpkg",
    "lib/aspell",
    "lib/dictionaries-common",
    "lib/emacsen-common",
    "lib/ghc",
    "lib/ispell",
    "lib/ocaml",
    "lib/polkit-1",
    "lib/python",
    "lib/sgml-base",
    "lib/tex-common",
    "lib/texmf",
    "lib/vim",
    "lib/xml-core",
    "cache/dictionaries-common",
    "cache/fontconfig",
];

/// Shows the machine's own system.
pub(super) fn of_the_machine(order: &Order, sources: &mut Sources) -> Result<(), Failed> {
    tmpfs(
        NEW,
        MountFlags::NOSUID | MountFlags::NODEV,
        "mode=755,size=8m",
    )?;
    let new = Path::new(NEW);
    for name in TOP {
        let from = Path::new(OLD).join(name);
        let Ok(found) = fs::symlink_metadata(&from) else {
            continue;
        };
        let to = new.join(name);
        if found.is_symlink() {
            let target = fs::read_link(&from).doing(|| format!("read /{name}"))?;
            symlink(target, &to).doing(|| format!("make /{name}"))?;
        } else {
            directory(&to, 0o755)?;
            sources.place(&Path::new("/").join(name), &to)?;
        }
    }
    directory(&new.join("etc"), 0o755)?;
    etc::of_the_machine(order, sources)?;
    for below in VAR {
        let path = Path::new("/var").join(below);
        if old(&path).is_dir() {
            let to = within(&path)?;
            make_directory(&to)?;
            sources.place(&path, &to)?;
        }
    }
    for (path, text) in &order.description.files {
        if path.parent() != Some(Path::new("/etc")) {
            lay(path, text)?;
        }
    }
    Ok(())
}

/// Lays a file over one that is there, or where there is room for one.
fn lay(path: &Path, text: &str) -> Result<(), Failed> {
    let to = within(path)?;
    if let Some(parent) = to.parent() {
        make_directory(parent)?;
    }
    if !to.exists() && file(&to, text).is_ok() {
        return Ok(());
    }
    let from = Path::new("/space").join(format!("file{}", path.display()).replace('/', "-"));
    file(&from, text)?;
    mount_bind(&from, &to).doing(|| format!("lay {} over the machine's", path.display()))
}

/// Shows layers, the last on top, below those of the room's own files that a
/// system has to have. An overlay even where there is one layer: places to
/// mount at can be made in it without touching the layer.
pub(super) fn of_layers(
    order: &Order,
    lower: &[PathBuf],
    upper: Option<&Upper>,
    sources: &mut Sources,
) -> Result<(), Failed> {
    let mut layers = Vec::new();
    for (number, from) in lower.iter().enumerate() {
        let to = Path::new("/layers").join(number.to_string());
        directory(&to, 0o755)?;
        sources.place(from, &to)?;
        layers.insert(0, to);
    }
    let skeleton = Path::new("/skeleton");
    etc::of_layers(order, &layers, upper.is_some(), skeleton)?;
    places(order, &layers, skeleton)?;
    let mut all = vec![skeleton.to_owned()];
    all.extend(layers);
    // overlayfs needs two where nothing may be written.
    let all: Vec<String> = all.iter().map(|path| path.display().to_string()).collect();
    let mut options = format!("userxattr,lowerdir={}", all.join(":"));
    if let Some(upper) = upper {
        let common = upper.common();
        sources.place(&common, Path::new("/up"))?;
        for (option, path) in [("upperdir", &upper.changes), ("workdir", &upper.work)] {
            let below = path.strip_prefix(&common).unwrap_or(path);
            let path = escaped(&Path::new("/up").join(below));
            options.push_str(&format!(",{option}={path}"));
        }
    }
    let options = CString::new(options)
        .map_err(io::Error::other)
        .doing(|| "lay the system's layers over each other".to_owned())?;
    mount(
        "overlay",
        NEW,
        "overlay",
        MountFlags::empty(),
        options.as_c_str(),
    )
    .doing(|| "lay the system's layers over each other (overlayfs)".to_owned())
}

/// Escapes what separates options and layers (overlayfs's documentation).
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for character in path.display().to_string().chars() {
        if matches!(character, '\\' | ',' | ':') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Makes the places that something will be mounted at, but those that the
/// layers have: one of theirs may be a symbolic link.
fn places(order: &Order, layers: &[PathBuf], skeleton: &Path) -> Result<(), Failed> {
    let description = &order.description;
    let there = |path: &Path| {
        let below = path.strip_prefix("/").unwrap_or(path);
        let mut layers = layers.iter();
        layers.any(|layer| fs::symlink_metadata(layer.join(below)).is_ok())
    };
    let modes = [("/tmp", 0o1777), ("/var/tmp", 0o1777)];
    let own = ["/dev", "/proc", "/run", "/sys", "/tmp", "/var/tmp"].map(Path::new);
    let more = [&description.account.home, &description.build_path].map(PathBuf::as_path);
    let binds = description.binds.iter();
    let directories = binds.filter(|bind| old(&bind.from).is_dir());
    let directories = directories.map(|bind| bind.to.as_path());
    for path in own.into_iter().chain(more).chain(directories) {
        let mut missing: Vec<&Path> = path.ancestors().filter(|path| !there(path)).collect();
        missing.reverse();
        for path in missing {
            let below = path.strip_prefix("/").unwrap_or(path);
            let mode = modes.iter().find(|(name, _)| Path::new(name) == path);
            directory(&skeleton.join(below), mode.map_or(0o755, |(_, mode)| *mode))?;
        }
    }
    Ok(())
}
