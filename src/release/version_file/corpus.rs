//! Real files: an edit changes the version's bytes and nothing else.

use proptest::prelude::*;

use super::*;

macro_rules! fixtures {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../fixtures/version-files/", $path)))),*]
    };
}

const FILES: [(&str, &str); 44] = fixtures![
    "snafu/Cargo.toml",
    "snafu/Cargo.lock",
    "snafu-published/Cargo.toml",
    "clap/Cargo.toml",
    "regex/Cargo.toml",
    "generic-array/Cargo.toml",
    "vcpkg/Cargo.toml",
    "debian-control/Cargo.toml",
    "borsh/Cargo.toml",
    "winnow/Cargo.toml",
    "zstd/CMakeLists.txt",
    "jsoncpp/CMakeLists.txt",
    "jsoncpp/meson.build",
    "jsoncpp/version.h",
    "pkgconf/configure.ac",
    "pkgconf/meson.build",
    "slf4j/pom.xml",
    "slf4j/slf4j-api/pom.xml",
    "gin/version.go",
    "grpc-go/version.go",
    "semver/package.json",
    "chalk/package.json",
    "eslint_d/package.json",
    "types-ms/package.json",
    "types-ms/package-lock.json",
    "types-ms/npm-shrinkwrap.json",
    "hatchling/pyproject.toml",
    "hatchling/src/hatchling/__about__.py",
    "requests/pyproject.toml",
    "requests/setup.cfg",
    "requests/src/requests/__version__.py",
    "flit_core/pyproject.toml",
    "flit_core/flit_core/__init__.py",
    "poetry-core/pyproject.toml",
    "tomlkit/pyproject.toml",
    "tomli-w/pyproject.toml",
    "tomli-w/uv.lock",
    "build/setup.cfg",
    "wheel/setup.cfg",
    "wheel/src/wheel/__init__.py",
    "pycparser/setup.py",
    "six/setup.py",
    "six/six.py",
    "gsutil/VERSION",
];

fn text_of(path: &str) -> &'static str {
    let found = FILES.iter().find(|(own, _)| *own == path);
    found.unwrap_or_else(|| panic!("{path} is no fixture")).1
}

/// A line's number, and what is written there around the version.
type Line = (usize, &'static str, &'static str);

