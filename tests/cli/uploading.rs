//! Uploads to other archives, as their own tools make and take them.

use std::path::Path;

use crate::world::{World, tool};

/// A quilt package's second revision, with its first one's entry below.
fn second_revision() -> World {
    let world = World::quilt();
    let old = std::fs::read_to_string(world.project().join("debian/changelog")).expect("there");
    for (version, day) in [("1:1.0-2", "Fri, 02"), ("1:1.0-3", "Sat, 03")] {
        let below = std::fs::read_to_string(world.project().join("debian/changelog"));
        let number = &day[6..];
        let entry = format!(
            "stamp ({version}) stable; urgency=medium\n\n  * Fix of {version}. (Closes: #{number})\n\n \
             -- Ada Example <ada@example.org>  {day} May 2025 10:00:00 +0000\n\n"
        );
        world.write("debian/changelog", entry + &below.expect("there"));
    }
    assert!(!old.is_empty());
    world.commit("fix: twice");
    world.tag("debian/1%1.0-3");
    world
}

/// What dpkg-genchanges says of the same source for the same flags, without
/// what differs between a signed upload and an unsigned one.
fn genchanges(world: &World, built: &Path, flags: &[&str]) -> String {
    let at = world.path("judge");
    let _ = std::fs::remove_dir_all(&at);
    std::fs::create_dir(&at).expect("a directory");
    for entry in std::fs::read_dir(built).expect("built") {
        let path = entry.expect("listed").path();
        std::fs::copy(&path, at.join(path.file_name().expect("a name"))).expect("copied");
    }
    let mut unpack = tool("dpkg-source", "dpkg-dev");
    unpack.current_dir(&at);
    unpack.args(["--extract", "stamp_1.0-3.dsc", "stamp-1.0"]);
    world.judge(unpack).code(0);
    let mut info = tool("dpkg-genbuildinfo", "dpkg-dev");
    info.current_dir(at.join("stamp-1.0")).arg("--build=source");
    world.judge(info).code(0);
    let mut list = tool("dpkg-genchanges", "dpkg-dev");
    list.current_dir(at.join("stamp-1.0"))
        .arg("--build=source")
        .args(flags);
    comparable(&world.judge(list).code(0).stdout)
}

/// Leaves out the digests of the record, which no two builds have in common.
fn comparable(changes: &str) -> String {
    let lines = changes.lines().filter(|line| !line.ends_with(".buildinfo"));
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[test]
fn uploads_say_what_dpkg_says() {
    let world = second_revision();
    let out = world.path("up");
    let words = out.display().to_string();
    for (ours, theirs, orig) in [
        (&["--include-orig", "auto"][..], &["-si"][..], false),
        (&[], &["-sa"], true),
        (
            &["--include-orig", "never", "--since", "1:1.0-1"],
            &["-sd", "-v1:1.0-1"],
            false,
        ),
    ] {
        let all = [
            "build",
            "debian/1%1.0-3",
            "--source-only",
            "--no-sign",
            "--out",
            &words,
        ];
        world.run([&all[..], ours, &["--force"]].concat()).code(0);
        let changes = out.join("stamp_1.0-3_source.changes");
        let found = std::fs::read_to_string(changes).expect("an upload");
        assert_eq!(
            comparable(&found),
            genchanges(&world, &out, theirs),
            "{ours:?}"
        );
        assert_eq!(found.contains(".orig.tar"), orig, "{ours:?}");
        assert!(
            out.join("stamp_1.0.orig.tar.xz").is_file(),
            "the source is whole"
        );
    }
}

#[test]
fn the_last_published_version_is_looked_up_and_dput_takes_it() {
    let world = second_revision();
    world.key();
    let archive = world.path("archive").display().to_string();
    world
        .run(["archive", "init", &archive, "--suite", "stable"])
        .code(0);
    world.run(["build", "debian/1%1.0-1"]).code(0);
    world
        .run(["publish", "--to", "stable", "--archive", &archive])
        .code(0);
    let words = [
        "build",
        "debian/1%1.0-3",
        "--source-only",
        "--include-orig",
        "auto",
        "--since",
        "auto",
        "--archive",
        &archive,
        "--json",
    ];
    assert_eq!(
        world.run(words).code(0).document("debcut/build/1")["changed"],
        true
    );
    let changes = world
        .project()
        .join("dist/debian/1%1.0-3/stamp_1.0-3_source.changes");
    let text = std::fs::read_to_string(&changes).expect("an upload");
    assert!(text.contains("\nCloses: 2 3\n"), "{text}");
    // Once it is published itself, it is still what it was.
    world
        .run(["publish", "--to", "stable", "--archive", &archive])
        .code(0);
    assert_eq!(
        world.run(words).code(0).document("debcut/build/1")["changed"],
        false
    );

    let incoming = world.path("incoming");
    std::fs::create_dir(&incoming).expect("a directory");
    let configuration = world.path("dput.cf");
    let text = format!(
        "[here]\nmethod = local\nincoming = {}\nallow_unsigned_uploads = 1\n\
         run_dinstall = 0\ncheck_version = 0\npost_upload_command =\n",
        incoming.display()
    );
    std::fs::write(&configuration, text).expect("a file");
    let mut dput = tool("dput", "dput");
    dput.arg("--unchecked")
        .arg("--config")
        .arg(&configuration)
        .arg("here")
        .arg(&changes);
    let said = world.judge(dput).code(0);
    assert!(
        said.stdout.contains("Successfully uploaded"),
        "{} {}",
        said.stdout,
        said.stderr
    );
    assert!(incoming.join("stamp_1.0-3.dsc").is_file());
    let mut check = tool("dscverify", "devscripts");
    check.arg("--keyring").arg(world.keyring()).arg(&changes);
    world.judge(check).code(0);
}
