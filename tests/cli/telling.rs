//! Who is told of a rollout: commands, webhooks, chats; and what is written down
//! of it.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Mutex;
use std::thread::JoinHandle;

use debcut::flow::rolling::delivering::Courier;
use debcut::flow::rolling::telling::tell_all;
use debcut::model::{Event as Said, Listener};
use debcut::rollout::event::{Entry, Event};
use debcut::rollout::plan;
use debcut::rollout::policy::Approval;
use debcut::rollout::telling::{Channel, Destination, Form, News, Webhook};
use debcut::sys::environment::Environment;
use serde_json::Value;

use crate::rollout_samples::{EVIL, Story, at};
use crate::world::World;

/// What a server was sent.
struct Heard {
    head: String,
    body: String,
}

/// Answers so many requests on loopback with these statuses, then goes away.
fn server(statuses: &'static [u16]) -> (u16, JoinHandle<Vec<Heard>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = std::thread::spawn(move || {
        let mut heard = Vec::new();
        for status in statuses {
            let (stream, _) = listener.accept().expect("somebody comes");
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
            }
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1).expect("a length");
            let length = length.lines().next().and_then(|n| n.parse().ok());
            let mut body = vec![0; length.expect("a number")];
            reader.read_exact(&mut body).expect("all of it");
            let body = String::from_utf8(body).expect("text");
            let answer = format!(
                "HTTP/1.1 {status} x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nno_ok"
            );
            (&stream).write_all(answer.as_bytes()).expect("sent");
            heard.push(Heard { head, body });
        }
        heard
    });
    (port, serving)
}

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Listener for Warnings {
    fn hear(&self, event: Said) {
        if let Said::Warning(text) = event {
            self.0.lock().expect("alone").push(text);
        }
    }
}

fn channel(name: &str, on: &[News], form: Form, to: Destination) -> Channel {
    Channel {
        name: name.to_owned(),
        on: on.to_vec(),
        form,
        to,
    }
}

fn webhook(url: &str) -> Destination {
    Destination::Webhook(Webhook::new(url).expect(url))
}

/// Tells what is due; returns what was written down and warned of.
fn told(
    story: &mut Story,
    channels: &[Channel],
    directory: &Path,
    variables: &[(&str, &str)],
) -> (Vec<Event>, Vec<String>) {
    let environment = Environment::new(
        directory,
        variables.iter().copied().chain([("PATH", "/usr/bin:/bin")]),
    );
    let courier = Courier {
        environment: &environment,
        directory,
    };
    let (rollout, now) = (story.rollout(), at("2025-06-03T10:00:00Z"));
    let next = plan::next(&rollout, now);
    let (warnings, mut written) = (Warnings::default(), Vec::new());
    let mut write = |event: Event| -> Result<(), Infallible> {
        written.push(event);
        Ok(())
    };
    let state: (_, &[Entry]) = (&rollout, &story.entries);
    let told = tell_all(
        &courier,
        channels,
        state,
        (&next, now),
        &warnings,
        &mut write,
    );
    told.expect("it is written");
    for event in &written {
        story.add("2025-06-03T10:00:00Z", event.clone());
    }
    (written, warnings.0.into_inner().expect("alone"))
}

#[test]
fn each_channel_hears_once_what_it_wants() {
    let world = World::new();
    let (port, serving) = server(&[200, 503, 200]);
    let url = format!("http://127.0.0.1:{port}/services/T0/secret");
    let channels = [
        channel(
            "log",
            &[],
            Form::Text,
            Destination::Command("cat >>log".to_owned()),
        ),
        channel(
            "chat",
            &[News::Halted, News::RingPassed],
            Form::Slack,
            webhook("$CHAT"),
        ),
    ];
    let mut story = Story::new(EVIL, Approval::NotNeeded);
    story.canaries().halted();
    let (written, warnings) = told(&mut story, &channels, &world.path("tmp"), &[("CHAT", &url)]);
    assert_eq!(warnings, [""; 0]);
    // Planned, rehearsed, open, soaking, passed, open, halted; and two of them.
    assert_eq!(written.len(), 7 + 2, "{written:#?}");
    let heard = serving.join().expect("served");
    // A server that is busy is asked again, with the same message.
    assert_eq!(heard[1].body, heard[2].body);
    let key = |one: &Heard| {
        let lines = one.head.lines().map(str::to_lowercase);
        let mut keys = lines.filter(|line| line.starts_with("idempotency-key:"));
        keys.next().expect("a key")
    };
    assert_eq!(key(&heard[1]), key(&heard[2]));
    assert_ne!(key(&heard[0]), key(&heard[1]));
    let passed: Value = serde_json::from_str(&heard[0].body).expect("JSON");
    assert_eq!(passed["text"], "hello 1.2-1: ring canary has passed");
    let halted: Value = serde_json::from_str(&heard[2].body).expect("JSON");
    judged_as_slack(&halted);
    let text = halted.to_string();
    assert!(text.contains("2 hosts failed in ring early"), "{text}");
    assert!(
        text.contains("&lt;script&gt;") && !text.contains("<script>"),
        "{text}"
    );
    let log = std::fs::read_to_string(world.path("tmp/log")).expect("a log");
    assert!(
        log.contains("hello 1.2-1: it halts: 2 hosts failed in ring early, 0 may"),
        "{log}"
    );
    assert!(
        log.contains("! web08.example.org (early): unreachable"),
        "{log}"
    );
    assert!(
        log.contains("Next: it is halted, until somebody resumes it or rolls it back"),
        "{log}"
    );
    // Nothing is told twice, whoever comes next.
    let (again, _) = told(&mut story, &channels, &world.path("tmp"), &[]);
    assert_eq!(again, []);
}

