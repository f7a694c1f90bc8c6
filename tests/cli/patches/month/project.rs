//! The project of the play: a small Debian package that is built by real
//! tools, the changes that somebody wants on its maintenance branch, and the
//! people.

use super::stage::{Stage, Who};

/// Manages the releases.
pub const ADA: Who = Who {
    name: "Ada Example",
    clone: "project",
};
/// Develops.
pub const BEN: Who = Who {
    name: "Ben Example",
    clone: "ben",
};
/// Says which features go into a patch release.
pub const OLGA: Who = Who {
    name: "Olga Owner",
    clone: "project",
};

/// How somebody knows whether a branch is green.
pub const GREEN: &str = "test ! -e ../red || { cat ../red; false; }";
const CONFIGURATION: &str = r#"[[package]]
name = "tally"
version-files = ["VERSION"]
tag = "v{version}"

[patch]
approvers = ["ada@example.org", "olga@example.org"]
owners = ["olga@example.org"]
interval = "2w..4w"
require-green = "@GREEN@"

[[patch.notify]]
name = "developers"
command = "cat >> ../told; echo >> ../told"

[announce]
sendmail = "cat >> ../mail; echo >> ../mail"

[[announce.channel]]
name = "users"
mail = "users@example.org"
"#;
const CHANGELOG: &str = "tally (1.12.0) stable; urgency=medium\n\n  * First release of this line.\n\n \
     -- Ada Example <ada@example.org>  Mon, 14 Apr 2025 09:00:00 +0000\n";
const CONTROL: &str = "Source: tally\nSection: utils\nPriority: optional\n\
     Maintainer: Ada Example <ada@example.org>\nStandards-Version: 4.6.2\n\
     Rules-Requires-Root: no\n\nPackage: tally\nArchitecture: all\n\
     Description: counts what it is given\n It counts lines, words and bytes.\n";
const RULES: &str = "#!/usr/bin/make -f\nclean build build-arch build-indep binary-arch:\n\
     binary binary-indep:\n\tsh -n tally.sh\n\tinstall -D -m 755 tally.sh debian/tally/usr/bin/tally\n\
     \tmkdir -p debian/tally/DEBIAN\n\tdpkg-gencontrol -ptally -Pdebian/tally\n\
     \tdpkg-deb --root-owner-group --build debian/tally ..\n";
const SCRIPT: &str = "#!/bin/sh\n# tally: counts\n\n\nlines() { wc -l; }\n\n\nwords() { wc -w; }\n\n\n\
     bytes() { wc -c; }\n\n\nusage() { echo 'tally lines|words|bytes'; }\n\n\n\
     parse() { case \"$1\" in lines|words|bytes) \"$1\";; esac; }\n\n\nparse \"$@\"\n";

/// What a fix says to a release manager, with its number.
fn told(subject: &str, note: &str, bug: u32) -> String {
    format!(
        "{subject}\n\nCloses: #{bug}\nSeverity: medium, no way around it\n\
         Affects: everybody since 1.12.0\nTested-by: Ida Example <ida@example.org>\n\
         Release-Note: {note}\n"
    )
}

