//! A finished build, what can happen to it, and what is then said.

use super::*;
use crate::model::{FileDigests, Fingerprint, Sha256};

const NOW: i64 = 1_795_253_400;
const DEB: &str = "dist/hello_1.0_all.deb";
const BUILDINFO: &str = "dist/hello_1.0_all.buildinfo";
const CHANGES: &str = "dist/hello_1.0_all.changes";
const PROVENANCE: &str = "dist/hello_1.0.intoto.jsonl";
const SUMS: &str = "dist/SHA256SUMS";
const DSC: &str = "dist/hello_1.0.dsc";
const IN_RELEASE: &str = "stable/InRelease";

fn signer() -> Signer {
    let key = |digit: &str| Fingerprint::new(digit.repeat(40)).expect("a fingerprint");
    Signer {
        user_id: "Jane".to_owned(),
        fingerprint: key("A"),
        signing_key: key("B"),
        time: Timestamp::from_unix(NOW),
        since: None,
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(name)
}

/// A file's content is its path, so long as nobody changed it.
fn digests(content: &str) -> FileDigests {
    FileDigests::of(content.as_bytes())
}

fn listed(name: &str, content: &str) -> Listed {
    let FileDigests {
        size,
        md5,
        sha1,
        sha256,
    } = digests(content);
    Listed {
        name: name.to_owned(),
        sha256,
        size: Some(size),
        md5,
        sha1,
    }
}

fn claim(facts: &mut Facts, name: &str, signature: Signature, lists: &[&str]) {
    let below = |path: &str| path.split_once('/').expect("a directory").1.to_owned();
    let lists = lists.iter().map(|path| listed(&below(path), path));
    let content = Content {
        listed: lists.collect(),
        origin: (Kind::of(Path::new(name)) == Kind::Provenance).then(|| Origin {
            commit: Some("c0ffee".to_owned()),
            ..Origin::default()
        }),
        ..Content::default()
    };
    let content = Ok(content);
    facts
        .claims
        .insert(path(name), Claim { signature, content });
    put(facts, name);
}

fn put(facts: &mut Facts, name: &str) {
    facts.asked.insert(path(name));
    facts.digests.insert(path(name), digests(name));
}

fn build() -> Facts {
    let mut facts = Facts::default();
    let good = || Signature::Good(signer());
    put(&mut facts, DEB);
    facts.packages.insert(path(DEB), Ok("hello".to_owned()));
    claim(&mut facts, BUILDINFO, good(), &[DEB]);
    claim(&mut facts, CHANGES, good(), &[DEB, BUILDINFO]);
    claim(&mut facts, PROVENANCE, good(), &[DEB, BUILDINFO, CHANGES]);
    let all = [DEB, BUILDINFO, CHANGES, PROVENANCE];
    claim(&mut facts, SUMS, Signature::Absent, &all);
    facts
}

fn ask_only(facts: &mut Facts, name: &str) {
    facts.asked = BTreeSet::from([path(name)]);
}

fn change(facts: &mut Facts, name: &str) {
    facts.digests.insert(path(name), digests("changed"));
}

fn sign(facts: &mut Facts, name: &str, signature: Signature) {
    facts.claims.get_mut(Path::new(name)).expect(name).signature = signature;
}

fn sign_all(facts: &mut Facts, signature: &Signature) {
    for name in [BUILDINFO, CHANGES, PROVENANCE] {
        sign(facts, name, signature.clone());
    }
}

fn content<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Result<Content, String> {
    &mut facts.claims.get_mut(Path::new(name)).expect(name).content
}

fn list_wrongly(facts: &mut Facts, list: &str) {
    let content = content(facts, list).as_mut().expect("content");
    content.listed[0].sha256 = Sha256::of(b"changed");
}

fn unknown() -> Signature {
    Signature::Unknown {
        key: "C".repeat(40),
    }
}

fn bad() -> Signature {
    Signature::Bad {
        why: "does not match".to_owned(),
    }
}

fn suite(facts: &mut Facts, lists: &[&str]) {
    claim(facts, IN_RELEASE, Signature::Good(signer()), lists);
    ask_only(facts, IN_RELEASE);
}

/// Writes what is said: a line for each finding, then the files that are not
/// verified.
fn said(facts: &Facts) -> String {
    let verdict = judge(facts, Timestamp::from_unix(NOW));
    let short = |subject: &str| subject.replace("dist/", "").replace("hello_1.0", "H");
    let mut lines: Vec<String> = Vec::new();
    for Finding {
        rule,
        severity,
        subject,
        ..
    } in &verdict.findings
    {
        let severity = format!("{severity:?}").to_lowercase();
        lines.push(format!("{severity} {rule} {}", short(subject)));
    }
    let not = verdict.files.iter().filter(|file| !file.verified);
    let not: Vec<_> = not.map(|file| file_name(&file.path)).collect();
    if !not.is_empty() {
        lines.push(format!("not: {}", short(&not.join(" "))));
    }
    lines.join("\n")
}

type Case = (&'static str, fn(&mut Facts), &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for (what, happens, want) in cases {
        let mut facts = build();
        happens(&mut facts);
        assert_eq!(said(&facts), *want, "{what}");
    }
}

