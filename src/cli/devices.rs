//! `raymap devices`: which capture devices there are, and why those that cannot be used cannot.

use super::failure::Failure;

#[cfg(feature = "v4l")]
pub fn run() -> Result<(), Failure> {
    let devices = crate::source::v4l::devices();
    if devices.is_empty() {
        println!("no video capture device: plug in the grabber, then look again (ls /dev/video*)");
    }
    for device in devices {
        println!("{device}");
        if let Some(advice) = device.unusable.and_then(|why| why.advice()) {
            println!("    {advice}");
        }
    }
    Ok(())
}

#[cfg(not(feature = "v4l"))]
pub fn run() -> Result<(), Failure> {
    println!("this program was built without capture (feature v4l)");
    Ok(())
}
