//! Programs and libraries of a package: found, stripped, their symbols kept
//! apart, as dh_strip(1) does it.
//!
//! Works on copies in the staging directory.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Shaping;
use super::place::replaced;
use crate::build::apply::{Bench, BuildError};
use crate::build::package::Declared;
use crate::format::elf::{self, Elf};
use crate::format::tar::{Kind, Node, Tree, TreePath};
use crate::model::{Architecture, Finding};
use crate::sys::files;

/// A program or shared library of the package.
#[derive(Debug)]
pub(super) struct Program {
    /// Where it is installed.
    pub(super) path: TreePath,
    /// What it is.
    pub(super) elf: Elf,
    /// Its copy in the staging directory.
    pub(super) staged: PathBuf,
    executable: bool,
}

#[cfg(test)]
impl Program {
    pub(super) fn of(path: TreePath, elf: Elf) -> Self {
        let staged = PathBuf::new();
        Self {
            path,
            elf,
            staged,
            executable: true,
        }
    }
}

/// Finds programs and libraries and copies them, with the links that lead to
/// libraries, below a directory of the staging directory.
pub(super) fn find(
    bench: &Bench<'_>,
    shaping: &Shaping,
    below: &Path,
) -> Result<Vec<Program>, BuildError> {
    let mut found = Vec::new();
    for (path, node) in shaping.data.iter() {
        let staged = below.join(OsStr::from_bytes(path.as_bytes()));
        if let Kind::Symlink(to) = &node.kind {
            let name = String::from_utf8_lossy(path.file_name());
            if name.ends_with(".so") || name.contains(".so.") {
                let staged = bench.staged(&staged)?;
                symlink(OsStr::from_bytes(to), &staged).map_err(files::failed("write", &staged))?;
            }
            continue;
        }
        let Some(bytes) = program(path, node)
            .map_err(|error| bench.refuse(format!("cannot read /{path}: {error}")))?
        else {
            continue;
        };
        let elf = match Elf::read(&bytes) {
            Ok(elf) => elf,
            Err(error) => {
                // Perhaps one on purpose, for tests; nobody could strip it.
                let why = format!("/{path} begins like a program and is {error}");
                bench.workshop.listener.warn(why);
                continue;
            }
        };
        bench.stage(&staged, &bytes)?;
        found.push(Program {
            path: path.clone(),
            elf,
            staged,
            executable: node.mode & 0o111 != 0,
        });
    }
    Ok(found)
}

/// Reads a file that is a program or library; what lies among debug files or
/// is Guile's own is neither.
fn program(path: &TreePath, node: &Node) -> std::io::Result<Option<Vec<u8>>> {
    let Kind::File(content) = &node.kind else {
        return Ok(None);
    };
    let shown = String::from_utf8_lossy(path.as_bytes());
    let guile = shown.contains("/guile/") && shown.ends_with(".go");
    if guile || shown.starts_with("usr/lib/debug/") || content.size() < elf::HEAD_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; elf::HEAD_BYTES];
    let mut file = content.open()?;
    file.read_exact(&mut bytes)?;
    if !elf::is_program(&bytes) {
        return Ok(None);
    }
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Finds programs that cannot run where the package is installed.
pub(super) fn misplaced(declared: &Declared, programs: &[Program]) -> Vec<Finding> {
    let wrong = programs.iter().filter_map(|program| {
        let runs_on = program.elf.abi.architectures();
        let wanted = &declared.architecture;
        if runs_on.is_empty() || runs_on.contains(&wanted.as_str()) {
            return None;
        }
        let made_for = runs_on[0];
        let (found, fix) = match wanted.is_all() {
            true => (
                format!("it is a program for {made_for}, in a package for all architectures"),
                format!("say architecture = \"{made_for}\", or \"any\" where it is built"),
            ),
            false => (
                format!("it is a program for {made_for}, in a package for {wanted}"),
                format!("build it for {wanted}, or say architecture = \"{made_for}\""),
            ),
        };
        let fix = format!("{fix}; to ship it as data: strip = false and detect-depends = false");
        Some(Finding::error("program-architecture", format!("/{}", program.path), found).fix(fix))
    });
    wrong.collect()
}

