use super::scan::{Dataset, PixelData, scan};
use super::shape::Shape;
use super::*;
use crate::frame::{Photometric, WindowLevel};

/// An element in explicit VR, little endian, with a 16-bit length.
pub(super) fn element(tag: (u16, u16), vr: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    bytes.extend((value.len() as u16).to_le_bytes());
    bytes.extend(value);
    bytes
}

pub(super) fn short(tag: (u16, u16), value: u16) -> Vec<u8> {
    element(tag, "US", &value.to_le_bytes())
}

/// 64x64 pixels that all have the stored value `fill`, except the first.
pub(super) fn file(
    bits: u16,
    signed: u16,
    photometric: &str,
    extra: &[Vec<u8>],
    first: u16,
    fill: u16,
) -> Vec<u8> {
    let mut parts = vec![
        short(tag::SAMPLES_PER_PIXEL, 1),
        element(tag::PHOTOMETRIC_INTERPRETATION, "CS", photometric.as_bytes()),
        short(tag::ROWS, 64),
        short(tag::COLUMNS, 64),
        short(tag::BITS_ALLOCATED, 16),
        short(tag::BITS_STORED, bits),
        short(tag::HIGH_BIT, bits - 1),
        short(tag::PIXEL_REPRESENTATION, signed),
    ];
    parts.extend_from_slice(extra);
    let mut bytes = element((0x0008, 0x0060), "CS", b"DX");
    bytes.extend(parts.concat());
    bytes.extend([0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 0, 0x20, 0, 0]);
    bytes.extend(first.to_le_bytes());
    (1..64 * 64).for_each(|_| bytes.extend(fill.to_le_bytes()));
    bytes
}

pub(super) fn decimal(tag: (u16, u16), text: &str) -> Vec<u8> {
    element(tag, "DS", text.as_bytes())
}

#[test]
fn signed_values_move_up_and_take_the_window_with_them() {
    let extra = [
        decimal(tag::WINDOW_CENTER, "40\\50 "),
        decimal(tag::WINDOW_WIDTH, "400 "),
        decimal(tag::RESCALE_INTERCEPT, "-24 "),
        decimal(tag::RESCALE_SLOPE, "2 "),
    ];
    let frame = read(&file(12, 1, "MONOCHROME2 ", &extra, 0xF800, 5)).unwrap();
    assert_eq!(frame.pixels()[..2], [0, 2053]);
    // Grey begins at 40 - .5 - 399 / 2 = -160 and ends at 239, in stored values at -68 and 131.5.
    assert_eq!(frame.window(), Some(WindowLevel { center: 31.75 + 2048.0 + 0.5, width: 199.5 + 1.0 }));
    assert_eq!((frame.bits_stored(), frame.photometric()), (12, Photometric::Monochrome2));
}

#[test]
fn a_falling_rescale_turns_grey_round() {
    let extra = [decimal(tag::RESCALE_SLOPE, "-1")];
    let frame = read(&file(12, 0, "MONOCHROME2 ", &extra, 7, 7)).unwrap();
    assert_eq!(frame.photometric(), Photometric::Monochrome1);
}

#[test]
fn bits_above_the_stored_ones_do_not_count() {
    let frame = read(&file(10, 0, "MONOCHROME1 ", &[], 0xFC03, 0x0400)).unwrap();
    assert_eq!(frame.pixels()[..2], [3, 0]);
}

#[test]
fn padding_turns_into_the_darkest_value_of_the_radiograph() {
    let padding = |value| [short(tag::PIXEL_PADDING_VALUE, value)];
    let dark = read(&file(12, 0, "MONOCHROME2 ", &padding(4095), 4095, 90)).unwrap();
    assert!(dark.pixels().iter().all(|&pixel| pixel == 90));
    let nothing_else = read(&file(12, 0, "MONOCHROME2 ", &padding(90), 90, 90)).unwrap();
    assert_eq!(nothing_else.pixels()[0], 90);
}

#[test]
fn padding_beyond_the_stored_bits_is_no_grey_value() {
    let frame = |signed, padding, first, fill| {
        let padding = [short(tag::PIXEL_PADDING_VALUE, padding)];
        read(&file(12, signed, "MONOCHROME2 ", &padding, first, fill)).unwrap().pixels()[..2].to_vec()
    };
    // The whitest value, and one in the middle, are the radiograph's own.
    assert_eq!(frame(0, 0xFFFF, 0x0FFF, 90), [0x0FFF, 90]);
    assert_eq!(frame(0, 0xF830, 0x0830, 90), [0x0830, 90]);
    // The words themselves are padding.
    assert_eq!(frame(0, 0xF830, 0xF830, 90), [90, 90]);
    // Below the lowest of 12 bits; and the lowest, written in 16 bits or in 12.
    assert_eq!(frame(1, 0xF7FF, 0x07FF, 5), [4095, 2053]);
    assert_eq!(frame(1, 0xF800, 0x0800, 5), [2053, 2053]);
    assert_eq!(frame(1, 0x0800, 0xF800, 5), [2053, 2053]);
}

