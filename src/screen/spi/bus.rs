//! The board's SPI bus and pins, through spidev and the GPIO character device.
//!
//! This file alone names the crate `linux_embedded_hal`.

use std::path::Path;

pub use linux_embedded_hal::Delay as Wait;
use linux_embedded_hal::gpio_cdev::{Chip, LineRequestFlags};
use linux_embedded_hal::spidev::{SpiModeFlags, SpidevOptions};
use linux_embedded_hal::{CdevPin, SpidevDevice};

use crate::board::SpiConfig;
use crate::screen::{Canvas, Screen, ScreenError};
use crate::units::PixelSize;

/// What a line of the GPIO chip is called while it is in use.
const CONSUMER: &str = "raymap";

/// A panel's connections.
pub struct Pins {
    pub bus: SpidevDevice,
    pub data: CdevPin,
    pub reset: Option<CdevPin>,
    pub backlight: Option<CdevPin>,
}

/// Takes the bus and the pins.
pub fn open(config: &SpiConfig) -> Result<Pins, ScreenError> {
    let failed = |path: &Path, doing, error: &dyn std::fmt::Display| ScreenError::Panel {
        path: path.into(),
        doing,
        detail: error.to_string(),
    };
    let device = &config.device;
    let mut bus = SpidevDevice::open(device).map_err(|e| failed(device, "opening the bus", &e))?;
    let options = SpidevOptions::new()
        .bits_per_word(8)
        .max_speed_hz(config.clock_hz)
        .mode(SpiModeFlags::SPI_MODE_0)
        .build();
    bus.0.configure(&options).map_err(|e| failed(device, "setting the bus up", &e))?;
    let path = &config.gpio_chip;
    let mut chip = Chip::new(path).map_err(|e| failed(path, "opening the pins' controller", &e))?;
    let mut pin = |line: u32, high: u8| {
        let line = chip.get_line(line)?;
        CdevPin::new(line.request(LineRequestFlags::OUTPUT, high, CONSUMER)?)
    };
    let taken = |e| failed(path, "taking a pin", &e);
    Ok(Pins {
        bus,
        data: pin(config.data_pin, 1).map_err(taken)?,
        reset: config.reset_pin.map(|line| pin(line, 1)).transpose().map_err(taken)?,
        backlight: config.backlight_pin.map(|line| pin(line, 1)).transpose().map_err(taken)?,
    })
}

/// A panel whose backlight stays on for as long as it lives.
pub struct Lit {
    screen: Box<dyn Screen>,
    _backlight: Option<CdevPin>,
}

impl Lit {
    pub fn new(screen: Box<dyn Screen>, backlight: Option<CdevPin>) -> Self {
        Self { screen, _backlight: backlight }
    }
}

impl Screen for Lit {
    fn size(&self) -> PixelSize {
        self.screen.size()
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        self.screen.show(picture)
    }
}
