//! What a host refuses, and how it fails without harm.

use super::*;

const SOURCES: &str = r#"
for v in 1.0 2.0; do
  plain quiet all "$v" quiet
  begin postinst all "$v" postinst
  [ "$v" = 1.0 ] || printf 'echo it breaks >&2; exit 3\n' | script postinst
  pack
done
plain bystander all 1.0 bystander
plain bystander all 2.0 bystander
plain eater all 1.0 eater
plain eater all 2.0 eater 'Conflicts: bystander'
plain wants all 1.0 wants
plain wants all 2.0 wants 'Depends: bystander (>= 2)'
plain needs all 1.0 needs
plain needs all 2.0 needs 'Depends: fresh'
plain fresh all 1.0 fresh
plain splits all 1.0 splits
plain splits all 2.0 splits 'Depends: splits-common'
plain splits-common all 2.0 splits
for v in 1.0 2.0; do
  begin stuck all "$v" stuck
  [ "$v" = 1.0 ] || printf 'echo no way out; exit 4\n' | script prerm
  pack
  begin locks all "$v" locks
  [ "$v" = 1.0 ] || script postinst <<'END'
echo once >>/tmp/runs
echo 'debconf: DbDriver "config": /var/cache/debconf/config.dat is locked by another process: Resource temporarily unavailable' >&2
echo 'E: Could not get lock /var/lib/theirs' >&2
exit 1
END
  pack
done
"#;

const INSTALLED: [&str; 9] = [
    "quiet_1.0_all.deb",
    "postinst_1.0_all.deb",
    "bystander_1.0_all.deb",
    "eater_1.0_all.deb",
    "wants_1.0_all.deb",
    "needs_1.0_all.deb",
    "splits_1.0_all.deb",
    "stuck_1.0_all.deb",
    "locks_1.0_all.deb",
];

fn machine() -> Option<Machine> {
    Machine::with(&packages::archive(SOURCES), &INSTALLED)
}

#[test]
fn nothing_is_removed_and_nothing_of_others_is_changed() {
    let Some(machine) = machine() else { return };
    for (source, word) in [
        ("eater", "refused: it would remove bystander"),
        (
            "wants",
            "refused: it would change bystander [1.0], which is not of this rollout",
        ),
        (
            "splits",
            "refused: it would add splits-common, which is of splits too and was not installed",
        ),
    ] {
        let facts = Course::of(&machine, source).forward(source, "2.0");
        let (stage, code, log) = ended(&facts);
        assert_eq!((stage, code), ("simulate", 1), "{log}");
        assert_eq!(log.lines().last(), Some(word), "{log}");
        assert_eq!(shown(&facts), [format!("{source}:all 1.0")]);
    }
    let needs = Course::of(&machine, "needs");
    let facts = needs.forward("needs", "2.0");
    let (_, code, log) = ended(&facts);
    assert_eq!(code, 0, "{log}");
    assert!(log.ends_with("\nadded: fresh 1.0"), "{log}");
    let auto = machine.ok("apt-mark showauto; dpkg-query -W -f '${Version}' bystander");
    assert_eq!(auto, "fresh\n1.0");
}

#[test]
fn what_the_host_decided_is_not_overruled() {
    let Some(machine) = machine() else { return };
    let quiet = Course::of(&machine, "quiet");
    let facts = quiet.forward("gone", "9.0");
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("simulate", 100), "{log}");
    assert!(
        log.ends_with("E: Version '9.0' for 'quiet' was not found"),
        "{log}"
    );

    machine.ok("apt-mark hold quiet");
    let facts = quiet.forward("held", "2.0");
    let (stage, _, log) = ended(&facts);
    assert_eq!(stage, "simulate", "{log}");
    assert!(log.contains("Held packages were changed"), "{log}");
    assert_eq!(
        facts.installed[0].selection,
        debcut::rollout::facts::Selection::Hold
    );
    machine.ok("apt-mark unhold quiet");

    // Asked, then changed by hand, then told.
    let order = quiet.order("hand", quiet.moves("2.0"), Way::Forward, false);
    machine.ok("cd /srv/archive; sed 's/^Version: .*/Version: 1.5/' -i /dev/null
        rm -rf /tmp/q; dpkg-deb -R quiet_1.0_all.deb /tmp/q; sed -i 's/^Version: .*/Version: 1.5/' /tmp/q/DEBIAN/control
        dpkg-deb -Znone -b /tmp/q /tmp/q.deb >/dev/null; dpkg -i /tmp/q.deb");
    let why = "changed on the host meanwhile: quiet is 1.5 and was 1.0; ".to_owned();
    assert_eq!(quiet.told(&order), Told::NotBegun { why });
    machine.ok("dpkg --purge quiet");
    let why = "changed on the host meanwhile: quiet is gone and was 1.0; ".to_owned();
    assert_eq!(quiet.told(&order), Told::NotBegun { why });
    assert_eq!(quiet.asked(Some("hand"), &[]).job, Job::Absent);
}

