use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;
use crate::release::policy::Merges;

/// A commit that touches one package.
fn commit(id: &str, message: &str) -> Commit {
    Commit {
        id: id.into(),
        parents: vec!["0000000".into()],
        author: Person {
            name: "Ada".into(),
            email: "ada@example.org".into(),
        },
        committed: Timestamp::from_unix(1_700_000_000),
        message: message.into(),
        touches: vec![0],
        unowned: None,
        origins: Vec::new(),
    }
}

fn merge(id: &str, message: &str) -> Commit {
    let mut commit = commit(id, message);
    commit.parents.push("1111111".into());
    commit
}

fn policy() -> Policy {
    Policy::usual(Vec::new())
}

fn read(commits: &[Commit], policy: &Policy) -> Changes {
    let commits: Vec<&Commit> = commits.iter().collect();
    changes(&commits, policy)
}

/// The only change of one message.
fn only(message: &str) -> Change {
    let mut found = read(&[commit("aaaaaaa1", message)], &policy());
    assert_eq!(
        (found.changes.len(), found.ignored.len()),
        (1, 0),
        "{message}"
    );
    found.changes.remove(0)
}

/// A change in a line: `type(scopes)!: description #number`.
fn shown(change: &Change) -> String {
    let kind = change.kind.as_deref().unwrap_or("?");
    let scopes = change.scopes.join(",");
    let mark = if change.breaking.is_some() { "!" } else { "" };
    let number = change.pull_request.map(|number| format!(" #{number}"));
    let number = number.unwrap_or_default();
    format!("{kind}({scopes}){mark}: {}{number}", change.description)
}

fn all_shown(changes: &Changes) -> Vec<String> {
    changes.changes.iter().map(shown).collect()
}

#[test]
fn types_and_subjects() {
    let cases = [
        ("feat: a", "feat(): a"),
        ("FEAT: a", "feat(): a"),
        ("feat:a", "feat(): a"),
        ("feat(x, y): a", "feat(x,y): a"),
        ("feat!: a", "feat()!: a"),
        ("chore!: a", "chore()!: a"),
        ("fix: a\r\n\r\nBREAKING CHANGE: b\r\n", "fix()!: a"),
        ("fix: a\n\nBREAKING-CHANGE: b", "fix()!: a"),
        ("fix: a\n\nsee BREAKING CHANGE: b\n\nc", "fix(): a"),
        ("fix: a (#12)", "fix(): a #12"),
        ("fix: a (!12)\n\nb", "fix(): a #12"),
        ("deps: raise it", "?(): deps: raise it"),
        ("deps!: raise it", "?()!: deps!: raise it"),
        ("Hooray!: it works", "?(): Hooray!: it works"),
        ("Mend the door (#3)", "?(): Mend the door #3"),
        ("", "?(): "),
    ];
    for (message, want) in cases {
        assert_eq!(shown(&only(message)), want, "{message}");
    }
    let mut own = policy();
    own.bumps
        .types
        .insert("deps(core)".into(), super::super::Bump::Patch);
    let found = read(&[commit("aaaaaaa1", "deps: raise it")], &own);
    assert_eq!(all_shown(&found), ["deps(): raise it"]);
}

#[test]
fn remarks_say_what_was_accepted() {
    assert_eq!(only("feat: a").remarks, [""; 0]);
    assert_eq!(
        only("feat:a").remarks,
        ["no blank after the subject's colon"]
    );
    assert_eq!(only("deps: a").remarks, ["“deps” is no known type"]);
}

#[test]
fn trailers() {
    let change = only(
        "fix: mend it (Closes: #5) (#12)\n\nWhy.\n\nCloses: #7\n\nThen cve-2025-0001 more.\n\n\
         Release-As: 2.0.0\nCloses: #8, bug 9\nLP: #10\nFixes: 1234567 (\"feat: a\")\nFixes #11\n\
         CVE: CVE-2026-1234, 2026-99999\nrelease-note: Doors\n  close again.\n\
         Action-Required: Oil them.\nExploited: yes\nGbp-Dch: Full\n\
         Co-authored-by: Bo <bo@example.org>\nco-authored-by: Ada again <ADA@example.org>\n",
    );
    assert_eq!(shown(&change), "fix(): mend it #12");
    assert_eq!(change.body, "Why.\n\n\nThen cve-2025-0001 more.");
    assert_eq!(change.closes, [5, 7, 8, 9]);
    assert_eq!(change.launchpad, [10]);
    assert_eq!(change.fixes, ["1234567 (\"feat: a\")", "#11"]);
    assert_eq!(
        change.cves,
        ["CVE-2025-0001", "CVE-2026-1234", "CVE-2026-99999"]
    );
    assert_eq!(change.note, Note::Written("Doors\nclose again.".into()));
    assert_eq!(change.action_required.as_deref(), Some("Oil them."));
    assert!(change.exploited);
    assert_eq!(change.release_as.as_deref(), Some("2.0.0"));
    assert_eq!(change.gbp_dch, GbpDch::Full);
    let names: Vec<_> = change.authors.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Bo"]);
}

