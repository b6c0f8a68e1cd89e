//! What the operator screen can show: plain data, already decided by whoever shows it.

use std::time::Duration;

use super::options::Options;
use super::picture::RgbPicture;
use crate::grade::Grade;
use crate::pipeline::Study;
use crate::reading::Provenance;
use crate::units::Fraction;

/// What the operator screen shows.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// The self-test so far, a line each; the last ones are shown where they are many.
    Boot { lines: &'a [String] },
    /// Waiting for a radiograph from `source`; `note` is anything that the operator should know meanwhile.
    Ready { source: &'a str, model: &'a Provenance, note: Option<&'a str> },
    /// The source is there but gives no picture.
    NoSignal { source: &'a str },
    /// A camera's picture does not tell how the camera stands: nothing is read.
    NoEdges,
    /// What may be a new radiograph was seen; it is read once the picture stands still.
    ExposureSeen,
    /// A radiograph is being read; `progress` is the share of the work that is done.
    InProgress { progress: Fraction },
    /// A study; one that was refused is shown as [`View::Refused`].
    Result(&'a Study),
    /// All numbers of a study without its picture, for screens too small for both.
    Details(&'a Study),
    /// A study without a grade; one that has a grade is shown as [`View::Result`].
    Refused(&'a Study),
    /// A study beside earlier readings of the same patient, the oldest first; the last ones where they are many.
    /// `None`: nobody knows of whom it is. `more`: others may still be found. `named` is the identifier that the operator
    /// has given, where it is still known.
    Compared { study: &'a Study, earlier: Option<&'a [Earlier]>, more: bool, named: Option<&'a str> },
    /// A patient's identifier being typed for a study.
    Identify(Identify<'a>),
    /// The time of day being set.
    SetClock(SetClock<'a>),
    /// Readings to choose from.
    List(List<'a>),
    /// What the operator may set or start.
    Menu { items: &'a [Action], selected: usize },
    /// A fault of the device.
    Fault { code: &'a str, text: &'a str },
    /// The device has stopped taking radiographs, and why.
    SafeMode { code: &'a str, text: &'a str },
    /// A question before the device is switched off; [`Action::ShutDown`] is among the keys.
    ConfirmShutDown,
    /// The device writes down what it has and switches itself off.
    ShuttingDown,
}

/// Readings in the order in which they are to be shown.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub order: Order,
    pub entries: &'a [ListEntry],
    /// Place in `entries` of the one that [`Action::Open`] would open; it is always in sight.
    pub selected: usize,
}

/// An identifier as far as it has been typed.
#[derive(Debug, Clone, Copy)]
pub struct Identify<'a> {
    /// The reading that it is for, with its picture.
    pub entry: &'a ListEntry,
    pub text: &'a str,
    /// Place in [`super::CELLS`] of the one that [`Action::Take`] would take.
    pub selected: usize,
    /// Why what was typed or scanned names nobody, by its code.
    pub problem: Option<&'a str>,
}

/// A time of day as far as it has been set, in UTC.
#[derive(Debug, Clone, Copy)]
pub struct SetClock<'a> {
    /// Of `YYYYMMDDhhmm`.
    pub digits: &'a [u8; super::CLOCK_DIGITS],
    /// Place of the one that [`Action::Previous`] turns up and [`Action::Next`] down.
    pub selected: usize,
    pub problem: Option<ClockProblem>,
}

/// Why the clock was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockProblem {
    /// The digits spell no time, or one from before this software.
    NoSuchTime,
    /// A time service sets the clock.
    Kept,
}

/// By what a list is ordered. Whoever makes the list orders it; the screen says how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Triage: the most severe first, refused ones first among equals.
    Severity,
    /// History: the newest first.
    Time,
}

/// One reading of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListEntry {
    /// Tells it from the others of the list.
    pub id: i64,
    /// Its number in the record; `None`: it is not kept.
    pub record: Option<u64>,
    /// When it was made, in words; `None`: not known.
    pub time: Option<String>,
    pub outcome: Listed,
    /// From [`super::thumbnail`].
    pub thumbnail: Option<RgbPicture>,
}

/// The outcome of a listed reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Listed {
    Graded {
        grade: Grade,
        share: Fraction,
        interval90: [Fraction; 2],
        warned: bool,
    },
    /// By the code of its refusal.
    Refused {
        code: String,
    },
}

/// An earlier reading of the same patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// When it was made, in words; `None`: not known.
    pub time: Option<String>,
    pub share: Fraction,
    pub interval90: [Fraction; 2],
    /// There is something to know of it before its numbers.
    pub warned: bool,
}

/// What a button, a touched key or a line of a menu does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Previous,
    Next,
    Open,
    Back,
    Menu,
    /// The list by severity.
    Triage,
    /// The list by time.
    History,
    Details,
    Compare,
    /// To where the patient's identifier is typed.
    Identify,
    /// Types the chosen character; keeps the chosen digit and goes on to the next.
    Take,
    /// What was typed is complete.
    Done,
    /// The next step of the map: fainter, then off, then full again.
    Map,
    /// Tints and outlines, or outlines alone.
    Outline,
    Palette,
    Language,
    /// To where the time of day is set.
    Clock,
    Change,
    Confirm,
    Cancel,
    ShutDown,
}

/// Something about the device that the operator should know, beside whatever is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    /// A new reading waits until the operator is done with what is on show.
    NewReading,
    /// The same, for a fault of the device.
    DeviceFault,
    /// [`View::ExposureSeen`], while something else is on show.
    ExposureSeen,
    Battery {
        percent: u8,
        charging: bool,
    },
    Temperature {
        celsius: i16,
        high: bool,
    },
    /// The processor slows itself down: readings take longer.
    Throttled,
    /// How much of the record's room is used.
    Storage {
        percent: u8,
    },
    /// The last reading could not be kept.
    NotKept,
    /// The oldest readings were dropped to make room.
    OldestDropped,
    /// The serial line loses what is sent.
    SerialLost,
}

/// All that is shown beside a view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    pub options: Options,
    /// Shown as it is; `None` says that the clock is not trusted.
    pub wall_time: Option<&'a str>,
    /// How long ago the reading shown was made.
    pub age: Option<Duration>,
    /// The most urgent first; as many as there is room for.
    pub badges: &'a [Badge],
    /// What the buttons do, in their order; a touch on a key does the same. None: no keys are drawn.
    pub keys: &'a [Action],
}

/// Most keys that are drawn: as many as the most buttons.
pub const KEYS_MAX: usize = 5;
