use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

fn version(text: &str) -> Version {
    Version::new(text).expect(text)
}

/// `current`, `upstream` and `revision`, empty where there is none.
fn upload(
    current: &str,
    upstream: &str,
    revision: &str,
    upload: &Upload,
) -> Result<Version, DebianVersionError> {
    let current = (!current.is_empty()).then(|| version(current));
    let basis = Basis {
        current: current.as_ref(),
        upstream: Some(upstream).filter(|text| !text.is_empty()),
        revision: Some(revision).filter(|text| !text.is_empty()),
    };
    next(&basis, upload)
}

#[track_caller]
fn assert_uploads(kind: &Upload, rows: &[(&str, &str, &str, &str)]) {
    for (current, upstream, revision, want) in rows {
        let row = format!("{current:?} {upstream:?} {revision:?} {kind:?}");
        let found = upload(current, upstream, revision, kind).map_err(|e| e.to_string());
        let found = found.map(|version| version.to_string());
        match (&found, want.strip_prefix("! ")) {
            (Err(found), Some(want)) => assert!(found.contains(want), "{row}: {found}"),
            _ => assert_eq!(found.as_deref(), Ok(*want), "{row}"),
        }
    }
}

#[test]
fn releases() {
    assert_uploads(
        &Upload::Release,
        &[
            // Only the revision rises.
            ("1.2.3-1", "", "", "1.2.3-2"),
            ("1.2.3-1", "1.2.3", "1", "1.2.3-2"),
            ("1.2.3-9", "", "", "1.2.3-10"),
            ("1.2.3-1.1", "", "", "1.2.3-2"),
            ("1.2.3-0.1", "", "", "1.2.3-1"),
            ("1.2.3-1+b1", "", "", "1.2.3-2"),
            ("1.2.3-1+deb12u1", "", "", "1.2.3-2"),
            ("1.2.3-2~deb12u1", "", "", "1.2.3-3"),
            ("1.2.3-0+deb12u3", "", "", "1.2.3-1"),
            ("1.2.3-1~bpo12+1", "", "", "1.2.3-2"),
            ("1.2.3-1ubuntu1", "", "", "1.2.3-1ubuntu2"),
            ("1.2.3-0ubuntu1", "", "", "1.2.3-0ubuntu2"),
            ("1.2.3-1ubuntu1.3", "", "", "1.2.3-1ubuntu2"),
            ("1.2.3-1+wmf1", "", "", "1.2.3-1+wmf2"),
            ("1.2.3-1~exp9", "", "", "1.2.3-1~exp10"),
            ("1.2.3~rc1-1", "", "", "1.2.3~rc1-2"),
            ("1:1.2.3+dfsg-1", "1.2.3", "1", "1:1.2.3+dfsg-2"),
            ("1.2.3~rc1+ds1-1", "1.2.3-rc.1", "1", "1.2.3~rc1+ds1-2"),
            // A new upstream release.
            ("1.2.3-4", "1.3.0", "1", "1.3.0-1"),
            ("1.2.3-4", "1.3.0-rc.1", "1", "1.3.0~rc1-1"),
            ("1.2.3-4", "1.3rc1", "1", "1.3~rc1-1"),
            ("1.2.3~rc1-1", "1.2.3", "1", "1.2.3-1"),
            ("1.2.3~rc9-1", "1.2.3-rc.10", "1", "1.2.3~rc10-1"),
            (
                "1.2.3-rc1-1",
                "1.2.3",
                "1",
                "! 1.2.3-1 would not sort after 1.2.3-rc1-1",
            ),
            ("007:1.2.3-4", "1.3.0", "1", "007:1.3.0-1"),
            ("1.2.3-4+wmf2", "1.3.0", "0+wmf1", "1.3.0-0+wmf1"),
            ("1.2.3+dfsg-4", "1.3.0+dfsg", "1", "1.3.0+dfsg-1"),
            (
                "1.2.post1-1",
                "1.2.1",
                "1",
                "! 1.2.1-1 would not sort after",
            ),
            ("1.2+post1-1", "1.2.1", "1", "1.2.1-1"),
            ("", "1.0.0", "1", "1.0.0-1"),
            ("", "1.0.0-rc.1", "", "1.0.0~rc1"),
            ("", "", "", "! no earlier version"),
            (
                "1.2.3-1",
                "1.2.2",
                "1",
                "! 1.2.2-1 would not sort after 1.2.3-1",
            ),
            ("", "one", "1", "! one-1 is no Debian version"),
            // Native packages.
            ("1.2.3", "", "", "1.2.4"),
            ("1.2.9", "", "", "1.2.10"),
            ("1.2.3+nmu1", "", "", "1.2.4"),
            ("1.2.3+deb12u1", "", "", "1.2.4"),
            ("1.2.3~bpo12+1", "", "", "1.2.4"),
            ("1.2.3+nmu1+deb12u1", "", "", "1.2.4"),
            ("1.2.3ubuntu1", "", "", "1.2.3ubuntu2"),
            ("1.2a", "", "", "1.2a.1"),
            ("20260131", "", "", "20260132"),
            ("1.2.3~rc1", "1.2.3", "", "1.2.3"),
            ("1.2.3+nmu1", "1.2.4", "", "1.2.4"),
            ("1.2.3", "1.2.3", "", "! 1.2.3 would not sort after 1.2.3"),
            (
                "1.2.3+wmf1",
                "1.2.3",
                "",
                "! 1.2.3 would not sort after 1.2.3+wmf1",
            ),
            ("1.2.3", "1.2.4", "1", "1.2.4-1"),
            // On from a way back.
            ("3.1+really2.0-1", "2.0", "1", "3.1+really2.0-2"),
            ("3.1+really2.0-1", "2.1", "1", "3.1+really2.1-1"),
            ("3.1+really2.0-1", "3.1", "1", "3.1+really3.1-1"),
            ("3.1+really2.0-1", "3.2", "1", "3.2-1"),
        ],
    );
}

