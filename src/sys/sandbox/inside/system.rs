//! The room's system: the machine's own, or layers of a directory tree.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount, mount_bind};

use super::super::description::Upper;
use super::super::wire::{DecoyKind, Order};
use super::mounts::{Kind, NEW, OLD, Sources, directory, file, make_directory, old, tmpfs, within};
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
    places(order, &layers, skeleton, sources)?;
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

/// Makes the places that something will be mounted at above the layers, where
/// the layers have none: a layer is never changed.
fn places(
    order: &Order,
    layers: &[PathBuf],
    skeleton: &Path,
    sources: &Sources,
) -> Result<(), Failed> {
    let description = &order.description;
    let mut directories: Vec<&Path> = ["/dev", "/proc", "/run", "/sys", "/tmp", "/var/tmp"]
        .map(Path::new)
        .to_vec();
    directories.push(&description.account.home);
    directories.push(&description.build_path);
    let mut files: Vec<&Path> = Vec::new();
    for bind in &description.binds {
        match sources.kind(&bind.from)? {
            Kind::Directory => directories.push(&bind.to),
            Kind::File => files.push(&bind.to),
        }
    }
    for decoy in &order.decoys {
        match decoy.kind {
            DecoyKind::Directory => directories.push(&decoy.path),
            DecoyKind::File | DecoyKind::Socket => files.push(&decoy.path),
        }
    }
    let above = |path: &Path| {
        let below = path.strip_prefix("/").unwrap_or(path).to_owned();
        layers
            .iter()
            .find_map(|layer| fs::symlink_metadata(layer.join(&below)).ok())
    };
    for path in files {
        if above(path).is_none() {
            let parent = path.parent().unwrap_or(path);
            ancestors(parent, skeleton, &above)?;
            file(&skeleton.join(path.strip_prefix("/").unwrap_or(path)), "")?;
        }
    }
    directories
        .into_iter()
        .try_for_each(|path| ancestors(path, skeleton, &above))
}

/// Makes a directory of the skeleton and those above it, like the layers' own
/// where they have them; below a symbolic link of theirs nothing can be made.
fn ancestors(
    path: &Path,
    skeleton: &Path,
    above: &dyn Fn(&Path) -> Option<fs::Metadata>,
) -> Result<(), Failed> {
    let mut all: Vec<&Path> = path.ancestors().collect();
    all.reverse();
    for path in all {
        let mode = match above(path) {
            Some(found) if found.is_dir() => found.permissions().mode() & 0o7777,
            Some(_) => return Ok(()),
            None if [Path::new("/tmp"), Path::new("/var/tmp")].contains(&path) => 0o1777,
            None => 0o755,
        };
        let below = path.strip_prefix("/").unwrap_or(path);
        directory(&skeleton.join(below), mode)?;
    }
    Ok(())
}
