//! The scripts that run on hosts, with what they are told: the one place that
//! knows their variables. Their bodies are `templates/host/`; [`word`] reads
//! what they answer.
//!
//! [`word`]: super::word

use super::hands::{Order, Question};
use super::policy::{Policy, Restart};
use super::state::Way;
use super::target::Move;
use crate::model::{HostName, PackageName};
use crate::sys::host::Script;

macro_rules! body {
    ($name:literal) => {
        concat!(
            include_str!("../../templates/host/common.sh"),
            include_str!(concat!("../../templates/host/", $name, ".sh"))
        )
    };
}

/// Asks a host what it has of a source, and what became of a job.
pub fn probe(source: &PackageName, question: &Question) -> Script {
    let job = question.job.as_deref().map(directory).unwrap_or_default();
    Script {
        name: "probe",
        arguments: vec![
            ("source", source.to_string()),
            ("job", job),
            ("services", lines(&question.services)),
        ],
        body: body!("probe"),
    }
}

/// Tells a host to begin a job that brings its packages to their versions.
pub fn begin(source: &PackageName, policy: &Policy, order: &Order) -> Script {
    let expected = order.moves.iter();
    let expected = expected.map(|moved| format!("{} {} {}", named(moved), moved.from, moved.to));
    Script {
        name: "begin",
        arguments: vec![
            ("job", directory(&order.job)),
            ("expected", lines(expected)),
            ("job_script", job(source, policy, order).text()),
        ],
        body: body!("begin"),
    }
}

/// What the job itself runs.
pub fn job(source: &PackageName, policy: &Policy, order: &Order) -> Script {
    let packages = order.moves.iter().map(|moved| {
        let mark = if moved.auto { "auto" } else { "manual" };
        let Move {
            package,
            architecture,
            to,
            ..
        } = moved;
        format!("{package} {architecture} {to} {mark}")
    });
    let way = match order.way {
        Way::Forward => "forward",
        Way::Back => "back",
    };
    let (restart, units) = match &policy.restart {
        Restart::Nothing => ("nothing", String::new()),
        Restart::Stale => ("stale", String::new()),
        Restart::Units(units) => ("units", lines(units)),
    };
    let repair = if order.repair { "yes" } else { "no" };
    Script {
        name: "job",
        arguments: vec![
            ("job", directory(&order.job)),
            ("source", source.to_string()),
            ("way", way.to_owned()),
            ("repair", repair.to_owned()),
            ("packages", lines(packages)),
            (
                "sources_file",
                policy.sources_file.clone().unwrap_or_default(),
            ),
            ("lock_seconds", policy.lock_seconds.to_string()),
            ("job_seconds", policy.job_seconds.to_string()),
            ("restart", restart.to_owned()),
            ("units", units),
        ],
        body: body!("job"),
    }
}

/// Runs an operator's command on a host.
pub fn check(host: &HostName, source: &PackageName, command: &str, seconds: u32) -> Script {
    Script {
        name: "check",
        arguments: vec![
            ("host", host.to_string()),
            ("source", source.to_string()),
            ("command", command.to_owned()),
            ("seconds", seconds.to_string()),
        ],
        body: body!("check"),
    }
}

/// A package as dpkg and apt name it: those of all architectures without one.
fn named(moved: &Move) -> String {
    match moved.architecture.as_str() {
        "all" => moved.package.to_string(),
        architecture => format!("{}:{architecture}", moved.package),
    }
}

fn lines<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items = items.into_iter().map(|item| item.to_string());
    items.collect::<Vec<_>>().join("\n")
}

/// The directory of a job: its name, with nothing in it that a path or a shell
/// takes for something else.
fn directory(job: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.:_~".contains(c);
    let name: String = job
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(200)
        .collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests;
