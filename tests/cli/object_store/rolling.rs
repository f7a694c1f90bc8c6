//! A rollout whose archive is a bucket: rings open and close in it.

use std::net::SocketAddr;

use serde_json::Value;

use super::moto::{Moto, as_owner};
use super::{PLACE, discreet, text};
use crate::rollouts::package;
use crate::world::{Ran, World};

/// Runs a verb of `rollout` at a time of day.
#[track_caller]
fn at(world: &World, address: SocketAddr, time: &str, words: &[&str]) -> Ran {
    let call = world.debcut(["rollout"].iter().chain(words));
    let call = call.env("DEBCUT_STATE", world.path("state"));
    let call = call.env("DEBCUT_NOW", format!("2025-06-02T{time}Z"));
    discreet(as_owner(call.env("DEBCUT_ARCHIVE", PLACE), address).run())
}

/// Runs a verb of `archive` on the day after, and demands that all is well.
#[track_caller]
fn later(world: &World, address: SocketAddr, words: &[&str]) -> Ran {
    let call = world.store_call(address, words.iter().copied());
    discreet(call.env("DEBCUT_NOW", "2025-06-03T00:00:00Z").run()).code(0)
}

fn newest(world: &World, address: SocketAddr, suite: &str) -> String {
    let mut all = world.stored(address, suite);
    all.pop().unwrap_or_default()
}

fn state(world: &World, address: SocketAddr, time: &str) -> Value {
    let ran = at(world, address, time, &["status", "hello", "--json"]).code(0);
    ran.document("debcut/rollout-status/1")["rollouts"][0]["state"].clone()
}

#[test]
fn rings_open_and_close_in_a_bucket() {
    let world = World::new();
    let Some(moto) = Moto::start(&world) else {
        return;
    };
    moto.bucket("apt");
    world.key();
    let address = moto.address;
    let suites = "incoming,canary,stable";
    world
        .store(address, ["init", PLACE, "--suite", suites])
        .code(0);
    let old = package(&world, "1.0");
    world
        .store(address, ["add", text(&old), "--to", "incoming"])
        .code(0);
    for suite in ["canary", "stable"] {
        let to = ["promote", "hello", "--from", "incoming", "--to", suite];
        world.store(address, to).code(0);
    }
    let new = package(&world, "1.1");
    world
        .store(address, ["add", text(&new), "--to", "incoming"])
        .code(0);
    world.write(
        "rings.toml",
        "from = 'incoming'\n\
         [[ring]]\nname = 'canary'\nsuite = 'canary'\nsoak = '2h'\n\
         pull = { observe = 'cat canary.count', every = '1m', phases = [10], phase-time = '1h' }\n\
         [[ring]]\nname = 'everyone'\nsuite = 'stable'\nsoak = '1h'\n\
         pull = { observe = 'cat everyone.count', every = '1m' }\n\
         [[check]]\nname = 'errors'\ncontroller = 'test ! -e errors'\n",
    );
    world.write("canary.count", "a 1.0\nb 1.0\n");
    world.write("everyone.count", "c 1.0\n");
    let start = [
        "start",
        "hello=1.1",
        "--rings",
        "rings.toml",
        "--skip-rehearsal=no scripts",
    ];
    at(&world, address, "12:00:00", &start).code(0);
    at(&world, address, "12:00:00", &["advance"]).code(0);
    assert_eq!(newest(&world, address, "canary"), "hello 1.1");
    assert_eq!(newest(&world, address, "stable"), "hello 1.0");

    // What is lost beside a phased suite is made again from what clients read,
    // and the percentage is what it was.
    let phased = |world: &World| {
        let show = ["show", "hello=1.1", "--json"];
        let ran = later(world, address, &show);
        ran.stdout.contains("Phased-Update-Percentage")
    };
    assert!(phased(&world), "it is offered to some");
    later(&world, address, &["check", "--rebuild"]);
    later(&world, address, &["check", "--deep"]);
    assert!(phased(&world), "it is still offered to some");

    world.write("errors", "");
    world.write("canary.count", "a 1.1\nb 1.0\n");
    at(&world, address, "12:30:00", &["advance"]).code(1);
    at(&world, address, "12:31:00", &["advance"]).code(1);
    assert_eq!(state(&world, address, "12:31:00"), "halted");
    assert_eq!(newest(&world, address, "canary"), "hello 1.0");
    world.write("canary.count", "a 1.0\nb 1.0\n");
    at(&world, address, "12:40:00", &["rollback", "--yes"]).code(0);
    assert_eq!(state(&world, address, "12:40:00"), "rolled back");
    for suite in ["incoming", "canary", "stable"] {
        assert_eq!(newest(&world, address, suite), "hello 1.0", "{suite}");
    }
    later(&world, address, &["check", "--deep"]);
}