#[test]
fn what_is_no_trailer() {
    let change = only("fix: a\n\nFixes: #5 is not it, Closes #6.\n\nGbp-Dch: later\n");
    assert_eq!(
        (change.closes.as_slice(), change.gbp_dch),
        (&[][..], GbpDch::Short)
    );
    assert_eq!(
        change.remarks,
        ["“Gbp-Dch: later” is none of Short, Full, Ignore"]
    );
    assert_eq!(
        only("fix: XCVE-2026-1234 CVE-26-1 CVE-2026-12").cves,
        [""; 0]
    );
    // Its words are kept where they are more than a list of bugs.
    assert_eq!(
        only("fix: a (see b, Closes: #1)").description,
        "a (see b, Closes: #1)"
    );
}

#[test]
fn breaking_texts() {
    assert_eq!(only("feat!: a").breaking.as_deref(), Some("a"));
    let told = only("feat!: a\n\nBREAKING CHANGE: b\nc\n\nd");
    assert_eq!(told.breaking.as_deref(), Some("b\nc\n\nd"));
    assert_eq!(told.body, "");
}

#[test]
fn notes() {
    let fenced = "feat: a\n\nBody.\n\n```release-note\nYou can a.\n\nAnd b.\n```\n\nCloses: #1\n";
    let change = only(fenced);
    assert_eq!(change.note, Note::Written("You can a.\n\nAnd b.".into()));
    assert_eq!((change.body.as_str(), change.closes), ("Body.", vec![1]));
    assert_eq!(only("feat: a\n\nRelease-Note: none").note, Note::Nothing);
    assert_eq!(
        only("feat: a\n\n```release-note\nNONE\n```").note,
        Note::Nothing
    );
    assert_eq!(only("feat: a").note, Note::Unsaid);
}

#[test]
fn squashes() {
    let cases: [(&str, &[&str]); 13] = [
        (
            "Better doors (#12)\n\n* feat(door): open both ways\n\nBody of it.\n\n- not: a change\n\n* fix: oil\n\n---------\n\nCo-authored-by: Bo <bo@example.org>",
            &["feat(door): open both ways #12", "fix(): oil #12"],
        ),
        (
            "feat: doors (#12)\n\n- fix(x): oil\n- prose about it\n- docs: tell\n",
            &["feat(): doors #12", "fix(x): oil #12", "docs(): tell #12"],
        ),
        // The title says what a bullet says.
        (
            "feat: doors (#12)\n\n* Feat: Doors.\n\n* fix: oil",
            &["feat(): doors #12", "fix(): oil #12"],
        ),
        (
            "feat: doors (#12)\n\n* feat: doors\n\n* fix: oil",
            &["feat(): doors #12", "fix(): oil #12"],
        ),
        (
            "feat!: doors (#12)\n\n* feat: doors",
            &["feat()!: doors #12"],
        ),
        // Prose stays prose.
        (
            "feat: doors\n\n- open: both ways\n- Fix: the hinges\n* test:all",
            &["feat(): doors"],
        ),
        (
            "feat: doors\n\n```\n* fix: an example\n```",
            &["feat(): doors"],
        ),
        ("Doors\n\n* wip\n* more", &["?(): Doors"]),
        // GitLab's list, indented; bullets of their own text below.
        (
            "Doors\n\n  - feat: one\n    - fix: of one\n  - fix: two",
            &["feat(): one", "fix(): two"],
        ),
        // One wrapped over lines, and one said twice.
        (
            "Doors\n\n* feat: one\n  and more\n* fix: two\n* fix: two",
            &["feat(): one and more", "fix(): two"],
        ),
        (
            "Doors\r\n\r\n* feat: one\r\n\r\n* fix: two\r\n",
            &["feat(): one", "fix(): two"],
        ),
        // A trailer of one bullet, and one of the whole.
        (
            "Doors\n\n* feat: one\n\nBREAKING CHANGE: it\n\n* fix: two\n\nok",
            &["feat()!: one", "fix(): two"],
        ),
        (
            "Doors\n\n* feat: one\n* fix: two\n\nBREAKING CHANGE: it",
            &["feat()!: one", "fix(): two"],
        ),
    ];
    for (message, want) in cases {
        let found = read(&[commit("aaaaaaa1", message)], &policy());
        assert_eq!(all_shown(&found), want, "{message}");
    }
}

