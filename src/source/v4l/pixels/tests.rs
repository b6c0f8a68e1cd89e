//! Every format's rows, padding, and what is too short.

use super::*;

fn check(format: PixelFormat, size: (u32, u32), stride_bytes: u32, bytes: &[u8], expected: &[u16]) {
    let layout = Layout { size: PixelSize::new(size.0, size.1), stride_bytes, format };
    assert_eq!(luma(&layout, bytes).as_deref(), Ok(expected));
}

fn refusal(format: PixelFormat, size: (u32, u32), stride_bytes: u32, bytes: &[u8]) -> PixelError {
    let layout = Layout { size: PixelSize::new(size.0, size.1), stride_bytes, format };
    luma(&layout, bytes).unwrap_err()
}

#[test]
fn grey_comes_through_as_it_is() {
    check(PixelFormat::Grey, (3, 2), 3, &[1, 2, 3, 4, 5, 6], &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn padding_behind_a_row_is_left_out() {
    check(PixelFormat::Grey, (2, 2), 4, &[1, 2, 99, 99, 3, 4, 99, 99], &[1, 2, 3, 4]);
    check(PixelFormat::Yuyv, (2, 2), 6, &[1, 9, 2, 9, 99, 99, 3, 9, 4, 9, 99, 99], &[1, 2, 3, 4]);
}

#[test]
fn the_last_row_needs_no_padding() {
    check(PixelFormat::Grey, (2, 2), 4, &[1, 2, 99, 99, 3, 4], &[1, 2, 3, 4]);
}

#[test]
fn a_buffer_longer_than_the_picture_is_cut() {
    check(PixelFormat::Grey, (2, 1), 2, &[1, 2, 7, 7, 7], &[1, 2]);
}

#[test]
fn no_stride_means_no_padding() {
    check(PixelFormat::Grey, (2, 2), 0, &[1, 2, 3, 4], &[1, 2, 3, 4]);
}

#[test]
fn yuyv_gives_its_luma_in_limited_range_as_sent() {
    check(PixelFormat::Yuyv, (2, 1), 4, &[16, 128, 235, 128], &[16, 235]);
}

#[test]
fn an_odd_width_keeps_its_last_pixel() {
    check(PixelFormat::Yuyv, (3, 2), 8, &[1, 9, 2, 9, 3, 9, 0, 0, 4, 9, 5, 9, 6, 9], &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn deep_grey_keeps_its_bits_and_drops_what_is_above_them() {
    check(PixelFormat::Y16, (2, 1), 4, &[0x34, 0x12, 0xFF, 0xFF], &[0x1234, 0xFFFF]);
    check(PixelFormat::Y12, (2, 1), 4, &[0x34, 0xF2, 0xFF, 0x0F], &[0x234, 0xFFF]);
    check(PixelFormat::Y10, (2, 1), 4, &[0x34, 0xF2, 0xFF, 0x03], &[0x234, 0x3FF]);
}

#[test]
fn packed_grey_is_unpacked_pixel_by_pixel() {
    // 0x123 and 0xABC: the upper bytes, then the lower halves, the first pixel's in the lower half.
    check(PixelFormat::Y12Packed, (2, 1), 3, &[0x12, 0xAB, 0xC3], &[0x123, 0xABC]);
    // 1, 2, 3 and 1023: the upper 8 bits, then 11 11 10 01 from the last pixel to the first.
    check(PixelFormat::Y10Packed, (4, 1), 5, &[0, 0, 0, 255, 0b1111_1001], &[1, 2, 3, 1023]);
    // 1, 2, 3 and 1023 in ten bits each, one after another.
    let stream = [0b0000_0000, 0b0100_0000, 0b0010_0000, 0b0000_1111, 0b1111_1111];
    check(PixelFormat::Y10Stream, (4, 1), 5, &stream, &[1, 2, 3, 1023]);
}

#[test]
fn packed_rows_may_end_in_the_middle_of_a_group() {
    let rows = [0, 0, 0, 0, 1, 99, 255, 255, 255, 255, 255, 99];
    check(PixelFormat::Y10Packed, (1, 2), 6, &rows, &[1, 1023]);
    check(PixelFormat::Y12Packed, (3, 1), 6, &[1, 2, 0, 3, 0, 0xF4], &[16, 32, 52]);
    check(PixelFormat::Y10Stream, (1, 1), 2, &[0xFF, 0xC0], &[1023]);
}

#[test]
fn colour_gives_its_luma() {
    check(PixelFormat::Uyvy, (2, 1), 4, &[128, 16, 128, 235], &[16, 235]);
    check(PixelFormat::Nv12, (2, 2), 2, &[1, 2, 3, 4, 128, 128], &[1, 2, 3, 4]);
    check(PixelFormat::Rgb, (3, 1), 9, &[255, 0, 0, 0, 255, 0, 0, 0, 255], &[76, 150, 29]);
    check(PixelFormat::Bgr, (3, 1), 9, &[0, 0, 255, 0, 255, 0, 255, 0, 0], &[76, 150, 29]);
}

#[test]
fn every_format_gives_as_many_pixels_as_the_frame_has() {
    for format in PixelFormat::PREFERRED.into_iter().filter(|f| *f != PixelFormat::Mjpg) {
        for width in 1..=9 {
            let layout = Layout { size: PixelSize::new(width, 3), stride_bytes: 0, format };
            let pixels = luma(&layout, &[255; 200]).unwrap();
            assert_eq!(pixels.len(), 3 * width as usize, "{format}");
            let white = u16::MAX >> (16 - format.bits());
            assert!(pixels.iter().all(|&v| v == white), "{format}: {pixels:?}");
        }
    }
}

#[test]
fn missing_bytes_are_counted() {
    let got = refusal(PixelFormat::Grey, (2, 2), 4, &[1, 2, 3, 4, 5]);
    assert_eq!(got, PixelError::Short { need: 6, got: 5 });
    assert_eq!(refusal(PixelFormat::Yuyv, (2, 2), 4, &[]), PixelError::Short { need: 8, got: 0 });
}

#[test]
fn overlapping_rows_are_refused() {
    let got = refusal(PixelFormat::Yuyv, (4, 2), 4, &[0; 64]);
    assert_eq!(got, PixelError::Stride { stride_bytes: 4, width: 4, need: 8 });
}

#[test]
fn a_mad_stride_does_not_wrap() {
    let got = refusal(PixelFormat::Grey, (64, 10_000), u32::MAX, &[0; 64]);
    assert_eq!(got, PixelError::Short { need: u64::from(u32::MAX) * 9_999 + 64, got: 64 });
}

#[test]
fn a_format_is_found_by_its_name_in_either_case() {
    assert_eq!(PixelFormat::parse("yuyv"), Some(PixelFormat::Yuyv));
    assert_eq!(PixelFormat::parse("GREY"), Some(PixelFormat::Grey));
    assert_eq!(PixelFormat::parse("Y16"), Some(PixelFormat::Y16));
    assert_eq!(PixelFormat::parse("H264"), None);
    assert_eq!(FourCc(*b"Y16 ").to_string(), "Y16");
    assert_eq!(FourCc(*b"Y16\xa0").to_string(), "Y16.");
}