#[test]
fn uploads_of_others() {
    assert_uploads(
        &Upload::Nmu,
        &[
            ("1.2.3-1", "", "", "1.2.3-1.1"),
            ("1.2.3-1.1", "", "", "1.2.3-1.2"),
            ("1.2.3-1.9", "1.2.3", "1", "1.2.3-1.10"),
            ("1.2.3-1+b2", "", "", "1.2.3-1.1"),
            ("1.2.3-1ubuntu1", "", "", "1.2.3-1ubuntu1.1"),
            ("1.2.3-1", "1.3.0", "1", "1.3.0-0.1"),
            ("1.2.3", "", "", "1.2.3+nmu1"),
            ("1.2.3", "1.2.3", "", "1.2.3+nmu1"),
            ("1.2.3+nmu1", "", "", "1.2.3+nmu2"),
            ("1.2.3+nmu9", "1.2.3", "", "1.2.3+nmu10"),
            ("2:1.2.3+nmu1+b1", "", "", "2:1.2.3+nmu2"),
            ("", "", "", "! no earlier version"),
        ],
    );
}

#[test]
fn backports() {
    let rows = [
        ("1.2.3-1", "", "", "1.2.3-1~bpo12+1"),
        ("1.2.3-1~bpo12+1", "", "", "1.2.3-1~bpo12+2"),
        ("1.2.3-1~bpo12+9", "1.2.3", "1", "1.2.3-1~bpo12+10"),
        ("1.2.3-1~bpo13+4", "", "", "1.2.3-1~bpo12+1"),
        ("1.2.3-1.1", "", "", "1.2.3-1.1~bpo12+1"),
        ("1.2.3-1+b1", "", "", "1.2.3-1~bpo12+1"),
        ("1:1.2.3+dfsg-1", "1.2.3", "1", "1:1.2.3+dfsg-1~bpo12+1"),
        ("1.2.3-1~bpo12+3", "1.3.0", "1", "1.3.0-1~bpo12+1"),
        ("1.2.3-1~bpo12+3", "1.2.0", "1", "! would not sort after"),
        ("1.2.3", "", "", "1.2.3~bpo12+1"),
        ("1.2.3~bpo12+1", "1.2.3", "", "1.2.3~bpo12+2"),
        ("1.2.3~rc1", "", "", "1.2.3~rc1~bpo12+1"),
        ("", "1.2.3", "1", "1.2.3-1~bpo12+1"),
    ];
    for suite in ["bookworm", "12", "bookworm-backports"] {
        assert_uploads(&Upload::Backport(suite.into()), &rows);
    }
}

