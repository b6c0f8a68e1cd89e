//! Files and folders as hospitals hand them over: what is read, and what is refused in which words.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb};
use raymap::frame::{Frame, Photometric, WindowLevel};
use raymap::source::FrameSource;
use raymap::source::file::{self, FILE_BYTES_MAX, FileError};
use raymap::source::folder::{FolderSource, list};
use std::io::Cursor;
use std::path::{Path, PathBuf};

const WIDTH: u32 = 96;
const HEIGHT: u32 = 80;
/// Largest grey-value error that JPEG at the encoder's default quality makes of a smooth picture.
const JPEG_GREY_ERROR_MAX: i32 = 6;
/// Retired, and still in archives.
const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// CRC-32 of the JPEG-LS radiograph's pixels, little endian, as CharLS decodes them.
const JPEG_LS_CRC: u32 = 3_978_842_081;
/// Grey values of 15 bits by which lossy JPEG 2000 decoders may differ in rounding.
const JPEG_2000_ROUNDING: u16 = 1;

/// A value for each place that no other arrangement of the pixels would give.
fn ramp(x: u32, y: u32) -> u16 {
    (x * 37 + y * 501) as u16
}

fn ramps() -> Vec<u16> {
    (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| ramp(x, y))).collect()
}

fn grey8() -> DynamicImage {
    ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Luma([ramp(x, y) as u8])).into()
}

fn grey16() -> DynamicImage {
    ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Luma([ramp(x, y)])).into()
}

fn encode(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn refusal(bytes: &[u8]) -> FileError {
    match file::decode(bytes) {
        Ok(frame) => panic!("a frame of {} pixels came out", frame.size()),
        Err(error) => error,
    }
}

/// `bytes` are bad input under this code.
fn check(bytes: &[u8], code: &str) {
    let error = refusal(bytes);
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.is_refusal(), "{error}");
}

fn short(object: &mut InMemDicomObject, tag: Tag, value: u16) {
    object.put_element(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
}

/// A MONOCHROME1 radiograph of 12 bits with a window, made by an independent DICOM library.
fn radiograph() -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    object.put_str(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.1.1");
    object.put_str(tags::SOP_INSTANCE_UID, VR::UI, "2.25.1");
    object.put_str(tags::MODALITY, VR::CS, "DX");
    object.put_str(tags::BODY_PART_EXAMINED, VR::CS, "CHEST");
    object.put_str(tags::PATIENT_NAME, VR::PN, "DOE^JANE");
    object.put_str(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1");
    object.put_str(tags::WINDOW_CENTER, VR::DS, "2048\\1000");
    object.put_str(tags::WINDOW_WIDTH, VR::DS, "4000\\500");
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, HEIGHT as u16),
        (tags::COLUMNS, WIDTH as u16),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 12),
        (tags::HIGH_BIT, 11),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        short(&mut object, tag, value);
    }
    let pixels: Vec<u16> = ramps().into_iter().map(|value| value & 0xFFF).collect();
    object.put_element(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())));
    object
}

fn write(object: InMemDicomObject, syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new().transfer_syntax(syntax);
    let mut bytes = Vec::new();
    object.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

/// A DICOM file of explicit VR, little endian, whose dataset is `dataset`.
fn dicom_file(dataset: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0");
    bytes.extend(dataset);
    bytes
}

#[test]
fn png_and_tiff_come_back_as_they_were() {
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let deep = file::decode(&encode(grey16(), format)).unwrap();
        assert_eq!((deep.pixels(), deep.bits_stored()), (&ramps()[..], 16));
        assert_eq!((deep.size().width, deep.size().height), (WIDTH, HEIGHT));
        let flat = file::decode(&encode(grey8(), format)).unwrap();
        assert!(flat.pixels().iter().zip(ramps()).all(|(&got, put)| got == put & 0xFF));
        assert_eq!((flat.bits_stored(), flat.photometric()), (8, Photometric::Monochrome2));
    }
}

