//! The kernel's framebuffer: pixels written into `/dev/fb0` row by row.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::console::QuietConsole;
use super::damage::{Patch, changes};
use super::fb_ioctl::{BitField, FixedInfo, VariableInfo, framebuffer_info, unblank};
use super::raster::{Channel, PixelForm, Raster};
use super::{Canvas, Screen, ScreenError, fitting};
use crate::units::{PixelSize, Turn};

/// The first framebuffer.
pub const DEVICE_DEFAULT: &str = "/dev/fb0";
/// `FB_TYPE_PACKED_PIXELS`.
const PACKED: u32 = 0;
/// `FB_VISUAL_TRUECOLOR` and `FB_VISUAL_DIRECTCOLOR`.
const COLOUR_VISUALS: [u32; 2] = [2, 4];
/// At how many checks from one to the next the whole picture is written again: the console may have drawn over it.
const CHECKS_TO_REWRITE: u32 = 10;
/// The largest side that is drawn: a device that claims more is in no mode.
const SIDE_MAX: u32 = 4_096;

/// A framebuffer in the mode that it was found in.
#[derive(Debug)]
pub struct FramebufferScreen {
    device: File,
    path: PathBuf,
    raster: Raster,
    turn: Turn,
    /// What is on show; `None`: not known.
    shown: Option<Canvas>,
    checks: u32,
    _console: Option<QuietConsole>,
}

impl FramebufferScreen {
    /// The framebuffer at `path`, pictures turned by `turn` onto it.
    pub fn open(path: &Path, turn: Turn) -> Result<Self, ScreenError> {
        let failed = |source| ScreenError::Open { path: path.into(), source };
        let device = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        // First of all, since the console may set the mode when it is first touched.
        let console = QuietConsole::new();
        let raster = raster_of(&device, path)?;
        // Not every driver blanks.
        let _ = unblank(&device);
        let screen = Self::over(device, path, raster, turn);
        Ok(Self { _console: Some(console), ..screen })
    }

    fn over(device: File, path: &Path, raster: Raster, turn: Turn) -> Self {
        Self { device, path: path.into(), raster, turn, shown: None, checks: 0, _console: None }
    }

    fn write(&self, picture: &Canvas, patches: &[Patch]) -> Result<(), ScreenError> {
        for &patch in patches {
            self.write_patch(picture, patch).map_err(|source| ScreenError::Device {
                path: self.path.clone(),
                doing: "writing pixels",
                source,
            })?;
        }
        Ok(())
    }

    fn write_patch(&self, picture: &Canvas, patch: Patch) -> io::Result<()> {
        let put = |at: usize, row: &[u8]| self.device.write_all_at(row, at as u64);
        if !self.raster.is_seamless() {
            return self.raster.rows(picture, self.turn, patch, put);
        }
        let lines = self.whole_lines(patch.turned(self.turn, picture.size()));
        let patch = lines.turned(self.turn.back(), self.raster.size);
        let mut span = Vec::with_capacity(self.raster.stride * lines.height as usize);
        self.raster.rows(picture, self.turn, patch, |_, row| {
            span.extend_from_slice(row);
            Ok::<(), io::Error>(())
        })?;
        put(self.raster.start + lines.top as usize * self.raster.stride, &span)
    }

    /// The lines of `patch`, at least two: Linux 6.1 (`drm_fb_helper_memory_range_to_clip`) takes a write that lies in
    /// one line and ends with it for an empty one, and does not show it.
    fn whole_lines(&self, patch: Patch) -> Patch {
        let PixelSize { width, height: lines } = self.raster.size;
        let height = patch.height.max(2).min(lines);
        Patch { left: 0, top: patch.top.min(lines - height), width, height }
    }

    /// Every so often writes again what is to be on show.
    fn write_again(&mut self) -> Result<(), ScreenError> {
        let due = self.checks.is_multiple_of(CHECKS_TO_REWRITE);
        self.checks = self.checks.wrapping_add(1);
        match &self.shown {
            Some(picture) if due => self.write(picture, &[Patch::whole(picture.size())]),
            _ => Ok(()),
        }
    }
}

impl Screen for FramebufferScreen {
    fn size(&self) -> PixelSize {
        self.turn.back().turned(self.raster.size)
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        fitting(picture, self.size())?;
        let patches = changes(self.shown.as_ref(), picture);
        // Whatever fails halfway leaves a picture that nobody knows.
        self.shown = None;
        self.write(picture, &patches)?;
        self.shown = Some(picture.clone());
        Ok(())
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        if raster_of(&self.device, &self.path)? == self.raster {
            return self.write_again();
        }
        Err(ScreenError::Exchanged { connector: self.path.display().to_string() })
    }
}

fn raster_of(device: &File, path: &Path) -> Result<Raster, ScreenError> {
    let failed = |source| ScreenError::Device { path: path.into(), doing: "telling its mode", source };
    let (variable, fixed) = framebuffer_info(device).map_err(failed)?;
    raster(&variable, &fixed)
        .ok_or_else(|| ScreenError::Pixels { path: path.into(), bits: variable.bits_per_pixel })
}