/// The files with what was taken out of programs, and the programs' build ids.
pub(super) struct DebugFiles {
    pub(super) data: Tree,
    pub(super) build_ids: Vec<String>,
}

/// Finds static libraries and copies them into the staging directory.
pub(super) fn find_archives(
    bench: &Bench<'_>,
    shaping: &Shaping,
) -> Result<Vec<(TreePath, PathBuf)>, BuildError> {
    let mut found: Vec<(TreePath, PathBuf)> = Vec::new();
    for (path, node) in shaping.data.iter() {
        let bytes = archive(path, node);
        let bytes = bytes.map_err(|why| bench.refuse(format!("cannot read /{path}: {why}")))?;
        if let Some(bytes) = bytes {
            let staged = Path::new("archives").join(found.len().to_string());
            bench.stage(&staged, &bytes)?;
            found.push((path.clone(), staged));
        }
    }
    Ok(found)
}

/// Makes the directories that symbols are kept in.
pub(super) fn make_room_for_symbols(
    bench: &Bench<'_>,
    declared: &Declared,
    programs: &[Program],
) -> Result<(), BuildError> {
    for kept in programs
        .iter()
        .filter_map(|program| kept(declared, program))
    {
        bench.staged(&kept)?;
    }
    Ok(())
}

/// Returns where a program's symbols are kept, where they are.
fn kept(declared: &Declared, program: &Program) -> Option<PathBuf> {
    let elf = &program.elf;
    let id = elf.build_id.as_ref().filter(|id| id.len() > 2)?;
    let wanted = elf.has_symbols && declared.programs.debug_symbols;
    wanted.then(|| Path::new("debug").join(debug_name(id)))
}

fn debug_name(id: &str) -> String {
    format!("{}/{}.debug", &id[..2], &id[2..])
}

/// Strips programs, libraries and archives on the floor; returns what was taken
/// out, where that is wanted and there was any.
pub(super) fn strip(
    bench: &mut Bench<'_>,
    declared: &Declared,
    shaping: &mut Shaping,
    programs: &[Program],
    archives: Vec<(TreePath, PathBuf)>,
) -> Result<Option<DebugFiles>, BuildError> {
    let mut build_ids: Vec<String> = Vec::new();
    let mut stripped: Vec<(TreePath, PathBuf)> = Vec::new();
    let prefix = cross_prefix(bench, declared, programs);
    let run = |bench: &mut Bench<'_>, tool: &str, arguments: &[&str], files: &[&Path]| {
        let tool = bench.staged_tool(&format!("{prefix}{tool}"));
        bench.run(
            "stripping the programs of",
            tool.args(arguments).args(files.iter().copied()),
        )
    };
    for program in programs {
        let Program {
            path, elf, staged, ..
        } = program;
        let kept = kept(declared, program);
        if let (Some(kept), Some(id)) = (&kept, &elf.build_id)
            && !build_ids.contains(id)
        {
            let keep = ["--only-keep-debug", "--compress-debug-sections"];
            run(bench, "objcopy", &keep, &[staged, kept])?;
            build_ids.push(id.clone());
        }
        if elf.build_id.is_none() && elf.has_symbols && declared.programs.debug_symbols {
            let why = format!("/{path} has no build id, so its symbols are not kept");
            bench.workshop.listener.warn(why);
        }
        let mut arguments = vec!["--remove-section=.comment", "--remove-section=.note"];
        if !program.executable {
            arguments.push("--strip-unneeded");
        }
        run(bench, "strip", &arguments, &[staged])?;
        if let Some(kept) = kept {
            let link = format!("--add-gnu-debuglink={}", kept.display());
            run(bench, "objcopy", &[&link], &[staged])?;
        }
        stripped.push((path.clone(), staged.clone()));
    }
    for (path, staged) in archives {
        let arguments = [
            "--strip-debug",
            "--remove-section=.comment",
            "--remove-section=.note",
            "--enable-deterministic-archives",
            "--remove-section=.gnu.lto_*",
            "--remove-section=.gnu.debuglto_*",
            "--strip-symbol=__gnu_lto_slim",
            "--strip-symbol=__gnu_lto_v1",
        ];
        run(bench, "strip", &arguments, &[&staged])?;
        stripped.push((path, staged));
    }
    build_ids.sort();
    let debug = build_ids
        .iter()
        .map(|id| Path::new("debug").join(debug_name(id)));
    let names = stripped.iter().map(|(_, staged)| staged.clone());
    let names: BTreeSet<PathBuf> = names.chain(debug).collect();
    bench.carry_out_staged(&names)?;
    let mut contents = std::collections::BTreeMap::new();
    for (path, staged) in stripped {
        contents.insert(path, bench.shaped(&staged)?);
    }
    let data = replaced(&shaping.data, |path, node| {
        let kind = Kind::File(contents.get(path)?.clone());
        Some((
            path.clone(),
            Node {
                kind,
                ..node.clone()
            },
        ))
    });
    shaping.data = data.map_err(|why| bench.refuse(why))?;
    if build_ids.is_empty() {
        return Ok(None);
    }
    let data = debug_files(bench, &build_ids)?;
    Ok(Some(DebugFiles { data, build_ids }))
}

