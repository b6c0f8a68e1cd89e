//! An archive of a few lines that can be told how to answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What an archive of a few lines does with captures and segmentations; reports it never takes.
#[derive(Clone)]
pub enum Manner {
    Takes,
    /// Segmentations alone.
    Refuses,
    /// At a segmentation.
    BreaksOff,
    IsFull,
    /// At the first object that ever came, which is known by its command set.
    IsFullForTheFirst(Arc<Mutex<Option<Vec<u8>>>>),
}

fn pdu(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 6];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_be_bytes([head[2], head[3], head[4], head[5]]) as usize];
    stream.read_exact(&mut body).ok()?;
    Some((head[0], body))
}

fn send(stream: &mut TcpStream, kind: u8, body: &[u8]) {
    let length = (body.len() as u32).to_be_bytes();
    stream.write_all(&[&[kind, 0], &length[..], body].concat()).unwrap();
}

/// The answer to a request: contexts 1 (capture) and 3 (segmentation), no report, and units of 4,096 bytes.
fn acceptance(request: &[u8]) -> Vec<u8> {
    let item = |kind: u8, value: &[u8]| [&[kind, 0], &(value.len() as u16).to_be_bytes()[..], value].concat();
    let context = |id: u8, result: u8| {
        item(0x21, &[&[id, 0, result, 0], &item(0x40, b"1.2.840.10008.1.2.1")[..]].concat())
    };
    let user = item(0x50, &item(0x51, &4096u32.to_be_bytes()));
    [&request[..68], &context(1, 0), &context(3, 0), &context(5, 3), &user].concat()
}

/// The answer to an object of context `id`, whose messages are counted from 1.
fn status(id: u8, status: u16) -> Vec<u8> {
    let element =
        |e: u16, v: u16| [&[0, 0], &e.to_le_bytes()[..], &2u32.to_le_bytes(), &v.to_le_bytes()].concat();
    let message = u16::from(id / 2 + 1);
    let set = [element(0x0100, 0x8001), element(0x0120, message), element(0x0900, status)].concat();
    let length = ((set.len() + 2) as u32).to_be_bytes();
    [&length[..], &[id, 3], &set].concat()
}

/// An archive that does with each association as `manner` says, which is asked with the association's number.
pub fn archive(manner: impl Fn(usize) -> Manner + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            answer(&mut stream.unwrap(), manner(number));
        }
    });
    port
}

/// One association with an archive of a few lines.
pub fn answer(stream: &mut TcpStream, manner: Manner) {
    let mut command = Vec::new();
    while let Some((kind, body)) = pdu(stream) {
        match kind {
            1 => send(stream, 2, &acceptance(&body)),
            4 => {
                assert!(body.len() <= 4096, "longer than was agreed");
                // The last piece of an object: no command, and nothing follows.
                match (body[5], body[4], &manner) {
                    (3, ..) => command = body[6..].to_vec(),
                    (2, id, Manner::IsFull) => send(stream, 4, &status(id, 0xA700)),
                    (2, id, Manner::IsFullForTheFirst(first))
                        if *first.lock().unwrap().get_or_insert_with(|| command.clone()) == command =>
                    {
                        send(stream, 4, &status(id, 0xA700))
                    }
                    (2, id, Manner::Refuses) if id > 1 => send(stream, 4, &status(id, 0xC000)),
                    (2, id, Manner::BreaksOff) if id > 1 => return,
                    (2, id, _) => send(stream, 4, &status(id, 0)),
                    _ => {}
                }
            }
            5 => send(stream, 6, &[0; 4]),
            _ => return,
        }
    }
}
