//! Whether the coded data of a JPEG are whole: a walk over its Huffman codes, without a pixel.
//!
//! Decoders carry on where data are damaged: they fill what is missing with grey, or go on with whatever the next
//! bits seem to mean, and do not complain. Here each code has to be one, and each scan has to end where its blocks do.
//! What is neither sequential nor progressive with Huffman codes is not looked at: decoders refuse it.
//! This module does not know what the blocks mean.
//! Source: ITU-T T.81, B.2 (segments), F.2 (sequential), G.1 and G.2 (progressive).

mod bits;

use self::bits::{Bits, Table};
use crate::frame::AREA_MAX_PX;

/// Bytes behind the last block of a scan that are let be: some encoders pad.
const PADDING_BYTES_MAX: usize = 3;
/// Scans of one picture: as many as the decoder takes.
const SCANS_MAX: usize = 100;
/// Longest difference of two DC coefficients.
const DC_BITS_MAX: u8 = 16;
/// Coefficients of a block.
const COEFFICIENTS: usize = 64;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DRI: u8 = 0xDD;
const DHT: u8 = 0xC4;

/// Whether every scan decodes to its end and an end-of-image marker follows the last.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut walk = Walk::default();
    let mut at = 0;
    loop {
        let Some((marker, after)) = next_marker(bytes, at) else { return false };
        at = after;
        match marker {
            EOI => return true,
            // Markers without a segment.
            SOI | 0x01 | 0xD0..=0xD7 => continue,
            _ => {}
        }
        let Some(segment) = segment(bytes, at) else { return false };
        at += 2 + segment.len();
        match walk.take(marker, segment, &bytes[at..]) {
            Step::On(coded) => at += coded,
            Step::Unknown => return true,
            Step::Damaged => return false,
        }
    }
}

/// The next marker and where its segment begins; what is not a marker is stepped over, as decoders do.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let pair = bytes.get(from..)?.windows(2).position(|two| two[0] == 0xFF && !matches!(two[1], 0 | 0xFF))?;
    Some((bytes[from + pair + 1], from + pair + 2))
}

/// A segment without its length.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    bytes.get(at + 2..at + usize::from(length))
}

/// How a segment was taken.
enum Step {
    /// Coded bytes that followed it.
    On(usize),
    /// Of another kind than is known here.
    Unknown,
    Damaged,
}

/// A component of the frame.
#[derive(Debug)]
struct Component {
    id: u8,
    /// Blocks of an MCU, across and down.
    across: usize,
    down: usize,
    /// Of each block the coefficients that are known not to be zero; empty in sequential frames.
    nonzero: Vec<u64>,
}

/// The frame header.
#[derive(Debug)]
struct Frame {
    progressive: bool,
    width: usize,
    height: usize,
    components: Vec<Component>,
}

/// Which coefficients a scan codes, and whether it refines them.
#[derive(Debug, Clone, Copy)]
struct Band {
    first: usize,
    last: usize,
    refines: bool,
}

/// What has been told before a scan.
#[derive(Debug, Default)]
struct Walk {
    frame: Option<Frame>,
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_interval: usize,
    scans: usize,
}

impl Walk {
    fn take(&mut self, marker: u8, segment: &[u8], coded: &[u8]) -> Step {
        let taken = match marker {
            DHT => self.tables(segment),
            DRI => segment.first_chunk().map(|n| self.restart_interval = usize::from(u16::from_be_bytes(*n))),
            0xC0..=0xC2 => Frame::read(segment, marker == 0xC2).map(|frame| self.frame = Some(frame)),
            0xC3..=0xCF if marker != 0xC8 && marker != 0xCC => return Step::Unknown,
            SOS => return self.scan(segment, coded),
            _ => Some(()),
        };
        if taken.is_some() { Step::On(0) } else { Step::Damaged }
    }