fn debug_files(bench: &Bench<'_>, ids: &[String]) -> Result<Tree, BuildError> {
    let (plan, mut data) = (bench.plan, Tree::new());
    let mtime = plan.epoch.unix();
    let mut put = |path: String, node: Node| {
        let path = TreePath::new(path).map_err(|error| bench.refuse(error.to_string()))?;
        let put = data.insert(path, node);
        put.map_err(|error| bench.refuse(error.to_string()))
    };
    for id in ids {
        let below = debug_name(id);
        let kind = Kind::File(bench.shaped(&Path::new("debug").join(&below))?);
        let node = Node::of_root(kind, 0o644, mtime);
        put(format!("usr/lib/debug/.build-id/{below}"), node)?;
    }
    let link = Node::symlink(plan.package.as_str(), mtime);
    put(format!("usr/share/doc/{}-dbgsym", plan.package), link)?;
    Ok(data)
}

fn is_archive(path: &TreePath) -> bool {
    let name = path.file_name();
    let named = name.starts_with(b"lib") && name.ends_with(b".a") && !name.ends_with(b"_g.a");
    named && !path.as_bytes().starts_with(b"usr/lib/debug/")
}

/// Reads a static library.
fn archive(path: &TreePath, node: &Node) -> std::io::Result<Option<Vec<u8>>> {
    let Kind::File(content) = &node.kind else {
        return Ok(None);
    };
    if !is_archive(path) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    content.open()?.read_to_end(&mut bytes)?;
    Ok(bytes.starts_with(b"!<arch>\n").then_some(bytes))
}

/// Returns what stands before the names of binutils' programs where they are
/// for another architecture than this machine's.
pub(super) fn cross_prefix(bench: &Bench<'_>, declared: &Declared, programs: &[Program]) -> String {
    let here = bench.plan.architecture.as_str();
    let foreign = |program: &Program| {
        let runs_on = program.elf.abi.architectures();
        !runs_on.is_empty() && !runs_on.contains(&here)
    };
    match triplet(&declared.architecture).filter(|_| programs.iter().any(foreign)) {
        // GNU's own name for the processor is not the one of directories.
        Some(triplet) => format!("{}-", triplet.replace("i386", "i686")),
        None => String::new(),
    }
}

/// Returns the name that GNU has for an architecture, dpkg-architecture(1).
pub(super) fn triplet(architecture: &Architecture) -> Option<&'static str> {
    Some(match architecture.as_str() {
        "amd64" => "x86_64-linux-gnu",
        "i386" => "i386-linux-gnu",
        "arm64" => "aarch64-linux-gnu",
        "armhf" => "arm-linux-gnueabihf",
        "armel" => "arm-linux-gnueabi",
        "ppc64el" => "powerpc64le-linux-gnu",
        "riscv64" => "riscv64-linux-gnu",
        "s390x" => "s390x-linux-gnu",
        "loong64" => "loongarch64-linux-gnu",
        "mips64el" => "mips64el-linux-gnuabi64",
        _ => return None,
    })
}
