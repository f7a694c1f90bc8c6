use super::*;
use crate::model::{HostName, RingName, Timestamp};
use crate::rollout::state::Halt;

fn ring() -> RingName {
    RingName::new("canary").expect("a name")
}

fn entries(events: Vec<Event>) -> Vec<Entry> {
    let numbered = (1..).zip(events);
    numbered
        .map(|(number, event)| Entry {
            number,
            at: Timestamp::from_unix(0),
            by: String::new(),
            event,
        })
        .collect()
}

fn halted() -> Event {
    Event::Halted {
        why: Halt::Asked { reason: None },
    }
}

fn told(channel: &str, of: u64, error: Option<&str>) -> Event {
    Event::Notified {
        channel: channel.to_owned(),
        of,
        error: error.map(str::to_owned),
    }
}

fn channel(name: &str, on: &[News]) -> Channel {
    Channel {
        name: name.to_owned(),
        on: on.to_vec(),
        form: Form::Text,
        to: Destination::Command("cat".to_owned()),
    }
}

#[test]
fn news_are_changes_of_the_whole() {
    let host = HostName::new("a").expect("a name");
    let opening = Event::Opening { ring: ring() };
    let problems = vec!["prerm fails".to_owned()];
    let cases = [
        (opening, None),
        (
            Event::Opened {
                ring: ring(),
                suites: Vec::new(),
            },
            Some(News::RingOpened),
        ),
        (Event::Begun { host: host.clone() }, None),
        (Event::Rehearsed { problems }, None),
        (
            Event::Rehearsed {
                problems: Vec::new(),
            },
            Some(News::Rehearsed),
        ),
        (Event::Passed { ring: ring() }, Some(News::RingPassed)),
        (halted(), Some(News::Halted)),
        (told("x", 1, None), None),
        (Event::Done, Some(News::Done)),
    ];
    for (event, want) in cases {
        assert_eq!(News::of(&event), want, "{event:?}");
    }
}

#[test]
fn words_name_their_news() {
    for news in News::ALL {
        assert_eq!(News::named(news.word()), Some(news), "{}", news.word());
    }
    assert_eq!(News::named("halt"), None);
}

#[test]
fn nothing_is_told_twice_and_nothing_is_lost() {
    let all = channel("all", &[]);
    let bad = channel("bad", &[News::Halted]);
    let channels = [all, bad];
    let events = vec![
        Event::Passed { ring: ring() },
        halted(),
        told("all", 1, None),
        Event::Opening { ring: ring() },
        Event::Done,
    ];
    let shown = |entries: &[Entry]| -> Vec<(u64, String)> {
        let due = due(entries, &channels).into_iter();
        due.map(|(entry, channel)| (entry.number, channel.name.clone()))
            .collect()
    };
    let mut journal = events;
    for want in [
        vec![(2, "all"), (2, "bad"), (5, "all")],
        vec![(2, "bad"), (5, "all")],
        vec![(5, "all")],
        vec![],
    ] {
        let found = shown(&entries(journal.clone()));
        let found: Vec<_> = found.iter().map(|(n, c)| (*n, c.as_str())).collect();
        assert_eq!(found, want);
        // What could not be told is tried again, and not for ever.
        if let Some((of, name)) = want.first() {
            for _ in 0..3 {
                assert!(shown(&entries(journal.clone())).contains(&(*of, (*name).to_owned())));
                journal.push(told(name, *of, Some("refused")));
            }
        }
    }
}

#[test]
fn webhooks_show_their_host_alone() {
    for (text, host, shown) in [
        (
            "https://hooks.slack.com/services/T0/B0/secret",
            Some("hooks.slack.com"),
            "the webhook at hooks.slack.com",
        ),
        (
            "http://me:secret@127.0.0.1:80/?token=secret",
            Some("127.0.0.1:80"),
            "the webhook at 127.0.0.1:80",
        ),
        ("https://h?secret", Some("h"), "the webhook at h"),
        ("$SLACK_URL", None, "the webhook in $SLACK_URL"),
        ("${SLACK_URL}", None, "the webhook in $SLACK_URL"),
    ] {
        let webhook = Webhook::new(text).expect(text);
        assert_eq!(webhook.host(), host, "{text}");
        assert_eq!(webhook.to_string(), shown);
        assert!(!format!("{webhook:?}").contains("secret"), "{text}");
    }
    for bad in [
        "",
        "$",
        "$a b",
        "ftp://h",
        "https://",
        "https://a b/",
        "hook",
    ] {
        assert_eq!(Webhook::new(bad), Err(WebhookError), "{bad}");
    }
}
