use super::*;
use crate::build::upstream::{Origin, Packing, PlannedPatch, Tarball};
use crate::model::Sha256;

fn orig(layout: Layout) -> Orig {
    let patch = PlannedPatch {
        name: "made.patch".into(),
        commit: None,
        before: String::new(),
        after: String::new(),
        header: String::new(),
    };
    Orig {
        tarball: Tarball {
            name: "a_1.orig.tar.xz".into(),
            origin: Origin::Given {
                path: "a".into(),
                sha256: Sha256::of(b""),
            },
            signature: None,
        },
        components: Vec::new(),
        packing: Packing {
            layout,
            patches: vec![patch],
            orig_only: vec!["/configure".into(), "*.in".into(), "m4/".into()],
            diff_ignore: Vec::new(),
        },
    }
}

fn files(texts: &[&str]) -> Files {
    let file = |text: &&str| {
        let (path, id) = text.split_once('=').unwrap_or((text, ""));
        let executable = id.ends_with('+');
        let id = id.trim_end_matches('+').to_owned();
        (path.to_owned(), Seen::File { id, executable })
    };
    texts.iter().map(file).collect()
}

#[test]
fn only_listed_differences_are_allowed() {
    let (quilt, native, old) = (
        SourceFormat::Quilt,
        SourceFormat::Native,
        SourceFormat::OldDiff,
    );
    // Format, layout, path in the tree, path in the source, what is said.
    let cases = [
        (quilt, Layout::Unapplied, "a=1", "a=1", ""),
        (quilt, Layout::Unapplied, "a=1", "a=2", "changed"),
        (quilt, Layout::Unapplied, "a=1+", "a=1", "changed"),
        (old, Layout::Diff, "a=1+", "a=1", "modes"),
        (old, Layout::Diff, "a=1", "a=1+", "changed"),
        (
            quilt,
            Layout::Unapplied,
            "debian/rules=1",
            "debian/rules=1+",
            "",
        ),
        (quilt, Layout::Unapplied, "a=1", "", "missing"),
        (quilt, Layout::Unapplied, "", "a=1", "extra"),
        (quilt, Layout::Unapplied, "", "configure=1", ""),
        (quilt, Layout::Unapplied, "", "x/configure=1", "extra"),
        (quilt, Layout::Unapplied, "", "x/Makefile.in=1", ""),
        (quilt, Layout::Unapplied, "", "m4/x=1", ""),
        (quilt, Layout::Unapplied, "", "debian/x.in=1", "extra"),
        (quilt, Layout::Unapplied, ".gitignore=1", "", "left"),
        (
            quilt,
            Layout::Unapplied,
            ".gitignore=1",
            ".gitignore=2",
            "left",
        ),
        (
            quilt,
            Layout::Unapplied,
            "debian/.gitignore=1",
            "",
            "missing",
        ),
        (native, Layout::Unapplied, ".gitignore=1", "", "missing"),
        (native, Layout::Unapplied, "debcut.toml=1", "", "missing"),
        (quilt, Layout::Unapplied, "debcut.toml=1", "", "left"),
        (quilt, Layout::Unapplied, "debian/files=1", "", "left"),
        (quilt, Layout::Unapplied, "ci/x=1", "", "left"),
        (quilt, Layout::Unapplied, "debian/ci=1", "", "missing"),
        (quilt, Layout::Unapplied, "", "module/x=1", ""),
        (quilt, Layout::Applied, "", ".pc/x=1", ""),
        (
            quilt,
            Layout::Applied,
            "",
            "debian/patches/made.patch=1",
            "extra",
        ),
        (
            quilt,
            Layout::Commits,
            "",
            "debian/patches/made.patch=1",
            "",
        ),
        (quilt, Layout::Commits, "", "debian/patches/series=1", ""),
        (
            quilt,
            Layout::Commits,
            "",
            "debian/patches/other=1",
            "extra",
        ),
        (quilt, Layout::Overlay, "", "src/x=1", ""),
        (quilt, Layout::Overlay, "", "debian/x=1", "extra"),
        (quilt, Layout::Unapplied, "filled=1", "filled=2", ""),
    ];
    let exported = Exported {
        left_out: ["ci".to_owned(), "debian/ci".to_owned()].into(),
        filled: ["filled".to_owned()].into(),
        ..Exported::default()
    };
    for (format, layout, tree, source, want) in cases {
        let orig = orig(layout);
        let rules = Rules {
            format,
            orig: (!format.is_native()).then_some(&orig),
            exported: &exported,
            ignored: &Ignored::new([], &[], &exported),
            is_filled: &|_| true,
        };
        let filled = |text: &str| files(&Vec::from_iter(Some(text).filter(|t| !t.is_empty())));
        let tagged = Tagged {
            files: filled(tree),
            submodules: ["module".to_owned()].into(),
        };
        let found = rules.compare(&tagged, &filled(source));
        let said = [
            ("left", &found.left_out),
            ("modes", &found.modes),
            ("changed", &found.changed),
            ("missing", &found.missing),
            ("extra", &found.extra),
        ];
        let said = said.iter().filter(|(_, paths)| !paths.is_empty());
        let said: Vec<_> = said.map(|(what, _)| *what).collect();
        assert_eq!(
            said.concat(),
            want,
            "{format:?} {layout:?} {tree:?} {source:?}"
        );
    }
}

#[test]
fn names_that_are_no_text_stay_apart() {
    let keys = [&b"a\xff"[..], b"a\xfe", b"a\\xff", "a\u{fffd}".as_bytes()].map(key);
    let all: BTreeSet<_> = keys.iter().collect();
    assert_eq!(all.len(), keys.len(), "{keys:?}");
    assert_eq!(key(b"debian/a\\x2db.service"), "debian/a\\x2db.service");
}

#[test]
fn special_files_are_told_not_read() {
    let tagged = Tagged::default();
    let unpacked = Files::from([("pipe".to_owned(), Seen::Special)]);
    let orig = orig(Layout::Overlay);
    let exported = Exported::default();
    let ignored = Ignored::new([], &[], &exported);
    let rules = Rules {
        format: SourceFormat::Quilt,
        orig: Some(&orig),
        exported: &exported,
        ignored: &ignored,
        is_filled: &|_| false,
    };
    let found = rules.compare(&tagged, &unpacked);
    assert_eq!(found.special, ["pipe"]);
    assert_eq!(found.findings("a.dsc").len(), 1);
}
