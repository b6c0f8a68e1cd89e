//! Lines there and back.

use super::*;
use proptest::prelude::*;

/// What `text`, given its right checksum, is refused for.
fn check(body: &str, expected: LineError) {
    let received = format!("{body}*{:04X}", checksum(body.as_bytes()));
    assert_eq!(Line::parse(&received), Err(expected), "{received}");
}

#[test]
fn a_damaged_line_is_no_line() {
    let sent =
        Line::new(Kind::Refused, 7, Duration::from_millis(1234)).number("n", 3).text("code", "x").encode();
    for i in 0..sent.len() {
        for byte in 0x20..0x7F {
            let mut received = sent.clone().into_bytes();
            received[i] = byte;
            let received = String::from_utf8(received).unwrap();
            assert_eq!(Line::parse(&received).is_ok(), received == sent, "{received}");
        }
        assert!(Line::parse(&sent[..i]).is_err());
    }
}

#[test]
fn what_is_not_of_the_protocol_is_refused_by_name() {
    check("RM2 1 2 boot", LineError::Version);
    check("RM1 +1 2 boot", LineError::Number(2));
    check("RM1 1 99999999999999999999999 boot", LineError::Number(3));
    check("RM1 1 2 news", LineError::Kind);
    check("RM1 1 2 boot a=1 b", LineError::Field(2));
    check("RM1 1 2 boot A=1", LineError::Field(1));
    check("RM1 1 2 boot a=1 a=2", LineError::Repeated(2));
    assert_eq!(Line::parse("RM1 1 2 boot"), Err(LineError::NoChecksum));
    assert_eq!(Line::parse("RM1 1 2 boot*1a2b"), Err(LineError::NoChecksum));
    assert_eq!(Line::parse(&"a".repeat(255)), Err(LineError::TooLong(255)));
}

#[test]
fn a_number_that_does_not_fit_is_left_out_and_a_text_is_cut() {
    let line = Line::new(Kind::Boot, 1, Duration::ZERO).text("long", &"a".repeat(400)).number("n", 12);
    assert_eq!((line.get("n"), line.encode().len()), (None, LINE_BYTES_MAX));
    let body = "RM1 1 0 boot long=".len() + CHECKSUM_BYTES;
    let line = Line::new(Kind::Boot, 1, Duration::ZERO).text("long", &"a".repeat(LINE_BYTES_MAX - body - 4));
    assert_eq!(line.clone().number("n", 12).get("n"), None);
    assert_eq!(line.number("n", 1).get("n"), Some("1"));
}

#[test]
fn shares_have_one_decimal() {
    let shares = [0.0, 0.0234, 1.0].map(|s| Fraction::new(s).unwrap());
    let line =
        Line::new(Kind::Reading, 1, Duration::ZERO).percents("zones", &shares).percent("all", shares[1]);
    assert_eq!((line.get("zones"), line.get("all")), (Some("0.0,2.3,100.0"), Some("2.3")));
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_read(
        kind in 0..Kind::ALL.len(), sequence: u32, ms: u64, texts in prop::collection::vec(any::<String>(), 0..6), n: u64,
    ) {
        let mut line = Line::new(Kind::ALL[kind], sequence, Duration::from_millis(ms)).number("n", n);
        for (i, text) in texts.iter().enumerate() {
            line = line.text(&format!("t{i}"), text);
        }
        let sent = line.encode();
        prop_assert!(sent.len() <= LINE_BYTES_MAX && sent.bytes().all(|b| (0x20..0x7F).contains(&b)));
        prop_assert_eq!(Line::parse(&format!("{sent}\r\n")), Ok(line));
    }

    #[test]
    fn no_noise_is_a_line_or_a_crash(noise in "\\PC{0,80}") {
        prop_assert!(Line::parse(&noise).is_err());
    }
}
