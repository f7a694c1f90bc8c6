//! `patch pick` and `patch list`.

use super::{fix, project};

const WHOLE: &str = "fix: keep the second line\n\nRelease-Note: The second line stays.\nCloses: #12\nAffects: all since 1.0\nSeverity: high\nTested-by: Ida <ida@example.org>";

#[test]
fn a_request_is_made_once_and_listed() {
    let world = project();
    let id = fix(&world, "two", "2", WHOLE);
    let before = world.git(&["status", "--porcelain"]);
    let dry = [
        "patch",
        "pick",
        "HEAD",
        "--onto",
        "release-1.0",
        "--dry-run",
    ];
    world.run(dry).code(0);
    assert_eq!(world.git(&["for-each-ref", "refs/debcut"]), "");
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let first = world.run(pick).code(0).document("debcut/patch-pick/1");
    assert_eq!(first["changed"], true);
    let again = world.run(pick).code(0).document("debcut/patch-pick/1");
    assert_eq!(again["changed"], false);
    assert_eq!(again["id"], first["id"]);
    let list = world.run(["patch", "list", "--json"]).code(0);
    let list = list.document("debcut/patch-list/1");
    let one = &list["requests"][0];
    assert_eq!(list["requests"].as_array().expect("a list").len(), 1);
    assert_eq!(one["id"], first["id"]);
    assert_eq!(one["commits"][0], id);
    assert_eq!(one["state"], "new");
    assert_eq!(one["merged"], true);
    assert_eq!(one["release_note"], "written");
    assert_eq!(one["applies"], "cleanly");
    assert_eq!(one["answers"]["bug"], "#12");
    assert_eq!(world.git(&["status", "--porcelain"]), before);
}
