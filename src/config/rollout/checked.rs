//! The whole table, checked.

use std::collections::BTreeMap;

use toml::Spanned;

use super::rings::{checks, everywhere, rings};
use super::words::{approval, destination, hosts, number, share, suites, time};
use super::{
    Approval, ConfigError, Destination, EMERGENCY, Engine, Form, HostsWanted, Profile, Rehearsal,
    RehearsalBase, RequestRules, Restart, Rights, RingNumbers, RolloutRules, Share, Source,
    Supersede, written,
};
use crate::config::notify::channels;
use crate::rollout::telling::News;

/// Takes the table.
pub fn rules(source: &Source<'_>, table: written::Rollout) -> Result<RolloutRules, ConfigError> {
    let usual = RingNumbers {
        soak_seconds: time(source, &table.soak, 0, 24 * 3600)?,
        batch: share(source, &table.batch, 1, Share::Percent(10))?,
        concurrency: number(source, &table.concurrency, 1, 20)?,
        check_seconds: time(source, &table.check_time, 1, 300)?,
        max_failures: share(source, &table.max_failures, 0, Share::Count(0))?,
        max_unreachable: share(source, &table.max_unreachable, 0, Share::Percent(10))?,
        min_sample: number(source, &table.min_sample, 0, 1)?,
    };
    let everyone = table.hosts.as_ref();
    let everyone = everyone.map(|written| match hosts(source, written)? {
        HostsWanted::Rest => {
            let why = "hosts of [rollout] are everyone: there is no rest";
            Err(source.refuse(&written.span(), why))
        }
        found => Ok(found),
    });
    let sources_file = table.sources_file.as_ref().map(|written| {
        let path = written.get_ref();
        match path.starts_with('/') && !path.contains('\n') {
            true => Ok(path.clone()),
            false => {
                let why = format!("“{path}” must be an absolute path on the hosts");
                Err(source.refuse(&written.span(), why))
            }
        }
    });
    let rehearsal = match &table.rehearsal {
        None => Rehearsal::Wanted,
        Some(written) => match written.get_ref() {
            written::Rehearsal::Wanted(true) | written::Rehearsal::Base(_) => Rehearsal::Wanted,
            written::Rehearsal::Skip(why) if !why.trim().is_empty() => {
                Rehearsal::Skipped(why.clone())
            }
            _ => {
                let why = "who skips the rehearsal says why: rehearsal = { skip = \"why\" }";
                return Err(source.refuse(&written.span(), why));
            }
        },
    };
    let calendar = super::calendar::calendar(source, &table)?;
    let listed = checks(source, table.check)?;
    Ok(RolloutRules {
        from: suites(source, &table.from)?,
        hosts: everyone.transpose()?,
        engine: match table.engine {
            Some(written::Engine::Ansible) => Engine::Ansible,
            None | Some(written::Engine::Ssh) => Engine::Ssh,
        },
        ssh_options: table.ssh_options,
        rights: match table.r#become {
            Some(true) => Rights::Sudo,
            None | Some(false) => Rights::OfUser,
        },
        inventory: table.inventory,
        sources_file: sources_file.transpose()?,
        supersede: match table.supersede {
            None | Some(written::Supersede::Refuse) => Supersede::Refuse,
            Some(written::Supersede::Wait) => Supersede::Wait,
            Some(written::Supersede::Replace) => Supersede::Replace,
        },
        restart: match table.restart {
            None | Some(written::Restart::Nothing) => Restart::Nothing,
            Some(written::Restart::Stale) => Restart::Stale,
            Some(written::Restart::Units(units)) => Restart::Units(units),
        },
        rehearsal,
        rehearsal_base: match table.rehearsal.as_ref().map(Spanned::get_ref) {
            Some(written::Rehearsal::Base(written::RehearsalBase::Host)) => RehearsalBase::Host,
            _ => RehearsalBase::Clean,
        },
        approval: approval(source, &table.approvals)?.unwrap_or(Approval::NotNeeded),
        calendar,
        job_seconds: time(source, &table.job_time, 1, 30 * 60)?,
        lock_seconds: time(source, &table.lock_time, 0, 120)?,
        attempts: number(source, &table.attempts, 1, 3)?,
        retry_seconds: time(source, &table.retry_time, 1, 300)?,
        rings: rings(source, table.ring, &listed, &usual)?,
        checks: everywhere(&listed),
        usual,
        channels: channels(
            source,
            "rollout",
            table.notify,
            News::ALL.map(|news| (news, news.word())),
        )?,
        request: match table.request {
            None => RequestRules::default(),
            Some(written) => request(source, written)?,
        },
        profiles: profiles(source, table.profile)?,
        archive: table.archive,
    })
}

fn request(
    source: &Source<'_>,
    written: Spanned<written::Request>,
) -> Result<RequestRules, ConfigError> {
    let at = written.span();
    let written = written.into_inner();
    let places = [
        written.file.is_some(),
        written.command.is_some(),
        written.webhook.is_some(),
    ];
    if places.iter().filter(|named| **named).count() > 1 {
        let why = "[rollout.request] goes to one of file, command and webhook";
        return Err(source.refuse(&at, why));
    }
    let file = written.file.map(|path| Destination::File(path.into()));
    let further = destination(source, &at, written.command, written.webhook)?;
    Ok(RequestRules {
        form: written.template.as_deref().map(Form::named),
        to: file.or(further),
    })
}

fn profiles(
    source: &Source<'_>,
    written: BTreeMap<String, Spanned<written::Profile>>,
) -> Result<BTreeMap<String, Profile>, ConfigError> {
    let emergency = Profile {
        soak_seconds: Some(600),
        batch: Some(Share::Percent(50)),
        skips_rehearsal: true,
        skips_windows: true,
        needs_reason: true,
        ..Profile::default()
    };
    let mut found = BTreeMap::from([(EMERGENCY.to_owned(), emergency)]);
    for (name, written) in written {
        let table = written.into_inner();
        let before = found.get(&name).cloned().unwrap_or_default();
        let or_time = |written: &Option<Spanned<String>>, before: Option<u32>| match written {
            None => Ok(before),
            some => time(source, some, 0, 0).map(Some),
        };
        let or_share = |written: &Option<Spanned<written::Share>>, least, before| match written {
            None => Ok(before),
            some => share(source, some, least, Share::Count(0)).map(Some),
        };
        let or_number = |written: &Option<Spanned<i64>>, least, before| match written {
            None => Ok(before),
            some => number(source, some, least, 0).map(Some),
        };
        let profile = Profile {
            soak_seconds: or_time(&table.soak, before.soak_seconds)?,
            batch: or_share(&table.batch, 1, before.batch)?,
            concurrency: or_number(&table.concurrency, 1, before.concurrency)?,
            max_failures: or_share(&table.max_failures, 0, before.max_failures)?,
            max_unreachable: or_share(&table.max_unreachable, 0, before.max_unreachable)?,
            min_sample: or_number(&table.min_sample, 0, before.min_sample)?,
            skips_rehearsal: table
                .rehearsal
                .map_or(before.skips_rehearsal, |wanted| !wanted),
            skips_windows: table.windows.map_or(before.skips_windows, |wanted| !wanted),
            approval: approval(source, &table.approvals)?.or(before.approval),
            needs_reason: table.reason.unwrap_or(before.needs_reason),
        };
        found.insert(name, profile);
    }
    Ok(found)
}
