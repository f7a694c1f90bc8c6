//! Debian's own packages through the whole: a tag, built in a room, and built
//! again under every variation to the same bytes.
//!
//! One test for each kind of package. What the mirror does not have is said to
//! be skipped.

use serde_json::Value;

use crate::debian::fetch::{self, Pristine};
use crate::debian::import::import;
use crate::world::World;

/// What a kind of package is known by, in the names of what is built.
type Built<'a> = &'a [&'a str];

/// Imports a package; returns its tag too.
fn imported(pristine: &Pristine) -> (World, String) {
    let world = World::new();
    let tag = import(&world, pristine);
    (world, tag)
}

/// Checks that everything was built again, differently, and came out the same.
#[track_caller]
fn assert_equal(document: &Value, name: &str, built: Built<'_>) {
    assert_eq!(document["equal"], true, "{name}: {document:#}");
    let artifacts = document["artifacts"].as_array().expect("a list");
    for artifact in artifacts {
        let differences = artifact["differences"].as_array().map(Vec::len);
        assert_eq!(differences.unwrap_or(0), 0, "{name}: {artifact:#}");
    }
    for wanted in built {
        let is_there = |artifact: &Value| {
            let name = artifact["name"].as_str().expect("text");
            name.starts_with(&format!("{}_", wanted.split('.').next().unwrap_or(wanted)))
                && wanted
                    .split_once('.')
                    .is_none_or(|(_, ending)| name.ends_with(ending))
        };
        assert!(
            artifacts.iter().any(is_there),
            "{name}: {wanted} in {document:#}"
        );
    }
}

/// Checks that a build was varied in every way that a room allows.
#[track_caller]
fn assert_varied(document: &Value, name: &str) {
    let variations = document["variations"].as_array().expect("a list");
    let several = std::thread::available_parallelism().is_ok_and(|n| n.get() > 1);
    for variation in variations {
        let what = variation["what"]
            .as_str()
            .or(variation["variation"].as_str());
        let is_possible = what != Some("processors") || several;
        assert!(
            variation["state"] == "varied" || !is_possible,
            "{name}: {variation:#}"
        );
    }
    assert_eq!(variations.len(), 11, "{name}: {document:#}");
}

/// Builds in a room and again under all variations, the path among them.
fn in_a_room(name: &str, built: Built<'_>) {
    let Some(pristine) = fetch::source_or_skip(name) else {
        return;
    };
    let (world, tag) = imported(&pristine);
    let room = ["--isolation", "namespace"];
    let words = [&["build", &tag, "--no-sign"][..], &room].concat();
    world.run(words).code(0);
    let words = ["reproduce", &tag, "--path", "--no-diffoscope", "--json"];
    let ran = world.run([&words[..], &room].concat()).code(0);
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(document["reference"]["kind"], "artifacts", "{name}");
    assert_eq!(document["builds"], 1, "{name}");
    assert_varied(&document, name);
    assert_equal(&document, name, built);
}

#[test]
fn a_native_program() {
    in_a_room("hostname", &["hostname.deb", "hostname.dsc"]);
}

#[test]
fn a_daemon_with_unit_and_conffile() {
    in_a_room("numad", &["numad.deb"]);
}

#[test]
fn a_library_with_the_program_that_uses_it() {
    in_a_room("fathom", &["libfathom1.deb", "libfathom-dev.deb"]);
}

#[test]
fn format_1_with_a_diff() {
    in_a_room("aa3d", &["aa3d.deb", "aa3d-dbgsym.deb"]);
}

#[test]
fn shell_scripts_for_the_installer_too() {
    in_a_room("debootstrap", &["debootstrap.deb", "debootstrap-udeb.udeb"]);
}

#[test]
fn several_packages_for_all_architectures() {
    in_a_room("cowsay", &["cowsay.all.deb", "cowsay-off.all.deb"]);
}

#[test]
fn a_package_for_the_installer_beside() {
    in_a_room("beep", &["beep.deb", "beep-udeb.udeb"]);
}

#[test]
fn rules_for_devices() {
    in_a_room("brightnessctl", &["brightnessctl.deb"]);
}
