//! What helps against a cause, where it was found.

use super::Cause;
use crate::verify::difference::{Aspect, Difference, What};

/// What kind of file something was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Gzip,
    Tar,
    StaticLibrary,
    Zip,
    Program,
    Picture,
    Bytecode,
    Manual,
    Other,
}

impl Where {
    fn of(difference: &Difference) -> Self {
        let names = difference.place.names();
        let innermost = difference.place.innermost();
        let ends = |name: &str, endings: &[&str]| endings.iter().any(|end| name.ends_with(end));
        let holder = names.iter().rev().nth(1).map_or("", String::as_str);
        let is_entry = matches!(
            difference.what,
            What::Aspect { .. } | What::Entries { .. } | What::OnlyIn { .. }
        );
        if innermost == "gzip header" {
            return Self::Gzip;
        }
        let container = match difference.what {
            What::Entries { .. } => innermost,
            _ => holder,
        };
        if is_entry && ends(container, &[".tar"]) {
            return Self::Tar;
        }
        if is_entry && ends(container, &[".a"]) {
            return Self::StaticLibrary;
        }
        if ends(
            container,
            &[".zip", ".jar", ".whl", ".war", ".epub", ".odt"],
        ) && is_entry
        {
            return Self::Zip;
        }
        if names.iter().any(|name| name.starts_with("section ")) {
            return Self::Program;
        }
        if names.iter().any(|name| name.starts_with("chunk ")) {
            return Self::Picture;
        }
        if names.iter().any(|name| ends(name, &[".pyc"])) {
            return Self::Bytecode;
        }
        if names.iter().any(|name| name.contains("/man/man")) {
            return Self::Manual;
        }
        Self::Other
    }
}

/// Says what to do.
pub(super) fn of(cause: Cause, difference: &Difference) -> String {
    let found = Where::of(difference);
    let file = difference.place.file();
    let text = match (cause, found) {
        (Cause::Timestamp | Cause::Zone, Where::Gzip) => {
            "the gzip header holds a time: use gzip -n (--no-name)"
        }
        (Cause::Timestamp, Where::Tar) => {
            "pack with tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 \
             --numeric-owner; in a package dpkg-deb does it when SOURCE_DATE_EPOCH is set"
        }
        (Cause::Timestamp | Cause::User | Cause::Umask, Where::StaticLibrary) => {
            "make the library with ar -D and ranlib -D (ARFLAGS=crD)"
        }
        (Cause::Timestamp | Cause::Zone, Where::Zip) => {
            "set the files' times before packing (touch --date=@$SOURCE_DATE_EPOCH) and use \
             TZ=UTC zip -X, or run strip-nondeterminism (dh_strip_nondeterminism)"
        }
        (Cause::Timestamp, Where::Picture) => {
            "leave the time out of the picture: convert -define png:exclude-chunks=date,time, \
             or run strip-nondeterminism"
        }
        (Cause::Timestamp, Where::Bytecode) => {
            "do not install compiled Python, or compile it with --invalidation-mode=checked-hash"
        }
        (Cause::Timestamp, Where::Manual) => {
            "give the manual page's generator a date: help2man and pod2man take it from \
             SOURCE_DATE_EPOCH"
        }
        (Cause::Timestamp, Where::Program) => {
            "take the time from SOURCE_DATE_EPOCH or leave it out; gcc does so for __DATE__ and \
             __TIME__, and -Wdate-time finds them"
        }
        (Cause::Timestamp, _) => {
            "take the time from SOURCE_DATE_EPOCH (date --utc --date=@$SOURCE_DATE_EPOCH) or \
             leave it out"
        }
        (Cause::Zone, _) => {
            "write times in UTC: date --utc, gmtime() instead of localtime(), or TZ=UTC for the \
             command that writes it"
        }
        (Cause::Locale, _) => "set LC_ALL=C.UTF-8 for the command that writes it",
        (Cause::Umask, _) => {
            "give files their modes: install -m 0644, chmod after copying, or dh_fixperms"
        }
        (Cause::User, Where::Tar) => "pack with tar --owner=0 --group=0 --numeric-owner",
        (Cause::User, _) => "leave the builder's name out (whoami, id, $USER, $HOME, ~)",
        (Cause::HostName, _) => "leave the machine's name out (hostname, uname -n)",
        (Cause::Parallelism, _) => match difference.what {
            What::Compression => {
                "compress with a fixed number of threads (xz -T1, zstd -T1), or with xz, whose \
                 bytes do not depend on it"
            }
            _ => {
                "do not write the number of processors (nproc, -j), and do not let jobs that run \
                 side by side append to one file: write one each and join them sorted"
            }
        },
        (Cause::Order, Where::Tar) => "pack with tar --sort=name",
        (Cause::Order, Where::StaticLibrary) => "sort the objects: $(sort $(wildcard *.o)) in make",
        (Cause::Order, Where::Zip) => "pack a sorted list: find … | LC_ALL=C sort | zip -X -@",
        (Cause::Order, _) => {
            "sort what is read: find … | LC_ALL=C sort, $(sort $(wildcard …)) in make, \
             sorted(os.listdir(…)) in Python; for the order of sets and hashes \
             PYTHONHASHSEED=0, PERL_HASH_SEED=0"
        }
        (Cause::Environment, _) => "write the variables that matter, not the whole environment",
        (Cause::Kernel, _) => {
            "do not ask the running kernel (uname -r, uname -v): the package runs on others"
        }
        (Cause::Path, Where::Program) => {
            "compile with -ffile-prefix-map=$(CURDIR)=. (dpkg-buildflags does with \
             reproducible=+fixfilepath)"
        }
        (Cause::Path, _) => "write paths relative to the source, or leave them out",
        (Cause::Randomness, Where::Program) => {
            "name the random seed: -frandom-seed=FILE for gcc; make identifiers of the contents"
        }
        (Cause::Randomness, _) => {
            "make it of the contents instead of chance: a digest or a UUID of version 5, a fixed \
             seed; do not write names of temporary files, numbers of processes or addresses; \
             PYTHONHASHSEED=0, PERL_HASH_SEED=0"
        }
        (Cause::Follows, _) => return String::new(),
        (Cause::Unknown, _) => {
            return match difference.what {
                What::Digest { .. } => {
                    "give the first build's files (--against DIR) to see what differs".to_owned()
                }
                _ => format!("build with --bisect to see what makes {file} differ"),
            };
        }
    };
    match difference.what {
        // The text names the container by itself.
        What::Aspect {
            aspect: Aspect::Time,
            ..
        } => format!("{text} ({file})"),
        _ => format!("where {file} is made: {text}"),
    }
}
