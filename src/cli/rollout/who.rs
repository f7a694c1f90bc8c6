//! `rollout who`.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::format::version::Version;
use crate::model::{Finding, PackageName};
use crate::report::{Answer, WhoDocument};
use crate::rollout::phasing::{self, MachineId};
use crate::sys::files;

/// Arguments of `rollout who`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Who {
    /// The source package
    #[arg(long, value_name = "NAME")]
    source: PackageName,
    /// Its version, with its epoch
    #[arg(long, value_name = "VERSION")]
    source_version: Version,
    /// The Phased-Update-Percentage that the suite has, or is to have
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u8).range(0..=100))]
    percentage: u8,
    /// Machine-ids, one a line; - reads standard input
    #[arg(long, value_name = "FILE")]
    machine_ids: PathBuf,
    /// Which apt the hosts have
    #[arg(long, value_name = "WHICH", default_value = "old")]
    apt: AptArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AptArgument {
    /// Before 3.3 (Debian 12 and 13): P reaches (P+1)/101 of the hosts
    Old,
    /// 3.3 and later: P reaches P/100 of the hosts
    New,
}

const EXAMPLES: &str = "\
Examples:
  debcut rollout who --source hello --source-version 1.2-1 --percentage 10 --machine-ids ids
  ssh host cat /etc/machine-id | debcut rollout who --source hello --source-version 3:1.2-1 \\
    --percentage 10 --machine-ids -

Prints those that take the update, in the order of the input, by the draw that apt makes on
each host from its machine-id, the source and its version. Empty lines and what follows a #
are passed over. apt makes no such choice for packages that are asked for by name, in chroots
and containers, and where SOURCE_DATE_EPOCH is set; unattended-upgrades makes it only with
APT::Get::Phase-Policy \"1\". 0 still reaches about 1 % of hosts whose apt is older than 3.3.";

/// Tells who takes a phased update.
pub fn run(arguments: &Who, context: &Context<'_>) -> Result<Said, Failure> {
    let text = read(arguments, context)?;
    let ids = parsed(&text, &arguments.machine_ids.display().to_string())?;
    let apt = match arguments.apt {
        AptArgument::Old => phasing::Apt::Old,
        AptArgument::New => phasing::Apt::New,
    };
    let (source, version) = (&arguments.source, &arguments.source_version);
    let drawn = |id: &MachineId| phasing::draw(source, version, id.as_str(), apt);
    let taking = ids
        .iter()
        .map(|(_, id)| (id.as_str().to_owned(), drawn(id)))
        .filter(|(_, drawn)| phasing::takes(arguments.percentage, *drawn, apt))
        .collect();
    let document = WhoDocument::new(
        source,
        version,
        arguments.percentage,
        apt,
        ids.len(),
        taking,
    );
    Ok(Answer::new(document).findings(twins(&ids)).into())
}

fn read(arguments: &Who, context: &Context<'_>) -> Result<String, Failure> {
    let bytes = if arguments.machine_ids.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| {
            Failure::outside("stdin", format!("cannot read standard input: {error}"))
        })?;
        bytes
    } else {
        files::read(&context.path(&arguments.machine_ids))?
    };
    String::from_utf8(bytes).map_err(|_| {
        let file = arguments.machine_ids.display();
        Failure::request("machine-ids", format!("{file} is no text"))
    })
}

/// Takes the ids with their lines; refuses what is none.
fn parsed(text: &str, file: &str) -> Result<Vec<(usize, MachineId)>, Failure> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let id = line.split('#').next().unwrap_or_default().trim();
        if id.is_empty() {
            continue;
        }
        let id = MachineId::new(id).map_err(|error| {
            let failure =
                Failure::request("machine-ids", format!("{file}, line {number}: {error}"));
            failure.hint("cat /etc/machine-id on the host shows its own (machine-id(5))")
        })?;
        found.push((number, id));
    }
    Ok(found)
}

/// Names ids that more than one line has: hosts that were cloned draw alike.
fn twins(ids: &[(usize, MachineId)]) -> Vec<Finding> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for (line, id) in ids {
        if !seen.insert(id) {
            let message = format!("line {line} has it again: its hosts draw alike");
            found.push(
                Finding::warning("machine-id", id.as_str(), message)
                    .fix("on a clone: rm /etc/machine-id && systemd-machine-id-setup"),
            );
        }
    }
    found
}
