//! What happens at the edges: where a user, a machine or a command does what
//! nobody hopes for.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use crate::world::{World, tool};

/// Says which part of a secret, of eight bytes or more, reached an output.
#[track_caller]
fn assert_untold(secret: &str, said: &str) {
    for piece in secret.as_bytes().windows(8) {
        let piece = std::str::from_utf8(piece).expect("the secret is ASCII");
        assert!(!said.contains(piece), "{piece:?} in\n{said}");
    }
}

#[test]
fn signing_key_in_the_environment_is_never_shown() {
    let world = World::declared();
    let fingerprint = world.key();
    let secret = world.run(["key", "export", "--secret"]).code(0).stdout;
    let base64 = base64(&secret);
    let cut = &base64[..base64.len() / 2];
    for (case, value) in [
        ("stray mark", base64.replacen('A', "*", 1)),
        ("cut", cut.into()),
    ] {
        for json in [&["--json"][..], &[]] {
            let arguments = ["build", "v1.2.0", "--dry-run"].iter().chain(json);
            let ran = world
                .debcut(arguments)
                .env("DEBCUT_SIGNING_KEY", &value)
                .run()
                .code(2)
                .says(&["DEBCUT_SIGNING_KEY"]);
            assert_untold(&value, &format!("{case} {}{}", ran.stdout, ran.stderr));
        }
    }
    let ran = world
        .debcut(["build", "v1.2.0", "--json"])
        .env("DEBCUT_SIGNING_KEY", &base64)
        .run()
        .code(0);
    assert_eq!(ran.document("debcut/build/1")["signed_by"], *fingerprint);
    assert_untold(&base64, &format!("{}{}", ran.stdout, ran.stderr));
}

#[test]
fn process_that_a_build_leaves_behind_does_not_hang_it() {
    let world = World::declared();
    world.edit("debcut.toml", "command = \"", "command = \"sleep 300 & ");
    world.commit("build: leave something running");
    let started = std::time::Instant::now();
    world
        .run(["build", "--commit", "HEAD", "--no-sign"])
        .code(0);
    assert!(started.elapsed().as_secs() < 200);
}

#[test]
fn ctrl_c_at_the_passphrase_leaves_the_terminal_as_it_was() {
    let world = World::new();
    let debcut = env!("CARGO_BIN_EXE_debcut");
    // The shell is in the foreground too: it must outlive Ctrl-C to tell.
    let session = format!("trap : INT; '{debcut}' key new; echo code=$?; stty -a");
    let mut script = tool("script", "bsdutils");
    world.surround(&mut script);
    script.args(["--quiet", "--command", &session, "/dev/null"]);
    script.current_dir(world.project()).env("SHELL", "/bin/sh");
    let piped = script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut session = piped.spawn().expect("it starts");
    let mut screen = session.stdout.take().expect("piped");
    let mut said = Vec::new();
    let question = b"New passphrase: ";
    while !said.windows(question.len()).any(|w| w == question) {
        let mut byte = [0];
        screen.read_exact(&mut byte).expect("the question comes");
        said.extend(byte);
    }
    std::thread::sleep(Duration::from_millis(300));
    let mut keyboard = session.stdin.take().expect("piped");
    keyboard.write_all(b"\x03").expect("it listens");
    screen.read_to_end(&mut said).expect("it ends");
    session.wait().expect("it ended");
    let said = String::from_utf8_lossy(&said);
    for part in ["code=4", "stopped before an answer was given", " echo "] {
        assert!(said.contains(part), "{part:?} in\n{said}");
    }
}

