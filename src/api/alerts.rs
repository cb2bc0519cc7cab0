//! `/sendqueue/alerts`.

use super::error::ApiError;
use super::types::AlertTest;
use super::{Answer, Api, ok};
use crate::webhook;

impl Api {
    /// Sends one message of kind `Test`, and answers what came of it.
    pub fn test_alert(&self) -> Answer {
        let Some(alerts) = self.alerts.get() else {
            return Err(ApiError::conflict(
                "nobody is told of anything: SendQueue.Alerts is not configured",
            ));
        };
        let Some(tested) = alerts.test() else {
            return Err(ApiError::conflict("a test is under way already"));
        };
        let (status, error) = match &tested.result {
            Ok(status) if webhook::is_success(*status) => (Some(*status), None),
            Ok(status) => (
                Some(*status),
                Some(format!("the receiver answered HTTP status {status}")),
            ),
            Err(error) => (None, Some(error.clone())),
        };
        ok(&AlertTest {
            id: tested.id,
            success: error.is_none(),
            http_status: status,
            error,
        })
    }
}
