//! Connections that break, publishers that die, publishers at the same time.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use super::between::{Between, Fate};
use super::moto::Moto;
use super::{PLACE, discreet, started, text};
use crate::archive::packages::deb;
use crate::world::{World, finished};

#[test]
fn every_request_may_fail_once() {
    let Some((world, moto)) = started() else {
        return;
    };
    let fates = [
        Fate::LostBefore,
        Fate::LostAfter,
        Fate::Cut,
        Fate::Refused(500, "InternalError"),
        Fate::Refused(503, "SlowDown"),
    ];
    let mut want = Vec::new();
    for (n, fate) in fates.into_iter().enumerate() {
        let failed = Mutex::new(HashSet::new());
        let between = Between::new(moto.address, move |_, request| {
            match failed.lock().expect("free").insert(request.what()) {
                true => fate,
                false => Fate::Pass,
            }
        });
        let name = format!("apple{n}");
        let file = deb(&name, "1.0").make(&world, "debs");
        let add = ["add", text(&file), "--to", "stable", "-v"];
        let ran = world.store(between.address, add).code(0);
        assert!(
            ran.stderr.contains("of them tried again"),
            "{fate:?}: {}",
            ran.stderr
        );
        assert!(between.seen().len() > 30, "{fate:?}");
        want.push(format!("{name} 1.0"));
        assert_eq!(world.stored(moto.address, "stable"), want, "{fate:?}");
    }
    world.store(moto.address, ["check", "--deep"]).code(0);
}

#[test]
fn who_is_killed_at_any_write_is_completed_by_the_next() {
    let Some((world, moto)) = started() else {
        return;
    };
    let moments = [Fate::LostBefore, Fate::LostAfter];
    let (mut kills, mut want) = (0, Vec::new());
    for at in 0.. {
        let name = format!("apple{at:02}");
        let file = deb(&name, "1.0").make(&world, "debs");
        let victim = Arc::new(AtomicU32::new(0));
        let writes = AtomicUsize::new(0);
        let killing = Arc::clone(&victim);
        let between = Between::new(moto.address, move |_, request| {
            let nth = request
                .writes()
                .then(|| writes.fetch_add(1, Ordering::SeqCst));
            if nth != Some(at) {
                return Fate::Pass;
            }
            while killing.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            kill(killing.load(Ordering::SeqCst));
            moments[at % 2]
        });
        let add = ["add", text(&file), "--to", "stable"];
        let child = world.store_call(between.address, add).start();
        victim.store(child.id(), Ordering::SeqCst);
        let ran = discreet(finished(child.wait_with_output().expect("it ends")));
        want.push(format!("{name} 1.0"));
        if ran.code == 0 {
            // There are no more writes to be killed at.
            break;
        }
        assert_eq!(ran.code, 128 + Signal::KILL.as_raw(), "{}", ran.stderr);
        kills += 1;
        // Whatever is published next, or looked at, completes it.
        if at % 3 == 0 {
            world.store(moto.address, add).code(0);
        } else {
            let other = deb("other", &format!("1.{at}")).make(&world, "debs");
            world
                .store(moto.address, ["add", text(&other), "--to", "stable"])
                .code(0);
            world.store(moto.address, add).code(0);
        }
    }
    assert!(kills > 8, "{kills} writes");
    let mut stored = world.stored(moto.address, "stable");
    stored.retain(|package| package.starts_with("apple"));
    assert_eq!(stored, want);
    world.store(moto.address, ["check", "--deep"]).code(0);
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process")).expect("a process");
    kill_process(pid, Signal::KILL).expect("it is ours");
}

/// Lets several publishers add at the same time; all must be in.
fn all_at_once(world: &World, moto: &Moto, fate: Fate) {
    let between = Between::new(moto.address, move |_, _| fate);
    let names = ["apple", "banana", "cherry"];
    let files = names.map(|name| deb(name, "1.0").make(world, "debs"));
    let children = files.each_ref().map(|file| {
        let add = ["add", text(file), "--to", "stable"];
        world.store_call(between.address, add).start()
    });
    for child in children {
        discreet(finished(child.wait_with_output().expect("it ends"))).code(0);
    }
    assert_eq!(
        world.stored(moto.address, "stable"),
        names.map(|name| format!("{name} 1.0"))
    );
    world.store(moto.address, ["check", "--deep"]).code(0);
}

#[test]
fn publishers_at_once_all_end_up_in() {
    let Some((world, moto)) = started() else {
        return;
    };
    all_at_once(&world, &moto, Fate::Pass);
}

#[test]
fn publishers_take_turns_where_conditions_are_ignored() {
    let world = World::new();
    let Some(moto) = Moto::start(&world) else {
        return;
    };
    moto.bucket("apt");
    world.key();
    {
        let between = Between::new(moto.address, |_, _| Fate::Unconditional);
        let init = ["init", PLACE, "--suite", "stable"];
        world.store(between.address, init).code(0).says(&[
            "warning",
            "ignores the conditions of a write",
            "lease",
        ]);
    }
    all_at_once(&world, &moto, Fate::Unconditional);
    let keys = moto.keys("apt");
    assert!(
        keys.contains(&"debian/.debcut/object-store".to_owned()),
        "{keys:?}"
    );
    assert!(
        !keys.contains(&"debian/.debcut/lease".to_owned()),
        "{keys:?}"
    );
    assert!(
        !keys.iter().any(|key| key.contains("object-store.")),
        "{keys:?}"
    );
}
