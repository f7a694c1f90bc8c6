//! The way there and back, tried in a throw-away root with real maintainer
//! scripts.

use std::path::Path;

use debcut::build::root::Refresh;
use debcut::build::root::choices::RootChoices;
use debcut::flow::rolling::opening::target;
use debcut::flow::rolling::rehearsing::{Base, Stage, rehearse};
use debcut::flow::rooting::Saying;
use debcut::sys::environment::Environment;

use crate::rolling::{Package, desk, environment, rollout, wanted};
use crate::world::{World, is_root};

/// What is wrong with the new version, and what is said of it.
struct Case<'a> {
    source: &'a str,
    old: Package<'a>,
    new: Package<'a>,
    /// A part of each problem.
    want: &'a [&'a str],
}

/// A pair of versions, the new one with these scripts.
fn case<'a>(source: &'a str, scripts: &'a [(&'a str, &'a str)], want: &'a [&'a str]) -> Case<'a> {
    let package = |version| Package {
        name: source,
        version,
        files: &[("etc/lab.conf", "colour = red\n")],
        ..Package::default()
    };
    Case {
        source,
        old: package("1.0"),
        new: Package {
            scripts,
            ..package("2.0")
        },
        want,
    }
}

const FAILS: &str = "echo no; exit 1";
const ON_THE_WAY: &str = "[ \"$1\" != upgrade ] && [ \"$1\" != failed-upgrade ] || exit 1";

fn cases<'a>() -> Vec<Case<'a>> {
    let mut all = vec![
        case("fine", &[("postinst", "true"), ("prerm", "true")], &[]),
        // It would start a service of the machine's, and is told not to.
        case(
            "service",
            &[(
                "postinst",
                "if [ -e /run/systemd/system ]; then exit 9; fi\n\
                 code=0; /usr/sbin/policy-rc.d lab start || code=$?\n\
                 [ $code = 101 ]; invoke-rc.d lab start || [ $? = 100 ]",
            )],
            &[],
        ),
        case(
            "prerm",
            &[("prerm", ON_THE_WAY)],
            &[
                "the prerm of prerm 2.0 fails (returned error exit status 1): there is no way back from 2.0",
            ],
        ),
        case(
            "postrm",
            &[("postrm", "[ \"$1\" != upgrade ] || exit 3")],
            &[
                "the postrm of postrm 2.0 fails (returned error exit status 3): there is no way back from 2.0",
            ],
        ),
        case(
            "preinst",
            &[("preinst", FAILS)],
            &[
                "the preinst of preinst 2.0 fails (returned error exit status 1): hosts with 1.0 do not get to 2.0",
            ],
        ),
        case(
            "postinst",
            &[("postinst", FAILS)],
            &[
                "the postinst of postinst 2.0 fails (returned error exit status 1): hosts with 1.0 do not get to 2.0",
            ],
        ),
        // Broken both ways.
        case(
            "both",
            &[("postinst", FAILS), ("prerm", ON_THE_WAY)],
            &[
                "the postinst of both 2.0 fails",
                "the prerm of both 2.0 fails (returned error exit status 1): there is no way back from 2.0",
            ],
        ),
    ];
    let mut changed = case(
        "conffile",
        &[("postinst", "echo more >>/etc/lab.conf")],
        &[],
    );
    changed.old.conffiles = "/etc/lab.conf\n";
    changed.new.conffiles = "/etc/lab.conf\n";
    changed.want = &["the conffile /etc/lab.conf is not as the package ships it"];
    all.push(changed);
    all
}

/// An archive with each case's versions: the old one for everybody.
fn archive(cases: &[Case<'_>]) -> World {
    let world = World::new();
    world.key();
    world.archive(["init", "--suite", "stable"]).code(0);
    world.archive(["init", "--suite", "canary"]).code(0);
    let add = |packages: &[&Package<'_>], to: &str| {
        let files: Vec<_> = packages.iter().map(|one| one.make(&world)).collect();
        let files = files.iter().map(|file| file.to_str().expect("text"));
        let words = ["add", "--to", to].into_iter().chain(files);
        world.archive(words).code(0);
    };
    let old: Vec<_> = cases.iter().map(|case| &case.old).collect();
    let new: Vec<_> = cases.iter().map(|case| &case.new).collect();
    add(&old, "stable");
    add(&new, "canary");
    world
}

/// Rehearses the newest version of a source; the problems, or why nobody knows.
fn problems(
    world: &World,
    environment: &Environment,
    source: &str,
    base: Base,
) -> Result<Vec<String>, String> {
    let desk = desk(world, environment, 0);
    let target = target(&desk, &wanted(source, &["canary"])).expect(source);
    let rollout = rollout(target, &["stable"]);
    let (choices, archives) = (RootChoices::default(), Default::default());
    let stage = Stage {
        program: Path::new(env!("CARGO_BIN_EXE_debcut")),
        base,
        saying: Saying {
            choices: &choices,
            archives: &archives,
            top: &world.project(),
        },
        refresh: Refresh::Never,
    };
    rehearse(&desk, &rollout, &stage).map_err(|error| error.to_string())
}

#[track_caller]
fn judged(case: &Case<'_>, found: Result<Vec<String>, String>) {
    let found = found.expect(case.source);
    assert_eq!(
        found.is_empty(),
        case.want.is_empty(),
        "{}: {found:#?}",
        case.source
    );
    for want in case.want {
        let is_said = found.iter().any(|problem| problem.contains(want));
        assert!(is_said, "{}: {want:?} in\n{found:#?}", case.source);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn broken_scripts_are_found_on_this_machines_own_system() {
    if !is_root() {
        eprintln!("skipped: only root can lay a layer over the machine's system");
        return;
    }
    let cases = cases();
    let world = archive(&cases);
    let environment = environment(&world);
    let before = std::fs::read("/var/lib/dpkg/status").expect("there");
    for case in &cases {
        judged(
            case,
            problems(&world, &environment, case.source, Base::Host),
        );
    }
    assert_eq!(
        std::fs::read("/var/lib/dpkg/status").expect("there"),
        before
    );
    assert!(!Path::new("/etc/lab.conf").exists(), "nothing came out");
    let left: Vec<_> = std::fs::read_dir(world.path("cache/debcut/roots"))
        .expect("there")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_clean_system_brings_what_packages_need() {
    if !crate::chroot::is_possible() {
        return;
    }
    let mut needs = case("needs", &[("postinst", "ed --version >/dev/null")], &[]);
    needs.new.fields = "Depends: ed\n";
    let mut gone = case(
        "gone",
        &[],
        &[
            "hosts with 1.0 do not get to 2.0: gone : Depends: nobody-has-this but it is not installable",
        ],
    );
    gone.new.fields = "Depends: nobody-has-this\n";
    let prerm = case(
        "prerm",
        &[("prerm", ON_THE_WAY)],
        &[
            "the prerm of prerm 2.0 fails (returned error exit status 1): there is no way back from 2.0",
        ],
    );
    let cases = [needs, gone, prerm];
    let world = archive(&cases);
    let kept = crate::chroot::kept(rustix::process::geteuid().as_raw());
    let made = world.debcut(["root", "make", "bookworm"]);
    let made = made.env("XDG_CACHE_HOME", &kept);
    made.env("DEBCUT_NOW", crate::chroot::now()).run().code(0);
    let environment = environment(&world).with("XDG_CACHE_HOME", kept.as_os_str());
    for case in &cases {
        judged(
            case,
            problems(&world, &environment, case.source, Base::Clean),
        );
    }
}

#[test]
fn where_nothing_can_be_rehearsed_nobody_says_that_all_is_well() {
    let world = archive(&[case("fine", &[], &[])]);
    let environment = environment(&world);
    let desk = desk(&world, &environment, 0);
    let mut target = target(&desk, &wanted("fine", &["canary"])).expect("there");
    target.versions[0].release = Some("duke".to_owned());
    let rollout = rollout(target, &["stable"]);
    let (choices, archives) = (RootChoices::default(), Default::default());
    let stage = |base| Stage {
        program: Path::new(env!("CARGO_BIN_EXE_debcut")),
        base,
        saying: Saying {
            choices: &choices,
            archives: &archives,
            top: Path::new("/"),
        },
        refresh: Refresh::Never,
    };
    let error = rehearse(&desk, &rollout, &stage(Base::Host)).expect_err("another release");
    let said = error.to_string();
    assert!(
        said.ends_with("and what is rehearsed is for duke"),
        "{said}"
    );
}
