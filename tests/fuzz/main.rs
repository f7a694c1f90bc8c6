//! Hostile bytes: whatever debcut reads from outside, made bad at random.
//!
//! A run tries some thousand mutants of each format, the same every time.
//! `DEBCUT_FUZZ_CASES=1000000` tries that many, and `DEBCUT_FUZZ_FROM` others.
//! A mutant that breaks a reader is kept in `target/tmp` and named.

mod mutations;
mod readers;
mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

/// What a reader may touch at once, with the seeds and the program itself: a
/// window of 128 MiB is the most that one of them is allowed.
const MEMORY_KIB: u64 = 400 * 1024;
/// What the process may ask the system for; a request beyond that ends it.
const ADDRESSES_BYTES: u64 = 8 << 30;
/// How long a reader may think over one mutant, on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(20);

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect(variable),
        Err(_) => otherwise,
    }
}

/// Reads how much memory this process had at most, in KiB.
fn most_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok())
        .expect("a number of kB")
}

/// Tries a reader on mutants of these files.
fn try_on(name: &str, parts: &[&str], usual: u64, read: fn(&[u8]) -> bool) {
    let limit = Rlimit {
        current: Some(ADDRESSES_BYTES),
        maximum: Some(ADDRESSES_BYTES),
    };
    let seeds = seeds::Seeds::make().of(parts);
    setrlimit(Resource::As, limit).expect("less than before");
    let good = seeds.iter().filter(|seed| read(seed)).count();
    assert!(good > 0, "of what it should read it reads nothing");
    let from = number("DEBCUT_FUZZ_FROM", 0);
    let mut survived = 0;
    for case in from..from + number("DEBCUT_FUZZ_CASES", usual) {
        let bytes = mutations::mutant(&seeds, case);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        let why = match outcome {
            Err(_) => "panics",
            Ok(_) if start.elapsed() > PATIENCE => "takes too long",
            Ok(_) if most_memory_kib() > MEMORY_KIB => "takes too much memory",
            Ok(accepted) => {
                survived += u64::from(accepted);
                continue;
            }
        };
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}-{case}"));
        std::fs::write(&kept, &bytes).expect("target/ is writable");
        panic!("the reader of {name} {why} on {}", kept.display());
    }
    // Where every mutant is refused at once, nothing behind has been tried.
    assert!(survived > 0, "no mutant got through");
}

macro_rules! hostile {
    ($($name:ident: $parts:expr, $usual:expr;)*) => {
        $(#[test]
        fn $name() {
            try_on(stringify!($name), &$parts, $usual, readers::$name);
        })*
    };
}

// How many are tried usually: as many as two seconds are enough for.
hostile! {
    ar: [".deb"], 3000;
    tar: ["tree.tar"], 3000;
    deb: [".deb"], 1500;
    compressed: [".xz", ".gz", ".zst", ".deb"], 1000;
    paragraphs: ["fixtures/debian", "/Packages", "/Sources"], 1500;
    upload: ["fixtures/debian", "DEBIAN/control"], 1500;
    relations: ["control"], 2000;
    changelog: ["changelogs", "hello.changelog"], 800;
    release: ["Release"], 2000;
    listing: ["/Packages", "/Sources", ".dsc"], 1500;
    contents: ["/Contents"], 2000;
    descriptions: ["Translation-en", "DEBIAN/control", "/Packages"], 1500;
    pieces: ["Packages.", "Contents-"], 800;
    state: ["/head", "/objects/", ".jsonl"], 1000;
    keys: ["/keys", ".asc", ".pgp"], 1000;
}
