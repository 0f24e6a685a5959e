//! A file: bytes of one of the known forms, or several documents of them.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use sigwarden_core::evidence::published::{Element, PublishedEvidence};
use sigwarden_core::evidence::{Content, IN_TOTO_PAYLOAD, Material, certificates};
use sigwarden_core::reference::Digest;
use sigwarden_core::verify::{KeyHash, PublicKey};

use super::form::{Recognised, recognise};
use super::{Form, InspectError, Inspection, KnownLogs, MAX_BYTES, MAX_PIECES, Piece, Signer, Statement, TrustedRoot};
use crate::publish::Dropped;
use crate::sources::{Descriptor, Manifest};

/// Annotation that every layer of a cosign signature has, and of an attestation too (empty there).
const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";
const ENVELOPE_TYPE: &str = "application/vnd.dsse.envelope.v1+json";

/// Says what `bytes` are. `name` is the file's, for the commands that verify it; beside a manifest that lies in an OCI layout
/// its blobs are read too, as far as they hash to their names.
///
/// # Errors
/// When they are of no known form, or nothing in them can be read.
pub fn inspect_file(name: &str, bytes: &[u8], logs: &KnownLogs) -> Result<Inspection, InspectError> {
    if bytes.len() > MAX_BYTES {
        return Err(InspectError::TooLarge);
    }
    let mut found = Found { inspection: Inspection::new(name.to_owned()), folder: Path::new(name).parent(), logs };
    match recognise(bytes)? {
        Recognised::Pem(Form::PublicKey, text) => found.public_key(&text)?,
        Recognised::Pem(_, text) => {
            let chain = certificates(&text).map_err(|error| InspectError::Unreadable(error.to_string()))?;
            for (number, der) in (1..).zip(&chain) {
                let source = if chain.len() > 1 { format!("certificate {number}") } else { String::new() };
                found.push(Piece::of_certificate(source, der));
            }
        }
        Recognised::Der(der) => found.push(Piece::of_certificate(String::new(), &der)),
        Recognised::Documents(documents) => {
            let several = documents.len() > 1;
            for (number, document) in (1..).zip(documents) {
                let source = if several { format!("document {number}") } else { String::new() };
                match document {
                    Ok((form, json)) => found.document(source, form, &json),
                    Err(error) if several => found.unreadable(source, error.to_string()),
                    Err(error) => return Err(error),
                }
            }
        }
    }
    let mut inspection = found.inspection;
    if inspection.evidence.is_empty() {
        let reason =
            inspection.unreadable.into_iter().next().map_or_else(|| "nothing is in it".to_owned(), |it| it.reason);
        return Err(InspectError::Unreadable(reason));
    }
    inspection.verify_with = verify_with(name, &inspection.evidence);
    Ok(inspection)
}

struct Found<'a> {
    inspection: Inspection,
    /// The folder of the file.
    folder: Option<&'a Path>,
    logs: &'a KnownLogs,
}

