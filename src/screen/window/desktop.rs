//! The desktop's side of the window, in a thread of its own that lives as long as the program.
//!
//! This file alone names the crates `winit` and `softbuffer`. A thread, since only there what the desktop asks is
//! answered at once; and one for ever, since winit connects to a desktop once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use softbuffer::{Context, Surface};
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::{ElementState, KeyEvent, MouseButton, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop, EventLoopProxy, OwnedDisplayHandle};
use winit::platform::scancode::PhysicalKeyExtScancode;
use winit::platform::{wayland::EventLoopBuilderExtWayland, x11::EventLoopBuilderExtX11};
use winit::window::{Window, WindowId};

use super::super::{Canvas, ScreenError};
use super::display::Desktop;
use super::fit::Fit;
use super::link::{Happened, LINK};
use crate::units::PixelSize;

/// A desktop that takes longer to give a window hangs.
const ANSWER_MAX: Duration = Duration::from_secs(5);
const TITLE: &str = "raymap";

type Answer<T> = SyncSender<Result<T, ScreenError>>;

/// What the thread is asked for.
enum Ask {
    Open(PixelSize, Answer<()>),
    /// The picture that waits in the link.
    Show,
    Close,
}

/// The way to the thread.
pub struct Asker(EventLoopProxy<Ask>);

impl Asker {
    /// Connects to the desktop; fails for good where it fails once.
    pub fn start(desktop: Desktop) -> Result<Self, ScreenError> {
        let (answer, answered) = sync_channel(1);
        let spawned = thread::Builder::new().name("window".into()).spawn(move || serve(desktop, &answer));
        spawned.map_err(|e| failed("starting a thread", e))?;
        answered.recv_timeout(ANSWER_MAX).map_err(|e| failed("connecting to the desktop", e))?.map(Self)
    }

    pub fn open(&self, size: PixelSize) -> Result<(), ScreenError> {
        let (answer, answered) = sync_channel(1);
        self.ask(Ask::Open(size, answer))?;
        answered.recv_timeout(ANSWER_MAX).map_err(|e| failed("opening", e))?
    }

    pub fn show(&self) -> Result<(), ScreenError> {
        self.ask(Ask::Show)
    }

    pub fn close(&self) -> Result<(), ScreenError> {
        self.ask(Ask::Close)
    }

    fn ask(&self, ask: Ask) -> Result<(), ScreenError> {
        self.0.send_event(ask).map_err(|_| failed("asking the desktop", "it has ended; start raymap anew"))
    }
}

/// Serves until the desktop ends.
fn serve(desktop: Desktop, answer: &Answer<EventLoopProxy<Ask>>) {
    let mut builder = EventLoop::with_user_event();
    EventLoopBuilderExtX11::with_any_thread(&mut builder, true);
    match desktop {
        Desktop::Wayland => builder.with_wayland(),
        Desktop::X11 => builder.with_x11(),
    };
    let connected = builder.build().map_err(|e| failed("connecting to the desktop", e));
    let events = match connected {
        Ok(events) => events,
        Err(error) => return drop(answer.send(Err(error))),
    };
    // Whoever asked has given up where this finds nobody.
    let _ = answer.send(Ok(events.create_proxy()));
    let ended = events.run_app(&mut App::default());
    LINK.fail(failed(
        "serving the desktop",
        ended.map_or_else(|e| e.to_string(), |()| "it has ended".into()),
    ));
}

fn failed(doing: &'static str, error: impl ToString) -> ScreenError {
    ScreenError::Window { doing, detail: error.to_string() }
}

/// The window, if it is open.
#[derive(Default)]
struct App(Option<Shown>);

/// An open window.
struct Shown {
    window: Arc<Window>,
    surface: Surface<OwnedDisplayHandle, Arc<Window>>,
    picture_size: PixelSize,
    picture: Option<Canvas>,
    pointer: [f64; 2],
    is_pressed: bool,
    key_down: Option<u16>,
}

impl ApplicationHandler<Ask> for App {
    fn resumed(&mut self, _: &ActiveEventLoop) {}

    fn user_event(&mut self, events: &ActiveEventLoop, ask: Ask) {
        match (ask, &mut self.0) {
            (Ask::Open(size, answer), place) => {
                let opened = Shown::open(events, size).map(|shown| *place = Some(shown));
                LINK.opened(opened.is_ok());
                let _ = answer.send(opened);
            }
            (Ask::Show, Some(shown)) => {
                shown.picture = LINK.picture().or(shown.picture.take());
                shown.draw();
            }
            (Ask::Show, None) => {}
            (Ask::Close, place) => *place = None,
        }
    }

