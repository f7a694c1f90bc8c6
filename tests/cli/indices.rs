//! Every kind of index, judged by apt and by apt-ftparchive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::apt::client::Client;
use crate::apt::{Served, sources};
use crate::archive::packages::{Deb, deb};
use crate::world::{World, tool};

/// A world with a suite of these settings and a key.
fn world(more: &[&str]) -> World {
    let world = World::new();
    world.key();
    let words = ["init", "--suite", "stable", "--component", "main,contrib"];
    world.archive([&words, more].concat()).code(0);
    world
}

fn some(world: &World, count: usize) -> Vec<PathBuf> {
    let make = |n| {
        let (name, version) = (format!("fruit{n}"), format!("1.{n}"));
        let deb = Deb {
            section: if n % 5 == 0 { "contrib/utils" } else { "net" },
            content: name.as_bytes(),
            ..deb(&name, &version)
        };
        deb.make(world, "debs")
    };
    (0..count).map(make).collect()
}

/// Decompresses a published file with the format's own tool.
fn plain(world: &World, below: &str) -> String {
    let path = world.archive_at().join("dists/stable").join(below);
    let program = match path.extension().and_then(|ending| ending.to_str()) {
        Some("xz") => "xz",
        Some("gz") => "gzip",
        Some("zst") => "zstd",
        other => panic!("{other:?}"),
    };
    for (flag, want) in [("-t", false), ("-dc", true)] {
        let mut command = tool(program, program);
        command.arg(flag).arg(&path);
        let output = command.output().expect("it is installed");
        assert!(output.status.success(), "{program} {flag} {below}");
        if want {
            return String::from_utf8(output.stdout).expect("text");
        }
    }
    unreachable!("the second one returns")
}

fn ftparchive(world: &World, arguments: &[&str]) -> String {
    let mut command = tool("apt-ftparchive", "apt-utils");
    command.args(arguments).current_dir(world.archive_at());
    world.surround(&mut command);
    let output = command.output().expect("it is installed");
    assert!(output.status.success(), "apt-ftparchive {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Reads paragraphs into their fields, by file.
fn paragraphs(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for paragraph in text.split("\n\n").filter(|p| !p.trim().is_empty()) {
        let mut fields = BTreeMap::<String, String>::new();
        let mut last = String::new();
        for line in paragraph.lines() {
            match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => {
                    last = name.to_owned();
                    fields.insert(last.clone(), value.trim().to_owned());
                }
                _ => {
                    let field = fields.get_mut(&last).expect("a field before");
                    field.push('\n');
                    field.push_str(line);
                }
            }
        }
        found.insert(fields["Filename"].clone(), fields);
    }
    found
}

#[test]
fn packages_and_contents_are_those_of_apt_ftparchive() {
    let world = world(&["--compress", "xz,gz,zst", "--contents", "xz,gz,zst"]);
    world.add(&some(&world, 12), &[]).code(0);
    // Another version with a file less and one with one more, then one goes.
    let next = Deb {
        content: b"other",
        ..deb("fruit1", "2.0")
    };
    world.add(&[next.make(&world, "more")], &[]).code(0);
    world
        .archive(["remove", "fruit2", "--from", "stable"])
        .code(0);
    std::fs::remove_file(find(&world.archive_at().join("pool"), "fruit2_")).expect("is there");

    for component in ["main", "contrib"] {
        let here = debcut::model::Architecture::of_this_machine();
        let pool = format!("pool/{component}");
        let theirs = paragraphs(&ftparchive(&world, &["packages", &pool]));
        assert!(!theirs.is_empty(), "{component}");
        for encoding in ["xz", "gz", "zst"] {
            let name = format!("{component}/binary-{here}/Packages.{encoding}");
            let ours = paragraphs(&plain(&world, &name));
            assert_eq!(
                ours.keys().collect::<Vec<_>>(),
                theirs.keys().collect::<Vec<_>>()
            );
            for (file, fields) in &ours {
                for (field, value) in fields {
                    if let Some(other) = theirs[file].get(field) {
                        assert_eq!(value, other, "{file}: {field}");
                    }
                }
            }
        }
        let lines = |text: &str| -> BTreeMap<String, BTreeSet<String>> {
            let line = |line: &str| {
                let (path, packages) = line.rsplit_once(char::is_whitespace)?;
                // apt-ftparchive knows sections from overrides only.
                let name =
                    |package: &str| package.rsplit('/').next().unwrap_or_default().to_owned();
                let names: BTreeSet<_> = packages.split(',').map(name).collect();
                Some((path.trim_end().to_owned(), names))
            };
            text.lines().filter_map(line).collect()
        };
        let theirs = lines(&ftparchive(&world, &["contents", &pool]));
        for encoding in ["xz", "gz", "zst"] {
            let name = format!("{component}/Contents-{here}.{encoding}");
            assert_eq!(lines(&plain(&world, &name)), theirs, "{name}");
        }
    }
    assert!(world.deep_check(0).is_empty());
}

/// Finds a file below a directory by the start of its name.
fn find(below: &Path, start: &str) -> PathBuf {
    let found = crate::world::listing(below).into_keys().find(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(start))
    });
    below.join(found.expect(start))
}

