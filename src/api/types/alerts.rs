//! `/sendqueue/alerts`.

use serde::Serialize;
use utoipa::ToSchema;

/// What came of an alert that was sent to try it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "ID": "7c4c2f6d9a1e4b03", "Success": true, "HttpStatus": 200, "Error": null }))]
pub struct AlertTest {
    /// The message's own, which the receiver got too.
    #[serde(rename = "ID")]
    pub id: String,
    pub success: bool,
    /// What the receiver answered; null: it did not.
    #[schema(required = true)]
    pub http_status: Option<u16>,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<String>,
}