#[test]
fn a_jpeg_comes_back_nearly_as_it_was() {
    let smooth = ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Luma([(x + y) as u8])).into();
    let frame = file::decode(&encode(smooth, ImageFormat::Jpeg)).unwrap();
    let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x + y) as i32));
    let worst = frame.pixels().iter().zip(places).map(|(&got, put)| (i32::from(got) - put).abs()).max();
    assert!(worst.unwrap() <= JPEG_GREY_ERROR_MAX, "{worst:?}");
}

#[test]
fn colour_turns_grey_and_the_transparent_black() {
    let red = ImageBuffer::from_pixel(WIDTH, HEIGHT, Rgb([255u8, 0, 0])).into();
    assert_eq!(file::decode(&encode(red, ImageFormat::Png)).unwrap().pixels()[0], 76);
    let ghost = ImageBuffer::from_pixel(WIDTH, HEIGHT, LumaA([40_000u16, 0])).into();
    assert_eq!(file::decode(&encode(ghost, ImageFormat::Png)).unwrap().pixels()[0], 0);
}

#[test]
fn a_palette_turns_grey() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(vec![0, 0, 0, 0, 255, 0]);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![1; (WIDTH * HEIGHT) as usize]).unwrap();
    writer.finish().unwrap();
    assert_eq!(file::decode(&bytes).unwrap().pixels()[0], 150);
}

#[test]
fn what_is_no_radiograph_is_told_by_its_content() {
    check(b"", "file_empty");
    check(b"patient;date\n1;2\n", "file_text");
    check(&[0xFE; 10], "file_unknown_format");
    check(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "file_unknown_format");
    check(b"PK\x03\x04rest", "file_other_format");
    check(&encode(DynamicImage::new_luma8(1, 1), ImageFormat::Png), "frame_too_small");
}

#[test]
fn a_huge_header_is_refused_before_its_pixels_are_allocated() {
    let mut png = encode(grey8(), ImageFormat::Png);
    // Width and height of IHDR, and its checksum.
    png[16..20].copy_from_slice(&20_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&20_000u32.to_be_bytes());
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    check(&png, "frame_too_large");
    let mut object = radiograph();
    short(&mut object, tags::ROWS, 20_000);
    short(&mut object, tags::COLUMNS, 20_000);
    check(&write(object, uids::EXPLICIT_VR_LITTLE_ENDIAN), "frame_too_large");
}

#[test]
fn a_picture_that_is_cut_short_gives_no_frame() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff] {
        let whole = encode(grey8(), format);
        let error = refusal(&whole[..whole.len() * 3 / 4]);
        assert_eq!(error.code(), "file_truncated", "{format:?}: {error}");
    }
}

#[test]
fn a_file_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.png");
    std::fs::File::create(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    assert_eq!(file::read(&path).unwrap_err().code(), "file_too_large");
}

#[test]
fn a_dicom_radiograph_keeps_its_stored_values() {
    for syntax in [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN] {
        let bytes = write(radiograph(), syntax);
        let frame = file::decode(&bytes).unwrap();
        assert!(frame.pixels().iter().zip(ramps()).all(|(&got, put)| got == put & 0xFFF), "{syntax}");
        assert_eq!((frame.bits_stored(), frame.photometric()), (12, Photometric::Monochrome1));
        assert_eq!(frame.window(), Some(WindowLevel { center: 2048.0, width: 4000.0 }));
    }
}

#[test]
fn a_dataset_without_preamble_is_read_too() {
    let bytes = write(radiograph(), uids::EXPLICIT_VR_LITTLE_ENDIAN);
    assert_eq!(file::decode(&bytes[132..]).unwrap(), file::decode(&bytes).unwrap());
    let group2 = u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
    assert_eq!(file::decode(&bytes[144 + group2..]).unwrap(), file::decode(&bytes).unwrap());
}

#[test]
fn another_modality_body_part_or_age_is_a_refusal_without_patient_data() {
    let cases = [
        (tags::MODALITY, "CT", "not_radiography", "CT slice"),
        (tags::BODY_PART_EXAMINED, "KNEE", "not_chest", "knee"),
        (tags::VIEW_POSITION, "LL", "not_frontal", "lateral"),
        (tags::PATIENT_AGE, "009Y", "not_adult", "younger than 18"),
    ];
    for (tag, value, code, word) in cases {
        let mut object = radiograph();
        object.put_str(tag, VR::CS, value);
        let error = refusal(&write(object, uids::EXPLICIT_VR_LITTLE_ENDIAN));
        assert_eq!(error.code(), code);
        assert!(error.is_refusal());
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains("DOE"), "{text}");
    }
}

