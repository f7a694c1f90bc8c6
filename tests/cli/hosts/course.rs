//! There and back, as it should be.

use super::*;
use debcut::rollout::facts::Selection;

/// A source of a program, its data (of all architectures, marked auto), and a
/// library that is there for two architectures; an epoch and a tilde.
const HELLO: &str = r#"
dpkg --add-architecture i386
for v in 1:1.0~rc1 1:1.0; do
  begin hello "$native" "$v" hello 'Depends: hello-data'
  mkdir -p /tmp/p/etc /tmp/p/usr/bin
  echo "setting of $v" >/tmp/p/etc/hello.conf
  echo /etc/hello.conf >/tmp/p/DEBIAN/conffiles
  cp "$(command -v sleep)" /tmp/p/usr/bin/hellod
  echo "$v" >>/tmp/p/usr/bin/hellod
  pack
  plain hello-data all "$v" hello
  plain libhello1 "$native" "$v" hello 'Multi-Arch: same'
  plain libhello1 i386 "$v" hello 'Multi-Arch: same'
  plain hello-extra "$native" "$v" hello
done
plain bystander all 1.0 bystander
plain bystander all 2.0 bystander
"#;

const INSTALLED: [&str; 4] = [
    "hello_1.0~rc1_*.deb",
    "hello-data_1.0~rc1_all.deb",
    "libhello1_1.0~rc1_*.deb",
    "bystander_1.0_all.deb",
];

#[test]
fn a_host_goes_there_and_back_and_keeps_what_it_had() {
    let Some(machine) = Machine::with(&packages::archive(HELLO), &INSTALLED) else {
        return;
    };
    machine.ok(
        "apt-get -qq update; apt-mark auto hello-data libhello1:i386 >/dev/null
         echo mine >>/etc/hello.conf
         setsid -f hellod 300 >/dev/null 2>&1; sleep 0.2",
    );
    let hello = Course::of(&machine, "hello");
    let before = hello.asked(None, &["hellod.service", "nothing.service"]);
    let native = before.architecture.to_string();
    let as_before = [
        format!("hello:{native} 1:1.0~rc1"),
        "hello-data:all 1:1.0~rc1 auto".to_owned(),
        format!("libhello1:{native} 1:1.0~rc1"),
        "libhello1:i386 1:1.0~rc1 auto".to_owned(),
    ];
    assert_eq!(shown(&before), as_before);
    assert_eq!(before.machine_id, "0123456789abcdef0123456789abcdef");
    assert_eq!(
        (before.system.id.is_empty(), before.job.clone()),
        (false, Job::Absent)
    );
    assert!(before.free_bytes > 1_000_000 && before.unfinished.is_empty());
    assert_eq!(before.installed[0].selection, Selection::Install);
    assert_eq!(before.stale, []);
    let names: Vec<_> = before
        .services
        .iter()
        .map(|s| (s.name.as_str(), s.active))
        .collect();
    assert_eq!(names, [("hellod.service", true)]);

    let order = hello.order("hello_1:1.0-1", hello.moves("1:1.0"), Way::Forward, false);
    let after = hello.done(&order);
    let (stage, code, log) = ended(&after);
    assert_eq!((stage, code), ("done", 0), "{log}");
    let as_meant = as_before.clone().map(|line| line.replace("~rc1", ""));
    assert_eq!(shown(&after), as_meant);
    let conf = machine.ok("cat /etc/hello.conf; dpkg-query -W -f '${Version}' bystander");
    assert_eq!(
        conf, "setting of 1:1.0~rc1\nmine\n1.0",
        "edits are kept, others untouched"
    );
    assert_eq!(after.stale.len(), 1, "{:?}", after.stale);
    assert_eq!(after.stale[0].program, "hellod");

    // Told again, nothing is done again.
    assert_eq!(hello.told(&order), Told::Begun);
    assert_eq!(ended(&hello.waited(&order.job)).2, log);

    let back: Vec<Move> = order.moves.iter().cloned().map(reversed).collect();
    let home = hello.done(&hello.order("hello_1:1.0-back", back, Way::Back, false));
    assert_eq!(ended(&home).1, 0, "{home:?}");
    assert_eq!(shown(&home), as_before);
    let left = machine.ok("ls /var/lib/debcut/jobs/hello_1:1.0-1");
    assert_eq!(left, "added\nclaim\nfiles\njob\nlog\nresult\nsaid\nstage\n");
}

