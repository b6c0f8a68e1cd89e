//! What a live picture is called. The words with their meaning: `docs/exposure.md`, "What the screen may say".

/// What the live picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// No frames come.
    NoSignal,
    /// Frames come and stand still, but show no radiograph.
    NoRadiograph,
    /// A camera's picture stands still, but nothing in it tells how the camera stands.
    NoEdges,
    /// The picture changes.
    Settling,
    /// The picture settles and seems to be a new radiograph; it is given once it has stood still.
    Candidate,
    /// The radiograph that is shown was the last to be given.
    Seen,
    /// The radiograph that is shown was given before another one.
    Recalled,
}

impl Live {
    /// Stable name for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSignal => "no_signal",
            Self::NoRadiograph => "no_radiograph",
            Self::NoEdges => "no_edges",
            Self::Settling => "settling",
            Self::Candidate => "candidate",
            Self::Seen => "seen",
            Self::Recalled => "recalled",
        }
    }

    /// For the operator's eyes.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoSignal => "Waiting for the X-ray unit's picture",
            Self::NoRadiograph => "Live picture, no radiograph in it",
            Self::NoEdges => "The camera sees too few straight edges: show it all of the monitor or film",
            Self::Settling => "The picture is changing",
            Self::Candidate => "A new radiograph seems to be on the console",
            Self::Seen => "The radiograph on the console has been read",
            Self::Recalled => "An earlier radiograph is on the console again",
        }
    }
}
