//! What becomes of grey values, by files that say so.

use super::super::read;
use super::super::tests::{decimal, element, file, short};
use super::*;
use crate::frame::Frame;

/// Center and width of a sigmoid around 2000.
const SIGMOID: [(tag::Tag, &str); 2] = [(tag::WINDOW_CENTER, "2000"), (tag::WINDOW_WIDTH, "400 ")];

/// A sequence of one item, with lengths or with delimiters.
fn sequence(tag: tag::Tag, item: &[u8], delimited: bool) -> Vec<u8> {
    let head = |length: u32| [&item_head(0xE000, length)[..], item].concat();
    let (items, length) = if delimited {
        ([head(u32::MAX), item_head(0xE00D, 0), item_head(0xE0DD, 0)].concat(), u32::MAX)
    } else {
        (head(item.len() as u32), item.len() as u32 + 8)
    };
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes(), *b"SQ", [0, 0]].concat();
    bytes.extend(length.to_le_bytes());
    bytes.extend(items);
    bytes
}

fn item_head(element: u16, length: u32) -> Vec<u8> {
    [&0xFFFEu16.to_le_bytes()[..], &element.to_le_bytes(), &length.to_le_bytes()].concat()
}

/// A table that begins at `first`, of 16-bit entries.
fn table(first: u16, bits: u16, entries: &[u16]) -> Vec<u8> {
    let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let descriptor = element(tag::LUT_DESCRIPTOR, "US", &bytes(&[entries.len() as u16, first, bits]));
    let data = element(tag::LUT_DATA, "US", &bytes(entries));
    // What else stands in such items: an explanation, and a sequence that no one asked for.
    let explained = element((0x0028, 0x3003), "LO", b"DOE^JANE");
    [descriptor, explained, sequence((0x0008, 0x1140), &short(tag::ROWS, 1), true), data].concat()
}

/// The frame of a 12-bit file with `extra` in it whose first value is `first` and whose others are `fill`.
fn shown(photometric: &str, extra: &[Vec<u8>], first: u16, fill: u16) -> Frame {
    read(&file(12, 0, photometric, extra, first, fill)).unwrap()
}

fn code(photometric: &str, extra: &[Vec<u8>]) -> &'static str {
    let error = read(&file(12, 0, photometric, extra, 0, 1)).unwrap_err();
    assert!(!error.to_string().contains("DOE"), "{error}");
    error.code()
}

#[test]
fn an_exact_window_keeps_its_ends() {
    let extra = [
        decimal(tag::WINDOW_CENTER, "2048"),
        decimal(tag::WINDOW_WIDTH, "4096"),
        element(tag::VOI_LUT_FUNCTION, "CS", b"LINEAR_EXACT"),
    ];
    let frame = shown("MONOCHROME2 ", &extra, 0, 7);
    // Linear windows end half a value and one value earlier: from 0 to 4096 is 2048.5 and 4097 there.
    assert_eq!(frame.window(), Some(WindowLevel { center: 2048.5, width: 4097.0 }));
    assert_eq!((frame.pixels()[1], frame.bits_stored()), (7, 12));
}

#[test]
fn a_sigmoid_is_worked_into_the_pixels() {
    let mut extra: Vec<Vec<u8>> = SIGMOID.iter().map(|(tag, text)| decimal(*tag, text)).collect();
    extra.push(element(tag::VOI_LUT_FUNCTION, "CS", b"SIGMOID "));
    // 1 / (1 + e^-1) = .731059 at a quarter of the width above the center.
    let frame = shown("MONOCHROME1 ", &extra, 2000, 2100);
    assert_eq!(frame.pixels()[..2], [32_768, 47_910]);
    assert_eq!((frame.bits_stored(), frame.window()), (16, None));
    assert_eq!(frame.photometric(), Photometric::Monochrome1, "inverted after it, not before");
    extra[2] = element(tag::VOI_LUT_FUNCTION, "CS", b"DOE^JANE");
    assert_eq!(code("MONOCHROME2 ", &extra), "dicom_shades");
}

#[test]
fn a_modality_table_comes_before_the_window() {
    for delimited in [false, true] {
        let extra = [
            sequence(tag::MODALITY_LUT_SEQUENCE, &table(100, 10, &[900, 500, 200]), delimited),
            decimal(tag::WINDOW_CENTER, "512 "),
            decimal(tag::WINDOW_WIDTH, "1024"),
        ];
        let frame = shown("MONOCHROME2 ", &extra, 101, 4000);
        assert_eq!(frame.pixels()[..2], [500, 200], "delimited: {delimited}");
        assert_eq!(frame.window(), Some(WindowLevel { center: 512.0, width: 1024.0 }));
        assert_eq!(frame.bits_stored(), 10);
    }
}

