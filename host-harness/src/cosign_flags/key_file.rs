//! What a file that is given as a public key holds, if it is none.
//!
//! The settings that the flags amount to would be refused too, but under a path that nobody has written.

use std::path::{Path, PathBuf};

use sigwarden_core::verify::{KeyError, KeyHash, PublicKey};

/// How a PEM block begins.
const BEGIN: &str = "-----BEGIN ";
/// How one of a public key ends.
const END_OF_KEY: &str = "-----END PUBLIC KEY-----";

/// Why a file cannot be used as a public key. What it holds is never quoted: it may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A key that signs.
    #[error("it holds a private key; `cosign public-key --key {}` prints the public one", .0.display())]
    Private(PathBuf),
    /// A certificate.
    #[error(
        "it holds a certificate; `openssl x509 -in {} -noout -pubkey` prints its key, and whoever has certificates of an \
         issuer is named by --certificate-identity", .0.display()
    )]
    Certificate(PathBuf),
    /// Another PEM block.
    #[error(
        "it holds a PEM block of another kind, `{0}`; `-----BEGIN PUBLIC KEY-----` is needed, as cosign.pub begins"
    )]
    OtherBlock(String),
    /// No PEM block.
    #[error(
        "it holds no `-----BEGIN PUBLIC KEY-----`, as cosign.pub begins; `openssl pkey -pubin -in FILE` writes a key so"
    )]
    NoBlock,
    /// No file, but the name of a key somewhere else.
    #[error(
        "keys of {place} are not read; write the public key into a file, and name that: `cosign public-key --key {} > \
         cosign.pub`", uri.display()
    )]
    Elsewhere {
        /// What holds it.
        place: &'static str,
        /// What was given.
        uri: PathBuf,
    },
    /// A block that is no key, or none that is supported.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What there is to say of a `--key` that cosign finds in a KMS or in the cluster.
#[must_use]
pub fn key_elsewhere(name: &Path) -> Option<KeyFileError> {
    let (scheme, _) = name.to_str()?.split_once("://")?;
    let place = match scheme {
        "awskms" | "gcpkms" | "azurekms" | "hashivault" => "a KMS",
        "k8s" => "the cluster",
        _ => return None,
    };
    Some(KeyFileError::Elsewhere { place, uri: name.to_owned() })
}

/// The text of `file` if it holds public keys and nothing else that is PEM.
///
/// # Errors
/// [`KeyFileError`].
pub fn public_keys(file: &Path, bytes: Vec<u8>) -> Result<String, KeyFileError> {
    let text = String::from_utf8(bytes).map_err(|_| KeyFileError::NoBlock)?;
    // At the start of a line: what is indented is quoted in a text about something else.
    let headers = text.lines().filter_map(|line| line.strip_prefix(BEGIN));
    let kinds: Vec<&str> = headers.filter_map(|line| line.split_once("-----")).map(|(kind, _)| kind).collect();
    if kinds.is_empty() {
        return Err(KeyFileError::NoBlock);
    }
    for kind in kinds {
        match kind {
            "PUBLIC KEY" => {}
            "CERTIFICATE" => return Err(KeyFileError::Certificate(file.to_owned())),
            kind if kind.ends_with("PRIVATE KEY") => return Err(KeyFileError::Private(file.to_owned())),
            kind => return Err(KeyFileError::OtherBlock(kind.chars().filter(|c| !c.is_control()).take(40).collect())),
        }
    }
    for block in text.split_inclusive(END_OF_KEY) {
        if let Some(start) = block.find(BEGIN) {
            PublicKey::from_pem(block.get(start..).unwrap_or_default(), KeyHash::Sha256)?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ9xKWPa6S6+eRH3FowRnTrcNdJQ8\namA7l77HtjTdwH0MMMEUSaOgN3zhD62pt3hgiq/ClyAz5z9VuxByGUfTVA==\n-----END PUBLIC KEY-----\n";

    #[test]
    fn what_is_no_public_key_is_told() {
        let file = Path::new("k.pem");
        let private = || Err(KeyFileError::Private(file.to_owned()));
        let cases = [
            ("a key", KEY.to_owned(), Ok(())),
            ("two keys", format!("{KEY}{KEY}"), Ok(())),
            ("prose", "# README\n".to_owned(), Err(KeyFileError::NoBlock)),
            ("nothing", String::new(), Err(KeyFileError::NoBlock)),
            ("a key in a text", KEY.replace("-----BEGIN", "  -----BEGIN"), Err(KeyFileError::NoBlock)),
            ("cosign's private key", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n".to_owned(), private()),
            ("a private key", "-----BEGIN PRIVATE KEY-----\n".to_owned(), private()),
            ("both", format!("{KEY}-----BEGIN EC PRIVATE KEY-----\n"), private()),
            (
                "a certificate",
                "-----BEGIN CERTIFICATE-----\n".to_owned(),
                Err(KeyFileError::Certificate(file.to_owned())),
            ),
            (
                "an older form",
                "-----BEGIN RSA PUBLIC KEY-----\n".to_owned(),
                Err(KeyFileError::OtherBlock("RSA PUBLIC KEY".to_owned())),
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(public_keys(file, text.into_bytes()).map(drop), expected, "case `{name}`");
        }
        let broken = public_keys(file, KEY.replace("MFkw", "MFkx").into_bytes());
        assert!(matches!(broken, Err(KeyFileError::Key(_))), "{broken:?}");
        assert_eq!(public_keys(file, vec![0x30, 0xff]), Err(KeyFileError::NoBlock));
    }
}
