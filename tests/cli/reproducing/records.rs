//! From a `.buildinfo` alone, of what dpkg-buildpackage made elsewhere on the
//! machine.

use std::path::PathBuf;

use super::{differences, reproduce};
use crate::world::{World, tool};

/// Lets dpkg-buildpackage build a project as any user would, in a directory of
/// its own; returns the record.
fn built_elsewhere(world: &World, name: &str, variables: &[(&str, &str)]) -> PathBuf {
    let place = world.path("elsewhere").join(name);
    let parent = place.parent().expect("it has one");
    std::fs::create_dir_all(parent).expect("a directory");
    let mut copy = tool("cp", "coreutils");
    copy.arg("-r").arg(world.project()).arg(&place);
    world.judge(copy).code(0);
    std::fs::remove_dir_all(place.join(".git")).expect("it was copied");
    let mut build = tool("dpkg-buildpackage", "dpkg-dev");
    build.args(["--no-sign"]).current_dir(&place);
    build.envs(variables.iter().copied());
    world.judge(build).code(0);
    let entries = std::fs::read_dir(parent).expect("listed");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let mut records = paths.filter(|path| path.extension().is_some_and(|e| e == "buildinfo"));
    records.next().expect("dpkg-buildpackage leaves a record")
}

#[test]
fn what_dpkg_buildpackage_made_elsewhere_is_equal() {
    let world = World::native();
    // The fixture embeds its environment and path; here it must not.
    world.write(
        "debian/rules",
        "#!/usr/bin/make -f\n%:\n\tdh $@\n\noverride_dh_auto_install:\n\
         \tinstall -D -m 0644 stamp.in debian/stamp/usr/share/stamp/stamp\n\
         \tpwd > debian/stamp/usr/share/stamp/path\n",
    );
    let record = built_elsewhere(&world, "stamp-1.0", &[]);
    let record = record.to_str().expect("text");
    let text = std::fs::read_to_string(record).expect("a record");
    let ran = reproduce(&world, &[record, "--json"]);
    // dpkg records no such path; it is the record's own place that tells it.
    assert!(!text.contains("Build-Path: "), "{text}");
    let document = ran.code(0).document("debcut/reproduce/1");
    assert_eq!(document["equal"], true);
    assert_eq!(document["reference"]["kind"], "record");
    assert_eq!(document["reference"]["beside"], 1);
    assert_eq!(document["builds"], 1);
}

#[test]
fn a_record_of_something_else_differs() {
    let world = World::native();
    let record = built_elsewhere(&world, "stamp-1.0", &[("LC_ALL", "C")]);
    let record = record.to_str().expect("text");
    // The fixture's rules write the variables of the build.
    let ran = reproduce(&world, &[record, "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    let found = differences(&document);
    assert!(!found.is_empty(), "{document:#}");
    // Without its packages only the digests can be told apart.
    for entry in std::fs::read_dir(world.path("elsewhere")).expect("listed") {
        let path = entry.expect("listed").path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            std::fs::remove_file(path).expect("it was there");
        }
    }
    let ran = reproduce(&world, &[record, "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(document["reference"]["beside"], 0);
    assert_eq!(differences(&document)[0]["differs"], "digest");
}

#[test]
fn what_a_record_needs_and_is_not_there_is_named() {
    let world = World::native();
    let record = built_elsewhere(&world, "stamp-1.0", &[]);
    let text = std::fs::read_to_string(&record).expect("a record");
    let shown = record.to_str().expect("text");
    let other = text.replace(" dpkg (= ", " dpkg (= 0.1really");
    std::fs::write(&record, &other).expect("writable");
    let ran = reproduce(&world, &[shown]).code(2);
    ran.says(&["dpkg 0.1really", "here ", "--other-versions"]);
    std::fs::write(&record, &text).expect("writable");
    // The source may lie in an archive's pool.
    let pool = world.path("archive/pool/main/s/stamp");
    std::fs::create_dir_all(&pool).expect("a directory");
    for ending in ["dsc", "tar.xz"] {
        let name = format!("stamp_1.0.{ending}");
        std::fs::rename(world.path("elsewhere").join(&name), pool.join(&name)).expect("moved");
    }
    reproduce(&world, &[shown])
        .code(2)
        .says(&["stamp_1.0.dsc is not beside", "--archive"]);
    let archive = world.path("archive");
    let archive = archive.to_str().expect("text");
    let dsc = pool.join("stamp_1.0.dsc");
    let ran = reproduce(
        &world,
        &[shown, "--archive", archive, "--vary", "zone", "--json"],
    );
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(document["builds"], 1);
    let changed = std::fs::read_to_string(&dsc).expect("a source") + "\n";
    std::fs::write(&dsc, changed).expect("writable");
    let ran = reproduce(&world, &[shown, "--archive", archive]).code(2);
    ran.says(&["is not the source that was built"]);
    std::fs::write(&record, "Format: 9\n").expect("writable");
    reproduce(&world, &[shown])
        .code(2)
        .says(&["is no record of a build"]);
}
