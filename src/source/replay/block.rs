//! One frame of a recording: its head, and its pixels as differences from the frame before, deflated.

use std::io::{Read, Write};
use std::time::Duration;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::frame::{Frame, Photometric, check_size};
use crate::units::PixelSize;

/// Of a head.
pub const HEAD_BYTES: usize = 36;
/// First bytes of every head.
const MARK: [u8; 4] = *b"FRAM";
/// The pixels are differences from those of the frame before.
const FLAG_DIFFERENCE: u8 = 1;
/// The lowest value is shown white.
const FLAG_MONOCHROME1: u8 = 2;
/// Deflated pixels are longer than plain ones by less than this share, and by this many bytes.
const DEFLATE_SHARE: usize = 1000;
const DEFLATE_BYTES: usize = 64;

/// What stands before a frame's pixels. All numbers are little endian:
/// mark (4), time in microseconds (8), width (4), height (4), bits stored (1), flags (1), zero (2),
/// bytes of the deflated pixels (4), CRC-32 of the plain pixels (4), CRC-32 of the head up to here (4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    pub time: Duration,
    size: PixelSize,
    bits: u8,
    flags: u8,
    packed: u32,
    checksum: u32,
}

/// A frame as it lies in the file.
#[derive(Debug)]
pub struct Block {
    pub head: Head,
    pub packed: Vec<u8>,
}

impl Head {
    /// `None` where a number cannot be or the checksum differs.
    pub fn parse(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let whole = |at: usize| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| bytes.get(at + i).copied().unwrap_or(0));
            u32::from_le_bytes([a, b, c, d])
        };
        let micros = u64::from(whole(4)) | u64::from(whole(8)) << 32;
        let [bits, flags] = [20, 21].map(|at| bytes.get(at).copied().unwrap_or(0));
        let head = Self {
            time: Duration::from_micros(micros),
            size: PixelSize::new(whole(12), whole(16)),
            bits,
            flags,
            packed: whole(24),
            checksum: whole(28),
        };
        let sound = bytes.starts_with(&MARK) && whole(32) == crc(bytes.get(..32)?);
        let fits = check_size(head.size).is_ok() && (1..=16).contains(&bits);
        (sound && fits && head.packed_bytes() <= head.packed_bytes_max()).then_some(head)
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        bytes.extend((self.time.as_micros() as u64).to_le_bytes());
        bytes.extend(self.size.width.to_le_bytes());
        bytes.extend(self.size.height.to_le_bytes());
        bytes.extend([self.bits, self.flags, 0, 0]);
        bytes.extend(self.packed.to_le_bytes());
        bytes.extend(self.checksum.to_le_bytes());
        bytes.extend(crc(&bytes).to_le_bytes());
        bytes
    }

    pub fn packed_bytes(&self) -> usize {
        self.packed as usize
    }

    /// What a frame of that size cannot pass; the size has been checked.
    fn packed_bytes_max(&self) -> usize {
        let plain = self.plain_bytes();
        plain + plain / DEFLATE_SHARE + DEFLATE_BYTES
    }

    fn plain_bytes(&self) -> usize {
        self.size.area() * if self.bits > 8 { 2 } else { 1 }
    }
}

impl Block {
    /// `frame`, taken at `time`, as differences from `before` where that is of the same kind.
    pub fn of(frame: &Frame, time: Duration, before: Option<&Frame>) -> std::io::Result<Self> {
        let plain = bytes_of(frame);
        let before = before.filter(|b| b.size() == frame.size() && b.bits_stored() == frame.bits_stored());
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        match before.map(bytes_of) {
            Some(old) => packer.write_all(&combined(&plain, &old, u8::wrapping_sub))?,
            None => packer.write_all(&plain)?,
        }
        let packed = packer.finish()?;
        let inverted = if frame.photometric() == Photometric::Monochrome1 { FLAG_MONOCHROME1 } else { 0 };
        let head = Head {
            time,
            size: frame.size(),
            bits: frame.bits_stored(),
            flags: inverted | if before.is_some() { FLAG_DIFFERENCE } else { 0 },
            packed: packed.len() as u32,
            checksum: crc(&plain),
        };
        Ok(Self { head, packed })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.head.to_bytes()[..], &self.packed].concat()
    }

    /// The frame; `None` where its checksum differs, or the frame before is not the one that is meant.
    pub fn frame(&self, before: Option<&Frame>) -> Option<Frame> {
        let head = self.head;
        let mut plain = Vec::with_capacity(head.plain_bytes());
        // One byte more than is due shows that there are too many.
        let limit = head.plain_bytes() as u64 + 1;
        DeflateDecoder::new(&self.packed[..]).take(limit).read_to_end(&mut plain).ok()?;
        if head.flags & FLAG_DIFFERENCE != 0 {
            plain = combined(&plain, &bytes_of(before?), u8::wrapping_add);
        }
        if plain.len() != head.plain_bytes() || crc(&plain) != head.checksum {
            return None;
        }
        let pixels = match head.bits {
            ..=8 => plain.iter().map(|&b| b.into()).collect(),
            _ => plain.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect(),
        };
        let photometric = match head.flags & FLAG_MONOCHROME1 {
            0 => Photometric::Monochrome2,
            _ => Photometric::Monochrome1,
        };
        Frame::new(head.size, pixels, head.bits, photometric).ok()
    }
}

/// One byte a pixel up to 8 bits, else two, the lower first.
fn bytes_of(frame: &Frame) -> Vec<u8> {
    match frame.bits_stored() {
        ..=8 => frame.pixels().iter().map(|&v| v as u8).collect(),
        _ => frame.pixels().iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

fn combined(a: &[u8], b: &[u8], how: fn(u8, u8) -> u8) -> Vec<u8> {
    a.iter().zip(b).map(|(&a, &b)| how(a, b)).collect()
}

fn crc(bytes: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_an_impossible_size_is_none() {
        let head = |side: u32| Head {
            time: Duration::ZERO,
            size: PixelSize::new(side, side),
            bits: 12,
            flags: 0,
            packed: 1,
            checksum: 0,
        };
        let parsed = |side: u32| Head::parse(head(side).to_bytes().first_chunk().unwrap());
        assert_eq!(parsed(640), Some(head(640)));
        assert_eq!((parsed(70_000), parsed(u32::MAX)), (None, None));
    }
}
