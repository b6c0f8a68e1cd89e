//! From a live picture to the one settled frame that is a new radiograph.
//!
//! A picture counts when it has stood still ([`Tiles`]), shows a radiograph ([`field`]) and shows none that has been
//! given before ([`Signature`]). Everything else on a console, its menus, blanks, fades and old images, is let pass.
//! The rules with their reasons and limits: `docs/exposure.md`. This module does not know of devices or clocks.

use std::collections::VecDeque;
use std::time::Duration;

use super::camera::Upright;
use super::field::{self, Field};
use super::live::Live;
use super::outlook::{LOOK_AFTER, Outlook};
use super::signature::Signature;
use super::statistics;
use super::tiles::Tiles;
use crate::board::{Area, Optics};
use crate::frame::{Frame, SIDE_MIN_PX};
use crate::units::PixelSize;

/// How long a picture stands still before it counts, unless the board says otherwise: menus and fades take half a
/// second, a radiograph stays for many.
pub const SETTLE_DEFAULT: Duration = Duration::from_secs(1);
/// Shortest time to stand still: below it a fade of ten seconds would count.
pub const SETTLE_MIN: Duration = Duration::from_millis(300);
/// Longest: an operator waits no longer.
pub const SETTLE_MAX: Duration = Duration::from_secs(10);
/// Frames that stand still at least, however long they take: one damaged frame must not count.
const FRAMES_MIN: u32 = 3;
/// Share of the tiles, of the picture and of a field, that may move: pointer, clock, a running bar.
const RESTLESS_SHARE_MAX: f32 = 0.1;
/// Share of the tiles that must have changed before a picture is judged anew; a new radiograph changes most of a field,
/// and a field is no smaller than a tenth of the picture.
const CHANGED_SHARE_MIN: f32 = 0.03;
/// Between two judgements: each looks at the whole picture.
const JUDGE_EVERY: Duration = Duration::from_millis(250);
/// Exposures remembered: more than a day's work of a portable unit, 40 KB each.
const REMEMBERED_MAX: usize = 200;
/// Share of an exposure's cells by which it is known again. On 90 radiographs of the validation split the same exposure
/// had .84 at least, however it was windowed, two different ones .41 at most, and one moved by 2.5 % .79 at most.
const SAME_SHARE_MIN: f32 = 0.8;

/// A radiograph taken from the live picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// The field alone, averaged: up to 4 bits more than a live frame has.
    pub frame: Frame,
    /// Where it lay in the picture; in a camera's, once it was set upright.
    pub area: Area,
    /// Frames that the least still of its tiles was averaged from.
    pub frames_averaged: u32,
}

/// What a frame has led to.
#[derive(Debug)]
pub struct Look {
    pub live: Live,
    /// A radiograph that has not been given before.
    pub exposure: Option<Exposure>,
}

/// What a board may say of settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettleRules {
    /// [`SETTLE_MIN`]..=[`SETTLE_MAX`].
    pub settle: Duration,
    /// Whether the whole picture is the radiograph's place, as a board's crop has it; else it is looked for.
    pub is_cropped: bool,
    /// Whether the picture comes by a wire, or a camera looks at it.
    pub optics: Optics,
}

impl Default for SettleRules {
    fn default() -> Self {
        Self { settle: SETTLE_DEFAULT, is_cropped: false, optics: Optics::None }
    }
}

/// Watches a live picture.
#[derive(Debug)]
pub struct Settler {
    rules: SettleRules,
    tiles: Option<Tiles>,
    live: Live,
    /// When the picture was judged; `None`: not since it changed in size.
    judged: Option<Duration>,
    next_judgement: Duration,
    outlook: Outlook,
    /// The latest first.
    remembered: VecDeque<Signature>,
}

/// What a still picture turned out to be.
enum Judgement {
    /// A field moves: ask again.
    Restless,
    NoRadiograph,
    NoEdges,
    /// `is_latest`: the last that was given is among what is shown.
    Known {
        is_latest: bool,
    },
    /// Its largest field that is new, or the board's crop. `is_last`: there is no other to look at.
    New {
        exposure: Box<Exposure>,
        is_last: bool,
    },
}

/// The fields of a still picture.
#[derive(Default)]
struct Found {
    /// One moves.
    is_restless: bool,
    /// One is of the exposure that was given last.
    is_latest: bool,
    /// One stands still and has not been given.
    is_new: bool,
    /// Those that have not been given, the largest first.
    new: Vec<Signature>,
}

