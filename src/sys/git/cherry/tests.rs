use super::*;
use crate::model::Timestamp;
use crate::sys::git::Grafted;
use crate::sys::git::scratch::Scratch;

/// Messages whose last paragraphs are trailers, or look like some.
const MESSAGES: [&str; 16] = [
    "subject\n",
    "subject",
    "Key: subject\n",
    "subject\n\nbody\n",
    "subject\n\nRelease-Note: NONE\n",
    "subject\n\nbody\n\nFixes: #12\nand more\n",
    "subject\n\nbody\n\nFixes: #12\n and more\n\n\n",
    "subject\n\nbody: of prose, with a colon\n",
    "subject\n\nbody\n\nSigned-off-by: A <a@b>\nnot\none\n",
    "subject\n\nbody\n\nSigned-off-by: A <a@b>\nnot\none\nof\nthem\n",
    "subject\n\n(cherry picked from commit 1234567890123456789012345678901234567890)\n",
    "\n\n  subject  \n\n\n\nbody   \n\n# comment\n\nFixes: #12\nfoo\n\n\n",
    "subject\n\nbody\n\nCc: stable@example.org # 1.12+\n# Conflicts: x\n",
    "subject\nmore of it\n\nToken : value\n",
    "subject\n\n indented\nKey: value\n",
    "subject\n\nbody\n\ncaf\u{e9}: x\n",
];

#[test]
fn picks_are_those_of_git_cherry_pick() {
    let scratch = Scratch::new();
    scratch.write("f", "base\n");
    scratch.commit("base");
    scratch.git("branch release");
    let mut originals = Vec::new();
    for (number, message) in MESSAGES.iter().enumerate() {
        scratch.write(&format!("f{number}"), "x\n");
        let file = scratch.dir().join("message");
        std::fs::write(&file, message).expect("a file");
        scratch.git("add -A");
        let author = format!("--author=Ann+É+{number}+<ann{number}@example.org>");
        let date = format!("--date=@{}+-0330", 1_500_000_000 + number);
        let file = file.display();
        scratch.git(&format!(
            "commit -q {author} {date} --cleanup=verbatim -F {file}"
        ));
        originals.push(scratch.head());
    }
    scratch.git("checkout -q release");
    let repository = scratch.repository();
    let environment = scratch.environment();
    let git = UserGit::new(&repository, &environment);
    for (original, message) in originals.iter().zip(MESSAGES) {
        let before = scratch.head();
        let tree = repository.commit(&before).expect("a commit").tree;
        let Grafted::Tree(tree) = repository.graft(original, &tree).expect("grafts") else {
            panic!("{message:?} does not apply");
        };
        let pick = NewPick {
            of: original,
            parent: &before,
            tree: &tree,
            committer: Author {
                name: "Una",
                email: "una@example.org",
                date: Timestamp::from_unix(1_700_000_000),
            },
        };
        let own = git.write_pick(&pick, Signs::No).expect("a pick");
        scratch.git(&format!("cherry-pick -x {original}"));
        // The same id: tree, author with date, committer, message.
        let shown = scratch.git(&format!("cat-file commit {own}"));
        assert_eq!(shown, scratch.git("cat-file commit HEAD"), "{message:?}");
        assert_eq!(own, scratch.head(), "{message:?}");
    }
    scratch.git("fsck --strict --no-dangling");
}

#[test]
fn picks_are_signed_as_the_user_signs() {
    let scratch = Scratch::new();
    scratch.sign_with_ssh();
    scratch.git("config commit.gpgSign true");
    scratch.write("f", "base\n");
    let base = scratch.commit("base");
    scratch.write("f", "more\n");
    scratch.git("add -A");
    scratch.git("commit -q -m more --author=Ann+<ann@example.org> --date=@1500000000+-0330");
    let original = scratch.head();
    let repository = scratch.repository();
    let environment = scratch.environment();
    let git = UserGit::new(&repository, &environment);
    assert_eq!(git.signs().expect("answers"), Signs::Yes);
    let tree = repository.commit(&original).expect("a commit").tree;
    let pick = NewPick {
        of: &original,
        parent: &base,
        tree: &tree,
        committer: Author {
            name: "Una",
            email: "una@example.org",
            date: Timestamp::from_unix(1_700_000_000),
        },
    };
    let own = git.write_pick(&pick, Signs::Yes).expect("a pick");
    scratch.git(&format!("verify-commit {own}"));
    let author = scratch.git(&format!("log -1 --format=%an_%ae_%ad --date=raw {own}"));
    assert_eq!(author, "Ann_ann@example.org_1500000000 -0330");
}