#[test]
fn stable_updates() {
    let rows = [
        ("1.2.3-1", "", "", "1.2.3-1+deb12u1"),
        ("1.2.3-1+deb12u1", "", "", "1.2.3-1+deb12u2"),
        ("1.2.3-1+deb12u9", "1.2.3", "1", "1.2.3-1+deb12u10"),
        ("1.2.3-1+deb11u4", "", "", "1.2.3-1+deb12u1"),
        ("1.2.3-1+deb13u1", "", "", "! would not sort after"),
        ("1.2.3-2~deb12u1", "", "", "1.2.3-2~deb12u2"),
        ("1.2.3-1.1", "", "", "1.2.3-1.1+deb12u1"),
        ("1.2.3-1+b4", "", "", "1.2.3-1+deb12u1"),
        ("1.2.3-1~bpo12+1", "", "", "1.2.3-1+deb12u1"),
        ("1.2.3-1+wmf1", "", "", "1.2.3-1+wmf1+deb12u1"),
        ("3:1.2.3-1+deb12u1", "1.2.4", "1", "3:1.2.4-0+deb12u1"),
        ("3:1.2.4-0+deb12u1", "1.2.4", "1", "3:1.2.4-0+deb12u2"),
        ("1.2.3", "", "", "1.2.3+deb12u1"),
        ("1.2.3+deb12u1", "1.2.3", "", "1.2.3+deb12u2"),
        ("1.2.3+nmu1", "", "", "1.2.3+nmu1+deb12u1"),
        ("1.2.3", "1.2.4", "", "1.2.4~deb12u1"),
        ("", "", "", "! no earlier version"),
    ];
    for suite in ["bookworm", "12", "bookworm-security"] {
        assert_uploads(&Upload::StableUpdate(suite.into()), &rows);
    }
}

#[test]
fn rebuilds() {
    assert_uploads(
        &Upload::Rebuild,
        &[
            ("1.2.3-1", "", "", "1.2.3-1+b1"),
            ("1.2.3-1", "1.2.3", "1", "1.2.3-1+b1"),
            ("1.2.3-1+b1", "", "", "1.2.3-1+b2"),
            ("1.2.3-1+deb12u1", "", "", "1.2.3-1+deb12u1+b1"),
            ("1.2.3", "", "", "1.2.3+b1"),
            ("1.2.3+b9", "1.2.3", "", "1.2.3+b10"),
            (
                "1.2.3-1",
                "1.3.0",
                "1",
                "! a rebuild is of 1.2.3-1, and 1.3.0 is another",
            ),
            ("", "1.2.3", "1", "! no earlier version"),
        ],
    );
    for (text, source) in [
        ("1.2-1+b2", Some("1.2-1")),
        ("1:1.2+b2", Some("1:1.2")),
        ("1.2-1", None),
        ("1.2-1+b", None),
        ("1.2+b1-1", None),
        ("1.2-1~bpo12+1", None),
    ] {
        let found = source_of(&version(text));
        assert_eq!(found.as_ref().map(Version::as_str), source, "{text}");
    }
    let check = |a: &str, b: &str| check_rebuild(&version(a), &version(b));
    assert_eq!(check("1.2-1+b1", "1.2-1"), Ok(()));
    for other in ["1.2-1", "1.2-2+b1", "1:1.2-1+b1", "1.2-1+b1+b1"] {
        let refusal = check(other, "1.2-1").expect_err(other).to_string();
        assert!(refusal.contains("no rebuild of 1.2-1"), "{refusal}");
    }
}

