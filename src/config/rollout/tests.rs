use super::*;
use crate::config::Project;

fn read(text: &str) -> Result<RolloutRules, String> {
    RolloutRules::parse("rings.toml", text).map_err(|error| error.to_string())
}

#[test]
fn silence_is_the_usual() {
    let rules = read("").expect("it is right");
    assert_eq!(rules, RolloutRules::default());
    assert_eq!(rules.usual.soak_seconds, 86_400);
    assert!(rules.profiles[EMERGENCY].needs_reason);
    let project = Project::parse("debcut.toml", "").expect("it is right");
    assert_eq!(project.rollout, rules);
}

#[test]
fn everything_can_be_said() {
    let text = "\
archive = 'main'
from = { bookworm = 'bookworm-new', trixie = 'trixie-new' }
hosts = '@all'
engine = 'ansible'
ssh-options = ['-F', '/etc/ssh/fleet']
become = true
inventory = 'hosts.ini'
sources-file = '/etc/apt/sources.list.d/own.sources'
supersede = 'replace'
restart = ['hello.service']
rehearsal = { skip = 'no maintainer scripts' }
approvals = { count = 1, keys = ['ABCDEF0123ABCDEF0123ABCDEF0123ABCDEF0123'] }
start-days = ['mon-thu']
windows = ['mon-thu 09:00-16:00']
closed = ['2026-12-24']
zone = 'UTC'
job-time = '1h'
lock-time = '5m'
attempts = 2
retry-time = '1m'
soak = '2h'
batch = 2
min-sample = 1

[[ring]]
name = 'canary'
hosts = ['a', '@canaries']
soak = '0'
checks = ['answers']

[[ring]]
name = 'far'
pull = { observe = './count', adoption = '95%', phases = [10, 50], phase-time = '1h' }
suites = { bookworm = 'bookworm' }
soak = '1d'

[[ring]]
name = 'everyone'
hosts = 'rest'
suite = 'stable'

[[check]]
name = 'answers'
host = 'curl -fsS http://localhost/'
limit = '10s'
failures = 3

[[check]]
name = 'errors'
controller = './errors'
rings = ['everyone']

[[notify]]
name = 'chat'
on = ['halted', 'done']
webhook = 'https://hooks.example.org/secret'

[request]
command = 'mail -s request ops@example.org'

[profile.emergency]
soak = '5m'

[profile.quiet]
batch = 1
";
    let rules = read(text).expect("it is right");
    assert_eq!(rules.from.len(), 2);
    assert_eq!(rules.rights, Rights::Sudo);
    assert_eq!(rules.calendar.start_days.len(), 4);
    let [canary, far, everyone] = rules.rings.as_slice() else {
        panic!("{:?}", rules.rings)
    };
    assert_eq!(canary.numbers.soak_seconds, 0);
    assert_eq!(canary.checks.len(), 1);
    let MembersWanted::Hosts(HostsWanted::Named(words)) = &canary.members else {
        panic!("{canary:?}")
    };
    assert_eq!(words[1], HostWord::Group("canaries".to_owned()));
    let MembersWanted::Pull(pull) = &far.members else {
        panic!("{far:?}")
    };
    assert_eq!(pull.phases, [10, 50, 100]);
    assert_eq!(pull.adoption, Share::Percent(95));
    assert_eq!(everyone.numbers.soak_seconds, 7200);
    assert_eq!(everyone.numbers.batch, Share::Count(2));
    assert_eq!(everyone.checks.len(), 2);
    assert_eq!(rules.profiles[EMERGENCY].soak_seconds, Some(300));
    assert!(rules.profiles[EMERGENCY].skips_windows);
    assert!(!rules.profiles["quiet"].needs_reason);
    // The same below [rollout] in the project's file.
    let below = text
        .replace("[[", "[[rollout.")
        .replace("\n[r", "\n[rollout.r");
    let below = format!("[rollout]\n{}", below.replace("\n[p", "\n[rollout.p"));
    let project = Project::parse("debcut.toml", &below).expect("it is right");
    assert_eq!(project.rollout, rules);
}