#[test]
fn long_descriptions_stand_apart_and_apt_finds_them() {
    let world = world(&["--translations"]);
    world.add(&some(&world, 6), &[]).code(0);
    let here = debcut::model::Architecture::of_this_machine();
    let packages = format!("main/binary-{here}/Packages.xz");
    assert!(!plain(&world, &packages).contains("It exists to be published."));
    let translation = plain(&world, "main/i18n/Translation-en.xz");
    assert_eq!(translation.matches("Package: ").count(), 4, "{translation}");
    // The digest is the one that apt-ftparchive computes.
    let theirs = ftparchive(
        &world,
        &[
            "-oAPT::FTPArchive::LongDescription=false",
            "packages",
            "pool/main",
        ],
    );
    let md5 = |text: &str| -> BTreeSet<String> {
        let value = |line: &str| Some(line.strip_prefix("Description-md5: ")?.to_owned());
        text.lines().filter_map(value).collect()
    };
    assert!(!md5(&theirs).is_empty());
    assert_eq!(md5(&plain(&world, &packages)), md5(&theirs));
    assert_eq!(md5(&translation), md5(&theirs));

    let served = Served::start(&world);
    let text = sources(&world, &["--uri", &served.url]);
    let client = Client::new(&world, "client", ("a.sources", &text));
    let english = ["-oAcquire::Languages=en", "update", "--quiet"];
    client.apt("apt-get", &english).code(0);
    let shown = client.apt("apt-cache", &["-oAcquire::Languages=en", "show", "fruit1"]);
    assert!(
        shown.stdout.contains("It exists to be published."),
        "{}",
        shown.stdout
    );
    served.end();

    // Into a suite that has them in Packages they go whole, and back again.
    world.archive(["init", "--suite", "whole"]).code(0);
    world
        .archive(["promote", "fruit1", "--from", "stable", "--to", "whole"])
        .code(0);
    let path = world.archive_at().join("dists/whole");
    let text = ftparchive(&world, &["packages", "pool/main/f/fruit1"]);
    let whole = std::process::Command::new("xz")
        .arg("-dc")
        .arg(path.join(&packages))
        .output()
        .expect("it is installed");
    let whole = paragraphs(&String::from_utf8(whole.stdout).expect("text"));
    let (file, fields) = whole.first_key_value().expect("one");
    assert_eq!(
        fields["Description"],
        paragraphs(&text)[file]["Description"]
    );

    // With the last package its description goes.
    world
        .archive(["remove", "fruit1", "--from", "stable"])
        .code(0);
    assert!(!plain(&world, "main/i18n/Translation-en.gz").contains("Package: fruit1\n"));
    assert!(world.deep_check(0).is_empty());
}

#[test]
fn apt_patches_what_it_has() {
    let world = world(&["--pdiffs", "3"]);
    world.add(&some(&world, 40), &[]).code(0);
    let served = Served::start(&world);
    let text = sources(&world, &["--uri", &served.url]);
    let late = Client::new(&world, "late", ("a.sources", &text));
    late.update().code(0);
    let steps: [&[&str]; 2] = [&["fruit3"], &["fruit7", "fruit8"]];
    for step in steps {
        let words = [&["remove", "--from", "stable"], step].concat();
        world.archive(words).code(0);
    }
    let added = deb("fig", "1.0").make(&world, "more");
    world.add(&[added], &[]).code(0);

    let index = world.archive_at().join("dists/stable/main");
    let here = debcut::model::Architecture::of_this_machine();
    let listing = index.join(format!("binary-{here}/Packages.diff/Index"));
    let listing = std::fs::read_to_string(listing).expect("it is there");
    assert_eq!(listing.matches(".gz").count(), 3, "{listing}");

    let debug = [
        "update",
        "-oDebug::pkgAcquire::RRed=true",
        "-oDebug::pkgAcquire::Diffs=true",
    ];
    let ran = late.apt("apt-get", &debug).code(0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("Packages.diff"), "{said}");
    // What it patched is what somebody gets who fetches all of it.
    let fresh = Client::new(&world, "fresh", ("a.sources", &text));
    fresh.update().code(0);
    let lists = |client: &str| {
        let lists = world.path(client).join("var/lib/apt/lists");
        let mut texts = BTreeMap::new();
        for path in crate::world::listing(&lists).into_keys() {
            let name = path.display().to_string();
            if name.ends_with("_Packages") {
                texts.insert(name, std::fs::read(lists.join(&path)).expect("readable"));
            }
        }
        texts
    };
    let (patched, whole) = (lists("late"), lists("fresh"));
    assert!(!whole.is_empty());
    assert!(patched == whole, "{:?}", patched.keys());
    assert!(late.versions("fruit3").is_empty());
    assert_eq!(late.versions("fig"), ["1.0"]);
    assert!(world.deep_check(0).is_empty());
    served.end();
}
