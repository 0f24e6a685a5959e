use sigwarden_core::reference::Digest;
use tempfile::TempDir;

use super::*;

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

/// As `kwctl run --record-host-capabilities-interactions` writes it.
const RECORDED: &str = r#"- type: Exchange
  request: |
    !OciManifestDigest
    image: 127.0.0.1:5000/demo/app:v1
  response:
    type: Success
    payload: '{"digest":"sha256:0ab7"}'
- type: Exchange
  request: |
    !OciManifest
    image: 127.0.0.1:5000/demo/app:gone
  response:
    type: Error
    message: 'Fail to interact with OCI registry: gone'
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Secret
    name: key
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: '{}'
"#;

fn digest_of(image: &str) -> Call {
    Call::OciManifestDigest { image: image.to_owned() }
}

fn manifest_of(image: &str) -> Call {
    Call::OciManifest { image: image.to_owned() }
}

fn secret() -> Call {
    Call::KubernetesGetResource {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        name: "key".to_owned(),
        namespace: None,
        disable_cache: false,
    }
}

/// The calls of `RECORDED`, with their answers.
fn recorded() -> Vec<(Call, Result<Vec<u8>, String>)> {
    vec![
        (digest_of("127.0.0.1:5000/demo/app:v1"), Ok(br#"{"digest":"sha256:0ab7"}"#.to_vec())),
        (manifest_of("127.0.0.1:5000/demo/app:gone"), Err("Fail to interact with OCI registry: gone".to_owned())),
        (secret(), Ok(b"{}".to_vec())),
    ]
}

fn nothing() -> Result<Vec<u8>, String> {
    panic!("a replay asks nobody")
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("recording.yaml")
    }

    fn holding(text: &str) -> Self {
        let folder = Self::new();
        std::fs::write(folder.file(), text).unwrap();
        folder
    }

    fn replay(&self) -> Session {
        Session::replaying(&self.file()).unwrap()
    }
}

#[test]
fn recordings_are_kwctls_letter_by_letter() {
    for _ in 0..2 {
        let folder = Folder::new();
        let session = Session::recording_to(folder.file());
        for (call, answer) in recorded() {
            assert_eq!(session.answer(&call, || answer.clone()), answer);
        }
        session.finish(&Log::default()).unwrap();
        assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), RECORDED);
    }
}

#[test]
fn recordings_of_kwctl_are_replayed() {
    // kwctl of 2026 also writes which fields of an object were asked for.
    let newer = RECORDED.replace("    disable_cache: false\n", "    disable_cache: false\n    field_masks: null\n");
    let short = "- {type: Exchange, request: \"!OciManifestDigest {image: a}\", response: {type: Error, message: m}}\n";
    for (name, text) in [("as written here", RECORDED), ("by a newer kwctl", &newer)] {
        let folder = Folder::holding(text);
        let (session, log) = (folder.replay(), Log::default());
        for (call, answer) in recorded() {
            assert_eq!(session.answer(&call, nothing), answer, "case `{name}`");
        }
        assert_eq!((session.finish(&log), log.take()), (Ok(()), vec![]), "case `{name}`");
    }
    let session = Folder::holding(short).replay();
    assert_eq!(session.answer(&digest_of("a"), nothing), Err("m".to_owned()), "written by hand");
}

#[test]
fn another_question_has_no_answer() {
    let first = digest_of("127.0.0.1:5000/demo/app:v1");
    let cases = [
        ("another image", vec![digest_of("127.0.0.1:5000/demo/app:v2")], first.clone(), 1),
        ("another call", vec![manifest_of("127.0.0.1:5000/demo/app:v1")], first.clone(), 1),
        ("another order", vec![first.clone(), secret()], manifest_of("127.0.0.1:5000/demo/app:gone"), 2),
    ];
    for (name, calls, wanted, at) in cases {
        let folder = Folder::holding(RECORDED);
        let session = folder.replay();
        let asked = calls.last().unwrap().clone();
        let answers: Vec<_> = calls.iter().map(|call| session.answer(call, nothing)).collect();
        let error = answers.last().unwrap().clone().unwrap_err();
        let text = format!("Replay error: unexpected request. Was expecting {wanted:?}, got {asked:?} instead");
        assert_eq!(error, text, "case `{name}`");
        let (recorded, asked) = (Box::new(wanted), Box::new(asked));
        let expected = SessionError::Mismatch { file: folder.file(), number: at, recorded, asked };
        assert_eq!(session.finish(&Log::default()), Err(expected), "case `{name}`");
    }
}

#[test]
fn the_first_fault_is_told_and_too_many_questions_are_one() {
    let folder = Folder::holding("[]");
    let session = folder.replay();
    for image in ["a", "b"] {
        let answer = session.answer(&digest_of(image), nothing);
        assert_eq!(answer, Err("the list of recorded responses is empty".to_owned()));
    }
    let asked = Box::new(digest_of("a"));
    let expected = SessionError::Exhausted { file: folder.file(), number: 1, asked };
    assert_eq!(session.finish(&Log::default()), Err(expected));
}

#[test]
fn what_is_left_over_is_noted() {
    let folder = Folder::holding(RECORDED);
    let (session, log) = (folder.replay(), Log::default());
    session.answer(&digest_of("127.0.0.1:5000/demo/app:v1"), nothing).unwrap();
    assert_eq!(session.finish(&log), Ok(()));
    let note = format!("2 recorded calls at the end of `{}` were not asked for", folder.file().display());
    assert_eq!(log.take(), [note]);
}

#[test]
fn extended_calls_are_marked_as_such() {
    let folder = Folder::new();
    let session = Session::recording_to(folder.file());
    let blob = Call::SigwardenBlob { repository: "ghcr.io/a/b".to_owned(), digest: Digest::parse(DIGEST).unwrap() };
    session.answer(&blob, || Ok(b"{}".to_vec())).unwrap();
    session.finish(&Log::default()).unwrap();
    let text = std::fs::read_to_string(folder.file()).unwrap();
    let expected = format!("{EXTENDED_HEADER}- type: Exchange\n  request: |\n    !SigwardenBlob\n");
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(folder.replay().answer(&blob, nothing), Ok(b"{}".to_vec()));
}

#[test]
fn what_is_no_recording_is_named() {
    let cases = [
        ("no YAML", "a: [", false),
        ("no list", "type: Exchange", false),
        (
            "an unknown answer",
            "- {type: Exchange, request: \"!OciManifest {image: a}\", response: {type: Maybe}}",
            false,
        ),
        (
            "an unknown call",
            "- {type: Exchange, request: \"!OciBlob {image: a}\", response: {type: Error, message: m}}",
            false,
        ),
        ("an empty list", "[]", true),
    ];
    for (name, text, good) in cases {
        let session = Session::replaying(&Folder::holding(text).file());
        match session {
            Ok(_) => assert!(good, "case `{name}`"),
            Err(error) => assert!(!good && matches!(error, SessionError::Format { .. }), "case `{name}`: {error}"),
        }
    }
    let gone = Session::replaying(Path::new("no-such-file.yaml")).unwrap_err();
    assert!(matches!(&gone, SessionError::File { what: "read", .. }), "{gone}");
    let nowhere = Session::recording_to("no-such-folder/recording.yaml".into()).finish(&Log::default()).unwrap_err();
    assert!(matches!(&nowhere, SessionError::File { what: "write", .. }), "{nowhere}");
}
