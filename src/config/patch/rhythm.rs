//! How often patch releases are cut, as it is written.

use toml::Spanned;

use super::written;
use super::{ConfigError, Source};
use crate::config::rollout::start_days_of;
use crate::patch::Rhythm;

/// Takes the keys about time.
pub fn rhythm(source: &Source<'_>, table: &written::Patch) -> Result<Rhythm, ConfigError> {
    let usual = Rhythm::default();
    let named = table.working_days.as_deref().unwrap_or_default();
    let mut calendar = start_days_of(source, table.zone.as_ref(), named, &table.closed)?;
    if calendar.start_days.is_empty() {
        calendar.start_days = usual.calendar.start_days;
    }
    let interval = table.interval.as_ref();
    Ok(Rhythm {
        interval_days: interval.map(|text| days(source, text)).transpose()?,
        calendar,
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
            project
                .map(|project| project.patch.rhythm.interval_days)
                .ok()
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

    #[test]
    fn working_days_are_those_of_the_week_by_default() {
        let read = |text: &str| {
            let project = Project::parse("debcut.toml", &format!("[patch]\n{text}\n"));
            let project = project.map_err(|error| error.to_string())?;
            Ok::<_, String>(project.patch.rhythm.calendar)
        };
        assert_eq!(read("").expect("nothing").start_days.len(), 5);
        let own = read("working-days = [\"mon-thu\"]\nclosed = [\"2026-12-24\"]");
        let own = own.expect("days");
        assert_eq!((own.start_days.len(), own.closed.len()), (4, 1));
        for wrong in [
            "working-days = [\"day\"]",
            "closed = [\"12-24\"]",
            "zone = \"Nowhere\"",
        ] {
            let error = read(wrong).expect_err(wrong);
            assert!(error.starts_with("debcut.toml:2: "), "{error}");
        }
    }
}