#[test]
fn local_versions() {
    for word in ["+wmf", "wmf"] {
        assert_uploads(
            &Upload::Local(word.into()),
            &[
                ("1.2.3-1", "", "", "1.2.3-1+wmf1"),
                ("1.2.3-1+wmf1", "", "", "1.2.3-1+wmf2"),
                ("1.2.3-1+wmf9+b1", "1.2.3", "1", "1.2.3-1+wmf10"),
                ("1.2.3-1+deb12u1", "", "", "1.2.3-1+deb12u1+wmf1"),
                ("1.2.3-1+other2", "", "", "1.2.3-1+other2+wmf1"),
                ("1.2.3-1+wmf3", "1.3.0", "1", "1.3.0-1+wmf1"),
                ("5:1.2.3", "", "", "5:1.2.3+wmf1"),
                ("1.2.3+wmf1", "1.2.3", "", "1.2.3+wmf2"),
                ("", "1.2.3", "1", "1.2.3-1+wmf1"),
            ],
        );
    }
    assert_uploads(
        &Upload::Local("~corp.eu".into()),
        &[
            ("1.2.3-1", "", "", "1.2.3-1~corp.eu1"),
            ("1.2.3-1~corp.eu1", "", "", "1.2.3-1~corp.eu2"),
            ("1.2.3-1~corp.eu1", "1.3.0", "1", "1.3.0-1~corp.eu1"),
            ("1.2.3-1~corp.eu1", "1.2.0", "1", "! would not sort after"),
        ],
    );
    for word in [
        "", "+", "wmf1", "b", "+deb", "deb12u", "~bpo", "nmu", "really", "a-b", "a..b", "1a", "é",
    ] {
        assert_uploads(
            &Upload::Local(word.into()),
            &[("1.2.3-1", "", "", "! cannot mark a local version")],
        );
    }
}

#[test]
fn ways_back() {
    assert_uploads(
        &Upload::Really("2.0".into()),
        &[
            ("3.1-1", "", "1", "3.1+really2.0-1"),
            ("3.1-7", "3.1", "", "3.1+really2.0-1"),
            ("3.1+really2.0-1", "", "1", "3.1+really2.0-2"),
            ("3.1+really1.9-4", "", "1", "3.1+really2.0-1"),
            ("3.1+really2.5-4", "", "1", "3.1+really2.5+really2.0-1"),
            ("1:3.1+dfsg-2", "", "1", "1:3.1+dfsg+really2.0-1"),
            ("3.1+repack-2", "", "1", "3.1+repack+really2.0-1"),
            ("3.1-2ubuntu1", "", "", "3.1+really2.0-0ubuntu1"),
            ("3.1", "", "", "3.1+really2.0"),
            ("3.1+nmu1", "", "", "3.1+really2.0"),
            ("3.1+wmf1", "", "", "3.1+wmf1+really2.0"),
            ("3.1+really2.0", "", "", "3.1+really2.0+really2.0"),
            ("", "", "", "! no earlier version"),
        ],
    );
    for (old, want) in [
        ("1.9.0-rc.1", "3.1+really1.9.0~rc1-1"),
        ("2.0-3", "3.1+really2.0-1"),
        ("1:2.0+dfsg-3", "3.1+really2.0+dfsg-1"),
    ] {
        assert_uploads(&Upload::Really(old.into()), &[("3.1-1", "", "1", want)]);
    }
}

#[test]
fn new_releases_start_in_the_habit_of_the_last() {
    for (current, want) in [
        ("1.2-3", Some("1")),
        ("1.2-3.1", Some("1")),
        ("1.2-3+deb12u1", Some("1")),
        ("1.2-3~bpo12+1+b1", Some("1")),
        ("1.2-3ubuntu2", Some("0ubuntu1")),
        ("1.2-0ubuntu2.4", Some("0ubuntu1")),
        ("1.2-3+wmf7", Some("0+wmf1")),
        ("1.2-3~exp1", Some("1")),
        ("1.2", None),
    ] {
        assert_eq!(
            first_revision(&version(current)).as_deref(),
            want,
            "{current}"
        );
    }
}

