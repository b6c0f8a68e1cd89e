//! `raymap devices`: which capture devices there are, and why those that cannot be used cannot.

use super::failure::Failure;
use super::print::print_line;

#[cfg(feature = "v4l")]
pub fn run() -> Result<(), Failure> {
    let devices = crate::source::v4l::devices();
    if devices.is_empty() {
        print_line("no video capture device: plug in the grabber, then look again (ls /dev/video*)")?;
    }
    for device in devices {
        print_line(&device.to_string())?;
        if let Some(advice) = device.unusable.and_then(|why| why.advice()) {
            print_line(&format!("    {advice}"))?;
        }
    }
    Ok(())
}

#[cfg(not(feature = "v4l"))]
pub fn run() -> Result<(), Failure> {
    print_line("this program was built without capture (feature v4l)")
}
