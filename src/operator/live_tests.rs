//! What the desk shows of a live picture.

use std::time::Duration;

use super::desk::Desk;
use super::scene::Scene;
use super::simulated::graded;
use super::tests::{s, seen, start};
use crate::exposure::Live;
use crate::station::Filed;

#[test]
fn a_camera_that_sees_too_little_is_said_and_takes_no_result_off_the_screen() {
    let mut waiting = Desk::new(start(), Duration::ZERO);
    waiting.scene(Scene::Ready, s(1));
    waiting.live(Live::NoEdges, s(2));
    assert_eq!(seen(&waiting, 2), "NoEdges");
    let mut read = Desk::new(start(), Duration::ZERO);
    read.reading(&graded(30), Filed::default(), None, s(1));
    read.live(Live::NoEdges, s(2));
    assert_eq!(seen(&read, 2), "result 30");
}
