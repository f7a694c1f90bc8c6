//! Source packages from the machine's own mirror, kept for the next run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::tool;

/// A source package as Debian publishes it.
pub struct Pristine {
    /// Its name.
    pub name: String,
    /// Its `.dsc`.
    pub dsc: PathBuf,
    /// Its upstream tarball; a native package has none.
    pub orig: Option<PathBuf>,
}

/// Gets a source package, from the mirror where it is not here yet.
#[track_caller]
pub fn source(name: &str) -> Pristine {
    fetched(name).unwrap_or_else(|why| panic!("{why}"))
}

/// Gets a source package, or says aloud why the test that wants it is skipped:
/// the mirror does not answer, or lacks the file.
#[expect(clippy::print_stderr, reason = "whoever reads the run must see it")]
pub fn source_or_skip(name: &str) -> Option<Pristine> {
    match fetched(name) {
        Ok(pristine) => Some(pristine),
        Err(why) => {
            eprintln!("SKIPPED, not passed: Debian's source {name} cannot be had: {why}");
            None
        }
    }
}

fn fetched(name: &str) -> Result<Pristine, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let cache = target.expect("it is below target/").join("debian-sources");
    fs::create_dir_all(&cache).expect("target/ is writable");
    let lock = File::create(cache.join("lock")).expect("target/ is writable");
    lock.lock().expect("the lock");
    let directory = cache.join(name);
    if !directory.is_dir() {
        let new = tempfile::tempdir_in(&cache).expect("target/ is writable");
        let mut get = apt_get(&cache)?;
        get.args(["source", "--download-only", "--only-source"]);
        run(get.arg(name).current_dir(new.path()))?;
        fs::rename(new.keep(), &directory).expect("it is not there yet");
    }
    let ending = |ending: &str| {
        let entries = fs::read_dir(&directory).expect("it is there");
        let paths = entries.map(|entry| entry.expect("listed").path());
        let mut found: Vec<_> = paths
            .filter(|path| path.to_string_lossy().contains(ending))
            .filter(|path| path.extension().is_none_or(|ending| ending != "asc"))
            .collect();
        found.sort();
        found.into_iter().next()
    };
    Ok(Pristine {
        name: name.to_owned(),
        dsc: ending(".dsc").expect("apt-get source leaves a .dsc"),
        orig: ending(".orig.tar."),
    })
}

/// Prepares apt with a configuration and lists of its own.
fn apt_get(cache: &Path) -> Result<Command, String> {
    let apt = cache.join("apt");
    for below in ["parts", "lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(below)).expect("target/ is writable");
    }
    let parts = apt.join("parts");
    let configuration = format!(
        "Dir::Etc::SourceList \"/dev/null\";\nDir::Etc::SourceParts \"{}\";\n\
         Dir::State::Lists \"{}\";\nDir::Cache \"{}\";\nAPT::Sandbox::User \"root\";\n",
        parts.display(),
        apt.join("lists").display(),
        apt.join("cache").display()
    );
    let file = apt.join("apt.conf");
    fs::write(&file, configuration).expect("target/ is writable");
    let prepare = |arguments: &[&str]| {
        let mut get = tool("apt-get", "apt");
        get.env("APT_CONFIG", &file).arg("--quiet").args(arguments);
        get
    };
    let text = mirror(&machines_sources());
    fs::write(parts.join("mirror.sources"), text).expect("target/ is writable");
    // The mirror may have moved on since the lists were fetched.
    run(&mut prepare(&["update"]))?;
    Ok(prepare(&[]))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().expect("apt-get is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {said}")),
    }
}

/// Reads what the machine's own apt reads, `.list` and `.sources`.
fn machines_sources() -> Vec<(bool, String)> {
    let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
    let parts = fs::read_dir("/etc/apt/sources.list.d");
    for entry in parts.into_iter().flatten() {
        paths.push(entry.expect("listed").path());
    }
    let read = |path: PathBuf| {
        let is_stanzas = path.extension().is_some_and(|ending| ending == "sources");
        Some((is_stanzas, fs::read_to_string(path).ok()?))
    };
    paths.into_iter().filter_map(read).collect()
}

/// Makes a `deb-src` stanza of the first source with this release's suite.
fn mirror(sources: &[(bool, String)]) -> String {
    let release = fs::read_to_string("/etc/os-release").expect("Debian has it");
    let suite = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let suite = suite.expect("a release has a name");
    let stanza = |uri: &str, key: Option<&str>| {
        let key = key.map_or(String::new(), |key| format!("Signed-By: {key}\n"));
        format!("Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: main\n{key}")
    };
    for (is_stanzas, text) in sources {
        if *is_stanzas {
            for paragraph in text.split("\n\n") {
                let field = |name: &str| {
                    let mut lines = paragraph.lines();
                    lines.find_map(|line| Some(line.strip_prefix(name)?.trim()))
                };
                let suites = field("Suites:").unwrap_or_default();
                if let Some(uri) = field("URIs:")
                    && suites.split_whitespace().any(|word| word == suite)
                {
                    return stanza(uri, field("Signed-By:"));
                }
            }
        } else {
            for line in text.lines().filter(|line| line.starts_with("deb ")) {
                let mut words = line
                    .split_whitespace()
                    .skip_while(|word| !word.contains("://"));
                if let (Some(uri), Some(found)) = (words.next(), words.next())
                    && found == suite
                {
                    return stanza(uri, None);
                }
            }
        }
    }
    panic!("no source of {suite} in /etc/apt/sources.list*: these tests need a Debian mirror")
}

#[test]
fn mirror_is_the_machines_own() {
    let release = fs::read_to_string("/etc/os-release").expect("Debian has it");
    let suite = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let suite = suite.expect("a release has a name");
    let list = format!("# deb http://old {suite} main\ndeb [a=b] http://m/debian {suite} main\n");
    let stanzas = format!(
        "Types: deb\nURIs: http://sec\nSuites: {suite}-security\n\n\
         Types: deb\nURIs: http://m/debian\nSuites: {suite} {suite}-updates\nSigned-By: /k\n"
    );
    let want =
        format!("Types: deb-src\nURIs: http://m/debian\nSuites: {suite}\nComponents: main\n");
    assert_eq!(mirror(&[(false, list)]), want);
    assert_eq!(mirror(&[(true, stanzas)]), format!("{want}Signed-By: /k\n"));
}
