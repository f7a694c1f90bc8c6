use super::*;

fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a date")
}

fn window(days: &[Day], from: (u16, u16), to: (u16, u16)) -> Window {
    Window {
        days: days.to_vec(),
        from: from.0 * 60 + from.1,
        to: to.0 * 60 + to.1,
    }
}

fn at(text: &str) -> Opens {
    Opens::At(moment(text))
}

const WORK: [Day; 4] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu];

#[test]
fn without_a_calendar_it_is_always_open() {
    let calendar = Calendar::default();
    assert_eq!(calendar.opens(moment("2026-01-01T00:00:00Z")), Opens::Now);
    assert_eq!(calendar.starts(moment("2026-01-01T00:00:00Z")), Opens::Now);
}

#[test]
fn not_on_friday() {
    let calendar = Calendar {
        start_days: WORK.to_vec(),
        ..Calendar::default()
    };
    for (now, want) in [
        ("2026-01-08T23:59:59Z", Opens::Now),
        ("2026-01-09T00:00:00Z", at("2026-01-12T00:00:00Z")),
        ("2026-01-11T23:59:59Z", at("2026-01-12T00:00:00Z")),
        ("2026-01-12T00:00:00Z", Opens::Now),
    ] {
        assert_eq!(calendar.starts(moment(now)), want, "{now}");
        assert_eq!(calendar.opens(moment(now)), Opens::Now, "it is no start");
    }
}

#[test]
fn windows_by_day_and_over_midnight() {
    let calendar = Calendar {
        windows: vec![
            window(&WORK, (9, 0), (12, 0)),
            window(&[Day::Sat], (22, 0), (4, 0)),
        ],
        ..Calendar::default()
    };
    for (now, want) in [
        ("2026-01-05T08:59:59Z", at("2026-01-05T09:00:00Z")),
        ("2026-01-05T09:00:00Z", Opens::Now),
        ("2026-01-05T11:59:59Z", Opens::Now),
        // The end is not within.
        ("2026-01-05T12:00:00Z", at("2026-01-06T09:00:00Z")),
        ("2026-01-09T10:00:00Z", at("2026-01-10T22:00:00Z")),
        ("2026-01-10T22:00:00Z", Opens::Now),
        // Sunday, in Saturday's window.
        ("2026-01-11T03:59:59Z", Opens::Now),
        ("2026-01-11T04:00:00Z", at("2026-01-12T09:00:00Z")),
    ] {
        assert_eq!(calendar.opens(moment(now)), want, "{now}");
    }
}

#[test]
fn windows_follow_the_clock_on_the_wall() {
    let calendar = Calendar {
        zone: "Europe/Berlin".to_owned(),
        windows: vec![window(&[], (2, 30), (3, 30))],
        ..Calendar::default()
    };
    calendar.check().expect("tzdata is installed");
    for (now, want) in [
        // Winter: an hour ahead of UTC.
        ("2026-01-05T00:00:00Z", at("2026-01-05T01:30:00Z")),
        ("2026-01-05T02:29:59Z", Opens::Now),
        // Summer: two.
        ("2026-07-06T00:00:00Z", at("2026-07-06T00:30:00Z")),
        // The night of 29 March has no 2:30: it is the same moment, 3:30, and
        // there is no window that night.
        ("2026-03-28T23:00:00Z", at("2026-03-30T00:30:00Z")),
        // The night of 25 October has two: the first.
        ("2026-10-24T23:00:00Z", at("2026-10-25T00:30:00Z")),
        ("2026-10-25T02:29:59Z", Opens::Now),
    ] {
        assert_eq!(calendar.opens(moment(now)), want, "{now}");
    }
}

#[test]
fn closed_days_close_all() {
    let calendar = Calendar {
        zone: "Europe/Berlin".to_owned(),
        start_days: WORK.to_vec(),
        closed: vec!["2026-12-24".to_owned(), "2026-12-25".to_owned()],
        ..Calendar::default()
    };
    let evening = moment("2026-12-23T22:59:59Z");
    assert_eq!(calendar.opens(evening), Opens::Now);
    assert_eq!(calendar.starts(evening), Opens::Now);
    let closed = evening.plus_seconds(1);
    assert_eq!(calendar.opens(closed), at("2026-12-25T23:00:00Z"));
    // 24 December is a Thursday, 26 a Saturday.
    assert_eq!(calendar.starts(closed), at("2026-12-27T23:00:00Z"));
}

#[test]
fn what_cannot_be_followed_is_said() {
    let with = |zone: &str, closed: &str, to: u16| Calendar {
        zone: zone.to_owned(),
        start_days: Vec::new(),
        windows: vec![Window {
            days: Vec::new(),
            from: 0,
            to,
        }],
        closed: vec![closed.to_owned()],
    };
    for (calendar, want) in [
        (with("UTC", "2026-12-24", 1440), true),
        (with("Mars/Olympus", "2026-12-24", 1440), false),
        (with("UTC", "Christmas", 1440), false),
        (with("UTC", "2026-02-29", 1440), false),
        // A day, but written so that it would be none of ours.
        (with("UTC", "20261224", 1440), false),
        (with("UTC", "2026-12-24T10:00", 1440), false),
        (with("UTC", "2026-12-24", 1441), false),
    ] {
        assert_eq!(calendar.check().is_ok(), want, "{calendar:?}");
    }
    // Unknown here, though it was known where it was planned: shut, not open.
    let calendar = with("Mars/Olympus", "2026-12-24", 1440);
    assert_eq!(calendar.opens(moment("2026-01-05T00:00:00Z")), Opens::Never);
}

#[test]
fn a_day_ends_where_its_zone_says() {
    let of = |zone: &str, day: &str| {
        let calendar = Calendar {
            zone: zone.into(),
            ..Calendar::default()
        };
        let end = calendar.end_of(day)?;
        // Its last second is of that day, and the next one is not.
        let next = Timestamp::from_unix(end.unix() + 1);
        assert_eq!(calendar.day(end)?.to_string(), day);
        assert_ne!(calendar.day(next)?.to_string(), day);
        Some(end.to_string())
    };
    for (zone, day, want) in [
        ("", "2026-12-04", Some("2026-12-04T23:59:59Z")),
        (
            "America/New_York",
            "2026-12-04",
            Some("2026-12-05T04:59:59Z"),
        ),
        (
            "Pacific/Auckland",
            "2026-12-04",
            Some("2026-12-04T10:59:59Z"),
        ),
        // Summer time ends on this day: it has 25 hours.
        ("Europe/Berlin", "2026-10-25", Some("2026-10-25T22:59:59Z")),
        ("", "2026-02-30", None),
        ("", "2026-2-3", None),
        ("Nowhere/Else", "2026-12-04", None),
    ] {
        assert_eq!(of(zone, day).as_deref(), want, "{zone} {day}");
    }
}
