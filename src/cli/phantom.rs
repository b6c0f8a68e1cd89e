//! `raymap phantom`: a synthetic radiograph with its exact masks.

use std::path::{Path, PathBuf};

use image::{ImageBuffer, Luma, Pixel};

use super::failure::{Exit, Failure};
use super::print::print_line;
use crate::preprocess::Display;
use crate::source::phantom::{self, PhantomSpec};
use crate::units::{Percent, PixelSize};

#[derive(Debug, clap::Args)]
pub struct PhantomArguments {
    /// Chooses anatomy, exposure and noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Infected share of the lungs, 0 to 100
    #[arg(long, value_name = "PERCENT", default_value_t = 20.0)]
    infected: f32,
    /// Folder for the radiograph (12 bits in a 16-bit PNG) and its masks
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
}

pub fn run(arguments: &PhantomArguments) -> Result<(), Failure> {
    let infected =
        Percent::new(arguments.infected).map_err(|e| Failure::new(Exit::Usage, "infected_percent", &e))?;
    let phantom = phantom::compute(&PhantomSpec::new(arguments.seed, infected));
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).map_err(|e| Failure::storage(folder, &e))?;
    let stem = format!("phantom-{}-{:.0}", arguments.seed, arguments.infected);
    let size = phantom.frame.size();
    let radiograph = folder.join(format!("{stem}-radiograph.png"));
    // A PNG has no bits stored: 12 bits are spread over 16, as viewers expect.
    let spread: Vec<u16> =
        phantom.frame.pixels().iter().map(|&v| v << (16 - phantom.frame.bits_stored())).collect();
    save(&radiograph, size, spread, image::DynamicImage::ImageLuma16)?;
    let display = Display::of(&phantom.frame).pixels;
    let pictures = [("lung", phantom.lungs.mask), ("infection", phantom.infection), ("display", display)];
    for (name, pixels) in pictures {
        save(&folder.join(format!("{stem}-{name}.png")), size, pixels, image::DynamicImage::ImageLuma8)?;
    }
    Ok(())
}

/// Writes one picture and says where; `kind` is its depth.
fn save<P>(
    path: &Path,
    size: PixelSize,
    pixels: Vec<P>,
    kind: fn(ImageBuffer<Luma<P>, Vec<P>>) -> image::DynamicImage,
) -> Result<(), Failure>
where
    Luma<P>: Pixel<Subpixel = P>,
    P: image::Primitive,
{
    let buffer = ImageBuffer::from_raw(size.width, size.height, pixels);
    let picture = kind(buffer.unwrap_or_default());
    picture.save(path).map_err(|e| Failure::storage(path, &e))?;
    print_line(&path.display().to_string())
}