#[test]
fn a_syntax_without_decoder_is_named() {
    let mut bytes = write(radiograph(), uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let uid = b"1.2.840.10008.1.2.1\0";
    let at = bytes.windows(uid.len()).position(|w| w == uid).unwrap();
    bytes[at..at + uid.len()].copy_from_slice(b"1.2.840.113619.5.2\0\0");
    let error = refusal(&bytes);
    assert_eq!(error.code(), "dicom_transfer_syntax");
    assert!(error.to_string().contains("GE Private") && error.to_string().contains("113619.5.2"), "{error}");
}

#[test]
fn a_declared_length_of_four_gigabytes_allocates_nothing() {
    let mut dataset = b"\x10\0\x10\0UN\0\0".to_vec();
    dataset.extend(0xFFFF_FFF0u32.to_le_bytes());
    dataset.extend([0; 400]);
    check(&dicom_file(&dataset), "dicom_length");
    let mut pixels = b"\xE0\x7F\x10\0OW\0\0".to_vec();
    pixels.extend(0xFFFF_FFF0u32.to_le_bytes());
    check(&dicom_file(&pixels), "dicom_length");
}

#[test]
fn twenty_thousand_nested_sequences_do_not_overflow_the_stack() {
    let level = b"\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    check(&dicom_file(&level.repeat(20_000)), "dicom_nesting");
}

#[test]
fn a_million_empty_elements_are_too_many() {
    check(&dicom_file(&b"\x08\0\x05\0CS\0\0".repeat(1_000_000)), "dicom_elements");
}

#[test]
fn cut_and_empty_dicom_files_say_so() {
    let bytes = write(radiograph(), uids::EXPLICIT_VR_LITTLE_ENDIAN);
    check(&bytes[..bytes.len() - 100], "dicom_length");
    check(&bytes[..133], "dicom_truncated");
    check(&bytes[..132], "dicom_no_pixels");
    let mut object = radiograph();
    short(&mut object, tags::ROWS, HEIGHT as u16 + 1);
    check(&write(object, uids::EXPLICIT_VR_LITTLE_ENDIAN), "dicom_pixels_short");
}

fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, encode(grey8(), ImageFormat::Png)).unwrap();
    }
    folder
}

