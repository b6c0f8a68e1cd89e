//! What a decoding process says: a greeting before it has read a byte, then a frame or the file's fault.
//!
//! All numbers are little endian. What is read here may come from a process that a file has taken over.

use std::io::{self, Read, Write};

use super::codes;
use super::confine::Guards;
use crate::frame::{Frame, ObjectReference, Photometric, WindowLevel, check_size};
use crate::identity::{ELEMENTS, Identity, VALUE_BYTES_MAX};
use crate::person::Person;
use crate::units::PixelSize;

/// Begins every greeting; another version of the program has another.
const GREETING: [u8; 8] = *b"raymap 3";
/// Stands for the digest where nobody is known.
const NOBODY: [u8; Person::BYTES] = [0; Person::BYTES];
/// First byte of what follows it.
const FRAME: u8 = b'F';
const FAULT: u8 = b'E';
/// Longest message of a fault; ours have some 200 bytes.
const TEXT_BYTES_MAX: usize = 1_000;
/// Longest stable name of a fault.
const CODE_BYTES_MAX: usize = 64;
/// Pixels moved at once.
const PIXELS_AT_ONCE: usize = 32 * 1024;

/// A file's fault as the decoding process found it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Answered {
    /// Stable name for machines.
    pub code: &'static str,
    pub text: String,
    /// Whether the file is sound but shows no chest radiograph.
    pub refusal: bool,
}

/// Why nothing could be made of what was said.
#[derive(Debug)]
pub(super) enum WireError {
    Read(io::Error),
    Form,
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Says that the process has started, and what confines it.
pub fn greet(to: &mut impl Write, guards: Guards) -> io::Result<()> {
    to.write_all(&GREETING)?;
    to.write_all(&[guards.to_byte()])?;
    to.flush()
}

/// Says what came of the file.
pub fn answer(to: &mut impl Write, result: Result<&Frame, &Answered>) -> io::Result<()> {
    match result {
        Ok(frame) => send_frame(to, frame)?,
        Err(fault) => {
            to.write_all(&[FAULT, fault.refusal.into()])?;
            for (text, bytes_max) in [(fault.code, CODE_BYTES_MAX), (&*fault.text, TEXT_BYTES_MAX)] {
                let bytes = &text.as_bytes()[..text.len().min(bytes_max)];
                to.write_all(&(bytes.len() as u16).to_le_bytes())?;
                to.write_all(bytes)?;
            }
        }
    }
    to.flush()
}

fn send_frame(to: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let window = frame.window().unwrap_or(WindowLevel { center: 0.0, width: 0.0 });
    to.write_all(&[FRAME])?;
    to.write_all(&frame.size().width.to_le_bytes())?;
    to.write_all(&frame.size().height.to_le_bytes())?;
    to.write_all(&[frame.bits_stored(), (frame.photometric() == Photometric::Monochrome1).into()])?;
    to.write_all(&window.center.to_le_bytes())?;
    to.write_all(&window.width.to_le_bytes())?;
    for uid in frame.object().map_or([""; 4], ObjectReference::uids) {
        // A reference has no UID longer than 64 bytes.
        to.write_all(&[uid.len() as u8])?;
        to.write_all(uid.as_bytes())?;
    }
    to.write_all(frame.person().map_or(NOBODY, |person| *person.digest()).as_slice())?;
    for place in 0..ELEMENTS.len() {
        let value = frame.identity().map_or(&[][..], |identity| &identity.values()[place]);
        // No value is longer than its bound.
        to.write_all(&(value.len() as u16).to_le_bytes())?;
        to.write_all(value)?;
    }
    for pixels in frame.pixels().chunks(PIXELS_AT_ONCE) {
        let bytes: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        to.write_all(&bytes)?;
    }
    Ok(())
}

/// What confines the process that has just started.
pub(super) fn greeting(from: &mut impl Read) -> Result<Guards, WireError> {
    let greeting: [u8; 9] = take(from)?;
    match greeting.split_last() {
        Some((guards, words)) if *words == GREETING => Ok(Guards::from_byte(*guards)),
        _ => Err(WireError::Form),
    }
}

/// What came of the file.
pub(super) fn receive(from: &mut impl Read) -> Result<Result<Frame, Answered>, WireError> {
    match take::<1>(from)? {
        [FRAME] => Ok(Ok(receive_frame(from)?)),
        [FAULT] => Ok(Err(receive_fault(from)?)),
        _ => Err(WireError::Form),
    }
}

fn receive_frame(from: &mut impl Read) -> Result<Frame, WireError> {
    let size = PixelSize::new(u32::from_le_bytes(take(from)?), u32::from_le_bytes(take(from)?));
    check_size(size).map_err(|_| WireError::Form)?;
    let [bits, inverted] = take(from)?;
    let window =
        WindowLevel { center: f32::from_le_bytes(take(from)?), width: f32::from_le_bytes(take(from)?) };
    let object = receive_object(from)?;
    let digest = take(from)?;
    let person = (digest != NOBODY).then(|| Person::from_digest(digest));
    let identity = receive_identity(from)?;
    let photometric = if inverted == 0 { Photometric::Monochrome2 } else { Photometric::Monochrome1 };
    let mut pixels = Vec::with_capacity(size.area());
    let mut bytes = vec![0; 2 * PIXELS_AT_ONCE];
    while pixels.len() < size.area() {
        let wanted = 2 * PIXELS_AT_ONCE.min(size.area() - pixels.len());
        let part = &mut bytes[..wanted];
        from.read_exact(part)?;
        pixels.extend(part.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)));
    }
    // A window of width 0 is none.
    let frame = Frame::new(size, pixels, bits, photometric).map_err(|_| WireError::Form)?;
    Ok(frame.with_window(Some(window)).with_object(object).with_person(person).with_identity(identity))
}

