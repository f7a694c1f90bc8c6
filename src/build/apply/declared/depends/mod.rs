//! The packages of the libraries that programs need: `Depends`, by
//! dpkg-shlibdeps(1) where dpkg-dev is installed, else by reading what it
//! reads. A library that nobody provides is an error, never a silence.

mod database;
mod host;

use std::collections::BTreeMap;
use std::path::Path;

use self::database::Database;
use self::host::{Found, Libraries};
use super::Shaping;
use super::programs::{Program, triplet};
use crate::build::apply::{Bench, BuildError};
use crate::build::package::Declared;
use crate::format::elf::Linking;
use crate::format::relation::{Alternative, Clause, Form, Operator, Relation, relations};
use crate::format::symbols::split_soname;
use crate::format::tar::TreePath;
use crate::format::version::Version;
use crate::model::{Finding, PackageName};
use crate::sys::layers::Layers;

/// Who looks dependencies up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookUp {
    /// dpkg-shlibdeps.
    Shlibdeps,
    /// We, in dpkg's database.
    Own,
}

/// What a package of libraries says of depending on it, deb-shlibs(5): one
/// line a library where the linker finds it, as dh_makeshlibs(1) writes them.
pub(super) fn shlibs(bench: &Bench<'_>, programs: &[Program]) -> String {
    let (package, version) = (&bench.plan.package, &bench.plan.version);
    let upstream = match version.as_str().rsplit_once('-') {
        Some((upstream, _)) => upstream,
        None => version.as_str(),
    };
    let mut lines: Vec<String> = Vec::new();
    for program in programs {
        let soname = program.elf.soname.as_deref();
        let parts = soname.and_then(split_soname);
        if let (Some((name, major)), true) = (parts, is_public(&program.path)) {
            let line = format!("{name} {major} {package} (>= {upstream})\n");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines.concat()
}

/// Tells whether the dynamic linker looks where a file lies.
fn is_public(path: &TreePath) -> bool {
    let whole = String::from_utf8_lossy(path.as_bytes());
    let directory = whole
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let directory = directory.strip_prefix("usr/").unwrap_or(directory);
    let known = ["lib", "lib32", "lib64", "libx32"].contains(&directory);
    let tuple = directory.strip_prefix("lib/");
    known || tuple.is_some_and(|tuple| tuple.contains("-linux-gnu") && !tuple.contains('/'))
}

/// Looks up what the programs need.
pub(super) fn depends(
    bench: &mut Bench<'_>,
    declared: &Declared,
    shaping: &Shaping,
    programs: &[Program],
    look_up: LookUp,
) -> Result<Vec<Clause>, BuildError> {
    let dynamic = |program: &&Program| program.elf.linking == Linking::Dynamic;
    let programs: Vec<&Program> = programs.iter().filter(dynamic).collect();
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    let triplet = triplet(&declared.architecture);
    let system = bench.system();
    let libraries = Libraries::new(shaping, &programs, &system, triplet);
    let mut needed = Vec::new();
    let mut missing = Vec::new();
    for program in &programs {
        for soname in &program.elf.needed {
            match libraries.find(program, soname) {
                Some(found) => needed.push((*program, soname.as_str(), found)),
                None => missing.push(nobody_provides(program, soname)),
            }
        }
    }
    if !missing.is_empty() {
        return Err(BuildError::Refused { findings: missing });
    }
    let text = match look_up {
        LookUp::Shlibdeps => shlibdeps(bench, &programs, &needed, declared)?,
        LookUp::Own => {
            own(&needed, &system).map_err(|findings| BuildError::Refused { findings })?
        }
    };
    relations(&text, Form::Settled).map_err(|error| {
        bench.refuse(format!(
            "the libraries' packages “{text}” make no Depends: {error}"
        ))
    })
}

fn nobody_provides(program: &Program, soname: &str) -> Finding {
    let found =
        format!("it needs {soname}, which neither the package nor the system it is built in has");
    Finding::error("missing-library", format!("/{}", program.path), found).fix(format!(
        "install the package with {soname} (apt-file search {soname}), add the library to files, \
         or say detect-depends = false and list depends yourself"
    ))
}

/// What dpkg-shlibdeps wants to stand around what it looks at: a source tree.
pub(super) fn pseudo_control(package: &PackageName) -> String {
    format!("Source: {package}\n\nPackage: {package}\nArchitecture: any\n")
}

/// Asks dpkg-shlibdeps.
fn shlibdeps(
    bench: &mut Bench<'_>,
    programs: &[&Program],
    needed: &[(&Program, &str, Found)],
    declared: &Declared,
) -> Result<String, BuildError> {
    let package = &bench.plan.package;
    // Our own packages' relations to themselves say nothing.
    let mut tool = bench
        .staged_tool("dpkg-shlibdeps")
        .env("DEB_HOST_ARCH", declared.architecture.as_str())
        .args(["-O".to_owned(), format!("-x{package}")]);
    let mut private: Vec<_> = needed
        .iter()
        .filter_map(|(_, _, found)| found.own())
        .collect();
    private.sort_unstable();
    private.dedup();
    for directory in private {
        tool = tool.arg(format!("-l/{directory}"));
    }
    let tool = tool.args(programs.iter().map(|program| program.staged.clone()));
    let said = bench.said("looking up the libraries of", tool)?;
    let text = String::from_utf8_lossy(&said);
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(found.unwrap_or_default().to_owned())
}

/// Looks up the packages of libraries in the system's database, as
/// dpkg-shlibdeps does.
fn own(needed: &[(&Program, &str, Found)], system: &Layers) -> Result<String, Vec<Finding>> {
    let libraries = needed.iter().filter_map(|(_, _, found)| found.system());
    let mut database = Database::read(system, libraries);
    let mut found: BTreeMap<String, Option<Version>> = BTreeMap::new();
    let mut raise = |template: &str, version: Option<&Version>| {
        for part in template
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let known = found.entry(part.to_owned()).or_default();
            let higher = match (&*known, version) {
                (Some(known), Some(version)) => version.compare(known).is_gt(),
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if higher {
                *known = version.cloned();
            }
        }
    };
    let mut unknown = Vec::new();
    let mut rest = needed;
    while let [(program, ..), ..] = rest {
        let same = rest
            .iter()
            .take_while(|(other, ..)| std::ptr::eq(*other, *program))
            .count();
        let (own, after) = rest.split_at(same);
        rest = after;
        let mut symbols = Vec::new();
        for (_, soname, found) in own {
            let Some(path) = found.system() else { continue };
            if let Some(known) = database.symbols(path, soname) {
                let (template, least) = known.least();
                raise(template, least);
                symbols.push(known);
            } else if let Some(depends) = database.shlibs(path, soname) {
                raise(&depends, None);
            } else if split_soname(soname).is_some() {
                unknown.push(nobody_says(program, path));
            }
        }
        for import in &program.elf.imports {
            let version = import.version.as_deref().unwrap_or("Base");
            let name = format!("{}@{version}", import.name);
            if let Some((template, version)) = symbols.iter().find_map(|known| known.of(&name)) {
                raise(template, Some(version));
            }
        }
    }
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let settled = found.iter().map(|(template, version)| match version {
        // dpkg-shlibdeps takes 0 for “any”.
        Some(version) if version.as_str() != "0" => {
            template.replace("#MINVER#", &format!("(>= {version})"))
        }
        _ => template.replace("#MINVER#", "").trim().to_owned(),
    });
    Ok(settled.collect::<Vec<_>>().join(", "))
}

fn nobody_says(program: &Program, library: &Path) -> Finding {
    let found = format!(
        "it needs {}, and no installed package says what depending on that means",
        library.display()
    );
    Finding::error(
        "library-without-package",
        format!("/{}", program.path),
        found,
    )
    .fix(
        "install the library from a package, add it to files, or say detect-depends = false and \
         list depends yourself",
    )
}

/// Puts relations together: those that another one implies are left out, as
/// dpkg-gencontrol(1) does. What was `declared` comes first.
pub(super) fn merged(declared: Vec<Clause>, found: Vec<Clause>) -> Vec<Clause> {
    let mut all: Vec<Clause> = Vec::new();
    for clause in declared.into_iter().chain(found) {
        if all.iter().any(|known| implies(known, &clause)) {
            continue;
        }
        match all.iter().position(|known| implies(&clause, known)) {
            Some(at) => {
                all[at] = clause.clone();
                let mut first = true;
                all.retain(|known| {
                    *known != clause && !implies(&clause, known) || std::mem::take(&mut first)
                });
            }
            None => all.push(clause),
        }
    }
    all
}

/// Tells whether a system on which `a` holds is one on which `b` does; where
/// that is hard to tell, not.
fn implies(a: &Clause, b: &Clause) -> bool {
    if a == b {
        return true;
    }
    let alternative = |a: &Alternative| b.alternatives.iter().any(|b| one_implies(a, b));
    a.alternatives.iter().all(alternative)
}

fn one_implies(a: &Alternative, b: &Alternative) -> bool {
    let (Alternative::Relation(a), Alternative::Relation(b)) = (a, b) else {
        return a == b;
    };
    let same = |a: &Relation, b: &Relation| {
        (&a.name, &a.qualifier, &a.architectures, &a.profiles)
            == (&b.name, &b.qualifier, &b.architectures, &b.profiles)
    };
    same(a, b)
        && match (&a.version, &b.version) {
            (_, None) => true,
            (Some((Operator::LaterOrEqual, a)), Some((Operator::LaterOrEqual, b))) => {
                a.compare(b).is_ge()
            }
            (Some((Operator::Equal, a)), Some((operator, b))) => operator.holds(a, b),
            (a, b) => a == b,
        }
}

#[cfg(test)]
mod tests;
