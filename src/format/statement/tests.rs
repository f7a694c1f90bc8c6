use super::*;
use proptest::prelude::*;

fn statement(name: &str, parameter: &str) -> Statement {
    Statement {
        subjects: vec![Subject {
            name: name.to_owned(),
            sha256: Sha256::of(name.as_bytes()),
        }],
        provenance: Provenance {
            build_definition: BuildDefinition {
                build_type: "https://example.org/deb/1".to_owned(),
                external_parameters: BTreeMap::from([("tag".to_owned(), parameter.into())]),
                internal_parameters: BTreeMap::new(),
                resolved_dependencies: vec![Resource {
                    uri: Some("git+https://example.org/hello".to_owned()),
                    name: None,
                    digest: BTreeMap::from([("gitCommit".to_owned(), "ab".repeat(20))]),
                }],
            },
            run_details: RunDetails {
                builder: Builder {
                    id: "https://example.org/builder".to_owned(),
                    version: BTreeMap::new(),
                },
                metadata: RunMetadata {
                    finished_on: Some(Timestamp::from_unix(1_795_253_400)),
                    ..RunMetadata::default()
                },
            },
        },
    }
}

#[test]
fn statement_is_written_as_the_specifications_say() {
    let found = statement("hello_1.deb", "v1").to_json();
    let digest = Sha256::of(b"hello_1.deb");
    let want = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"hello_1.deb","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{{"buildDefinition":{{"buildType":"https://example.org/deb/1","externalParameters":{{"tag":"v1"}},"resolvedDependencies":[{{"uri":"git+https://example.org/hello","digest":{{"gitCommit":"{}"}}}}]}},"runDetails":{{"builder":{{"id":"https://example.org/builder"}},"metadata":{{"finishedOn":"2026-11-21T09:30:00Z"}}}}}}}}"#,
        "ab".repeat(20)
    );
    assert_eq!(found, want);
}

#[test]
fn other_statements_are_refused() {
    let good = statement("a", "v1").to_json();
    let cases = [
        (good.replace("Statement/v1", "Statement/v0.1"), "_type is"),
        (
            good.replace("provenance/v1", "provenance/v0.2"),
            "predicateType is",
        ),
        (
            good.replace("sha256", "sha512"),
            "the statement is not valid",
        ),
        (good.replace(":\"v1\"", ":"), "the statement is not valid"),
        (
            good.replace("\"subject\"", "\"object\""),
            "the statement is not valid",
        ),
        (String::new(), "the statement is not valid"),
    ];
    for (text, want) in cases {
        let error = Statement::parse(text.as_bytes()).expect_err(&text);
        assert!(error.to_string().starts_with(want), "{error}: {text}");
    }
    let more = good.replace("\"subject\"", "\"more\":1,\"subject\"");
    assert_eq!(
        Statement::parse(more.as_bytes()).expect("more is fine"),
        statement("a", "v1")
    );
}

#[test]
fn other_envelopes_are_refused() {
    let cases = [
        (
            r#"{"payloadType":"x","payload":"","signatures":[]}"#,
            "payloadType is “x”",
        ),
        (
            r#"{"payloadType":"x","payload":"!","signatures":[]}"#,
            "payload is not base64",
        ),
        (
            r#"{"payloadType":"x","payload":""}"#,
            "the envelope is not valid",
        ),
        ("", "the envelope is not valid"),
    ];
    for (text, want) in cases {
        let error = Envelope::parse(text).and_then(|envelope| envelope.statement());
        let error = error.expect_err(text).to_string();
        assert!(error.starts_with(want), "{error}: {text}");
    }
    let both = [
        r#"{"payloadType":"x","payload":"+/8=","signatures":[]}"#,
        r#"{"payloadType":"x","payload":"-_8=","signatures":[{"sig":""}]}"#,
    ];
    for text in both {
        assert_eq!(Envelope::parse(text).expect(text).payload, b"\xfb\xff");
    }
}

proptest! {
    #[test]
    fn envelopes_and_statements_come_back(
        name in "\\PC{0,20}", parameter in "\\PC{0,20}", key_id in "\\PC{0,9}",
        signature in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let want = statement(&name, &parameter);
        let envelope = Envelope {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: want.to_json().into_bytes(),
            signatures: vec![EnvelopeSignature { key_id, signature }],
        };
        let line = envelope.to_line();
        prop_assert_eq!(line.matches('\n').count(), 1);
        let found = Envelope::parse(&line).expect("written by us");
        prop_assert_eq!(found.statement().expect("written by us"), want);
        prop_assert_eq!(found, envelope);
    }

    #[test]
    fn encoding_is_unambiguous(a in ".{0,9}", b in ".{0,9}", c in ".{0,9}", d in ".{0,9}") {
        let one = pre_authentication_encoding(&a, b.as_bytes());
        let two = pre_authentication_encoding(&c, d.as_bytes());
        prop_assert_eq!(one == two, (a, b) == (c, d));
    }
}
