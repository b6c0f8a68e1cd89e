//! What the kernel says of the machine: its name, its processor, its temperatures, and memory used.
//!
//! Everything here may be missing, in a container or on another system; what is missing is left out.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Thermal zones that are read: boards have up to a dozen.
const ZONES_MAX: usize = 32;
/// Arm Ltd. in "CPU implementer".
const IMPLEMENTER_ARM: &str = "0x41";
/// "CPU part" of the cores of the boards that are meant (Arm, Technical Reference Manuals, MIDR_EL1).
const PARTS_ARM: [(&str, &str); 8] = [
    ("0xc07", "Cortex-A7"),
    ("0xd03", "Cortex-A53"),
    ("0xd04", "Cortex-A35"),
    ("0xd05", "Cortex-A55"),
    ("0xd08", "Cortex-A72"),
    ("0xd09", "Cortex-A73"),
    ("0xd0b", "Cortex-A76"),
    ("0xd0c", "Neoverse N1"),
];

/// One thermal zone, in degrees Celsius.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    before: f32,
    after: Option<f32>,
}

#[derive(Debug, Clone)]
pub struct Machine {
    /// From the device tree.
    board: Option<String>,
    processor: Option<String>,
    cores: usize,
    zones: Vec<Zone>,
    /// The largest memory since [`Machine::before`], or since the start where the count could not be reset.
    peak_kib: Option<u64>,
    peak_since_start: bool,
}

impl Machine {
    /// The machine as it is now; begins the count of memory anew.
    pub fn before() -> Self {
        let zones = zones().into_iter().map(|(name, before)| Zone { name, before, after: None });
        // Linux, Documentation/filesystems/proc.rst: 5 resets the peak resident set size.
        let reset = fs::write("/proc/self/clear_refs", "5");
        Self {
            board: read("/proc/device-tree/model").map(|m| m.trim_end_matches('\0').to_owned()),
            processor: read("/proc/cpuinfo").and_then(|text| processor(&text)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            zones: zones.collect(),
            peak_kib: None,
            peak_since_start: reset.is_err(),
        }
    }

    /// The same with temperatures and memory as they are now.
    pub fn after(mut self) -> Self {
        let now = zones();
        for zone in &mut self.zones {
            zone.after = now.iter().find(|(name, _)| *name == zone.name).map(|(_, t)| *t);
        }
        self.peak_kib = read("/proc/self/status").and_then(|text| peak_kib(&text));
        self
    }

    pub fn to_json(&self) -> Value {
        let zones: Vec<Value> = self
            .zones
            .iter()
            .map(|z| json!({"zone": z.name, "before": z.before, "after": z.after}))
            .collect();
        json!({
            "architecture": std::env::consts::ARCH, "board": self.board, "processor": self.processor,
            "cores": self.cores, "temperature_c": zones, "peak_resident_kib": self.peak_kib,
            "peak_since_start": self.peak_since_start,
        })
    }
}

/// A line for the machine, one for memory, one for its temperatures.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let board = self.board.as_deref().unwrap_or("no device tree");
        let processor = self.processor.as_deref().unwrap_or("processor without a name");
        let architecture = std::env::consts::ARCH;
        writeln!(f, "{board}; {} x {processor} ({architecture})", self.cores)?;
        match self.peak_kib {
            Some(kib) => writeln!(f, "memory at most {:.1} MiB resident", kib as f64 / 1024.0)?,
            None => writeln!(f, "memory unknown: no /proc")?,
        }
        if self.zones.is_empty() {
            return writeln!(f, "temperature unknown: no thermal zone");
        }
        let zone = |z: &Zone| match z.after {
            Some(after) => format!("{} {:.1} to {after:.1}", z.name, z.before),
            None => format!("{} {:.1}", z.name, z.before),
        };
        writeln!(f, "temperature, °C: {}", self.zones.iter().map(zone).collect::<Vec<_>>().join(", "))
    }
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Names and temperatures of the thermal zones, in the kernel's order.
fn zones() -> Vec<(String, f32)> {
    let zone = |i: usize| {
        let folder = Path::new("/sys/class/thermal").join(format!("thermal_zone{i}"));
        let kind = read(folder.join("type"))?;
        let celsius = read(folder.join("temp"))?.trim().parse::<f32>().ok()? / 1e3;
        Some((format!("{} {i}", kind.trim()), celsius))
    };
    (0..ZONES_MAX).filter_map(zone).collect()
}

/// The processor's name in the text of `/proc/cpuinfo`: as given on x86, by its part number on ARM.
fn processor(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        let line = cpuinfo.lines().find(|l| l.split(':').next().is_some_and(|k| k.trim() == key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    if value("CPU implementer").as_deref() == Some(IMPLEMENTER_ARM) {
        let part = value("CPU part")?;
        let known = PARTS_ARM.iter().find(|(number, _)| *number == part);
        return Some(known.map_or(format!("Arm part {part}"), |(_, name)| (*name).to_owned()));
    }
    value("model name")
}

/// The largest resident set in the text of `/proc/self/status`.
fn peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_known_by_its_part_number() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(processor(text).as_deref(), expected);
        check("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n", Some("Cortex-A72"));
        check("CPU implementer\t: 0x41\nCPU part\t: 0xfff\n", Some("Arm part 0xfff"));
        check("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n", Some("Some CPU @ 2 GHz"));
        check("", None);
    }

    #[test]
    fn the_peak_is_read_in_kib() {
        assert_eq!(peak_kib("Name:\traymap\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"), Some(12345));
        assert_eq!(peak_kib("Name:\traymap\n"), None);
    }
}
