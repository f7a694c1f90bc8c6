//! `[patch]` as written → the rules of maintenance branches.

use toml::Spanned;

use super::read::{ConfigError, Source};
use super::written::patch as written;
use crate::model::BranchName;
use crate::patch::policy::{Note, Parents, Policy};

/// Reads the rules.
pub(super) fn policy(source: &Source<'_>, written: written::Patch) -> Result<Policy, ConfigError> {
    let usual = Policy::default();
    let main = written.main.as_ref().map(|main| {
        let name = BranchName::new(main.get_ref().clone());
        name.map_err(|error| source.refuse(&main.span(), error.to_string()))
    });
    let main = main.transpose()?.map(|name| name.as_str().to_owned());
    let approvals = match &written.approvals {
        None => usual.approvals,
        Some(number) => usize::try_from(*number.get_ref())
            .map_err(|_| source.refuse(&number.span(), "a number of approvals, 0 or more"))?,
    };
    let kinds = match written.kinds {
        None => usual.kinds,
        Some(kinds) => kinds
            .into_iter()
            .map(|kind| kind.into_inner().to_ascii_lowercase())
            .collect(),
    };
    let interval = written.interval.as_ref();
    Ok(Policy {
        main,
        approvers: written.approvers,
        approvals,
        owners: written.owners,
        kinds,
        note: match written.note {
            None => usual.note,
            Some(written::Note::Required) => Note::Required,
            Some(written::Note::Wanted) => Note::Wanted,
        },
        parents: match written.parents {
            None => usual.parents,
            Some(written::Parents::Merged) => Parents::Merged,
            Some(written::Parents::Any) => Parents::Any,
        },
        require_green: written.require_green,
        interval_days: interval.map(|text| days(source, text)).transpose()?,
    })
}

/// Reads `2w`, `10d` or `2w..4w`.
fn days(source: &Source<'_>, text: &Spanned<String>) -> Result<(u32, u32), ConfigError> {
    let one = |text: &str| -> Option<u32> {
        let (number, unit) = text
            .trim()
            .split_at_checked(text.trim().len().checked_sub(1)?)?;
        let number: u32 = number.parse().ok()?;
        match unit {
            "d" => Some(number),
            "w" => number.checked_mul(7),
            _ => None,
        }
    };
    let written = text.get_ref();
    let (from, to) = written.split_once("..").unwrap_or((written, written));
    match (one(from), one(to)) {
        (Some(from), Some(to)) if 0 < from && from <= to => Ok((from, to)),
        _ => Err(source.refuse(
            &text.span(),
            format!("“{written}” is no interval: \"2w..4w\" or \"10d\" expected"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Project;

    #[test]
    fn intervals_are_read() {
        let read = |text: &str| {
            let file = format!("[patch]\ninterval = \"{text}\"\n");
            let project = Project::parse("debcut.toml", &file);
            project.map(|project| project.patch.interval_days).ok()
        };
        for (text, want) in [
            ("2w..4w", Some(Some((14, 28)))),
            ("10d", Some(Some((10, 10)))),
            ("4w..2w", None),
            ("0d", None),
            ("2", None),
            ("", None),
            ("2m", None),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