fn reversed(moved: Move) -> Move {
    Move {
        from: moved.to,
        to: moved.from,
        ..moved
    }
}

#[test]
fn checks_pass_fail_or_cannot_tell() {
    let Some(machine) = Machine::with(&packages::archive(HELLO), &INSTALLED) else {
        return;
    };
    let hello = Course::of(&machine, "hello");
    for (command, wanted) in [
        ("true", Verdict::Passed),
        (
            "test \"$DEBCUT_HOST $DEBCUT_SOURCE\" = 'one hello'",
            Verdict::Passed,
        ),
        // What it leaves running holds nobody; what it reads is nothing.
        ("cat; sleep 30 & exit 0", Verdict::Passed),
        (
            "echo end; printf 'a\\033b\\r' >&2; exit 3",
            failed("end\nab\nexit code 3"),
        ),
        (
            "nonsense-command",
            failed("sh: 1: nonsense-command: not found\nexit code 127"),
        ),
        ("echo later; exit 75", inconclusive("later")),
        ("exit 124", failed("exit code 124")),
        ("kill -9 $$", failed("exit code 137")),
        (
            "echo slow; sleep 20",
            failed("slow\nit did not end within 2 s"),
        ),
        // What it says is told although something of it runs on.
        ("echo on; sleep 30 & exit 3", failed("on\nexit code 3")),
    ] {
        let mut found = hello.checked(command, 2);
        if let Verdict::Failed { said } = &mut found {
            // A shell may tell of a signal, or not live to tell.
            *said = said.replace("Terminated\n", "").replace("Killed\n", "");
        }
        assert_eq!(found, wanted, "{command}");
    }
    // Its end is told of one that says much, and the disk is not filled.
    machine.ok("mount -t tmpfs -o size=1m tiny /tmp");
    let much = "head -c 90000000 /dev/zero | tr '\\0' x; echo; echo bad; exit 1";
    match hello.checked(much, 20) {
        Verdict::Failed { said } => {
            assert!(
                said.ends_with("x\nbad\nexit code 1") && said.len() < 10_000,
                "{said}"
            );
        }
        other => panic!("{other:?}"),
    }
    machine.ok("umount /tmp");
    // One that does not heed the first signal is ended all the same.
    let deaf = "trap '' TERM; while :; do sleep 0.2; done";
    assert_eq!(hello.checked(deaf, 1), failed("it did not end within 1 s"));
    assert_eq!(
        machine.ok("ps -eo args | grep -c '[T]ERM; while' || :"),
        "0\n"
    );
}

fn failed(said: &str) -> Verdict {
    let said = said.to_owned();
    Verdict::Failed { said }
}

fn inconclusive(said: &str) -> Verdict {
    let said = said.to_owned();
    Verdict::Inconclusive { said }
}

#[test]
fn old_jobs_go_and_strange_names_stay_inside() {
    let Some(machine) = Machine::with(&packages::archive(HELLO), &INSTALLED) else {
        return;
    };
    let bystander = Course::of(&machine, "bystander");
    for number in 0..13 {
        let moves = bystander.moves("1.0");
        let order = bystander.order(&format!("job{number}"), moves, Way::Forward, false);
        assert_eq!(ended(&bystander.done(&order)).1, 0);
    }
    // A controller that was away may still want to read them, for a month.
    assert_eq!(machine.ok("ls /var/lib/debcut/jobs | wc -l").trim(), "13");
    machine.ok("touch -d '40 days ago' /var/lib/debcut/jobs/*");
    let order = bystander.order("late", bystander.moves("1.0"), Way::Forward, false);
    assert_eq!(ended(&bystander.done(&order)).1, 0);
    let left = machine.ok("ls /var/lib/debcut/jobs");
    assert!(
        left.lines().count() == 10 && left.contains("late"),
        "{left}"
    );
    let order = bystander.order("../../x '$(y)", bystander.moves("2.0"), Way::Forward, false);
    assert_eq!(shown(&bystander.done(&order)), ["bystander:all 2.0"]);
    let made = machine.ok("ls -A /var/lib/debcut; ls /var/lib/debcut/jobs | grep -v job");
    assert_eq!(made, "jobs\n_._.._x____y_\nlate\n");
}
