//! What stands around every state: the header with badges and time, the keys, and the disclaimer.

use embedded_graphics::primitives::Rectangle;

use super::Screen;
use crate::pipeline::Study;
use crate::render::layout::area;
use crate::render::palette::Ink;
use crate::render::sheet::{Look, Nothing, Place, Sheet};
use crate::render::text::{self, Face};
use crate::render::view::{Badge, Order, View};
use crate::render::{Surface, words};
use crate::units::PixelSize;

/// The disclaimer takes two lines where one would be too small to read.
const FOOTER_LINES_MAX: usize = 2;
/// Name of the device, in the header of screens that have room for it.
const NAME: &str = "raymap";

/// How many lines the disclaimer takes on a screen of `size`.
pub fn footer_lines(look: &Look, size: PixelSize) -> i32 {
    let room = size.width as i32 - look.sizes.px(16);
    let face = Face::bold(look.sizes.small);
    let lines = text::wrapped(&look.words.disclaimer, face, room, FOOTER_LINES_MAX).0.len();
    lines.clamp(1, FOOTER_LINES_MAX) as i32
}

pub fn draw<S: Surface>(screen: &Screen, target: &mut S) -> Result<(), S::Error> {
    target.fill_solid(&screen.layout.header, screen.look.colours.band)?;
    header(screen).iter().try_for_each(|item| item.write(screen, target))?;
    keys(screen, target)?;
    footer(screen, target)
}

/// A text of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Room that nothing else reaches into.
    room: Rectangle,
    x: i32,
    width: i32,
    baseline: i32,
    words: String,
    face: Face,
    ink: Ink,
    place: Place,
}

impl Item {
    fn write<S: Surface>(&self, screen: &Screen, target: &mut S) -> Result<(), S::Error> {
        let area = inner(screen, screen.layout.header);
        let (at, baseline) = ((self.x, self.width), self.baseline);
        Sheet::new(target, &screen.look, area).write(
            at,
            baseline,
            &self.words,
            self.face,
            self.ink,
            self.place,
        )
    }
}

/// Draws what differs between the header with the texts `before` and that with `now`; returns where.
pub fn redraw<S: Surface>(
    screen: &Screen,
    before: &[Item],
    now: &[Item],
    target: &mut S,
) -> Result<Vec<Rectangle>, S::Error> {
    let gone = before.iter().filter(|item| !now.contains(item));
    let come = now.iter().filter(|item| !before.contains(item));
    let mut rooms: Vec<Rectangle> = Vec::new();
    for room in gone.chain(come).map(|item| item.room) {
        if !rooms.contains(&room) {
            target.fill_solid(&room, screen.look.colours.band)?;
            rooms.push(room);
        }
    }
    let is_gone = |item: &&Item| rooms.iter().any(|r| !r.intersection(&item.room).is_zero_sized());
    now.iter().filter(is_gone).try_for_each(|item| item.write(screen, target))?;
    Ok(rooms)
}

/// A band without a margin at its ends.
fn inner(screen: &Screen, band: Rectangle) -> Rectangle {
    let margin = screen.look.sizes.px(10).max(5);
    area(
        band.top_left.x + margin,
        band.top_left.y,
        band.size.width as i32 - 2 * margin,
        band.size.height as i32,
    )
}

/// Lines of the header as they are filled with texts.
struct Header<'a> {
    screen: &'a Screen<'a>,
    area: Rectangle,
    gap: i32,
    items: Vec<Item>,
    /// An exposure is seen, and there is no room to say so.
    lacks_exposure: bool,
    /// The time, or what stands in its place, is not whole.
    is_cut: bool,
}

