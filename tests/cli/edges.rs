//! What happens at the edges: where a user, a machine or a command does what
//! nobody hopes for.

use crate::world::World;

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

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
