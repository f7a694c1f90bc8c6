//! Keys that cannot sign are refused before anything is written.

use crate::world::World;

#[track_caller]
fn refused(world: &World, arguments: &[&str], environment: &[(&str, &str)], says: &[&str]) {
    let before = world.listing();
    let call = world.debcut(["build", "v1.2.0"].iter().chain(arguments));
    let call = environment
        .iter()
        .fold(call, |call, (name, value)| call.env(name, value));
    call.run().code(2).says(says);
    assert_eq!(world.listing(), before, "nothing was written");
}

#[test]
fn no_key() {
    let says = [
        "there is no key to sign with",
        "debcut key new",
        "--no-sign",
    ];
    refused(&World::declared(), &[], &[], &says);
}

#[test]
fn two_keys() {
    let world = World::declared();
    let (one, other) = (world.key(), world.key());
    let says = ["2 keys", "--key", &one, &other, "Ada Example"];
    refused(&world, &[], &[], &says);
    world.run(["build", "v1.2.0", "--key", &one]).code(0);
}

#[test]
fn key_that_is_not_there() {
    let world = World::declared();
    let known = world.key();
    let wanted = "0123456789ABCDEF0123456789ABCDEF01234567";
    refused(&world, &["--key", wanted], &[], &[wanted, &known]);
}

#[test]
fn wrong_and_missing_passphrase() {
    let world = World::declared();
    let new = world.debcut(["key", "new", "--expire", "never"]);
    new.env("DEBCUT_SIGNING_PASSPHRASE", "correct horse")
        .run()
        .code(0);
    let wrong = [("DEBCUT_SIGNING_PASSPHRASE", "battery staple")];
    refused(&world, &[], &wrong, &["wrong passphrase"]);
    // Without a terminal nobody can be asked; setsid takes it away.
    let before = world.listing();
    let call = world
        .debcut(["build", "v1.2.0"])
        .under(["setsid", "--wait"]);
    call.run()
        .code(2)
        .says(&["no passphrase", "DEBCUT_SIGNING_PASSPHRASE"]);
    assert_eq!(world.listing(), before);
    let right = world.debcut(["build", "v1.2.0"]);
    let ran = right
        .env("DEBCUT_SIGNING_PASSPHRASE", "correct horse")
        .run()
        .code(0);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!told.contains("correct horse"), "{told}");
}

#[test]
fn expired_key() {
    let world = World::declared();
    world
        .run(["key", "new", "--no-passphrase", "--expire", "30d"])
        .code(0);
    let later = [("DEBCUT_NOW", "2025-09-01T12:00:00Z")];
    refused(&world, &[], &later, &["expired", "2025-07-01"]);
    world.run(["build", "v1.2.0"]).code(0);
}

#[test]
fn key_from_the_future() {
    let world = World::declared();
    world.key();
    let earlier = [("DEBCUT_NOW", "2024-01-01T00:00:00Z")];
    refused(&world, &[], &earlier, &["clock"]);
}
