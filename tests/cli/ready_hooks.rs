//! The ready hooks of `templates/hooks/`, run by `sh` with commands in the
//! place of `gh`, `glab`, `docker`, `podman` and `curl` that write down how they
//! were called.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use std::io::Write;

/// Programs that the hooks may use, taken from the machine.
const TOOLS: [&str; 10] = [
    "sh",
    "cat",
    "mktemp",
    "rm",
    "sed",
    "tr",
    "awk",
    "mkdir",
    "sha256sum",
    "cut",
];

/// A place where hooks run: a folder with nothing on `PATH` but [`TOOLS`], one
/// reader of JSON, and stubs.
struct Place {
    dir: tempfile::TempDir,
}

/// Finds a program of the machine; version managers' shims are passed over,
/// for they need an environment.
fn found(program: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .map(|dir| Path::new(dir).join(program))
        .find(|path| path.exists())
}

impl Place {
    fn new(reader: &str, stubs: &[(&str, &str)]) -> Self {
        let place = Self {
            dir: tempfile::tempdir().expect("a directory"),
        };
        let bin = place.path("bin");
        fs::create_dir(&bin).expect("made");
        for tool in TOOLS.iter().chain([&reader]) {
            let path = found(tool).expect(tool);
            symlink(path, bin.join(tool)).expect("linked");
        }
        for (name, body) in stubs {
            let log = place.path("log");
            let log = log.display();
            let text = format!(
                "#!/bin/sh\nfor arg in {name} \"$@\"; do printf '[%s] ' \"$arg\"; done >>{log}\necho >>{log}\n{body}\n"
            );
            let path = bin.join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        }
        fs::write(
            place.path("notes.md"),
            "## What's new\n\n- <b> & \"wave\"\n",
        )
        .expect("written");
        fs::write(place.path("hello 1.deb"), "x").expect("written");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a hook and returns what it said; what it called is in the log.
    fn run(&self, hook: &str, step: &str, environment: &[(&str, &str)]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("templates/hooks")
            .join(hook);
        let mut child = Command::new("/bin/sh")
            .arg(script)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let mut input = child.stdin.take().expect("piped");
        // A hook that stops at once does not read.
        let _ = input.write_all(step.as_bytes());
        drop(input);
        child.wait_with_output().expect("it ends")
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.path("log"));
        let plain = |line: &str| {
            line.trim_end()
                .replace(&*self.dir.path().to_string_lossy(), "DIR")
        };
        text.lines().map(plain).collect()
    }
}

fn step(place: &Place, version: &str, dry_run: bool) -> String {
    let dir = place.dir.path().display();
    let tag = format!("hello/v{version}");
    format!(
        r#"{{"schema":"debcut/hook/1","step":"publish","when":"after","packages":[
        {{"name":"hello","version":"{version}","debian_version":"{version}-1","tag":"{tag}",
        "notes_file":"{dir}/notes.md","artifacts":["{dir}/hello 1.deb","{dir}/notes.md"]}},
        {{"name":"bye","version":"2.0.0","debian_version":"2.0.0-1","tag":"bye/v2.0.0",
        "notes_file":null,"artifacts":[]}}],"suite":"stable","dry_run":{dry_run}}}"#
    )
}

#[track_caller]
fn assert_done(out: &Output) {
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
}

const READERS: [&str; 2] = ["jq", "python3"];

#[test]
fn a_forge_release_is_made_once_and_updated_then() {
    let gh = r#"case $1$2 in releaseview) [ -e "made-$(printf %s "$3" | tr / -)" ] ;; releasecreate) : >"made-$(printf %s "$3" | tr / -)" ;; esac"#;
    for reader in READERS.into_iter().filter(|reader| found(reader).is_some()) {
        let place = Place::new(reader, &[("gh", gh)]);
        assert_done(&place.run("forge-release.sh", &step(&place, "1.3.0-rc.1", false), &[]));
        let log = place.log();
        assert_eq!(log.len(), 5, "{reader}: {log:#?}");
        assert_eq!(
            log[..3],
            [
                "[gh] [release] [view] [hello/v1.3.0-rc.1]",
                "[gh] [release] [create] [hello/v1.3.0-rc.1] [--verify-tag] [--title] [hello 1.3.0-rc.1] [--notes-file] [DIR/notes.md] [--prerelease]",
                "[gh] [release] [upload] [hello/v1.3.0-rc.1] [--clobber] [--] [DIR/hello 1.deb] [DIR/notes.md]",
            ],
            "{reader}"
        );
        let create = "[gh] [release] [create] [bye/v2.0.0] [--verify-tag] [--title] [bye 2.0.0]";
        assert!(
            log[4].starts_with(create) && !log[4].ends_with("[--prerelease]"),
            "{log:#?}"
        );

        assert_done(&place.run("forge-release.sh", &step(&place, "1.3.0-rc.1", false), &[]));
        let log = place.log();
        assert!(
            log.iter().all(|line| !line.contains("[create]")),
            "{log:#?}"
        );
        assert_eq!(
            log.iter().filter(|line| line.contains("[edit]")).count(),
            2,
            "{log:#?}"
        );

        let out = place.run("forge-release.sh", &step(&place, "1.3.0", true), &[]);
        assert_done(&out);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(said.contains("would make the release hello/v1.3.0 on github with 2 artifacts"));
        assert_eq!(place.log(), [""; 0]);

        let place = Place::new(reader, &[("glab", "")]);
        assert_done(&place.run("forge-release.sh", &step(&place, "1.3.0", false), &[]));
        let log = place.log();
        assert_eq!(
            log[..2],
            [
                "[glab] [release] [create] [hello/v1.3.0] [--name] [hello 1.3.0] [--notes-file] [DIR/notes.md]",
                "[glab] [release] [upload] [hello/v1.3.0] [--] [DIR/hello 1.deb] [DIR/notes.md]",
            ]
        );
    }
}