fn listed(folder: &Path) -> Vec<String> {
    let files = list(&[folder.to_path_buf()]).unwrap();
    files.iter().map(|path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_folder_gives_its_radiographs_in_order() {
    let folder = folder_with(&["b.PNG", "a/2.jpeg", "a/1.tif", ".hidden.png", "notes.txt", "README"]);
    let dicom = write(radiograph(), uids::EXPLICIT_VR_LITTLE_ENDIAN);
    for name in ["IM0001", "1.2.840.1", "DICOMDIR"] {
        std::fs::write(folder.path().join(name), &dicom).unwrap();
    }
    assert_eq!(listed(folder.path()), ["1.2.840.1", "IM0001", "a/1.tif", "a/2.jpeg", "b.PNG"]);
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    let folder = folder_with(&["a/1.png"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("lost.png")).unwrap();
    assert_eq!(listed(folder.path()), ["a/1.png"]);
}

#[test]
fn a_folder_without_radiographs_is_named() {
    let folder = folder_with(&["notes.txt"]);
    let error = list(&[folder.path().to_path_buf()]).unwrap_err();
    assert_eq!(error.code(), "folder_no_radiographs");
    assert!(error.to_string().contains(&*folder.path().to_string_lossy()), "{error}");
    let deep = ["d"; 20].join("/") + "/1.png";
    let error = list(&[folder_with(&[&deep]).path().to_path_buf()]).unwrap_err();
    assert_eq!(error.code(), "folder_too_deep");
}

#[test]
fn a_faulty_file_does_not_end_the_folder() {
    let folder = folder_with(&["2.png"]);
    std::fs::write(folder.path().join("1.png"), "").unwrap();
    let named = folder.path().join("0.nowhere");
    let mut source = FolderSource::new(&[named.clone(), folder.path().to_path_buf()]).unwrap();
    assert_eq!(source.remaining(), 3);
    let missing = source.next_frame().unwrap().unwrap_err();
    assert_eq!((missing.name.as_str(), missing.source.code()), (&*named.to_string_lossy(), "file_read"));
    assert_eq!(source.next_frame().unwrap().unwrap_err().source.code(), "file_empty");
    assert!(source.next_frame().unwrap().unwrap().name.ends_with("2.png"));
    assert!(source.next_frame().is_none());
}

/// A file of the DICOM corpus, or `None`, said aloud, where there is no corpus.
fn corpus(name: &str) -> Option<Result<Frame, FileError>> {
    let root = std::env::var("RAYMAP_DATA").unwrap_or("../shared/data".into());
    let path = PathBuf::from(root).join("dicom").join(name);
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    Some(file::read(&path))
}

#[test]
fn every_chest_radiograph_of_the_corpus_is_read() {
    let cases = [
        ("cxr_nih_implicitle_mono2_8bit.dcm", 8, Photometric::Monochrome2),
        ("cxr_pa_rsna_jpegbaseline_mono1_8bit.dcm", 8, Photometric::Monochrome1),
        ("cxr_pa_rsna_jpegbaseline_mono2_8bit.dcm", 8, Photometric::Monochrome2),
        ("cxr_pa_nema_explicitle_mono1_15bit.dcm", 15, Photometric::Monochrome1),
        ("cxr_pa_nema_jpeg2000_mono1_15bit.dcm", 15, Photometric::Monochrome1),
        ("cxr_pa_nema_jpegls_mono1_15bit.dcm", 15, Photometric::Monochrome1),
        ("cxr_pa_nema_rle_mono1_15bit.dcm", 15, Photometric::Monochrome1),
    ];
    for (name, bits, photometric) in cases {
        let Some(frame) = corpus(name) else { continue };
        let frame = frame.unwrap();
        assert_eq!((frame.bits_stored(), frame.photometric()), (bits, photometric), "{name}");
        let (low, high) = (frame.pixels().iter().min().unwrap(), frame.pixels().iter().max().unwrap());
        assert!(high - low > 1 << (bits - 2), "{name}: values only from {low} to {high}");
    }
}

/// Largest difference between two files of the corpus that hold the same radiograph.
fn check_same(one: &str, other: &str, difference_max: u16) {
    let (Some(one), Some(other)) = (corpus(one), corpus(other)) else { return };
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.size(), other.size());
    let worst = one.pixels().iter().zip(other.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst.unwrap() <= difference_max, "{worst:?}");
}

#[test]
fn the_same_radiograph_comes_out_of_every_coding() {
    let plain = "cxr_pa_nema_explicitle_mono1_15bit.dcm";
    check_same(plain, "cxr_pa_nema_rle_mono1_15bit.dcm", 0);
    check_same(plain, "cxr_pa_nema_jpeg2000_mono1_15bit.dcm", JPEG_2000_ROUNDING);
    check_same("cxr_pa_rsna_jpegbaseline_mono1_8bit.dcm", "cxr_pa_rsna_jpegbaseline_mono2_8bit.dcm", 0);
}

#[test]
fn near_lossless_jpeg_ls_decodes_as_the_reference_does() {
    let Some(frame) = corpus("cxr_pa_nema_jpegls_mono1_15bit.dcm") else { return };
    let bytes: Vec<u8> = frame.unwrap().pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
    assert_eq!(crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes), JPEG_LS_CRC);
}

#[test]
fn what_is_no_chest_in_the_corpus_is_refused() {
    for (name, code) in [
        ("not_chest_ankle_jpeg2000lossless_mono1_10bit.dcm", "not_chest"),
        ("not_chest_hip_jpeg2000lossless_mono2_10bit.dcm", "not_chest"),
        ("not_xray_ct_explicitbigendian_12bit.dcm", "not_radiography"),
    ] {
        let Some(read) = corpus(name) else { continue };
        let error = read.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), (code, true), "{name}: {error}");
    }
}
