//! Requests to answers: who may look, and what is where.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Sources;
use super::figures;
use super::home;
use super::html::STYLE;
use super::json;
use super::pictures::Pictures;
use super::reading;
use super::request::{COOKIE, Request};
use super::response::{Kind, Response, Status};
use super::route::{Id, Route};
use super::token::Token;
use super::triage;
use crate::operator::{OnShow, Shelved};

/// How long a browser keeps the cookie: a shift. Then the token is needed again.
const COOKIE_SECONDS: u32 = 12 * 3_600;
/// What is on show is told anew several times a second; after so long it is no longer what the screen shows.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// All that is needed to answer.
pub struct Site {
    pub sources: Sources,
    token: Token,
    pictures: Pictures,
    answers: Mutex<BTreeMap<Status, u64>>,
}

impl Site {
    pub fn new(sources: Sources, token: Token) -> Self {
        Self { sources, token, pictures: Pictures::default(), answers: Mutex::default() }
    }

    /// Whoever has no token learns nothing, not even what there is.
    pub fn answer(&self, request: &Request) -> Response {
        let route = Route::parse(&request.path);
        if let Some(token) = &request.token {
            return match (self.token.is(token.as_bytes()), route) {
                (false, _) => Response::plain(Status::Unauthorized),
                (true, None) => Response::plain(Status::NotFound),
                // The address without the token, so that it is neither shown nor remembered.
                (true, Some(route)) => Response::elsewhere(route.to_string(), self.cookie()),
            };
        }
        if !self.may_look(request) {
            return Response::plain(Status::Unauthorized);
        }
        route.map_or_else(|| Response::plain(Status::NotFound), |route| self.show(route))
    }

    /// Counts what was answered.
    pub fn count(&self, status: Status) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(status).or_default() += 1;
    }

    /// How often each status was answered.
    pub fn answers(&self) -> BTreeMap<Status, u64> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn may_look(&self, request: &Request) -> bool {
        request.bearers.iter().any(|b| self.token.is(b))
            || request.cookies.iter().any(|c| self.token.is_cookie(c))
    }

    fn cookie(&self) -> String {
        let value = self.token.cookie();
        format!("{COOKIE}={value}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict")
    }

    fn show(&self, route: Route) -> Response {
        let (on_show, now) = (self.sources.showcase.look(), self.sources.clock.uptime());
        let is_stale = now.saturating_sub(on_show.at) > STALE_AFTER;
        let html = |text: String| Response::ok(Kind::Html, text);
        let of = |id, make: &dyn Fn(&Shelved) -> Response| match shelved(&on_show, id) {
            Some(shelved) => make(shelved),
            None => Response::plain(Status::NotFound),
        };
        match route {
            Route::Station => html(home::page(&self.sources, &on_show, is_stale, now)),
            Route::Triage => html(triage::page(&on_show, now)),
            Route::Style => Response::ok(Kind::Css, STYLE),
            Route::Figures => Response::ok(Kind::Figures, figures::text(self, now)),
            // A picture that stays must not look like the present.
            Route::Screen if is_stale => Response::plain(Status::Busy),
            Route::Screen => png(self.pictures.screen(&on_show), Status::Busy),
            Route::Reading(id) => of(id, &|s| html(reading::page(&on_show, s, id, now))),
            Route::ReadingJson(id) => of(id, &|s| Response::ok(Kind::Json, json::text(s))),
            Route::ReadingPicture(id) => {
                of(id, &|s| png(self.pictures.reading(s, on_show.language), Status::Failed))
            }
        }
    }
}

fn png(picture: Option<std::sync::Arc<Vec<u8>>>, otherwise: Status) -> Response {
    picture.map_or_else(|| Response::plain(otherwise), |bytes| Response::shared(Kind::Png, bytes))
}

fn shelved(on_show: &OnShow, id: Id) -> Option<&Shelved> {
    match id {
        Id::Kept(record) => on_show.shelf.kept(record),
        Id::Unkept(number) => on_show.shelf.get(number).filter(|s| s.entry.record.is_none()),
    }
}

/// Where a reading lies.
pub fn id_of(shelved: &Shelved) -> Id {
    shelved.entry.record.map_or(Id::Unkept(shelved.number), Id::Kept)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{BootId, SimulatedClock};
    use crate::operator::Showcase;
    use crate::station::{About, VitalsBoard};

    const TOKEN: &str = "k3Jx-9QzTr7_mB2vLw8sYd4N";

    fn site(clock: &Arc<SimulatedClock>) -> Site {
        let text = || "x".to_owned();
        let (board, model_name, model_version, model_sha256) = (text(), text(), text(), text());
        let about = About { software: "0", board, model_name, model_version, model_sha256 };
        let (showcase, vitals) = (Showcase::default(), VitalsBoard::default());
        let sources = Sources { showcase, vitals, clock: clock.clone(), about, record: None };
        Site::new(sources, Token::of(TOKEN.as_bytes()))
    }

    fn ask(site: &Site, path: &str) -> Response {
        let bearers = vec![TOKEN.as_bytes().to_vec()];
        let path = path.to_owned();
        site.answer(&Request { is_head: false, path, token: None, bearers, cookies: Vec::new() })
    }

    fn written(response: &Response) -> String {
        let mut bytes = Vec::new();
        response.write(&mut bytes, false).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_screen_of_which_nobody_hears_any_more_is_not_shown_as_the_present() {
        let clock = Arc::new(SimulatedClock::new(BootId::unknown()));
        let site = site(&clock);
        let picture = Arc::new(crate::render::RgbPicture::new(
            crate::units::PixelSize::new(8, 8),
            embedded_graphics::pixelcolor::Rgb888::new(1, 2, 3),
        ));
        let on_show = OnShow { picture: Some(picture), pictures: 1, ..OnShow::default() };
        let site = Site { sources: Sources { showcase: Showcase::of(on_show), ..site.sources }, ..site };
        assert_eq!(ask(&site, "/screen.png").status, Status::Ok);
        assert!(written(&ask(&site, "/")).contains("/screen.png"));
        clock.advance(STALE_AFTER + Duration::from_millis(1));
        assert_eq!(ask(&site, "/screen.png").status, Status::Busy);
        let page = written(&ask(&site, "/"));
        assert!(page.contains("screen_busy") && !page.contains("/screen.png"), "{page}");
    }

    #[test]
    fn before_anything_was_shown_there_is_nothing_to_see_and_no_list() {
        let site = site(&Arc::new(SimulatedClock::new(BootId::unknown())));
        assert_eq!(ask(&site, "/screen.png").status, Status::Busy);
        assert_eq!(ask(&site, "/reading/1").status, Status::NotFound);
        assert!(written(&ask(&site, "/triage")).contains("No readings yet"));
        assert!(!written(&ask(&site, "/metrics")).contains("raymap_last_reading_age_seconds"));
    }
}