#[test]
fn a_forge_that_refuses_fails_the_hook() {
    let place = Place::new("jq", &[("gh", "[ \"$2\" != create ] && exit 1; exit 7")]);
    let out = place.run("forge-release.sh", &step(&place, "1.3.0", false), &[]);
    assert_eq!(out.status.code(), Some(7));
    let out = place.run(
        "forge-release.sh",
        &step(&place, "1.3.0", false),
        &[("FORGE", "x")],
    );
    assert_eq!(out.status.code(), Some(2));
    let place = Place::new("jq", &[("gh", "")]);
    let out = place.run("forge-release.sh", "no JSON", &[]);
    assert!(!out.status.success() && place.log().is_empty());
}

#[test]
fn an_image_is_built_and_pushed_unless_the_registry_has_it() {
    let docker = "[ \"$1\" != manifest ] || [ -e there ]";
    for reader in READERS.into_iter().filter(|reader| found(reader).is_some()) {
        for tool in ["docker", "podman"] {
            let place = Place::new(reader, &[(tool, docker)]);
            let image = [("IMAGE", "registry.example/{name}")];
            assert_done(&place.run(
                "container-image.sh",
                &step(&place, "1.3.0+x", false),
                &image,
            ));
            let log = place.log();
            assert_eq!(
                log[..3],
                [
                    format!("[{tool}] [manifest] [inspect] [registry.example/hello:1.3.0_x]"),
                    format!(
                        "[{tool}] [build] [--file] [Dockerfile] [--tag] [registry.example/hello:1.3.0_x] [--build-arg] [PACKAGE=hello] [--build-arg] [VERSION=1.3.0+x] [--build-arg] [DEBIAN_VERSION=1.3.0+x-1] [--build-arg] [SUITE=stable] [.]"
                    ),
                    format!("[{tool}] [push] [registry.example/hello:1.3.0_x]"),
                ]
            );
            fs::write(place.path("there"), "").expect("written");
            assert_done(&place.run(
                "container-image.sh",
                &step(&place, "1.3.0+x", false),
                &image,
            ));
            let log = place.log();
            assert!(
                log.iter().all(|line| line.contains("[manifest]")),
                "{log:#?}"
            );
            assert_done(&place.run("container-image.sh", &step(&place, "1.3.0", true), &image));
            assert_eq!(place.log(), [""; 0]);
        }
        let place = Place::new(reader, &[]);
        let out = place.run("container-image.sh", &step(&place, "1.3.0", false), &[]);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(
            !out.status.success() && said.contains("set IMAGE"),
            "{said}"
        );
    }
}

#[test]
fn a_message_is_sent_once_and_the_address_is_no_argument() {
    let secret = "https://hooks.example/T/secret";
    let curl = "cat >config; for arg; do case $arg in @*) cat \"${arg#@}\" >sent ;; esac; done";
    for reader in READERS.into_iter().filter(|reader| found(reader).is_some()) {
        let place = Place::new(reader, &[("curl", curl)]);
        let environment = [("SLACK_WEBHOOK_URL", secret), ("STATE_DIR", "state")];
        let step = step(&place, "1.3.0", false);
        let out = place.run("slack-message.sh", &step, &environment);
        assert_done(&out);
        let log = place.log();
        assert_eq!(log.len(), 1, "{log:#?}");
        assert!(!log[0].contains("secret"), "{log:#?}");
        let config = fs::read_to_string(place.path("config")).expect("read");
        assert_eq!(config, format!("url = \"{secret}\"\n"));
        let sent = fs::read_to_string(place.path("sent")).expect("read");
        let sent: serde_json::Value = serde_json::from_str(&sent).expect("JSON");
        let want = "*hello 1.3.0*, *bye 2.0.0* is in `stable`\n## What's new\n\n- &lt;b&gt; &amp; \"wave\"\n";
        assert_eq!(sent["text"], want, "{reader}");

        assert_done(&place.run("slack-message.sh", &step, &environment));
        assert_eq!(place.log(), [""; 0], "it is not sent again");
        let without = [("SLACK_WEBHOOK_URL", secret)];
        assert_done(&place.run("slack-message.sh", &step, &without));
        assert_eq!(place.log().len(), 1);

        let failing = Place::new(reader, &[("curl", "exit 22")]);
        let out = failing.run("slack-message.sh", &step, &environment);
        assert!(!out.status.success());
        let out = failing.run("slack-message.sh", &step, &[]);
        assert!(!out.status.success());
    }
}

#[test]
fn the_hooks_are_plain_posix_shell() {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/hooks");
    for hook in fs::read_dir(hooks).expect("read") {
        let path = hook.expect("read").path();
        let text = fs::read_to_string(&path).expect("read");
        assert!(
            text.starts_with("#!/bin/sh\n") && text.contains("\nset -eu\n"),
            "{path:?}"
        );
        // Where shellcheck is installed it is the judge, else the shell itself.
        let mut check = match found("shellcheck") {
            Some(shellcheck) => Command::new(shellcheck),
            None => {
                let mut sh = Command::new("/bin/sh");
                sh.arg("-n");
                sh
            }
        };
        let out = check.arg(&path).output().expect("run");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stdout)
        );
    }
}
