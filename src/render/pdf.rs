//! A picture as a one-page PDF.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};
use pdf_writer::types::Predictor;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::picture::RgbPicture;
use super::report::Paper;

/// Points to a tenth of a millimetre.
const POINTS: f32 = 72.0 / 254.0;
/// Bytes of a PNG before its first chunk.
const PNG_HEAD: usize = 8;

/// `page` filling a sheet of `paper`, with `title` as the document's; the same bytes for the same page.
pub fn pdf(page: &RgbPicture, paper: Paper, title: &str) -> Result<Vec<u8>, ImageError> {
    let [catalogue, pages, sheet, image, content, info] = [1, 2, 3, 4, 5, 6].map(Ref::new);
    let (width, height) = paper.tenths_mm();
    let (width, height) = (width as f32 * POINTS, height as f32 * POINTS);
    let mut pdf = Pdf::new();
    pdf.catalog(catalogue).pages(pages);
    pdf.pages(pages).kids([sheet]).count(1);
    pdf.document_info(info).title(TextStr(title)).producer(TextStr("raymap"));
    let mut p = pdf.page(sheet);
    p.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(content);
    p.resources().x_objects().pair(Name(b"page"), image);
    p.finish();
    let packed = packed(page)?;
    let size = page.size();
    let mut x = pdf.image_xobject(image, &packed);
    x.width(size.width as i32).height(size.height as i32).bits_per_component(8).filter(Filter::FlateDecode);
    x.color_space().device_rgb();
    x.decode_parms().predictor(Predictor::PngOptimum).colors(3).columns(size.width as i32);
    x.finish();
    let mut drawing = Content::new();
    drawing
        .save_state()
        .transform([width, 0.0, 0.0, height, 0.0, 0.0])
        .x_object(Name(b"page"))
        .restore_state();
    pdf.stream(content, &drawing.finish());
    Ok(pdf.finish())
}

/// The picture's rows as PNG packs them, which PDF reads too.
fn packed(page: &RgbPicture) -> Result<Vec<u8>, ImageError> {
    let (mut png, size) = (Vec::new(), page.size());
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive).write_image(
        page.bytes(),
        size.width,
        size.height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(data_of(&png))
}

/// The contents of all IDAT chunks, one after another.
fn data_of(png: &[u8]) -> Vec<u8> {
    let (mut data, mut rest) = (Vec::new(), png.get(PNG_HEAD..).unwrap_or_default());
    while let Some((head, after)) = rest.split_at_checked(8) {
        let length = head[..4].iter().fold(0, |n, b| n << 8 | usize::from(*b));
        let Some((chunk, after)) = after.split_at_checked(length) else { break };
        if &head[4..] == b"IDAT" {
            data.extend_from_slice(chunk);
        }
        // Each chunk ends with a checksum of four bytes.
        rest = after.get(4..).unwrap_or_default();
    }
    data
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;

    use super::*;

    #[test]
    fn a_pdf_holds_the_page_s_pixels_and_size() {
        let page = RgbPicture::new(Paper::A5.pixels(), Rgb888::new(200, 100, 50));
        let bytes = pdf(&page, Paper::A5, "raymap 7").unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-") && text.trim_end().ends_with("%%EOF"));
        assert!(
            text.contains("/Width 1311") && text.contains("/Height 1860") && text.contains("/Predictor 15")
        );
        // 148 mm are 419.5 points.
        assert!(text.contains("[0 0 419.52"), "{}", &text[..400]);
    }

    #[test]
    fn png_data_is_found_whole_and_damage_ends_it() {
        let png =
            [&[0; 8][..], &[0, 0, 0, 2], b"IDAT", &[7, 8], &[0; 4], &[0, 0, 0, 1], b"IDAT", &[9]].concat();
        assert_eq!(data_of(&png), [7, 8, 9]);
        assert_eq!(data_of(&png[..16]), Vec::<u8>::new());
    }
}