#[test]
fn a_squash_loses_nothing_of_the_whole() {
    let message = "Doors (#12)\n\nFor CVE-2026-1111.\n\n* feat: one\n\nBody.\n\n* fix: two (#9)\n\n\
                   Closes: #4\n\n---------\n\nRelease-As: 2.0.0\nCo-authored-by: Bo <bo@example.org>";
    let found = read(&[commit("aaaaaaa1", message)], &policy()).changes;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].cves, ["CVE-2026-1111"]);
    assert_eq!(found[0].body, "For CVE-2026-1111.\n\nBody.");
    assert_eq!(found[0].release_as.as_deref(), Some("2.0.0"));
    assert_eq!(found[1].closes, [4]);
    assert_eq!(found[1].pull_request, Some(9));
    for change in &found {
        assert_eq!(change.authors.len(), 2, "{}", change.description);
    }
}

#[test]
fn merges_by_policy() {
    let merges = [
        merge(
            "aaaaaaa1",
            "Merge pull request #12 from me/door\n\nfeat: doors\n\nBody.",
        ),
        merge(
            "aaaaaaa2",
            "Merge branch 'x' into 'main'\n\nfix: oil\n\nCloses: #3\n\nSee merge request g/p!8",
        ),
        merge("aaaaaaa3", "Merge branch 'y'"),
    ];
    let all = read(&merges, &policy());
    assert_eq!(all.changes, []);
    assert!(all.ignored.iter().all(|it| it.reason == Reason::Merge));
    let mut first_parent = policy();
    first_parent.merges = Merges::FirstParent;
    let found = read(&merges, &first_parent);
    let want = [
        "feat(): doors #12",
        "fix(): oil #8",
        "?(): Merge branch 'y'",
    ];
    assert_eq!(all_shown(&found), want);
    assert_eq!(found.changes[1].closes, [3]);
    assert_eq!(found.ignored, []);
}

#[test]
fn what_is_left_out() {
    let mut empty = commit("aaaaaaa1", "feat: nothing");
    empty.touches.clear();
    let mut outside = empty.clone();
    outside.unowned = Some((2, "x/y".into()));
    let cases = [
        (empty, Reason::Empty),
        (outside, Reason::Unowned("x/y".into())),
        (commit("a", "fixup! feat: a"), Reason::Fixup),
        (commit("a", "squash! a"), Reason::Fixup),
        (commit("a", "amend! feat: a\n\nfeat: b"), Reason::Fixup),
        (
            commit(
                "a",
                "chore(release): x1\n\nDebcut-Release: hello 1.2.0\nDebcut-Release: more 1",
            ),
            Reason::Release,
        ),
        (
            commit(
                "a",
                "Release (#4)\n\n* chore(release): x1\n\n  Notes.\n\nDebcut-Release: hello 1.2.0\n",
            ),
            Reason::Release,
        ),
        (
            merge(
                "a",
                "Merge pull request #4\n\nRelease\n\nDebcut-Release: hello 1.2.0",
            ),
            Reason::Release,
        ),
    ];
    for (commit, want) in cases {
        let found = read(std::slice::from_ref(&commit), &policy());
        assert_eq!(found.changes, [], "{}", commit.message);
        assert_eq!(found.ignored[0].reason, want, "{}", commit.message);
        assert_eq!(found.ignored[0].subject, commit.subject());
    }
    let speaks_of_it =
        only("docs: tell\n\nEach has a trailer\nDebcut-Release: NAME VERSION\nof it.");
    assert_eq!(speaks_of_it.kind.as_deref(), Some("docs"));
}

