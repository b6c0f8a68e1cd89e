//! The local page of the built program: who may look, what is seen, and that nothing that is sent there changes or
//! holds up anything.

#[path = "page/browser.rs"]
mod browser;
#[path = "page/client.rs"]
mod client;
mod program;
#[path = "page/station.rs"]
mod station;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use browser::Browser;
use client::{answer, connect, request, send};
use program::raymap;
use raymap::record::{RecordPlace, Restored};
use serde_json::Value;
use station::{NAME, Station, TOKEN, put, record, wait_for};

const NOTICE: &str = "For research and triage support. Not for diagnosis.";
const ADDRESSES: [&str; 8] = [
    "/",
    "/screen.png",
    "/style.css",
    "/triage",
    "/metrics",
    "/reading/1",
    "/reading/1.png",
    "/reading/1.json",
];

#[test]
fn whoever_has_the_token_sees_what_the_screen_shows_and_nobody_else_anything() {
    let station = Station::start(&["A", "blank"], 0o400);
    station.is_open();
    station.has_read(2);
    station.shows("/reading/2");
    let kinds = ["text/html", "image/png", "text/css", "text/html", "text/plain; version=0.0.4", "text/html"];
    let kinds = kinds.into_iter().chain(["image/png", "application/json"]);
    for (path, kind) in ADDRESSES.into_iter().zip(kinds) {
        let seen = station.get(path);
        assert_eq!(seen.status, 200, "{path}");
        assert!(seen.headers["content-type"].starts_with(kind), "{path}");
        assert!(seen.headers["content-security-policy"].starts_with("default-src 'none'; img-src 'self'; "));
        assert_eq!(seen.headers["cache-control"], "no-store");
        let head = station.ask("HEAD", path, &format!("Authorization: Bearer {TOKEN}\r\n"));
        assert_eq!((head.status, head.body.len()), (200, 0));
        for wrong in ["", "Authorization: Bearer k3Jx-9QzTr7_mB2vLw8sYd4M\r\n", "Cookie: raymap_page=1\r\n"] {
            let refused = station.ask("GET", path, wrong);
            assert_eq!(refused.status, 401, "{path} {wrong}");
            assert!(refused.body.len() < 200 && !refused.headers.contains_key("set-cookie"));
        }
        if kind == "text/html" {
            let text = seen.text();
            assert!(text.contains(NOTICE) && !text.contains("<script"), "{path}");
        }
    }
    // Not even what there is can be found out without it.
    assert_eq!(station.ask("GET", "/nothing", "").status, 401);
    assert_eq!(station.get("/nothing").status, 404);
    assert_eq!((station.get("/reading/3").status, station.get("/reading/unkept-1").status), (404, 404));

    let picture = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    let reading = picture(&station.get("/reading/1.png").body);
    assert_eq!(reading.dimensions(), (800, 1_200));
    let is_tinted = |p: &image::Rgb<u8>| p.0[0].abs_diff(p.0[2]) > 60;
    assert!(reading.pixels().filter(|p| is_tinted(p)).count() > 2_000, "the map is drawn");
    wait_for("the screen's picture", || {
        let file = fs::read(station.at().join("screen.png")).unwrap();
        picture(&station.get("/screen.png").body) == picture(&file)
    });
}

#[test]
fn what_is_said_of_a_reading_is_what_the_record_holds() {
    let station = Station::start(&["A", "blank"], 0o400);
    station.is_open();
    station.has_read(2);
    station.shows("/reading/2");
    let place = RecordPlace { folder: station.at().join("rec"), key_file: None };
    let journal = place.open().unwrap();
    let entries: Vec<_> = journal.readings().copied().collect();
    let mut shown = Vec::new();
    for entry in &entries {
        let kept = Restored::load(&journal, entry).unwrap();
        let text = station.get(&format!("/reading/{}.json", kept.id)).text();
        let json: Value = serde_json::from_str(&text).unwrap();
        for key in ["fit", "infected", "severity", "detection", "model", "notice", "warnings"] {
            assert_eq!(json[key], kept.json["reading"][key], "{key}");
        }
        assert_eq!(json["record"], kept.id);
        shown.push((kept.id, kept.refusal().map(String::from)));
    }
    let (refused, graded) = if shown[0].1.is_some() { (1, 2) } else { (2, 1) };
    assert_eq!(shown[refused - 1].1.as_deref(), Some("exposure_blank"));
    // The refused one first: its severity is not known.
    let triage = station.get("/triage").text();
    let at = |id: usize| triage.find(&format!("href=\"/reading/{id}\"")).expect("it is listed");
    assert!(triage.contains("Not graded") && at(refused) < at(graded), "{triage}");
    let page = station.get(&format!("/reading/{refused}")).text();
    assert!(page.contains("exposure_blank") && !page.contains("Severity grade"), "{page}");
    let figures = station.get("/metrics").text();
    for line in [
        "raymap_readings_total{outcome=\"graded\"} 1",
        "raymap_readings_total{outcome=\"refused\"} 1",
        "raymap_refusals_total{code=\"exposure_blank\"} 1",
        "raymap_readings_kept_total 2",
        "raymap_self_test_passed{code=\"page\"} 1",
        "raymap_record_bytes_max 67108864",
    ] {
        assert!(figures.lines().any(|l| l == line), "{line}\n{figures}");
    }
    let bytes: usize = record(station.at()).iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(figures.contains(&format!("raymap_record_bytes {bytes}\n")), "{bytes}: {figures}");
}

