//! What takes kept readings further, in its own time; the station knows only how it goes.

use super::Station;

/// Sends kept readings to somebody. Nothing here waits.
pub trait Dispatch {
    /// Another reading is kept.
    fn kept(&self);

    fn state(&self) -> DispatchState;
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispatchState {
    /// Readings that are still to be sent.
    pub waiting: u64,
    /// Objects that were taken, and that were refused for good, over all starts.
    pub sent: u64,
    pub refused: u64,
    /// What stands in the way; `None`: nothing.
    pub code: Option<&'static str>,
}

impl<'a> Station<'a> {
    /// The same station, which tells `dispatch` of each reading that it keeps.
    pub fn with_dispatch(self, dispatch: Option<&'a dyn Dispatch>) -> Self {
        Self { dispatch, ..self }
    }

    /// For the answer to `status`.
    pub(super) fn dispatch_fields(&self) -> Vec<(&'static str, String)> {
        let Some(state) = self.dispatch.map(Dispatch::state) else { return Vec::new() };
        let mut fields = vec![
            ("dicom_waiting", state.waiting.to_string()),
            ("dicom_sent", state.sent.to_string()),
            ("dicom_refused", state.refused.to_string()),
        ];
        fields.extend(state.code.map(|code| ("dicom_code", code.to_owned())));
        fields
    }
}
