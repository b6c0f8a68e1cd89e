//! What a station tries out before its first radiograph.

/// One thing to try out.
pub struct SelfTest<'a> {
    /// Stable name for machines.
    pub code: &'static str,
    /// Without it the station must not read.
    pub vital: bool,
    /// A sentence on what was found, as `Ok` or as `Err`. It goes over the serial line: it names no file.
    pub check: Box<dyn FnOnce() -> Result<String, String> + 'a>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    pub code: &'static str,
    pub vital: bool,
    pub passed: bool,
    /// A sentence for the operator.
    pub text: String,
}

impl SelfTest<'_> {
    pub fn run(self) -> TestReport {
        let outcome = (self.check)();
        let passed = outcome.is_ok();
        let text = outcome.unwrap_or_else(|failure| failure);
        TestReport { code: self.code, vital: self.vital, passed, text }
    }
}