/// The lines that hold the version, and no others change.
const HELD: &[(&str, &str, &[Line])] = &[
    ("snafu/Cargo.toml", "0.9.2", &[(3, "version = \"", "\"")]),
    ("snafu/Cargo.lock", "0.9.2", &[(224, "version = \"", "\"")]),
    (
        "snafu-published/Cargo.toml",
        "0.9.2",
        &[(16, "version = \"", "\"")],
    ),
    ("clap/Cargo.toml", "4.6.7", &[(131, "version = \"", "\"")]),
    (
        "regex/Cargo.toml",
        "1.13.1",
        &[(3, "version = \"", "\"  #:version")],
    ),
    (
        "generic-array/Cargo.toml",
        "0.14.7",
        &[(4, "version = \"", "\"\r")],
    ),
    ("vcpkg/Cargo.toml", "0.2.15", &[(3, "version = \"", "\"\r")]),
    (
        "debian-control/Cargo.toml",
        "0.3.20",
        &[(5, "version = \"", "\"")],
    ),
    ("winnow/Cargo.toml", "1.0.5", &[(118, "version = \"", "\"")]),
    (
        "jsoncpp/CMakeLists.txt",
        "1.9.5",
        &[(
            75,
            "        VERSION ",
            " # <major>[.<minor>[.<patch>[.<tweak>]]]",
        )],
    ),
    (
        "jsoncpp/meson.build",
        "1.9.4",
        &[(12, "  version : '", "',")],
    ),
    (
        "pkgconf/configure.ac",
        "1.8.1",
        &[(
            15,
            "AC_INIT([pkgconf], [",
            "], [https://github.com/pkgconf/pkgconf/issues/new])",
        )],
    ),
    (
        "pkgconf/meson.build",
        "1.8.1",
        &[(2, "  version : '", "',")],
    ),
    (
        "slf4j/pom.xml",
        "1.7.32",
        &[(9, "  <version>", "</version>")],
    ),
    (
        "gin/version.go",
        "1.8.1",
        &[(8, "const Version = \"v", "\"")],
    ),
    (
        "grpc-go/version.go",
        "1.33.3",
        &[(22, "const Version = \"", "\"")],
    ),
    (
        "semver/package.json",
        "7.8.6",
        &[(3, "  \"version\": \"", "\",")],
    ),
    (
        "chalk/package.json",
        "5.6.2",
        &[(3, "\t\"version\": \"", "\",")],
    ),
    (
        "eslint_d/package.json",
        "14.3.0",
        &[(3, "  \"version\": \"", "\",")],
    ),
    (
        "types-ms/package.json",
        "2.1.0",
        &[(3, "    \"version\": \"", "\",")],
    ),
    (
        "types-ms/package-lock.json",
        "2.1.0",
        &[
            (3, "    \"version\": \"", "\","),
            (9, "            \"version\": \"", "\","),
        ],
    ),
    (
        "types-ms/npm-shrinkwrap.json",
        "2.1.0",
        &[
            (3, "    \"version\": \"", "\","),
            (9, "            \"version\": \"", "\","),
        ],
    ),
    (
        "hatchling/src/hatchling/__about__.py",
        "1.33.0",
        &[(1, "__version__ = \"", "\"")],
    ),
    (
        "requests/src/requests/__version__.py",
        "2.34.2",
        &[(8, "__version__ = \"", "\"")],
    ),
    (
        "flit_core/flit_core/__init__.py",
        "4.2.0",
        &[(7, "__version__ = '", "'")],
    ),
    (
        "poetry-core/pyproject.toml",
        "2.5.0",
        &[(3, "version = \"", "\"")],
    ),
    (
        "tomlkit/pyproject.toml",
        "0.11.0",
        &[(3, "version = \"", "\"")],
    ),
    (
        "tomli-w/pyproject.toml",
        "1.2.0",
        &[(
            7,
            "version = \"",
            "\"  # DO NOT EDIT THIS LINE MANUALLY. LET bump2version UTILITY DO IT",
        )],
    ),
    ("tomli-w/uv.lock", "1.2.0", &[(7, "version = \"", "\"")]),
    ("build/setup.cfg", "0.7.0", &[(3, "version = ", "")]),
    (
        "wheel/src/wheel/__init__.py",
        "0.37.1",
        &[(1, "__version__ = '", "'")],
    ),
    ("pycparser/setup.py", "2.21", &[(46, "    version='", "',")]),
    ("six/six.py", "1.17.0", &[(32, "__version__ = \"", "\"")]),
    ("gsutil/VERSION", "5.34", &[(1, "", "")]),
];

#[test]
fn real_files_change_in_the_versions_place_alone() {
    for (path, version, lines) in HELD {
        let (file, text) = (VersionFile::new(*path), text_of(path));
        assert_eq!(file.version_in(text).as_deref(), Ok(*version), "{path}");
        for to in ["99.100.1", "1.0.0"] {
            let edited = file
                .edited(text, to)
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(file.version_in(&edited).as_deref(), Ok(to), "{path}");
            // Line by line, and so byte by byte: no line of theirs is split.
            let (old, new) = (text.split('\n'), edited.split('\n'));
            assert_eq!(old.clone().count(), new.clone().count(), "{path}");
            let mut changed = Vec::new();
            for (number, (old, new)) in old.zip(new).enumerate() {
                if old != new {
                    changed.push((number + 1, old.to_owned(), new.to_owned()));
                }
            }
            let line = |(number, before, after): &Line| {
                let with = |version| format!("{before}{version}{after}");
                (*number, with(*version), with(to))
            };
            assert_eq!(
                changed,
                lines.iter().map(line).collect::<Vec<_>>(),
                "{path}"
            );
        }
    }
}