impl Stage {
    pub fn put(&self, who: Who, name: &str, text: &str) {
        let path = self.at(who).join(name);
        std::fs::create_dir_all(path.parent().expect("it is below")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    #[track_caller]
    pub fn edit(&self, who: Who, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.at(who).join(name)).expect("it is there");
        assert!(text.contains(from), "{from:?} in {name}:\n{text}");
        self.put(who, name, &text.replacen(from, to, 1));
    }

    /// Commits everything; returns the commit.
    pub fn commit(&mut self, who: Who, message: &str) -> String {
        self.git(who, &["add", "--all"]);
        self.git(who, &["commit", "--quiet", "--message", message]);
        self.git(who, &["rev-parse", "HEAD"])
    }

    /// Changes the script on the current branch.
    fn change(&mut self, (who, day): (Who, &str), from: &str, to: &str, message: &str) -> String {
        self.silently(day);
        self.edit(who, "tally.sh", from, to);
        self.commit(who, message)
    }

    fn add(&mut self, (who, day): (Who, &str), name: &str, message: &str) -> String {
        self.silently(day);
        self.put(who, name, "once\n");
        self.commit(who, message)
    }
}

/// The commits of main that somebody wants on `release-1.12`.
pub struct Wanted {
    pub last_line: String,
    pub bytes: String,
    pub usage: String,
    pub words: String,
    pub refuse: String,
    pub news: String,
    pub manual: String,
    pub copyright: String,
    pub bump: String,
    pub longest: String,
}

/// Makes the project with its release 1.12.0, the branch that maintains it, and
/// what has happened on main since.
pub fn project() -> (Stage, Wanted) {
    let mut stage = Stage::new("2025-04-14");
    let on = |day: &'static str| (ADA, day);
    stage.put(ADA, "debcut.toml", &CONFIGURATION.replace("@GREEN@", GREEN));
    stage.put(ADA, "debian/changelog", CHANGELOG);
    stage.put(ADA, "debian/control", CONTROL);
    stage.put(ADA, "debian/source/format", "3.0 (native)\n");
    stage.put(ADA, "debian/rules", RULES);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let rules = stage.at(ADA).join("debian/rules");
    std::fs::set_permissions(rules, mode).expect("it was written");
    stage.put(ADA, ".gitignore", "dist/\n");
    stage.put(ADA, "VERSION", "1.12.0\n");
    stage.put(ADA, "tally.sh", SCRIPT);
    stage.put(ADA, "go.mod", &go_mod("1.4.0"));
    stage.commit(ADA, "feat: count lines, words and bytes");
    stage.git(ADA, &["tag", "--annotate", "--message=1.12.0", "v1.12.0"]);
    stage.git(ADA, &["branch", "release-1.12"]);

    let last_line = stage.change(
        on("2025-04-15"),
        "wc -l",
        "grep -c ''",
        &told(
            "fix: count a last line without a newline",
            "The last line is counted even where no newline ends it.",
            101,
        ),
    );
    let bytes = stage.change(
        on("2025-04-16"),
        "wc -c",
        "wc --bytes",
        &told(
            "fix: count bytes, not characters",
            "Bytes are counted in every locale.",
            102,
        ),
    );
    let usage = stage.change(
        on("2025-04-17"),
        "'tally lines",
        "'usage: tally lines",
        &told(
            "fix: begin the usage with its name",
            "The usage message says what it is.",
            103,
        ),
    );
    let words = stage.change(
        on("2025-04-22"),
        "wc -w",
        "wc --words",
        &told(
            "perf: count words in one go",
            "Words are counted faster.",
            104,
        ),
    );
    stage.change(
        on("2025-04-23"),
        "case \"$1\" in",
        "case \"${1:-lines}\" in",
        "refactor: count lines where nothing is said\n\nRelease-Note: NONE\n",
    );
    let refuse = stage.change(
        on("2025-04-24"),
        "case \"${1:-lines}\" in lines|words|bytes) \"$1\";; esac",
        "case \"${1:-lines}\" in lines|words|bytes) \"${1:-lines}\";; *) usage >&2; exit 2;; esac",
        &told(
            "fix: refuse what is not known",
            "An unknown word is refused with exit code 2.",
            105,
        ),
    );
    let news = stage.add(on("2025-04-25"), "NEWS", "fix: say what is new");
    stage.git(ADA, &["switch", "--quiet", "--create", "topic"]);
    let manual = stage.add(
        on("2025-04-28"),
        "tally.1",
        &told("fix: ship a manual page", "There is a manual page.", 107),
    );
    stage.git(ADA, &["switch", "--quiet", "main"]);
    let copyright = stage.add(
        on("2025-04-29"),
        "COPYING",
        &told("fix: say who may copy it", "NONE", 108),
    );
    stage.git(ADA, &["switch", "--quiet", "release-1.12"]);
    stage.git(ADA, &["cherry-pick", "-x", &copyright]);
    stage.git(ADA, &["switch", "--quiet", "main"]);
    stage.silently("2025-04-30");
    stage.put(ADA, "go.mod", &go_mod("1.4.2"));
    let bump = stage.commit(
        ADA,
        &told(
            "build(deps): bump example.org/count from 1.4.0 to 1.4.2",
            "NONE",
            109,
        )
        .replace("#109", "#109\nBug: CVE-2025-1000 in example.org/count"),
    );
    let longest = stage.change(
        on("2025-05-02"),
        "\nusage()",
        "longest() { wc --max-line-length; }\n\n\nusage()",
        &told(
            "feat: measure the longest line",
            "The word longest measures the longest line.",
            110,
        ),
    );
    let place = stage.world.path(".");
    let place = place.display().to_string();
    for words in [
        &[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            "../origin.git",
        ][..],
        &["remote", "add", "origin", "../origin.git"],
        &[
            "push",
            "--quiet",
            "--tags",
            "origin",
            "main",
            "release-1.12",
        ],
        &["clone", "--quiet", "../origin.git", &format!("{place}/ben")],
    ] {
        stage.git(ADA, words);
    }
    let wanted = Wanted {
        last_line,
        bytes,
        usage,
        words,
        refuse,
        news,
        manual,
        copyright,
        bump,
        longest,
    };
    (stage, wanted)
}

fn go_mod(version: &str) -> String {
    format!("module example.org/tally\n\ngo 1.22\n\nrequire example.org/count v{version}\n")
}

/// Ben's fix, which he asks for himself.
pub fn bens(stage: &mut Stage) -> String {
    let fix = told(
        "fix: fail where input cannot be read",
        "What cannot be read is an error.",
        111,
    );
    let commit = stage.change(
        (BEN, "2025-05-05"),
        "parse \"$@\"",
        "set -e\nparse \"$@\"",
        &fix,
    );
    stage.git(BEN, &["push", "--quiet", "origin", "main"]);
    commit
}

/// A fix that comes when the branch is about to be frozen.
pub fn late(stage: &mut Stage) -> String {
    let fix = told(
        "fix: say what is counted",
        "The script says what it counts.",
        112,
    );
    let day = (ADA, "2025-05-11");
    let commit = stage.change(
        day,
        "# tally: counts",
        "# tally: counts lines, words and bytes",
        &fix,
    );
    stage.git(ADA, &["push", "--quiet", "origin", "main"]);
    commit
}

/// A fix that cannot wait.
pub fn urgent(stage: &mut Stage) -> String {
    let fix = told(
        "fix: count empty input",
        "Empty input is counted as nothing and no longer fails.",
        120,
    );
    let day = (ADA, "2025-05-19");
    let commit = stage.change(day, "grep -c ''", "grep -c '' || true", &fix);
    stage.git(ADA, &["push", "--quiet", "origin", "main"]);
    commit
}

/// A fix that nobody may know of; its word is in it.
pub fn secret(stage: &mut Stage, who: Who, word: &str) -> String {
    let fix = told(
        &format!("fix: stop {word} from reading along"),
        &format!("A {word} reads along no longer."),
        130,
    )
    .replace("#130", "#130\nBug: CVE-2025-2000");
    let name = format!("# not for a {word}\nwc --words");
    stage.change((who, "2025-05-27"), "wc --words", &name, &fix)
}
