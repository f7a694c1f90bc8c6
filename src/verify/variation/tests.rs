use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::build::environment::{self, BuildEnvironment};
use crate::build::isolation::Isolation;

fn usual() -> Conditions {
    Conditions {
        ahead_seconds: 0,
        zone: "UTC".to_owned(),
        locale: "C.UTF-8".to_owned(),
        umask: 0o022,
        user: "builder".to_owned(),
        uid: 1000,
        host_name: "debcut".to_owned(),
        processors: 4,
        order: Order::AsStored,
        noise: BTreeMap::new(),
        kernel: "6.1.0-9-amd64".to_owned(),
        path: "/build/hello-2.10".to_owned(),
    }
}

fn environment() -> BuildEnvironment {
    let machine = environment::Machine {
        host_name: "host".to_owned(),
        user: environment::BuildUser {
            name: "ana".to_owned(),
            uid: 1,
        },
        kernel: "6.1.0-9-amd64".to_owned(),
        processors: 4,
    };
    let epoch = crate::model::Timestamp::from_unix(0);
    BuildEnvironment::usual(&Isolation::Namespace, &machine, epoch)
}

#[test]
fn usual_conditions_change_nothing() {
    let environment = environment();
    let conditions = Conditions::of(&environment);
    assert_eq!(conditions.around(&environment), environment);
    let (varied, _) = vary(&conditions, &all(), &machine());
    let around = varied.around(&environment);
    assert_eq!(Conditions::of(&around).path, varied.path);
    let variables = around.all_variables();
    assert_eq!(variables["EDITOR"], "varied-editor");
    assert_eq!(variables["DEB_BUILD_OPTIONS"], "parallel=1");
    assert_eq!(variables["TZ"], "LINT-14");
}

fn machine() -> Machine {
    Machine {
        apart: Apart::Room,
        processors: 4,
        locales: ["C", "C.utf8", "POSIX"].map(str::to_owned).into(),
        preload: Ok(()),
        old_kernel: Ok("2.6.61-9-amd64".to_owned()),
    }
}

fn all() -> BTreeSet<Variation> {
    Variation::ALL.into()
}

fn not_tried(tried: &[Tried]) -> BTreeSet<Variation> {
    let not = tried
        .iter()
        .filter(|tried| matches!(tried.outcome, Outcome::NotTried { .. }));
    not.map(|tried| tried.variation).collect()
}

#[test]
fn names_are_read_back() {
    for variation in Variation::ALL {
        assert_eq!(variation.name().parse(), Ok(variation));
    }
    let error = "weather".parse::<Variation>().expect_err("none");
    assert!(error.to_string().contains("host-name"), "{error}");
    assert!(!Variation::usual().contains(&Variation::Path));
    assert_eq!(Variation::usual().len(), 10);
}

#[test]
fn every_variation_changes_its_condition_and_no_other() {
    type Field = fn(&Conditions) -> String;
    let fields: [(Variation, Field); 11] = [
        (Variation::Time, |c| c.ahead_seconds.to_string()),
        (Variation::Zone, |c| c.zone.clone()),
        (Variation::Locale, |c| c.locale.clone()),
        (Variation::Umask, |c| c.umask.to_string()),
        (Variation::User, |c| format!("{}{}", c.user, c.uid)),
        (Variation::HostName, |c| c.host_name.clone()),
        (Variation::Processors, |c| c.processors.to_string()),
        (Variation::DirectoryOrder, |c| format!("{:?}", c.order)),
        (Variation::Environment, |c| format!("{:?}", c.noise)),
        (Variation::Kernel, |c| c.kernel.clone()),
        (Variation::Path, |c| c.path.clone()),
    ];
    let usual = usual();
    for variation in Variation::ALL {
        let (varied, tried) = vary(&usual, &[variation].into(), &machine());
        assert!(not_tried(&tried).is_empty(), "{tried:?}");
        for (of, field) in fields {
            let changed = field(&usual) != field(&varied);
            assert_eq!(changed, of == variation, "{of} when {variation} varies");
        }
    }
}

#[test]
fn what_a_machine_cannot_vary_is_named_with_the_reason() {
    let bare = Machine {
        apart: Apart::Nothing,
        processors: 1,
        locales: vec!["C".to_owned()],
        preload: Err("there is no C compiler".to_owned()),
        old_kernel: Err("setarch is not installed".to_owned()),
    };
    let one = Conditions {
        processors: 1,
        locale: "C".to_owned(),
        ..usual()
    };
    let (varied, tried) = vary(&one, &all(), &bare);
    let tried_all_the_same = [Variation::Zone, Variation::Umask, Variation::Environment];
    let left: BTreeSet<_> = all()
        .into_iter()
        .filter(|v| !tried_all_the_same.contains(v))
        .collect();
    assert_eq!(not_tried(&tried), left);
    assert_eq!(tried.len(), 11, "each says what became of it");
    assert_eq!(varied.user, one.user);
    let why = tried.iter().find(|t| t.variation == Variation::Time);
    let Some(Outcome::NotTried { why }) = why.map(|tried| &tried.outcome) else {
        panic!("{tried:?}");
    };
    assert_eq!(why, "there is no C compiler");
}

