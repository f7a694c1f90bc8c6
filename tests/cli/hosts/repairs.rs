//! Jobs that were killed, and what is left of them.

use super::*;

const SOURCES: &str = r#"
for v in 1.0 2.0; do
  begin slow all "$v" slow
  [ "$v" = 1.0 ] || printf '[ -e /tmp/go ] || { : >/tmp/here; sleep 50; }\n' | script postinst
  pack
  plain quiet all "$v" quiet
done
begin other all 1.0 other
printf 'exit 1\n' | script postinst
pack
"#;

fn machine() -> Option<Machine> {
    let installed = ["slow_1.0_all.deb", "quiet_1.0_all.deb"];
    Machine::with(&packages::archive(SOURCES), &installed)
}

/// Begins the slow installation and returns when its postinst runs.
fn in_the_middle(course: &Course<'_>) -> Order {
    let order = course.order("first", course.moves("2.0"), Way::Forward, false);
    assert_eq!(course.told(&order), Told::Begun);
    started(course);
    assert_eq!(course.asked(Some("first"), &[]).job, Job::Running);
    order
}

/// Waits until the slow postinst runs.
fn started(course: &Course<'_>) {
    course.machine.ok("i=0; while [ ! -e /tmp/here ] && [ $i -lt 200 ]; do sleep 0.1; i=$((i+1)); done; [ -e /tmp/here ]");
}

/// As if the machine had lost its power.
const CRASH: &str = "kill -9 $(ps -eo pid,args | awk '/debcut.jobs|apt-get|dpkg|sleep 50|postinst/ && !/awk/ { print $1 }'); sleep 0.3; rm -f /tmp/here";

#[test]
fn a_crash_in_postinst_is_lost_and_then_repaired() {
    let Some(machine) = machine() else { return };
    let slow = Course::of(&machine, "slow");
    let order = in_the_middle(&slow);
    machine.ok(CRASH);
    let facts = slow.asked(Some("first"), &[]);
    assert_eq!(facts.job, Job::Lost);
    assert_eq!(shown(&facts), ["slow:all 2.0 HalfConfigured"]);
    assert_eq!(facts.unfinished, ["slow".parse().expect("a name")]);
    // Told again it does not begin again: it has begun.
    assert_eq!(slow.told(&order), Told::Begun);
    assert_eq!(slow.asked(Some("first"), &[]).job, Job::Lost);

    // apt wants dpkg's journal written first, which the repair does.
    machine.ok("touch /tmp/go");
    let repair = slow.order("second", order.moves.clone(), Way::Forward, true);
    let facts = slow.done(&repair);
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("done", 0), "{log}");
    assert_eq!(shown(&facts), ["slow:all 2.0"]);
    assert!(log.contains("all is there"), "{log}");
}

#[test]
fn the_way_back_runs_nothing_of_the_bad_version_again() {
    let Some(machine) = machine() else { return };
    let slow = Course::of(&machine, "slow");
    in_the_middle(&slow);
    machine.ok(CRASH);
    let back = slow.order("back", slow.moves("1.0"), Way::Back, true);
    let facts = slow.done(&back);
    assert_eq!(
        (ended(&facts).1, shown(&facts)),
        (0, vec!["slow:all 1.0".to_owned()]),
        "{facts:?}"
    );
    assert_eq!(machine.run("test -e /tmp/here").code, 1);
}

#[test]
fn a_script_that_takes_too_long_is_left_to_run() {
    let Some(machine) = machine() else { return };
    let mut slow = Course::of(&machine, "slow");
    slow.policy.job_seconds = 2;
    slow.policy.lock_seconds = 1;
    let mut order = slow.order("slow-1-1", slow.moves("2.0"), Way::Forward, false);
    let back = slow.order("slow-1-2", slow.moves("1.0"), Way::Back, false);
    assert_eq!(slow.told(&order), Told::Begun);
    started(&slow);
    std::thread::sleep(Duration::from_secs(4));
    // dpkg is not ended in the middle of its work, whoever waits.
    assert_eq!(slow.asked(Some("slow-1-1"), &[]).job, Job::Running);
    let log = machine.ok("cat /var/lib/debcut/jobs/slow-1-1/log");
    assert!(log.contains("Setting up slow (2.0)"), "said at once: {log}");
    // Nor does another job of the source begin meanwhile.
    order.moves = slow.moves("1.0");
    let why = "a job of the same source still runs: /var/lib/debcut/jobs/slow-1-1/log".to_owned();
    assert_eq!(slow.told(&back), Told::NotBegun { why });
    machine.ok("kill $(ps -eo pid,args | awk '$2 == \"sleep\" && $3 == 50 { print $1 }')");
    let facts = slow.waited("slow-1-1");
    assert_eq!(ended(&facts).0, "install", "{facts:?}");
    let back = slow.order("slow-1-3", slow.moves("1.0"), Way::Back, false);
    let facts = slow.done(&back);
    assert_eq!(shown(&facts), ["slow:all 1.0"], "{facts:?}");
}

/// The marks that an installation took away are given back by whoever finishes
/// it, and nothing is installed again for that.
#[test]
fn marks_are_given_back_after_a_kill() {
    let Some(machine) = machine() else { return };
    machine.ok("apt-mark auto slow >/dev/null; touch /tmp/go");
    for (package, mark) in [("slow", "manual"), ("quiet", "auto")] {
        let course = Course::of(&machine, package);
        let moves = course.moves("2.0");
        let order = course.order(package, moves.clone(), Way::Forward, false);
        assert_eq!(ended(&course.done(&order)).1, 0);
        machine.ok(&format!("apt-mark {mark} {package} >/dev/null"));
        let again = course.order(&format!("{package}2"), moves, Way::Forward, true);
        let facts = course.done(&again);
        let (_, code, log) = ended(&facts);
        assert!(code == 0 && log.contains("all is there"), "{log}");
    }
    assert_eq!(machine.ok("apt-mark showauto"), "slow\n");
}

#[test]
fn what_others_left_half_done_is_not_ours_to_finish() {
    let Some(machine) = machine() else { return };
    machine.ok("dpkg -i /srv/archive/other_1.0_all.deb || :");
    let quiet = Course::of(&machine, "quiet");
    for (job, repair) in [("one", false), ("two", true)] {
        let order = quiet.order(job, quiet.moves("2.0"), Way::Forward, repair);
        let facts = quiet.done(&order);
        let (stage, code, log) = ended(&facts);
        assert_eq!((stage, code), ("repair", 1), "{log}");
        assert!(
            log.contains("unfinished, and not of this rollout:\nother half-configured"),
            "{log}"
        );
        assert_eq!(shown(&facts), ["quiet:all 1.0"]);
    }
}

#[test]
fn half_a_script_does_nothing() {
    let Some(machine) = machine() else { return };
    let quiet = Course::of(&machine, "quiet");
    let order = quiet.order("one", quiet.moves("2.0"), Way::Forward, false);
    let text = script::begin(&quiet.source(), &quiet.policy, &order).text();
    for part in [10, 50, 90, 99] {
        let half: String = text
            .chars()
            .take(text.chars().count() * part / 100)
            .collect();
        let ran = machine.run(&half);
        assert!(word::told(&ran.stdout).is_err(), "{}", ran.stdout);
    }
    assert_eq!(machine.run("test -e /var/lib/debcut/jobs").code, 1);
}