#[test]
fn what_masks_security_updates() {
    for (text, over) in [
        ("1.2-1+wmf1", Some("1.2-1+deb15u1")),
        ("1:1.2-1.1+wmf1", Some("1:1.2-1.1+deb15u1")),
        ("1.2-1.local1", Some("1.2-1+deb15u1")),
        ("1.2+wmf3", Some("1.2+deb15u1")),
        ("1.2-1+deblocal1", Some("1.2-1+deb15u1")),
        // The next one counts on from it.
        ("1.2-1+deb12u1+wmf1", None),
        ("1.2-1+corp1", None),
        ("1.2-1~wmf1", None),
        ("1.2-1ubuntu1", None),
        ("1.2-1", None),
        ("1.2-1.1", None),
        ("1.2-1+b1", None),
        ("1.2-1+deb12u1", None),
        ("1.2-1~bpo12+1", None),
        ("1.2+nmu1", None),
        ("1.2+dfsg-1", None),
        ("1.2+git20260101", None),
        ("1.2.post1", None),
    ] {
        let found = masks_security_updates(&version(text));
        let message = found.as_ref().map(|finding| finding.message.as_str());
        match over {
            Some(over) => {
                let message = message.expect(text);
                assert!(message.contains(&format!("outranks {over},")), "{message}");
            }
            None => assert_eq!(message, None, "{text}"),
        }
    }
}

#[test]
fn suites_are_debians() {
    for (suite, number) in [
        ("jessie", 8),
        ("bookworm", 12),
        ("duke", 15),
        ("7", 7),
        ("16", 16),
    ] {
        assert_eq!(suite_number(suite), Ok(number), "{suite}");
    }
    for suite in [
        "", "sid", "unstable", "stable", "noble", "Bookworm", "12.5", "0", "-12",
    ] {
        let unknown = DebianVersionError::UnknownSuite(suite.to_owned());
        assert_eq!(suite_number(suite), Err(unknown));
    }
    // Where the package distro-info-data is there, it knows the same.
    let Ok(table) = std::fs::read_to_string("/usr/share/distro-info/debian.csv") else {
        return;
    };
    for (name, number) in suite::SUITES {
        let rows = table
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>());
        let row = rows.into_iter().find(|row| row.get(2) == Some(&name));
        assert_eq!(
            row.map(|row| row[0].to_owned()),
            Some(number.to_string()),
            "{name}"
        );
    }
}

#[test]
fn numbers_of_any_length_rise() {
    for (digits, want) in [
        ("0", "1"),
        ("9", "10"),
        ("09", "10"),
        ("199", "200"),
        ("999", "1000"),
        ("18446744073709551615", "18446744073709551616"),
    ] {
        assert_eq!(suffix::incremented(digits), want);
    }
}

const CURRENT: &str = "([01]:)?[0-2](\\.[0-9]{1,2}){0,2}(~rc[0-9])?(\\+dfsg1?)?(\\+really1\\.[0-9])?((\\+nmu[0-9])?|-[0-9](\\.[0-9])?(ubuntu[0-9])?)(\\+deb1[123]u[0-9]{1,2}|~bpo1[123]\\+[0-9]|\\+wmf[0-9])?(\\+b[0-9])?";
const UPSTREAM: &str = "|[0-3](\\.[0-9]{1,2}){1,2}((-rc\\.|rc|-beta)[0-9]{1,2})?";

fn uploads() -> impl Strategy<Value = Upload> {
    prop_oneof![
        Just(Upload::Release),
        Just(Upload::Nmu),
        Just(Upload::Rebuild),
        Just(Upload::Backport("bookworm".into())),
        Just(Upload::StableUpdate("12".into())),
        Just(Upload::Local("+wmf".into())),
        Just(Upload::Local("~wmf".into())),
        "[0-2]\\.[0-9]".prop_map(Upload::Really),
    ]
}

