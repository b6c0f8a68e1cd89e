//! Readings sent to an archive, where the board file says so and the program was built for it.

use std::sync::Arc;

use crate::board::Board;
use crate::clock::Clock;
#[cfg(feature = "dicom-net")]
use crate::dicom_send::{Sender, look, reach};
#[cfg(feature = "dicom-net")]
use crate::record::RecordPlace;
use crate::station::Dispatch;

/// What is left at the end of a run that ends by itself is sent within this time, or waits for the next.
#[cfg(feature = "dicom-net")]
const LAST: std::time::Duration = std::time::Duration::from_secs(60);

/// What sends, if anything does.
pub struct Sending {
    #[cfg(feature = "dicom-net")]
    sender: Option<Sender>,
}

#[cfg(feature = "dicom-net")]
impl Sending {
    pub fn start(board: &Board, clock: Arc<dyn Clock>) -> Self {
        let configs = board.dicom_send.as_ref().zip(board.record.as_ref());
        let started = configs.map(|(send, record)| Sender::start(send, RecordPlace::from(record), clock));
        let sender = started.transpose().unwrap_or_else(|e| {
            log::error!("no thread to send readings: {e}");
            None
        });
        Self { sender }
    }

    pub fn dispatch(&self) -> Option<&dyn Dispatch> {
        self.sender.as_ref().map(|s| s as &dyn Dispatch)
    }

    pub fn finish(self) {
        if let Some(sender) = self.sender {
            sender.finish(LAST);
        }
    }
}

#[cfg(not(feature = "dicom-net"))]
impl Sending {
    pub fn start(board: &Board, _: Arc<dyn Clock>) -> Self {
        if board.dicom_send.is_some() {
            log::warn!("dicom_net_absent: readings are not sent, this program was built without dicom-net");
        }
        Self {}
    }

    pub fn dispatch(&self) -> Option<&dyn Dispatch> {
        None
    }

    pub fn finish(self) {}
}

/// How far the record has been sent, and whether the archive answers; `None` where nothing is to be sent.
#[cfg(feature = "dicom-net")]
pub fn test(board: &Board) -> Option<Result<String, String>> {
    let (send, record) = board.dicom_send.as_ref().zip(board.record.as_ref())?;
    let tested = look(send, &record.into()).map_err(|e| e.code().to_owned()).and_then(|state| {
        let how = format!(
            "{} objects sent, {} refused, {} readings waiting",
            state.sent, state.refused, state.waiting
        );
        match reach(send) {
            Ok(()) => Ok(format!("{how}; the archive answers")),
            Err(e) => Err(format!("{how}; the archive does not take a call ({})", e.code())),
        }
    });
    Some(tested)
}

#[cfg(not(feature = "dicom-net"))]
pub fn test(board: &Board) -> Option<Result<String, String>> {
    board.dicom_send.as_ref().map(|_| Err("this program was built without dicom-net".to_owned()))
}