#[test]
fn versions_that_are_elsewhere_are_refused_or_followed() {
    let cases = [
        (
            "hatchling/pyproject.toml",
            "it is in src/hatchling/__about__.py",
            Some("hatchling/src/hatchling/__about__.py"),
        ),
        (
            "requests/pyproject.toml",
            "it is in requests/__version__/__init__.py",
            Some("requests/src/requests/__version__.py"),
        ),
        (
            "flit_core/pyproject.toml",
            "it is in flit_core/__init__.py",
            Some("flit_core/flit_core/__init__.py"),
        ),
        (
            "wheel/setup.cfg",
            "it is the module's wheel.__version__",
            Some("wheel/src/wheel/__init__.py"),
        ),
        ("borsh/Cargo.toml", "inherited from the workspace", None),
        (
            "zstd/CMakeLists.txt",
            "project() takes it from ${ZSTD_FULL_VERSION}",
            None,
        ),
        ("slf4j/slf4j-api/pom.xml", "it is the parent's", None),
        ("six/setup.py", "line 47 computes it", None),
    ];
    let read = |path: &str| {
        let found = FILES.iter().find(|(own, _)| *own == path);
        found.map(|(_, text)| (*text).to_owned())
    };
    for (path, reason, source) in cases {
        let (file, text) = (VersionFile::new(path), text_of(path));
        let want = format!("{path}: the version is dynamic, {reason}");
        assert_eq!(file.version_in(text).map_err(|e| e.to_string()), Err(want));
        assert!(file.edited(text, "1.0.0").is_err(), "{path}");
        let found = file.resolved(text, &read).ok();
        assert_eq!(
            found.as_ref().map(|(file, _)| file.path.as_str()),
            source,
            "{path}"
        );
    }
    let silent = VersionFile::new("requests/setup.cfg");
    let error = silent
        .version_in(text_of("requests/setup.cfg"))
        .map_err(|e| e.to_string());
    assert_eq!(
        error,
        Err("requests/setup.cfg: no version at [metadata] version".into())
    );
}

#[test]
fn a_real_disagreement_is_found() {
    let pattern = "JSONCPP_VERSION_STRING \"{version}\"";
    let header = VersionFile::with_pattern("jsoncpp/version.h", pattern, 1).expect("a pattern");
    let files = [
        header,
        VersionFile::new("jsoncpp/CMakeLists.txt"),
        VersionFile::new("jsoncpp/meson.build"),
    ];
    let found: Vec<_> = files
        .iter()
        .map(|file| file.reading(text_of(&file.path)))
        .collect();
    let findings = disagreement(&found, None);
    let want = "jsoncpp/version.h:12 says 1.9.5, jsoncpp/CMakeLists.txt:75 says 1.9.5, \
                jsoncpp/meson.build:12 says 1.9.4";
    assert_eq!(
        findings
            .iter()
            .map(|f| f.message.as_str())
            .collect::<Vec<_>>(),
        [want]
    );
    let findings = disagreement(&found, Some("1.9.5"));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].subject, "jsoncpp/meson.build:12");
}

