//! Every key of a board file, what it takes and what it means: the JSON schema for editors.
//!
//! The schema says less than `check`: which keys go together it leaves open. A test holds its keys to the parser's.

use serde_json::{Map, Value, json};

use super::check::{BAUD_RATE, DESCRIPTION_CHARACTERS_MAX, SCREEN_SIDE_PX, THREADS};
use super::check::{CALLERS_MAX, CAPTURE_SIDE_PX, CLOCK_HZ, FACTS_MAX, PIN, SETTLE_MS, SETUP_LINES_MAX};
use super::check::{TIMEOUT_MS, WATCHDOG_S};
use super::crop::Optics;
use super::dicom_send::PORT;
use super::facts::Status;
use super::keyboard::Keyboard;
use super::record::RECORD_BYTES_MAX;
use super::screen::{LANGUAGES, PanelModel};
use super::station::{LOG_LEVELS, STAGE_S_MAX};
use super::texts::PARENTS_MAX;

/// What a key takes.
enum Takes {
    Text,
    /// At most so many characters.
    TextUpTo(usize),
    Name,
    OneOf(&'static [&'static str]),
    Whole([i64; 2]),
    /// Pixels, or a share of the picture.
    PixelsOrShare,
    Percent,
    /// A quarter turn.
    Degrees,
    Switch,
    /// Texts, at most so many.
    Texts(usize),
    Table(&'static [Key], &'static [&'static str]),
    /// Tables, at most so many.
    Tables(&'static [Key], &'static [&'static str], usize),
}

/// A key, what it takes, and what it means.
struct Key(&'static str, Takes, &'static str);

const FACT: &[Key] = &[
    Key("device", Takes::Text, "The node in /dev."),
    Key("text", Takes::TextUpTo(300), "What there is, in one line."),
    Key(
        "setup",
        Takes::Texts(SETUP_LINES_MAX),
        "Lines for the board's own configuration, such as config.txt, as they are to be written.",
    ),
    Key(
        "timeout_s_max",
        Takes::Whole(WATCHDOG_S),
        "Watchdogs only: the longest time for which the hardware can be set.",
    ),
    Key("status", Takes::OneOf(&Status::NAMES), "How far this has been tried."),
    Key("source", Takes::TextUpTo(300), "The public document or the trial from which it is known."),
];
const FACT_NEEDS: &[&str] = &["text", "status", "source"];

const FACTS: &[Key] = &[
    Key("processor", Takes::Table(FACT, FACT_NEEDS), "Processor and memory."),
    Key("uarts", Takes::Tables(FACT, FACT_NEEDS, FACTS_MAX), "Serial ports, the one to use first."),
    Key("watchdogs", Takes::Tables(FACT, FACT_NEEDS, FACTS_MAX), "Watchdogs and their limits."),
    Key("screens", Takes::Tables(FACT, FACT_NEEDS, FACTS_MAX), "Connectors for screens."),
    Key("cameras", Takes::Tables(FACT, FACT_NEEDS, FACTS_MAX), "Connectors for cameras and grabbers."),
];

const PHANTOM: &[Key] = &[
    Key("seed", Takes::Whole([0, i64::MAX]), "Chooses anatomy, exposure and noise."),
    Key("infected", Takes::Percent, "Infected share of the lungs, in percent."),
];

const CROP: &[Key] = &[
    Key("left", Takes::PixelsOrShare, "From the picture's left edge."),
    Key("top", Takes::PixelsOrShare, "From the picture's upper edge."),
    Key("width", Takes::PixelsOrShare, "Of what is kept."),
    Key("height", Takes::PixelsOrShare, "Of what is kept."),
];
const CROP_NEEDS: &[&str] = &["left", "top", "width", "height"];

const SOURCE: &[Key] = &[
    Key(
        "kind",
        Takes::OneOf(&["phantom", "v4l", "folder", "replay", "dicom-net"]),
        "Giving it replaces an inherited table whole.",
    ),
    Key("phantoms", Takes::Tables(PHANTOM, &["seed", "infected"], 1_000), "phantom: which ones."),
    Key(
        "path",
        Takes::Text,
        "folder: whose radiographs are read; replay: the file that `raymap record` wrote; dicom-net: where what arrives waits to be read.",
    ),
    Key(
        "remember",
        Takes::Text,
        "folder: the file that notes what has been read; left out: after a restart all is read again.",
    ),
    Key("device", Takes::Text, "v4l: the node, such as /dev/video0."),
    Key("card", Takes::Text, "v4l, in place of device: the name that the device gives itself."),
    Key(
        "width",
        Takes::Whole(CAPTURE_SIDE_PX),
        "v4l: pixels to ask for; left out: what the device is set to.",
    ),
    Key("height", Takes::Whole(CAPTURE_SIDE_PX), "v4l: pixels to ask for."),
    Key(
        "format",
        Takes::Text,
        "v4l: the pixel format's code: GREY, YUYV or MJPG; left out: the first on offer.",
    ),
    Key("timeout_ms", Takes::Whole(TIMEOUT_MS), "v4l: the longest wait for one frame."),
    Key(
        "crop",
        Takes::Table(CROP, CROP_NEEDS),
        "v4l, replay: the part of the picture that is the radiograph; left out: it is looked for.",
    ),
    Key(
        "range",
        Takes::OneOf(&["full", "limited"]),
        "v4l, replay: black and white at 0 and 255, or at 16 and 235.",
    ),
    Key(
        "settle_ms",
        Takes::Whole(SETTLE_MS),
        "v4l, replay: how long a picture stands still before it counts; 1000 unless given.",
    ),
    Key(
        "optics",
        Takes::OneOf(&Optics::NAMES),
        "v4l, replay: camera where one looks at a monitor or a light box, so that tilt and perspective are taken back.",
    ),
    Key("bind", Takes::Text, "dicom-net: the board's own address and port, such as 192.168.7.1:11112."),
    Key("title", Takes::Text, "dicom-net: the station's application entity title; RAYMAP unless given."),
    Key("callers", Takes::Texts(CALLERS_MAX), "dicom-net: the titles of the units that may send."),
];

const SCREEN: &[Key] = &[
    Key(
        "kind",
        Takes::OneOf(&["png", "drm", "framebuffer", "auto", "spi", "window"]),
        "Giving it replaces an inherited table whole; auto: drm where it works, else framebuffer; window: on a desktop.",
    ),
    Key("path", Takes::Text, "png: the picture file, written anew for each picture."),
    Key(
        "width",
        Takes::Whole(SCREEN_SIDE_PX),
        "png: pixels. drm: of the mode to set; left out: the display's own choice up to 1920x1080. spi: 240 unless given. window: 800 unless given.",
    ),
    Key(
        "height",
        Takes::Whole(SCREEN_SIDE_PX),
        "png: pixels. drm: of the mode to set. spi: 320 unless given. window: 480 unless given.",
    ),
    Key("rotate", Takes::Degrees, "All but png and window: how far pictures are turned clockwise."),
    Key(
        "device",
        Takes::Text,
        "drm: /dev/dri/card0; left out: the first with a display. framebuffer: /dev/fb0 unless given. spi: /dev/spidev0.0.",
    ),
    Key(
        "connector",
        Takes::TextUpTo(32),
        "drm: the connector's name, such as HDMI-A-1; left out: the first with a display.",
    ),
    Key("panel", Takes::OneOf(&PanelModel::NAMES), "spi: the panel's controller."),
    Key("clock_hz", Takes::Whole(CLOCK_HZ), "spi: the bus's rate; 32000000 unless given."),
    Key("gpio_chip", Takes::Text, "spi: the pins' controller, such as /dev/gpiochip0."),
    Key("data_pin", Takes::Whole(PIN), "spi: the line that tells data from commands (DC)."),
    Key("reset_pin", Takes::Whole(PIN), "spi: the line that resets the panel; left out: not connected."),
    Key("backlight_pin", Takes::Whole(PIN), "spi: the backlight's line; left out: always on."),
    Key("inverted", Takes::Switch, "spi: true where colours would be negative otherwise."),
    Key("blue_first", Takes::Switch, "spi: true where red and blue would be exchanged otherwise."),
];

const SERIAL: &[Key] = &[
    Key("file", Takes::Text, "The lines go into this file."),
    Key("port", Takes::Text, "In place of file: the serial port, such as /dev/ttyS0."),
    Key("baud_rate", Takes::Whole(BAUD_RATE), "Of the port; 115200 unless given."),
];

const RECORD: &[Key] = &[
    Key("folder", Takes::Text, "Readings are kept in this folder, which is made where it is not there."),
    Key("bytes_max", Takes::Whole(RECORD_BYTES_MAX), "When so much is filled, the oldest readings go first."),
    Key(
        "key_file",
        Takes::Text,
        "The key that seals new readings, made by `raymap records key`; may begin with $CREDENTIALS_DIRECTORY/; left out: they are kept in the clear.",
    ),
    Key(
        "patient",
        Takes::Switch,
        "Patient and study are kept as DICOM files say them, for what is sent or exported; needs key_file.",
    ),
];
const RECORD_NEEDS: &[&str] = &["folder", "bytes_max"];

const DICOM_SEND: &[Key] = &[
    Key("address", Takes::Text, "The archive's address in numbers, such as 192.168.7.2."),
    Key("port", Takes::Whole(PORT), "The archive's port, such as 104 or 11112."),
    Key("called_ae", Takes::Text, "The archive's application entity title."),
    Key("calling_ae", Takes::Text, "The station's own title; RAYMAP unless given."),
];
const DICOM_SEND_NEEDS: &[&str] = &["address", "port", "called_ae"];

const PAGE: &[Key] = &[
    Key("address", Takes::Text, "The board's own address and port, such as 192.168.7.1:8080."),
    Key(
        "token_file",
        Takes::Text,
        "The file of the token without which nothing is shown; may begin with $CREDENTIALS_DIRECTORY/.",
    ),
];
const PAGE_NEEDS: &[&str] = &["address", "token_file"];

const STATION: &[Key] = &[
    Key("folder", Takes::Text, "Where starts are counted; left out: the service's own folder."),
    Key("watchdog", Takes::Text, "The board's watchdog, such as /dev/watchdog0; left out: it is left alone."),
    Key(
        "stage_s_max",
        Takes::Whole(STAGE_S_MAX),
        "Seconds a stage may go without progress; 10 unless given.",
    ),
    Key(
        "log",
        Takes::OneOf(&LOG_LEVELS),
        "Records of the log that go over the serial line; off unless given.",
    ),
    Key(
        "operating_point",
        Takes::Text,
        "What `raymap calibrate` wrote; left out: the model's own threshold.",
    ),
];

const COMPUTE: &[Key] = &[
    Key("threads", Takes::Whole(THREADS), "Threads of the network; one for each core where it is left out."),
    Key(
        "kernels",
        Takes::Name,
        "Kernels by their name; the fastest that the processor can run where it is left out.",
    ),
];

const BOARD: &[Key] = &[
    Key("name", Takes::Name, "Goes into every boot line; the file's own name unless given. Not inherited."),
    Key("description", Takes::TextUpTo(DESCRIPTION_CHARACTERS_MAX), "A sentence for people. Not inherited."),
    Key(
        "status",
        Takes::OneOf(&Status::NAMES),
        "How far all of it has been tried; of parts the weakest counts.",
    ),
    Key(
        "inherits",
        Takes::Texts(PARENTS_MAX),
        "Files below the board folder without .toml; later ones hide earlier ones.",
    ),
    Key("source", Takes::Table(SOURCE, &[]), "Where radiographs come from."),
    Key("screen", Takes::Table(SCREEN, &[]), "Where results are shown."),
    Key(
        "language",
        Takes::OneOf(&LANGUAGES),
        "The screen's, until the operator chooses another; en unless given.",
    ),
    Key(
        "keyboard",
        Takes::OneOf(&Keyboard::NAMES),
        "The layout of keyboards and code readers; us unless given.",
    ),
    Key("serial", Takes::Table(SERIAL, &[]), "Where results are reported."),
    Key("model", Takes::Text, "A model bundle's folder; embedded, the one inside the program, unless given."),
    Key("record", Takes::Table(RECORD, RECORD_NEEDS), "Where readings are kept; left out: nowhere."),
    Key(
        "dicom_send",
        Takes::Table(DICOM_SEND, DICOM_SEND_NEEDS),
        "Where kept readings are sent as DICOM objects; left out: nowhere.",
    ),
    Key("page", Takes::Table(PAGE, PAGE_NEEDS), "The local page; left out: there is none."),
    Key("station", Takes::Table(STATION, &[]), "What watches over the program."),
    Key("compute", Takes::Table(COMPUTE, &[]), "How the network is computed."),
    Key("facts", Takes::Table(FACTS, &[]), "What is known of the hardware: for people, never acted upon."),
];

/// The JSON schema (draft 2020-12) of board files.
pub fn schema() -> Value {
    let mut schema = object(BOARD, &["description"]);
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        fields.insert("title".into(), json!("A board of raymap"));
    }
    schema
}

/// Every table by its name, with its keys; the board's own table has no name.
pub fn known_keys() -> Vec<(String, Vec<&'static str>)> {
    let mut tables = Vec::new();
    collect("", BOARD, &mut tables);
    tables
}

fn collect(name: &str, keys: &[Key], tables: &mut Vec<(String, Vec<&'static str>)>) {
    tables.push((name.into(), keys.iter().map(|Key(key, ..)| *key).collect()));
    for Key(key, takes, _) in keys {
        let below = if name.is_empty() { (*key).into() } else { format!("{name}.{key}") };
        match takes {
            Takes::Table(keys, _) => collect(&below, keys, tables),
            Takes::Tables(keys, ..) => collect(&format!("{below}[]"), keys, tables),
            _ => {}
        }
    }
}

fn object(keys: &[Key], needed: &[&str]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|Key(name, takes, about)| (name.to_string(), property(takes, about))).collect();
    let mut object = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !needed.is_empty() {
        object["required"] = json!(needed);
    }
    object
}

fn property(takes: &Takes, about: &str) -> Value {
    let mut property = match takes {
        Takes::Text => json!({"type": "string", "minLength": 1}),
        Takes::TextUpTo(max) => json!({"type": "string", "minLength": 1, "maxLength": max}),
        Takes::Name => json!({"type": "string", "pattern": "^[a-z0-9-]{1,32}$"}),
        Takes::OneOf(names) => json!({"enum": names}),
        Takes::Whole([min, max]) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Takes::PixelsOrShare => json!({"type": "number", "minimum": 0, "maximum": CAPTURE_SIDE_PX[1]}),
        Takes::Percent => json!({"type": "number", "minimum": 0, "maximum": 100}),
        Takes::Degrees => json!({"enum": [0, 90, 180, 270]}),
        Takes::Switch => json!({"type": "boolean"}),
        Takes::Texts(max) => {
            json!({"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": max})
        }
        Takes::Table(keys, needed) => object(keys, needed),
        Takes::Tables(keys, needed, max) => {
            json!({"type": "array", "items": object(keys, needed), "maxItems": max})
        }
    };
    property["description"] = json!(about);
    property
}
