//! Controllers ILI9341 and ST7789: a picture's patches as commands and pixels of 16 bits.
//!
//! This file alone names the crate `mipidsi`. Pictures are turned before they are sent, so that the controller's
//! own rotation, which differs from one to the next, stays as it is.

use std::path::PathBuf;

use embedded_graphics::pixelcolor::Rgb565;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;
use mipidsi::interface::{Interface, InterfaceKind};
use mipidsi::models::{ILI9341Rgb565, Model, ST7789};
use mipidsi::options::{ColorInversion, ColorOrder};
use mipidsi::{Builder, Display, NoResetPin};

use crate::board::{PanelModel, SpiConfig};
use crate::screen::damage::changes;
use crate::screen::raster::turned_row;
use crate::screen::{Canvas, Screen, ScreenError, fitting};
use crate::units::{PixelSize, Turn};

/// Bytes of one transfer: what spidev takes unless the system is told otherwise.
const TRANSFER_BYTES_MAX: usize = 4_096;

/// The bus and the pin that tells data from commands.
struct Wire<S, D> {
    bus: S,
    data: D,
    queued: Vec<u8>,
}

/// What the bus or the pin said.
#[derive(Debug)]
struct WireError(String);

impl<S: SpiDevice, D: OutputPin> Wire<S, D> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        self.bus.write(bytes).map_err(|e| WireError(format!("{e:?}")))
    }

    fn send_queued(&mut self) -> Result<(), WireError> {
        let queued = std::mem::take(&mut self.queued);
        let sent = self.send(&queued);
        self.queued = queued;
        self.queued.clear();
        sent
    }

    fn queue(&mut self, pixel: &[u8]) -> Result<(), WireError> {
        if self.queued.len() + pixel.len() > TRANSFER_BYTES_MAX {
            self.send_queued()?;
        }
        self.queued.extend_from_slice(pixel);
        Ok(())
    }
}

impl<S: SpiDevice, D: OutputPin> Interface for Wire<S, D> {
    type Word = u8;
    type Error = WireError;

    const KIND: InterfaceKind = InterfaceKind::Serial4Line;

    fn send_command(&mut self, command: u8, arguments: &[u8]) -> Result<(), WireError> {
        self.data.set_low().map_err(|e| WireError(format!("{e:?}")))?;
        self.send(&[command])?;
        self.data.set_high().map_err(|e| WireError(format!("{e:?}")))?;
        if arguments.is_empty() { Ok(()) } else { self.send(arguments) }
    }

    fn send_pixels<const N: usize>(
        &mut self,
        pixels: impl IntoIterator<Item = [u8; N]>,
    ) -> Result<(), WireError> {
        pixels.into_iter().try_for_each(|pixel| self.queue(&pixel))?;
        self.send_queued()
    }

    fn send_repeated_pixel<const N: usize>(&mut self, pixel: [u8; N], count: u32) -> Result<(), WireError> {
        (0..count).try_for_each(|_| self.queue(&pixel))?;
        self.send_queued()
    }
}

/// A panel, one picture after another.
pub struct PanelScreen<S, D, M, R>
where
    S: SpiDevice,
    D: OutputPin,
    M: Model<ColorFormat = Rgb565>,
    R: OutputPin,
{
    display: Display<Wire<S, D>, M, R>,
    path: PathBuf,
    size: PixelSize,
    turn: Turn,
    /// What is on show; `None`: not known.
    shown: Option<Canvas>,
}

/// Resets the panel of `config` and sets it up.
pub fn open<S, D, R>(
    config: &SpiConfig,
    bus: S,
    data: D,
    reset: Option<R>,
    wait: impl DelayNs,
) -> Result<Box<dyn Screen>, ScreenError>
where
    S: SpiDevice + Send + 'static,
    D: OutputPin + Send + 'static,
    R: OutputPin + Send + 'static,
{
    let wire = Wire { bus, data, queued: Vec::with_capacity(TRANSFER_BYTES_MAX) };
    match config.panel {
        PanelModel::Ili9341 => with_reset(config, ILI9341Rgb565, wire, reset, wait),
        PanelModel::St7789 => with_reset(config, ST7789, wire, reset, wait),
    }
}

fn with_reset<S, D, M, R>(
    config: &SpiConfig,
    model: M,
    wire: Wire<S, D>,
    reset: Option<R>,
    mut wait: impl DelayNs,
) -> Result<Box<dyn Screen>, ScreenError>
where
    S: SpiDevice + Send + 'static,
    D: OutputPin + Send + 'static,
    M: Model<ColorFormat = Rgb565> + Send + 'static,
    R: OutputPin + Send + 'static,
{
    let failed = |detail| failure(&config.device, "setting the panel up", detail);
    let builder = builder(config, model, wire);
    Ok(match reset {
        Some(pin) => {
            let display = builder.reset_pin(pin).init(&mut wait);
            Box::new(PanelScreen::new(config, display.map_err(|e| failed(format!("{e:?}")))?))
        }
        None => {
            let display: Result<Display<_, _, NoResetPin>, _> = builder.init(&mut wait);
            Box::new(PanelScreen::new(config, display.map_err(|e| failed(format!("{e:?}")))?))
        }
    })
}

fn builder<S: SpiDevice, D: OutputPin, M: Model<ColorFormat = Rgb565>>(
    config: &SpiConfig,
    model: M,
    wire: Wire<S, D>,
) -> Builder<Wire<S, D>, M, NoResetPin> {
    let order = if config.blue_first { ColorOrder::Bgr } else { ColorOrder::Rgb };
    let inversion = if config.inverted { ColorInversion::Inverted } else { ColorInversion::Normal };
    Builder::new(model, wire)
        .display_size(config.size.width as u16, config.size.height as u16)
        .color_order(order)
        .invert_colors(inversion)
}

fn failure(path: &std::path::Path, doing: &'static str, detail: String) -> ScreenError {
    ScreenError::Panel { path: path.into(), doing, detail }
}

impl<S: SpiDevice, D: OutputPin, M: Model<ColorFormat = Rgb565>, R: OutputPin> PanelScreen<S, D, M, R> {
    fn new(config: &SpiConfig, display: Display<Wire<S, D>, M, R>) -> Self {
        let SpiConfig { size, turn, .. } = *config;
        Self { display, path: config.device.clone(), size, turn, shown: None }
    }
}

impl<S, D, M, R> Screen for PanelScreen<S, D, M, R>
where
    S: SpiDevice + Send,
    D: OutputPin + Send,
    M: Model<ColorFormat = Rgb565> + Send,
    R: OutputPin + Send,
{
    fn size(&self) -> PixelSize {
        self.turn.back().turned(self.size)
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        fitting(picture, self.size())?;
        let patches = changes(self.shown.take().as_ref(), picture);
        for patch in patches {
            let there = patch.turned(self.turn, picture.size());
            let (right, bottom) = (there.left + there.width - 1, there.top + there.height - 1);
            let row = |y| turned_row(picture, self.turn, there.left, y).take(there.width as usize);
            let pixels = (there.top..=bottom).flat_map(row).map(rgb565);
            let [left, top, right, bottom] = [there.left, there.top, right, bottom].map(|v| v as u16);
            self.display
                .set_pixels(left, top, right, bottom, pixels)
                .map_err(|e| failure(&self.path, "sending pixels", e.0))?;
        }
        self.shown = Some(picture.clone());
        Ok(())
    }
}

/// The upper bits of each colour.
fn rgb565([red, green, blue]: [u8; 3]) -> Rgb565 {
    Rgb565::new(red >> 3, green >> 2, blue >> 3)
}

#[cfg(test)]
mod tests;
