//! A camera before a console's monitor, drawn: askew by some degrees, out of the perpendicular, with glare, moiré,
//! a lens that blurs, a gamma of its own and a sensor that is noisy. What it looks at lies before a dim wall.

use image::GrayImage;
use rand_core::Rng;
use rand_pcg::Pcg32;

use super::Canvas;

/// Gamma of monitors (IEC 61966-2-1 is near).
const MONITOR_GAMMA: f32 = 2.2;
/// Light of a monitor's black, and of the room in it, as shares of its white.
const BLACK: f32 = 0.004;
/// Width of the frame round the panel, as a share of the panel's.
const BEZEL: f32 = 0.015;
/// Light that the frame round the panel and the wall give back.
const BEZEL_LIGHT: f32 = 0.003;
const WALL_LIGHT: [f32; 2] = [0.02, 0.05];
/// Distance of the camera in picture widths.
const DISTANCE: f32 = 1.1;
/// White on the sensor, in levels of 8 bits.
const EXPOSURE: f32 = 225.0;
/// Sensor noise in levels of 8 bits, once for each frame.
pub const NOISE_LEVELS: f32 = 2.0;

/// How one camera stands.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    /// Degrees, clockwise.
    pub tilt: f32,
    /// Degrees out of the perpendicular, to the side and up.
    pub aside: [f32; 2],
    /// Of the monitor's width, of the picture's.
    pub fill: f32,
    /// The monitor's middle beside the picture's, as a share of its width.
    pub shift: [f32; 2],
    /// What the sensor's values are the power of: 1 is what a monitor's gamma undoes.
    pub gamma: f32,
    /// Middle and radius of the reflection of a lamp, as shares of the monitor's width, and its light.
    pub glare: [f32; 4],
    /// Contrast of the monitor's pixel grid as the lens leaves it.
    pub moire: f32,
    /// Standard deviation of the lens's blur in the monitor's pixels.
    pub blur: f32,
    /// Light that the corners lack.
    pub vignette: f32,
}

impl Camera {
    /// Straight before the monitor, in a dark room, with a perfect lens.
    pub const PLAIN: Self = Self {
        tilt: 0.0,
        aside: [0.0; 2],
        fill: 0.9,
        shift: [0.0; 2],
        gamma: 1.0,
        glare: [0.0, 0.0, 0.1, 0.0],
        moire: 0.0,
        blur: 0.8,
        vignette: 0.0,
    };

