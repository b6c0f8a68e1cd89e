//! The infected share of one patient over time: a line for each reading, with its interval.

use crate::pipeline::Study;
use crate::render::language::filled;
use crate::render::sheet::{Place, Sheet};
use crate::render::text::{self, Face};
use crate::render::view::Earlier;
use crate::render::{Surface, words};
use crate::units::Fraction;

/// One reading as it is drawn.
struct Row {
    name: String,
    share: Fraction,
    interval90: [Fraction; 2],
    strong: bool,
}

pub fn draw<S: Surface>(
    s: &mut Sheet<S>,
    study: &Study,
    (earlier, more): (Option<&[Earlier]>, bool),
    named: Option<&str>,
) -> Result<(), S::Error> {
    let (look, w) = (s.look, s.look.words);
    let (c, small) = (look.colours, look.small());
    let title = format!("{} ({})", w.numbers.share, w.say.interval_short);
    let mut y = s.paragraph(0, &title, look.strong(), c.plain(), 2)? + s.px(4);
    if let Some(named) = named {
        let text = filled(&w.say.identified, &[("identifier", &words::isolated(named))]);
        y = s.line(y, &text, small, c.label())? + s.px(4);
    }
    // Neither that there is none nor that these are all can be said while the record is still being read.
    let said = match earlier {
        None => Some(&w.say.no_person),
        Some(_) if more => Some(&w.say.more_earlier),
        Some([]) => Some(&w.say.no_earlier),
        Some(_) => None,
    };
    if let Some(said) = said {
        y = s.paragraph(y, said, small, c.label(), 3)?;
    }
    let earlier = earlier.unwrap_or_default();
    let now = study.reading.outcome.as_ref().ok().map(|found| Row {
        name: marked(&w.numbers.this, !study.reading.warnings.is_empty()),
        share: found.infected.total,
        interval90: found.interval90,
        strong: true,
    });
    let least = s.px(50).max(look.strong().line_height() + small.line_height());
    // Below the rows of the others stands this reading's, or that it was not graded.
    let last = if now.is_some() { least } else { look.strong().line_height() };
    let room = ((s.height() - y - last) / least).max(0) as usize;
    let shown = &earlier[earlier.len().saturating_sub(room)..];
    let rows = (shown.len() + usize::from(now.is_some())).max(1) as i32;
    let all = s.height() - y - if now.is_some() { 0 } else { last };
    let height = (all / rows).clamp(least, least * 3 / 2);
    let before = shown.iter().map(|e| Row {
        name: marked(e.time.as_deref().unwrap_or(&w.say.clock), e.warned),
        share: e.share,
        interval90: e.interval90,
        strong: false,
    });
    for row in before.chain(now) {
        let width = s.width();
        row.draw(&mut s.part(0, y, width, height))?;
        y += height;
    }
    if study.reading.fit() { Ok(()) } else { s.line(y, &w.title.refused, look.strong(), c.alert()).map(drop) }
}

/// A name with a mark before it where there is a warning.
fn marked(name: &str, warned: bool) -> String {
    if warned { format!("! {name}") } else { name.to_owned() }
}

impl Row {
    /// Name and share over a track from 0 to 100 %: a bar up to the share, a bracket over the interval.
    fn draw<S: Surface>(&self, s: &mut Sheet<S>) -> Result<(), S::Error> {
        let (look, width) = (s.look, s.width());
        let face = if self.strong { look.strong() } else { look.small() };
        let ink = if self.strong { look.colours.plain() } else { look.colours.label() };
        let percent = filled(
            "{share} ({interval})",
            &[("share", &words::percent(self.share)), ("interval", &words::interval(self.interval90))],
        );
        let taken = text::width(&percent, Face { bold: true, ..face });
        let room = (width - taken - s.px(10).max(6)).max(0);
        s.write((0, room), face.ascent(), &self.name, face, ink, Place::Start)?;
        let value = (width - taken, taken);
        s.write(
            value,
            face.ascent(),
            &percent,
            Face { bold: true, ..face },
            look.colours.plain(),
            Place::End,
        )?;
        let (top, bar) = (face.line_height() + s.px(2), s.px(20).max(8));
        let at = |share: Fraction| (width as f32 * share.get()) as i32;
        s.fill(0, top, (width, bar), look.colours.key)?;
        s.fill(0, top, (at(self.share), bar), look.colours.accent)?;
        let [low, high] = self.interval90.map(at);
        let (line, tall) = (s.px(2).max(2), bar + 2 * s.px(2));
        let middle = top + (bar - line) / 2;
        s.fill(low, middle, (high - low, line), look.colours.text)?;
        s.fill(low, top - s.px(2), (line, tall), look.colours.text)?;
        s.fill(high - line, top - s.px(2), (line, tall), look.colours.text)
    }
}
