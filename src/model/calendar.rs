//! When something may be begun: working days and maintenance windows.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The times when rings may be opened and batches begun. What has begun is
/// finished at any time; going back is allowed at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Calendar {
    /// The time zone of all that follows (`Europe/Berlin`); UTC where it is
    /// empty.
    pub zone: String,
    /// The days when a rollout may be started; empty: all.
    pub start_days: Vec<Day>,
    /// When rings are opened and batches begun; empty: always.
    pub windows: Vec<Window>,
    /// Days of no windows and no start (`2026-12-24`).
    pub closed: Vec<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the days of the week")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A window of each of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days on which it begins; empty: all.
    pub days: Vec<Day>,
    /// When it begins, in minutes after midnight.
    pub from: u16,
    /// When it ends, in minutes after midnight; not after `from`: on the next
    /// day.
    pub to: u16,
}

/// When something may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// Now.
    Now,
    /// At this moment.
    At(Timestamp),
    /// Not within two years, or the zone is not known here.
    Never,
}

/// Says that a calendar cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone is in no database of this machine.
    #[error("there is no time zone “{0}” (package tzdata)")]
    Zone(String),
    /// A closed day is no date.
    #[error("“{0}” is not a day (2026-12-24 expected)")]
    Day(String),
    /// A window begins or ends after midnight.
    #[error("a window's {0} minutes are more than a day")]
    Minutes(u16),
}

/// So far ahead is looked: a calendar that opens later never opens.
const DAYS_AHEAD: i64 = 731;
const MINUTES_A_DAY: u16 = 24 * 60;

impl Calendar {
    /// Checks that it can be followed here.
    pub fn check(&self) -> Result<(), CalendarError> {
        self.time_zone()?;
        for day in &self.closed {
            // Days are compared as they are written.
            let date: Option<Date> = day.parse().ok();
            if date.is_none_or(|date| date.to_string() != *day) {
                return Err(CalendarError::Day(day.clone()));
            }
        }
        let minutes = self
            .windows
            .iter()
            .flat_map(|window| [window.from, window.to]);
        match minutes.into_iter().find(|minutes| *minutes > MINUTES_A_DAY) {
            Some(minutes) => Err(CalendarError::Minutes(minutes)),
            None => Ok(()),
        }
    }

    /// Returns when a rollout may be started: on a day for that, within a
    /// window.
    pub fn starts(&self, now: Timestamp) -> Opens {
        self.first(now, &self.start_days)
    }

    /// Returns when a ring may be opened or a batch begun.
    pub fn opens(&self, now: Timestamp) -> Opens {
        self.first(now, &[])
    }

    /// Returns the day of a moment in its zone; none: the zone is not known
    /// here.
    pub fn day(&self, at: Timestamp) -> Option<Date> {
        let moment = jiff::Timestamp::from_second(at.unix()).ok()?;
        Some(moment.to_zoned(self.time_zone().ok()?).date())
    }

    /// Returns the last second of a day (`2026-12-04`) in its zone; none: it is no
    /// day, or the zone is not known here.
    pub fn end_of(&self, day: &str) -> Option<Timestamp> {
        let date: Date = day.parse().ok()?;
        if date.to_string() != day {
            return None;
        }
        let next = date.tomorrow().ok()?;
        let begins = next.to_zoned(self.time_zone().ok()?).ok()?;
        Some(Timestamp::from_unix(begins.timestamp().as_second() - 1))
    }

    /// Tells whether something may be started on a day.
    pub fn is_start_day(&self, day: Date) -> bool {
        let named = self.start_days.is_empty() || self.start_days.contains(&Day::of(day));
        named && !self.is_closed(day)
    }

    /// Returns the first day, from this one on, when something may be started;
    /// none: there is none within two years.
    pub fn start_day_from(&self, day: Date) -> Option<Date> {
        let mut days = (0..DAYS_AHEAD).map_while(|ahead| day.checked_add(ahead.days()).ok());
        days.find(|day| self.is_start_day(*day))
    }

    /// Returns the last day, up to this one, when something may be started;
    /// none: there was none for two years.
    pub fn start_day_until(&self, day: Date) -> Option<Date> {
        let mut days = (0..DAYS_AHEAD).map_while(|back| day.checked_sub(back.days()).ok());
        days.find(|day| self.is_start_day(*day))
    }

    fn time_zone(&self) -> Result<TimeZone, CalendarError> {
        match self.zone.as_str() {
            "" | "UTC" => Ok(TimeZone::UTC),
            name => TimeZone::get(name).map_err(|_| CalendarError::Zone(name.to_owned())),
        }
    }

    fn first(&self, now: Timestamp, days: &[Day]) -> Opens {
        if self.windows.is_empty() && self.closed.is_empty() && days.is_empty() {
            return Opens::Now;
        }
        let Ok(zone) = self.time_zone() else {
            return Opens::Never;
        };
        let Ok(moment) = jiff::Timestamp::from_second(now.unix()) else {
            return Opens::Never;
        };
        let today = moment.to_zoned(zone.clone()).date();
        // A window of yesterday may not have ended.
        for ahead in -1..DAYS_AHEAD {
            let Ok(date) = today.checked_add(ahead.days()) else {
                break;
            };
            let mut spans = self.spans(date);
            spans.sort_unstable();
            let found = spans.into_iter().filter_map(|(from, to)| {
                let (from, to) = (at(date, from, &zone)?, at(date, to, &zone)?);
                self.within(from, to, now, days, &zone)
            });
            if let Some(from) = found.min() {
                return match from <= now {
                    true => Opens::Now,
                    false => Opens::At(from),
                };
            }
        }
        Opens::Never
    }

    /// Returns the first moment from now on within a span whose day is not
    /// closed, and is one of these.
    fn within(
        &self,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
        days: &[Day],
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let mut moment = from.max(now);
        while moment < to {
            let second = jiff::Timestamp::from_second(moment.unix()).ok()?;
            let local = second.to_zoned(zone.clone());
            let date = local.date();
            let right = days.is_empty() || days.contains(&Day::of(date));
            if right && !self.is_closed(date) {
                return Some(moment);
            }
            // The next day may be another.
            let next = date.tomorrow().ok()?;
            moment = at(next, 0, zone)?;
        }
        None
    }

    /// Returns the windows that begin on a day, in minutes after its midnight.
    fn spans(&self, date: Date) -> Vec<(u16, u16)> {
        if self.windows.is_empty() {
            return vec![(0, MINUTES_A_DAY)];
        }
        let day = Day::of(date);
        let windows = self.windows.iter();
        let windows = windows.filter(|w| w.days.is_empty() || w.days.contains(&day));
        let spans = windows.map(|window| match window.to > window.from {
            true => (window.from, window.to),
            false => (window.from, window.to + MINUTES_A_DAY),
        });
        spans.collect()
    }

    fn is_closed(&self, date: Date) -> bool {
        self.closed.iter().any(|day| *day == date.to_string())
    }
}

/// Returns so many minutes after a day's midnight by the clock on the wall: a
/// time that the clock jumps over is the same time by the clock as it was
/// before the jump, one that comes twice is the first.
fn at(date: Date, minutes: u16, zone: &TimeZone) -> Option<Timestamp> {
    let date = date.checked_add(i64::from(minutes / MINUTES_A_DAY).days());
    let minutes = minutes % MINUTES_A_DAY;
    let (hour, minute) = ((minutes / 60) as i8, (minutes % 60) as i8);
    let local = date.ok()?.at(hour, minute, 0, 0);
    let zoned = local.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_unix(zoned.timestamp().as_second()))
}

impl Day {
    fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

#[cfg(test)]
mod tests;
