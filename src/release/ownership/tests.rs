use super::*;

use crate::release::policy::DebianKind;

fn unit(name: &str, path: &str) -> Unit {
    Unit {
        name: name.parse().expect("a name"),
        path: path.to_owned(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: Vec::new(),
        upstream_tags: Vec::new(),
        version_files: Vec::new(),
        debian: DebianKind::Changelog {
            path: "debian/changelog".to_owned(),
        },
        depends_on: Vec::new(),
        changes_file: None,
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn project() -> Vec<Unit> {
    vec![
        Unit {
            exclude: owned(&["ci", "*.log"]),
            ..unit("top", "")
        },
        Unit {
            include: owned(&["docs/aa/**", "proto", "share/*/aa.conf"]),
            former_paths: owned(&["old/aa", "pkg/bb"]),
            ..unit("aa", "pkg/aa")
        },
        Unit {
            exclude: owned(&["pkg/bb/vendor", "pkg/bb/*.tmp"]),
            ..unit("bb", "./pkg/bb/")
        },
        unit("inner", "pkg/bb/inner"),
        unit("twin", "pkg/aa"),
    ]
}

#[test]
fn the_deepest_owner_wins() {
    let units = project();
    let ownership = Ownership::new(&units);
    let cases: &[(&str, &[usize])] = &[
        ("README", &[0]),
        ("pkg/README", &[0]),
        ("pkg/aa/x", &[1, 4]),
        ("pkg/aab/x", &[0]),
        ("pkg/bb/x", &[2]),
        ("pkg/bb/inner/deep/x", &[3]),
        ("pkg/bb/vendor/x", &[1]),
        ("pkg/bb/y.tmp", &[1]),
        ("pkg/bb/sub/y.tmp", &[2]),
        ("docs/aa/x/y", &[1]),
        ("docs/bb", &[0]),
        ("proto", &[1]),
        ("proto/x", &[1]),
        ("protocol", &[0]),
        ("share/any/aa.conf", &[1]),
        ("share/any/bb.conf", &[0]),
        ("share/any/more/aa.conf", &[0]),
        ("old/aa/x", &[1]),
        ("ci/x", &[]),
        ("build.log", &[]),
        ("logs/build.log", &[0]),
    ];
    for (path, want) in cases {
        assert_eq!(ownership.owners(path), *want, "{path}");
    }
}

#[test]
fn directories_are_whole_where_nothing_divides_them() {
    let units = project();
    let ownership = Ownership::new(&units);
    let cases: &[(&str, Option<&[usize]>)] = &[
        ("", None),
        ("pkg", None),
        ("pkg/aa", Some(&[1, 4])),
        ("pkg/bb", None),
        ("pkg/bb/inner", Some(&[3])),
        ("proto", Some(&[1])),
    ];
    for (path, want) in cases {
        let found = ownership.owners_of_all(path);
        assert_eq!(found.as_deref(), *want, "{path}");
    }
}

#[test]
fn patterns_that_match_nothing_are_listed() {
    let units = vec![
        unit("top", ""),
        Unit {
            include: owned(&["docs/*.md", "doc/*.md", "x["]),
            exclude: owned(&["pkg/aa/vendor/", "vendor"]),
            former_paths: owned(&["gone"]),
            ..unit("aa", "pkg/aa")
        },
        unit("bb", "pkg/bb"),
    ];
    let ownership = Ownership::new(&units);
    let tree = ["docs", "docs/a.md", "pkg", "pkg/aa", "pkg/aa/vendor"];
    let dead = ownership.dead(tree.into_iter());
    let dead: Vec<_> = dead
        .iter()
        .map(|dead| (dead.unit, dead.pattern.as_str(), dead.usage))
        .collect();
    let want = [
        (1, "doc/*.md", PatternUse::Include),
        (1, "x[", PatternUse::Include),
        (1, "vendor", PatternUse::Exclude),
        (2, "pkg/bb", PatternUse::Path),
    ];
    assert_eq!(dead, want);
}

proptest::proptest! {
    /// What is said of a whole directory holds for every path in it.
    #[test]
    fn whole_directories_agree_with_paths(
        places in proptest::collection::vec("(a|b|a/b|b/a/c|\\*|a/\\*|\\*\\*/c|b/\\*\\*|)", 1..6),
        directory in "[ab](/[abc]){0,3}",
        below in "[abc](/[abc]){0,2}",
    ) {
        let mut units = vec![unit("first", "a"), unit("second", "b/a")];
        for (at, place) in places.iter().enumerate() {
            let unit = &mut units[at % 2];
            match at % 3 {
                0 => unit.include.push(place.clone()),
                1 if !place.is_empty() => unit.exclude.push(place.clone()),
                _ => unit.former_paths.push(place.clone()),
            }
        }
        let ownership = Ownership::new(&units);
        if let Some(owners) = ownership.owners_of_all(&directory) {
            proptest::prop_assert_eq!(owners, ownership.owners(&format!("{directory}/{below}")));
        }
    }
}
