#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| raymap_fuzz::dicom(bytes));
