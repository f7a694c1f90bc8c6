//! Orders that come late: from a controller that was killed, over a link that
//! was slow. Who is told that nothing has begun is told the truth.

use super::*;

const SOURCES: &str = "plain quiet all 1.0 quiet";

fn machine() -> Option<Machine> {
    Machine::with(&packages::archive(SOURCES), &["quiet_1.0_all.deb"])
}

/// An order that changes nothing, so that it ends soon.
fn nothing(quiet: &Course<'_>, job: &str) -> Order {
    quiet.order(job, quiet.moves("1.0"), Way::Forward, false)
}

const OFF: &str = "called off: the controller was told before that it had not begun";

#[test]
fn who_is_told_that_nothing_has_begun_is_told_the_truth_for_ever() {
    let Some(machine) = machine() else { return };
    let quiet = Course::of(&machine, "quiet");
    let order = nothing(&quiet, "one");
    assert_eq!(quiet.asked(Some("one"), &[]).job, Job::Absent);
    for _ in 0..2 {
        let why = OFF.to_owned();
        assert_eq!(quiet.told(&order), Told::NotBegun { why });
        assert_eq!(quiet.asked(Some("one"), &[]).job, Job::Absent);
    }
    assert_eq!(ended(&quiet.done(&nothing(&quiet, "two"))).1, 0);
    // What has ended has ended, however often it is asked for.
    assert_eq!(ended(&quiet.asked(Some("two"), &[])).1, 0);

    // A job that was laid down, and not begun.
    let laid = "mkdir three; sed s/two/three/ two/job >three/job";
    machine.ok(&format!("cd /var/lib/debcut/jobs; {laid}"));
    assert_eq!(quiet.asked(Some("three"), &[]).job, Job::Absent);
    machine.ok("sh /var/lib/debcut/jobs/three/job");
    assert_eq!(quiet.asked(Some("three"), &[]).job, Job::Absent);
    let ran = machine.run("test -e /var/lib/debcut/jobs/three/stage");
    assert_eq!(ran.code, 1);

    // Nobody can be kept from anything where nothing can be written; to promise
    // it would be a lie.
    machine.ok("mount -t tmpfs -o size=1m,ro tiny /var/lib/debcut");
    let text = quiet.said(&quiet.probe(Some("four"), &[]));
    let said = word::facts(&text).expect_err("no answer").to_string();
    assert!(
        said.starts_with("it cannot keep the job from beginning later"),
        "{said}"
    );
}

/// An order and a question at the same time, again and again, a little later each
/// time: either it runs and that is said, or it never runs.
#[test]
fn an_order_and_a_question_race() {
    let Some(machine) = machine() else { return };
    let quiet = Course::of(&machine, "quiet");
    let begin = script::begin(&quiet.source(), &quiet.policy, &nothing(&quiet, "RACE"));
    for (name, text) in [
        ("begin", begin.text()),
        ("probe", quiet.probe(Some("RACE"), &[]).text()),
    ] {
        machine.ok(&format!("cat >/tmp/{name} <<'EOT'\n{text}\nEOT\n"));
    }
    let said = machine.ok(r#"for i in $(seq 1 60); do
             for name in begin probe; do sed "s/RACE/race$i/g" /tmp/$name >/tmp/$name.$i; done
             sh /tmp/begin.$i >/tmp/said & begin=$!
             sleep "$(awk "BEGIN { print $i * 0.003 }")"
             asked=$(sh /tmp/probe.$i | grep '^job')
             wait $begin
             later=$(sh /tmp/begin.$i | sed -n 2p)
             ran=no; [ ! -e /var/lib/debcut/jobs/race$i/stage ] || ran=yes
             printf '%s|%s|%s|%s\n' "$asked" "$(sed -n 2p /tmp/said)" "$later" $ran
           done"#);
    let off = format!("refused {OFF}");
    let (mut began, mut never) = (0, 0);
    for line in said.lines() {
        let words: Vec<&str> = line.split('|').collect();
        if words[0] == "job absent" {
            assert_eq!(words[1..], [&*off, &*off, "no"], "{said}");
            never += 1;
        } else {
            assert_eq!(words[1..], ["begun", "begun", "yes"], "{said}");
            began += 1;
        }
    }
    assert_eq!(began + never, 60, "{said}");
    assert!(began > 0 && never > 0, "{began} began, {never} never did");
}
