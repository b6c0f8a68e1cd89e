use super::super::scan::Dataset;
use super::super::tag;
use super::*;

/// Side of the pictures.
const SIDE: usize = 64;
/// Bits of each code: one code for each of the 17 categories.
const CODE_BITS: u32 = 5;

/// A lossless JPEG of `SIDE` x `SIDE` values, as its encoder was told to write it.
struct Lossless {
    bits: u8,
    predictor: u8,
    components: u8,
    restart_interval: u16,
    point_transform: u8,
    /// Differences wrap at the depth instead of at 16 bits.
    wraps: bool,
}

const PLAIN: Lossless =
    Lossless { bits: 12, predictor: 1, components: 1, restart_interval: 0, point_transform: 0, wraps: false };

impl Lossless {
    fn encode(&self, values: &[u16]) -> Vec<u8> {
        let mut stream = vec![0xFF, 0xD8, 0xFF, 0xC4, 0, 36, 0, 0, 0, 0, 0, 17];
        stream.extend([0; 11]);
        stream.extend(0..17);
        let interval = self.restart_interval.to_be_bytes();
        if self.restart_interval > 0 {
            stream.extend([0xFF, 0xDD, 0, 4, interval[0], interval[1]]);
        }
        stream.extend([0xFF, 0xC3, 0, 8 + 3 * self.components, self.bits, 0, SIDE as u8, 0, SIDE as u8]);
        stream.push(self.components);
        (0..self.components).for_each(|id| stream.extend([id, 0x11, 0]));
        stream.extend([0xFF, 0xDA, 0, 6 + 2 * self.components, self.components]);
        (0..self.components).for_each(|id| stream.extend([id, 0]));
        stream.extend([self.predictor, 0, self.point_transform]);
        stream.extend(self.coded(values));
        stream.extend([0xFF, 0xD9]);
        stream
    }

    /// ITU-T T.81, H.1.2: differences to the prediction, a category and its bits to each.
    fn coded(&self, values: &[u16]) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let mut put =
            |value: u32, count: u32| (0..count).rev().for_each(|i| bits.push((value >> i) & 1 == 1));
        for at in 0..values.len() {
            let turn = 1 << if self.wraps { self.bits } else { 16 };
            let mut difference = (i32::from(values[at]) - self.prediction(values, at)).rem_euclid(turn);
            if difference > turn / 2 {
                difference -= turn;
            }
            let category = 32 - difference.unsigned_abs().leading_zeros();
            put(category, CODE_BITS);
            let low = if difference < 0 { difference - 1 } else { difference };
            // The largest category has one value.
            put(low as u32, if category == 16 { 0 } else { category });
        }
        bits.resize(bits.len().next_multiple_of(8), true);
        let bytes = bits
            .as_chunks::<8>()
            .0
            .iter()
            .map(|b| b.iter().fold(0, |byte, &bit| (byte << 1) | u8::from(bit)));
        // A zero is stuffed behind each byte of ones.
        bytes.flat_map(|byte| if byte == 0xFF { vec![byte, 0] } else { vec![byte] }).collect()
    }

    fn prediction(&self, values: &[u16], at: usize) -> i32 {
        let before = |back: usize| i32::from(values[at - back]);
        match (at % SIDE, at / SIDE) {
            (0, 0) => 1 << (self.bits - 1),
            (_, 0) => before(1),
            (0, _) => before(SIDE),
            _ => {
                let (left, above, corner) = (before(1), before(SIDE), before(SIDE + 1));
                match self.predictor {
                    1 => left,
                    2 => above,
                    3 => corner,
                    4 => left + above - corner,
                    5 => left + ((above - corner) >> 1),
                    6 => above + ((left - corner) >> 1),
                    _ => (left + above) >> 1,
                }
            }
        }
    }

    fn decode(&self, values: &[u16]) -> Result<Vec<u16>, DicomError> {
        decode(&self.encode(values), &shape(self.bits)).map(|samples| samples.values)
    }

    /// Refused, in words that hold `word`.
    fn check_refused(&self, word: &str) {
        let error = self.decode(&picture(self.bits)).unwrap_err();
        assert_eq!(error.code(), "dicom_jpeg_process");
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// The layout of a grey file of this depth.
fn shape(bits: u8) -> Shape {
    let mut dataset = Dataset::empty();
    let (side, bits) = ((SIDE as u16).to_le_bytes(), [bits, 0]);
    dataset.put(tag::PHOTOMETRIC_INTERPRETATION, b"MONOCHROME2");
    dataset.put(tag::ROWS, &side);
    dataset.put(tag::COLUMNS, &side);
    dataset.put(tag::BITS_ALLOCATED, &[16, 0]);
    dataset.put(tag::BITS_STORED, &bits);
    Shape::read(&dataset).unwrap()
}

/// Slopes, and jumps from the lowest value to the highest and back.
fn picture(bits: u8) -> Vec<u16> {
    let top = u16::MAX >> (16 - bits);
    let value = |i: usize| match i % 7 {
        0 => 0,
        1 => top,
        _ => (i * 37 + i / SIDE * 501) as u16 & top,
    };
    (0..SIDE * SIDE).map(value).collect()
}

#[test]
fn lossless_values_come_back_at_every_depth_and_by_every_predictor() {
    for bits in [2, 7, 8, 9, 12, 15, 16] {
        for predictor in 1..=7 {
            let values = picture(bits);
            let decoded = Lossless { bits, predictor, ..PLAIN }.decode(&values).unwrap();
            assert!(decoded == values, "{bits} bits, predictor {predictor}");
        }
    }
}

#[test]
fn a_difference_that_wraps_at_the_depth_makes_no_black_pixel_white() {
    for bits in [9, 12, 15] {
        let values = picture(bits);
        assert!(Lossless { bits, wraps: true, ..PLAIN }.decode(&values).unwrap() == values, "{bits} bits");
    }
}

#[test]
fn what_would_be_decoded_wrongly_is_refused_by_name() {
    Lossless { restart_interval: SIDE as u16, ..PLAIN }.check_refused("12 bits and restart intervals");
    Lossless { point_transform: 1, ..PLAIN }.check_refused("12 bits and a point transform");
    Lossless { components: 3, bits: 8, ..PLAIN }.check_refused("8 bits in colour");
}

#[test]
fn headers_are_found_behind_tables() {
    let coded = [
        &[0xFF, 0xD8, 0xFF, 0xFF, 0xC4, 0, 3, 9, 0xFF, 0xC3, 0, 11, 12, 1, 0, 0, 200, 1, 0, 0, 0][..],
        &[0xFF, 0xDD, 0, 4, 1, 2, 0xFF, 0xDA, 0, 8, 1, 0, 0, 1, 0, 0x13],
    ]
    .concat();
    let expected = Headers {
        process: 3,
        bits: 12,
        size: PixelSize::new(200, 256),
        components: 1,
        restart_interval: 258,
        point_transform: 3,
    };
    assert_eq!(headers(&coded), Some(expected));
    assert_eq!(headers(&coded[..15]), None);
    assert_eq!(headers(&[0xFF, 0xD8, 0xFF, 0xDA, 0, 2]), None);
}