#[test]
fn mistakes_name_their_line() {
    let ring = "[[ring]]\nname = 'a'\n";
    for (text, want) in [
        ("soke = '1h'", "1: unknown key “soke”"),
        ("soak = '1 day'", "1: “1 day” is no length of time"),
        ("retry-time = '0'", "1: “0” is no length of time"),
        ("batch = 0", "1: 0 is neither a number of hosts from 1"),
        ("batch = '101%'", "1: “101%” is neither"),
        ("concurrency = 0", "1: 0 is no whole number from 1"),
        ("engine = 'ansble'", "1: unknown value “ansble”"),
        ("restart = 'stael'", "1: unknown value “stael”"),
        ("rehearsal = false", "1: who skips the rehearsal says why"),
        ("rehearsal = { skip = ' ' }", "1: who skips the rehearsal"),
        (
            "approvals = { count = 2, keys = ['x'] }",
            "1: “x” is no fingerprint",
        ),
        ("approvals = -1", "1: -1 approvals"),
        ("hosts = 'rest'", "1: hosts of [rollout] are everyone"),
        ("hosts = ['-x']", "1: “-x” is not a valid host name"),
        ("start-days = ['moonday']", "1: “moonday” is no day"),
        ("windows = ['9-5']", "1: “9-5” is no window"),
        ("closed = ['24.12.2026']", "1: “24.12.2026” is no date"),
        ("zone = 'Mars/Base'", "1: “Mars/Base” is no time zone"),
        ("sources-file = 'x'", "1: “x” must be an absolute path"),
        ("from = {}", "1: at least one suite"),
        (
            "[[ring]]\nhosts = ['x']",
            "1: every [[rollout.ring]] needs a name",
        ),
        (ring, "2: a ring needs hosts"),
        (
            "[[ring]]\nname = 'a b'\nhosts = ['x']",
            "2: “a b” is not a valid ring name",
        ),
        (
            "[[ring]]\nname = 'a'\nhosts = ['x']\nchecks = ['y']",
            "4: there is no check “y”",
        ),
        (
            "[[ring]]\nname = 'a'\npull = { observe = 'x' }",
            "2: a pull ring needs suite",
        ),
        (
            "[[ring]]\nname = 'a'\nsuite = 's'\npull = { observe = 'x', phases = [50, 10] }",
            "4: phases are percentages",
        ),
        (
            "[[ring]]\nname = 'a'\nhosts = 'rest'\n[[ring]]\nname = 'b'\nhosts = ['x']",
            "4: nobody is left",
        ),
        (
            "[[ring]]\nname = 'a'\nhosts = ['x']\n[[ring]]\nname = 'a'\nhosts = ['y']",
            "4: there are two rings named a",
        ),
        ("[[check]]\nname = 'x'", "2: a check is one of"),
        (
            "[[check]]\nname = 'x'\nhost = 'true'\nrings = ['al']\n[[ring]]\nname = 'all'\nhosts = 'rest'",
            "4: there is no ring “al”; is all meant?",
        ),
        (
            "[[notify]]\nname = 'x'\non = ['halt']\ncommand = 'y'",
            "3: there is no state “halt”; is halted meant?",
        ),
        (
            "[[notify]]\nname = 'x'",
            "2: a channel needs command or webhook",
        ),
        ("[profile.x]\nsoak = 'y'", "2: “y” is no length of time"),
    ] {
        let error = read(text).expect_err(text);
        let want = format!("rings.toml:{want}");
        assert!(error.starts_with(&want), "{text}: {error}");
    }
    // A secret of a URL is not repeated.
    let error =
        read("[[notify]]\nname = 'x'\nwebhook = 'hooks.example/SECRET'").expect_err("no URL");
    assert!(!error.contains("SECRET"), "{error}");
}