impl Settler {
    pub fn new(rules: SettleRules) -> Self {
        Self {
            rules,
            tiles: None,
            live: Live::NoSignal,
            judged: None,
            next_judgement: Duration::ZERO,
            outlook: Outlook::default(),
            remembered: VecDeque::new(),
        }
    }

    /// No frame came: what comes next is a new picture. Exposures stay remembered.
    pub fn signal_lost(&mut self) {
        (self.tiles, self.judged, self.live) = (None, None, Live::NoSignal);
        self.outlook = Outlook::default();
    }

    /// Takes the frame of time `now`, which counts from any start and never goes back.
    pub fn look(&mut self, frame: &Frame, now: Duration) -> Look {
        match &mut self.tiles {
            Some(tiles) if tiles.fit(frame) => tiles.take(frame, now),
            _ => {
                self.tiles = Some(Tiles::new(frame, now));
                (self.judged, self.live) = (None, Live::Settling);
                self.outlook = Outlook::default();
            }
        }
        if !self.has_changed_since(self.judged) {
            return Look { live: self.live, exposure: None };
        }
        let mut exposure = None;
        if !self.is_still(frame, self.rules.settle, now) {
            self.look_ahead(frame, now);
            self.live = self.outlook.live(now);
        } else if now >= self.next_judgement {
            self.next_judgement = now + JUDGE_EVERY;
            exposure = self.judge(frame, now);
        }
        // What stands still and is not yet due is called what it was called last.
        Look { live: self.live, exposure }
    }

    /// Whether enough of the picture has changed since then.
    fn has_changed_since(&self, time: Option<Duration>) -> bool {
        let (Some(tiles), Some(time)) = (&self.tiles, time) else { return true };
        tiles.changed_after(time) as f32 > CHANGED_SHARE_MIN * tiles.count() as f32
    }

    /// Whether the whole picture has stood still for so `long`.
    fn is_still(&self, frame: &Frame, long: Duration, now: Duration) -> bool {
        let whole = Area { left: 0, top: 0, size: frame.size() };
        self.tiles.as_ref().is_some_and(|tiles| stands_still(tiles, whole, now.checked_sub(long)))
    }

    /// Looks whether a picture that has begun to stand still may be a new radiograph.
    fn look_ahead(&mut self, frame: &Frame, now: Duration) {
        if !self.is_still(frame, LOOK_AFTER, now) {
            return;
        }
        if self.outlook.is_due(now) && self.has_changed_since(self.outlook.looked()) {
            let is_candidate = self.is_candidate(frame);
            self.outlook.found(is_candidate, now);
        }
        self.outlook.stands(now);
    }

    /// Whether the average so far shows a radiograph that has not been given; averages and memory stay as they are.
    fn is_candidate(&self, frame: &Frame) -> bool {
        let Some(average) = self.tiles.as_ref().and_then(|tiles| tiles.average(frame).ok()) else {
            return false;
        };
        let Ok(seen) = Seen::by(self.rules.optics, average) else { return false };
        self.fields(&seen).iter().any(|field| self.known(&Signature::of(seen.frame(), field)).is_none())
    }

    fn judge(&mut self, frame: &Frame, now: Duration) -> Option<Exposure> {
        let judgement = self.judgement(frame, now);
        match judgement {
            Judgement::Restless => self.outlook.stands(now),
            // The next judgement finds this one known, and gives the one beside it.
            Judgement::New { is_last: false, .. } => self.outlook.settled(now),
            _ => {
                self.judged = Some(now);
                self.outlook.settled(now);
            }
        }
        self.live = match judgement {
            Judgement::Restless => self.outlook.live(now),
            Judgement::NoRadiograph => Live::NoRadiograph,
            Judgement::NoEdges => Live::NoEdges,
            Judgement::Known { is_latest: false } => Live::Recalled,
            Judgement::Known { .. } | Judgement::New { .. } => Live::Seen,
        };
        match judgement {
            Judgement::New { exposure, .. } => Some(*exposure),
            _ => None,
        }
    }

    fn judgement(&mut self, frame: &Frame, now: Duration) -> Judgement {
        let average = self.tiles.as_mut().and_then(|tiles| {
            tiles.refresh(frame);
            tiles.average(frame).ok()
        });
        let Some(average) = average else { return Judgement::NoRadiograph };
        let Ok(seen) = Seen::by(self.rules.optics, average) else { return Judgement::NoEdges };
        let fields = self.fields(&seen);
        if fields.is_empty() {
            return Judgement::NoRadiograph;
        }
        let found = self.found(&seen, &fields, frame.size(), now);
        match found {
            Found { is_new: true, .. } => self.given(seen.frame(), found),
            Found { is_restless: true, .. } => Judgement::Restless,
            Found { is_latest, .. } => Judgement::Known { is_latest },
        }
    }

