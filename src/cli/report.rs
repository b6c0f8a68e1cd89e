//! `raymap report`: one page of a kept reading, for a printer or a phone.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::print::print_line;
use super::records::Place;
use super::records_export::{png, write_checked};
use crate::record::{RecordError, Restored};
use crate::render::{self, Language, Options, Origin, Paper, RgbPicture};

#[derive(Debug, clap::Args)]
pub struct ReportArguments {
    /// The reading's number in the record: `raymap records list` shows it
    id: u64,
    #[command(flatten)]
    place: Place,
    /// Where the page goes, as PDF or PNG by the file's ending [default: report-ID.pdf]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The sheet's size
    #[arg(long, value_enum, default_value_t = PaperSize::A5)]
    paper: PaperSize,
    /// The page's language: en, fr, es, pt, sw, hi or ar
    #[arg(long, value_name = "CODE", default_value = "en", value_parser = language)]
    language: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PaperSize {
    A4,
    A5,
}

/// What the page is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pdf,
    Png,
}

fn language(code: &str) -> Result<Language, String> {
    Language::of(code).ok_or_else(|| {
        let codes = Language::ALL.map(Language::tag).join(", ");
        format!("no such language is spoken here: take one of {codes}")
    })
}

pub fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let id = arguments.id;
    let to = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("report-{id}.pdf")));
    let form = form(&to)?;
    let paper = match arguments.paper {
        PaperSize::A4 => Paper::A4,
        PaperSize::A5 => Paper::A5,
    };
    let page = page(arguments, paper)?;
    let size = page.size();
    let bytes = match form {
        Form::Pdf => render::pdf(&page, paper, &format!("raymap {id}"))
            .map_err(|source| RecordError::Encode { width: size.width, height: size.height, source })?,
        Form::Png => png(page.bytes(), (size.width, size.height), image::ExtendedColorType::Rgb8)?,
    };
    write_checked(&to, &bytes)?;
    print_line(&format!("{}: reading {id}, {size} pixels", to.display()))
}

/// By the file's ending; refused before any work is done.
fn form(to: &Path) -> Result<Form, Failure> {
    let ending = to.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("pdf") => Ok(Form::Pdf),
        Some("png") => Ok(Form::Png),
        _ => Err(Failure {
            exit: Exit::Usage,
            code: "report_form",
            text: format!("{}: a report is a .pdf or a .png: name the file so", to.display()),
        }),
    }
}

fn page(arguments: &ReportArguments, paper: Paper) -> Result<RgbPicture, Failure> {
    let journal = arguments.place.find()?.open()?;
    let entry = journal.reading(arguments.id)?;
    let restored = Restored::load(&journal, &entry)?;
    let frame = restored.frame(&journal, &entry)?;
    let study = restored.study(&frame, &journal, &entry)?;
    let time = restored.moment.to_string();
    let board = restored.json["board"].as_str().unwrap_or("?");
    let origin = Origin { id: restored.id, time: &time, trusted: restored.moment.wall_time.is_some(), board };
    let options = Options { language: arguments.language, ..Options::default() };
    Ok(render::report(&study, origin, options, paper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_pdf_or_a_png_by_its_name() {
        let of = |name: &str| form(Path::new(name)).map_err(|f| (f.exit, f.code));
        assert_eq!((of("a/b.PDF"), of("b.png")), (Ok(Form::Pdf), Ok(Form::Png)));
        assert_eq!(of("b.jpg"), Err((Exit::Usage, "report_form")));
        assert_eq!(of("pdf"), Err((Exit::Usage, "report_form")));
    }

    #[test]
    fn a_language_that_is_not_spoken_is_refused_with_those_that_are() {
        assert_eq!(language("hi"), Ok(Language::Hindi));
        assert!(language("de").is_err_and(|e| e.contains("sw")));
    }
}
