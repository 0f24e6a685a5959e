use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use super::*;
use crate::sources::NetworkError;

fn digest(letter: char) -> Digest {
    Digest::parse(&format!("sha256:{}", letter.to_string().repeat(64))).unwrap()
}

fn entry(body: &Value) -> Value {
    json!({"body": STANDARD.encode(body.to_string()), "logID": "c0", "integratedTime": 1, "logIndex": 1})
}

fn hash(letter: char) -> Value {
    json!({"algorithm": "sha256", "value": letter.to_string().repeat(64)})
}

fn recorded(files: &[&Value]) -> Result<Rekor, SourceError> {
    let dir = tempfile::TempDir::new().unwrap();
    let paths: Vec<_> = (0..files.len()).map(|number| dir.path().join(number.to_string())).collect();
    for (path, content) in paths.iter().zip(files) {
        std::fs::write(path, content.to_string()).unwrap();
    }
    Rekor::new(&paths, Vec::new(), Duration::from_secs(5))
}

#[test]
fn entries_are_found_by_what_was_signed() {
    let cases = [
        ("hashedrekord", json!({"spec": {"data": {"hash": hash('a')}}}), true),
        ("dsse", json!({"spec": {"payloadHash": hash('a'), "envelopeHash": hash('b')}}), true),
        ("intoto", json!({"spec": {"content": {"payloadHash": hash('a')}}}), true),
        ("another hash", json!({"spec": {"data": {"hash": hash('b')}}}), false),
        ("elsewhere", json!({"spec": {"signature": {"hash": hash('a')}}}), false),
        (
            "another algorithm",
            json!({"spec": {"data": {"hash": {"algorithm": "sha1", "value": "a".repeat(64)}}}}),
            false,
        ),
    ];
    for (name, body, expected) in cases {
        let entry = entry(&body);
        let rekor = recorded(&[&json!({"24296fb2": entry})]).unwrap();
        let found = rekor.entries("https://rekor.test", &digest('a')).unwrap();
        assert_eq!(found, expected.then(|| vec![entry]), "case `{name}`");
    }
}

#[test]
fn recordings_have_the_forms_of_rekors_answers() {
    let (a, b) =
        (entry(&json!({"spec": {"payloadHash": hash('a')}})), entry(&json!({"spec": {"payloadHash": hash('b')}})));
    let forms = [
        ("one answer", json!({"1": a, "2": b}), 2),
        ("a list of answers", json!([{"1": a}, {"2": b}]), 2),
        ("a list of entries", json!([a, b]), 2),
        ("an entry", a.clone(), 1),
        ("nothing", json!([]), 0),
    ];
    for (name, form, expected) in forms {
        assert_eq!(read_entries("file", form.to_string().as_bytes()).unwrap().len(), expected, "case `{name}`");
    }
    for (name, form) in
        [("a text", json!("x")), ("something else", json!({"1": {"body": "x"}})), ("mixed", json!([a, 1]))]
    {
        let error = recorded(&[&form]).unwrap_err();
        assert!(matches!(error, SourceError::NotEntries { .. }), "case `{name}`: {error}");
    }
}

#[test]
fn logs_are_asked_only_where_that_is_allowed() {
    let not_asked = SourceError::LogNotAsked { url: "https://rekor.test".to_owned() };
    assert_eq!(Rekor::default().entries("https://rekor.test", &digest('a')), Err(not_asked.clone()));
    let other = Rekor::new::<&str>(&[], vec!["https://other.test".parse().unwrap()], Duration::from_secs(5)).unwrap();
    assert_eq!(other.entries("https://rekor.test", &digest('a')), Err(not_asked));
    for (name, url, expected) in [
        ("https", "https://rekor.sigstore.dev", true),
        ("this machine", "http://127.0.0.1:3000", true),
        ("http", "http://rekor.sigstore.dev", false),
        ("a file", "file:///etc/passwd", false),
        ("no url", "rekor.sigstore.dev", false),
    ] {
        assert_eq!(url.parse::<RekorUrl>().is_ok(), expected, "case `{name}`");
    }
}

/// A server that gives these answers, one connection each, and returns what it was asked.
fn serve(answers: Vec<(u16, String)>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let length = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..length]);
                let text = String::from_utf8_lossy(&request).into_owned();
                if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                    let expected = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                    if rest.len() >= expected.unwrap_or(0) {
                        asked.push(format!("{} {rest}", head.lines().next().unwrap()));
                        break;
                    }
                }
            }
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
        asked
    });
    (url, server)
}

fn live(url: &str) -> Rekor {
    Rekor::new::<&str>(&[], vec![url.parse().unwrap()], Duration::from_secs(5)).unwrap()
}

#[test]
fn a_log_is_asked_for_the_index_and_then_for_each_entry() {
    let entry = entry(&json!({"spec": {"data": {"hash": hash('a')}}}));
    let (url, server) = serve(vec![
        (200, json!(["24296fb2", "24296fb3"]).to_string()),
        (503, String::new()),
        (200, json!({"24296fb2": entry}).to_string()),
        (404, String::new()),
    ]);
    let rekor = live(&url);
    for _ in 0..2 {
        assert_eq!(rekor.entries(&url, &digest('a')).unwrap(), Some(vec![entry.clone()]));
    }
    let asked = server.join().unwrap();
    let question = json!({"hash": digest('a')});
    assert_eq!(asked[0], format!("POST /api/v1/index/retrieve HTTP/1.1 {question}"));
    assert_eq!(asked[1], "GET /api/v1/log/entries/24296fb2 HTTP/1.1 ");
    assert_eq!(asked[3], "GET /api/v1/log/entries/24296fb3 HTTP/1.1 ");
}

#[test]
fn a_log_that_has_nothing_has_nothing_and_one_that_fails_is_no_answer() {
    let (url, server) = serve(vec![(200, "[]".to_owned())]);
    assert_eq!(live(&url).entries(&url, &digest('a')), Ok(None));
    server.join().unwrap();

    let (url, server) = serve(vec![(200, r#"["../../admin"]"#.to_owned())]);
    assert!(matches!(live(&url).entries(&url, &digest('a')), Err(SourceError::NotEntries { .. })));
    assert_eq!(server.join().unwrap().len(), 1, "what is no name of an entry is not asked for");

    let (url, server) = serve(vec![(500, String::new()); 4]);
    let failing = live(&url).entries(&url, &digest('a'));
    assert!(matches!(failing, Err(SourceError::Network(NetworkError::Failing { status: 500, .. }))), "{failing:?}");
    server.join().unwrap();
}
