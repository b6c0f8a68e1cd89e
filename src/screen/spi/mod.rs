//! Small panels on the SPI bus: `panel` speaks to the controller, `bus` is the board's bus and pins.

mod bus;
mod panel;

use super::{Screen, ScreenError};
use crate::board::SpiConfig;

/// The panel that `config` describes, reset and lit.
pub fn open(config: &SpiConfig) -> Result<Box<dyn Screen>, ScreenError> {
    let bus::Pins { bus, data, reset, backlight } = bus::open(config)?;
    panel::open(config, bus, data, reset, bus::Wait)
        .map(|screen| Box::new(bus::Lit::new(screen, backlight)) as Box<dyn Screen>)
}