#[test]
fn work_beside_a_release_is_told() {
    let trailer = "Debcut-Release: hello 1.2.0\nDebcut-Plan: 12\n";
    let cases: &[(&str, &[&str])] = &[
        (
            "feat!: a\n\nIt said:\n\n    Debcut-Release: hello 0.9.0\n",
            &["a"],
        ),
        (
            "Go (#4)\n\n* fix: a\n\n* chore(release): hello 1.2.0\n\nTRAILER",
            &["a"],
        ),
        (
            "Go (#4)\n\n* chore(release): hello 1.2.0\n\nTRAILER\n* fix: a\n\n* feat: b\n",
            &["a", "b"],
        ),
        (
            "chore(release): x (#4)\n\n* chore(release): x\n\nTRAILER\n* fix: a\n",
            &["a"],
        ),
        (
            "feat: b (#4)\n\n* fix: a\n\n* chore(release): x\n\nTRAILER",
            &["b", "a"],
        ),
        (
            "Go (#4)\n\n* fix: a\n\nWhy.\n\n* Release hello\n\nTRAILER",
            &["a"],
        ),
        (
            "feat: a (#4)\n\n* begin\n\n* Release hello\n\nTRAILER",
            &["a"],
        ),
        ("Go (#4)\n\n* begin\n\n* Release hello\n\nTRAILER", &[]),
        ("Go (#4)\n\n* chore(release): x\n\nTRAILER", &[]),
        (
            "Go (#4)\n\n* chore(release): x\n\n  Debcut-Release: hello 1.2.0\n",
            &[],
        ),
        ("chore(release): x\n\n* fix: a\n* fix: b\n\nTRAILER", &[]),
        ("build: release x\n\n* this\n* that\n\nTRAILER", &[]),
        ("build: release x\n\nTRAILER", &[]),
    ];
    for (message, want) in cases {
        let message = message.replace("TRAILER", trailer);
        let found = read(&[commit("aaaaaaa1", &message)], &policy());
        let said: Vec<_> = found.changes.iter().map(|c| &c.description).collect();
        assert_eq!(said, *want, "{message}");
        let left_out: Vec<_> = found.ignored.iter().map(|i| &i.reason).collect();
        let whole = [&Reason::Release];
        assert_eq!(
            left_out,
            &whole[..usize::from(want.is_empty())],
            "{message}"
        );
    }
}

#[test]
fn unconventional_messages_by_policy() {
    let commits = [commit("aaaaaaa1", "Mend it"), commit("aaaaaaa2", "fix: b")];
    for (rule, changes, refused) in [
        (Unconventional::Patch, 2, 0),
        (Unconventional::Ignore, 1, 0),
        (Unconventional::Error, 1, 1),
    ] {
        let mut policy = policy();
        policy.bumps.unconventional = rule;
        let found = read(&commits, &policy);
        assert_eq!(found.changes.len(), changes, "{rule:?}");
        assert_eq!(found.refused(&policy).count(), refused, "{rule:?}");
        for ignored in &found.ignored {
            assert_eq!(
                ignored.reason,
                Reason::Policy("no conventional commit".into())
            );
        }
    }
}

/// Messages oldest first, their ids counted from `a0000000`; what each comes
/// to: `+` a change, `-N` taken back by N, `/N` takes back N.
fn history(messages: &[&str]) -> (String, Changes) {
    let mut commits: Vec<Commit> = (messages.iter().enumerate())
        .map(|(at, message)| commit(&format!("{:x}", 0xa000_0000_u32 + at as u32), message))
        .collect();
    commits.reverse();
    let found = read(&commits, &policy());
    let number = |id: &str| u32::from_str_radix(id, 16).expect("ids are numbers") - 0xa000_0000;
    let fate = |commit: &Commit| match found.ignored.iter().find(|it| it.commit == commit.id) {
        None => "+".to_owned(),
        Some(ignored) => match &ignored.reason {
            Reason::Reverted(by) => format!("-{}", number(by)),
            Reason::RevertOf(target) => format!("/{}", number(target)),
            other => format!("{other:?}"),
        },
    };
    let fates: Vec<_> = commits.iter().rev().map(fate).collect();
    (fates.join(" "), found)
}

