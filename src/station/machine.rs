//! What the kernel says of the board while the station runs: temperature, clock rate, battery, free space on a disk.

use std::fs;
use std::io;
use std::path::Path;

/// Boards of this kind slow down from here on (raspberrypi.com, "Frequency management and thermal control").
pub const CELSIUS_HIGH: f32 = 80.0;
/// Thermal zones that are read: boards have up to a dozen.
const ZONES_MAX: usize = 32;
/// Cooling devices that are looked at.
const COOLERS_MAX: usize = 32;
/// Power supplies that are looked at.
const SUPPLIES_MAX: usize = 16;
/// Where the kernel lists zones and coolers, and supplies.
const THERMAL: &str = "/sys/class/thermal";
const POWER: &str = "/sys/class/power_supply";
/// How a cooling device is called that cools by a slower processor (Linux, `cpufreq_cooling.c` and `processor_thermal.c`).
const SLOWING: [&str; 3] = ["cpufreq-", "thermal-cpufreq-", "Processor"];

/// The hottest thermal zone in degrees Celsius; `None` where the kernel knows none.
pub fn hottest_celsius() -> Option<f32> {
    hottest_in(Path::new(THERMAL))
}

/// Whether the kernel keeps the processor slow because it is hot.
pub fn is_slowed() -> bool {
    is_slowed_in(Path::new(THERMAL))
}

/// The board's battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Battery {
    pub percent: u8,
    pub is_charging: bool,
}

/// The emptiest battery that feeds the board; `None` where the kernel knows none.
pub fn battery() -> Option<Battery> {
    battery_in(Path::new(POWER))
}

fn is_slowed_in(folder: &Path) -> bool {
    (0..COOLERS_MAX).any(|i| {
        let cooler = folder.join(format!("cooling_device{i}"));
        let word = |name: &str| fs::read_to_string(cooler.join(name)).unwrap_or_default();
        SLOWING.iter().any(|kind| word("type").starts_with(kind))
            && word("cur_state").trim().parse::<u32>().is_ok_and(|state| state > 0)
    })
}

fn battery_in(folder: &Path) -> Option<Battery> {
    let supplies = fs::read_dir(folder).ok()?.flatten().take(SUPPLIES_MAX);
    let battery = |supply: &Path| {
        let word = |name: &str| {
            let text = fs::read_to_string(supply.join(name)).unwrap_or_default();
            text.trim().to_owned()
        };
        // Batteries of mice and the like feed nothing but themselves.
        if word("type") != "Battery" || word("scope") == "Device" {
            return None;
        }
        let percent = word("capacity").parse::<u8>().ok().filter(|p| *p <= 100)?;
        Some(Battery { percent, is_charging: matches!(word("status").as_str(), "Charging" | "Full") })
    };
    supplies.filter_map(|supply| battery(&supply.path())).min_by_key(|b| b.percent)
}

fn hottest_in(folder: &Path) -> Option<f32> {
    let zone = |i: usize| {
        let text = fs::read_to_string(folder.join(format!("thermal_zone{i}/temp"))).ok()?;
        text.trim().parse::<f32>().ok().map(|thousandths| thousandths / 1e3)
    };
    (0..ZONES_MAX).filter_map(zone).max_by(f32::total_cmp)
}

/// Bytes that may still be written to the file system of `folder`, or of the nearest folder above it that is there.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let there = folder.ancestors().find(|f| f.exists());
    // A relative path's last ancestor is empty: the working directory.
    let there = there.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = rustix::fs::statvfs(there)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Bytes of the files in a folder; none where it cannot be listed.
pub fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_zone_counts_and_none_is_no_zone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(hottest_in(folder.path()), None);
        for (zone, text) in [(0, "41500\n"), (2, "63250\n"), (3, "rubbish")] {
            let zone = folder.path().join(format!("thermal_zone{zone}"));
            fs::create_dir(&zone).unwrap();
            fs::write(zone.join("temp"), text).unwrap();
        }
        assert_eq!(hottest_in(folder.path()), Some(63.25));
    }

    /// Files of these texts in a folder below `folder`.
    fn device(folder: &Path, name: &str, files: &[(&str, &str)]) {
        let device = folder.join(name);
        fs::create_dir(&device).unwrap();
        files.iter().for_each(|(file, text)| fs::write(device.join(file), text).unwrap());
    }

    #[test]
    fn a_processor_is_slowed_where_its_own_cooling_is_at_work() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_slowed_in(folder.path()));
        device(folder.path(), "cooling_device0", &[("type", "pwm-fan\n"), ("cur_state", "3\n")]);
        device(folder.path(), "cooling_device1", &[("type", "cpufreq-cpu0\n"), ("cur_state", "0\n")]);
        assert!(!is_slowed_in(folder.path()), "a fan slows nothing");
        device(folder.path(), "cooling_device2", &[("type", "cpufreq-cpu4\n"), ("cur_state", "2\n")]);
        assert!(is_slowed_in(folder.path()));
    }

    #[test]
    fn the_battery_is_the_board_s_own() {
        let folder = tempfile::tempdir().unwrap();
        device(folder.path(), "mains", &[("type", "Mains\n"), ("capacity", "1\n")]);
        device(folder.path(), "mouse", &[("type", "Battery\n"), ("scope", "Device\n"), ("capacity", "3\n")]);
        assert_eq!(battery_in(folder.path()), None);
        device(
            folder.path(),
            "bat0",
            &[("type", "Battery\n"), ("capacity", "64\n"), ("status", "Discharging\n")],
        );
        assert_eq!(battery_in(folder.path()), Some(Battery { percent: 64, is_charging: false }));
    }

    #[test]
    fn space_is_found_for_a_folder_that_is_yet_to_be_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(&folder.path().join("a/b")).unwrap() > 0);
        assert!(free_bytes(Path::new("not/there")).unwrap() > 0);
    }
}
