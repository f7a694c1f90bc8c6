//! Days and windows as they are written: `mon-thu 09:00-16:00`.

use toml::Spanned;

use super::{ConfigError, Source, written};
use crate::rollout::calendar::{Calendar, Day, Window};

const DAYS: [(&str, Day); 7] = [
    ("mon", Day::Mon),
    ("tue", Day::Tue),
    ("wed", Day::Wed),
    ("thu", Day::Thu),
    ("fri", Day::Fri),
    ("sat", Day::Sat),
    ("sun", Day::Sun),
];

/// Takes the keys about time.
pub fn calendar(source: &Source<'_>, table: &written::Rollout) -> Result<Calendar, ConfigError> {
    let start_days = table.start_days.as_deref().unwrap_or_default();
    let mut calendar = start_days_of(source, table.zone.as_ref(), start_days, &table.closed)?;
    for text in table.windows.iter().flatten() {
        let found = window(text.get_ref()).ok_or_else(|| {
            let why = format!(
                "“{}” is no window such as \"mon-thu 09:00-16:00\"",
                text.get_ref()
            );
            source.refuse(&text.span(), why)
        })?;
        calendar.windows.push(found);
    }
    Ok(calendar)
}

/// Takes a zone, the days on which something may be started, and closed ones.
pub fn start_days_of(
    source: &Source<'_>,
    zone: Option<&Spanned<String>>,
    start_days: &[Spanned<String>],
    closed: &[Spanned<String>],
) -> Result<Calendar, ConfigError> {
    let mut calendar = Calendar::default();
    if let Some(zone) = zone {
        let name = zone.get_ref();
        if jiff::tz::TimeZone::get(name).is_err() {
            let why =
                format!("“{name}” is no time zone that this machine knows, such as Europe/Berlin");
            return Err(source.refuse(&zone.span(), why));
        }
        calendar.zone.clone_from(name);
    }
    for text in start_days {
        let found = days(text.get_ref()).ok_or_else(|| {
            let why = format!("“{}” is no day such as mon or mon-thu", text.get_ref());
            source.refuse(&text.span(), why)
        })?;
        calendar.start_days.extend(found);
    }
    for day in closed {
        calendar.closed.push(date(source, day)?);
    }
    Ok(calendar)
}

fn date(source: &Source<'_>, written: &Spanned<String>) -> Result<String, ConfigError> {
    let text = written.get_ref();
    let found = text.parse::<jiff::civil::Date>().ok();
    let found = found.filter(|_| text.len() == "2026-12-24".len());
    found.map(|date| date.to_string()).ok_or_else(|| {
        let why = format!("“{text}” is no date such as 2026-12-24");
        source.refuse(&written.span(), why)
    })
}

/// Reads `mon`, `mon-thu`, `sat,sun`.
pub fn days(text: &str) -> Option<Vec<Day>> {
    let place = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        DAYS.iter().position(|(known, _)| *known == name)
    };
    let mut found = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (place(first)?, place(last)?);
        loop {
            found.push(DAYS[at].1);
            if at == last {
                break;
            }
            at = (at + 1) % DAYS.len();
        }
    }
    Some(found)
}

/// Reads `mon-thu 09:00-16:00`, or the hours alone for every day.
pub fn window(text: &str) -> Option<Window> {
    let (days, hours) = match text.trim().rsplit_once(' ') {
        Some((days, hours)) => (self::days(days)?, hours),
        None => (Vec::new(), text.trim()),
    };
    let (from, to) = hours.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < 1440).then_some(Window { days, from, to })
}

/// Reads a time of the day as minutes; 24:00 is its end.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| {
        (text.len() == 2)
            .then(|| text.parse::<u16>().ok())
            .flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= 1440).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read() {
        let shown = |text: &str| window(text).map(|w| (w.days.len(), w.from, w.to));
        for (text, want) in [
            ("mon-thu 09:00-16:00", Some((4, 540, 960))),
            ("sat,sun 00:00-24:00", Some((2, 0, 1440))),
            ("fri-mon 22:00-04:00", Some((4, 1320, 240))),
            ("09:00-17:00", Some((0, 540, 1020))),
            ("Mon 09:00-17:00", Some((1, 540, 1020))),
            ("mon 9:00-17:00", None),
            ("mon 09:00-24:01", None),
            ("mon 24:00-25:00", None),
            ("mun 09:00-17:00", None),
            ("mon", None),
            ("mon 09:60-17:00", None),
            ("", None),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }
}