#[test]
fn place_with_a_blank_is_as_good_as_any() {
    let world = World::new();
    let place = world.path("my demo");
    let place = place.to_str().expect("text");
    // Its key lives for 90 days, and apt looks at the real clock.
    let demo = world.debcut(["demo", place]);
    demo.under(["env", "--unset=DEBCUT_NOW"]).run().code(0);
    // The user's own apt, in a private root, reads the file as it is.
    let root = world.path("apt");
    for below in ["lists/partial", "cache/archives/partial", "etc"] {
        std::fs::create_dir_all(root.join(below)).expect("a directory");
    }
    std::fs::write(root.join("status"), "").expect("a file");
    let mut apt = tool("apt-get", "apt");
    apt.args(["update", "--option", "APT::Sandbox::User="]);
    apt.args(["--option", "APT::Update::Error-Mode=any"]);
    for (option, path) in [
        ("Dir::State::Lists", root.join("lists")),
        ("Dir::State::Status", root.join("status")),
        ("Dir::Cache", root.join("cache")),
        ("Dir::Etc::SourceParts", root.join("etc")),
        ("Dir::Etc::Trusted", root.join("etc")),
        ("Dir::Etc::TrustedParts", root.join("etc")),
        (
            "Dir::Etc::SourceList",
            world.path("my demo/archive.sources"),
        ),
    ] {
        apt.arg("--option")
            .arg(format!("{option}={}", path.display()));
    }
    world.judge(apt).code(0);
    let lists = std::fs::read_dir(root.join("lists")).expect("listed");
    let fetched = lists.filter(|entry| {
        let name = entry.as_ref().expect("listed").file_name();
        name.to_string_lossy().contains("InRelease")
    });
    assert_eq!(fetched.count(), 1);
}

#[test]
fn archives_are_found_without_a_configuration_and_named_with_one() {
    let world = World::declared();
    world.key();
    let archive = world.path("apt");
    let archive = archive.to_str().expect("text");
    world
        .run(["archive", "init", archive, "--suite", "stable"])
        .code(0);
    world.edit(
        "debcut.toml",
        "[[package]]",
        "[archive.main]\nlocation = \"/x\"\n\n[[package]]",
    );
    let ran = world.run(["archive", "list", "--archive", "mian", "--json"]);
    let document = ran.code(2).document("debcut/error/1");
    assert_eq!(document["kind"], "no-archive");
    assert!(
        document["hints"][0]
            .as_str()
            .expect("a hint")
            .contains("--archive main")
    );
    world.edit("debcut.toml", "[archive.main]", "[archvie.main]");
    world.run(["archive", "list", "--archive", archive]).code(0);
    world
        .run(["archive", "list", "--archive", "main"])
        .code(2)
        .says(&["archvie"]);
}

#[test]
fn git_repositories_of_another_kind_are_refused_as_such() {
    let world = World::new();
    std::fs::remove_dir_all(world.project().join(".git")).expect("removes");
    world.git(&["init", "--quiet", "--object-format=sha256"]);
    let document = world
        .run(["build", "v1", "--json"])
        .code(2)
        .document("debcut/error/1");
    assert_eq!(document["kind"], "unsupported-repository");
    assert!(
        document["message"]
            .as_str()
            .expect("text")
            .contains("sha256")
    );
}

#[test]
fn source_formats_that_are_not_built_are_named() {
    let world = World::native();
    world.write("debian/source/format", "3.0 (git)\n");
    world.commit("build: another format");
    let ran = world.run(["build", "--commit", "HEAD", "--no-sign"]);
    ran.code(2)
        .says(&["debian/source/format of HEAD says “3.0 (git)”"]);
}

#[test]
fn quiet_and_no_json_are_taken_from_the_environment_as_meant() {
    let world = World::new();
    let list = || world.debcut(["key", "list", "-q"]);
    list().env("DEBCUT_VERBOSE", "1").run().code(0);
    for (variable, json) in [("1", true), ("0", false)] {
        let ran = world
            .debcut(["archive", "init"])
            .env("DEBCUT_JSON", variable)
            .run();
        let ran = ran.code(2).says(&["--suite"]);
        assert_eq!(ran.stdout.is_empty(), !json, "{}", ran.stdout);
        if json {
            let document = ran.document("debcut/error/1");
            assert!(
                document["message"]
                    .as_str()
                    .expect("text")
                    .contains("--suite <NAME>")
            );
        }
    }
}

#[test]
fn user_is_gits_user_outside_a_repository_too() {
    let world = World::new();
    let home = world.path("home/.gitconfig");
    std::fs::write(home, "[user]\nname = Grace\nemail = grace@example.org\n").expect("a file");
    let elsewhere = world.path("data");
    let elsewhere = elsewhere.to_str().expect("text");
    let new = ["-C", elsewhere, "key", "new", "--no-passphrase", "--json"];
    let ran = world
        .debcut(new)
        .env("DEBFULLNAME", "")
        .env("DEBEMAIL", "")
        .run();
    let document = ran.code(0).document("debcut/key-new/1");
    assert_eq!(document["user_id"], "Grace <grace@example.org>");
    let fingerprint = document["fingerprint"].as_str().expect("text").to_owned();
    let end = format!("0x{}", &fingerprint[24..].to_lowercase());
    world.run(["key", "export", &end]).code(0);
    world
        .run(["key", "export", &fingerprint[32..]])
        .code(2)
        .says(&["16 or more digits"]);
}

