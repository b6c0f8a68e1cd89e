use super::*;

/// Small enough for an emulated processor; the anatomy is the same.
const SIDE: u32 = 160;

fn phantom(seed: u64, percent: f32) -> Phantom {
    sized(seed, percent, PixelSize::new(SIDE, SIDE))
}

fn sized(seed: u64, percent: f32, size: PixelSize) -> Phantom {
    let spec = PhantomSpec { size, ..PhantomSpec::new(seed, Percent::new(percent).unwrap()) };
    compute(&spec)
}

/// Mean grey of the pixels that `picked` takes, of which there must be some.
fn mean(phantom: &Phantom, picked: impl Fn(usize) -> bool) -> f64 {
    let grey: Vec<u16> =
        (0..phantom.frame.pixels().len()).filter(|&i| picked(i)).map(|i| phantom.frame.pixels()[i]).collect();
    assert!(!grey.is_empty());
    grey.iter().map(|&g| f64::from(g)).sum::<f64>() / grey.len() as f64
}

fn checksum(phantom: &Phantom) -> u32 {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = crc.digest();
    for grey in phantom.frame.pixels() {
        digest.update(&grey.to_le_bytes());
    }
    digest.update(&phantom.lungs.mask);
    digest.update(&phantom.infection);
    digest.finalize()
}

#[test]
fn the_share_asked_for_is_met() {
    for (seed, percent) in [(1, 0.0), (2, 1.0), (3, 15.0), (4, 40.0), (5, 60.0), (6, 100.0)] {
        let phantom = phantom(seed, percent);
        let got = phantom.infected.percent().get();
        assert!((got - percent).abs() < 0.05, "seed {seed}: {got} instead of {percent}");
        let (infected, lung) = (count(&phantom.infection), count(&phantom.lungs.mask));
        assert_eq!(Fraction::of(infected, lung), Some(phantom.infected));
    }
}

#[test]
fn infection_lies_inside_the_lungs() {
    let phantom = phantom(7, 70.0);
    assert!(phantom.infection.iter().zip(&phantom.lungs.mask).all(|(&i, &l)| i == 0 || l != 0));
    assert!(phantom.infection.iter().all(|&i| i == 0 || i == 255));
}

#[test]
fn the_patients_right_lung_is_on_the_images_left() {
    for seed in 0..4 {
        let phantom = phantom(seed, 10.0);
        let columns = |value: u8| {
            let at = |i: usize| i % SIDE as usize;
            let found: Vec<usize> =
                (0..phantom.lungs.mask.len()).filter(|&i| phantom.lungs.mask[i] == value).map(at).collect();
            (found.len(), found.iter().min().copied(), found.iter().max().copied())
        };
        let (right, left) = (columns(LUNG_IMAGE_LEFT), columns(LUNG_IMAGE_RIGHT));
        assert!(right.2 < left.1, "seed {seed}: {right:?} {left:?}");
        let area = SIDE as usize * SIDE as usize;
        for (pixels, ..) in [right, left] {
            assert!((area / 10..area / 4).contains(&pixels), "seed {seed}: {pixels} pixels of lung");
        }
    }
}

#[test]
fn the_heart_covers_part_of_the_left_lung_only() {
    let lungs = phantom(3, 0.0).lungs;
    let covered = lungs.heart_shadow.iter().filter(|&&h| h).count();
    assert!(lungs.heart_shadow.iter().zip(&lungs.mask).all(|(&h, &l)| !h || l == LUNG_IMAGE_RIGHT));
    let left = lungs.mask.iter().filter(|&&l| l == LUNG_IMAGE_RIGHT).count();
    assert!((left / 10..left / 2).contains(&covered), "{covered} of {left}");
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    assert_eq!(phantom(11, 20.0), phantom(11, 20.0));
}

/// The picture behind this number was looked at; another processor, or a change of a constant, shows here.
#[test]
fn the_bytes_are_those_that_were_looked_at() {
    assert_eq!(checksum(&sized(1, 20.0, PixelSize::new(256, 256))), 1_102_607_693);
}

#[test]
fn another_seed_gives_another_chest() {
    let (one, other) = (phantom(1, 0.0), phantom(2, 0.0));
    assert_ne!(one.lungs, other.lungs);
    assert_ne!(one.frame, other.frame);
}

#[test]
fn the_share_does_not_change_the_anatomy() {
    let (healthy, ill) = (phantom(5, 0.0), phantom(5, 45.0));
    assert_eq!(healthy.lungs, ill.lungs);
    assert!(healthy.infection.iter().all(|&i| i == 0));
}

#[test]
fn lungs_are_darker_than_the_middle_and_brighter_than_air() {
    for seed in 0..4 {
        let phantom = phantom(seed, 0.0);
        let (mask, heart) = (&phantom.lungs.mask, &phantom.lungs.heart_shadow);
        let side = SIDE as usize;
        let lung = mean(&phantom, |i| mask[i] != 0 && !heart[i]);
        let between = |i: usize| {
            let (row, at) = (i / side * side, i % side);
            mask[i] == 0
                && mask[row..row + at].contains(&LUNG_IMAGE_LEFT)
                && mask[row + at..row + side].contains(&LUNG_IMAGE_RIGHT)
        };
        let middle = mean(&phantom, between);
        let corner = mean(&phantom, |i| i / side < side / 30 && i % side > side - side / 12);
        assert!(corner + 200.0 < lung && lung + 1000.0 < middle, "seed {seed}: {corner} {lung} {middle}");
    }
}

#[test]
fn infection_brightens_the_lung() {
    for seed in 0..4 {
        let (healthy, ill) = (phantom(seed, 0.0), phantom(seed, 25.0));
        let infected = |i: usize| ill.infection[i] != 0;
        let (before, after) = (mean(&healthy, infected), mean(&ill, infected));
        assert!(after > before + 200.0, "seed {seed}: {before} became {after}");
        let spared = |i: usize| ill.lungs.mask[i] != 0 && ill.infection[i] == 0;
        let change = mean(&ill, spared) - mean(&healthy, spared);
        assert!(change.abs() < 0.35 * (after - before), "seed {seed}: {change} where nothing is infected");
    }
}

#[test]
fn stored_values_use_twelve_bits() {
    let phantom = phantom(9, 30.0);
    assert_eq!(phantom.frame.bits_stored(), 12);
    assert_eq!(phantom.frame.photometric(), Photometric::Monochrome2);
    let highest = phantom.frame.pixels().iter().max().copied();
    assert!((Some(3000)..Some(4096)).contains(&highest), "{highest:?}");
}

#[test]
fn a_wide_frame_shows_the_same_lungs() {
    let (square, wide) = (phantom(4, 10.0), sized(4, 10.0, PixelSize::new(SIDE + 80, SIDE)));
    assert_eq!(count(&square.lungs.mask), count(&wide.lungs.mask));
}

#[test]
fn a_source_names_each_phantom_and_ends() {
    let spec =
        PhantomSpec { size: PixelSize::new(64, 64), ..PhantomSpec::new(3, Percent::new(20.0).unwrap()) };
    let mut source = PhantomSource::new(vec![spec; 2]);
    let first = source.next_frame().unwrap().unwrap();
    assert_eq!(first.name, "phantom seed 3, 20 % infected");
    assert_eq!(first.frame, compute(&spec).frame);
    assert!(source.next_frame().is_some() && source.next_frame().is_none());
}
