use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn source(text: &str) -> PackageName {
    PackageName::new(text).expect(text)
}

fn version(text: &str) -> Version {
    Version::new(text).expect(text)
}

#[test]
fn draws_are_those_of_real_hosts() {
    let cases = [
        ("ph", "1.1", "85acb55e5a8466ca646fe990fe239699", 0),
        ("ph", "1.1", "606001bef9af906e3cb205b02fe81b8d", 1),
        ("ph", "1.1", "62063a0009d13dfd5ace3ae714d19853", 10),
        ("ph", "1.1", "8f060d321a1fa6b2c94608f07f217519", 11),
        ("ph", "1.1", "ea582303a0a6a14f0af025dc04acead5", 50),
        ("ph", "1.1", "66957da8fb7e954663ab26ad8198ed70", 100),
        ("phsrc", "3:7.1-1", "03e04301b15a7969eae9d94821cc8222", 3),
    ];
    for (name, written, id, want) in cases {
        let drawn = draw(&source(name), &version(written), id, Apt::Old);
        assert_eq!(drawn, want, "{name} {written} {id}");
    }
}

#[test]
fn the_percentage_is_within_for_the_old_and_without_for_the_new() {
    for (percent, drawn, old, new) in [
        (0, 0, true, false),
        (0, 1, false, false),
        (10, 10, true, false),
        (10, 9, true, true),
        (10, 11, false, false),
        (100, 100, true, false),
        (100, 99, true, true),
    ] {
        assert_eq!(takes(percent, drawn, Apt::Old), old, "{percent} {drawn}");
        assert_eq!(takes(percent, drawn, Apt::New), new, "{percent} {drawn}");
    }
}

#[test]
fn what_is_expected_is_what_is_drawn() {
    let (name, written) = (source("hello"), version("1.2"));
    for apt in [Apt::Old, Apt::New] {
        let mut random = StdRng::seed_from_u64(7);
        let ids: Vec<_> = (0..20_000).map(|_| machine_id(&mut random)).collect();
        for percent in [0, 1, 10, 50, 99, 100] {
            let taken = ids
                .iter()
                .filter(|id| takes(percent, draw(&name, &written, id, apt), apt))
                .count() as i64;
            let want = expected(percent, 20_000, apt) as i64;
            assert!(
                (taken - want).abs() < 300,
                "{apt:?} {percent}: {taken} for {want}"
            );
        }
        assert_eq!(expected(100, 20_000, apt), 20_000);
    }
}

#[test]
fn machine_ids_are_checked() {
    let good = "85acb55e5a8466ca646fe990fe239699";
    assert_eq!(MachineId::new(good).map(|id| id.0).as_deref(), Ok(good));
    for (bad, rule) in [
        ("", "32 digits"),
        ("85acb55e5a8466ca646fe990fe23969", "32 digits"),
        ("85acb55e-5a84-66ca-646f-e990fe239699", "32 digits"),
        ("85ACB55E5A8466CA646FE990FE239699", "lower case"),
        ("g5acb55e5a8466ca646fe990fe239699", "0-9 and a-f"),
        ("00000000000000000000000000000000", "not all"),
    ] {
        let said = MachineId::new(bad).expect_err(bad).to_string();
        assert!(said.contains(rule), "{bad}: {said}");
    }
}

/// The judge is the C++ library that apt is linked with.
#[test]
fn draws_are_those_of_libstdcxx() {
    let mut random = StdRng::seed_from_u64(0x5eed);
    let cases: Vec<(PackageName, Version, String)> = (0..5_000)
        .map(|_| {
            let name = some(
                &mut random,
                b"abcdefghijklmnopqrstuvwxyz0123456789+-.",
                2..40,
            );
            let mut written = some(&mut random, b"0123456789.+~abcXYZ", 0..30);
            written.insert(0, '1');
            if random.gen_bool(0.3) {
                let epoch: u16 = random.r#gen();
                written.insert_str(0, &format!("{epoch}:"));
            }
            if random.gen_bool(0.5) {
                written.push_str("-0ubuntu1");
            }
            let name = format!("a{name}");
            (source(&name), version(&written), machine_id(&mut random))
        })
        .collect();
    let mut seeds = String::new();
    for (name, written, id) in &cases {
        let _ = writeln!(seeds, "{name}-{written}-{id}");
    }
    let said = judged(seeds);
    assert_eq!(said.lines().count(), cases.len());
    for ((name, written, id), line) in cases.iter().zip(said.lines()) {
        let old = draw(name, written, id, Apt::Old);
        let new = draw(name, written, id, Apt::New);
        assert_eq!(format!("{old} {new}"), line, "{name} {written} {id}");
    }
}

fn judged(seeds: String) -> String {
    let room = tempfile::tempdir().expect("a directory");
    let program = room.path().join("judge");
    let built = Command::new("g++")
        .args(["-O1", "-o"])
        .arg(&program)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/rollout/phasing/judge.cc"
        ))
        .status()
        .expect("cannot run g++: install the package build-essential");
    assert!(built.success());
    let mut judge = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the judge runs");
    let mut to = judge.stdin.take().expect("a pipe");
    let feed = std::thread::spawn(move || to.write_all(seeds.as_bytes()));
    let output = judge.wait_with_output().expect("the judge's answer");
    feed.join().expect("joined").expect("the judge read all");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("numbers")
}

fn machine_id(random: &mut StdRng) -> String {
    format!("{:032x}", random.r#gen::<u128>())
}

fn some(random: &mut StdRng, of: &[u8], len: std::ops::Range<usize>) -> String {
    let len = random.gen_range(len);
    let one = |_| char::from(of[random.gen_range(0..of.len())]);
    (0..len).map(one).collect()
}