    fn window_event(&mut self, _: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(shown) = &mut self.0 else { return };
        match event {
            WindowEvent::CloseRequested => LINK.tell(Happened::Closed),
            WindowEvent::RedrawRequested => shown.draw(),
            WindowEvent::Resized(_) => shown.window.request_redraw(),
            WindowEvent::KeyboardInput { event, is_synthetic, .. } => shown.key(&event, is_synthetic),
            WindowEvent::CursorMoved { position, .. } => {
                shown.pointer = [position.x, position.y];
                shown.touch();
            }
            WindowEvent::MouseInput { state, button: MouseButton::Left, .. } => {
                shown.press(state == ElementState::Pressed)
            }
            WindowEvent::Touch(touch) => {
                use winit::event::TouchPhase::{Cancelled, Ended};
                shown.pointer = [touch.location.x, touch.location.y];
                shown.press(!matches!(touch.phase, Ended | Cancelled));
            }
            WindowEvent::Focused(false) => shown.let_go(),
            _ => {}
        }
    }
}

impl Shown {
    fn open(events: &ActiveEventLoop, size: PixelSize) -> Result<Self, ScreenError> {
        let sides = PhysicalSize::new(size.width, size.height);
        let wanted =
            Window::default_attributes().with_title(TITLE).with_inner_size(sides).with_resizable(false);
        let window = Arc::new(events.create_window(wanted).map_err(|e| failed("opening", e))?);
        let context = Context::new(events.owned_display_handle()).map_err(|e| failed("opening", e))?;
        let surface = Surface::new(&context, Arc::clone(&window)).map_err(|e| failed("opening", e))?;
        let (picture, pointer, is_pressed, key_down) = (None, [0.0; 2], false, None);
        Ok(Self { window, surface, picture_size: size, picture, pointer, is_pressed, key_down })
    }

    fn fit(&self) -> Fit {
        let inner = self.window.inner_size();
        Fit::new(self.picture_size, PixelSize::new(inner.width, inner.height))
    }

    /// A failure is heard at the next check.
    fn draw(&mut self) {
        if let Err(error) = self.try_draw() {
            LINK.fail(failed("drawing", error));
        }
    }

    fn try_draw(&mut self) -> Result<(), softbuffer::SoftBufferError> {
        let (fit, inner) = (self.fit(), self.window.inner_size());
        let sides = NonZeroU32::new(inner.width).zip(NonZeroU32::new(inner.height));
        // A window without a side shows nothing, and one without a picture is about to have one.
        let (Some((width, height)), Some(picture)) = (sides, &self.picture) else { return Ok(()) };
        self.surface.resize(width, height)?;
        let mut pixels = self.surface.buffer_mut()?;
        fit.draw(picture, inner.width, &mut pixels);
        self.window.pre_present_notify();
        pixels.present()
    }

    fn key(&mut self, event: &KeyEvent, is_synthetic: bool) {
        let code = event.physical_key.to_scancode().and_then(|code| u16::try_from(code).ok());
        let Some(code) = code else { return };
        match event.state {
            // Keys that were down before the window was looked at are not meant for it.
            ElementState::Pressed if event.repeat || is_synthetic => {}
            ElementState::Pressed => {
                self.key_down = Some(code);
                LINK.tell(Happened::Down(code));
            }
            ElementState::Released => LINK.tell(Happened::Up(code)),
        }
    }

    fn press(&mut self, is_pressed: bool) {
        let was_pressed = std::mem::replace(&mut self.is_pressed, is_pressed);
        self.touch();
        if was_pressed && !is_pressed {
            LINK.tell(Happened::Lift);
        }
    }

    /// Tells where the pointer is while it is pressed.
    fn touch(&self) {
        if self.is_pressed {
            let [x, y] = self.pointer;
            LINK.tell(Happened::Touch(self.fit().share(x, y)));
        }
    }

    /// Whoever looks at another window holds nothing down in this one.
    fn let_go(&mut self) {
        self.press(false);
        self.key_down.take().into_iter().for_each(|code| LINK.tell(Happened::Up(code)));
    }
}
