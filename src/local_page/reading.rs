//! One reading: the picture with its map, and all numbers as a table.

use std::time::Duration;

use super::html::{Page, escaped};
use super::pictures::READING_SIZE;
use super::route::{Id, Route};
use super::triage::when;
use crate::grade::Grade;
use crate::operator::{OnShow, Shelved};
use crate::reading::{Finding, Refusal};
use crate::render::{Words, filled, words};

/// A name and what goes with it.
type Row = (String, String);

pub fn page(on_show: &OnShow, shelved: &Shelved, id: Id, now: Duration) -> String {
    let (words, reading) = (Words::of(on_show.language), &shelved.study.reading);
    let title = filled(&words.say.reading_number, &[("id", &words::isolated(&id.to_string()))]);
    let (table, before) = match &reading.outcome {
        Ok(found) => (graded(words, found), warnings(words, shelved)),
        Err(refusal) => (Vec::new(), refused(words, refusal)),
    };
    let rows: String = table.iter().map(|(name, value)| row(name, value)).collect();
    let table = if rows.is_empty() { rows } else { format!("<table>{rows}</table>\n") };
    let (picture, json) = (Route::ReadingPicture(id), Route::ReadingJson(id));
    let body = format!(
        "<p>{}</p>\n{before}<p><img src=\"{picture}\" alt=\"{}\" width={} height={}></p>\n\
         {table}<p><a href=\"{json}\">JSON</a></p>\n",
        escaped(&when(words, shelved, now)),
        escaped(&title),
        READING_SIZE.width,
        READING_SIZE.height,
    );
    let made = [words::model(words, &reading.provenance), words::software(words, &reading.provenance)];
    let foot = [escaped(&words.numbers.sides), escaped(&made.join(" \u{b7} "))];
    Page { language: on_show.language, title: &title, own: "", refresh: None, foot: &foot, body }.write()
}

fn row(name: &str, value: &str) -> String {
    format!("<tr><th scope=row>{}</th><td>{}</td></tr>\n", escaped(name), escaped(value))
}

/// All numbers, in the order of the screen.
fn graded(words: &Words, found: &Finding) -> Vec<Row> {
    let (n, severity, infected) = (&words.numbers, &found.severity, &found.infected);
    let of = |value: u8, most: u8| words::isolated(&format!("{value}/{most}"));
    let row = |name: &str, value: String| (name.to_owned(), value);
    let step = of(severity.grade as u8, Grade::ALL.len() as u8 - 1);
    let interval = filled(&n.interval, &[("interval", &words::interval(found.interval90))]);
    let [opacity, probability] = words::detection(words, &found.detection);
    let mut rows = vec![
        row(&n.grade, format!("{} {step}", words::grade(words, severity.grade))),
        row(&n.share, format!("{} \u{b7} {interval}", words::percent(infected.total))),
        row(&n.right, words::percent(infected.right)),
        row(&n.left, words::percent(infected.left)),
    ];
    let zones = ["A", "B", "C", "D", "E", "F"].into_iter().zip(infected.zones);
    rows.extend(zones.map(|(zone, share)| row(zone, words::percent(share))));
    rows.push(row(&n.extent, of(severity.geographic_extent, 8)));
    rows.push(row(&n.toussie, of(severity.toussie, 6)));
    rows.push(row(&n.brixia, of(severity.brixia_estimate, 18)));
    rows.push(row(
        &opacity,
        format!("{probability} \u{b7} {}", words::operating_point(words, &found.detection)),
    ));
    rows
}

fn warnings(words: &Words, shelved: &Shelved) -> String {
    match words::warnings(words, &shelved.study.reading.warnings) {
        text if text.is_empty() => text,
        text => format!("<p class=alert>{}</p>\n", escaped(&text)),
    }
}

/// Why there is no grade, and what to do.
fn refused(words: &Words, refusal: &Refusal) -> String {
    let (why, advice) = (words.refusal.of(refusal.code), words::advice(words, refusal.code));
    format!(
        "<p class=alert>{}: {}</p>\n<p>{}: {}</p>\n<p><small>{}</small></p>\n",
        escaped(&words.title.refused),
        escaped(why),
        escaped(&words.say.what_to_do),
        escaped(advice),
        escaped(&words::code_line(words, refusal.code)),
    )
}
