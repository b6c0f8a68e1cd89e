//! What a device says, freed of its own form.

/// A place on a touch screen: shares of its width and height from the upper left, as the panel is wired.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    pub x: f32,
    pub y: f32,
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// A key went down, by its Linux code.
    Down(u16),
    /// A key came up.
    Up(u16),
    /// A finger touches, or moves.
    Touch(Spot),
    /// The finger is gone.
    Lift,
    /// The window that shows the screen was closed.
    Closed,
    /// Nobody knows what else happened up to here: the kernel had no room for it.
    Lost,
}
