//! A real browser, driven by WebDriver (w3.org/TR/webdriver2): Chromium, where it is installed with its driver.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::GENEROUS;

/// Without these Chromium tries to reach its makers.
const QUIET: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=420,1100",
];

pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Browser {
    /// `None` where there is no Chromium.
    pub fn start(folder: &Path) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={}", address.port())).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().ok()?;
        let mut browser = Self { driver, address, session: String::new() };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(start.elapsed() < GENEROUS, "the driver did not start");
            thread::sleep(Duration::from_millis(50));
        }
        let data = format!("--user-data-dir={}", folder.join("browser").display());
        let arguments: Vec<&str> = QUIET.into_iter().chain([data.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = browser.call("POST", "/session", &wanted);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    pub fn open(&self, url: &str) {
        self.call("POST", &format!("{}/url", self.session), &json!({"url": url}));
    }

    /// What a function with this body returns on the page.
    pub fn run(&self, body: &str) -> Value {
        self.call("POST", &format!("{}/execute/sync", self.session), &json!({"script": body, "args": []}))
    }

    /// Waits until this expression is true on the page.
    pub fn wait(&self, expression: &str) {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression});")) != true {
            assert!(
                start.elapsed() < GENEROUS,
                "{expression}: {}",
                self.run("return document.body.innerText;")
            );
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What the browser found wrong.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.call("POST", &format!("{}/se/log", self.session), &json!({"type": "browser"}));
        let lines = log.as_array().unwrap().iter().map(|l| l["message"].as_str().unwrap().to_owned());
        // It asks for an icon by itself; there is none.
        lines.filter(|l| !l.contains("/favicon.ico")).collect()
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (mut stream, body) = (TcpStream::connect(self.address).unwrap(), body.to_string());
        stream.set_read_timeout(Some(GENEROUS)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let json = body_of(&mut BufReader::new(stream));
        let value = serde_json::from_slice::<Value>(&json).unwrap()["value"].take();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !thread::panicking() {
            self.call("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The driver keeps connections open: its answer ends where its head says.
fn body_of(answer: &mut impl BufRead) -> Vec<u8> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            Some(_) => {}
            None if line.starts_with("HTTP/") => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).unwrap();
    body
}
