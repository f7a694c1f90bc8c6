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

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