#[test]
fn another_language_is_taken_where_there_is_one() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("C.UTF-8", &["C", "C.utf8", "POSIX"], "C"),
        ("C.UTF-8", &["C", "fr_CH.utf8", "tr_TR.utf8"], "tr_TR.utf8"),
        ("C.UTF-8", &["C", "nl_NL.utf8"], "nl_NL.utf8"),
        ("C", &["C", "C.utf8"], "C.UTF-8"),
        ("nl_NL.UTF-8", &["C", "nl_NL.utf8"], "C"),
    ];
    for (from, installed, want) in cases {
        let conditions = Conditions {
            locale: (*from).to_owned(),
            ..usual()
        };
        let machine = Machine {
            locales: installed.iter().map(|l| (*l).to_owned()).collect(),
            ..machine()
        };
        let (varied, _) = vary(&conditions, &[Variation::Locale].into(), &machine);
        assert_eq!(varied.locale, *want, "{from} {installed:?}");
        let around = varied.around(&environment());
        let variables = around.all_variables();
        assert_eq!(variables["LC_ALL"], *want);
        assert_eq!(variables.contains_key("LANGUAGE"), want.contains('_'));
    }
}

#[test]
fn another_year_is_another_year() {
    let (varied, _) = vary(&usual(), &[Variation::Time].into(), &machine());
    for day in 0..1500 {
        let now = crate::model::Timestamp::from_unix(1_700_000_000 + day * 86400);
        let then = now.plus_seconds(varied.ahead_seconds);
        let parts = |t: crate::model::Timestamp| t.day()[..4].to_owned();
        assert_ne!(parts(now), parts(then), "{now}");
        assert_ne!(now.day()[5..7], then.day()[5..7], "{now}");
        assert_ne!(now.rfc2822()[..3], then.rfc2822()[..3], "{now}");
    }
}

#[test]
fn a_library_is_needed_for_clocks_and_directories_alone() {
    assert_eq!(usual().around(&environment()).preload, None);
    for (variation, want) in [
        (Variation::Time, "-DAHEAD_SECONDS=34669380"),
        (Variation::DirectoryOrder, "-DREVERSED"),
    ] {
        let (varied, _) = vary(&usual(), &[variation].into(), &machine());
        let preload = varied.around(&environment()).preload.expect("a library");
        let arguments = preload.arguments("vary.so");
        assert!(arguments.iter().any(|a| a == want), "{arguments:?}");
        assert_eq!(arguments.iter().filter(|a| a.starts_with("-D")).count(), 1);
    }
}

/// Runs a script with the library that these definitions make.
fn under(definitions: &[&str], script: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let library = dir.path().join("vary.so");
    let preload = crate::build::preload::Preload {
        definitions: definitions.iter().map(|d| (*d).to_owned()).collect(),
        ..whole_library()
    };
    let tool = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        crate::sys::process::Tool::new(program).env("PATH", path)
    };
    let compiler = tool("cc").input(preload.source);
    let compiler = compiler.args(preload.arguments(&library.to_string_lossy()));
    compiler.output().expect("a C compiler");
    let shell = tool("sh").env("LD_PRELOAD", &library).dir(dir.path());
    let ran = shell
        .args(["-ec", script])
        .output()
        .expect("the script ends well");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{script}");
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

#[test]
fn programs_see_another_time_and_files_do_not() {
    let ahead = &["-DAHEAD_SECONDS=34669380"];
    let now = crate::sys::clock::Clock::System.now().unix();
    for script in [
        "date +%s",
        "perl -e 'print time'",
        "perl -MTime::HiRes=time -e 'print int(time)'",
        "make -f /dev/null --eval 'x:;@date +%s' x",
    ] {
        let seen: i64 = under(ahead, script).parse().expect("a number");
        assert!(
            (34_669_380..34_669_500).contains(&(seen - now)),
            "{script}: {seen}"
        );
    }
    let written: i64 = under(ahead, "touch f; stat -c %Y f")
        .parse()
        .expect("a number");
    assert!((written - now).abs() < 120, "{written}");
    // make warns of files from the future and builds twice.
    let make = "printf 'x: y\\n\\tcat y > x\\ny:\\n\\techo y > y\\n' > Makefile; make -s; make";
    assert_eq!(under(ahead, make), "make: 'x' is up to date.");
    // Who waits until a moment does not wait for a year.
    assert_eq!(under(ahead, "timeout 20 sleep 0.1; echo done"), "done");
}

#[test]
fn directories_are_turned_around_and_lose_nothing() {
    let script = "mkdir d; for i in $(seq 200); do : > d/$i; done; ls -U d | LD_PRELOAD= tac > a; \
                  LD_PRELOAD= ls -U d > b; cmp a b && find d -type f | wc -l; rm -r d; ls";
    let found = under(&["-DREVERSED"], script);
    assert_eq!(found, "200\na\nb\nvary.so");
    let script = "mkdir d; : > d/1; : > d/2; perl -e 'opendir D, \"d\"; $a = join \" \", readdir D; \
                  rewinddir D; $b = join \" \", readdir D; print $a eq $b ? \"same\" : \"$a, $b\"'";
    assert_eq!(under(&["-DREVERSED"], script), "same");
}
