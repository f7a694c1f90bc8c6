//! Which other architectures' programs this machine's kernel runs: by itself,
//! or with an emulator that is registered in binfmt_misc
//! (Documentation/admin-guide/binfmt-misc.rst of the kernel).

use std::path::Path;

use crate::model::Architecture;

const REGISTERED: &str = "/proc/sys/fs/binfmt_misc";

/// Tells whether programs of an architecture run here, also in a system that
/// has no emulator of its own.
pub fn runs(architecture: &Architecture) -> bool {
    let here = Architecture::of_this_machine();
    // Not every 64-bit ARM processor runs 32-bit programs; there, an emulator
    // has to tell.
    let by_itself = (here.as_str(), architecture.as_str()) == ("amd64", "i386");
    if here == *architecture || by_itself {
        return true;
    }
    let Some(name) = emulator(architecture) else {
        return false;
    };
    let entry = Path::new(REGISTERED).join(format!("qemu-{name}"));
    std::fs::read_to_string(entry).is_ok_and(|text| is_usable(&text))
}

/// Returns what QEMU calls an architecture.
fn emulator(architecture: &Architecture) -> Option<&'static str> {
    Some(match architecture.as_str() {
        "amd64" | "x32" => "x86_64",
        "arm64" => "aarch64",
        "armhf" | "armel" => "arm",
        "i386" => "i386",
        "loong64" => "loongarch64",
        "mips64el" => "mips64el",
        "mipsel" => "mipsel",
        "powerpc" => "ppc",
        "ppc64" => "ppc64",
        "ppc64el" => "ppc64le",
        "riscv64" => "riscv64",
        "s390x" => "s390x",
        "sparc64" => "sparc64",
        _ => return None,
    })
}

/// Tells whether an entry is switched on and holds its emulator open (`F`), so
/// that it is found inside another root.
fn is_usable(entry: &str) -> bool {
    let mut lines = entry.lines();
    let flags = |line: &str| line.strip_prefix("flags:").is_some_and(|f| f.contains('F'));
    lines.next() == Some("enabled") && lines.any(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_must_be_on_and_held_open() {
        let entry = |state: &str, flags: &str| {
            format!("{state}\ninterpreter /usr/bin/qemu-aarch64-static\nflags: {flags}\noffset 0\n")
        };
        for (text, want) in [
            (entry("enabled", "POCF"), true),
            (entry("enabled", "OC"), false),
            (entry("disabled", "F"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_usable(&text), want, "{text}");
        }
        assert!(runs(&Architecture::of_this_machine()));
    }
}
