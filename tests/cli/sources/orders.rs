//! Tags that carry their instructions, as git-debpush(1) makes them.

use super::{Project, findings, text};

const FILES: [(&str, &str); 1] = [("stamp.in", "upstream's\n")];

fn project() -> Project {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    project.world.write("stamp.in", "ours\n");
    project.world.commit("be ours");
    project
}

fn tag(project: &Project, message: &str) {
    let words = ["tag", "--annotate", "--message", message, "debian/1.0-1"];
    project.world.git(&words);
}

#[test]
fn instructions_win_over_the_configuration() {
    let project = project();
    let world = &project.world;
    world.git(&["tag", "-m", "fork", "-a", "fork-1", "upstream/1.0^{}"]);
    world.write(
        "debcut.toml",
        "[[package]]\nname = \"stamp\"\npatches = \"unapplied\"\norig = \"../nowhere\"\n",
    );
    world.commit("chore: configure");
    let commit = world.git(&["rev-parse", "upstream/1.0^{}"]);
    let message = format!(
        "stamp release 1.0-1 for stable\n\n[dgit distro=debian split --quilt=single]\n\
         [dgit please-upload source=stamp version=1.0-1 upstream-tag=fork-1 upstream={commit}]\n"
    );
    tag(&project, &message);
    let plan = project.plan("debian/1.0-1");
    assert_eq!(plan["orig"]["tag"], "fork-1");
    assert_eq!(plan["orig"]["packing"]["layout"], "single");
    project.build("debian/1.0-1", &[]).code(0);
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
}

#[test]
fn contradictions_are_refused() {
    let cases = [
        (
            "[dgit split version=1.0-2]",
            "say version 1.0-2, but debian/changelog:1 is 1.0-1",
        ),
        ("[dgit split source=other]", "say source other, but"),
        (
            "[dgit distro=ubuntu]",
            "say distro ubuntu, but the tag is named for debian",
        ),
        ("[dgit upstream-tag=v9]", "there is no tag “v9”"),
        (
            "[dgit upstream-tag=upstream/1.0 upstream=abcd]",
            "is to be abcd, but",
        ),
        (
            "[dgit --quilt=sideways]",
            "--quilt=sideways, which is not known",
        ),
        ("[dgit !new]", "demands “!new”"),
    ];
    for (line, want) in cases {
        let project = project();
        tag(&project, &format!("stamp\n\n{line}\n"));
        let ran = project.build("debian/1.0-1", &["--json"]).code(1);
        let found = findings(ran).join("\n");
        assert!(found.contains("tag-instructions"), "{line}: {found}");
        assert!(found.contains(want), "{line}: {want:?} in\n{found}");
    }
    let project = project();
    tag(&project, "stamp release 1.0-1 for sid\n\n[dgit split]\n");
    let ran = project.build("debian/1.0-1", &["--json"]).code(1);
    let found = findings(ran).join("\n");
    assert!(
        found.contains("say suite sid, but debian/changelog:1 is for stable"),
        "{found}"
    );
}
