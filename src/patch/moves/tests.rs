use super::*;

/// What a file's change moves, as it is shown.
fn moved(path: &str, before: &str, after: &str) -> Vec<String> {
    let file = Changed {
        path,
        before: Some(before.as_bytes()),
        after: Some(after.as_bytes()),
    };
    moves([file]).iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_file_says_what_it_moves() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (
            "Cargo.lock",
            "version = 4\n[[package]]\nname = \"own\"\nversion = \"1.0.0\"\n\
             [[package]]\nname = \"serde\"\nversion = \"1.0.190\"\nsource = \"registry+x\"\n",
            "version = 4\n[[package]]\nname = \"own\"\nversion = \"1.0.1\"\n\
             [[package]]\nname = \"serde\"\nversion = \"1.0.197\"\nsource = \"registry+x\"\n",
            &["serde 1.0.190 → 1.0.197"],
        ),
        (
            "a/Cargo.lock",
            "[[package]]\nname = \"syn\"\nversion = \"1.0.9\"\nsource = \"r\"\n\
             [[package]]\nname = \"syn\"\nversion = \"1.0.10\"\nsource = \"r\"\n",
            "[[package]]\nname = \"syn\"\nversion = \"2.0.0\"\nsource = \"r\"\n\
             [[package]]\nname = \"syn\"\nversion = \"1.0.10\"\nsource = \"r\"\n",
            &["syn 1.0.9 → 2.0.0 (major)"],
        ),
        (
            "Cargo.toml",
            "[dependencies]\nserde = \"1\"\nrand = { version = \"0.8\" }\nown = { path = \"x\" }\n\
             [target.'cfg(unix)'.dependencies]\nrustix = \"0.38\"\n",
            "[dependencies]\nserde = \"1\"\nrand = { version = \"0.9\" }\nown = { path = \"y\" }\n\
             [target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n[dev-dependencies]\nproptest = \"1\"\n",
            &[
                "proptest 1 (new)",
                "rand 0.8 → 0.9 (major)",
                "rustix 0.38 → 1 (major)",
            ],
        ),
        (
            "package.json",
            r#"{"version": "1.0.0", "dependencies": {"left-pad": "^1.2.0", "gone": "1"}}"#,
            r#"{"version": "1.0.1", "dependencies": {"left-pad": "^1.3.0"}}"#,
            &["gone 1 (gone)", "left-pad ^1.2.0 → ^1.3.0"],
        ),
        (
            "ui/package-lock.json",
            r#"{"packages": {"": {"version": "1"}, "node_modules/@a/b": {"version": "2.0.1"}}}"#,
            r#"{"packages": {"": {"version": "2"}, "node_modules/@a/b": {"version": "2.0.0"}}}"#,
            &["@a/b 2.0.1 → 2.0.0 (back)"],
        ),
        (
            "pyproject.toml",
            "[project]\nversion = \"1\"\ndependencies = [\"requests[socks]>=2.30,<3; x\", \"attrs\"]\n",
            "[project]\nversion = \"2\"\ndependencies = [\"requests[socks]>=2.31,<3; x\", \"attrs\"]\n",
            &["requests >=2.30,<3 → >=2.31,<3"],
        ),
        (
            "requirements-dev.txt",
            "# text\nFlask_Login==0.6.2 --hash=sha256:00\n",
            "# text\nflask-login==0.6.3 --hash=sha256:01\n",
            &["flask-login 0.6.2 → 0.6.3"],
        ),
        (
            "poetry.lock",
            "[[package]]\nname = \"idna\"\nversion = \"3.6\"\n[metadata]\nlock-version = \"2\"\n",
            "[[package]]\nname = \"idna\"\nversion = \"3.7\"\n[metadata]\nlock-version = \"2\"\n",
            &["idna 3.6 → 3.7"],
        ),
        (
            "go.mod",
            "module x\ngo 1.21\nrequire golang.org/x/net v0.17.0\nrequire (\n\ta/b v1.2.3 // indirect\n)\n",
            "module x\ngo 1.22\nrequire golang.org/x/net v0.17.1\nrequire (\n\ta/b v2.0.0+incompatible\n)\n",
            &[
                "a/b v1.2.3 → v2.0.0+incompatible (major)",
                "golang.org/x/net v0.17.0 → v0.17.1",
            ],
        ),
        (
            "debian/control",
            "Source: x\nBuild-Depends: debhelper-compat (= 13), libc6-dev\n\nPackage: y\nDepends: ${shlibs:Depends}, libz (>= 1.2)\n",
            "Source: x\nBuild-Depends: debhelper-compat (= 14), libc6-dev\n\nPackage: y\nDepends: ${shlibs:Depends}, libz (>= 1.3~)\n",
            &[
                "debhelper-compat = 13 → = 14 (major)",
                "libz >= 1.2 → >= 1.3~",
            ],
        ),
        (
            "Cargo.toml",
            "[dependencies]\nx = \"1\"\n",
            "[dependencies\n",
            &[],
        ),
        (
            "src/control",
            "Depends: a (= 1)\n",
            "Depends: a (= 2)\n",
            &[],
        ),
    ];
    for (path, before, after, want) in cases {
        assert_eq!(moved(path, before, after), *want, "{path}");
    }
}