#[test]
fn a_failing_script_is_half_done_and_the_way_back_recovers() {
    let Some(machine) = machine() else { return };
    let course = Course::of(&machine, "postinst");
    let facts = course.forward("one", "2.0");
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("install", 100), "{log}");
    let last = "dpkg: error processing package postinst (--configure): installed postinst package \
                post-installation script subprocess returned error exit status 3: it breaks";
    assert_eq!(log.lines().last(), Some(last), "{log}");
    assert_eq!(shown(&facts), ["postinst:all 2.0 HalfConfigured"]);
    let audit = machine.ok("dpkg --audit | sed -n 's/^ \\([a-z]*\\) .*/\\1/p'");
    assert_eq!(audit, "postinst\n");
    assert_eq!(facts.unfinished.len(), 1, "{:?}", facts.unfinished);
    let home = course.done(&course.order("two", course.moves("1.0"), Way::Back, false));
    assert_eq!(shown(&home), ["postinst:all 1.0"], "{home:?}");
    assert_eq!((ended(&home).1, home.unfinished.len()), (0, 0));
}

/// The last line says what went wrong, not that something did.
#[test]
fn a_script_in_the_way_is_named_with_its_words() {
    let Some(machine) = machine() else { return };
    let stuck = Course::of(&machine, "stuck");
    assert_eq!(ended(&stuck.forward("in", "2.0")).1, 0);
    let facts = stuck.done(&stuck.order("out", stuck.moves("1.0"), Way::Back, false));
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("install", 100), "{log}");
    let last = log.lines().last().expect("words");
    assert!(
        last.starts_with("dpkg: error processing archive ")
            && last.ends_with(
                ": old stuck package pre-removal script subprocess returned error exit status 4: no way out"
            ),
        "{log}"
    );
    assert_eq!(shown(&facts), ["stuck:all 2.0"]);
}

#[test]
fn a_script_that_speaks_of_locks_runs_once() {
    let Some(machine) = machine() else { return };
    let facts = Course::of(&machine, "locks").forward("one", "2.0");
    assert_eq!((ended(&facts).0, ended(&facts).1), ("install", 100));
    assert_eq!(machine.ok("cat /tmp/runs"), "once\n");
}

#[test]
fn a_database_that_cannot_be_read_is_no_empty_one() {
    let Some(machine) = machine() else { return };
    let quiet = Course::of(&machine, "quiet");
    let order = quiet.order("one", quiet.moves("2.0"), Way::Forward, false);
    machine.ok("cp /var/lib/dpkg/status /tmp/status; echo garbage >>/var/lib/dpkg/status");
    let why = quiet.unanswered();
    assert!(
        why.starts_with("it cannot tell what is installed: dpkg-query: error: parsing file"),
        "{why}"
    );
    match quiet.told(&order) {
        Told::NotBegun { why } => {
            assert!(why.starts_with("dpkg's database cannot be read: "), "{why}");
        }
        Told::Begun => panic!("it began"),
    }
    machine.ok("rm /var/lib/dpkg/status");
    let why = quiet.unanswered();
    assert!(why.contains("there is no /var/lib/dpkg/status"), "{why}");

    // dpkg's audit sees more than states.
    machine.ok("mv /tmp/status /var/lib/dpkg/status; rm /var/lib/dpkg/info/quiet.list");
    let facts = quiet.facts();
    assert_eq!(shown(&facts), ["quiet:all 1.0"]);
    assert_eq!(facts.unfinished, ["quiet".parse().expect("a name")]);
}

#[test]
fn triggers_of_others_and_programs_that_ask_are_in_nobodys_way() {
    let Some(machine) = machine() else { return };
    machine.ok(
        "sed -i '/^Package: bystander$/,/^$/s/^Status: .*/Status: install ok triggers-pending\\nTriggers-Pending: x/' /var/lib/dpkg/status
         dpkg-query -W -f '${db:Status-Status}' bystander | grep -qx triggers-pending
         echo 'DPkg::Post-Invoke {\"env >/tmp/env\";};' >/etc/apt/apt.conf.d/hook",
    );
    let quiet = Course::of(&machine, "quiet");
    assert_eq!(quiet.facts().unfinished, []);
    assert_eq!(ended(&quiet.forward("one", "2.0")).1, 0);
    let env = machine.ok("cat /tmp/env");
    for setting in [
        "NEEDRESTART_SUSPEND=1",
        "APT_LISTBUGS_FRONTEND=none",
        "APT_LISTCHANGES_FRONTEND=none",
        "DEBIAN_FRONTEND=noninteractive",
    ] {
        assert!(env.lines().any(|line| line == setting), "{env}");
    }
}

