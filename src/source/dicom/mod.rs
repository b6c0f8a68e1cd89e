//! DICOM files: see the helper modules.
