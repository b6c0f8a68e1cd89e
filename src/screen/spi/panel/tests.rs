//! A panel that decodes what is sent to it back into a picture.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;
use embedded_hal::digital::ErrorType as PinErrorType;
use embedded_hal::spi::{ErrorType, Operation};

use super::*;

const COLUMNS: u8 = 0x2a;
const ROWS: u8 = 0x2b;
const WRITE: u8 = 0x2c;
const DISPLAY_ON: u8 = 0x29;

/// What the controller knows: by the data sheets of both, column and row ranges are two big-endian numbers each.
#[derive(Default)]
struct Memory {
    is_data: bool,
    command: u8,
    arguments: Vec<u8>,
    columns: [u16; 2],
    rows: [u16; 2],
    /// Where the next pixel goes.
    at: (u16, u16),
    pixels: Vec<u16>,
    half: Option<u8>,
    is_on: bool,
    pixel_bytes: usize,
    longest: usize,
}

impl Memory {
    fn take(&mut self, bytes: &[u8]) {
        self.longest = self.longest.max(bytes.len());
        for &byte in bytes {
            if self.is_data { self.data(byte) } else { self.begin(byte) }
        }
    }

    fn begin(&mut self, command: u8) {
        self.command = command;
        self.arguments.clear();
        self.half = None;
        self.is_on |= command == DISPLAY_ON;
        self.at = (self.columns[0], self.rows[0]);
    }

    fn data(&mut self, byte: u8) {
        if self.command == WRITE {
            self.pixel_bytes += 1;
            match self.half.take() {
                None => self.half = Some(byte),
                Some(high) => self.pixel(u16::from_be_bytes([high, byte])),
            }
            return;
        }
        self.arguments.push(byte);
        if let [a, b, c, d] = self.arguments[..] {
            let range = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            match self.command {
                COLUMNS => self.columns = range,
                ROWS => self.rows = range,
                _ => {}
            }
        }
    }

    fn pixel(&mut self, value: u16) {
        let (x, y) = self.at;
        assert!(x < 240 && y < 320, "({x}, {y}) lies outside the panel");
        self.pixels.resize(240 * 320, 0);
        self.pixels[usize::from(y) * 240 + usize::from(x)] = value;
        self.at = if x == self.columns[1] { (self.columns[0], y + 1) } else { (x + 1, y) };
    }
}

#[derive(Clone, Default)]
struct MockPanel(Arc<Mutex<Memory>>);

impl ErrorType for MockPanel {
    type Error = Infallible;
}

impl SpiDevice for MockPanel {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("nothing is read from a panel") };
            self.0.lock().unwrap().take(bytes);
        }
        Ok(())
    }
}

impl PinErrorType for MockPanel {
    type Error = Infallible;
}

impl OutputPin for MockPanel {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().is_data = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().is_data = true;
        Ok(())
    }
}

struct NoWait;

impl DelayNs for NoWait {
    fn delay_ns(&mut self, _: u32) {}
}

fn config(panel: PanelModel, turn: Turn) -> SpiConfig {
    SpiConfig {
        panel,
        device: "/dev/spidev0.0".into(),
        clock_hz: 32_000_000,
        gpio_chip: "/dev/gpiochip0".into(),
        data_pin: 25,
        reset_pin: None,
        backlight_pin: None,
        size: PanelModel::SIZE,
        inverted: false,
        blue_first: false,
        turn,
    }
}

fn panel(model: PanelModel, turn: Turn) -> (Box<dyn Screen>, MockPanel) {
    let mock = MockPanel::default();
    let none: Option<MockPanel> = None;
    let screen = open(&config(model, turn), mock.clone(), mock.clone(), none, NoWait).unwrap();
    (screen, mock)
}

/// What the panel is to have: the upper bits of each colour, in its own orientation.
fn expected(picture: &Canvas, turn: Turn) -> Vec<u16> {
    let size = turn.turned(picture.size());
    let at = |x: u32, y: u32| match turn {
        Turn::None => (x, y),
        Turn::Quarter => (y, picture.size().height - 1 - x),
        Turn::Half => (picture.size().width - 1 - x, picture.size().height - 1 - y),
        Turn::ThreeQuarters => (picture.size().width - 1 - y, x),
    };
    let pixel = |x, y| {
        let (x, y) = at(x, y);
        let k = (y * picture.size().width + x) as usize * 3;
        let [r, g, b] = [0, 1, 2].map(|c| u16::from(picture.bytes()[k + c]));
        (r >> 3) << 11 | (g >> 2) << 5 | b >> 3
    };
    (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
}

/// The result as `tests/golden` has it at this size.
fn golden_screen(size: PixelSize) -> Canvas {
    let name = format!("{}/tests/golden/result-critical-{size}.png", env!("CARGO_MANIFEST_DIR"));
    let golden = image::open(name).unwrap().into_rgb8();
    let area = Rectangle::new(Point::zero(), Size::new(golden.width(), golden.height()));
    let mut picture = Canvas::new(size, Rgb888::new(0, 0, 0));
    picture.fill_contiguous(&area, golden.pixels().map(|p| Rgb888::new(p[0], p[1], p[2]))).unwrap();
    assert_eq!(picture.bytes(), golden.as_raw().as_slice());
    picture
}

/// What is sent, decoded, is the picture.
fn check(model: PanelModel, turn: Turn) {
    let (mut screen, mock) = panel(model, turn);
    let picture = golden_screen(screen.size());
    screen.show(&picture).unwrap();
    let memory = mock.0.lock().unwrap();
    assert!(memory.is_on && memory.longest <= TRANSFER_BYTES_MAX);
    assert!(memory.pixels == expected(&picture, turn), "{model:?} {turn:?}");
}

#[test]
fn both_controllers_show_a_golden_picture_at_every_turn() {
    for model in [PanelModel::Ili9341, PanelModel::St7789] {
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            check(model, turn);
        }
    }
}

#[test]
fn a_changed_badge_costs_its_own_pixels_only() {
    let (mut screen, mock) = panel(PanelModel::Ili9341, Turn::Quarter);
    let mut picture = golden_screen(screen.size());
    assert_eq!(picture.size(), PixelSize::new(320, 240));
    screen.show(&picture).unwrap();
    let before = mock.0.lock().unwrap().pixel_bytes;
    let badge = Rectangle::new(Point::new(300, 5), Size::new(16, 10));
    picture.fill_solid(&badge, Rgb888::new(255, 0, 255)).unwrap();
    screen.show(&picture).unwrap();
    let memory = mock.0.lock().unwrap();
    assert_eq!(memory.pixel_bytes - before, 16 * 10 * 2);
    assert!(memory.pixels == expected(&picture, Turn::Quarter));
}
