//! The first page: what the screen shows now, how the station is, and the newest reading.

use std::time::Duration;

use super::Sources;
use super::html::{Page, escaped};
use super::triage::row;
use crate::clock::WallTime;
use crate::operator::{OnShow, Shelf};
use crate::render::{Words, filled, words};
use crate::station::{State, Vitals};

/// Often enough to see a result when it comes; each time is one small page and at most one picture.
const REFRESH_SECONDS: u32 = 5;
/// What the operator's panel calls a screen that takes no picture.
const SCREEN_BUSY: &str = "screen_busy";

/// `is_stale`: nobody knows what the screen shows now.
pub fn page(sources: &Sources, on_show: &OnShow, is_stale: bool, now: Duration) -> String {
    let (words, vitals) = (Words::of(on_show.language), sources.vitals.look());
    let picture = match &on_show.picture {
        Some(picture) if !is_stale => {
            let size = picture.size();
            let (title, width, height) = (escaped(title(words, vitals.state)), size.width, size.height);
            format!("<p><img src=\"/screen.png\" alt=\"{title}\" width={width} height={height}></p>\n")
        }
        _ => alert(&format!("{} \u{b7} {}", words.say.fault, words::code_line(words, SCREEN_BUSY))),
    };
    let body = format!(
        "<ul class=badges>{}</ul>\n{}{picture}<ol class=readings>{}</ol>\n",
        badges(sources, on_show),
        failed_tests(words, &vitals),
        newest(words, &on_show.shelf, now),
    );
    Page {
        language: on_show.language,
        title: title(words, vitals.state),
        own: "/",
        refresh: Some(REFRESH_SECONDS),
        foot: &foot(words, sources),
        body,
    }
    .write()
}

/// What the screens call the state.
fn title(words: &Words, state: State) -> &str {
    let title = &words.title;
    match state {
        State::Boot | State::SelfTest => &title.boot,
        State::Ready => &title.ready,
        State::Reading => &title.reading,
        State::Fault => &title.fault,
        State::SafeMode => &title.safe_mode,
        State::Stopping => &title.shut_down,
    }
}

/// The badges of the screen, after the time of day.
fn badges(sources: &Sources, on_show: &OnShow) -> String {
    let words = Words::of(on_show.language);
    let time = sources.clock.wall_time().map(WallTime::to_minute);
    let time = (time.unwrap_or_else(|| words.say.clock.clone()), false);
    let all = std::iter::once(time).chain(on_show.badges.iter().map(|b| words::badge(words, *b)));
    all.map(|(text, attention)| {
        let class = if attention { " class=alert" } else { "" };
        format!("<li{class}>{}</li>", escaped(&text))
    })
    .collect()
}

fn failed_tests(words: &Words, vitals: &Vitals) -> String {
    let failed = vitals.self_tests.iter().filter(|(_, passed)| !passed);
    let line = |code: &str| format!("{} \u{b7} {}", words.title.boot, words::code_line(words, code));
    failed.map(|(code, _)| alert(&line(code))).collect()
}

fn alert(text: &str) -> String {
    format!("<p class=alert>{}</p>\n", escaped(text))
}

fn newest(words: &Words, shelf: &Shelf, now: Duration) -> String {
    shelf.newest().map_or(String::new(), |s| row(words, s, now))
}

fn foot(words: &Words, sources: &Sources) -> Vec<String> {
    let about = &sources.about;
    let model = words::isolated(&format!("{} {}", about.model_name, about.model_version));
    let model = filled(&words.numbers.model, &[("model", &model)]);
    vec![
        escaped(&filled(&words.say.board, &[("board", &words::isolated(&about.board))])),
        escaped(&format!("{model} \u{b7} raymap {}", about.software)),
    ]
}
