//! RLE Lossless: one PackBits segment for each byte of a sample, the most significant first.
//!
//! Source: DICOM PS3.5, annex G.

use super::error::DicomError;
use super::pixels::{Samples, interleave};
use super::shape::Shape;

/// Bytes of the header: the number of segments and 15 offsets.
const HEADER_BYTES: usize = 64;

/// The samples of one coded frame; fails when a segment gives fewer bytes than there are pixels.
pub(super) fn decode(coded: &[u8], shape: &Shape) -> Result<Samples, DicomError> {
    let sample_bytes = usize::from(shape.bits_allocated / 8);
    let area = shape.size.area();
    let offsets = offsets(coded, sample_bytes * shape.samples)?;
    let mut planes = vec![0u16; area * shape.samples];
    for (index, start) in offsets.iter().enumerate() {
        let end = offsets.get(index + 1).map_or(coded.len(), |&next| next as usize);
        // Offsets that run backwards give an empty segment, which is then too short.
        let segment = coded.get(*start as usize..end).unwrap_or_default();
        let shift = 8 * (sample_bytes - 1 - index % sample_bytes);
        let plane = &mut planes[index / sample_bytes * area..][..area];
        unpack(segment, |i, byte| plane[i] |= u16::from(byte) << shift, area)?;
    }
    let values = if shape.samples > 1 { interleave(&planes, shape.samples) } else { planes };
    Ok(Samples { values, channels: shape.samples, words: true })
}

fn offsets(coded: &[u8], expected: usize) -> Result<Vec<u32>, DicomError> {
    let header = coded
        .get(..HEADER_BYTES)
        .ok_or(DicomError::PixelsShort { expected: HEADER_BYTES, got: coded.len() })?;
    let mut words = header.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
    let segments = words.next().unwrap_or(0);
    if segments as usize != expected {
        return Err(DicomError::RleHeader { segments, expected });
    }
    Ok(words.take(expected).collect())
}

/// Hands `put` the first `count` bytes of a PackBits segment; more are ignored.
fn unpack(segment: &[u8], mut put: impl FnMut(usize, u8), count: usize) -> Result<(), DicomError> {
    let mut at = 0;
    let mut done = 0;
    while done < count {
        let short = DicomError::PixelsShort { expected: count, got: done };
        let (Some(&head), Some(&first)) = (segment.get(at), segment.get(at + 1)) else { return Err(short) };
        at += 1;
        match head {
            0..=127 => {
                let literal = segment.get(at..at + usize::from(head) + 1).ok_or(short)?;
                let wanted = literal.len().min(count - done);
                literal[..wanted].iter().enumerate().for_each(|(i, &byte)| put(done + i, byte));
                at += literal.len();
                done += wanted;
            }
            128 => {}
            129..=255 => {
                let run = (257 - usize::from(head)).min(count - done);
                (0..run).for_each(|i| put(done + i, first));
                at += 1;
                done += run;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(segment: &[u8], count: usize, expected: Option<&[u8]>) {
        let mut out = vec![0; count];
        let done = unpack(segment, |i, byte| out[i] = byte, count);
        assert_eq!(done.is_ok().then_some(&out[..]), expected);
    }

    #[test]
    fn packed_bits_unpack_and_never_run_over() {
        check(&[0xFE, 0xAA, 0x80, 0x02, 1, 2, 3], 6, Some(&[0xAA, 0xAA, 0xAA, 1, 2, 3]));
        check(&[0xFE, 0xAA, 0x02, 1, 2, 3], 4, Some(&[0xAA, 0xAA, 0xAA, 1]));
        check(&[0xFE, 0xAA, 0x02, 1, 2], 6, None);
        check(&[], 1, None);
    }
}
