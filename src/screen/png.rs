//! Pictures as PNG files, replaced whole: whoever reads one never sees half of it.
//!
//! Files are not forced onto the disk: a power cut may lose the newest picture, which is drawn again.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use super::{Canvas, Screen, ScreenError};
use crate::units::PixelSize;

/// A file that always holds the newest picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PngScreen {
    path: PathBuf,
    size: PixelSize,
}

impl PngScreen {
    /// A screen of `size` at `path`; nothing is written before the first picture.
    pub fn new(path: PathBuf, size: PixelSize) -> Self {
        Self { path, size }
    }
}

impl Screen for PngScreen {
    fn size(&self) -> PixelSize {
        self.size
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        if picture.size() != self.size {
            return Err(ScreenError::Size { picture: picture.size(), screen: self.size });
        }
        write(&self.path, picture)
    }
}

/// Writes `picture` to `path`, making its folder; an earlier file stays until the new one is complete.
pub fn write(path: &Path, picture: &Canvas) -> Result<(), ScreenError> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|e| ScreenError::Folder(folder.to_owned(), e))?;
    }
    let part = part_of(path);
    let result = encode(&part, picture)
        .and_then(|()| fs::rename(&part, path).map_err(|e| ScreenError::Replace(path.to_owned(), e)));
    if result.is_err() {
        // The first error is the one to tell; a left-over part is overwritten next time.
        let _ = fs::remove_file(&part);
    }
    result
}

/// Where a picture stands until it is complete: beside its place, since a rename does not cross disks.
fn part_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    path.with_file_name(name)
}

fn encode(path: &Path, picture: &Canvas) -> Result<(), ScreenError> {
    let failed = |e| ScreenError::Write(path.to_owned(), e);
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    let size = picture.size();
    PngEncoder::new_with_quality(&mut file, CompressionType::Default, FilterType::Adaptive)
        .write_image(picture.bytes(), size.width, size.height, ExtendedColorType::Rgb8)
        .map_err(|e| ScreenError::Encode(path.to_owned(), e))?;
    file.flush().map_err(failed)
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;

    use super::*;

    const SIZE: PixelSize = PixelSize::new(5, 3);

    fn picture() -> Canvas {
        Canvas::new(SIZE, Rgb888::new(1, 2, 3))
    }

    #[test]
    fn a_picture_is_read_back_as_it_was_and_leaves_no_part_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/screen.png");
        let mut screen = PngScreen::new(path.clone(), SIZE);
        screen.show(&picture()).unwrap();
        screen.show(&picture()).unwrap();
        assert_eq!(image::open(&path).unwrap().into_rgb8().into_raw(), picture().bytes());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let mut screen = PngScreen::new("never.png".into(), PixelSize::new(800, 480));
        assert_eq!(screen.show(&picture()).map_err(|e| e.code()), Err("screen_size"));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert_eq!(write(&file.join("a.png"), &picture()).map_err(|e| e.code()), Err("picture_folder"));
        fs::create_dir_all(folder.path().join("d.png/inner")).unwrap();
        let e = write(&folder.path().join("d.png"), &picture()).unwrap_err();
        assert_eq!(e.code(), "picture_replace");
        assert!(e.to_string().contains("d.png"));
        assert!(!folder.path().join(".d.png.part").exists());
    }
}