#[test]
fn a_table_of_interest_comes_before_a_window_and_after_the_rescale() {
    let extra = [
        decimal(tag::WINDOW_CENTER, "5 "),
        decimal(tag::WINDOW_WIDTH, "2 "),
        decimal(tag::RESCALE_SLOPE, "2 "),
        decimal(tag::RESCALE_INTERCEPT, "-10 "),
        sequence(tag::VOI_LUT_SEQUENCE, &table(4, 8, &[10, 11, 12, 13, 14]), false),
    ];
    // 2 * 8 - 10 = 6 is the third entry; 0 lies below the table.
    let frame = shown("MONOCHROME1 ", &extra, 8, 0);
    assert_eq!(frame.pixels()[..2], [12, 10]);
    assert_eq!((frame.window(), frame.bits_stored()), (None, 8));
    assert_eq!(frame.photometric(), Photometric::Monochrome1);
}

#[test]
fn an_empty_sequence_of_tables_leaves_the_window() {
    let mut empty = sequence(tag::VOI_LUT_SEQUENCE, &[], false);
    empty.truncate(8);
    empty.extend([0; 4]);
    let window = [decimal(tag::WINDOW_CENTER, "5 "), decimal(tag::WINDOW_WIDTH, "3 "), empty];
    assert!(shown("MONOCHROME2 ", &window, 0, 1).window().is_some());
    let cut = sequence(tag::VOI_LUT_SEQUENCE, &table(0, 8, &[1, 2, 3])[..14], false);
    assert_eq!(code("MONOCHROME2 ", &[cut]), "dicom_table");
}

#[test]
fn padding_is_as_dark_as_the_radiograph_is_shown() {
    // The table turns grey round: the darkest that is no padding is the largest value, 90.
    let table = sequence(tag::VOI_LUT_SEQUENCE, &table(80, 8, &(0..=20).rev().collect::<Vec<u16>>()), false);
    let extra = [short(tag::PIXEL_PADDING_VALUE, 4000), short(tag::PIXEL_PADDING_RANGE_LIMIT, 4095), table];
    let frame = shown("MONOCHROME2 ", &extra, 4050, 90);
    assert_eq!(frame.pixels()[..2], [10, 10]);
}

#[test]
fn the_presentation_shape_may_only_repeat_the_photometric_interpretation() {
    let shape = |text: &str| [element(tag::PRESENTATION_LUT_SHAPE, "CS", text.as_bytes())];
    let black = |frame: Frame| frame.photometric();
    assert_eq!(black(shown("MONOCHROME1 ", &shape("INVERSE "), 0, 1)), Photometric::Monochrome1);
    assert_eq!(black(shown("MONOCHROME2 ", &shape("IDENTITY"), 0, 1)), Photometric::Monochrome2);
    assert_eq!(code("MONOCHROME1 ", &shape("IDENTITY")), "dicom_polarity");
    assert_eq!(code("MONOCHROME2 ", &shape("INVERSE ")), "dicom_polarity");
    assert_eq!(code("MONOCHROME2 ", &shape("LIN OD")), "dicom_shades");
}

#[test]
fn raw_values_of_the_detector_are_refused() {
    let intent = |text: &str| [element(tag::PRESENTATION_INTENT_TYPE, "CS", text.as_bytes())];
    assert_eq!(code("MONOCHROME2 ", &intent("FOR PROCESSING")), "not_for_presentation");
    shown("MONOCHROME2 ", &intent("FOR PRESENTATION"), 0, 1);
}

#[test]
fn a_palette_turns_grey_and_a_segmented_one_is_named() {
    let words = |w: &[u16]| w.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let mut extra = Vec::new();
    for (i, entries) in [[0, 0xFFFF], [0, 0], [0, 0]].iter().enumerate() {
        extra.push(element(tag::PALETTE_DESCRIPTORS[i], "US", &words(&[2, 1, 16])));
        let (group, number) = tag::PALETTE_DATA[i];
        let head = [group.to_le_bytes(), number.to_le_bytes(), *b"OW", [0, 0], [4, 0], [0, 0]].concat();
        extra.push([head, words(entries)].concat());
    }
    let frame = shown("PALETTE COLOR ", &extra, 2, 1);
    // .299 of full red.
    assert_eq!((frame.pixels()[..2].to_vec(), frame.bits_stored()), (vec![19_595, 0], 16));
    extra.push(element(tag::SEGMENTED_RED_PALETTE_DATA, "US", &[0; 6]));
    assert_eq!(code("PALETTE COLOR ", &extra), "dicom_photometric");
    assert_eq!(code("PALETTE COLOR ", &[]), "dicom_table");
}

#[test]
fn stored_bits_may_lie_high_in_their_word() {
    let extra = [short(tag::BITS_STORED, 10), short(tag::HIGH_BIT, 15)];
    let frame = shown("MONOCHROME2 ", &extra, 0xFFC0, 0x007F);
    assert_eq!((frame.pixels()[..2].to_vec(), frame.bits_stored()), (vec![1023, 1], 10));
    for (stored, high) in [(0, 0), (12, 10), (17, 16), (12, 16)] {
        let extra = [short(tag::BITS_STORED, stored), short(tag::HIGH_BIT, high)];
        assert_eq!(code("MONOCHROME2 ", &extra), "dicom_bits", "{stored} stored, high bit {high}");
    }
    assert_eq!(code("MONOCHROME2 ", &[short(tag::BITS_ALLOCATED, 32)]), "dicom_bits");
}
