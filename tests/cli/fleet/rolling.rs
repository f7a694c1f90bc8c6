//! Rollouts in a fleet, as an operator runs them; what became of them is read
//! from their journal, and from the hosts themselves.

use std::process::Child;
use std::time::{Duration, Instant};

use debcut::model::HostName;
use debcut::rollout::journal::Journal;
use debcut::rollout::state::RolloutId;
use debcut::rollout::{Event, HostState, Phase, Rollout};

use super::{Fleet, Package, SOURCES};
use crate::world::{Call, Ran, World, finished};

/// One ring of all hosts that are named, in a hurry.
const RINGS: &str = "\
from = 'new'
sources-file = 'SOURCES'
rehearsal = { skip = 'it is rehearsed elsewhere' }
soak = '0'
batch = 10
max-unreachable = 0
retry-time = '1s'
lock-time = '20s'
job-time = '90s'

[[ring]]
name = 'all'
hosts = 'rest'
";

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);

impl Fleet {
    /// Starts hosts that have these packages at 1.0, and read the suites new
    /// (`NotAutomatic`, where new versions come in) and stable.
    pub fn rolling(hosts: &[&str], packages: &[Package]) -> Option<Self> {
        let world = World::new();
        world.key();
        world.archive(["init", "--suite", "stable"]).code(0);
        world
            .archive(["init", "--suite", "new", "--not-automatic"])
            .code(0);
        let mut fleet = Self::start_in(world, hosts)?;
        let made: Vec<_> = packages.iter().map(|p| p.make(&fleet.world)).collect();
        let made = made.iter().map(|path| path.to_str().expect("text"));
        let words = ["add", "--to", "stable"].into_iter().chain(made);
        fleet.world.archive(words).code(0);
        fleet.serve();
        fleet.read(hosts, &["new", "stable"]);
        let names: Vec<_> = packages.iter().map(Package::name).collect();
        let names = names.join(" ");
        std::thread::scope(|scope| {
            for host in hosts {
                scope.spawn(|| fleet.install(host, &names));
            }
        });
        fleet.rings(&[]);
        Some(fleet)
    }

    /// Writes the rings' file, with lines changed.
    pub fn rings(&self, changes: &[(&str, &str)]) {
        let mut text = RINGS.replace("SOURCES", SOURCES);
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        std::fs::write(self.world.path("rings.toml"), text).expect("a file");
    }

    /// Prepares a run of a verb of `rollout`.
    pub fn rollout_call<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Call<'_> {
        let call = self.debcut(["rollout"].into_iter().chain(words));
        call.env("DEBCUT_RINGS", self.world.path("rings.toml"))
    }

    /// Runs a verb of `rollout` to its end.
    #[track_caller]
    pub fn rollout<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Ran {
        self.rollout_call(words).run()
    }

    /// Publishes a package where new versions come in, and starts its rollout
    /// to hosts (`a,b`); returns its name.
    #[track_caller]
    pub fn begin(&self, package: &Package, hosts: &str) -> String {
        package.publish(&self.world, "new");
        let what = format!("{}={}", package.name(), package.version());
        self.rollout(["start", &what, "--hosts", hosts]).code(0);
        what.replace('=', "_")
    }

    /// The same, and brings it as far as it goes by itself.
    #[track_caller]
    pub fn bring(&self, package: &Package, hosts: &str, code: i32) -> String {
        let id = self.begin(package, hosts);
        self.watched(&id, code);
        id
    }

    /// Brings a rollout as far as it goes by itself.
    #[track_caller]
    pub fn watched(&self, id: &str, code: i32) -> Ran {
        self.rollout(["advance", id, "--watch"]).code(code)
    }

    /// The same in the background.
    pub fn watch(&self, id: &str) -> Watch<'_> {
        let process = self.rollout_call(["advance", id, "--watch"]).start();
        Watch {
            fleet: self,
            id: id.to_owned(),
            process: Some(process),
        }
    }

    /// Reads a rollout's journal.
    #[track_caller]
    pub fn state(&self, id: &str) -> Rollout {
        let id: RolloutId = id.parse().expect("a name");
        let dir = self.world.path("state/debcut/rollouts");
        let entries = Journal::look(&dir, &id).expect("it is whole");
        Rollout::from_entries(&entries).expect("it can be replayed")
    }

    /// Names the jobs that hosts were told, in order.
    #[track_caller]
    pub fn jobs(&self, id: &str) -> Vec<String> {
        let id: RolloutId = id.parse().expect("a name");
        let dir = self.world.path("state/debcut/rollouts");
        let entries = Journal::look(&dir, &id).expect("it is whole");
        let jobs = entries.into_iter().filter_map(|entry| match entry.event {
            Event::Starting { job, .. } => Some(job),
            _ => None,
        });
        jobs.collect()
    }

    /// Tells how far a host is.
    #[track_caller]
    pub fn host(&self, id: &str, host: &str) -> HostState {
        let name = HostName::new(host).expect("a name");
        self.state(id).hosts[&name].state.clone()
    }

    /// Checks a rollout's phase.
    #[track_caller]
    pub fn phase(&self, id: &str, is: impl FnOnce(&Phase) -> bool) {
        let rollout = self.state(id);
        assert!(
            is(&rollout.phase),
            "{:?}\n{:#?}",
            rollout.phase,
            rollout.hosts
        );
    }

    /// Checks that a host has a package, with nothing half done.
    #[track_caller]
    pub fn has(&self, host: &str, package: &str, version: &str) {
        let found = self.dpkg(host, package);
        assert_eq!(found, format!("{version} installed"), "{package} on {host}");
        assert_eq!(self.on(host, "dpkg --audit"), "", "{host}");
    }

    /// Waits until a script on a host succeeds.
    #[track_caller]
    pub fn until(&self, host: &str, script: &str) {
        let begun = Instant::now();
        while self.act("in", &[host, "sh", "-c", script]).code != 0 {
            assert!(begun.elapsed() < LIMIT, "{script} on {host}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a command on a host in the background, as a unit of its own.
    #[track_caller]
    pub fn leave(&self, host: &str, words: &[&str]) {
        let run = ["in", host, "systemd-run", "--quiet", "--collect"];
        let run = [&run[1..], words].concat();
        self.act("in", &run).code(0);
    }
}

/// A controller in the background.
pub struct Watch<'a> {
    fleet: &'a Fleet,
    id: String,
    process: Option<Child>,
}

impl Watch<'_> {
    /// Waits until the rollout is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is: impl Fn(&Rollout) -> bool) {
        let begun = Instant::now();
        loop {
            let rollout = self.fleet.state(&self.id);
            if is(&rollout) {
                return;
            }
            let process = self.process.as_mut().expect("it runs");
            let ended = process.try_wait().expect("it is ours");
            let late = begun.elapsed() > LIMIT;
            if late || ended.is_some() {
                panic!("never {what}: {:?} {:#?}", rollout.phase, rollout.hosts);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until a host is so.
    #[track_caller]
    pub fn until_host(&mut self, host: &str, what: &str, is: impl Fn(&HostState) -> bool) {
        let name = HostName::new(host).expect("a name");
        self.until(&format!("{host} {what}"), |rollout| {
            rollout.hosts.get(&name).is_some_and(|host| is(&host.state))
        });
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self, code: i32) -> Ran {
        let process = self.process.take().expect("it runs");
        let output = process.wait_with_output().expect("it ends");
        finished(output).code(code)
    }

    /// Ends it at once.
    pub fn kill(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}
