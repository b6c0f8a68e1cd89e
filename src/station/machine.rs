//! What the kernel says of the board while the station runs: its temperature and the free space on a disk.

use std::fs;
use std::io;
use std::path::Path;

/// Thermal zones that are read: boards have up to a dozen.
const ZONES_MAX: usize = 32;
/// Where the kernel lists them.
const ZONES: &str = "/sys/class/thermal";

/// The hottest thermal zone in degrees Celsius; `None` where the kernel knows none.
pub fn hottest_celsius() -> Option<f32> {
    hottest_in(Path::new(ZONES))
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

    #[test]
    fn space_is_found_for_a_folder_that_is_yet_to_be_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(&folder.path().join("a/b")).unwrap() > 0);
        assert!(free_bytes(Path::new("not/there")).unwrap() > 0);
    }
}