impl Header<'_> {
    /// Adds a text `width` wide at `x`.
    fn add(
        &mut self,
        (x, width): (i32, i32),
        baseline: i32,
        (words, face, ink): (&str, Face, Ink),
        place: Place,
    ) {
        // Half of the gap to the next text on either side: what stands out of a letter's width is in it.
        let half = self.gap / 2;
        let mut nothing = Nothing;
        let sheet = Sheet::new(&mut nothing, &self.screen.look, self.area);
        let room = sheet.place(x - half, 0, width + 2 * half, self.area.size.height as i32);
        // Accents of a second line reach into the first.
        let room = if self.screen.layout.two_lines { self.screen.layout.header } else { room };
        self.items.push(Item { room, x, width, baseline, words: words.to_owned(), face, ink, place });
    }
}

/// The texts of the header.
///
/// The word of an exposure that is seen, and that finds no room beside the others, takes the time's place: it passes.
pub fn header(screen: &Screen) -> Vec<Item> {
    let (words, colours, context) = (screen.look.words, screen.look.colours, screen.context);
    let time = context.wall_time.map(words::isolated);
    let ink = if time.is_some() { colours.label_on_band() } else { colours.alert_on_band() };
    let usual = texts(screen, (time.as_deref().unwrap_or(&words.say.clock), ink), context.badges);
    if !usual.lacks_exposure {
        return usual.items;
    }
    let others =
        context.badges.iter().copied().filter(|badge| *badge != Badge::ExposureSeen).collect::<Vec<_>>();
    let instead = texts(screen, (&words.say.exposure, colours.label_on_band()), &others);
    if instead.is_cut { usual.items } else { instead.items }
}

/// The header with these words in the place of the time, and as many of the badges as fit.
fn texts<'a>(screen: &'a Screen, (clock, ink): (&str, Ink), all: &[Badge]) -> Header<'a> {
    let (layout, look) = (&screen.layout, &screen.look);
    let area = inner(screen, layout.header);
    let (width, height) = (area.size.width as i32, area.size.height as i32);
    let (colours, face, gap) = (look.colours, look.strong(), look.sizes.px(14).max(8));
    let mut header = Header { screen, area, gap, items: Vec::new(), lacks_exposure: false, is_cut: false };
    let small = look.small();
    let line = if layout.two_lines { height - small.line_height() } else { height };
    let baseline = (line + face.capital_height()) / 2;
    let mut x = 0;
    if !layout.compact && !layout.upright {
        let taken = text::width(NAME, face);
        header.add((0, taken), baseline, (NAME, face, colours.label_on_band()), Place::Start);
        x = taken + gap;
    }
    let (room, least) = (width - x, small.with_px(look.sizes.least));
    let free = room - gap - text::width(clock, least);
    let (mut title, warns) = title(screen, true);
    if text::width(&title, face) > free {
        (title, _) = self::title(screen, false);
    }
    let title_ink = if warns { colours.alert_on_band() } else { colours.on_band() };
    // The title has what it needs, up to two thirds; the clock gives way down to its least size.
    let taken = text::width(&title, face).min(free.max(room * 2 / 3));
    header.add((x, taken), baseline, (&title, face, title_ink), Place::Start);
    x += taken + gap;
    let clock_face = look.fitted(clock, small, width - x);
    header.is_cut = text::width(clock, clock_face) > width - x;
    let taken = text::width(clock, clock_face).min(width - x);
    header.add((width - taken, taken), baseline, (clock, clock_face, ink), Place::End);
    if layout.two_lines {
        badges(&mut header, all, (0, width), line + small.capital_height());
    } else {
        badges(&mut header, all, (x, width - taken - gap - x), baseline);
    }
    header
}

/// As many badges as fit, the most urgent at the start; one that warns has a mark before it.
fn badges(header: &mut Header, all: &[Badge], (mut x, room): (i32, i32), baseline: i32) {
    let (look, end) = (&header.screen.look, x + room);
    let face = look.small();
    for badge in all {
        let (words, warns) = words::badge(look.words, *badge);
        let words = if warns { format!("! {words}") } else { words };
        let taken = text::width(&words, face);
        if x + taken > end {
            header.lacks_exposure |= *badge == Badge::ExposureSeen;
            continue;
        }
        let ink = if warns { look.colours.alert_on_band() } else { look.colours.label_on_band() };
        header.add((x, taken), baseline, (&words, face, ink), Place::Start);
        x += taken + header.gap;
    }
}

