//! What is chosen when nothing is said: the tag, and the key.

use crate::world::World;

#[test]
fn a_tag_that_is_no_release_does_not_count() {
    let world = World::declared();
    world.key();
    world.git(&["tag", "deployed-prod"]);
    let ran = world.run(["build", "--json"]).code(0);
    assert_eq!(ran.document("debcut/build/1")["tag"], "v1.2.0");
    let other = ["build", "deployed-prod", "--package", "tally"];
    world.run(other).code(2).says(&["fits no tag pattern"]);
}

#[test]
fn the_configured_key_serves_every_verb_and_ci_goes_before_it() {
    let world = World::declared();
    let configured = world.key();
    let other = world.key();
    let apt = world.path("apt");
    let apt = apt.to_str().expect("text");
    let init = ["archive", "init", apt, "--suite", "stable"];
    world.run(init).code(2).says(&[&configured, &other]);
    world.write(
        "debcut.toml",
        format!(
            "{}\n[signing]\nkey = \"{configured}\"\n",
            std::fs::read_to_string(world.project().join("debcut.toml")).expect("it is there")
        ),
    );
    world.run(init).code(0);
    let build = world.run(["build", "--json"]).code(0);
    assert_eq!(
        build.document("debcut/build/1")["signed_by"],
        configured.as_str()
    );
    let publish = ["publish", "--to", "stable", "--archive", apt];
    let ran = world.run(publish).code(0);
    assert!(!ran.stderr.contains("was signed with"), "{}", ran.stderr);

    let secret = world
        .run(["key", "export", "--secret", &other])
        .code(0)
        .stdout;
    let again = ["build", "--json", "--force"];
    let ran = world
        .debcut(again)
        .env("DEBCUT_SIGNING_KEY", &secret)
        .run()
        .code(0);
    assert_eq!(ran.document("debcut/build/1")["signed_by"], other.as_str());
    let named = ["build", "--json", "--force", "--key", &configured];
    let ran = world
        .debcut(named)
        .env("DEBCUT_SIGNING_KEY", &secret)
        .run()
        .code(0);
    assert_eq!(
        ran.document("debcut/build/1")["signed_by"],
        configured.as_str()
    );
}
