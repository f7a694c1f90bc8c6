use super::*;

fn clauses(text: &str) -> Vec<Clause> {
    relations(text, Form::Settled).expect(text)
}

#[test]
fn relations_that_another_implies_are_left_out() {
    for (declared, found, want) in [
        ("", "libc6 (>= 2.34)", "libc6 (>= 2.34)"),
        ("libc6", "libc6 (>= 2.34)", "libc6 (>= 2.34)"),
        ("libc6 (>= 2.36)", "libc6 (>= 2.34)", "libc6 (>= 2.36)"),
        (
            "adduser, libc6, libc6 (>= 2)",
            "libc6 (>= 2.34), zlib1g (>= 1:1.1)",
            "adduser, libc6 (>= 2.34), zlib1g (>= 1:1.1)",
        ),
        ("libc6 (= 2.36)", "libc6 (>= 2.34)", "libc6 (= 2.36)"),
        (
            "libc6 (<< 3)",
            "libc6 (>= 2.34)",
            "libc6 (<< 3), libc6 (>= 2.34)",
        ),
        ("aa | bb", "aa (>= 1) | bb", "aa (>= 1) | bb"),
        ("aa | bb", "aa", "aa"),
        ("aa", "aa | bb", "aa"),
        ("aa:any", "aa", "aa:any, aa"),
    ] {
        let found = merged(clauses(declared), clauses(found));
        let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown.join(", "), want, "{declared}");
    }
}

#[test]
fn libraries_are_public_where_the_linker_looks() {
    for (path, want) in [
        ("usr/lib/x86_64-linux-gnu/libt.so.1", true),
        ("lib/arm-linux-gnueabihf/libt.so.1", true),
        ("usr/lib/libt.so.1", true),
        ("usr/lib/tally/libt.so.1", false),
        ("usr/lib/x86_64-linux-gnu/tally/libt.so.1", false),
        ("opt/lib/libt.so.1", false),
    ] {
        assert_eq!(is_public(&TreePath::new(path).expect(path)), want, "{path}");
    }
}

/// The programs of a machine with git and a compiler: C and C++, libraries with
/// symbols files, with shlibs files, with neither.
const REAL: [&str; 8] = [
    "/bin/sh",
    "/usr/bin/apt",
    "/usr/bin/dpkg",
    "/usr/bin/git",
    "/usr/bin/gpg",
    "/usr/bin/ld.bfd",
    "/usr/bin/perl",
    "/usr/bin/ssh",
];

#[test]
fn own_reading_finds_what_dpkg_shlibdeps_finds() {
    use std::fs;
    use std::process::Command;

    use crate::build::apply::declared::place::read_tree;

    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("debian")).expect("a directory");
    let control = "Source: x\n\nPackage: x\nArchitecture: any\n";
    fs::write(dir.path().join("debian/control"), control).expect("a file");
    let machine = Layers::machine();
    let mut judged = 0;
    for path in REAL {
        let Ok(real) = fs::canonicalize(path) else {
            continue;
        };
        let said = Command::new("dpkg-shlibdeps")
            .args(["-O", "--warnings=0"])
            .arg(&real)
            .current_dir(dir.path())
            .output()
            .expect("apt-get install dpkg-dev");
        assert!(
            said.status.success(),
            "{path}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let want = said
            .trim()
            .strip_prefix("shlibs:Depends=")
            .unwrap_or_default();
        let name = real
            .to_str()
            .expect("text")
            .trim_start_matches('/')
            .to_owned();
        let (shaping, programs) = read_tree(&[(&name, &fs::read(&real).expect("readable"))]);
        let shown: Vec<&Program> = programs.iter().collect();
        let here = crate::model::Architecture::of_this_machine();
        let libraries = Libraries::new(&shaping, &shown, &machine, triplet(&here));
        let needed: Vec<_> = programs[0]
            .elf
            .needed
            .iter()
            .map(|soname| {
                let found = libraries.find(&programs[0], soname);
                (
                    &programs[0],
                    soname.as_str(),
                    found.unwrap_or_else(|| panic!("{path}: {soname}")),
                )
            })
            .collect();
        let found = own(&needed, &machine).expect("all are known");
        let sorted = |text: &str| {
            let mut parts: Vec<_> = text.split(", ").map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(sorted(&found), sorted(want), "{path}");
        judged += 1;
    }
    assert!(judged > 5, "only {judged} programs are here");
}

#[test]
fn a_clean_systems_libraries_are_its_own() {
    use std::fs;

    use crate::build::apply::declared::place::read_tree;

    let shell = fs::canonicalize("/bin/sh").expect("a shell");
    let (shaping, programs) = read_tree(&[("bin/sh", &fs::read(&shell).expect("readable"))]);
    let shown: Vec<&Program> = programs.iter().collect();
    let here = crate::model::Architecture::of_this_machine();
    let usual = Layers::machine();
    let usual = Libraries::new(&shaping, &shown, &usual, triplet(&here));
    let libc = match usual.find(&programs[0], "libc.so.6") {
        Some(Found::System(path)) => path,
        other => panic!("{other:?}"),
    };
    let dir = tempfile::tempdir().expect("a directory");
    let put = |path: &str, bytes: &[u8]| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    };
    let bare = Layers::of(vec![dir.path().to_owned()]);
    let libraries = Libraries::new(&shaping, &shown, &bare, triplet(&here));
    assert_eq!(
        libraries.find(&programs[0], "libc.so.6"),
        None,
        "not the machine's"
    );
    put("usr/lib/libc.so.6", &fs::read(libc).expect("readable"));
    put("var/lib/dpkg/info/otherc.list", b"/lib/libc.so.6\n");
    put("var/lib/dpkg/info/otherc.shlibs", b"libc 6 otherc (>= 9)\n");
    let found = libraries
        .find(&programs[0], "libc.so.6")
        .expect("it is there");
    let needed = [(&programs[0], "libc.so.6", found)];
    assert_eq!(own(&needed, &bare).expect("it is known"), "otherc (>= 9)");
}
