//! The outermost layer of a WebAssembly module: its sections (core specification 5.5.2).
//!
//! Sections are `id`, length, content; the length is an unsigned LEB128 number of at most 32 bits. Custom sections
//! (id 0) begin with their name, and mean nothing to an engine.

/// How every module starts: magic number and version.
const PREAMBLE: [u8; 8] = *b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;
const DATA: u8 = 11;
/// Bytes of the longest LEB128 number of 32 bits.
const MAX_LEB_BYTES: u32 = 5;

/// Why bytes are no module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// They start otherwise.
    #[error("not a WebAssembly module")]
    Preamble,
    /// A section ends before or after its content.
    #[error("the WebAssembly module is cut off or damaged")]
    Damaged,
}

/// One section.
#[derive(Clone, Copy, Debug)]
struct Section<'m> {
    id: u8,
    content: &'m [u8],
}

/// The sections of a module, in order.
struct Sections<'m>(&'m [u8]);

impl<'m> Sections<'m> {
    fn of(module: &'m [u8]) -> Result<Self, ModuleError> {
        module.strip_prefix(&PREAMBLE).map(Self).ok_or(ModuleError::Preamble)
    }

    fn take(&mut self, rest: &'m [u8], id: u8) -> Result<Section<'m>, ModuleError> {
        let (length, rest) = read_number(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(ModuleError::Damaged)?;
        self.0 = rest;
        Ok(Section { id, content })
    }
}

impl<'m> Iterator for Sections<'m> {
    type Item = Result<Section<'m>, ModuleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (id, rest) = self.0.split_first()?;
        let section = self.take(rest, *id);
        if section.is_err() {
            self.0 = &[];
        }
        Some(section)
    }
}

/// The content of the first custom section of this name.
pub(crate) fn custom_section<'m>(module: &'m [u8], name: &str) -> Result<Option<&'m [u8]>, ModuleError> {
    for section in Sections::of(module)? {
        let section = section?;
        if section.id == CUSTOM {
            let (length, rest) = read_number(section.content)?;
            let (found, content) = rest.split_at_checked(length).ok_or(ModuleError::Damaged)?;
            if found == name.as_bytes() {
                return Ok(Some(content));
            }
        }
    }
    Ok(None)
}

/// `module` with a custom section more, at its end.
pub(crate) fn with_custom_section(module: &[u8], name: &str, content: &[u8]) -> Result<Vec<u8>, ModuleError> {
    for section in Sections::of(module)? {
        section?;
    }
    let name_length = number(name.len())?;
    let length = name_length.len().saturating_add(name.len()).saturating_add(content.len());
    Ok([module, &[CUSTOM], &number(length)?, &name_length, name.as_bytes(), content].concat())
}

/// What initialises the module's memory: all its strings are in there.
pub(crate) fn data(module: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let mut data = Vec::new();
    for section in Sections::of(module)? {
        let section = section?;
        if section.id == DATA {
            data.extend_from_slice(section.content);
        }
    }
    Ok(data)
}

/// Reads an unsigned LEB128 number.
fn read_number(mut bytes: &[u8]) -> Result<(usize, &[u8]), ModuleError> {
    let mut value: u64 = 0;
    for place in 0..MAX_LEB_BYTES {
        let (byte, rest) = bytes.split_first().ok_or(ModuleError::Damaged)?;
        bytes = rest;
        value |= u64::from(byte & 0x7f) << place.saturating_mul(7);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|_| ModuleError::Damaged)?;
            return Ok((usize::try_from(value).map_err(|_| ModuleError::Damaged)?, bytes));
        }
    }
    Err(ModuleError::Damaged)
}

/// Writes an unsigned LEB128 number.
fn number(value: usize) -> Result<Vec<u8>, ModuleError> {
    let mut value = u32::try_from(value).map_err(|_| ModuleError::Damaged)?;
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = (value & 0x7f).to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return Ok(bytes);
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = PREAMBLE.to_vec();
        for (id, content) in sections {
            bytes.push(*id);
            bytes.extend(number(content.len()).unwrap());
            bytes.extend_from_slice(content);
        }
        bytes
    }

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, 16_384, 2_800_000, u32::MAX as usize] {
            let bytes = number(value).unwrap();
            assert_eq!(read_number(&bytes), Ok((value, &[][..])), "{value}");
        }
        assert_eq!(read_number(&[0x80]), Err(ModuleError::Damaged));
        assert_eq!(read_number(&[0xff, 0xff, 0xff, 0xff, 0x7f]), Err(ModuleError::Damaged));
        assert_eq!(read_number(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), Err(ModuleError::Damaged));
    }

    #[test]
    fn a_section_that_was_added_is_found_and_the_rest_is_as_it_was() {
        let bare = module(&[(CUSTOM, b"\x04nameabc"), (DATA, &[7; 200])]);
        let long = vec![b'x'; 20_000];
        let annotated = with_custom_section(&bare, "io.kubewarden.metadata", &long).unwrap();
        assert!(annotated.starts_with(&bare));
        assert_eq!(custom_section(&annotated, "io.kubewarden.metadata"), Ok(Some(&long[..])));
        assert_eq!(custom_section(&annotated, "name"), Ok(Some(&b"abc"[..])));
        assert_eq!(custom_section(&bare, "io.kubewarden.metadata"), Ok(None));
        assert_eq!(data(&annotated), Ok(vec![7; 200]));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let mut cut = module(&[(DATA, &[7; 200])]);
        cut.pop();
        let cases = [
            ("text", b"(module)".to_vec(), ModuleError::Preamble),
            ("nothing", Vec::new(), ModuleError::Preamble),
            ("a cut section", cut, ModuleError::Damaged),
            ("a name longer than its section", module(&[(CUSTOM, b"\x09name")]), ModuleError::Damaged),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(custom_section(&bytes, "x"), Err(expected), "case `{name}`");
        }
        assert_eq!(with_custom_section(b"text", "x", b""), Err(ModuleError::Preamble));
    }
}
