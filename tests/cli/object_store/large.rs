//! Large files, large suites: what is sent again, what is asked for, and how
//! much memory that takes.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use debcut::model::{ArchivePath, Sha256};
use debcut::sys::store::Store;
use rustix::process::{Pid, Signal, kill_process};

use super::between::{Between, Fate, Request};
use super::moto::{Moto, as_owner};
use super::{PLACE, started, text};
use crate::archive::packages::deb;
use crate::world::World;

fn is_part(request: &Request) -> bool {
    request.method == "PUT" && request.target.contains("partNumber=")
}

/// Makes a package as it is, quicker than dpkg-deb does; returns its file.
fn packed(world: &World, name: &str, version: &str, content: &[u8]) -> PathBuf {
    let folder = world.path("packed");
    std::fs::create_dir_all(&folder).expect("a directory");
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\nSection: misc\n\
         Priority: optional\nMaintainer: Ada Example <ada@example.org>\n\
         Description: made for a store\n {}\n",
        Sha256::of(name.as_bytes())
    );
    let tar = |name: &str, bytes: &[u8]| {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).expect("a member");
        tar.into_inner().expect("in memory")
    };
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar", tar("control", control.as_bytes())),
        ("data.tar", tar("usr/share/x", content)),
    ];
    let file = folder.join(format!("{name}_{version}_all.deb"));
    let mut deb = ar::Builder::new(std::fs::File::create(&file).expect("a file"));
    for (name, bytes) in members {
        let header = ar::Header::new(name.into(), bytes.len() as u64);
        deb.append(&header, &*bytes).expect("a member");
    }
    file
}

/// Makes a package of 33 MiB: four parts of 8 MiB and a little.
fn large(world: &World) -> PathBuf {
    let mut content = vec![0; 33 << 20];
    // Each part is another one.
    for (at, page) in content.chunks_mut(4096).enumerate() {
        page[..8].copy_from_slice(&at.to_le_bytes());
    }
    packed(world, "whale", "1.0", &content)
}

#[test]
fn a_large_file_is_continued_where_it_was_stopped() {
    let Some((world, moto)) = started() else {
        return;
    };
    let file = large(&world);
    let add = ["add", text(&file), "--to", "stable"];
    let victim = Arc::new(AtomicU32::new(0));
    let (killing, parts) = (Arc::clone(&victim), AtomicUsize::new(0));
    let between = Between::new(moto.address, move |_, request| {
        if !is_part(request) || parts.fetch_add(1, Ordering::SeqCst) != 3 {
            return Fate::Pass;
        }
        while killing.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let pid = i32::try_from(killing.load(Ordering::SeqCst)).expect("a process");
        kill_process(Pid::from_raw(pid).expect("a process"), Signal::KILL).expect("it is ours");
        Fate::LostBefore
    });
    let mut child = world.store_call(between.address, add).start();
    victim.store(child.id(), Ordering::SeqCst);
    assert!(!child.wait().expect("it ends").success());
    let begun = moto.asks("GET", "/apt?uploads", "");
    assert_eq!(begun.matches("<UploadId>").count(), 1, "{begun}");

    let between = Between::new(moto.address, |_, _| Fate::Pass);
    world.store(between.address, add).code(0);
    let sent = between.seen().iter().filter(|r| is_part(r)).count();
    assert_eq!(sent, 2, "parts that are there are not sent again");
    let left = moto.asks("GET", "/apt?uploads", "");
    assert!(!left.contains("<UploadId>"), "{left}");
    let sha256 = Sha256::of(&std::fs::read(&file).expect("a file"));
    let key = "/apt/debian/pool/main/w/whale/whale_1.0_all.deb";
    let head = moto.asks("HEAD", key, "");
    assert!(head.contains(&sha256.hex()), "{head}");
    let store = super::contract::store(moto.address, PLACE);
    let path = ArchivePath::new("pool/main/w/whale/whale_1.0_all.deb").expect("a path");
    let there = store.digest(&path).expect("readable").expect("there");
    assert_eq!(there.1, sha256);

    // Again, and there is nothing to send; another file of the name is refused.
    let between = Between::new(moto.address, |_, _| Fate::Pass);
    let again = world.store(between.address, add).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert!(!between.seen().iter().any(Request::writes));
    let other = deb("whale", "1.0").make(&world, "debs");
    let add = ["add", text(&other), "--to", "stable"];
    world.store(between.address, add).code(1);
}

/// Runs a program and prints the most memory that it had, in KiB.
const PEAK: &str = "
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
";

/// Makes small packages; returns their directory.
fn many(world: &World, count: usize) -> PathBuf {
    for n in 0..count {
        packed(world, &format!("many{n:05}"), "1.0", b"content\n");
    }
    world.path("packed")
}

/// Counts the requests that one more package takes, and the most memory in KiB.
fn one_more(world: &World, moto: &Moto, name: &str) -> (usize, u64) {
    let file = deb(name, "1.0").make(world, "debs");
    let between = Between::new(moto.address, |_, _| Fate::Pass);
    let mut command = super::moto::judge(world);
    command.args(["-c", PEAK, env!("CARGO_BIN_EXE_debcut"), "archive", "add"]);
    command.arg(&file).args(["--to", "stable", "--quiet"]);
    world.surround(&mut command);
    let variables = [
        ("DEBCUT_ARCHIVE", PLACE.to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", between.address)),
        ("AWS_ACCESS_KEY_ID", super::KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", super::SECRET.to_owned()),
    ];
    command.envs(variables).stdin(Stdio::null());
    let ran = crate::world::finished(command.output().expect("python runs")).code(0);
    let peak = ran.stdout.trim().parse().expect("a number");
    (between.seen().len(), peak)
}

#[test]
fn one_more_package_takes_few_requests_whatever_the_size() {
    let Some((world, moto)) = started() else {
        return;
    };
    let (small, _) = one_more(&world, &moto, "apple");
    let folder = many(&world, 600);
    let folder = text(&folder);
    let call = world.debcut(["archive", "add", "--quiet", "--to", "stable", folder]);
    let call = call.env("DEBCUT_ARCHIVE", PLACE);
    as_owner(call, moto.address).run().code(0);
    let (large, peak) = one_more(&world, &moto, "cherry");
    assert!(small <= 45, "{small} requests for one package into one");
    assert!(
        large <= small + 20,
        "{large} requests into 600, {small} into one"
    );
    assert!(peak < 100 * 1024, "{peak} KiB");
}