#[test]
fn reverts_cancel() {
    let cases: [(&[&str], &str); 17] = [
        (
            &[
                "feat: a",
                "Revert \"feat: a\"\n\nThis reverts commit a0000000.",
            ],
            "-1 /0",
        ),
        // The title alone, and an id that a rebase has changed.
        (&["feat: a", "Revert \"feat: a\""], "-1 /0"),
        (
            &[
                "feat: a",
                "Revert \"feat: a\"\n\nThis reverts commit dddddddd.",
            ],
            "-1 /0",
        ),
        (&["feat: a", "revert: feat: a"], "-1 /0"),
        (
            &[
                "feat: a",
                "fix: b",
                "revert: two of them\n\nRefs: a0000000, a0000001",
            ],
            "-2 -2 /0",
        ),
        // The title came back after its revert.
        (&["feat: a", "Revert \"feat: a\"", "feat: a"], "-1 /0 +"),
        (
            &[
                "feat: a",
                "Revert \"feat: a\"",
                "feat: a",
                "Revert \"feat: a\"",
            ],
            "-1 /0 -3 /2",
        ),
        // A revert of a revert, as git words it before and since 2.43.
        (
            &[
                "feat: a",
                "Revert \"feat: a\"",
                "Revert \"Revert \"feat: a\"\"",
            ],
            "+ -2 /1",
        ),
        (
            &["feat: a", "Revert \"feat: a\"", "Reapply \"feat: a\""],
            "+ -2 /1",
        ),
        (
            &[
                "feat: a",
                "Revert \"feat: a\"",
                "Reapply \"feat: a\"",
                "Revert \"feat: a\"",
            ],
            "-3 -2 /1 /0",
        ),
        // Older than the range.
        (
            &["Revert \"feat: z\"\n\nThis reverts commit dddddddd."],
            "+",
        ),
        (
            &[
                "feat: a",
                "Revert \"two\"\n\nThis reverts commits a0000000 and\ndddddddd.",
            ],
            "-1 +",
        ),
        // By pull requests: the squash of the revert has a number of its own.
        (&["feat: a (#1)", "Revert \"feat: a (#1)\" (#2)"], "-1 /0"),
        (&["feat: a (#1)", "Revert \"feat: a (#3)\" (#4)"], "+ +"),
        (
            &["feat: a (#1)", "revert: that (#2)\n\nReverts me/it#1"],
            "-1 /0",
        ),
        // One that does more stays; and only git's own sentence counts.
        (
            &["feat: a", "fix: b\n\nThis reverts commit a0000000."],
            "-1 +",
        ),
        (
            &[
                "feat: a",
                "fix: b\n\nIn part, this reverts commit a0000000.",
            ],
            "+ +",
        ),
    ];
    for (messages, want) in cases {
        assert_eq!(history(messages).0, want, "{messages:?}");
    }
}

#[test]
fn reverts_of_what_is_older_are_told() {
    let (_, found) = history(&["Revert \"feat: z\"\n\nThis reverts commit dddddddd."]);
    assert_eq!(found.changes[0].kind.as_deref(), Some("revert"));
    assert_eq!(found.changes[0].reverts.as_deref(), Some("dddddddd"));
    let (_, found) = history(&["revert: feat: z"]);
    assert_eq!(found.changes[0].reverts.as_deref(), Some("feat: z"));
    // What comes back is what it was.
    for message in [
        "Reapply \"feat(x): z (#3)\"",
        "Revert \"Revert \"feat(x): z\"\"",
    ] {
        let (_, found) = history(&[message]);
        assert_eq!(all_shown(&found), ["feat(x): z"], "{message}");
    }
}

#[test]
fn an_abbreviated_id_must_mean_one_commit() {
    let commits = [
        commit("cccccccc", "revert: it\n\nThis reverts commit aaaaaaa."),
        commit("aaaaaaa2", "feat: a"),
        commit("aaaaaaa1", "feat: b"),
    ];
    assert_eq!(read(&commits, &policy()).changes.len(), 3);
    assert_eq!(read(&commits[..2], &policy()).changes.len(), 0);
}

/// A merge that brings commits one by one cannot be taken back by its id
/// alone: what it brought is not known here.
#[test]
fn the_revert_of_a_merge_is_a_change_when_all_commits_are_read() {
    let commits = [
        commit(
            "cccccccc",
            "Revert \"Merge branch 'x'\"\n\nThis reverts commit bbbbbbbb, reversing\nchanges made to aaaaaaaa.",
        ),
        merge("bbbbbbbb", "Merge branch 'x'"),
        commit("aaaaaaaa", "feat: a"),
    ];
    let found = read(&commits, &policy());
    assert_eq!(found.changes[0].reverts.as_deref(), Some("bbbbbbbb"));
    assert_eq!(found.changes.len(), 2);
    let mut first_parent = policy();
    first_parent.merges = Merges::FirstParent;
    let found = read(&commits, &first_parent);
    assert_eq!(all_shown(&found), ["feat(): a"]);
}