    /// The fields in which a radiograph may be: one that is too small to be read is none, but a crop is read whole.
    fn fields(&self, seen: &Seen) -> Vec<Field> {
        let is_large = |field: &Field| {
            let PixelSize { width, height } = field.area.size;
            width.min(height) >= SIDE_MIN_PX
        };
        seen.fields().into_iter().filter(|field| self.rules.is_cropped || is_large(field)).collect()
    }

    /// What the `fields` of a live picture of `size` are, each compared with what has been given.
    fn found(&self, seen: &Seen, fields: &[Field], size: PixelSize, now: Duration) -> Found {
        let since = now.checked_sub(self.rules.settle);
        let mut found = Found::default();
        for field in fields {
            let area = seen.area(field.area, size);
            let is_still = self.tiles.as_ref().is_some_and(|tiles| stands_still(tiles, area, since));
            found.is_restless |= !is_still;
            // What moves waits, but in a crop it is given with what stands still.
            if !is_still && !self.rules.is_cropped {
                continue;
            }
            let signature = Signature::of(seen.frame(), field);
            match self.known(&signature) {
                Some(at) => found.is_latest |= at == 0,
                None => {
                    found.is_new |= is_still;
                    found.new.push(signature);
                }
            }
        }
        found
    }

    /// The exposure in the first field that is new, or in the whole crop; from now on it is remembered.
    fn given(&mut self, average: &Frame, found: Found) -> Judgement {
        let (mut new, is_cropped) = (found.new, self.rules.is_cropped);
        let is_last = is_cropped || new.len() == 1 && !found.is_restless;
        if !is_cropped {
            new.truncate(1);
        }
        let whole = Area { left: 0, top: 0, size: average.size() };
        let area = new.first().filter(|_| !is_cropped).map_or(whole, |signature| signature.place.area);
        let Ok(frame) = average.part(area) else { return Judgement::NoRadiograph };
        let window = statistics::window_without_text(&frame);
        new.into_iter().rev().for_each(|signature| self.remembered.push_front(signature));
        self.remembered.truncate(REMEMBERED_MAX);
        let frames_averaged = self.tiles.as_ref().map_or(1, Tiles::frames_averaged);
        let exposure = Exposure { frame: frame.with_window(window), area, frames_averaged };
        Judgement::New { exposure: Box::new(exposure), is_last }
    }

    /// Which of those that were given this is, from 0 for the latest.
    fn known(&self, new: &Signature) -> Option<usize> {
        let same = |old: &Signature| old.share_in(new) >= SAME_SHARE_MIN && !old.is_uncovered_in(new);
        self.remembered.iter().position(same)
    }
}

/// Whether the tiles of `area` have not changed since then, but for a few; `None` is before any frame.
fn stands_still(tiles: &Tiles, area: Area, since: Option<Duration>) -> bool {
    let Some(since) = since else { return false };
    let [left, top] = [area.left, area.top].map(|side| side as usize);
    let (right, bottom) = (left + area.size.width as usize, top + area.size.height as usize);
    let [all, still] = tiles.still([left, top, right, bottom], since, FRAMES_MIN);
    (all - still) as f32 <= RESTLESS_SHARE_MAX * all as f32
}

/// A picture as it came, or set upright.
enum Seen {
    AsItCame(Frame),
    Upright(Upright),
}

/// A camera's picture does not tell how the camera stands.
struct NoEdges;

impl Seen {
    fn by(optics: Optics, picture: Frame) -> Result<Self, NoEdges> {
        match optics {
            Optics::None => Ok(Self::AsItCame(picture)),
            Optics::Camera => Upright::of(&picture).map(Self::Upright).ok_or(NoEdges),
        }
    }

    fn frame(&self) -> &Frame {
        match self {
            Self::AsItCame(frame) => frame,
            Self::Upright(upright) => &upright.frame,
        }
    }

    fn fields(&self) -> Vec<Field> {
        match self {
            Self::AsItCame(frame) => field::find(frame),
            Self::Upright(upright) => upright.fields(),
        }
    }

    /// Where `area` lies in the live picture, which has `size`.
    fn area(&self, area: Area, size: PixelSize) -> Area {
        match self {
            Self::AsItCame(_) => area,
            Self::Upright(upright) => upright.seen(area, size),
        }
    }
}

#[cfg(test)]
mod tests;
