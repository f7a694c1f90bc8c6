use std::path::Path;
use std::process::Command;

use super::*;

fn said(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|e| panic!("cannot run {program} ({e}): apt-get install binutils"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Programs and libraries that every machine with a compiler has.
fn files() -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = ["/bin/sh", "/usr/bin/dpkg", "/usr/bin/perl", "/usr/bin/git"]
        .iter()
        .map(|path| Path::new(path).to_owned())
        .collect();
    let libraries = glob::glob("/usr/lib/*-linux-gnu/lib[a-m]*.so.[0-9]").expect("a pattern");
    found.extend(libraries.filter_map(Result::ok).take(25));
    found.push(std::env::current_exe().expect("this test"));
    found
}

#[test]
fn real_files_are_read_as_readelf_reads_them() {
    for path in files() {
        let bytes = std::fs::read(&path).expect("readable");
        assert!(is_program(&bytes), "{}", path.display());
        let found = Elf::read(&bytes).expect("a whole file");
        let dynamic = said("readelf", &["-dW"], &path);
        let named = |tag: &str| -> Vec<String> {
            let lines = dynamic.lines().filter(|line| line.contains(tag));
            let name = |line: &str| Some(line.rsplit_once('[')?.1.strip_suffix(']')?.to_owned());
            lines.filter_map(name).collect()
        };
        assert_eq!(found.needed, named("(NEEDED)"), "{}", path.display());
        assert_eq!(
            found.soname.clone().into_iter().collect::<Vec<_>>(),
            named("(SONAME)")
        );
        let notes = said("readelf", &["-nW"], &path);
        let id = notes
            .lines()
            .find_map(|line| Some(line.split_once("Build ID: ")?.1));
        assert_eq!(found.build_id.as_deref(), id, "{}", path.display());
        let symbols = said("readelf", &["--dyn-syms", "-W"], &path);
        let undefined = symbols.lines().filter_map(|line| {
            let mut words = line.split_whitespace().skip(6);
            (words.next()? == "UND").then(|| words.next().map(str::to_owned))?
        });
        let mut want: Vec<String> = undefined.collect();
        let shown = |import: &Import| match &import.version {
            None => import.name.clone(),
            Some(version) => format!("{}@{version}", import.name),
        };
        let mut imports: Vec<String> = found.imports.iter().map(shown).collect();
        want.sort();
        imports.sort();
        assert_eq!(imports, want, "{}", path.display());
        let sections = said("readelf", &["-SW"], &path);
        assert_eq!(
            found.has_symbols,
            sections.contains(" .symtab "),
            "{}",
            path.display()
        );
    }
}

#[test]
fn what_is_cut_or_spoilt_is_refused_and_never_a_panic() {
    let whole = std::fs::read("/usr/bin/dpkg").expect("readable");
    for len in (0..whole.len()).step_by(whole.len() / 300 + 1) {
        assert!(Elf::read(&whole[..len]).is_err(), "cut at {len}");
    }
    let mut spoilt = whole;
    // Headers, dynamic section and tables lie at the start and the end.
    for at in (0..4096).chain(spoilt.len() - 2048..spoilt.len()) {
        let before = spoilt[at];
        spoilt[at] = before.wrapping_add(0x81);
        let _ = Elf::read(&spoilt);
        spoilt[at] = before;
    }
}

#[test]
fn other_files_are_no_programs() {
    for head in [
        &b""[..],
        b"#!/bin/sh\necho hello world\n",
        b"\x7fELF",
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0", // ET_REL
        b"!<arch>\nfoo.o/           ",
    ] {
        assert!(!is_program(head), "{head:?}");
    }
}