#[test]
fn what_was_changed_is_named_once() {
    check(&[
        ("nothing happens", |_| {}, ""),
        (
            "a package is changed",
            |facts| change(facts, DEB),
            "error digest-mismatch H_all.deb\n\
             not: SHA256SUMS H.intoto.jsonl H_all.buildinfo H_all.changes H_all.deb",
        ),
        (
            "a package is changed, and it alone is asked about",
            |facts| {
                change(facts, DEB);
                ask_only(facts, DEB);
            },
            "error digest-mismatch H_all.deb\nnot: H_all.deb",
        ),
        (
            "a package is removed",
            |facts| {
                facts.asked.remove(Path::new(DEB));
                facts.digests.remove(Path::new(DEB));
            },
            "error missing-file H_all.deb\nnot: SHA256SUMS H_all.buildinfo H_all.changes",
        ),
        (
            "a text is changed",
            |facts| {
                change(facts, CHANGES);
                sign(facts, CHANGES, bad());
            },
            "error digest-mismatch H_all.changes\nerror bad-signature H_all.changes\n\
             not: SHA256SUMS H.intoto.jsonl H_all.changes",
        ),
        (
            "a text is changed so that it lists another digest: it accuses nobody",
            |facts| {
                sign(facts, CHANGES, bad());
                list_wrongly(facts, CHANGES);
            },
            "error bad-signature H_all.changes\nnot: SHA256SUMS H_all.changes",
        ),
        (
            "a list that nobody signs lists another digest: it is wrong",
            |facts| list_wrongly(facts, SUMS),
            "error digest-mismatch SHA256SUMS\nnot: SHA256SUMS",
        ),
        (
            "two signed texts contradict each other",
            |facts| list_wrongly(facts, CHANGES),
            "error digest-mismatch H_all.deb\nnot: SHA256SUMS H_all.changes H_all.deb",
        ),
        (
            "a list cannot be read",
            |facts| *content(facts, SUMS) = Err("line 1".to_owned()),
            "error invalid-artifact SHA256SUMS\nnot: SHA256SUMS",
        ),
        (
            "a package would be dangerous to unpack",
            |facts| {
                let why = Err("a device".to_owned());
                facts.packages.insert(path(DEB), why);
            },
            "error unsound-package H_all.deb\nnot: SHA256SUMS H_all.deb",
        ),
    ]);
}

#[test]
fn only_accepted_signatures_count() {
    check(&[
        (
            "nothing is signed",
            |facts| sign_all(facts, &Signature::Absent),
            "error unsigned H.intoto.jsonl, H_all.buildinfo, H_all.changes\n\
             not: SHA256SUMS H.intoto.jsonl H_all.buildinfo H_all.changes H_all.deb",
        ),
        (
            "nobody knows the key",
            |facts| sign_all(facts, &unknown()),
            "error unknown-signer H.intoto.jsonl, H_all.buildinfo, H_all.changes\n\
             not: SHA256SUMS H.intoto.jsonl H_all.buildinfo H_all.changes H_all.deb",
        ),
        (
            "nobody knows the key of what lists the one file asked about",
            |facts| {
                sign_all(facts, &unknown());
                ask_only(facts, DEB);
            },
            "error unknown-signer H.intoto.jsonl, H_all.changes, H_all.buildinfo\nnot: H_all.deb",
        ),
        (
            "a list is as good as the files it lists",
            |facts| {
                sign_all(facts, &unknown());
                ask_only(facts, SUMS);
            },
            "error unknown-signer H.intoto.jsonl, H_all.buildinfo, H_all.changes\nnot: SHA256SUMS",
        ),
        (
            "the key was not valid then",
            |facts| {
                let why = "after the key expired".to_owned();
                sign(facts, PROVENANCE, Signature::Refused { why });
            },
            "error signature-not-accepted H.intoto.jsonl\nnot: SHA256SUMS H.intoto.jsonl",
        ),
        (
            "the key is not valid any more",
            |facts| {
                let since = Some("expired on Monday".to_owned());
                sign_all(facts, &Signature::Good(Signer { since, ..signer() }));
            },
            "warning key-expired H.intoto.jsonl, H_all.buildinfo, H_all.changes",
        ),
        (
            "an unsigned text that a signed one lists",
            |facts| sign(facts, BUILDINFO, Signature::Absent),
            "warning unsigned H_all.buildinfo",
        ),
        (
            "an unsigned text that no signed one lists",
            |facts| claim(facts, DSC, Signature::Absent, &[]),
            "error unsigned H.dsc\nnot: H.dsc",
        ),
    ]);
}

