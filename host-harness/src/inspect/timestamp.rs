//! The time in an RFC 3161 timestamp, read and not verified: what verifies it, also reads it.
//!
//! A token is CMS `SignedData` around a `TSTInfo`, perhaps within a response; of both only the way to `genTime` is read.

use x509_cert::der::asn1::GeneralizedTime;
use x509_cert::der::{AnyRef, Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

/// Elements of one sequence. None on the way has more than nine.
const MAX_ELEMENTS: usize = 32;

/// Unix seconds of the time in a timestamp token or response. `None` if there is none that can be found.
pub(super) fn time(der: &[u8]) -> Option<i64> {
    let outer = elements(AnyRef::from_der(der).ok()?)?;
    // A response has a status in front, a token an object identifier.
    let token = match outer.first()?.tag() {
        Tag::Sequence => elements(*outer.get(1)?)?,
        _ => outer,
    };
    let signed_data = elements(inner(*token.get(1)?)?)?;
    let content = elements(*signed_data.get(2)?)?;
    let octets = inner(*content.get(1)?)?;
    let info = elements(AnyRef::from_der(octets.value()).ok()?)?;
    let time = info.iter().find(|element| element.tag() == Tag::GeneralizedTime)?;
    let time = time.decode_as::<GeneralizedTime>().ok()?;
    i64::try_from(time.to_unix_duration().as_secs()).ok()
}

/// What stands in an explicit tag.
fn inner(element: AnyRef<'_>) -> Option<AnyRef<'_>> {
    AnyRef::from_der(element.value()).ok()
}

fn elements(sequence: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(sequence.value()).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() && found.len() < MAX_ELEMENTS {
        found.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(found)
}