#[test]
fn a_lock_goes_before_its_manifest() {
    let manifest = (
        "Cargo.toml",
        "[dependencies]\nx = \"1\"\n",
        "[dependencies]\nx = \"2\"\n",
    );
    let lock = |version: &str| {
        format!("[[package]]\nname = \"x\"\nversion = \"{version}\"\nsource = \"r\"\n")
    };
    let (before, after) = (lock("1.4.2"), lock("2.0.1"));
    let lock = ("Cargo.lock", before.as_str(), after.as_str());
    for files in [[manifest, lock], [lock, manifest]] {
        let files = files.map(|(path, before, after)| Changed {
            path,
            before: Some(before.as_bytes()),
            after: Some(after.as_bytes()),
        });
        let found: Vec<String> = moves(files).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["x 1.4.2 → 2.0.1 (major)"]);
    }
}

#[test]
fn steps_are_those_that_may_break() {
    for (from, to, want) in [
        ("1.2.3", "1.2.4", Step::Patch),
        ("1.2.3", "1.3.0", Step::Minor),
        ("1.2", "2", Step::Major),
        ("0.1.2", "0.1.3", Step::Patch),
        ("0.1.2", "0.2.0", Step::Major),
        ("^1.2", "~1.2", Step::Other),
        ("1.2.3", "1.2.2", Step::Back),
        ("main", "1.0", Step::Other),
        ("1.10", "1.9", Step::Back),
    ] {
        assert_eq!(step(from, to), want, "{from} → {to}");
    }
}

#[test]
fn subjects_tell_of_moves() {
    let told = |subject: &str| of_subject(subject).map(|found| found.to_string());
    let cases = [
        (
            "build(deps): bump dep from 1.2 to 1.9",
            Some("dep 1.2 → 1.9"),
        ),
        (
            "Bump @types/node from 18.0.1 to 20.1.0 in /web",
            Some("@types/node 18.0.1 → 20.1.0 (major)"),
        ),
        (
            "chore: update `serde` from v1.0.1 to v1.0.2.",
            Some("serde v1.0.1 → v1.0.2"),
        ),
        ("build(deps): bump dep to 1.9", None),
        ("fix: update the page from one to two", None),
        ("fix: move 3 lines from 1 to 2", None),
    ];
    for (subject, want) in cases {
        assert_eq!(told(subject).as_deref(), want, "{subject}");
    }
    // What a file says goes before.
    let one = |from: &str, to: &str, file: &str| Move {
        name: "dep".into(),
        from: Some(from.into()),
        to: Some(to.into()),
        step: step(from, to),
        file: file.into(),
    };
    let read = vec![one("1.2.3", "1.9.0", "Cargo.lock")];
    let subject = "bump dep from 1.2 to 1.9";
    assert_eq!(with_subject(read.clone(), subject), read);
    assert_eq!(with_subject(Vec::new(), subject), [one("1.2", "1.9", "")]);
    // Commits in a row move once; there and back is no move.
    let row = [one("1.2", "1.9", "a"), one("1.9", "2.0", "a")];
    assert_eq!(joined(row), [one("1.2", "2.0", "a")]);
    let back = [one("1.2", "1.9", "a"), one("1.9", "1.2", "a")];
    assert_eq!(joined(back), []);
}