#[test]
fn files_that_nobody_speaks_for_are_told_apart() {
    check(&[
        (
            "no list is there",
            |facts| {
                facts.claims.clear();
                ask_only(facts, DEB);
            },
            "error unattested H_all.deb\nnot: H_all.deb",
        ),
        (
            "only an unsigned list is there",
            |facts| {
                facts.claims.retain(|list, _| list == Path::new(SUMS));
                ask_only(facts, DEB);
            },
            "error unattested H_all.deb\nnot: H_all.deb",
        ),
        (
            "a file that debcut does not make",
            |facts| put(facts, "dist/notes.txt"),
            "error not-an-artifact notes.txt\nnot: notes.txt",
        ),
        (
            "such a file that a signed text lists",
            |facts| {
                put(facts, "dist/notes.txt");
                let good = Signature::Good(signer());
                claim(facts, DSC, good, &["dist/notes.txt"]);
            },
            "",
        ),
        (
            "a file under another name",
            |facts| {
                put(facts, "dist/hello_2.0_all.deb");
                let same = digests(DEB);
                facts.digests.insert(path("dist/hello_2.0_all.deb"), same);
            },
            "warning renamed hello_2.0_all.deb",
        ),
        (
            "a file in another directory than its lists",
            |facts| {
                put(facts, "else/hello_1.0_all.deb");
                facts
                    .digests
                    .insert(path("else/hello_1.0_all.deb"), digests(DEB));
            },
            "error unattested else/H_all.deb\nnot: H_all.deb",
        ),
        (
            "an empty directory, and one inside",
            |facts| {
                facts.empty.push(path("nothing"));
                facts.inner.push(path("dist/more"));
            },
            "error nothing-to-verify nothing\nwarning not-looked-into more",
        ),
    ]);
}

#[test]
fn suites_are_taken_as_apt_takes_them() {
    check(&[
        (
            "an index in one compression of two",
            |facts| {
                suite(facts, &["stable/main/P", "stable/main/P.xz"]);
                put(facts, "stable/main/P.xz");
                ask_only(facts, IN_RELEASE);
                facts.inner.push(path("stable/main"));
            },
            "",
        ),
        (
            "an index that is nowhere",
            |facts| suite(facts, &["stable/main/P", "stable/main/P.xz"]),
            "warning missing-index stable/InRelease",
        ),
        (
            "an index that is another",
            |facts| {
                suite(facts, &["stable/main/P.xz"]);
                change(facts, "stable/main/P.xz");
            },
            "error digest-mismatch stable/main/P.xz\nnot: InRelease",
        ),
        (
            "it is over",
            |facts| {
                suite(facts, &[]);
                let content = content(facts, IN_RELEASE).as_mut().expect("content");
                content.valid_until = Some(Timestamp::from_unix(NOW - 1));
            },
            "error release-expired stable/InRelease\nnot: InRelease",
        ),
        (
            "its key has expired since",
            |facts| {
                suite(facts, &[]);
                let since = Some("expired on Monday".to_owned());
                sign(
                    facts,
                    IN_RELEASE,
                    Signature::Good(Signer { since, ..signer() }),
                );
            },
            "error key-expired stable/InRelease\nnot: InRelease",
        ),
    ]);
}

#[test]
fn files_say_who_and_from_what() {
    let mut facts = build();
    let who = |facts: &Facts, name: &str| {
        let verdict = judge(facts, Timestamp::from_unix(NOW));
        let mut files = verdict.files.into_iter();
        let file = files.find(|file| file.path == path(name)).expect(name);
        let carrier = file.signed_by.map(|signed| signed.carrier);
        let commit = file.origin.and_then(|origin| origin.commit);
        (carrier, commit)
    };
    let name = |path: &str| Some(file_name(Path::new(path)));
    let commit = Some("c0ffee".to_owned());
    assert_eq!(who(&facts, DEB), (name(PROVENANCE), commit.clone()));
    assert_eq!(who(&facts, CHANGES), (name(CHANGES), commit.clone()));
    assert_eq!(who(&facts, SUMS), (None, commit));
    // What nobody signed is not repeated as if it were known.
    sign(&mut facts, PROVENANCE, Signature::Absent);
    assert_eq!(who(&facts, DEB), (name(CHANGES), None));
    assert_eq!(who(&facts, SUMS), (None, None));
    sign_all(&mut facts, &unknown());
    assert_eq!(who(&facts, CHANGES), (None, None));
}

#[test]
fn every_listed_digest_is_compared() {
    let found = digests("file");
    type Differ = fn(&mut Listed);
    let differences: [(&str, Differ); 5] = [
        ("", |_| {}),
        ("SHA-256", |listed| listed.sha256 = Sha256::of(b"x")),
        ("size", |listed| listed.size = Some(5)),
        ("SHA-1", |listed| listed.sha1.replace_range(..1, "x")),
        ("MD5", |listed| listed.md5.replace_range(..1, "x")),
    ];
    for (what, differ) in differences {
        let mut listed = listed("file", "file");
        differ(&mut listed);
        let difference = listed.difference(&found);
        let said = difference.map_or(String::new(), |(found, _)| found);
        assert_eq!(said.split(' ').next(), Some(what), "{said}");
    }
    let bare = Listed {
        size: None,
        md5: String::new(),
        sha1: String::new(),
        ..listed("file", "file")
    };
    assert_eq!(bare.difference(&found), None);
}