    fn tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((head, rest)) = segment.split_first() {
            let (table, length) = Table::read(rest)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(head & 15))? = Some(table);
            segment = &rest[length..];
        }
        Some(())
    }

    fn scan(&mut self, segment: &[u8], coded: &[u8]) -> Step {
        let Self { frame: Some(frame), dc, ac, restart_interval, scans } = self else { return Step::Damaged };
        *scans += 1;
        if *scans > SCANS_MAX {
            return Step::Unknown;
        }
        let Some((parts, band)) = parts(segment, frame) else { return Step::Damaged };
        let mut tables = Vec::new();
        for &(_, selector) in &parts {
            let (dc, ac) = (dc.get(usize::from(selector >> 4)), ac.get(usize::from(selector & 15)));
            let (dc, ac) = (dc.and_then(Option::as_ref), ac.and_then(Option::as_ref));
            let needs_dc = band.first == 0 && !band.refines;
            // Some decoders supply the usual tables where a file has none.
            if (needs_dc && dc.is_none()) || (band.last > 0 && ac.is_none()) {
                return Step::Unknown;
            }
            tables.push((dc, ac));
        }
        let mut bits = Bits::new(coded);
        match frame.blocks(&parts, band, &tables, *restart_interval, &mut bits) {
            Some(()) => Step::On(bits.used()),
            None => Step::Damaged,
        }
    }
}

/// The components of a scan, by their place in the frame, with their tables; and what of them is coded.
fn parts(segment: &[u8], frame: &Frame) -> Option<(Vec<(usize, u8)>, Band)> {
    let (&count, rest) = segment.split_first()?;
    let count = usize::from(count);
    if !(1..=frame.components.len()).contains(&count) {
        return None;
    }
    let place = |id: u8| frame.components.iter().position(|c| c.id == id);
    let pairs = rest.get(..2 * count)?.as_chunks::<2>().0;
    let parts: Option<Vec<_>> = pairs.iter().map(|[id, tables]| Some((place(*id)?, *tables))).collect();
    if !frame.progressive {
        // The band is fixed there, and not everybody writes it.
        return Some((parts?, Band { first: 0, last: COEFFICIENTS - 1, refines: false }));
    }
    let [first, last, approximation] = *rest.get(2 * count..)?.first_chunk()?;
    let band = Band { first: first.into(), last: last.into(), refines: approximation >> 4 != 0 };
    let fits = if band.first == 0 { band.last == 0 } else { count == 1 && band.first <= band.last };
    (fits && band.last < COEFFICIENTS).then_some((parts?, band))
}

impl Frame {
    fn read(segment: &[u8], progressive: bool) -> Option<Self> {
        let [_, y1, y0, x1, x0, count, components @ ..] = segment else { return None };
        let (width, height) = (u16::from_be_bytes([*x1, *x0]).into(), u16::from_be_bytes([*y1, *y0]).into());
        if width * height > AREA_MAX_PX {
            return None;
        }
        let components = components.get(..3 * usize::from(*count))?.as_chunks::<3>().0;
        let component = |&[id, sampling, _]: &[u8; 3]| {
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            let fits = (1..=4).contains(&across) && (1..=4).contains(&down);
            fits.then_some(Component { id, across, down, nonzero: Vec::new() })
        };
        let components: Option<Vec<_>> = components.iter().map(component).collect();
        let components = components.filter(|c| (1..=4).contains(&c.len()))?;
        let mut frame = Self { progressive, width, height, components };
        if progressive {
            let (columns, rows) = frame.mcus();
            for component in &mut frame.components {
                component.nonzero = vec![0; columns * component.across * rows * component.down];
            }
        }
        Some(frame)
    }

    /// Blocks of an MCU in the component that has the most, across and down.
    fn most(&self) -> (usize, usize) {
        let most = |side: fn(&Component) -> usize| self.components.iter().map(side).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }

    /// MCUs of a scan of several components, across and down.
    fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.most();
        (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down))
    }

    /// Steps over all blocks of one scan.
    fn blocks(
        &mut self,
        parts: &[(usize, u8)],
        band: Band,
        tables: &[(Option<&Table>, Option<&Table>)],
        restart_interval: usize,
        bits: &mut Bits,
    ) -> Option<()> {
        let mcus = self.mcus();
        let (most_across, most_down) = self.most();
        let alone = parts.len() == 1;
        let (columns, rows) = if alone {
            let part = &self.components[parts[0].0];
            let side = |length: usize, own: usize, most: usize| (length * own).div_ceil(8 * most);
            (side(self.width, part.across, most_across), side(self.height, part.down, most_down))
        } else {
            mcus
        };
        let mut run = 0;
        for mcu in 0..columns * rows {
            if restart_interval > 0 && mcu > 0 && mcu.is_multiple_of(restart_interval) {
                bits.restart(mcu / restart_interval - 1)?;
                run = 0;
            }
            let (column, row) = (mcu % columns, mcu / columns);
            for (&(place, _), &(dc, ac)) in parts.iter().zip(tables) {
                let part = &mut self.components[place];
                let (across, down) = if alone { (1, 1) } else { (part.across, part.down) };
                let stride = mcus.0 * part.across;
                for block in 0..across * down {
                    let at = (row * down + block / across) * stride + column * across + block % across;
                    let mut kept = 0;
                    let nonzero = part.nonzero.get_mut(at).unwrap_or(&mut kept);
                    Block { band, dc, ac, nonzero }.step(bits, &mut run)?;
                }
            }
        }
        bits.end(PADDING_BYTES_MAX)
    }
}

/// One block in one scan.
struct Block<'a> {
    band: Band,
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
    nonzero: &'a mut u64,
}

impl Block<'_> {
    /// Takes the block's codes; `run` blocks to come have no more of them.
    fn step(&mut self, bits: &mut Bits, run: &mut u32) -> Option<()> {
        let mut at = self.band.first;
        if at == 0 {
            let length = if self.band.refines { 1 } else { self.dc?.code(bits)? };
            (length <= DC_BITS_MAX).then(|| bits.take(length.into()))??;
            at = 1;
        }
        if at > self.band.last {
            return Some(());
        }
        if *run == 0 {
            at = self.coefficients(at, bits, run)?;
        }
        if *run > 0 {
            self.refine(at, usize::MAX, bits)?;
            *run -= 1;
        }
        Some(())
    }

    /// Takes coefficients from `at` on until the block or a run of blocks without more of them ends.
    fn coefficients(&mut self, mut at: usize, bits: &mut Bits, run: &mut u32) -> Option<usize> {
        while at <= self.band.last {
            let code = self.ac?.code(bits)?;
            let (zeros, length) = (code >> 4, code & 15);
            if (self.band.refines && length > 1)
                || (self.band.first == 0 && length == 0 && (1..15).contains(&zeros))
            {
                return None;
            }
            if length == 0 && zeros < 15 {
                // End of block, in progressive frames of a run of blocks.
                *run = (1 << zeros) + bits.take(zeros.into())?;
                return Some(at);
            }
            bits.take(length.into())?;
            at = self.refine(at, zeros.into(), bits)?;
            if at > self.band.last {
                // A run that leads out of the block; sixteen zeros may end it.
                return (length == 0).then_some(at);
            }
            if length > 0 {
                *self.nonzero |= 1 << at;
            }
            at += 1;
        }
        Some(at)
    }

    /// Steps over `zeros` coefficients that are zero; takes a bit for each that is refined on the way.
    fn refine(&mut self, mut at: usize, mut zeros: usize, bits: &mut Bits) -> Option<usize> {
        if !self.band.refines {
            return Some(at.saturating_add(zeros).min(self.band.last + 1));
        }
        while at <= self.band.last {
            if (*self.nonzero >> at) & 1 == 1 {
                bits.take(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            at += 1;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests;
