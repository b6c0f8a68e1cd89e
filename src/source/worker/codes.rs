//! The stable names that a decoding process may give a file's fault: all of `file`, `raster`, `dicom` and `frame`.

const KNOWN: [&str; 47] = [
    "dicom_bits",
    "dicom_coded_size",
    "dicom_element",
    "dicom_elements",
    "dicom_jpeg",
    "dicom_jpeg_process",
    "dicom_length",
    "dicom_missing_element",
    "dicom_multi_frame",
    "dicom_nesting",
    "dicom_no_pixels",
    "dicom_photometric",
    "dicom_pixel_form",
    "dicom_pixels_short",
    "dicom_polarity",
    "dicom_rle",
    "dicom_shades",
    "dicom_table",
    "dicom_transfer_syntax",
    "dicom_truncated",
    "file_damaged",
    "file_empty",
    "file_memory",
    "file_not_regular",
    "file_other_format",
    "file_read",
    "file_text",
    "file_too_large",
    "file_truncated",
    "file_unknown_format",
    "file_variety",
    "frame_bits",
    "frame_pixel_count",
    "frame_too_large",
    "frame_too_small",
    "jpeg2000_damaged",
    "jpeg2000_header",
    "jpeg2000_truncated",
    "jpeg2000_variety",
    "jpegls_header",
    "jpegls_truncated",
    "jpegls_variety",
    "not_adult",
    "not_chest",
    "not_for_presentation",
    "not_frontal",
    "not_radiography",
];

/// The name as it stands in this program; `None` for one that is made up.
pub(super) fn known(code: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| **known == code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a source file's `code` functions.
    fn check(text: &str) {
        let names = text.lines().filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","));
        for name in
            names.filter(|n| n.contains('_') && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        {
            assert!(known(name).is_some(), "{name} is not in the list");
        }
    }

    #[test]
    fn every_fault_of_a_file_is_known_by_name() {
        check(include_str!("../file.rs"));
        check(include_str!("../raster.rs"));
        check(include_str!("../dicom/error.rs"));
        check(include_str!("../dicom/jpeg2000.rs"));
        check(include_str!("../dicom/jpegls.rs"));
        check(include_str!("../../frame.rs"));
        assert_eq!(known("made_up"), None);
    }
}
