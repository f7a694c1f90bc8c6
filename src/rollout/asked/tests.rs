use super::*;
use crate::rollout::simulation::{Run, host, key, policy, ring};
use crate::rollout::state::Halt;

fn word(asked: &Asked, run: &Run) -> String {
    let judge = |statement: &str| match statement {
        "good" => Ok(key(1)),
        _ => Err(ApprovalError::Text { why: "it is none" }),
    };
    match asked.event(&run.rollout, &judge) {
        Ok(None) => "so already".to_owned(),
        Ok(Some(event)) => event.word().to_owned(),
        Err(AskError::NotNow(_)) => "not now".to_owned(),
        Err(AskError::NothingSoaks) => "nothing soaks".to_owned(),
        Err(AskError::Approval(_)) => "does not count".to_owned(),
    }
}

fn all() -> Vec<Asked> {
    let reason = || Some("so it is".to_owned());
    let why = || "so it is".to_owned();
    vec![
        Asked::Pause { reason: reason() },
        Asked::Resume { reason: reason() },
        Asked::SkipSoak { reason: why() },
        Asked::Exclude {
            host: host("a"),
            reason: why(),
        },
        Asked::Include {
            host: host("a"),
            reason: reason(),
        },
        Asked::Abort { reason: reason() },
        Asked::RollBack { reason: reason() },
        Asked::Converge,
        Asked::Approve {
            statement: "good".to_owned(),
        },
        Asked::Supersede {
            by: "hello_3".parse().expect("a name"),
        },
    ]
}

#[test]
fn what_a_word_comes_to() {
    let mut run = Run::new(policy(vec![ring("canary", &["c"]), ring("rest", &["a"])]));
    let mut seen = Vec::new();
    let mut see = |name: &str, run: &Run| {
        let words: Vec<_> = all().iter().map(|asked| word(asked, run)).collect();
        seen.push(format!("{name}: {}", words.join(", ")));
    };
    see("planned", &run);
    run.go();
    see("soaking", &run);
    run.say(Event::Paused { reason: None });
    see("paused", &run);
    run.say(Event::Resumed { reason: None });
    let why = Halt::Asked { reason: None };
    run.say(Event::Halted { why });
    see("halted", &run);
    run.say(Event::Excluded {
        host: host("a"),
        reason: "broken".to_owned(),
    });
    run.say(Event::RollbackBegun { reason: None });
    see("rolling back, one left out", &run);
    run.finish();
    see("rolled back", &run);
    let want = [
        "planned: paused, so already, nothing soaks, excluded, so already, aborted, \
         rollback-begun, not now, approved, superseded",
        "soaking: paused, so already, soak-skipped, excluded, so already, aborted, \
         rollback-begun, converging, not now, superseded",
        "paused: so already, resumed, soak-skipped, excluded, so already, aborted, \
         rollback-begun, converging, not now, superseded",
        "halted: paused, resumed, soak-skipped, excluded, so already, aborted, \
         rollback-begun, not now, not now, superseded",
        "rolling back, one left out: paused, so already, nothing soaks, so already, included, \
         aborted, so already, not now, not now, not now",
        "rolled back: not now, not now, nothing soaks, so already, included, not now, so already, \
         converging, not now, not now",
    ];
    assert_eq!(seen[..want.len()], want);
}

#[test]
fn an_approval_is_judged_when_its_word_is_taken() {
    let run = Run::new(policy(vec![ring("canary", &["c"])]));
    let forged = Asked::Approve {
        statement: "forged".to_owned(),
    };
    assert_eq!(word(&forged, &run), "does not count");
    let unknown = Asked::Include {
        host: host("nobody"),
        reason: None,
    };
    assert_eq!(word(&unknown, &run), "not now");
}

#[test]
fn a_word_is_read_as_it_was_left() {
    for asked in all() {
        let text = serde_json::to_string(&asked).expect("it is plain");
        let read: Asked = serde_json::from_str(&text).expect(&text);
        assert_eq!(read, asked, "{text}");
    }
    // What a controller finds or does is nobody's to say.
    for text in [
        r#"{"asks":"passed","ring":"canary"}"#,
        r#"{"is":"done"}"#,
        r#"{"asks":"approved","key":"1","statement":""}"#,
    ] {
        assert!(serde_json::from_str::<Asked>(text).is_err(), "{text}");
    }
}
