//! Paths that lead out of the package, or into another one of its files.

use super::{entry, file, said, with_data};

#[test]
fn a_path_never_leaves_the_package() {
    let directory = |name: &str| entry(name.as_bytes(), b'5', b"", b"");
    let symlink = |name: &str, to: &str| entry(name.as_bytes(), b'2', to.as_bytes(), b"");
    let hard = |name: &str, to: &str| entry(name.as_bytes(), b'1', to.as_bytes(), b"");
    let cases: &[(&str, &[Vec<u8>], &str)] = &[
        (
            "dot dot",
            &[file("./usr/../../etc/passwd", "x")],
            "path “./usr/../../etc/passwd” leads out through “..”",
        ),
        (
            "absolute",
            &[file("/etc/passwd", "x")],
            "path “/etc/passwd” is absolute",
        ),
        (
            "through a symbolic link",
            &[symlink("./a", "/etc"), file("./a/passwd", "x")],
            "a/passwd leads through the symbolic link a",
        ),
        (
            "through a symbolic link further up",
            &[symlink("./a", "/etc"), file("./a/b/c", "x")],
            "a/b/c leads through the symbolic link a",
        ),
        (
            "through a hard link to a symbolic link",
            &[
                symlink("./a", "/etc"),
                hard("./b", "./a"),
                file("./b/passwd", "x"),
            ],
            "b/passwd leads through the symbolic link b",
        ),
        (
            "a symbolic link in the place of a directory",
            &[file("./a/x", "x"), symlink("./a", "/etc")],
            "a is no directory, as a needs it to be",
        ),
        (
            "a symbolic link after the directory",
            &[directory("./a/"), symlink("./a", "/etc")],
            "a comes twice",
        ),
        (
            "through a file",
            &[file("./a", "x"), file("./a/b", "x")],
            "a is no directory, as a/b needs it to be",
        ),
        (
            "hard link outside",
            &[hard("./a", "/etc/shadow")],
            "path “/etc/shadow” is absolute",
        ),
        (
            "hard link upwards",
            &[hard("./a", "../../etc/shadow")],
            "path “../../etc/shadow” leads out through “..”",
        ),
        (
            "hard link to what is not in the package",
            &[hard("./a", "./etc/shadow")],
            "hard link a points to etc/shadow, which is no earlier file of the package",
        ),
        (
            "hard link to itself",
            &[hard("./a", "./a")],
            "hard link a points to a, which is no earlier file of the package",
        ),
        (
            "hard link to a directory",
            &[directory("./d/"), hard("./a", "./d")],
            "hard link a points to d, which is no earlier file of the package",
        ),
        (
            "hard link through a symbolic link",
            &[symlink("./a", "/etc"), hard("./b", "./a/shadow")],
            "hard link b points to a/shadow, which is no earlier file of the package",
        ),
        (
            "twice the same file",
            &[file("./a", "x"), file("a", "y")],
            "a comes twice",
        ),
        (
            "twice the same directory",
            &[directory("./a"), directory("./a/")],
            "a comes twice",
        ),
    ];
    for (case, entries, want) in cases {
        let found = said(&with_data(entries));
        assert!(found.ends_with(want), "{case}: {found}");
        assert!(found.starts_with("data.tar "), "{case}: {found}");
    }
}