#[test]
fn a_film_is_refused_by_name() {
    let film = file(12, 0, "MONOCHROME2 ", &[element(tag::NUMBER_OF_FRAMES, "IS", b"17")], 0, 0);
    assert!(matches!(read(&film), Err(DicomError::MultiFrame(17))));
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    let whole = file(12, 0, "MONOCHROME2 ", &[], 0, 0);
    for end in (0..whole.len()).step_by(7) {
        assert!(read(&whole[..end]).is_err(), "{end} of {} bytes", whole.len());
    }
}

#[test]
fn a_sequence_without_length_is_stepped_over() {
    let mut sequence = vec![0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    sequence.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    // The icon's rows are not the radiograph's.
    sequence.extend(short(tag::ROWS, 1));
    sequence.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    let frame = read(&file(12, 0, "MONOCHROME2 ", &[sequence], 1, 2)).unwrap();
    assert_eq!(frame.size().height, 64);
}

#[test]
fn the_pixels_of_a_refused_ct_slice_still_decode() {
    let root = std::env::var("RAYMAP_DATA").unwrap_or("../shared/data".into());
    let path = std::path::Path::new(&root).join("dicom/not_xray_ct_explicitbigendian_12bit.dcm");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is absent", path.display());
        return;
    };
    assert_eq!(read(&bytes).unwrap_err().code(), "not_radiography");
    let dataset = scan(&bytes).unwrap();
    assert!(matches!(dataset.pixels, Some(PixelData::Native { .. })));
    let frame = pixels::frame(&dataset).unwrap();
    let middle = frame.pixels()[frame.size().area() / 2 + 256];
    let corner = frame.pixels()[0];
    assert!(middle > corner, "the body ({middle}) is brighter than the air ({corner})");
}

#[test]
fn mutations_never_panic() {
    let whole = file(12, 0, "MONOCHROME2 ", &[decimal(tag::WINDOW_WIDTH, "400 ")], 0, 0);
    for at in 0..300 {
        for value in [0, 1, 8, 0x7F, 0xFE, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let sane = |frame: Frame| assert!(frame.pixels().len() >= 64 * 64);
            _ = read(&bytes).map(sane);
        }
    }
}

#[test]
fn the_layout_needs_its_elements() {
    let empty = Dataset::empty();
    assert!(matches!(pixels::frame(&empty), Err(DicomError::NoPixels)));
    assert_eq!(Shape::read(&empty).unwrap_err().code(), "dicom_missing_element");
}

#[test]
fn colour_turns_grey_whichever_way_it_lies() {
    for (planar, green) in [(0, 4), (1, 64 * 64 + 1)] {
        let mut bytes = element(tag::MODALITY, "CS", b"SC");
        bytes.extend(short(tag::SAMPLES_PER_PIXEL, 3));
        bytes.extend(element(tag::PHOTOMETRIC_INTERPRETATION, "CS", b"RGB "));
        bytes.extend(short(tag::PLANAR_CONFIGURATION, planar));
        bytes.extend([short(tag::ROWS, 64), short(tag::COLUMNS, 64), short(tag::BITS_ALLOCATED, 8)].concat());
        bytes.extend([0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 0, 0x30, 0, 0]);
        let mut pixels = vec![0; 64 * 64 * 3];
        pixels[0] = 255;
        pixels[green] = 255;
        bytes.extend(pixels);
        let frame = read(&bytes).unwrap();
        assert_eq!(frame.pixels()[..3], [76, 150, 0], "planar {planar}");
    }
}

/// A file of halved colour with these pixels.
fn ybr_422(pixels: &[u8]) -> Result<Vec<u16>, DicomError> {
    let mut bytes = element(tag::MODALITY, "CS", b"SC");
    bytes.extend(short(tag::SAMPLES_PER_PIXEL, 3));
    bytes.extend(element(tag::PHOTOMETRIC_INTERPRETATION, "CS", b"YBR_FULL_422"));
    bytes.extend([short(tag::ROWS, 64), short(tag::COLUMNS, 64), short(tag::BITS_ALLOCATED, 8)].concat());
    bytes.extend([0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0]);
    bytes.extend((pixels.len() as u32).to_le_bytes());
    bytes.extend(pixels);
    read(&bytes).map(|frame| frame.pixels()[..3].to_vec())
}

#[test]
fn luma_is_taken_whether_or_not_two_pixels_share_their_colour() {
    assert_eq!(ybr_422(&[10, 20, 128, 128].repeat(64 * 32)).unwrap(), [10, 20, 10]);
    assert_eq!(ybr_422(&[10, 100, 128, 20, 100, 128].repeat(64 * 32)).unwrap(), [10, 20, 10]);
}

#[test]
fn pixels_of_neither_length_are_refused() {
    for length in [64 * 64 * 2 - 2, 64 * 64 * 2 + 2, 64 * 64 * 3 - 2] {
        assert_eq!(ybr_422(&vec![128; length]).unwrap_err().code(), "dicom_pixels_short", "{length} bytes");
    }
}