/// A message of a random history, which may name commits and titles of it.
fn message(count: usize) -> impl Strategy<Value = String> {
    let id = (0..count).prop_map(|at| format!("{at:08x}"));
    let title = prop_oneof![
        Just("feat: a"),
        Just("fix: b (#1)"),
        Just("Merge x"),
        Just("c")
    ];
    let quoted = title.clone().prop_map(|it| format!("Revert \"{it}\""));
    let body = prop_oneof![
        Just(String::new()),
        id.clone()
            .prop_map(|id| format!("\n\nThis reverts commit {id}.")),
        (id.clone(), id).prop_map(|(a, b)| format!("\n\nThis reverts commits {a} and {b}.")),
        Just("\n\nDebcut-Release: hello 1".into()),
        Just("\n\n* feat: one\n* fix: two".into()),
    ];
    let subject = prop_oneof![
        4 => title.prop_map(str::to_owned),
        2 => quoted.clone(),
        1 => quoted.prop_map(|it| format!("Revert \"{it}\"")),
        1 => Just("Reapply \"feat: a\"".to_owned()),
        1 => Just("fixup! c".to_owned()),
    ];
    (subject, body).prop_map(|(subject, body)| subject + &body)
}

fn random_history() -> impl Strategy<Value = Vec<Commit>> {
    prop::collection::vec((message(12), 0..8_u8), 0..12).prop_map(|all| {
        let build = |(at, (message, kind)): (usize, (String, u8))| {
            let mut made = commit(&format!("{at:08x}"), &message);
            match kind {
                0 => made.parents.push("f".into()),
                1 => made.touches.clear(),
                2 => {
                    made.touches.clear();
                    made.unowned = Some((1, "x".into()));
                }
                _ => {}
            }
            made
        };
        all.into_iter().enumerate().map(build).collect()
    })
}

proptest! {
    /// Whatever a history says, every commit is told of exactly once, and what
    /// is cancelled is named by what cancels it.
    #[test]
    fn every_commit_is_a_change_or_left_out(commits in random_history(), first_parent in any::<bool>()) {
        let mut policy = policy();
        if first_parent {
            policy.merges = Merges::FirstParent;
        }
        let found = read(&commits, &policy);
        for commit in &commits {
            let changes = found.changes.iter().filter(|it| it.commit == commit.id).count();
            let ignored: Vec<_> = found.ignored.iter().filter(|it| it.commit == commit.id).collect();
            prop_assert!((changes > 0) != (ignored.len() == 1) && ignored.len() < 2, "{}", commit.id);
            for it in ignored {
                let Reason::Reverted(by) = &it.reason else { continue };
                let by = commits.iter().find(|it| it.id == *by).expect("it is there");
                let title = forge::titled(&commit.message).title;
                let says = by.message.replace("Reapply \"", "Revert \"Revert \"");
                prop_assert!(says.contains(&commit.id) || says.contains(title));
                // What takes back stands itself.
                let stands = found.ignored.iter().all(|it| {
                    it.commit != by.id || !matches!(it.reason, Reason::Reverted(_))
                });
                prop_assert!(stands, "{} by {}", commit.id, by.id);
            }
        }
        prop_assert_eq!(read(&commits, &policy), found);
    }

    /// Where reverts name ids, it does not matter in which order commits come.
    #[test]
    fn ids_cancel_in_any_order(
        targets in prop::collection::vec(prop::option::of(0..10_usize), 0..10),
        order in any::<u64>(),
    ) {
        let count = targets.len();
        let build = |(at, target): (usize, &Option<usize>)| {
            let message = match target {
                Some(target) => format!("Revert \"{at}\"\n\nThis reverts commit {target:08x}."),
                None => format!("feat: {at}"),
            };
            commit(&format!("{at:08x}"), &message)
        };
        let commits: Vec<_> = targets.iter().enumerate().map(build).collect();
        let mut other = commits.clone();
        if count > 0 {
            other.rotate_left(order as usize % count);
            other.reverse();
        }
        let sorted = |commits: &[Commit]| {
            let mut left: Vec<_> = read(commits, &policy()).changes.into_iter().map(|it| it.commit).collect();
            left.sort();
            left
        };
        prop_assert_eq!(sorted(&commits), sorted(&other));
    }

    #[test]
    fn any_text_is_read(text in "\\PC*|([* \n\r(#)-]|feat: a|fix: b|Revert \"|\"|```|```release-note|Merge pull request #1|CVE-2026-1234|Closes: #1|---|é)*") {
        let found = read(&[commit("aaaaaaa1", &text)], &policy());
        prop_assert!(!found.changes.is_empty() || found.ignored.len() == 1);
    }
}