#[test]
fn the_token_in_an_address_becomes_a_cookie_that_opens_everything() {
    let station = Station::start(&[], 0o400);
    station.is_open();
    let wrong = station.ask("GET", &format!("/?token={TOKEN}x"), "");
    assert!(wrong.status == 401 && !wrong.headers.contains_key("set-cookie"));
    let first = station.ask("GET", &format!("/triage?token={TOKEN}"), "");
    assert_eq!((first.status, first.headers["location"].as_str()), (303, "/triage"));
    let cookie = &first.headers["set-cookie"];
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict") && !cookie.contains(TOKEN));
    let pair = cookie.split(';').next().unwrap();
    for path in ["/", "/triage", "/metrics"] {
        assert_eq!(station.ask("GET", path, &format!("Cookie: a=b; {pair}\r\n")).status, 200);
    }
    // It leads nowhere else.
    assert_eq!(station.ask("GET", &format!("//evil.example/?token={TOKEN}"), "").status, 404);
    let split = format!("/%0d%0aSet-Cookie:a=b?token={TOKEN}");
    assert_eq!(station.ask("GET", &split, "").status, 404);
}

#[test]
fn nothing_that_is_sent_changes_anything_and_no_secret_is_said() {
    let station = Station::start(&["A", "B"], 0o400);
    station.is_open();
    station.has_read(2);
    station.shows("/reading/2");
    let before = record(station.at());
    let authorised = format!("Authorization: Bearer {TOKEN}\r\n");
    let mut said = Vec::new();
    for path in ADDRESSES.into_iter().chain([
        "/reading/2",
        "/reading/2.json",
        "/none",
        "/reading/..%2f..%2fsecret-token",
    ]) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "MKCOL"] {
            for headers in ["", authorised.as_str()] {
                let answer = station.ask(method, path, headers);
                let looks = method == "GET" || method == "HEAD";
                assert!(looks || answer.status == 405, "{method} {path}: {}", answer.status);
                said.extend(answer.headers.values().cloned());
                if !answer.headers["content-type"].starts_with("image/") {
                    said.push(answer.text());
                }
            }
        }
    }
    let body = format!("POST /reading/1 HTTP/1.1\r\nHost: a\r\n{authorised}Content-Length: 4\r\n\r\nabcd");
    assert_eq!(send(station.address, body.as_bytes()).unwrap().status, 405);
    assert_eq!(record(station.at()), before, "the record is as it was");
    said.push(fs::read_to_string(station.at().join("log")).unwrap());
    said.push(fs::read_to_string(station.at().join("serial.log")).unwrap());
    let folder = station.at().to_str().unwrap();
    for secret in [TOKEN, NAME, folder, "secret-token"] {
        assert!(said.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}

#[test]
fn what_is_no_request_is_refused_and_the_page_goes_on() {
    let station = Station::start(&[], 0o400);
    station.is_open();
    let status = |bytes: &[u8]| send(station.address, bytes).map(|a| a.status);
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET / HTTP/1.1\r\n",
        b"GET",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        assert_eq!(status(bytes), Some(400), "{bytes:?}");
    }
    assert_eq!(status(&request("GET", "/", &format!("a: {}\r\n", "b".repeat(9_000)))), Some(431));
    assert_eq!(status(&request("GET", "/", &"a: b\r\n".repeat(60))), Some(431));
    assert_eq!(status(b""), None, "who says nothing is told nothing");
    // What comes after a refused head does not keep the answer from arriving.
    assert_eq!(status(&[b"POST / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), &[7; 30_000]].concat()), Some(405));
    assert_eq!(station.get("/").status, 200);
}

#[test]
fn floods_and_slow_peers_hold_up_neither_the_station_nor_the_page_for_long() {
    let station = Station::start(&["A"], 0o400);
    station.is_open();
    station.has_read(1);
    // More silent and half-said connections than there are places, for as long as they are let.
    let mut slow: Vec<_> = (0..60).map(|_| connect(station.address)).collect();
    for stream in slow.iter_mut().step_by(2) {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHo");
    }
    let full = send(station.address, &request("GET", "/", "")).map(|a| a.status);
    assert!([None, Some(429), Some(503)].contains(&full), "{full:?}");
    // A radiograph that comes meanwhile is read, with requests all the time.
    put(station.at(), "B");
    let (address, until) = (station.address, Instant::now() + Duration::from_secs(8));
    let flood: Vec<_> = (0..6)
        .map(|k| {
            thread::spawn(move || {
                let mut count = 0;
                while Instant::now() < until {
                    let path = if k % 2 == 0 { "/screen.png" } else { "/metrics" };
                    let headers = format!("Authorization: Bearer {TOKEN}\r\n");
                    count += usize::from(send(address, &request("GET", path, &headers)).is_some());
                }
                count
            })
        })
        .collect();
    station.has_read(2);
    let answered: usize = flood.into_iter().map(|t| t.join().unwrap()).sum();
    assert!(answered > 20, "{answered} answers");
    // Those that said half were told that it took too long, or were turned away; all were let go of.
    for mut stream in slow {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let known = ["", "HTTP/1.1 408 ", "HTTP/1.1 429 ", "HTTP/1.1 503 "];
        assert!(known.iter().any(|k| text.starts_with(k)), "{text}");
    }
    wait_for("the page", || station.get("/").status == 200);
}

#[test]
fn peers_that_ask_and_do_not_read_hold_up_nothing() {
    let station = Station::start(&["A"], 0o400);
    station.is_open();
    station.has_read(1);
    station.shows("/reading/1");
    let lazy: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(station.address);
            let headers = format!("Authorization: Bearer {TOKEN}\r\n");
            let _ = stream.write_all(&request("GET", "/reading/1.png", &headers));
            stream
        })
        .collect();
    put(station.at(), "B");
    station.has_read(2);
    wait_for("the page", || station.get("/").status == 200);
    for stream in lazy {
        if let Some(answer) = answer(stream, false) {
            assert!([200, 429].contains(&answer.status));
        }
    }
}

#[test]
fn a_token_that_others_can_read_opens_nothing_until_it_is_mended() {
    let station = Station::start(&["A"], 0o444);
    station.has_read(1);
    assert!(std::net::TcpStream::connect(station.address).is_err(), "no page, and the station reads");
    let serial = fs::read_to_string(station.at().join("serial.log")).unwrap();
    assert!(serial.contains("test=page ok=0") && serial.contains("page_token_rights"), "{serial}");
    let token = station.at().join("secret-token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o400)).unwrap();
    station.is_open();
    assert_eq!(station.get("/").status, 200);
    let doctor = |name: &str| {
        let output = raymap(station.at(), &["doctor", "--board", "board.toml", "--json"]);
        let json: Value =
            serde_json::from_slice(output.stdout.split(|b| *b == b'\n').next().unwrap()).unwrap();
        let test = json["tests"].as_array().unwrap().iter().find(|t| t["code"] == name).unwrap().clone();
        (test["passed"].as_bool().unwrap(), test["text"].as_str().unwrap().to_owned())
    };
    assert!(doctor("page").0);
    fs::remove_file(&token).unwrap();
    let (passed, text) = doctor("page");
    assert!(!passed && text.contains("page_token_file") && !text.contains("secret-token"), "{text}");
}

#[test]
fn a_browser_shows_the_pages_whole_and_lets_nothing_else_in() {
    let station = Station::start(&["A"], 0o400);
    station.is_open();
    station.has_read(1);
    station.shows("/reading/1");
    let Some(browser) = Browser::start(station.at()) else {
        println!("skipped: there is no chromedriver");
        return;
    };
    let site = format!("http://{}", station.address);
    browser.open(&format!("{site}/?token={TOKEN}"));
    let picture =
        "document.images.length == 1 && document.images[0].complete && document.images[0].naturalWidth";
    browser.wait(&format!("{picture} == 800"));
    let seen = browser.run(
        "return [location.href, document.cookie, document.scripts.length, document.forms.length, \
         getComputedStyle(document.querySelector('nav')).display, \
         document.documentElement.scrollWidth <= innerWidth, \
         performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin + '/'))];",
    );
    assert_eq!(seen, serde_json::json!([format!("{site}/"), "", 0, 0, "flex", true, true]), "{seen}");
    // Neither a script that somebody smuggles in runs, nor can anything be fetched or sent.
    let smuggled = browser.run(
        "const s = document.createElement('script'); s.textContent = 'window.smuggled = 1'; \
         document.head.append(s); \
         return fetch('/metrics').then(() => 'fetched', () => String(window.smuggled));",
    );
    assert_eq!(smuggled, "undefined");
    let blocked = browser.complaints();
    assert!(
        blocked.iter().all(|l| l.contains("Content Security Policy")) && blocked.len() >= 2,
        "{blocked:?}"
    );
    // A new reading comes without anybody's doing.
    browser.open(&format!("{site}/"));
    put(station.at(), "B");
    browser.wait("document.querySelector('a[href=\"/reading/2\"]')");
    browser.open(&format!("{site}/triage"));
    browser.wait("document.querySelectorAll('.readings li').length == 2");
    browser.run("document.querySelector('a[href=\"/reading/1\"]').click();");
    browser.wait(&format!("location.pathname == '/reading/1' && {picture} == 800"));
    browser.wait("document.querySelectorAll('tr').length == 14 && document.body.innerText.includes('Not for diagnosis')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
