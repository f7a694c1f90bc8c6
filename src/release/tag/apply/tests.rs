use super::*;
use crate::model::PackageName;
use crate::sys::git::TagKind;
use crate::sys::git::scratch::Scratch;
use crate::sys::openpgp::gnupg::Gnupg;

const MESSAGE: &str = "pp 1.0\n\n# kept, though git strips such lines\n* Zoë's change\n";

fn project() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("VERSION", "1.0\n");
    scratch.commit("first");
    scratch
}

fn tags(scratch: &Scratch, names: &[&str]) -> Vec<NewTag> {
    let new = |name: &&str| NewTag {
        debian_version: crate::format::version::Version::new("1.0").expect("constant"),
        package: PackageName::new("pp").expect("name"),
        version: "1.0".into(),
        name: TagName::new(*name).expect("name"),
        commit: scratch.head(),
        message: MESSAGE.into(),
    };
    names.iter().map(new).collect()
}

fn moment() -> Timestamp {
    Timestamp::from_unix(1_700_000_100)
}

fn run(
    tags: &[NewTag],
    scratch: &Scratch,
    environment: &Environment,
    signing: &Signing<'_>,
) -> Result<Vec<Tagged>, TagError> {
    let tagger = Person {
        name: "Rita Release".into(),
        email: "rita@example.org".into(),
    };
    let repository = scratch.repository();
    apply(tags, &repository, environment, signing, &tagger, moment())
}

fn message_of(scratch: &Scratch, name: &str) -> String {
    let object = scratch.git(&format!("cat-file tag {name}"));
    let (head, message) = object.split_once("\n\n").expect("a message");
    let tagger = "tagger Rita Release <rita@example.org> 1700000100 +0000";
    assert!(head.contains(tagger), "{head}");
    message.to_owned()
}

fn signing_places(scratch: &Scratch) -> usize {
    let own = std::fs::read_dir(scratch.repository().own_dir()).expect("there");
    own.filter(|entry| entry.as_ref().expect("entry").path().is_dir())
        .count()
}

#[test]
fn git_signs_with_ssh() {
    let scratch = project();
    scratch.sign_with_ssh();
    // Left by a run that was killed.
    std::fs::create_dir_all(scratch.repository().own_dir().join("signing-x/refs")).expect("dir");
    let new = tags(&scratch, &["v1.0", "lib/v2.0"]);
    let made = run(&new, &scratch, &scratch.environment(), &Signing::Git).expect("signs");
    for tag in &made {
        scratch.git(&format!("verify-tag {}", tag.name));
        assert_eq!(
            scratch.git(&format!("rev-parse {}^{{}}", tag.name)),
            scratch.head()
        );
        let found = scratch.git(&format!("rev-parse refs/tags/{}", tag.name));
        assert_eq!(found, tag.object);
        assert!(message_of(&scratch, tag.name.as_str()).starts_with(MESSAGE));
    }
    assert_eq!(
        scratch.git("for-each-ref --format=%(refname) refs/tags"),
        "refs/tags/lib/v2.0\nrefs/tags/v1.0"
    );
    scratch.git("fsck --strict --no-dangling");
    assert_eq!(signing_places(&scratch), 0);
    assert_eq!(scratch.git("status --porcelain"), "");
}

#[test]
fn git_signs_with_openpgp_from_another_work_tree() {
    let scratch = project();
    let gnupg = Gnupg::new();
    let key = gnupg.make_key("ed25519", "never", Timestamp::from_unix(1_600_000_000));
    scratch.git(&format!("config user.signingKey {key}"));
    scratch.git("worktree add -q ../side");
    let home = gnupg.environment().path("GNUPGHOME").expect("set");
    let environment = scratch.environment().with("GNUPGHOME", home.clone());
    let side = Repository::discover(&scratch.dir().join("side")).expect("a work tree");
    let tagger = Person {
        name: "Rita Release".into(),
        email: "rita@example.org".into(),
    };
    let new = tags(&scratch, &["v1.0"]);
    apply(&new, &side, &environment, &Signing::Git, &tagger, moment()).expect("signs");
    assert!(message_of(&scratch, "v1.0").starts_with(MESSAGE));
    gnupg
        .run(
            "git",
            [
                "-C",
                &scratch.top().display().to_string(),
                "verify-tag",
                "v1.0",
            ],
            b"",
        )
        .expect("verifies");
}

#[test]
fn debcut_signs_with_its_own_key() {
    use crate::sys::openpgp::{NewKey, SecretCertificate};
    let scratch = project();
    let gnupg = Gnupg::new();
    let new_key = NewKey {
        name: "Una".into(),
        email: "una@example.org".into(),
        lifetime_seconds: None,
        passphrase: None,
    };
    let made = Timestamp::from_unix(1_600_000_000);
    let secret = SecretCertificate::create(&new_key, made, rand::rngs::OsRng).expect("creates");
    let signer = Signer::Key(secret.unlock(None).expect("no passphrase"));
    let new = tags(&scratch, &["v1.0"]);
    let environment = scratch.environment();
    run(&new, &scratch, &environment, &Signing::Key(&signer)).expect("signs");
    let tag = scratch.repository().tag("v1.0").expect("there");
    let TagKind::Annotated {
        signed,
        signature: Some(signature),
        ..
    } = tag.kind
    else {
        panic!("not signed");
    };
    gnupg.file("key.pgp", secret.certificate().binary());
    gnupg.file("text", signed);
    gnupg.file("text.asc", signature);
    gnupg
        .run("gpgv", ["--keyring", "./key.pgp", "text.asc", "text"], b"")
        .expect("gpgv accepts it");
    assert!(message_of(&scratch, "v1.0").starts_with(MESSAGE));
    scratch.git("fsck --strict --no-dangling");
}

#[test]
fn unsigned_tags_are_annotated_and_the_same_each_time() {
    let ids = [0, 1].map(|_| {
        let scratch = project();
        scratch.git("config tag.gpgSign true");
        let new = tags(&scratch, &["v1.0"]);
        let made = run(&new, &scratch, &scratch.environment(), &Signing::None).expect("tags");
        assert_eq!(message_of(&scratch, "v1.0"), MESSAGE.trim_end());
        made[0].object.clone()
    });
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn tags_are_made_all_or_none() {
    let scratch = project();
    scratch.git("tag b/v1.0");
    let refs = scratch.git("for-each-ref");
    let new = tags(&scratch, &["a/v1.0", "b/v1.0"]);
    let error = run(&new, &scratch, &scratch.environment(), &Signing::None);
    let error = error.expect_err("one is taken");
    assert!(
        matches!(error, TagError::Refs(RefsError::Moved { .. })),
        "{error:?}"
    );
    assert_eq!(scratch.git("for-each-ref"), refs);
    // Nobody signs: nothing is there.
    scratch.git("config gpg.format ssh");
    scratch.git("config user.signingKey /nowhere/key");
    let new = tags(&scratch, &["c/v1.0"]);
    let error = run(&new, &scratch, &scratch.environment(), &Signing::Git).expect_err("no key");
    // By git's version: 2.39 ends well and has signed nothing.
    let refused = matches!(error, TagError::Git { .. } | TagError::Unsigned { .. });
    assert!(refused, "{error:?}");
    assert_eq!(scratch.git("for-each-ref"), refs);
}
