//! What every page has: its head, where to go, and what stands beside every result.

use std::fmt::Write;

use crate::render::{Language, Words};

/// The page's looks.
pub const STYLE: &str = include_str!("style.css");

/// One page before it is written.
pub struct Page<'a> {
    pub language: Language,
    pub title: &'a str,
    /// The address on which the page lies.
    pub own: &'a str,
    /// Seconds after which a browser is to fetch it again.
    pub refresh: Option<u32>,
    /// Lines below everything, already escaped.
    pub foot: &'a [String],
    /// HTML.
    pub body: String,
}

impl Page<'_> {
    pub fn write(&self) -> String {
        let words = Words::of(self.language);
        let (tag, direction) =
            (self.language.tag(), if self.language.right_to_left() { "rtl" } else { "ltr" });
        let title = escaped(self.title);
        let refresh =
            self.refresh.map_or(String::new(), |s| format!("<meta http-equiv=refresh content={s}>"));
        let link = |path: &str, name: &str| {
            let here = if path == self.own { " aria-current=page" } else { "" };
            format!("<a href=\"{path}\"{here}>{}</a>", escaped(name))
        };
        let foot: String = self.foot.iter().fold(String::new(), |mut foot, line| {
            let _ = write!(foot, "<p>{line}</p>");
            foot
        });
        format!(
            "<!DOCTYPE html>\n<html lang={tag} dir={direction}>\n<head><meta charset=utf-8>\
             <title>{title} \u{b7} raymap</title>\
             <meta name=viewport content=\"width=device-width, initial-scale=1\">\
             <meta name=color-scheme content=\"light dark\">{refresh}\
             <link rel=stylesheet href=\"/style.css\"></head>\n\
             <body><nav>{}{}</nav>\n<p class=notice>{}</p>\n<main><h1>{title}</h1>\n{}</main>\n\
             <footer>{foot}</footer></body></html>\n",
            link("/", "raymap"),
            link("/triage", &words.title.triage),
            escaped(&words.disclaimer),
            self.body,
        )
    }
}

/// `text` as it can stand between tags and in quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            c => to.push(c),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_what_it_is_for_in_its_language_and_runs_nothing() {
        for language in Language::ALL {
            let page = Page {
                language,
                title: "<b>&\"'",
                own: "/",
                refresh: Some(5),
                foot: &["x".into()],
                body: String::new(),
            };
            let text = page.write();
            assert!(text.contains(&escaped(&Words::of(language).disclaimer)), "{language:?}");
            assert!(text.contains("<h1>&lt;b&gt;&amp;&quot;&#39;</h1>") && !text.contains("<b>"));
            assert!(text.contains(&format!("lang={}", language.tag())));
            assert_eq!(text.contains("dir=rtl"), language == Language::Arabic);
            for forbidden in ["<script", "style=", "//", "<form", "onload", "<iframe", "javascript"] {
                assert!(!text.to_lowercase().contains(forbidden), "{forbidden}");
            }
        }
    }
}
