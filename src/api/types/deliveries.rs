//! `/sendqueue/deliveries`.

use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::study::StudyNames;
use super::values::{Time, dimse_status, moment};
use crate::item::{Class, Confirmation};
use crate::store;

/// That a study was delivered to a destination: what is known of it for years (`LedgerYears`), long after its items are
/// gone. What it counts are instances that the destination acknowledged; that it still has them, nothing here proves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = delivery_example)]
pub struct Delivery {
    /// Grows with the time of the first delivery.
    #[serde(rename = "ID")]
    #[schema(minimum = 1)]
    pub id: i64,
    #[serde(flatten)]
    pub names: StudyNames,
    pub destination: String,
    pub first_delivery: Time,
    pub last_delivery: Time,
    /// Different instances, each counted once however often it was sent.
    pub instances: u64,
    /// Of these, how many were acknowledged with a warning at least once.
    pub warnings: u64,
    /// Bytes of the files of these instances.
    pub bytes: u64,
    /// Orthanc has deleted the study and its items are gone: the figures are all that is left. What is delivered after
    /// that is another line.
    pub closed: bool,
}

fn delivery_example() -> serde_json::Value {
    json!({
        "ID": 815,
        "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988",
        "StudyInstanceUid": "1.2.826.0.1.3680043.2.1125.1",
        "AccessionNumber": "A-2026-0815",
        "Destination": "pacs",
        "FirstDelivery": "20260312T081502.123456",
        "LastDelivery": "20260312T081647.654321",
        "Instances": 312,
        "Warnings": 0,
        "Bytes": 164_250_112,
        "Closed": false,
    })
}

impl Delivery {
    /// Names of the columns of the table: those of the fields.
    pub const COLUMNS: [&'static str; 11] = [
        "ID",
        "Study",
        "StudyInstanceUid",
        "AccessionNumber",
        "Destination",
        "FirstDelivery",
        "LastDelivery",
        "Instances",
        "Warnings",
        "Bytes",
        "Closed",
    ];
}

impl From<&store::Delivered> for Delivery {
    fn from(line: &store::Delivered) -> Delivery {
        Delivery {
            id: line.id,
            names: (&line.name).into(),
            destination: line.destination.clone(),
            first_delivery: Time(line.first),
            last_delivery: Time(line.last),
            instances: line.instances,
            warnings: line.warnings,
            bytes: line.bytes,
            closed: line.closed,
        }
    }
}

/// With each of its deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeliveryDetailed {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// By instance, then by time: one that was sent twice is there twice. Empty once the line is closed.
    pub list: Vec<DeliveredInstance>,
}

impl DeliveryDetailed {
    pub fn new(
        line: &store::Delivered,
        instances: &[store::DeliveredInstance],
    ) -> DeliveryDetailed {
        DeliveryDetailed {
            delivery: line.into(),
            list: instances.iter().map(DeliveredInstance::from).collect(),
        }
    }
}

/// One delivery of an instance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DeliveredInstance {
    /// `ID` of its item, which may be gone.
    #[schema(minimum = 1)]
    pub item: i64,
    /// Orthanc identifier of the instance.
    pub instance: String,
    pub sop_instance_uid: String,
    /// The SOP Instance UID under which it was sent; absent: its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_as: Option<String>,
    pub time: Time,
    /// `Success` or `Warning`.
    pub class: Class,
    /// Absent: what took it says none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, schema_with = dimse_status)]
    pub dimse_status: Option<u16>,
    /// Size of the instance's file in bytes.
    pub size_bytes: u64,
    pub confirmation: Confirmation,
}

impl From<&store::DeliveredInstance> for DeliveredInstance {
    fn from(one: &store::DeliveredInstance) -> DeliveredInstance {
        DeliveredInstance {
            item: one.item,
            instance: one.instance.clone(),
            sop_instance_uid: one.sop_instance_uid.clone(),
            sent_as: one.sent_as.clone(),
            time: Time(one.time),
            class: one.class,
            dimse_status: one.dimse_status,
            size_bytes: one.size_bytes,
            confirmation: one.confirmation,
        }
    }
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Json,
    Csv,
}

list_query! {
    /// The arguments of `GET /sendqueue/deliveries`. An empty one counts as absent.
    DeliveriesQuery {
        /// Of this study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// Of studies with this accession number, which is compared as it is, capitals too.
        accession as "accession": Option<String>,
        /// To this destination.
        destination as "destination": Option<String>,
        /// Something was delivered at or after this moment.
        #[param(schema_with = moment)]
        since as "since": Option<String>,
        /// Something was delivered before this moment.
        #[param(schema_with = moment)]
        until as "until": Option<String>,
        /// `csv`: a table for spreadsheets.
        #[param(inline, default = "json")]
        format as "format": Option<Format>,
    }
    /// The most lines to answer: at most 1000, and 100 without it; with `format=csv` 100,000, both.
    #[param(minimum = 1, maximum = 100_000)]
    limit
}
