//! Pictures compared with those in `tests/golden`, pixel by pixel. They are kept, so each is made smaller
//! (`oxipng -o 4`) after it was written.

use std::path::{Path, PathBuf};

use raymap::render::RgbPicture;
use raymap::screen::png;

/// Bytes of a golden picture: they are kept in the repository.
const GOLDEN_BYTES_MAX: u64 = 500_000;

/// Compares `picture` with `tests/golden/{name}.png`, pixel by pixel.
pub fn check(name: &str, picture: &RgbPicture) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    if std::env::var("RAYMAP_GOLDEN").is_ok_and(|v| v == "write") {
        png::write(&golden, picture).unwrap();
    }
    let bytes = std::fs::metadata(&golden).map(|m| m.len()).unwrap_or(0);
    assert!(bytes <= GOLDEN_BYTES_MAX, "{} has {bytes} bytes", golden.display());
    let expected = image::open(&golden).map(image::DynamicImage::into_rgb8).ok();
    let same = expected.as_ref().is_some_and(|e| {
        (e.width(), e.height()) == (picture.size().width, picture.size().height)
            && e.as_raw().as_slice() == picture.bytes()
    });
    if !same {
        let [actual, difference] = write_difference(name, picture, expected.as_ref());
        panic!(
            "{name} differs from {}: look at {} and {}, then RAYMAP_GOLDEN=write cargo test --test screens",
            golden.display(),
            actual.display(),
            difference.display()
        );
    }
}

/// The picture as drawn, and its difference from what was expected: grey where equal, white where not.
fn write_difference(name: &str, picture: &RgbPicture, expected: Option<&image::RgbImage>) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let paths = [folder.join(format!("{name}-actual.png")), folder.join(format!("{name}-difference.png"))];
    png::write(&paths[0], picture).unwrap();
    let size = picture.size();
    let grey: Vec<u8> = picture
        .bytes()
        .chunks_exact(3)
        .enumerate()
        .map(|(i, c)| {
            let (x, y) = (i as u32 % size.width, i as u32 / size.width);
            let there = expected.and_then(|e| e.get_pixel_checked(x, y)).map(|p| p.0);
            if there.is_some_and(|p| p == c) { c[1] / 4 } else { 255 }
        })
        .collect();
    png::write(&paths[1], &RgbPicture::from_grey(size, &grey).unwrap()).unwrap();
    paths
}
