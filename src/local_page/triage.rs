//! The triage list as the screen has it: of the last day, the most severe first, refused ones first among equals.

use std::time::Duration;

use super::html::{Page, escaped};
use super::route::Route;
use super::site::id_of;
use crate::grade::Grade;
use crate::operator::{OnShow, Shelved};
use crate::render::{Listed, Order, Words, words};

const REFRESH_SECONDS: u32 = 15;

pub fn page(on_show: &OnShow, now: Duration) -> String {
    let words = Words::of(on_show.language);
    let listed = on_show.shelf.by(Order::Severity, now);
    let rows: String = listed.iter().map(|s| row(words, s, now)).collect();
    let body = if rows.is_empty() {
        format!("<p>{}</p>\n", escaped(&words.say.no_readings))
    } else {
        format!("<ol class=readings>{rows}</ol>\n")
    };
    Page {
        language: on_show.language,
        title: &words.title.triage,
        own: "/triage",
        refresh: Some(REFRESH_SECONDS),
        foot: &[],
        body,
    }
    .write()
}

/// One reading of a list, which leads to it.
pub fn row(words: &Words, shelved: &Shelved, now: Duration) -> String {
    let entry = &shelved.entry;
    let (what, more) = match &entry.outcome {
        Listed::Graded { grade, share, interval90, warned } => {
            let mark = if *warned { "! " } else { "" };
            let name = words::grade(words, *grade);
            let step = format!("{}/{}", *grade as u8, Grade::ALL.len() - 1);
            let percent = share.percent().get();
            let what = format!(
                "<b>{mark}{} {step}</b><b>{}</b><meter max=100 value={percent:.1}></meter>",
                escaped(name),
                escaped(&words::percent(*share)),
            );
            (what, words::interval(*interval90))
        }
        Listed::Refused { code } => {
            let what = format!("<b class=alert>{}</b>", escaped(&words.title.refused));
            (what, words.refusal.of(code).to_owned())
        }
    };
    let href = Route::Reading(id_of(shelved));
    let when = escaped(&when(words, shelved, now));
    format!("<li><a href=\"{href}\">{what}<small>{when}</small><small>{}</small></a></li>\n", escaped(&more))
}

/// When it was made, how long ago that is, and its number in the record, as far as each is known.
pub fn when(words: &Words, shelved: &Shelved, now: Duration) -> String {
    let number = shelved.entry.record.map(|id| words::isolated(&format!("#{id}")));
    let time = shelved.entry.time.as_deref().map(words::isolated);
    let age = shelved.age(now).map(|age| words::age(words, age));
    let unkept = || words.badge.not_kept.clone();
    [time, age, Some(number.unwrap_or_else(unkept))]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{b7} ")
}