    /// One that stands as hands leave it; the same for the same seed.
    pub fn by_chance(seed: u64) -> Self {
        let mut chance = Pcg32::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 17);
        let mut within =
            |[low, high]: [f32; 2]| low + (high - low) * (chance.next_u32() as f32 / u32::MAX as f32);
        let mut sign = || if within([-1.0, 1.0]) < 0.0 { -1.0 } else { 1.0 };
        let signs = [sign(), sign(), sign()];
        Self {
            tilt: within([1.0, 3.0]) * signs[0],
            aside: [within([1.0, 5.0]) * signs[1], within([1.0, 5.0]) * signs[2]],
            fill: within([0.82, 0.9]),
            shift: [within([-0.02, 0.02]), within([-0.02, 0.02])],
            gamma: within([0.85, 1.2]),
            glare: [within([0.1, 0.9]), within([0.1, 0.5]), within([0.03, 0.08]), within([0.03, 0.2])],
            moire: within([0.02, 0.06]),
            blur: within([0.8, 1.5]),
            vignette: within([0.05, 0.2]),
        }
    }

    /// The picture that it takes of `screen`, of the same size, without the sensor's noise.
    pub fn picture(&self, screen: &Canvas) -> Canvas {
        let (width, height) = screen.0.dimensions();
        let light = Light::of(&screen.0, self.blur);
        let (sine, cosine) = self.tilt.to_radians().sin_cos();
        let [aside, up] = self.aside.map(|degrees| degrees.to_radians().tan() / DISTANCE);
        let scale = self.fill;
        let picture = GrayImage::from_fn(width, height, |x, y| {
            // In picture widths from the middle; the monitor's plane is where a ray through the pixel meets it.
            let [x, y] = [x as f32 + 0.5 - width as f32 / 2.0, y as f32 + 0.5 - height as f32 / 2.0]
                .map(|side| side / width as f32);
            let corner = (x * x + y * y) / 0.33;
            let (x, y) = (x - self.shift[0], y - self.shift[1]);
            let (x, y) = (x * cosine + y * sine, y * cosine - x * sine);
            let depth = (1.0 + x * aside + y * up) * scale;
            let at = [x / depth + 0.5, y / depth + 0.5 * height as f32 / width as f32];
            let seen = self.seen(&light, at) * (1.0 - self.vignette * corner);
            let value = seen.clamp(0.0, 1.0).powf(self.gamma / MONITOR_GAMMA) * EXPOSURE;
            image::Luma([value.round().min(255.0) as u8])
        });
        Canvas(picture)
    }

    /// Light from a place of the monitor's plane, which is 1 wide.
    fn seen(&self, light: &Light, [x, y]: [f32; 2]) -> f32 {
        let height = light.height as f32 / light.width as f32;
        let outside = [-x, x - 1.0, -y, y - height].into_iter().fold(f32::NEG_INFINITY, f32::max);
        if outside > BEZEL {
            return WALL_LIGHT[0] + (WALL_LIGHT[1] - WALL_LIGHT[0]) * x.clamp(0.0, 1.0);
        }
        if outside > 0.0 {
            return BEZEL_LIGHT;
        }
        let [cx, cy, radius, strength] = self.glare;
        let glare = strength * (-((x - cx).powi(2) + (y - cy).powi(2)) / (2.0 * radius * radius)).exp();
        let (px, py) = (x * light.width as f32, y * light.width as f32);
        let wave = |at: f32| self.moire * (std::f32::consts::TAU * at).cos();
        light.at(px - 0.5, py - 0.5) * (1.0 + wave(px) + wave(py)) + glare + BLACK
    }
}

/// What a monitor gives off, blurred; its white is 1.
struct Light {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Light {
    fn of(screen: &GrayImage, blur: f32) -> Self {
        let table: Vec<f32> = (0..=255).map(|v| (v as f32 / 255.0).powf(MONITOR_GAMMA)).collect();
        let (width, height) = (screen.width() as usize, screen.height() as usize);
        let values: Vec<f32> = screen.iter().map(|&v| table[usize::from(v)]).collect();
        let reach = (3.0 * blur).ceil() as i32;
        let kernel: Vec<f32> =
            (-reach..=reach).map(|d| (-(d * d) as f32 / (2.0 * blur * blur)).exp()).collect();
        let sum: f32 = kernel.iter().sum();
        let kernel: Vec<f32> = kernel.iter().map(|k| k / sum).collect();
        let along = |values: &[f32], stride: usize, count: usize, place: &dyn Fn(usize) -> usize| {
            let mut blurred = vec![0.0; values.len()];
            for (i, to) in blurred.iter_mut().enumerate() {
                let at = place(i) as i32;
                for (d, k) in (-reach..).zip(&kernel) {
                    let near = (at + d).clamp(0, count as i32 - 1) - at;
                    *to += k * values[(i as i32 + near * stride as i32) as usize];
                }
            }
            blurred
        };
        let across = along(&values, 1, width, &|i| i % width);
        let values = along(&across, width, height, &|i| i / width);
        Self { width, height, values }
    }

    /// Between four pixels.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, self.width as f32 - 1.0), y.clamp(0.0, self.height as f32 - 1.0));
        let (left, top) = (x as usize, y as usize);
        let (right, below) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let v = |x: usize, y: usize| self.values[y * self.width + x];
        let upper = v(left, top) * (1.0 - fx) + v(right, top) * fx;
        let lower = v(left, below) * (1.0 - fx) + v(right, below) * fx;
        upper * (1.0 - fy) + lower * fy
    }
}
