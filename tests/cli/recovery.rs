//! What an archive says about itself is enough to get it back without debcut.

use std::process::Command;

use crate::archive::packages::deb;
use crate::world::{World, tool};

/// Returns the commands of an example of the archive's own README, from the line
/// that starts with `first` to the empty line after it.
fn example(readme: &str, first: &str) -> String {
    let lines = readme.lines().skip_while(|line| line.trim() != first);
    let lines: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty(), "{first}");
    lines.join("\n")
}

#[test]
fn a_shell_gets_an_index_and_the_signed_texts_back() {
    let world = World::with_archive();
    let some: Vec<_> = ["fig", "lime", "pear"]
        .map(|name| deb(name, "1.0").make(&world, "debs"))
        .to_vec();
    world.add(&some, &[]).code(0);
    let state = world.archive_at().join(".debcut");
    let readme = std::fs::read_to_string(state.join("README")).expect("it is there");
    drop(tool("jq", "jq"));

    let shell = |script: &str| {
        let output = Command::new("sh")
            .args(["-euc", script])
            .current_dir(&state)
            .output()
            .expect("sh runs");
        assert!(output.status.success(), "{script}");
        output.stdout
    };
    let here = debcut::model::Architecture::of_this_machine();
    let script = example(
        &readme,
        "g=$(jq -r .generation.manifest suites/stable/head)",
    );
    let script = script.replace("amd64", here.as_str());
    shell(&format!("{script}\nmv Packages ../../Packages"));
    let ours = std::fs::read(world.path("Packages")).expect("it was written");
    let published = format!("dists/stable/main/binary-{here}/Packages.gz");
    let published = Command::new("gzip")
        .arg("-dc")
        .arg(world.archive_at().join(published))
        .output()
        .expect("gzip runs");
    assert!(!ours.is_empty() && ours == published.stdout);

    for (field, name) in [
        ("in_release", "InRelease"),
        ("release", "Release"),
        ("release_gpg", "Release.gpg"),
    ] {
        let command = format!("jq -j .{field} suites/stable/head");
        assert!(readme.contains(&command), "{command}");
        let published = world.archive_at().join("dists/stable").join(name);
        let published = std::fs::read(published).expect("it is published");
        assert!(shell(&command) == published, "{name}");
    }
}