/// `None` for a mode that is not written here.
fn raster(v: &VariableInfo, f: &FixedInfo) -> Option<Raster> {
    let channel = |field: BitField| Channel { offset: field.offset, length: field.length };
    let plain = f.kind == PACKED && COLOUR_VISUALS.contains(&f.visual) && v.grayscale == 0 && v.nonstd == 0;
    let ordered = [v.red, v.green, v.blue].iter().all(|c| c.msb_right == 0);
    if !plain || !ordered || ![v.xres, v.yres].iter().all(|side| (1..=SIDE_MAX).contains(side)) {
        return None;
    }
    let form = PixelForm::new(v.bits_per_pixel, [v.red, v.green, v.blue].map(channel), channel(v.transp))?;
    let (stride, bytes) = (f.line_length as usize, v.bits_per_pixel as usize / 8);
    let start =
        (v.yoffset as usize).checked_mul(stride)?.checked_add((v.xoffset as usize).checked_mul(bytes)?)?;
    let raster = Raster { size: PixelSize::new(v.xres, v.yres), stride, start, form };
    raster.fits(f.smem_len as usize).then_some(raster)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use embedded_graphics::Pixel;
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point};

    use super::*;

    const RED: Rgb888 = Rgb888::new(255, 0, 0);
    const SIZE: PixelSize = PixelSize::new(3, 2);
    const RASTER: Raster = Raster { size: SIZE, stride: 16, start: 16, form: PixelForm::XRGB8888 };

    /// A framebuffer that is a file, and the same file to look into.
    fn screen(raster: Raster, turn: Turn) -> (FramebufferScreen, File) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fb");
        std::fs::write(&path, [9; 64]).unwrap();
        let device = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        (FramebufferScreen::over(device, &path, raster, turn), File::open(&path).unwrap())
    }

    fn memory(mut file: File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn pixels_go_to_their_places_and_nowhere_else() {
        let (mut screen, file) = screen(RASTER, Turn::None);
        let mut picture = Canvas::new(SIZE, Rgb888::new(1, 2, 3));
        picture.draw_iter([Pixel(Point::new(2, 1), RED)]).unwrap();
        screen.show(&picture).unwrap();
        let bytes = memory(file);
        assert_eq!(bytes[..16], [9; 16], "before the visible part");
        assert_eq!(bytes[16..28], [3, 2, 1, 0].repeat(3));
        assert_eq!(bytes[28..32], [9; 4], "between the rows");
        assert_eq!(bytes[40..44], [0, 0, 255, 0]);
        assert_eq!(bytes[44..], [9; 20]);
    }

    #[test]
    fn only_what_changed_is_written_again() {
        let (mut screen, file) = screen(RASTER, Turn::Half);
        let mut picture = Canvas::new(SIZE, Rgb888::new(0, 0, 0));
        screen.show(&picture).unwrap();
        screen.device.write_all_at(&[7; 64], 0).unwrap();
        picture.draw_iter([Pixel(Point::new(0, 0), RED)]).unwrap();
        screen.show(&picture).unwrap();
        let bytes = memory(file);
        assert_eq!(bytes.iter().filter(|&&b| b != 7).count(), 4);
        assert_eq!(bytes[40..44], [0, 0, 255, 0], "the first pixel is the last one, turned by a half");
    }

    #[test]
    fn what_others_drew_over_the_picture_is_put_right() {
        let (mut screen, file) = screen(RASTER, Turn::None);
        screen.show(&Canvas::new(SIZE, RED)).unwrap();
        screen.device.write_all_at(&[7; 64], 0).unwrap();
        screen.write_again().unwrap();
        assert_eq!(memory(file)[16..28], [0, 0, 255, 0].repeat(3));
    }

    #[test]
    fn without_gaps_whole_lines_are_written_and_never_one_alone() {
        let raster = Raster { stride: 12, start: 0, ..RASTER };
        let (mut screen, file) = screen(raster, Turn::None);
        let mut picture = Canvas::new(SIZE, Rgb888::new(0, 0, 0));
        screen.show(&picture).unwrap();
        screen.device.write_all_at(&[7; 64], 0).unwrap();
        picture.draw_iter([Pixel(Point::new(2, 1), RED)]).unwrap();
        screen.show(&picture).unwrap();
        let mut expected = [0; 24];
        expected[22] = 255;
        assert_eq!(memory(file)[..24], expected);
        let lines = |top| screen.whole_lines(Patch { left: 1, top, width: 1, height: 1 });
        assert_eq!(lines(1), Patch { left: 0, top: 0, width: 3, height: 2 });
    }

    #[test]
    fn a_screen_on_its_side_takes_pictures_on_theirs() {
        let (mut screen, _) = screen(RASTER, Turn::Quarter);
        assert_eq!(screen.size(), PixelSize::new(2, 3));
        let e = screen.show(&Canvas::new(SIZE, RED)).unwrap_err();
        assert_eq!(e.code(), "screen_size");
    }

    #[test]
    fn a_device_that_is_none_is_named() {
        let none = FramebufferScreen::open(Path::new("/nowhere/fb0"), Turn::None).map(drop).unwrap_err();
        assert!(none.to_string().contains("/nowhere/fb0") && none.code() == "screen_open");
        let file = tempfile::NamedTempFile::new().unwrap();
        let e = FramebufferScreen::open(file.path(), Turn::None).map(drop).unwrap_err();
        assert_eq!(e.code(), "screen_device");
    }
}