impl Found<'_> {
    fn push(&mut self, piece: Result<Piece, Dropped>) {
        match piece {
            Ok(piece) => self.inspection.evidence.push(piece),
            Err(unreadable) => self.inspection.unreadable.push(unreadable),
        }
    }

    fn unreadable(&mut self, source: String, reason: String) {
        self.push(Err(Dropped { source, reason }));
    }

    fn material<E: ToString>(&mut self, source: String, form: Form, material: Result<Material, E>) {
        self.push(match material {
            Ok(material) => Ok(Piece::of_material(source, form, &material, self.logs)),
            Err(error) => Err(Dropped { source, reason: error.to_string() }),
        });
    }

    fn public_key(&mut self, pem: &str) -> Result<(), InspectError> {
        let key = PublicKey::from_pem(pem, KeyHash::Sha256).map_err(|e| InspectError::Unreadable(e.to_string()))?;
        let mut piece = Piece::new(String::new(), Form::PublicKey);
        let description = key.description();
        let algorithm = description.split(" with ").next().unwrap_or(&description).to_owned();
        piece.signer =
            Some(Signer::Key { hint: None, algorithm: Some(algorithm), fingerprint: Some(key.fingerprint()) });
        self.push(Ok(piece));
        Ok(())
    }

    fn document(&mut self, source: String, form: Form, json: &[u8]) {
        match form {
            Form::Bundle => self.material(source, form, Material::from_bundle_json(json)),
            Form::Envelope => {
                self.material(source, form, Material::from_cosign_attestation(json.to_vec(), &Default::default()));
            }
            Form::Manifest => self.manifest(&source, json),
            Form::Published => self.published(&source, json),
            Form::Statement | Form::SigningPayload => {
                let mut piece = Piece::new(source, form);
                piece.says(&unsigned(form, json));
                self.push(match piece.statement_unreadable {
                    Some(reason) => Err(Dropped { source: piece.source, reason }),
                    None => Ok(piece),
                });
            }
            Form::Provenance => match predicate(json) {
                Ok(predicate) => {
                    let mut piece = Piece::new(source, form);
                    piece.statement = Some(Statement::of_predicate(predicate));
                    self.push(Ok(piece));
                }
                Err(reason) => self.unreadable(source, reason),
            },
            Form::TrustedRoot => match TrustedRoot::read(json) {
                Ok(root) => {
                    let mut piece = Piece::new(source, form);
                    piece.trusted_root = Some(root);
                    self.push(Ok(piece));
                }
                Err(InspectError::Unreadable(reason)) => self.unreadable(source, reason),
                Err(error) => self.unreadable(source, error.to_string()),
            },
            // No document has these forms by itself.
            Form::CosignSignature | Form::CosignAttestation | Form::Certificate | Form::PublicKey => {}
        }
    }

    /// A manifest with cosign's layers, or one such layer's descriptor.
    fn manifest(&mut self, source: &str, json: &[u8]) {
        let layers = match Manifest::parse("the document", json) {
            Ok(Manifest { layers: Some(layers), .. }) => layers,
            _ => match serde_json::from_slice::<Descriptor>(json) {
                Ok(layer) => vec![layer],
                Err(error) => return self.unreadable(source.to_owned(), error.to_string()),
            },
        };
        let is_cosign = |layer: &Descriptor| layer.annotation(SIGNATURE_ANNOTATION).is_some();
        if !layers.iter().any(is_cosign) {
            let reason = "it is a manifest without signatures: name the image itself, for what lies beside it";
            return self.unreadable(source.to_owned(), reason.to_owned());
        }
        for (index, layer) in layers.into_iter().enumerate().take(MAX_PIECES).filter(|(_, layer)| is_cosign(layer)) {
            let place = if source.is_empty() { format!("layer {index}") } else { format!("{source}, layer {index}") };
            let blob = self.blob(&layer.digest);
            let annotations = layer.annotations.unwrap_or_default();
            if layer.media_type == ENVELOPE_TYPE {
                match blob {
                    Some(blob) => {
                        let material = Material::from_cosign_attestation(blob, &annotations);
                        self.material(place, Form::CosignAttestation, material);
                    }
                    // The annotations are those of a signature, but for the envelope: who and when can be told.
                    None => {
                        let material = Material::from_cosign_signature(Vec::new(), &annotations);
                        self.material(place, Form::CosignAttestation, material);
                    }
                }
            } else {
                let material = Material::from_cosign_signature(blob.unwrap_or_default(), &annotations);
                self.material(place, Form::CosignSignature, material);
            }
        }
    }

    /// A blob of the layout in which the file lies.
    fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.folder?.join(digest.hex());
        let size = std::fs::metadata(&path).ok()?.len();
        if size > u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) {
            return None;
        }
        std::fs::read(path).ok().filter(|bytes| Digest::of(bytes) == *digest)
    }

    fn published(&mut self, source: &str, json: &[u8]) {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            subject: String,
        }
        let subject = serde_json::from_slice::<Head>(json).map_err(|error| error.to_string());
        let subject = subject.and_then(|head| Digest::parse(&head.subject).map_err(|error| error.to_string()));
        let read = |subject| PublishedEvidence::read(json, &subject).map_err(|error| error.to_string());
        match subject.and_then(read) {
            Ok(evidence) => {
                for (index, element) in evidence.elements().enumerate().take(MAX_PIECES) {
                    let place = format!("element {index}");
                    let place = if source.is_empty() { place } else { format!("{source}, {place}") };
                    match element {
                        Ok(element) => {
                            let form = form_of(&element);
                            self.material(place, form, element.material());
                        }
                        Err(error) => self.unreadable(place, error.to_string()),
                    }
                }
                if evidence.len() > MAX_PIECES {
                    self.unreadable(source.to_owned(), format!("more than {MAX_PIECES} elements are not shown"));
                }
            }
            Err(reason) => self.unreadable(source.to_owned(), reason),
        }
    }
}

pub(super) const fn form_of(element: &Element) -> Form {
    match element {
        Element::Bundle(_) => Form::Bundle,
        Element::CosignSignature(_) => Form::CosignSignature,
        Element::CosignAttestation(_) => Form::CosignAttestation,
    }
}

/// What would be signed, if somebody had: read by the same parser.
fn unsigned(form: Form, json: &[u8]) -> Content {
    let (payload, signature) = (json.to_vec(), Vec::new());
    match form {
        Form::SigningPayload => Content::Message { payload, signature },
        _ => Content::Envelope { payload_type: IN_TOTO_PAYLOAD.to_owned(), payload, signature, raw: None },
    }
}

/// A predicate, bounded as one in a statement is.
fn predicate(json: &[u8]) -> Result<Value, String> {
    let head = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"","predicate":"#;
    let statement: Vec<u8> = head.iter().chain(json).chain(b"}").copied().collect();
    Statement::read(&unsigned(Form::Statement, &statement))
        .map(|statement| statement.predicate)
        .map_err(|error| error.to_string())
}

/// The command that verifies such a thing. Who must have signed is for the reader to say: taking it from the evidence would
/// verify that it is what it is.
fn verify_with(name: &str, evidence: &[Piece]) -> Option<String> {
    // Standard input has been read by now, and a second command has another.
    let file = if name == "-" { "FILE".to_owned() } else { quoted(name) };
    let piece = evidence.first()?;
    let signer = match &piece.signer {
        Some(Signer::Key { .. }) => "--key KEY_FILE",
        _ => "--certificate-identity IDENTITY --certificate-oidc-issuer ISSUER",
    };
    Some(match piece.form {
        Form::Bundle => format!("sigwarden verify-bundle --bundle {file} {signer} FILE_OR_DIGEST"),
        Form::CosignSignature | Form::CosignAttestation | Form::Manifest | Form::Published => {
            format!("sigwarden verify {signer} IMAGE")
        }
        Form::Certificate => {
            "sigwarden verify --certificate-identity IDENTITY --certificate-oidc-issuer ISSUER IMAGE".to_owned()
        }
        Form::PublicKey => format!("sigwarden verify --key {file} IMAGE"),
        Form::TrustedRoot => format!("sigwarden verify --trusted-root {file} --policy POLICY_FILE IMAGE"),
        Form::Envelope | Form::Statement | Form::Provenance | Form::SigningPayload => return None,
    })
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
