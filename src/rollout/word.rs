//! What hosts answer, read: the lines of `templates/host/`, between `debcut 1`
//! and `end`. What a login shell says before is not ours; an answer without its
//! end was cut.

use std::str::FromStr;

use super::facts::{HostFacts, Installed, Job, Selection, Service, Stale, Status, System};
use super::hands::Told;
use super::health::Verdict;
use crate::format::version::Version;
use crate::model::{Architecture, PackageName, Timestamp};

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// The script did not say anything.
    #[error("the script gave no answer")]
    NoBeginning,
    /// It was cut.
    #[error("the answer was cut after {lines} lines")]
    Cut {
        /// How many lines came.
        lines: usize,
    },
    /// The host says that it cannot answer.
    #[error("it cannot {why}")]
    Cannot {
        /// What it cannot do, and why.
        why: String,
    },
    /// A line is not what it should be.
    #[error("line {number} of the answer is not {expected}: {line:?}")]
    Line {
        /// Its number, from 1 after the beginning.
        number: usize,
        /// What it says, shortened.
        line: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Something is not in it.
    #[error("the answer has no {what}")]
    Missing {
        /// What.
        what: &'static str,
    },
}

/// The first and last line of an answer.
const BEGINNING: &str = "debcut 1";
const END: &str = "end";
/// The first word of a line that ends an answer before its time.
const CANNOT: &str = "cannot";

/// A line between them.
struct Line<'a> {
    number: usize,
    word: &'a str,
    rest: &'a str,
}

impl Line<'_> {
    fn is_not(&self, expected: &'static str) -> WordError {
        let line = format!("{} {}", self.word, self.rest);
        WordError::Line {
            number: self.number,
            line: line.chars().take(120).collect(),
            expected,
        }
    }

    fn parse<T: FromStr>(&self, text: &str, expected: &'static str) -> Result<T, WordError> {
        text.parse().map_err(|_| self.is_not(expected))
    }

    /// Takes exactly so many words.
    fn words<const N: usize>(&self, expected: &'static str) -> Result<[&str; N], WordError> {
        let words: Vec<&str> = self.rest.split(' ').collect();
        words.try_into().map_err(|_| self.is_not(expected))
    }
}

fn lines(text: &str) -> Result<Vec<Line<'_>>, WordError> {
    let mut all = text.lines();
    all.find(|line| *line == BEGINNING)
        .ok_or(WordError::NoBeginning)?;
    let mut found = Vec::new();
    for line in all {
        if line == END {
            return Ok(found);
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == CANNOT {
            let why = rest.trim_end().to_owned();
            return Err(WordError::Cannot { why });
        }
        let number = found.len() + 1;
        found.push(Line { number, word, rest });
    }
    Err(WordError::Cut { lines: found.len() })
}

/// Reads what a probe answered.
pub fn facts(text: &str) -> Result<HostFacts, WordError> {
    let (mut clock, mut machine_id, mut boot_id) = (None, None, None);
    let (mut id, mut version_id, mut codename) = (None, None, None);
    let (mut architecture, mut free_bytes) = (None, None);
    let (mut installed, mut unfinished) = (Vec::new(), Vec::new());
    let (mut services, mut stale) = (Vec::new(), Vec::new());
    let (mut ended, mut log) = (Job::Absent, Vec::new());
    let mut reboot_required = false;
    for line in lines(text)? {
        let rest = line.rest;
        match line.word {
            "clock" => {
                let seconds = line.parse(rest, "a time in seconds")?;
                clock = Some(time(seconds).ok_or_else(|| line.is_not("a time in seconds"))?);
            }
            "machine" => machine_id = Some(machine(rest)),
            "boot" => boot_id = Some(rest.to_owned()),
            "system" => id = Some(rest.to_owned()),
            "release" => version_id = Some(rest.to_owned()),
            "codename" => codename = Some(rest.to_owned()),
            "architecture" => {
                architecture = Some(line.parse::<Architecture>(rest, "an architecture")?);
            }
            "package" => installed.push(package(&line)?),
            "unfinished" => unfinished.push(line.parse::<PackageName>(rest, "a package name")?),
            "job" => ended = job(&line)?,
            "log" => log.push(rest),
            "service" => services.push(service(&line)?),
            "stale" => stale.push(process(&line)?),
            "reboot" => reboot_required = true,
            "free" => free_bytes = Some(line.parse(rest, "a number of bytes")?),
            _ => return Err(line.is_not("a line of a probe")),
        }
    }
    if let Job::Ended { log: kept, .. } = &mut ended {
        *kept = log.join("\n");
    }
    installed.sort_by(|a: &Installed, b| {
        (&a.package, &a.architecture).cmp(&(&b.package, &b.architecture))
    });
    let missing = |what| WordError::Missing { what };
    Ok(HostFacts {
        clock: clock.ok_or_else(|| missing("clock"))?,
        machine_id: machine_id.ok_or_else(|| missing("machine-id"))?,
        boot_id: boot_id.ok_or_else(|| missing("boot id"))?,
        system: System {
            id: id.ok_or_else(|| missing("system"))?,
            version_id: version_id.ok_or_else(|| missing("release"))?,
            codename: codename.ok_or_else(|| missing("codename"))?,
        },
        architecture: architecture.ok_or_else(|| missing("architecture"))?,
        installed,
        unfinished,
        job: ended,
        services,
        stale,
        reboot_required,
        // It comes last: without it the probe broke off.
        free_bytes: free_bytes.ok_or_else(|| missing("free space"))?,
    })
}