#[test]
fn refused_builds_say_what_they_are_about() {
    let world = World::native();
    world.tag("debian/9.9");
    for dry_run in [&["--dry-run"][..], &[]] {
        let build = ["build", "debian/9.9", "--no-sign", "--json"];
        let ran = world.run(build.iter().chain(dry_run)).code(1);
        let document = ran.document("debcut/build/1");
        assert_eq!(document["package"], "stamp");
        assert_eq!(document["version"], "1.0");
        assert_eq!(document["tag"], "debian/9.9");
        assert_eq!(document["commit"], world.git(&["rev-parse", "HEAD"]));
        assert_eq!(document["plan_digest"], serde_json::Value::Null);
        let about_plan = document.get("dry_run") == Some(&true.into());
        assert_eq!(about_plan, !dry_run.is_empty(), "{document}");
    }
}

#[test]
fn dry_runs_of_keys_and_manual_write_nothing() {
    let world = World::new();
    let fingerprint = world.key();
    let certificate = world.path("certificate.asc");
    let certificate = certificate.to_str().expect("text");
    world.run(["key", "export", "--out", certificate]).code(0);
    std::fs::remove_dir_all(world.path("data")).expect("removes");
    let before = world.listing();
    let new = ["key", "new", "--dry-run", "--json"];
    let document = world.run(new).code(0).document("debcut/key-new/1");
    assert_eq!(document["fingerprint"], serde_json::Value::Null);
    assert_eq!(document["user_id"], "Ada Example <ada@example.org>");
    assert_eq!(document["locked"], true);
    let import = ["key", "import", "--dry-run", "--json", certificate];
    let document = world.run(import).code(0).document("debcut/key-import/1");
    assert_eq!(document["keys"][0]["change"], "added");
    assert_eq!(document["keys"][0]["fingerprint"], *fingerprint);
    let manual = ["manual", "--dry-run", "--json", "man"];
    let document = world.run(manual).code(0).document("debcut/manual/1");
    let pages = document["pages"].as_array().expect("a list");
    assert!(pages.contains(&"debcut-build.1".into()), "{document}");
    assert_eq!(world.listing(), before);
    let again = ["manual", "--json", "man"];
    for changed in [true, false] {
        let document = world.run(again).code(0).document("debcut/manual/1");
        assert_eq!(document["changed"], changed);
    }
    let page = std::fs::read_to_string(world.project().join("man/debcut.1")).expect("a page");
    assert!(page.contains("DEBCUT_SIGNING_KEY"), "{page}");
}

#[test]
fn locked_key_of_gpg_is_found_before_the_build() {
    let world = World::declared();
    let gpg = |arguments: &[&str]| {
        let mut gpg = tool("gpg", "gnupg");
        gpg.args(["--batch", "--pinentry-mode=loopback", "--passphrase=secret"]);
        world.judge({
            gpg.args(arguments);
            gpg
        })
    };
    let home = world.path("home/.gnupg");
    std::fs::create_dir(&home).expect("a directory");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&home, private).expect("a mode");
    let time = "--faked-system-time=20250101T000000";
    gpg(&[
        time,
        "--quick-gen-key",
        "Grace <grace@example.org>",
        "ed25519",
        "sign",
        "never",
    ])
    .code(0);
    let listed = gpg(&["--with-colons", "--list-keys"]).code(0).stdout;
    let line = listed.lines().find_map(|line| line.strip_prefix("fpr:"));
    let fingerprint = line.expect("a fingerprint").trim_matches(':').to_owned();
    // The agent forgets the passphrase, and has nobody to ask for it.
    let mut reload = tool("gpgconf", "gpgconf");
    reload.args(["--reload", "gpg-agent"]);
    world.judge(reload).code(0);
    let key = format!("gpg:{fingerprint}");
    let ran = world.run(["build", "v1.2.0", "--key", &key]);
    let mut end = tool("gpgconf", "gpgconf");
    end.args(["--kill", "all"]);
    world.judge(end).code(0);
    let ran = ran.code(2).says(&["GPG_TTY"]);
    assert!(!ran.stderr.contains("exporting"), "{}", ran.stderr);
    assert!(!world.project().join("dist").exists());
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