/// What the new version has to be to the current one: a backport and a version
/// below Debian's own are of it, and so stand before it.
fn expected(current: &str, upstream: &str, kind: &Upload) -> Ordering {
    let current_is = |mark: &str| current.contains(mark);
    let own = match kind {
        Upload::Backport(_) if current_is("~bpo11+") || current_is("~bpo12+") => Ordering::Greater,
        Upload::Backport(_) => Ordering::Less,
        Upload::Local(word) if word.starts_with('~') => Ordering::Less,
        _ => Ordering::Greater,
    };
    if upstream.is_empty() || is_made_of(&version(current), upstream) {
        own
    } else {
        Ordering::Greater
    }
}

/// dpkg itself says of thousands of uploads whether they sort where they have
/// to; its Perl library answers for all of them in one process.
#[test]
fn dpkg_agrees_that_uploads_are_in_order() {
    let mut runner = TestRunner::deterministic();
    let drawn = (CURRENT, UPSTREAM, uploads());
    let mut table = String::new();
    let mut wants = Vec::new();
    let mut refused = 0;
    while wants.len() < 6000 {
        let (current, upstream, kind) = drawn.new_tree(&mut runner).expect("a strategy").current();
        let revision = if current.contains('-') { "1" } else { "" };
        let Ok(found) = upload(&current, &upstream, revision, &kind) else {
            refused += 1;
            assert!(upstream.len() + current.len() > 3, "{current} {kind:?}");
            continue;
        };
        table += &format!("{found} {current}\n");
        let want = expected(&current, &upstream, &kind);
        wants.push((want, format!("{current} {upstream:?} {kind:?} {found}")));
    }
    assert!(
        refused < 6000,
        "{refused} of {} were refused",
        refused + 6000
    );
    let script = "use Dpkg::Version; while (<STDIN>) { my ($a, $b) = split; \
                  print version_compare($a, $b), \"\\n\" }";
    let answers = perl(script, table);
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), wants.len());
    for (answer, (want, row)) in answers.iter().zip(&wants) {
        let found = answer.parse::<i32>().expect("a number").cmp(&0);
        assert_eq!(found, *want, "{row}");
    }
}

fn perl(script: &str, table: String) -> String {
    let mut perl = Command::new("perl")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cannot run perl: install the packages perl and libdpkg-perl");
    let mut input = perl.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || input.write_all(table.as_bytes()));
    let output = perl.wait_with_output().expect("perl runs");
    assert!(output.status.success(), "install the package libdpkg-perl");
    writer.join().expect("no panic").expect("perl reads");
    String::from_utf8(output.stdout).expect("numbers")
}

proptest! {
    /// One upload after the other: each is of the one before, and the source
    /// stays the same.
    #[test]
    fn uploads_of_one_release_follow_each_other(current in CURRENT, kinds in proptest::collection::vec(uploads(), 1..6)) {
        let mut last = version(&current);
        for kind in kinds {
            let basis = Basis { current: Some(&last), upstream: None, revision: None };
            match next(&basis, &kind) {
                Ok(found) => {
                    prop_assert_eq!(found.epoch(), last.epoch());
                    prop_assert_eq!(found.is_native(), last.is_native());
                    if !found.is_native() && !matches!(kind, Upload::Really(_)) {
                        prop_assert_eq!(found.upstream(), last.upstream());
                    }
                    if kind == Upload::Rebuild {
                        prop_assert_eq!(check_rebuild(&found, &source_of(&last).unwrap_or(last)), Ok(()));
                    }
                    last = found;
                }
                Err(error) => {
                    let later = last.as_str().contains("+deb13u") || last.as_str().contains("+wmf");
                    let is_stable = matches!(kind, Upload::StableUpdate(_));
                    prop_assert!(is_stable && later, "{} {:?}: {}", last, kind, error);
                }
            }
        }
    }
}
