//! Checks that a build has to pass before its artifacts are there.

use crate::world::World;

impl World {
    /// Commits, and moves the release's tag there.
    fn tag_again(&self, tag: &str) {
        self.commit("fix: change the package");
        self.git(&["tag", "--delete", tag]);
        self.tag(tag);
    }
}

#[test]
fn lintian_decides_and_the_provenance_says_so() {
    let world = World::native();
    world.key();
    let tag = "debian/1.0";
    let dist = world.project().join("dist").join(tag);
    world.edit(
        "debian/control",
        "\n Holds the circumstances of its build, which must be the same for\n everybody who \
         builds it.\n",
        "\n",
    );
    world.write("debcut.toml", "[build]\ngates = [\"lintian\"]\n");
    world.tag_again(tag);
    let refused = world.run(["build", tag, "--json"]).code(1);
    let document = refused.document("debcut/build/1");
    assert_eq!(document["changed"], false);
    let finding = &document["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["severity"], &finding["subject"]),
        (&"lintian".into(), &"error".into(), &"stamp".into())
    );
    assert_eq!(finding["message"], "extended-description-is-empty");
    assert!(!dist.exists(), "what did not pass is nobody's");

    // An override is respected; what was built without the check is not built
    // again for it, but checked.
    let overriding = "stamp: extended-description-is-empty\n";
    world.write("debian/stamp.lintian-overrides", overriding);
    world.write("debcut.toml", "");
    world.tag_again(tag);
    let changed = |words: &[&str]| {
        let all = [&["build", tag, "--json"], words].concat();
        world.run(all).code(0).document("debcut/build/1")["changed"].clone()
    };
    assert_eq!(changed(&[]), true);
    let deb = || std::fs::read(dist.join("stamp_1.0_all.deb")).expect("built");
    let before = deb();
    assert_eq!(changed(&["--lintian"]), true, "it was not checked");
    assert!(before == deb());
    assert_eq!(changed(&["--lintian"]), false);
    assert_eq!(changed(&[]), false, "more than was asked for");
    let line = std::fs::read_to_string(dist.join("stamp_1.0.intoto.jsonl")).expect("there");
    let envelope = debcut::format::statement::Envelope::parse(&line).expect("an envelope");
    let statement = envelope.statement().expect("a statement");
    let stated = &statement.provenance.build_definition.internal_parameters["gates"];
    assert_eq!(stated[0]["gate"], "lintian");
    let by = stated[0]["tool"].as_str().unwrap_or_default();
    assert!(by.starts_with("Lintian v"), "{stated}");
    world.run(["verify", "dist/debian/1.0"]).code(0);
}

#[test]
fn a_check_that_cannot_be_made_is_not_left_out() {
    let world = World::native();
    for (gate, how) in [
        ("--piuparts", "none"),
        ("--piuparts", "namespace"),
        ("--autopkgtest", "namespace"),
    ] {
        let words = ["build", "debian/1.0", "--no-sign", gate, "--isolation", how];
        world.run(words).code(2).says(&[
            &gate[2..],
            "no system to throw away",
            "--isolation chroot",
        ]);
    }
    assert!(!world.project().join("dist").exists());
}
