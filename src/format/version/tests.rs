use std::process::Command;

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    Version::new(text).expect(text)
}

#[test]
fn parts_are_split_at_the_first_colon_and_the_last_hyphen() {
    for (text, epoch, upstream, revision, without) in [
        ("1.0", 0, "1.0", None, "1.0"),
        ("1.0-1", 0, "1.0", Some("1"), "1.0-1"),
        ("2:1.0-rc1-1", 2, "1.0-rc1", Some("1"), "1.0-rc1-1"),
        ("1:2:3-4", 1, "2:3", Some("4"), "2:3-4"),
        ("007:1~~-0", 7, "1~~", Some("0"), "1~~-0"),
        ("2147483647:1", 2_147_483_647, "1", None, "1"),
    ] {
        let found = version(text);
        assert_eq!(found.epoch(), epoch, "{text}");
        assert_eq!(found.upstream(), upstream, "{text}");
        assert_eq!(found.revision(), revision, "{text}");
        assert_eq!(found.without_epoch(), without, "{text}");
        assert_eq!(found.is_native(), revision.is_none(), "{text}");
        assert_eq!(found.to_string(), text);
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_rule() {
    for (text, rule) in [
        ("", "empty"),
        (":1", "epoch before the colon is empty"),
        ("a:1", "must be a number"),
        ("+1:1", "must be a number"),
        ("-1:1", "must be a number"),
        ("2147483648:1", "at most"),
        ("99999999999999999999:1", "at most"),
        ("1:", "start with a digit"),
        ("-1", "start with a digit"),
        ("a1", "start with a digit"),
        ("~1", "start with a digit"),
        ("1.0-", "revision after the last hyphen is empty"),
        ("1.0-1_2", "revision may hold"),
        ("1:1-1:1", "revision may hold"),
        ("1.0_1", "upstream version may hold"),
        ("1.0 ", "upstream version may hold"),
        (" 1.0", "start with a digit"),
        ("1.0\n", "upstream version may hold"),
        ("1/2", "upstream version may hold"),
        ("1é", "upstream version may hold"),
    ] {
        let error = Version::new(text).expect_err(text);
        assert!(error.rule.contains(rule), "{text:?}: {error}");
    }
}

#[test]
fn the_order_is_dpkgs() {
    let ascending = [
        "1.2.3~rc2-1",
        "1.2.3~rc10-1",
        "1.2.3-1~bpo11+1",
        "1.2.3-1~bpo12+1",
        "1.2.3-1",
        "1.2.3-1+b1",
        "1.2.3-1+deb12u1",
        "1.2.3-1+deb12u10",
        "1.2.3-1+deb13u1",
        "1.2.3-1.1",
        "1.2.3-2~deb12u1",
        "1.2.3-2",
        "1.2.3-rc1-1",
        "2.0~0.2026",
        "2.0~rc1",
        "2.0+really1.9",
        "2.1a-1",
        "2.1+-1",
        "1:0",
    ];
    for (i, low) in ascending.iter().enumerate() {
        for high in &ascending[i + 1..] {
            assert_eq!(
                version(low).compare(&version(high)),
                Ordering::Less,
                "{low} {high}"
            );
            assert!(version(high) > version(low), "{high} {low}");
        }
    }
    for (a, b) in [
        ("1.2.3", "1.2.3-0"),
        ("0:1.0-1", "1.0-1"),
        ("1.0.0-1", "1.00.0-1"),
    ] {
        let (a, b) = (version(a), version(b));
        assert_eq!(a.compare(&b), Ordering::Equal, "{a} {b}");
        assert_ne!(a, b);
        assert_ne!(a.cmp(&b), Ordering::Equal, "{a} {b}");
    }
}

#[test]
fn tags_follow_dep14() {
    for (text, tag) in [
        ("1:1.2.3~rc1-1", "1%1.2.3_rc1-1"),
        ("1.0-1", "1.0-1"),
        ("1..2", "1.#.2"),
        ("1...2", "1.#.#.2"),
        ("1.", "1.#"),
        ("1.lock", "1.#lock"),
        ("1.lock-1", "1.lock-1"),
        ("1.locks", "1.locks"),
    ] {
        assert_eq!(version(text).to_dep14(), tag, "{text}");
        assert_eq!(Version::from_dep14(tag), Ok(version(text)), "{tag}");
    }
    for tag in ["", "1#0", "1.#0", "1..2", "1~rc1", "1:1", "v1.0", "1.lock"] {
        assert!(Version::from_dep14(tag).is_err(), "{tag}");
    }
}

#[test]
fn serde_writes_and_checks_a_string() {
    let found: Version = serde_json::from_str("\"1:1.0-1\"").expect("a version");
    assert_eq!(
        serde_json::to_string(&found).expect("a string"),
        "\"1:1.0-1\""
    );
    assert!(serde_json::from_str::<Version>("\"1.0-\"").is_err());
}

/// Few letters, so that random versions often share long beginnings.
const VERSION: &str = "([01]:)?[0-2][0-2a.+~-]{0,6}(-[0-2a.+~]{1,4})?";

proptest! {
    #[test]
    fn any_text_is_refused_or_kept(text in "\\PC{0,12}|[0-9:.~+a-]{0,10}") {
        if let Ok(version) = Version::new(text.clone()) {
            prop_assert_eq!(version.as_str(), &text);
            prop_assert_eq!(Version::from_dep14(&version.to_dep14()), Ok(version));
        }
    }

    #[test]
    fn the_order_is_total(a in VERSION, b in VERSION, c in VERSION) {
        let all = [a, b, c].map(Version::new);
        if let [Ok(a), Ok(b), Ok(c)] = &all {
            prop_assert_eq!(a.compare(b), b.compare(a).reverse());
            prop_assert_eq!(a.cmp(b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}

/// dpkg itself answers for thousands of pairs in one process: its library
/// in Perl is checked against the same table as `dpkg --compare-versions`.
#[test]
fn dpkg_agrees_on_random_pairs() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut draw = || {
        loop {
            let text = VERSION.new_tree(&mut runner).expect("a strategy").current();
            if let Ok(version) = Version::new(text) {
                return version;
            }
        }
    };
    let pairs: Vec<_> = (0..5000).map(|_| (draw(), draw())).collect();
    let table: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();

    let answers = perl(
        "use Dpkg::Version; while (<STDIN>) { my ($a, $b) = split; \
             print version_compare($a, $b), \"\\n\" }",
        &table,
    );
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), pairs.len());
    for ((a, b), answer) in pairs.iter().zip(answers) {
        let want = answer.parse::<i32>().expect("a number").cmp(&0);
        assert_eq!(a.compare(b), want, "{a} {b}");
    }

    for (a, b) in &pairs[..100] {
        let relation = match a.compare(b) {
            Ordering::Less => "lt",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt",
        };
        let status = Command::new("dpkg")
            .args(["--compare-versions", a.as_str(), relation, b.as_str()])
            .status()
            .expect("cannot run dpkg: install the package dpkg");
        assert!(status.success(), "dpkg: not {a} {relation} {b}");
    }
}

fn perl(program: &str, input: &str) -> String {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new("perl")
        .args(["-e", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cannot run perl: install the packages perl and libdpkg-perl");
    let mut pipe = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("perl ends");
    writer.join().expect("no panic").expect("perl reads");
    assert!(
        output.status.success(),
        "perl failed: install the package libdpkg-perl"
    );
    String::from_utf8(output.stdout).expect("ASCII")
}
