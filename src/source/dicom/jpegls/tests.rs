use super::*;

/// A stream with the given scan, one component of 8 bits.
fn stream(width: u16, height: u16, near: u8, scan: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, near, 0, 0]);
    bytes.extend(scan);
    bytes.extend([0xFF, 0xD9]);
    bytes
}

fn decode_small(bytes: &[u8]) -> Result<Vec<u16>, JpegLsError> {
    let header = header::read(bytes)?;
    decode_scan(&header, &bytes[header.scan_start..]).map(|picture| picture.pixels)
}

/// The worked example of ITU-T T.87, H.3: 4x4 samples of 8 bits, lossless.
#[test]
fn the_standard_s_example_decodes() {
    let scan =
        [0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00, 0x6E];
    let scan: Vec<u8> = scan.into_iter().chain([0xE6, 0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00]).collect();
    let scan: Vec<u8> = scan.into_iter().chain([0x05, 0xD8, 0x00, 0x00, 0x91, 0x60]).collect();
    let expected = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];
    assert_eq!(decode_small(&stream(4, 4, 0, &scan)).unwrap(), expected);
}

#[test]
fn an_empty_row_is_one_run() {
    // Runs of 1, 1, 1, 1, 2 and 2 samples: six ones for eight samples of 0.
    assert_eq!(decode_small(&stream(8, 1, 0, &[0b1111_1100])).unwrap(), [0; 8]);
}

#[test]
fn a_cut_stream_says_in_which_row() {
    let cut = decode_small(&stream(8, 3, 0, &[0b1111_1100])).unwrap_err();
    assert_eq!(cut, JpegLsError::Truncated { row: 1, rows: 3 });
}

#[test]
fn what_radiographs_do_not_use_is_named() {
    let mut bytes = stream(8, 1, 0, &[0xFC]);
    bytes[11] = 3;
    assert_eq!(decode_small(&bytes).unwrap_err(), JpegLsError::Variety { what: "several components" });
    assert_eq!(decode(&stream(8, 1, 0, &[0xFC])).unwrap_err().code(), "frame_too_small");
    assert_eq!(decode(b"no").unwrap_err().code(), "jpegls_header");
}

#[test]
fn noise_never_panics() {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for near in [0, 1, 3, 100] {
        for _ in 0..200 {
            let scan: Vec<u8> = (0..400).map(|_| noise() & noise()).collect();
            if let Ok(pixels) = decode_small(&stream(16, 16, near, &scan)) {
                assert!(pixels.iter().all(|&pixel| pixel <= 255));
            }
        }
    }
}