/// What the header calls the state, `aged` with the age of what it shows; and whether it asks for attention.
fn title(screen: &Screen, aged: bool) -> (String, bool) {
    let (words, age) = (screen.look.words, screen.context.age.filter(|_| aged));
    let t = &words.title;
    let aged = |title: &str| match age {
        Some(age) => format!("{title} \u{b7} {}", words::age(words, age)),
        None => title.to_owned(),
    };
    let of_study = |study: &Study| match (&study.reading.outcome, study.reading.warnings.is_empty()) {
        (Err(_), _) => (aged(&t.refused), true),
        (Ok(_), true) => (aged(&t.result), false),
        (Ok(_), false) => (aged(&format!("! {}", t.result)), true),
    };
    let compared = |study: &Study| match study.reading.warnings.is_empty() {
        true => (t.compared.clone(), false),
        false => (format!("! {}", t.compared), true),
    };
    let plain = |title: &str| (title.to_owned(), false);
    match screen.view {
        View::Boot { .. } => plain(&t.boot),
        View::Ready { .. } => plain(&t.ready),
        View::NoSignal { .. } => (t.no_signal.clone(), true),
        View::NoEdges => (t.camera.clone(), true),
        View::ExposureSeen => plain(&t.exposure),
        View::InProgress { .. } => plain(&t.reading),
        View::Result(study) | View::Refused(study) | View::Details(study) => of_study(study),
        View::Compared { study, .. } => compared(study),
        View::SetClock(_) => plain(&t.clock),
        View::Identify(_) => (aged(&t.identify), false),
        View::List(list) => {
            let name = if list.order == Order::Severity { &t.triage } else { &t.history };
            let place = (list.selected + 1).min(list.entries.len());
            plain(&format!("{name} \u{b7} {place}/{}", list.entries.len()))
        }
        View::Menu { .. } => plain(&t.menu),
        View::Fault { .. } => (t.fault.clone(), true),
        View::SafeMode { .. } => (t.safe_mode.clone(), true),
        View::ConfirmShutDown | View::ShuttingDown => plain(&t.shut_down),
    }
}

fn keys<S: Surface>(screen: &Screen, target: &mut S) -> Result<(), S::Error> {
    let (look, keys) = (&screen.look, screen.keys());
    for (k, action) in keys.iter().enumerate() {
        let area = screen.layout.key(k, keys.len());
        target.fill_solid(&area, look.colours.key)?;
        let sheet = &mut Sheet::new(target, look, area);
        let (size, face, rim) = ((sheet.width(), sheet.height()), look.strong(), look.sizes.px(4).max(2));
        sheet.frame(0, 0, size, look.colours.label)?;
        let baseline = (size.1 + face.capital_height()) / 2;
        let words = words::action(look.words, *action);
        sheet.write((rim, size.0 - 2 * rim), baseline, words, face, look.colours.on_key(), Place::Middle)?;
    }
    Ok(())
}

fn footer<S: Surface>(screen: &Screen, target: &mut S) -> Result<(), S::Error> {
    let look = &screen.look;
    target.fill_solid(&screen.layout.footer, look.colours.band)?;
    let sheet = &mut Sheet::new(target, look, inner(screen, screen.layout.footer));
    let face = Face::bold(look.sizes.small);
    let ink: Ink = look.colours.on_band();
    let (lines, cut) = text::wrapped(&look.words.disclaimer, face, sheet.width(), FOOTER_LINES_MAX);
    if cut {
        look.note(&look.words.disclaimer);
    }
    let step = sheet.height() / lines.len().max(1) as i32;
    for (k, line) in lines.iter().enumerate() {
        let baseline = step * k as i32 + (step + face.capital_height()) / 2;
        let width = sheet.width();
        sheet.write((0, width), baseline, line, face, ink, Place::Middle)?;
    }
    Ok(())
}