/// Holds a message to what Slack documents of incoming webhooks and Block Kit:
/// `text` beside `blocks`, at most 50 blocks, 3000 characters in a section's
/// text, 10 elements in a context, and no other fields than these.
fn judged_as_slack(message: &Value) {
    let fields: Vec<_> = message.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["text", "blocks"]);
    let text = |value: &Value, most: usize| {
        assert_eq!(value["type"], "mrkdwn", "{value}");
        let text = value["text"].as_str().expect("a text");
        assert!(!text.is_empty() && text.chars().count() <= most, "{text}");
    };
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!(!blocks.is_empty() && blocks.len() <= 50);
    for block in blocks {
        match block["type"].as_str() {
            Some("section") => text(&block["text"], 3000),
            Some("context") => {
                let elements = block["elements"].as_array().expect("elements");
                assert!(!elements.is_empty() && elements.len() <= 10);
                elements.iter().for_each(|one| text(one, 2000));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_channel_that_fails_stops_nothing_and_shows_no_secret() {
    let world = World::new();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let closed = free.local_addr().expect("an address").port();
    drop(free);
    let (port, serving) = server(&[403]);
    let refused = format!("http://me:hush@127.0.0.1:{port}/hush?token=hush");
    let away = format!("http://127.0.0.1:{closed}/hush");
    let own = |text: &str| {
        std::fs::write(world.path("tmp/own.txt"), text).expect("written");
        Form::Own("own.txt".into())
    };
    let on = [News::Planned];
    let cases = [
        (
            webhook(&refused),
            Form::Json,
            "the server answered 403: no_ok",
        ),
        (webhook(&away), Form::Json, "the webhook at 127.0.0.1"),
        (
            webhook("$NOWHERE"),
            Form::Text,
            "$NOWHERE is not set to a URL",
        ),
        (
            Destination::Command("true hush; echo broken >&2; exit 3".to_owned()),
            Form::Text,
            "broken",
        ),
        (
            Destination::Command("cat".to_owned()),
            own("{{ nothing }}"),
            "own.txt cannot be used, line 1",
        ),
        (
            Destination::Command("cat".to_owned()),
            Form::Own("none.txt".into()),
            "none.txt",
        ),
    ];
    for (at, (to, form, want)) in cases.into_iter().enumerate() {
        let mut story = Story::new("x", Approval::NotNeeded);
        let channels = [
            channel("bad", &on, form, to),
            channel(
                "good",
                &on,
                Form::Markdown,
                Destination::File(format!("good-{at}").into()),
            ),
        ];
        let (written, warnings) = told(&mut story, &channels, &world.path("tmp"), &[]);
        let [
            Event::Notified {
                channel,
                of: 1,
                error: Some(error),
            },
            Event::Notified { error: None, .. },
        ] = written.as_slice()
        else {
            panic!("{want}: {written:#?}");
        };
        assert_eq!(channel, "bad");
        assert!(error.contains(want), "{want:?} in {error}");
        assert!(!error.contains("hush"), "{error}");
        let [warning] = warnings.as_slice() else {
            panic!("{want}: {warnings:?}");
        };
        assert!(
            warning.contains("bad was not told of") && !warning.contains("hush"),
            "{warning}"
        );
        let good = std::fs::read_to_string(world.path(&format!("tmp/good-{at}")));
        assert!(good.expect("a file").starts_with("**hello 1.2-1**: "));
        // What could not be told is tried again, and not for ever.
        if at > 1 {
            for _ in 0..2 {
                let (written, _) = told(&mut story, &channels, &world.path("tmp"), &[]);
                assert_eq!(written.len(), 1, "{want}: {written:#?}");
            }
        }
        if at < 2 {
            continue;
        }
        assert_eq!(told(&mut story, &channels, &world.path("tmp"), &[]).0, []);
    }
    serving.join().expect("served");
}
