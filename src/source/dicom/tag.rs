//! The data elements that are read, by group and element (DICOM PS3.6, 6); no other is kept.

/// Group and element.
pub(super) type Tag = (u16, u16);

pub(super) const TRANSFER_SYNTAX_UID: Tag = (0x0002, 0x0010);
pub(super) const SPECIFIC_CHARACTER_SET: Tag = (0x0008, 0x0005);
pub(super) const SOP_CLASS_UID: Tag = (0x0008, 0x0016);
pub(super) const SOP_INSTANCE_UID: Tag = (0x0008, 0x0018);
pub(super) const STUDY_DATE: Tag = (0x0008, 0x0020);
pub(super) const STUDY_TIME: Tag = (0x0008, 0x0030);
pub(super) const ACCESSION_NUMBER: Tag = (0x0008, 0x0050);
pub(super) const MODALITY: Tag = (0x0008, 0x0060);
pub(super) const PRESENTATION_INTENT_TYPE: Tag = (0x0008, 0x0068);
pub(super) const REFERRING_PHYSICIAN_NAME: Tag = (0x0008, 0x0090);
pub(super) const PATIENT_NAME: Tag = (0x0010, 0x0010);
pub(super) const PATIENT_ID: Tag = (0x0010, 0x0020);
pub(super) const ISSUER_OF_PATIENT_ID: Tag = (0x0010, 0x0021);
pub(super) const PATIENT_BIRTH_DATE: Tag = (0x0010, 0x0030);
pub(super) const PATIENT_SEX: Tag = (0x0010, 0x0040);
pub(super) const PATIENT_AGE: Tag = (0x0010, 0x1010);
pub(super) const BODY_PART_EXAMINED: Tag = (0x0018, 0x0015);
pub(super) const VIEW_POSITION: Tag = (0x0018, 0x5101);
pub(super) const STUDY_INSTANCE_UID: Tag = (0x0020, 0x000D);
pub(super) const SERIES_INSTANCE_UID: Tag = (0x0020, 0x000E);
pub(super) const STUDY_ID: Tag = (0x0020, 0x0010);
pub(super) const PATIENT_ORIENTATION: Tag = (0x0020, 0x0020);
pub(super) const SAMPLES_PER_PIXEL: Tag = (0x0028, 0x0002);
pub(super) const PHOTOMETRIC_INTERPRETATION: Tag = (0x0028, 0x0004);
pub(super) const PLANAR_CONFIGURATION: Tag = (0x0028, 0x0006);
pub(super) const NUMBER_OF_FRAMES: Tag = (0x0028, 0x0008);
pub(super) const ROWS: Tag = (0x0028, 0x0010);
pub(super) const COLUMNS: Tag = (0x0028, 0x0011);
pub(super) const BITS_ALLOCATED: Tag = (0x0028, 0x0100);
pub(super) const BITS_STORED: Tag = (0x0028, 0x0101);
pub(super) const HIGH_BIT: Tag = (0x0028, 0x0102);
pub(super) const PIXEL_REPRESENTATION: Tag = (0x0028, 0x0103);
pub(super) const PIXEL_PADDING_VALUE: Tag = (0x0028, 0x0120);
pub(super) const PIXEL_PADDING_RANGE_LIMIT: Tag = (0x0028, 0x0121);
pub(super) const WINDOW_CENTER: Tag = (0x0028, 0x1050);
pub(super) const WINDOW_WIDTH: Tag = (0x0028, 0x1051);
pub(super) const RESCALE_INTERCEPT: Tag = (0x0028, 0x1052);
pub(super) const RESCALE_SLOPE: Tag = (0x0028, 0x1053);
pub(super) const VOI_LUT_FUNCTION: Tag = (0x0028, 0x1056);
/// Red, green, blue.
pub(super) const PALETTE_DESCRIPTORS: [Tag; 3] = [(0x0028, 0x1101), (0x0028, 0x1102), (0x0028, 0x1103)];
pub(super) const PALETTE_DATA: [Tag; 3] = [(0x0028, 0x1201), (0x0028, 0x1202), (0x0028, 0x1203)];
pub(super) const SEGMENTED_RED_PALETTE_DATA: Tag = (0x0028, 0x1221);
pub(super) const MODALITY_LUT_SEQUENCE: Tag = (0x0028, 0x3000);
pub(super) const LUT_DESCRIPTOR: Tag = (0x0028, 0x3002);
pub(super) const LUT_DATA: Tag = (0x0028, 0x3006);
pub(super) const VOI_LUT_SEQUENCE: Tag = (0x0028, 0x3010);
pub(super) const PRESENTATION_LUT_SHAPE: Tag = (0x2050, 0x0020);
pub(super) const PIXEL_DATA: Tag = (0x7FE0, 0x0010);

pub(super) const ITEM: Tag = (0xFFFE, 0xE000);
pub(super) const ITEM_END: Tag = (0xFFFE, 0xE00D);
pub(super) const SEQUENCE_END: Tag = (0xFFFE, 0xE0DD);

/// Sequences of whose first item the table is kept.
pub(super) const TABLES: [Tag; 2] = [MODALITY_LUT_SEQUENCE, VOI_LUT_SEQUENCE];

/// All else that a scan keeps.
pub(super) const KEPT: [Tag; 47] = [
    TRANSFER_SYNTAX_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_DATE,
    STUDY_TIME,
    ACCESSION_NUMBER,
    REFERRING_PHYSICIAN_NAME,
    PATIENT_SEX,
    STUDY_ID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    MODALITY,
    PRESENTATION_INTENT_TYPE,
    PATIENT_NAME,
    PATIENT_ID,
    ISSUER_OF_PATIENT_ID,
    PATIENT_BIRTH_DATE,
    PATIENT_AGE,
    BODY_PART_EXAMINED,
    VIEW_POSITION,
    STUDY_INSTANCE_UID,
    SERIES_INSTANCE_UID,
    PATIENT_ORIENTATION,
    SAMPLES_PER_PIXEL,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    NUMBER_OF_FRAMES,
    ROWS,
    COLUMNS,
    BITS_ALLOCATED,
    BITS_STORED,
    HIGH_BIT,
    PIXEL_REPRESENTATION,
    PIXEL_PADDING_VALUE,
    PIXEL_PADDING_RANGE_LIMIT,
    WINDOW_CENTER,
    WINDOW_WIDTH,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
    VOI_LUT_FUNCTION,
    PALETTE_DESCRIPTORS[0],
    PALETTE_DESCRIPTORS[1],
    PALETTE_DESCRIPTORS[2],
    PALETTE_DATA[0],
    PALETTE_DATA[1],
    PALETTE_DATA[2],
    SEGMENTED_RED_PALETTE_DATA,
    PRESENTATION_LUT_SHAPE,
];