#[test]
fn requirements_of_real_files_change_alone() {
    let cases = [
        ("clap/Cargo.toml", "clap_builder", "version = \"=4.6.7\""),
        ("clap/Cargo.toml", "clap_derive", "version = \"=4.6.7\""),
        ("snafu/Cargo.toml", "snafu-derive", "version = \"0.9.2\" }"),
        (
            "snafu-published/Cargo.toml",
            "snafu-derive",
            "version = \"0.9.2\"",
        ),
        ("borsh/Cargo.toml", "borsh-derive", "version = \"~1.8.1\""),
        (
            "slf4j/slf4j-api/pom.xml",
            "slf4j-parent",
            "<version>1.7.32</version>",
        ),
        (
            "slf4j/slf4j-api/pom.xml",
            "org.slf4j:slf4j-parent",
            "<version>1.7.32</version>",
        ),
        ("eslint_d/package.json", "debug", "\"debug\": \"^4.3.7\""),
        (
            "tomlkit/pyproject.toml",
            "pre-commit",
            "{version = \"^2.1.0\"",
        ),
        ("poetry-core/pyproject.toml", "mypy", "\">=1.18.0\""),
    ];
    for (path, name, written) in cases {
        let (file, text) = (VersionFile::requirement(path, name), text_of(path));
        let version = file
            .version_in(text)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(written.contains(&version), "{path}: {version}");
        let edited = file
            .edited(text, "77.8.9")
            .unwrap_or_else(|error| panic!("{error}"));
        let changed: Vec<_> = text
            .lines()
            .zip(edited.lines())
            .filter(|(a, b)| a != b)
            .collect();
        assert_eq!(changed.len(), 1, "{path}: {changed:?}");
        assert!(changed[0].0.contains(written), "{path}: {changed:?}");
        let want = changed[0]
            .0
            .replace(written, &written.replace(&version, "77.8.9"));
        assert_eq!(changed[0].1, want, "{path}");
        assert_eq!(file.version_in(&edited).as_deref(), Ok("77.8.9"), "{path}");
    }
    let upper = VersionFile::requirement("debian-control/Cargo.toml", "deb822-fast");
    let error = upper.edited(text_of("debian-control/Cargo.toml"), "0.3.0");
    let want = "debian-control/Cargo.toml: “0.3.0” cannot be written there: \
                the requirement on deb822-fast says <0.3";
    assert_eq!(error.map_err(|e| e.to_string()), Err(want.into()));
}

/// Replaces, removes, doubles and inserts pieces at places of a text.
fn mutated(text: &str, cuts: &[(prop::sample::Index, u8, prop::sample::Index)]) -> String {
    const PIECES: [&str; 16] = [
        "\"",
        "'",
        "\n",
        "\r\n",
        "[",
        "]",
        "{",
        "}",
        "=",
        "version",
        "#",
        "\\",
        "</version>",
        "1.2.3",
        "é",
        "\u{feff}",
    ];
    let mut text = text.to_owned();
    for (place, action, piece) in cuts {
        let mut at = place.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let next = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        match action % 4 {
            0 => text.insert_str(at, piece.get::<&str>(&PIECES)),
            1 => text.replace_range(at..next, ""),
            2 => text.replace_range(at..next, piece.get::<&str>(&PIECES)),
            _ => text.truncate(at),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mutated_files_are_refused_or_change_in_their_spans_alone(
        file in prop::sample::select(FILES.to_vec()),
        cuts in prop::collection::vec(any::<(prop::sample::Index, u8, prop::sample::Index)>(), 0..4),
        to in "[0-9]{1,3}\\.[0-9]\\.[1-9](-rc\\.[1-9])?",
    ) {
        let (path, text) = file;
        let text = mutated(text, &cuts);
        let file = VersionFile::new(path);
        let Ok(spans) = file.spans(&text) else {
            prop_assert!(file.edited(&text, &to).is_err());
            return Ok(());
        };
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start, "{path}: {spans:?}");
        }
        if let Ok(edited) = file.edited(&text, &to) {
            let mut want = text.clone();
            for at in spans.iter().rev() {
                want.replace_range(at.clone(), &to);
            }
            prop_assert_eq!(&edited, &want);
            prop_assert_eq!(file.version_in(&edited), Ok(to.clone()));
            // What was there comes back by the same way.
            if let Ok(before) = file.version_in(&text)
                && let Ok(back) = file.edited(&edited, &before)
            {
                prop_assert_eq!(back, text);
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(
        path in prop::sample::select(FILES.map(|(path, _)| path).to_vec()),
        text in "([\\[\\]{}()<>=:,#'\"\\\\\n\r\t é.-]|version|project|package|AC_INIT|setup|__version__|const|Version|1\\.2|VERSION|<project>|</project>|<version>|</version>){0,40}",
    ) {
        let file = VersionFile::new(path);
        let _ = file.edited(&text, "1.2.3");
        let _ = (file.companions(&text), file.follows(&text));
        let _ = VersionFile::requirement(path, "x").edited(&text, "1.2.3");
        let pattern = VersionFile::with_pattern(path, "version = {version}\"", 1);
        let _ = pattern.map(|file| file.edited(&text, "1.2.3"));
    }
}
