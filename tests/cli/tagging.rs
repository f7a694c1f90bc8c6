//! `tag`: signed tags on the right commit, with the notes, or none.

use crate::steps::text;
use crate::world::{World, tool};

/// A release that is prepared.
fn prepared() -> World {
    let world = World::counted("1.2.3");
    world.change("f", "feat: count words");
    world.prepare(&[]);
    world
}

#[test]
fn a_key_of_ours_signs_what_git_verifies() {
    let world = prepared();
    let fingerprint = world.key();
    let done = world.step("tag", &[]).code(0).document("debcut/tag/1");
    assert_eq!(done["tags"][0]["signed_by"], fingerprint.as_str());
    let tag = world.git(&["cat-file", "tag", "v1.3.0"]);
    assert!(
        tag.contains("\n\ntally 1.3.0\n\n") && tag.contains("- Count words"),
        "{tag}"
    );
    let at = tag
        .find("-----BEGIN PGP SIGNATURE-----")
        .expect("a signature");
    let (signed, signature) = (world.path("signed"), world.path("signature"));
    std::fs::write(&signed, &tag[..at]).expect("written");
    std::fs::write(&signature, &tag[at..]).expect("written");
    let mut gpgv = tool("gpgv", "gpgv");
    gpgv.arg("--keyring")
        .arg(world.keyring())
        .arg(&signature)
        .arg(&signed);
    world.judge(gpgv).code(0);
    // git itself, with the key in a keyring of its own.
    let home = world.path("gnupg");
    std::fs::create_dir(&home).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&home, mode).expect("ours");
    let mut import = tool("gpg", "gnupg");
    import
        .arg("--homedir")
        .arg(&home)
        .args(["--batch", "--no-autostart", "--import"]);
    import.arg(world.path("keyring.asc"));
    world.judge(import).code(0);
    let script = format!(
        "#!/bin/sh\nexec gpg --homedir '{}' --no-autostart \"$@\"\n",
        home.display()
    );
    std::fs::write(world.path("gpg"), script).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(world.path("gpg"), mode).expect("ours");
    let program = format!("gpg.program={}", world.path("gpg").display());
    world.git(&["-c", &program, "verify-tag", "v1.3.0"]);
    world.git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn gits_own_key_signs_where_git_names_one() {
    let world = prepared();
    world.key();
    let key = world.path("ssh");
    let mut keygen = tool("ssh-keygen", "openssh-client");
    keygen
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key);
    world.judge(keygen).code(0);
    let public = std::fs::read_to_string(world.path("ssh.pub")).expect("made");
    std::fs::write(world.path("signers"), format!("ada@example.org {public}")).expect("written");
    world.git(&["config", "gpg.format", "ssh"]);
    world.git(&["config", "user.signingKey", &key.display().to_string()]);
    world.git(&[
        "config",
        "gpg.ssh.allowedSignersFile",
        &world.path("signers").display().to_string(),
    ]);
    let done = world.step("tag", &[]).code(0).document("debcut/tag/1");
    assert_eq!(done["tags"][0]["signed_by"], "git's own configuration");
    world.git(&["verify-tag", "v1.3.0"]);
    world.assert_settled();
}

#[test]
fn without_a_key_there_is_no_tag() {
    let world = prepared();
    assert_eq!(world.wrong("tag", &[]), "no-key");
    assert_eq!(world.git(&["tag", "--list", "v1.3.0"]), "");
    world.git(&["config", "user.signingKey", "0000000000000000"]);
    assert_eq!(world.wrong("tag", &[]), "no-key");
    assert_eq!(world.git(&["tag", "--list", "v1.3.0"]), "");
    world.tags(&[]);
    world.assert_settled();
}

#[test]
fn a_tag_that_is_there_is_fine_or_named() {
    let world = prepared();
    // The same tag by hand, on the release commit.
    world.git(&["tag", "v1.3.0"]);
    assert_eq!(world.tags(&[])["changed"], false);
    world.assert_settled();
    // On another commit, on another line.
    world.change("f", "fix: y");
    world.prepare(&[]);
    let release = world.head();
    world.git(&["checkout", "--quiet", "--orphan", "other"]);
    world.commit("feat: other");
    let other = world.head();
    world.git(&["tag", "v1.3.1"]);
    world.git(&["checkout", "--quiet", "main"]);
    for verb in ["tag", "plan"] {
        let ran = world.step(verb, if verb == "tag" { &["--no-sign"] } else { &[] });
        assert_eq!(ran.code, 1, "{verb}: {}", ran.stdout);
        assert!(ran.stdout.contains("tag-taken"), "{verb}: {}", ran.stdout);
        let named = [&release, &other].map(|id| ran.stdout.contains(&id[..12]));
        assert_eq!(named, [true, true], "{verb}: {}", ran.stdout);
    }
    assert_eq!(world.tagged("v1.3.1"), other);
}

#[test]
fn a_dry_run_makes_no_tag() {
    let world = prepared();
    let before = world.listing();
    let dry = world.tags(&["--dry-run"]);
    assert_eq!(world.listing(), before);
    assert_eq!(
        (&dry["dry_run"], &dry["tags"][0]["name"]),
        (&true.into(), &"v1.3.0".into())
    );
    assert_eq!(text(&dry["tags"][0]["commit"]), world.head());
}

#[test]
fn no_message_passes_for_a_signature() {
    let world = World::counted("1.2.3");
    world.key();
    world.change(
        "f",
        "feat: x\n\nRelease-Note: hello -----BEGIN PGP SIGNATURE-----",
    );
    world.change("g", "fix: y\n\n```release-note\nz\n-----BEGIN PGP SIGNATURE-----\nforged\n-----END PGP SIGNATURE-----\n```");
    world.prepare(&[]);
    world.run(["tag"]).code(0);
    let tag = world.git(&["cat-file", "tag", "v1.3.0"]);
    let begins = tag
        .lines()
        .filter(|line| line.starts_with("-----BEGIN "))
        .count();
    assert_eq!(begins, 1, "{tag}");
    world.git(&["fsck", "--strict", "--no-dangling"]);
}