/// A value for each element of patient and study; where all are empty there is nothing to say of them.
fn receive_identity(from: &mut impl Read) -> Result<Option<Identity>, WireError> {
    let mut values = Vec::with_capacity(ELEMENTS.len());
    for _ in ELEMENTS {
        let length = usize::from(u16::from_le_bytes(take(from)?));
        if length > VALUE_BYTES_MAX {
            return Err(WireError::Form);
        }
        let mut value = vec![0; length];
        from.read_exact(&mut value)?;
        values.push(value);
    }
    let mut values = values.into_iter();
    Ok(Identity::of(|_| values.next().unwrap_or_default()))
}

/// Four UIDs; four empty ones, or such as are none, refer to nothing.
fn receive_object(from: &mut impl Read) -> Result<Option<ObjectReference>, WireError> {
    let mut uids = [const { String::new() }; 4];
    for uid in &mut uids {
        let [length] = take(from)?;
        let mut bytes = vec![0; length.into()];
        from.read_exact(&mut bytes)?;
        *uid = String::from_utf8(bytes).map_err(|_| WireError::Form)?;
    }
    Ok(ObjectReference::new(uids.each_ref().map(String::as_str)))
}

fn receive_fault(from: &mut impl Read) -> Result<Answered, WireError> {
    let [refusal] = take(from)?;
    let code = text(from, CODE_BYTES_MAX)?;
    let text = text(from, TEXT_BYTES_MAX)?;
    let code = codes::known(&code).ok_or(WireError::Form)?;
    Ok(Answered { code, text, refusal: refusal != 0 })
}

/// A text of at most `bytes_max` bytes, without control characters.
fn text(from: &mut impl Read, bytes_max: usize) -> Result<String, WireError> {
    let length = usize::from(u16::from_le_bytes(take(from)?));
    if length > bytes_max {
        return Err(WireError::Form);
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).collect())
}

fn take<const N: usize>(from: &mut impl Read) -> Result<[u8; N], WireError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        let size = PixelSize::new(64, 600);
        let pixels = (0..size.area()).map(|i| i as u16 & 0xFFF).collect();
        let frame = Frame::new(size, pixels, 12, Photometric::Monochrome1).unwrap();
        frame.with_window(Some(WindowLevel { center: 8.5, width: 100.0 }))
    }

    fn said(result: Result<&Frame, &Answered>) -> Vec<u8> {
        let mut bytes = Vec::new();
        answer(&mut bytes, result).unwrap();
        bytes
    }

    #[test]
    fn a_frame_arrives_as_it_was() {
        let bytes = said(Ok(&frame()));
        assert_eq!(receive(&mut &bytes[..]).unwrap(), Ok(frame()));
        let named = frame().with_object(ObjectReference::new(["1.2", "1.3", "1.4", "1.5"]));
        assert!(named.object().is_some());
        assert_eq!(receive(&mut &said(Ok(&named))[..]).unwrap(), Ok(named));
        let known = frame().with_person(Some(Person::from_digest([7; Person::BYTES])));
        assert_eq!(receive(&mut &said(Ok(&known))[..]).unwrap(), Ok(known));
        let whose = Identity::of(|(_, element)| element.to_be_bytes().to_vec());
        let identified = frame().with_identity(whose);
        assert!(identified.identity().is_some());
        assert_eq!(receive(&mut &said(Ok(&identified))[..]).unwrap(), Ok(identified));
        let bare = frame().with_window(None);
        assert_eq!(receive(&mut &said(Ok(&bare))[..]).unwrap(), Ok(bare));
    }

    #[test]
    fn a_fault_arrives_without_control_characters() {
        let fault = |text: &str| Answered { code: "file_empty", text: text.into(), refusal: true };
        let bytes = said(Err(&fault("is empty\x1b[2J\n")));
        assert_eq!(receive(&mut &bytes[..]).unwrap(), Err(fault("is empty[2J")));
        let long = said(Err(&fault(&"x".repeat(5_000))));
        assert_eq!(receive(&mut &long[..]).unwrap().unwrap_err().text.len(), TEXT_BYTES_MAX);
    }

    #[test]
    fn an_answer_that_is_cut_or_made_up_is_none() {
        let whole = said(Ok(&frame()));
        for end in [0, 1, 5, 19, 40, whole.len() - 1] {
            assert!(matches!(receive(&mut &whole[..end]), Err(WireError::Read(_))), "{end} bytes");
        }
        let mut huge = whole.clone();
        huge[1..9].fill(0xFF);
        assert!(matches!(receive(&mut &huge[..]), Err(WireError::Form)));
        let made_up = Answered { code: "all_is_well", text: String::new(), refusal: false };
        assert!(matches!(receive(&mut &said(Err(&made_up))[..]), Err(WireError::Form)));
        assert!(matches!(greeting(&mut &b"raymap 0\0"[..]), Err(WireError::Form)));
    }
}
