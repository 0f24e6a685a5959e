//! The keys that have tables are those that the embedded roots use: `policy/ecdsa/known_keys.txt` against the roots.

use sigstore_verify::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::TimeRange;
use std::path::Path;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// Where a key's window has no end, it signs today.
fn open(window: Option<&TimeRange>) -> bool {
    window.is_none_or(|window| window.end.is_none())
}

/// How many teeth a key's comb has: the more bundles need it, the more space it may take. Public Sigstore's logs and
/// certificate authority sign nearly all of them, its timestamp authority some, GitHub's authorities those of private
/// repositories.
#[derive(Clone, Copy)]
enum Teeth {
    Public = 8,
    PublicTimestamps = 7,
    GitHub = 6,
}

/// `curve teeth point name`, if the key is one for a table.
fn line(spki: &[u8], teeth: Teeth, name: &str) -> Option<String> {
    let spki = SubjectPublicKeyInfoRef::from_der(spki).unwrap();
    let curve: ObjectIdentifier = spki.algorithm.parameters?.decode_as().ok()?;
    let curve = match curve.to_string().as_str() {
        "1.2.840.10045.3.1.7" => "P256",
        "1.3.132.0.34" => "P384",
        _ => return None,
    };
    let point: String = spki.subject_public_key.raw_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{curve} {} {point} {name}", teeth as u8))
}

fn certificate_line(der: &[u8], teeth: Teeth, authority: &str) -> Option<String> {
    let certificate = Certificate::from_der(der).unwrap().tbs_certificate;
    let spki = x509_cert::der::Encode::to_der(&certificate.subject_public_key_info).unwrap();
    line(&spki, teeth, &format!("{} of {authority}", certificate.subject))
}

/// Of a certificate authority that certificate which issues leaves: it is a trust anchor itself, nothing above it is
/// looked at. Of a timestamp authority all, as its chain is verified with every timestamp.
fn lines_of(root: &TrustedRoot, signs: Teeth, stamps: Teeth) -> Vec<String> {
    let logs = root.tlogs.iter().map(|log| (&log.public_key, &log.base_url));
    let logs = logs.chain(root.ctlogs.iter().map(|log| (&log.public_key, &log.base_url)));
    let logs = logs.filter(|(key, _)| open(key.valid_for.as_ref()));
    let logs = logs.filter_map(|(key, name)| line(key.raw_bytes.as_bytes(), signs, name));

    let issuers = root.certificate_authorities.iter().filter(|authority| open(authority.valid_for.as_ref()));
    let issuers = issuers.filter_map(|authority| {
        certificate_line(authority.cert_chain.certificates.first()?.raw_bytes.as_bytes(), signs, &authority.uri)
    });
    let stampers = root.timestamp_authorities.iter().filter(|authority| open(authority.valid_for.as_ref()));
    let stampers = stampers.flat_map(|authority| {
        let name = authority.uri.as_deref().unwrap_or("a timestamp authority");
        let certificates = authority.cert_chain.certificates.iter();
        certificates.filter_map(|entry| certificate_line(entry.raw_bytes.as_bytes(), stamps, name))
    });
    logs.chain(issuers).chain(stampers).collect()
}

#[test]
fn known_keys_are_those_of_the_embedded_roots() {
    let roots = [
        (SIGSTORE_PRODUCTION_TRUSTED_ROOT, Teeth::Public, Teeth::PublicTimestamps),
        (SIGSTORE_GITHUB_TRUSTED_ROOT, Teeth::GitHub, Teeth::GitHub),
    ];
    let mut expected: Vec<String> = roots
        .iter()
        .flat_map(|(root, signs, stamps)| lines_of(&TrustedRoot::from_json(root).unwrap(), *signs, *stamps))
        .collect();
    let points: Vec<_> = expected.iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    let mut at = 0;
    expected.retain(|_| {
        at += 1;
        !points[..at - 1].contains(&points[at - 1])
    });
    assert!(
        expected.iter().any(|line| line.starts_with("P256 ")) && expected.iter().any(|line| line.starts_with("P384 "))
    );

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ecdsa/known_keys.txt");
    let file = std::fs::read_to_string(&path).unwrap();
    let comments: Vec<_> = file.lines().filter(|line| line.starts_with('#')).collect();
    let wanted = format!("{}\n{}\n", comments.join("\n"), expected.join("\n"));
    if std::env::var_os("SIGWARDEN_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert_eq!(file, wanted, "SIGWARDEN_UPDATE=1 cargo test -p sigwarden-evidence known_keys writes it anew");
    }
}
