//! The one place where an error becomes what people and scripts see: a code, a message, a hint.
//!
//! The message says what happened and to what; the hint what to do, where the message does not say it already. Clients
//! branch on the code, never on the text.

use semid_engine::Error as EngineError;
use semid_engine::settings::Problem;
use serde::{Deserialize, Serialize};

/// An error as every client sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error, ts_rs::TS)]
#[error("{message}")]
pub struct ApiError {
    /// What kind; stable.
    pub code: Code,
    /// What happened, to what.
    pub message: String,
    /// What to do; empty when the message says it.
    pub hint: String,
    /// Problems with fields, for forms.
    pub problems: Vec<Problem>,
}

/// Kinds of errors, each for someone who acts differently on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Somebody asked for the stop.
    Cancelled,
    /// The input does not allow what was asked.
    Input,
    /// Settings have problems, each with its field.
    Settings,
    /// A name is not known.
    NotFound,
    /// A name is taken.
    Exists,
    /// Something must be fetched first.
    NotHere,
    /// The machine does not allow it: disk, permission, network.
    Machine,
    /// Another process is at it.
    Busy,
    /// A bug.
    Internal,
}

impl ApiError {
    /// The work was stopped on request.
    pub fn cancelled() -> Self {
        ApiError::new(Code::Cancelled, "Stopped.").hint("What was finished stays; the same command goes on from there.")
    }

    /// A bug of our own.
    pub fn internal(message: impl Into<String>) -> Self {
        ApiError::new(Code::Internal, message)
    }

    /// Bad input, in a sentence.
    pub fn input(message: impl Into<String>) -> Self {
        ApiError::new(Code::Input, message)
    }

    /// The machine does not allow it, in a sentence.
    pub fn machine(message: impl Into<String>) -> Self {
        ApiError::new(Code::Machine, message)
    }

    /// Whether somebody asked for the stop.
    pub fn is_cancelled(&self) -> bool {
        self.code == Code::Cancelled
    }

    /// The exit code for scripts.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            Code::Internal => 1,
            Code::Input | Code::Settings | Code::NotFound | Code::Exists => 3,
            Code::Machine | Code::Busy => 4,
            Code::NotHere => 5,
            Code::Cancelled => 130,
        }
    }

    fn new(code: Code, message: impl Into<String>) -> Self {
        ApiError { code, message: message.into(), hint: String::new(), problems: Vec::new() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        if error.is_cancelled() {
            return ApiError::cancelled();
        }
        let code = match &error {
            error if error.is_wrong_path() => Code::Input,
            EngineError::Core(semid_core::Error::Inside { .. }) => Code::Machine,
            EngineError::Core(_) => Code::Input,
            EngineError::Store(error) => store_code(error),
            EngineError::Fetch(semid_engine::fetch::Error::Cancelled) => return ApiError::cancelled(),
            EngineError::Fetch(_) | EngineError::Io { .. } => Code::Machine,
            EngineError::Report(_) => Code::Internal,
            EngineError::Settings(problems) => {
                let mut whole = ApiError::new(Code::Settings, error.to_string());
                whole.problems = problems.clone();
                return whole;
            }
            EngineError::NotHere { .. } => Code::NotHere,
            EngineError::Unknown { .. } => Code::NotFound,
        };
        ApiError::new(code, error.to_string())
    }
}

fn store_code(error: &semid_engine::store::Error) -> Code {
    use semid_engine::store::Error as Store;
    match error {
        Store::Busy { .. } | Store::RunsLocked { .. } => Code::Busy,
        Store::NotFound { .. } | Store::NoWorkspace { .. } => Code::NotFound,
        Store::Exists { .. } => Code::Exists,
        Store::Input(_) => Code::Input,
        _ => Code::Machine,
    }
}
