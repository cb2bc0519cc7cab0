//! An event as CloudEvents 1.0 has it, in JSON: what the feed answers, and the webhook sends.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::config::settings::HostSettings;
use crate::item::{Ahead, Announcement, Timestamp};
use crate::store::Announced;

/// Of the JSON format of CloudEvents.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// An event as CloudEvents 1.0 has it (JSON format).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = example)]
pub struct CloudEvent {
    #[schema(example = "1.0")]
    pub specversion: &'static str,
    /// What is told twice has the same one.
    pub id: String,
    /// Which Orthanc.
    pub source: String,
    /// `instance.stored`, `instance.delivered`, `instance.failed`, `study.complete`, `study.delivered`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Orthanc identifier of the study: events of one are in their order.
    pub subject: String,
    /// When it happened (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub time: String,
    #[schema(example = "application/json")]
    pub datacontenttype: &'static str,
    /// Position in the order of all events: a number as text, which grows.
    pub sequence: String,
    /// What is known of it; which fields that are depends on its type. Text of tags is from outside: data, never
    /// markup.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// Where events are from.
pub struct Origin<'a> {
    pub host: &'a HostSettings,
    /// To the machine's clock, which readers have.
    pub ahead: Ahead,
    /// When the queue's database was made: items of another one have other names.
    pub created: Timestamp,
}

impl Origin<'_> {
    pub fn event(&self, event: &Announced) -> CloudEvent {
        let node = match self.host.name.as_str() {
            "" => self.host.dicom_aet.as_str(),
            name => name,
        };
        // Written by ourselves.
        let mut data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        if let Some(data) = data.as_object_mut() {
            data.insert("Node".to_owned(), node.into());
        }
        let id = match event.kind {
            Announcement::InstanceStored => event.name.clone(),
            _ => format!("{:x}.{}", self.created.micros(), event.name),
        };
        CloudEvent {
            specversion: "1.0",
            id,
            source: format!("orthanc:{}", utf8_percent_encode(node, NON_ALPHANUMERIC)),
            kind: event.kind.as_str(),
            subject: event.study.clone(),
            time: self.ahead.wall(event.time).to_rfc_3339(),
            datacontenttype: "application/json",
            sequence: event.position.to_string(),
            data,
        }
    }
}

fn example() -> Value {
    json!({
        "specversion": "1.0",
        "id": "0c7a7a2b-54ba0e5c-41b7a2f3-0b4f6a2d-6f8a3f0c.5c0e3f6e-8d4f-4d0b-9d0f-3f1f0c7a7a2b",
        "source": "orthanc:ORTHANC",
        "type": "instance.stored",
        "subject": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988",
        "time": "2026-11-20T23:59:59.123456Z",
        "datacontenttype": "application/json",
        "sequence": "4711",
        "data": {
            "TraceID": "019aa3f1-7d2c-7b1e-8d52-0f6f3a1c9e77",
            "Tenant": "ORTHANC",
            "StudyInstanceUid": "1.2.826.0.1.3680043.2.1125.1",
            "SopInstanceUid": "1.2.826.0.1.3680043.2.1125.1.1.1",
            "CallingAet": "CT1",
            "Rows": 512,
            "Columns": 512,
        },
    })
}