/// Years that a clock can be in: what is outside cannot be shown.
fn time(seconds: i64) -> Option<Timestamp> {
    (0..253_402_300_800)
        .contains(&seconds)
        .then(|| Timestamp::from_unix(seconds))
}

/// A machine-id(5), or nothing where it is none (`uninitialized`).
fn machine(text: &str) -> String {
    let is_one = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_one {
        text.to_owned()
    } else {
        String::new()
    }
}

fn package(line: &Line<'_>) -> Result<Installed, WordError> {
    let [name, architecture, version, want, status, mark] =
        line.words("a package with five words")?;
    Ok(Installed {
        package: line.parse(name, "a package with its name")?,
        architecture: line.parse(architecture, "a package with its architecture")?,
        version: Version::new(version).map_err(|_| line.is_not("a package with its version"))?,
        selection: match want {
            "install" => Selection::Install,
            "hold" => Selection::Hold,
            "deinstall" | "purge" => Selection::Deinstall,
            _ => Selection::Other,
        },
        status: match status {
            "installed" => Status::Installed,
            "half-configured" => Status::HalfConfigured,
            "unpacked" => Status::Unpacked,
            "half-installed" => Status::HalfInstalled,
            "triggers-awaited" | "triggers-pending" => Status::Triggers,
            _ => return Err(line.is_not("a package with its status")),
        },
        auto: match mark {
            "auto" => true,
            "manual" => false,
            _ => return Err(line.is_not("a package with its mark")),
        },
    })
}

fn job(line: &Line<'_>) -> Result<Job, WordError> {
    let words: Vec<&str> = line.rest.split(' ').collect();
    Ok(match words[..] {
        ["absent"] => Job::Absent,
        ["running"] => Job::Running,
        ["lost"] => Job::Lost,
        ["ended", stage, code] => Job::Ended {
            stage: stage.to_owned(),
            code: line.parse(code, "a job with its exit code")?,
            log: String::new(),
        },
        _ => return Err(line.is_not("the state of a job")),
    })
}

fn service(line: &Line<'_>) -> Result<Service, WordError> {
    let [name, active, pid, since] = line.words("a service with three words")?;
    Ok(Service {
        name: name.to_owned(),
        active: match active {
            "active" => true,
            "inactive" => false,
            _ => return Err(line.is_not("a service that is active or inactive")),
        },
        pid: line.parse(pid, "a service with its process")?,
        since: line.parse(since, "a service with its begin")?,
    })
}

fn process(line: &Line<'_>) -> Result<Stale, WordError> {
    let expected = "a process with its unit and program";
    let mut words = line.rest.splitn(3, ' ');
    let (pid, unit, program) = (words.next(), words.next(), words.next());
    let (Some(pid), Some(unit), Some(program)) = (pid, unit, program) else {
        return Err(line.is_not(expected));
    };
    Ok(Stale {
        pid: line.parse(pid, expected)?,
        program: program.to_owned(),
        unit: (unit != "-").then(|| unit.to_owned()),
    })
}

/// Reads what a host answered that was told to begin.
pub fn told(text: &str) -> Result<Told, WordError> {
    let lines = lines(text)?;
    let Some(line) = lines.last() else {
        return Err(WordError::Missing { what: "word" });
    };
    match (line.word, line.rest) {
        ("begun", "") => Ok(Told::Begun),
        ("refused", why) => Ok(Told::NotBegun {
            why: why.to_owned(),
        }),
        _ => Err(line.is_not("begun or refused")),
    }
}

/// EX_TEMPFAIL of sysexits(3): the command itself cannot tell.
const CANNOT_TELL: i32 = 75;

/// How a check's command ended.
enum Ended {
    Code(i32),
    Late { seconds: u32 },
}

/// Reads how a check's command ended. One that did not end within the time that
/// the operator gave it has failed: a service that hangs is not well, and
/// whoever cannot tell in time can say so by its exit code.
pub fn verdict(text: &str) -> Result<Verdict, WordError> {
    let (mut ended, mut said) = (None, Vec::new());
    for line in lines(text)? {
        match line.word {
            "exit" => ended = Some(Ended::Code(line.parse(line.rest, "an exit code")?)),
            "late" => {
                let seconds = line.parse(line.rest, "a time in seconds")?;
                ended = Some(Ended::Late { seconds });
            }
            "said" => said.push(line.rest),
            _ => return Err(line.is_not("a line of a check")),
        }
    }
    let ended = ended.ok_or(WordError::Missing { what: "exit code" })?;
    let said = said.join("\n");
    let failed = |how: String| Verdict::Failed {
        said: format!("{said}\n{how}").trim_start().to_owned(),
    };
    Ok(match ended {
        Ended::Code(0) => Verdict::Passed,
        Ended::Code(CANNOT_TELL) => Verdict::Inconclusive { said },
        Ended::Code(code) => failed(format!("exit code {code}")),
        Ended::Late { seconds } => failed(format!("it did not end within {seconds} s")),
    })
}

#[cfg(test)]
mod tests;