#[test]
fn an_archive_that_is_down_stops_it_and_only_ours_counts() {
    let Some(machine) = machine() else { return };
    // Another archive is down: no reason to wait.
    machine.ok("echo 'deb [trusted=yes] http://127.0.0.1:9/ ./' >/etc/apt/sources.list");
    let quiet = Course::of(&machine, "quiet");
    let facts = quiet.forward("one", "2.0");
    assert_eq!(ended(&facts).1, 0, "{facts:?}");

    machine.ok(
        "sed -i 's,file:/srv/archive,http://127.0.0.1:9/,' /etc/apt/sources.list.d/debcut.sources",
    );
    let facts = quiet.done(&quiet.order("two", quiet.moves("1.0"), Way::Back, false));
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("update", 100), "{log}");
    let last = log.lines().last().expect("words");
    assert!(
        last.starts_with("E: Failed to fetch http://127.0.0.1:9/"),
        "{log}"
    );
    assert_eq!(shown(&facts), ["quiet:all 2.0"]);

    machine.ok("rm /etc/apt/sources.list.d/debcut.sources");
    let facts = quiet.done(&quiet.order("three", quiet.moves("1.0"), Way::Back, false));
    let (stage, _, log) = ended(&facts);
    assert_eq!(stage, "update");
    assert!(
        log.contains("no sources file /etc/apt/sources.list.d/debcut.sources"),
        "{log}"
    );
}

#[test]
fn a_list_of_a_machine_in_the_past_is_no_list() {
    let Some(machine) = machine() else { return };
    // The host's clock is behind: as its list is of the future.
    machine
        .ok("cd /srv/archive; sed -i 's/^Date: .*/Date: Fri, 01 Jan 2100 00:00:00 UTC/' Release");
    let facts = Course::of(&machine, "quiet").forward("one", "2.0");
    let (stage, code, log) = ended(&facts);
    assert_eq!((stage, code), ("update", 100), "{log}");
    assert!(log.contains("not valid yet"), "{log}");
}

#[test]
fn locks_are_waited_for_and_a_full_disk_is_named() {
    let Some(machine) = machine() else { return };
    // As apt and dpkg lock: fcntl(2).
    let hold = "cat >/tmp/hold.py <<'E'
import fcntl, os, sys, time
held = [open(name, 'w') for name in sys.argv[2:]]
for one in held: fcntl.lockf(one, fcntl.LOCK_EX)
print('held', os.getpid(), flush=True)
time.sleep(float(sys.argv[1]))
E
hold() { setsid -f python3 /tmp/hold.py \"$@\" >/tmp/held 2>&1; while ! grep -q held /tmp/held; do sleep 0.05; done; }
";
    let quiet = Course::of(&machine, "quiet");
    let both = "/var/lib/apt/lists/lock /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock";
    machine.ok(&format!("{hold} hold 2 {both}"));
    let facts = quiet.forward("waits", "2.0");
    let (_, code, log) = ended(&facts);
    assert_eq!(
        (code, shown(&facts)),
        (0, vec!["quiet:all 2.0".to_owned()]),
        "{log}"
    );

    let mut impatient = Course::of(&machine, "quiet");
    impatient.policy.lock_seconds = 1;
    for (lock, stage) in [
        ("/var/lib/apt/lists/lock", "update"),
        ("/var/lib/dpkg/lock-frontend", "install"),
    ] {
        machine.ok(&format!("{hold} hold 30 {lock}"));
        let moves = impatient.moves("1.0");
        let facts = impatient.done(&impatient.order(stage, moves, Way::Back, false));
        assert_eq!(
            (ended(&facts).0, ended(&facts).1),
            (stage, 100),
            "{facts:?}"
        );
        let last = ended(&facts).2.lines().last().expect("words");
        assert!(
            last.starts_with("E: ")
                && last.contains("Could not get lock ")
                && last.contains("(python3)"),
            "{last}"
        );
        machine.ok("kill \"$(cut -d' ' -f2 /tmp/held)\"");
    }

    machine.ok("mount -t tmpfs -o size=1m tiny /var/lib/debcut");
    let order = quiet.order("full", quiet.moves("1.0"), Way::Back, false);
    match quiet.told(&order) {
        Told::NotBegun { why } => assert!(why.starts_with("disk full: "), "{why}"),
        Told::Begun => panic!("it began on a full disk"),
    }
    assert_eq!(quiet.asked(Some("full"), &[]).job, Job::Absent);
    machine.ok("umount /var/lib/debcut; mount -t tmpfs -o size=9m tiny /var/cache/apt");
    machine.ok("dd if=/dev/zero of=/var/cache/apt/fill bs=1k count=2000 2>/dev/null");
    assert!(matches!(quiet.told(&order), Told::NotBegun { .. }));

    // Who is not root changes nothing.
    let text = script::begin(&quiet.source(), &quiet.policy, &order).text();
    machine.ok(&format!(
        "umount /var/cache/apt; cat >/tmp/begin <<'EOT'\n{text}\nEOT\nchmod 755 /tmp/begin"
    ));
    let said = machine.ok("setpriv --reuid=65534 --regid=65534 --clear-groups sh </tmp/begin");
    let why = "not root on the host, but nobody: log in as root, or use sudo".to_owned();
    assert_eq!(word::told(&said), Ok(Told::NotBegun { why }));
}
