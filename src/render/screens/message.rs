//! States that are told in a few words.

use crate::reading::Provenance;
use crate::render::diagram::{self, Diagram};
use crate::render::groups::{Group, column};
use crate::render::language::filled;
use crate::render::layout::Layout;
use crate::render::palette::Ink;
use crate::render::sheet::{SHRINKS, Sheet};
use crate::render::text::{self, Face};
use crate::render::view::View;
use crate::render::{Surface, words};
use crate::units::Fraction;

/// Lines of a sentence; more than any of ours needs.
const SENTENCE_LINES_MAX: usize = 8;
/// Lines of a source's name.
const SOURCE_LINES_MAX: usize = 3;

/// A headline and what goes with it.
struct Message<'a> {
    headline: &'a str,
    ink: Ink,
    /// What happened, in the words of whoever says it.
    text: Option<String>,
    progress: Option<Fraction>,
    advice: &'a str,
    code: Option<&'a str>,
}

pub fn draw<S: Surface>(sheet: &mut Sheet<S>, view: &View) -> Result<(), S::Error> {
    let (w, c) = (&sheet.look.words.say, sheet.look.colours);
    let base = Message { headline: "", ink: c.plain(), text: None, progress: None, advice: "", code: None };
    let message = match *view {
        View::NoSignal { source } => Message {
            headline: &w.no_signal,
            ink: c.alert(),
            text: Some(filled(&w.source, &[("source", &words::isolated(source))])),
            advice: &w.no_signal_advice,
            ..base
        },
        View::NoEdges => {
            Message { headline: &w.no_edges, ink: c.alert(), advice: &w.no_edges_advice, ..base }
        }
        View::ExposureSeen => Message { headline: &w.exposure, advice: &w.exposure_advice, ..base },
        View::InProgress { progress } => Message { headline: &w.reading, progress: Some(progress), ..base },
        View::Fault { code, text } => Message {
            headline: &w.fault,
            ink: c.fault(),
            text: Some(words::sentence(text)),
            advice: &w.fault_advice,
            code: Some(code),
            ..base
        },
        View::SafeMode { code, text } => Message {
            headline: &w.safe_mode,
            ink: c.fault(),
            text: Some(words::sentence(text)),
            advice: &w.safe_mode_advice,
            code: Some(code),
            ..base
        },
        View::ConfirmShutDown => Message { headline: &w.confirm, advice: &w.confirm_advice, ..base },
        View::ShuttingDown => Message { headline: &w.shutting_down, advice: &w.shutting_down_advice, ..base },
        _ => base,
    };
    let (width, height) = (sheet.width(), sheet.height());
    let margin = (width / 12).min(sheet.px(64));
    let s = &mut sheet.part(margin, 0, width - 2 * margin, height);
    let fits = |k: &i32| s.measured(|sheet| message.draw(sheet, *k)).is_some_and(|below| below <= height);
    let shrink = (0..SHRINKS).find(fits).unwrap_or(SHRINKS - 1);
    message.draw(s, shrink).map(drop)
}

impl Message<'_> {
    /// Made smaller by `shrink` steps; returns the row below.
    fn draw<S: Surface>(&self, s: &mut Sheet<S>, shrink: i32) -> Result<i32, S::Error> {
        let look = s.look;
        let face = |face| look.smaller(face, shrink);
        let gap = (s.px(12) * (SHRINKS - shrink) / SHRINKS).max(4);
        let headline = face(Face::bold(look.sizes.share));
        let (body, title) =
            (face(Face::regular((look.sizes.title + look.sizes.body) / 2)), face(look.strong()));
        let mut y = if shrink == 0 { s.px(40).min(s.height() / 8) } else { 0 };
        y = s.paragraph(y, self.headline, headline, self.ink, 2)? + gap / 2;
        if let Some(progress) = self.progress {
            y = bar(s, y + gap, progress)? + gap;
        }
        if let Some(text) = &self.text {
            y = s.paragraph(y, text, body, look.colours.plain(), SENTENCE_LINES_MAX)? + gap;
        }
        if !self.advice.is_empty() {
            y = s.paragraph(y, self.advice, body, look.colours.label(), SENTENCE_LINES_MAX)? + gap;
        }
        let Some(code) = self.code else { return Ok(y) };
        s.paragraph(y, &words::code_line(look.words, code), title, look.colours.plain(), 2)
    }
}

/// How far the work is, as a bar and in percent; returns the row below.
fn bar<S: Surface>(s: &mut Sheet<S>, y: i32, progress: Fraction) -> Result<i32, S::Error> {
    let (width, height, rim) = (s.width(), s.px(30).max(18), s.px(3).max(2));
    let colours = s.look.colours;
    s.frame(0, y, (width, height), colours.label)?;
    let room = width - 2 * rim;
    let done = (room as f32 * progress.get()) as i32;
    if done > 0 {
        s.fill(rim, y + rim, (done, height - 2 * rim), colours.accent)?;
    }
    let percent = words::percent(progress);
    s.line(y + height + rim, &percent, s.look.title(), colours.plain())
}

pub fn boot<S: Surface>(s: &mut Sheet<S>, lines: &[String]) -> Result<(), S::Error> {
    let (look, margin) = (s.look, (s.width() / 20).min(s.px(32)));
    let (width, height) = (s.width() - 2 * margin, s.height());
    let s = &mut s.part(margin, 0, width, height);
    let headline = Face::bold(look.sizes.share);
    let y = s.line(s.px(10), &look.words.say.starting, headline, look.colours.plain())? + s.px(6);
    let face = look.body();
    let rows = ((height - y) / face.line_height()).max(1) as usize;
    let last = &lines[lines.len().saturating_sub(rows)..];
    last.iter().try_fold(y, |y, line| {
        // These are for whoever puts the station up: cut where they are long, so that none is lost below.
        let shown = text::cut(line, look.fitted(line, face, width), width).0;
        s.line(y, &shown, face, look.colours.plain())
    })?;
    Ok(())
}

pub fn ready<S: Surface>(
    s: &mut Sheet<S>,
    layout: &Layout,
    source: &str,
    model: &Provenance,
    note: Option<&str>,
) -> Result<(), S::Error> {
    let (look, image) = (s.look, layout.image);
    let (w, h) = (image.size.width as i32, image.size.height as i32);
    let scale = (w * 800 / diagram::WIDTH).min(h * 800 / diagram::HEIGHT);
    let diagram = Diagram { look, corner: image.center(), scale };
    let half =
        embedded_graphics::prelude::Point::new(diagram.px(diagram::WIDTH), diagram.px(diagram::HEIGHT)) / 2;
    Diagram { corner: image.center() - half, ..diagram }.draw(s.surface, None)?;
    let s = &mut Sheet::new(s.surface, look, layout.panel);
    let mut y = if layout.compact { 0 } else { s.height() / 8 };
    let (words, c, isolated) = (&look.words.say, look.colours, words::isolated);
    y = s.tight(y, &look.words.title.ready, Face::bold(look.sizes.big), c.plain())?;
    let body = Face::regular((look.sizes.title + look.sizes.body) / 2);
    y = s.paragraph(y, &words.waiting, body, c.plain(), 2)? + s.px(10);
    let source = filled(&words.source, &[("source", &isolated(source))]);
    y = s.paragraph(y, &source, look.small(), c.label(), SOURCE_LINES_MAX)? + s.px(10);
    if let Some(note) = note {
        y = s.paragraph(y, note, look.strong(), c.alert(), SENTENCE_LINES_MAX)?;
    }
    let made = [Group::Rule, Group::Provenance(model)];
    column(&mut s.below(y), &[&made, &[]])
}
