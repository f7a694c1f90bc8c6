//! When the next patch release may and should be cut.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::Timestamp;
use crate::model::calendar::{Calendar, Day};

/// How often patch releases are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// How many days pass between them: the first day when one may be cut and
    /// the last day when one should be; none: there is no rhythm.
    pub interval_days: Option<(u32, u32)>,
    /// The working days (its start days), the closed ones, and the zone.
    pub calendar: Calendar,
}

impl Default for Rhythm {
    fn default() -> Self {
        let start_days = vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
        Self {
            interval_days: None,
            calendar: Calendar {
                start_days,
                ..Calendar::default()
            },
        }
    }
}

/// The days of the next patch release of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The day of the last one.
    pub last: String,
    /// The first working day when the next one may be cut.
    pub from: String,
    /// The last working day when it should be; not before `from`.
    pub until: String,
    /// The first working day, from today on, when it may be cut.
    pub next: String,
    /// Where today is.
    pub today: Today,
}

/// Where a day is between two releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Today {
    /// The next one may not be cut yet.
    Early,
    /// It may be cut.
    Open,
    /// It may, but not today: it is no working day.
    Closed,
    /// It should have been cut.
    Overdue,
}

impl Due {
    /// Says where today is, in words.
    pub fn words(&self) -> String {
        let Self {
            from, until, next, ..
        } = self;
        let span = match from == until {
            true => format!("on {from}"),
            false => format!("from {from} to {until}"),
        };
        match self.today {
            Today::Early => format!("due {span}"),
            Today::Open => format!("due {span}: it may be cut today"),
            Today::Closed => format!("due {span}: not today, but on {next}"),
            Today::Overdue => {
                format!("overdue: it was due by {until}, the next day for it is {next}")
            }
        }
    }
}

impl Rhythm {
    /// Says when the next release is due after one of this moment; none: there
    /// is no rhythm, or no working day within two years.
    pub fn due(&self, last: Timestamp, now: Timestamp) -> Option<Due> {
        let (least, most) = self.interval_days?;
        let calendar = &self.calendar;
        let (last, today) = (calendar.day(last)?, calendar.day(now)?);
        let after = |days: u32| last.checked_add(i64::from(days).days()).ok();
        let from = calendar.start_day_from(after(least)?)?;
        let until = calendar.start_day_until(after(most)?)?.max(from);
        let next = calendar.start_day_from(today.max(from))?;
        let day = |day: Date| day.to_string();
        Some(Due {
            today: if today < from {
                Today::Early
            } else if today > until {
                Today::Overdue
            } else if calendar.is_start_day(today) {
                Today::Open
            } else {
                Today::Closed
            },
            last: day(last),
            from: day(from),
            until: day(until),
            next: day(next),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(&format!("{text}:00Z")).expect("a date")
    }

    #[test]
    fn the_next_release_is_on_a_working_day() {
        let mut rhythm = Rhythm {
            interval_days: Some((14, 28)),
            ..Rhythm::default()
        };
        // 2026-11-02 is a Monday.
        let cases = [
            // Last, now → from, until, next, today.
            (
                "11-02T10:00",
                "11-10T10:00",
                "11-16 11-30 11-16",
                Today::Early,
            ),
            (
                "11-02T10:00",
                "11-16T00:00",
                "11-16 11-30 11-16",
                Today::Open,
            ),
            (
                "11-02T10:00",
                "11-21T10:00",
                "11-16 11-30 11-23",
                Today::Closed,
            ),
            (
                "11-02T10:00",
                "12-01T10:00",
                "11-16 11-30 12-01",
                Today::Overdue,
            ),
            (
                "11-02T10:00",
                "12-05T10:00",
                "11-16 11-30 12-07",
                Today::Overdue,
            ),
            // Released on a Saturday: from Monday on, at the latest on Friday.
            (
                "11-07T10:00",
                "11-07T11:00",
                "11-23 12-04 11-23",
                Today::Early,
            ),
        ];
        for (last, now, days, today) in cases {
            let (last, now) = (
                moment(&format!("2026-{last}")),
                moment(&format!("2026-{now}")),
            );
            let due = rhythm.due(last, now).expect("a rhythm");
            let shown = format!("{} {} {}", &due.from[5..], &due.until[5..], &due.next[5..]);
            assert_eq!((shown.as_str(), due.today), (days, today), "{last} {now}");
            let words = due.words();
            let said = match today {
                Today::Early => words.starts_with("due from ") && !words.contains(':'),
                Today::Open => words.ends_with(": it may be cut today"),
                Today::Closed => words.ends_with(&format!(": not today, but on {}", due.next)),
                Today::Overdue => {
                    words.starts_with(&format!("overdue: it was due by {}", due.until))
                }
            };
            assert!(said, "{words}");
        }
        rhythm.calendar.closed = vec!["2026-11-30".into(), "2026-11-16".into()];
        let due = rhythm.due(moment("2026-11-02T10:00"), moment("2026-11-16T10:00"));
        let due = due.expect("a rhythm");
        assert_eq!((&*due.from, &*due.until), ("2026-11-17", "2026-11-27"));
        assert_eq!(due.today, Today::Early);
        // The day is that of the zone.
        rhythm.calendar.zone = "Europe/Berlin".into();
        let due = rhythm.due(moment("2026-11-02T23:30"), moment("2026-11-03T10:00"));
        assert_eq!(due.expect("a rhythm").last, "2026-11-03");
        // No day is left between them: the first one that there is.
        rhythm.interval_days = Some((5, 5));
        rhythm.calendar.zone.clear();
        let due = rhythm.due(moment("2026-11-02T10:00"), moment("2026-11-02T10:00"));
        let due = due.expect("a rhythm");
        assert_eq!((&*due.from, &*due.until), ("2026-11-09", "2026-11-09"));
        rhythm.interval_days = None;
        assert_eq!(
            rhythm.due(moment("2026-11-02T10:00"), moment("2026-11-02T10:00")),
            None
        );
    }
}
