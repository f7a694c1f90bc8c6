//! What reads indices by itself: python-debian, apt-file, Perl.

use super::Minimal;
use crate::apt::client::Client;
use crate::world::tool;

/// Reads every listing with python-debian, and holds every file to what the
/// listings and `Release` say of it; prints how many packages it read.
const PYTHON: &str = r#"
import gzip, hashlib, lzma, os, sys
from debian import deb822
archive, suite = sys.argv[1:]
dists = os.path.join(archive, "dists", suite)
with open(os.path.join(dists, "Release")) as file:
    release = deb822.Release(file)
listed = {entry["name"]: entry for entry in release["SHA256"]}
def check(path, entry):
    with open(path, "rb") as file:
        content = file.read()
    assert len(content) == int(entry["size"]), path
    assert hashlib.sha256(content).hexdigest() == entry["sha256"], path
for name, entry in listed.items():
    # The plain ones are listed for apt, which unpacks; nobody serves them.
    if name.endswith((".xz", ".gz")):
        check(os.path.join(dists, name), entry)
for opened, ending in ((lzma.open, "xz"), (gzip.open, "gz")):
    for name in sorted(listed):
        if not name.endswith("." + ending):
            continue
        with opened(os.path.join(dists, name), "rb") as file:
            if "/Packages." in name:
                count = 0
                for package in deb822.Packages.iter_paragraphs(file, use_apt_pkg=False):
                    count += 1
                    package.relations
                    check(os.path.join(archive, package["Filename"]),
                          {"size": package["Size"], "sha256": package["SHA256"]})
                print(ending, "packages", count)
            elif "/Sources." in name:
                for source in deb822.Sources.iter_paragraphs(file, use_apt_pkg=False):
                    for entry in source["Checksums-Sha256"]:
                        check(os.path.join(archive, source["Directory"], entry["name"]), entry)
                    print(ending, "source", source["Package"])
"#;

/// Unpacks a file as reprepro's and debootstrap's relatives do, which stop
/// after the first member without a word.
const PERL: &str = "use IO::Uncompress::Gunzip qw(gunzip $GunzipError); \
    gunzip($ARGV[0] => '-') or die $GunzipError";

#[test]
fn python_perl_and_apt_file_read_it() {
    let settings = ["--compress", "xz,gz", "--contents", "xz,gz"];
    let Some(debian) = Minimal::publish(&settings) else {
        return;
    };
    let (world, suite) = (&debian.world, &debian.suite);
    let mut python = tool("/usr/bin/python3", "python3-debian");
    python
        .args(["-c", PYTHON])
        .arg(world.archive_at())
        .arg(suite);
    let read = world.judge(python).code(0).stdout;
    let count = debian.packages.len();
    let each = |ending| format!("{ending} packages {count}\n{ending} source hello\n");
    assert_eq!(read, each("xz") + &each("gz"));

    let dists = world.archive_at().join("dists").join(suite);
    for entry in walkdir::WalkDir::new(&dists) {
        let path = entry.expect("listed").into_path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut perl = tool("perl", "perl");
            perl.args(["-e", PERL]).arg(&path);
            let mut gzip = tool("gzip", "gzip");
            gzip.arg("--decompress").arg("--stdout").arg(&path);
            let (perl, gzip) = (world.judge(perl).code(0), world.judge(gzip).code(0));
            assert!(perl.stdout == gzip.stdout, "{}", path.display());
        }
    }

    let served = debian.served();
    let client = Client::new(world, "client", ("a.sources", &debian.sources(&served)));
    tool("apt-file", "apt-file");
    let part = "apt.conf.d/50apt-file.conf";
    std::fs::copy(
        format!("/etc/apt/{part}"),
        world.path("client/etc/apt").join(part),
    )
    .expect("apt-file has one");
    client.update().code(0);
    let found = client.apt("apt-file", &["search", "--fixed-string", "/usr/bin/hello"]);
    assert_eq!(found.code(0).stdout, "hello: /usr/bin/hello\n");
    let listed = client.apt("apt-file", &["list", "--fixed-string", "hello"]);
    assert!(listed.code(0).stdout.lines().count() > 40);
    served.end();
}
