//! What the description says of each call of the router's table.

use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use super::Described;
use crate::api::csv;
use crate::api::exposition;
use crate::api::types::{
    AddSubjects, AlertTest, CancelledItems, ConfirmStudy, Deletion, DeletionsQuery,
    DeliveriesQuery, Delivery, DeliveryDetailed, Destination, Echo, Enqueue, Enqueued, ErrorFilter,
    ErrorSummary, ErrorSummaryQuery, ErrorsQuery, Events, EventsQuery, EventsStatus, Finding,
    Health, History, HistoryQuery, Item, ItemDetailed, ItemSentNow, ItemsQuery, JournalEntry,
    JournalQuery, Nothing, Overview, Preview, PreviewQuestion, PrioritizedItems, PriorityFilter,
    Purged, RedirectFilter, RedirectTo, Redirected, RedirectedItems, Reloaded, Removed,
    RemovedItems, ReplayEvents, Replayed, ReplayedEvents, Resource, Retention, RetentionQuery,
    RetentionRun, RetentionStarted, RouteAnswer, RouteQuestion, Rule, SearchQuery, SearchResult,
    Section, Sender, SentItems, SerialGiven, SerialState, SerialsQuery, StudiesQuery,
    StudyProgress, SubjectsAdded, ToConfirm, WaitingFilter, WaitingRedirect,
};
use crate::ui;

fn text_like(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern))
        .examples([example])
}

/// A GET that takes no arguments, or known ones: others are refused.
fn get(tag: &'static str, id: &'static str, summary: &'static str) -> Described {
    Described::new(tag, id, summary).refuses(&[400, 503])
}

fn post(tag: &'static str, id: &'static str, summary: &'static str) -> Described {
    Described::new(tag, id, summary).refuses(&[403, 503])
}

pub fn overview() -> Described {
    get("Queue", "overview", "The queue as a whole").answers::<Overview>("The queue as a whole")
}

pub fn health() -> Described {
    get("Queue", "health", "Whether all is well")
        .text("For load balancers and monitoring: the status says it all.")
        .answers::<Health>("All is well")
        .replaces::<Health>(503, "Something is wrong, and what")
}

pub fn verdict() -> Described {
    get("Queue", "verdict", "What needs a person, worst first")
        .text("Empty: all is well. About the operation: destinations, the error queue, sources; `health` is about the machinery alone, and what it tells is here too. Sentences may change: read `Kind`, `Severity`, `Count`.")
        .answers_list::<Finding>("One for each thing that needs a person")
}

pub fn history() -> Described {
    get(
        "Queue",
        "history",
        "Each minute of the last hour, or each of the last hours, by destination",
    )
    .text("An hour keeps what was sent and what failed in it, whatever became of the items since. Hours are kept for `HistoryDays`, at least a day.")
    .query::<HistoryQuery>()
    .answers_list::<History>("One for each destination")
}

pub fn journal() -> Described {
    get("Queue", "journal", "What happened, the oldest first")
        .text("Outages and returns, pauses, what people did, starts and stops, failures by the hour. Kept for `HistoryDays`, at least a day; at most 200,000 entries: of more, the oldest of what was done to items go first. No patient data.")
        .query::<JournalQuery>()
        .answers_list::<JournalEntry>("At most `limit` entries, and the failures of their time")
}

pub fn metrics() -> Described {
    get("Queue", "metrics", "The queue in Prometheus' text format")
        .answers_text("Text format 0.0.4", &[exposition::CONTENT_TYPE])
}

pub fn search() -> Described {
    get("Resources", "search", "From what is known of a study to its identifier")
        .text("Item number, Orthanc identifier or DICOM UID of any level; else accession number, patient ID or its beginning, part of a patient's name. At most 50, exact ones first, then the newest study. Each resource is there once. The header `Sendqueue-Complete` is `false` where there may be more: there are more than 50, or Orthanc's `LimitFindResults` cut its answer.")
        .query::<SearchQuery>()
        .answers_list::<SearchResult>("What was found; empty: nothing")
}

pub fn rules() -> Described {
    get(
        "Rules",
        "rules",
        "The rules in their order, and what became of instances at each",
    )
    .answers_list::<Rule>("One for each rule")
}

pub fn ask_rules() -> Described {
    post("Rules", "route", "Which rules match, which do not and why, and where it would go")
        .text("Changes nothing: nothing is queued, counted or stored. Of a study, series or patient 200 instances are asked about at most. A file is not stored.")
        .refuses(&[404])
        .body::<RouteQuestion>(
            Required::True,
            &[
                ("stored", "A study that Orthanc has", json!({ "Resource": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988" })),
                ("other", "As if it came from elsewhere", json!({ "Resource": "1.2.840.113619.2.1", "CallingAet": "CT2", "Origin": "DicomProtocol" })),
            ],
        )
        .answers::<RouteAnswer>("What the rules say")
}

pub fn test_alert() -> Described {
    post("Queue", "testAlert", "Sends one alert of kind Test")
        .text("Waits for what the receiver of `SendQueue.Alerts.Url` answers. 409: there are no `Alerts` in the configuration, or a test is under way.")
        .refuses(&[409])
        .answers::<AlertTest>("What came of it")
}

pub fn reload() -> Described {
    post(
        "Queue",
        "reload",
        "Takes over other settings without a restart of Orthanc",
    )
    .text("Reads the section `SendQueue` anew from Orthanc's configuration files, or takes the body for it (empty, or `{}`: the files). It is validated whole: 400 with all mistakes, and nothing is changed; or it is taken over at once. What is queued keeps its destination and its rule. Modalities that are new in the files are entered into Orthanc. 409: there are no files that can be read. 503: Orthanc is starting or stopping.")
    .body::<Section>(
        Required::False,
        &[(
            "section",
            "A section in place of the files'",
            json!({ "Rules": [{ "To": ["pacs"] }] }),
        )],
    )
    .refuses(&[409])
    .answers::<Reloaded>("What was taken over")
}

pub fn openapi() -> Described {
    let object = ObjectBuilder::new().schema_type(SchemaType::new(Type::Object));
    get("Queue", "description", "This description").answers_other(
        "OpenAPI 3.1",
        "application/json",
        object,
    )
}

pub fn items() -> Described {
    get("Items", "items", "Items in the order of ID")
        .query::<ItemsQuery>()
        .answers_list::<Item>("At most `limit` items")
}

pub fn enqueue() -> Described {
    post("Items", "enqueue", "Queues what Orthanc has for destinations")
        .text("Everything is checked before anything is queued: an unknown resource or destination is 404, and nothing is queued. With a `Priority`, what waits already with a lower one is raised to it.")
        .refuses(&[404])
        .body::<Enqueue>(
            Required::True,
            &[
                (
                    "study",
                    "A study to two destinations",
                    json!({ "Resources": ["27f7126f-4f66fb14-03f4081b-f9341db2-53925988"], "Destinations": ["pacs", "archive"] }),
                ),
                (
                    "query",
                    "All CT of a month, counted only",
                    json!({ "Query": { "StudyDate": "20261101-20261130", "ModalitiesInStudy": "CT" }, "Destinations": ["archive"], "Priority": "Low", "DryRun": true }),
                ),
            ],
        )
        .answers::<Enqueued>("What was queued, or would be")
}

/// The number of an item or of a line.
fn number() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
            utoipa::openapi::KnownFormat::Int64,
        )))
        .minimum(Some(1))
}

/// A call of one item.
fn of_item(call: Described) -> Described {
    call.part(number(), "`ID` of the item")
}

pub fn item() -> Described {
    of_item(get("Items", "item", "One item with its attempts")).answers::<ItemDetailed>("The item")
}

pub fn sent() -> Described {
    let file = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .content_media_type("application/dicom");
    of_item(get("Items", "sent", "The DICOM file as it was or would be sent"))
        .text("Changed as its destination asks for now (`Coerce`, `Deidentify`, `Compress`), with meta information that fits (PS3.10 7.1), before the receiver's choice of a transfer syntax. Changes nothing: a serial that the study does not have yet is shown as `(next)`. 404: Orthanc has the instance no longer. 409: it would not be sent, and why.")
        .refuses(&[409])
        .answers_other("The file", "application/dicom", file)
}

pub fn remove() -> Described {
    of_item(Described::new("Items", "remove", "Removes an item"))
        .text("Also from the error queue. Not while it is `Running`: cancel it first.")
        .refuses(&[403, 409, 503])
        .answers::<Removed>("It is gone")
}

/// A move of one item.
fn of_item_moved(id: &'static str, summary: &'static str) -> Described {
    of_item(post("Items", id, summary))
        .refuses(&[409])
        .answers::<ItemDetailed>("The item as it is now")
}

pub fn replay() -> Described {
    of_item_moved("replay", "Sends a `Failure` or `Cancelled` item anew")
        .text("Its attempts begin anew, its history is kept.")
        .body::<Nothing>(Required::False, &[])
}

pub fn cancel() -> Described {
    of_item_moved("cancel", "Stops an item that waits or runs")
        .body::<Nothing>(Required::False, &[])
}

pub fn send_now() -> Described {
    of_item(post("Items", "sendNow", "Ends the waiting of an item"))
        .text("It goes before all others, and through a closed window. A paused destination gets it when it is resumed: `Paused`.")
        .refuses(&[409])
        .body::<Nothing>(Required::False, &[])
        .answers::<ItemSentNow>("The item as it is now")
}

pub fn redirect() -> Described {
    of_item_moved(
        "redirect",
        "Sends an item that waits or failed to another destination",
    )
    .body::<RedirectTo>(
        Required::True,
        &[("to", "To the archive", json!({ "To": "archive" }))],
    )
}

/// A call for what waits and fits a filter.
fn of_waiting(id: &'static str, summary: &'static str) -> Described {
    post("Items", id, summary).text("Of what is `Scheduled`, `Pending` or `Retry`; what is being sent is left, and counted. An empty filter is refused: everything must be asked for with `\"All\": true`, alone. 409: more fit than `AtMost`.")
        .refuses(&[409])
}

pub fn cancel_items() -> Described {
    of_waiting("cancelItems", "Stops what waits and fits the filter")
        .body::<WaitingFilter>(
            Required::True,
            &[
                (
                    "destination",
                    "What waits for a destination, counted only",
                    json!({ "Destination": "pacs", "DryRun": true }),
                ),
                (
                    "rule",
                    "What a rule made more than a day ago",
                    json!({ "Rule": "research", "OlderThanSeconds": 86400 }),
                ),
            ],
        )
        .answers::<CancelledItems>("How many, or how many it would be")
}

pub fn redirect_items() -> Described {
    of_waiting(
        "redirectItems",
        "Sends what waits and fits the filter to another destination",
    )
    .refuses(&[404])
    .body::<WaitingRedirect>(
        Required::True,
        &[(
            "replaced",
            "What waits for a PACS that is replaced",
            json!({ "Destination": "old-pacs", "To": "archive" }),
        )],
    )
    .answers::<RedirectedItems>("How many, or how many it would be")
}

pub fn prioritize_items() -> Described {
    of_waiting(
        "prioritizeItems",
        "Changes the priority of what waits and fits the filter",
    )
    .body::<PriorityFilter>(
        Required::True,
        &[(
            "study",
            "A study before all others",
            json!({ "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988", "Priority": "Stat" }),
        )],
    )
    .answers::<PrioritizedItems>("How many have another priority, or how many it would be")
}

pub fn send_items_now() -> Described {
    of_waiting(
        "sendItemsNow",
        "Ends the waiting of what waits and fits the filter",
    )
    .body::<WaitingFilter>(
        Required::True,
        &[(
            "study",
            "A study",
            json!({ "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988" }),
        )],
    )
    .answers::<SentItems>("How many, or how many it would be, and who is paused")
}

pub fn remove_items() -> Described {
    of_waiting("removeItems", "Removes what waits and fits the filter")
        .body::<WaitingFilter>(
            Required::True,
            &[("some", "These items", json!({ "IDs": [4711, 4712] }))],
        )
        .answers::<RemovedItems>("How many, or how many it would be")
}

pub fn errors() -> Described {
    get("Errors", "errors", "The error queue in the order of ID")
        .query::<ErrorsQuery>()
        .answers_list::<Item>("At most `limit` items")
}

pub fn error_summary() -> Described {
    get(
        "Errors",
        "errorSummary",
        "The error queue by destination, class and status",
    )
    .query::<ErrorSummaryQuery>()
    .answers_list::<ErrorSummary>("One for each kind of failure")
}

pub fn replay_errors() -> Described {
    of_errors("replayErrors", "Sends what fits the filter anew")
        .answers::<Replayed>("How many, or how many it would be")
}

pub fn purge_errors() -> Described {
    of_errors("purgeErrors", "Removes what fits the filter")
        .answers::<Purged>("How many, or how many it would be")
}

fn of_errors(id: &'static str, summary: &'static str) -> Described {
    post("Errors", id, summary)
        .text("An empty filter is refused: everything must be asked for with `\"All\": true`, alone. 409: more fit than `AtMost`.")
        .refuses(&[409])
        .body::<ErrorFilter>(
            Required::True,
            &[
                (
                    "refused",
                    "What a destination refused with C000, counted only",
                    json!({ "Destination": "pacs", "Class": "Rejected", "Status": 49152, "DryRun": true }),
                ),
                ("some", "These items", json!({ "IDs": [4711, 4712] })),
                (
                    "silent",
                    "What failed without an answer, more than a day ago",
                    json!({ "Status": "None", "OlderThanSeconds": 86400 }),
                ),
                ("all", "Everything", json!({ "All": true })),
            ],
        )
}

pub fn redirect_errors() -> Described {
    post("Errors", "redirectErrors", "Sends what fits the filter to another destination")
        .text("An empty filter is refused: everything must be asked for with `\"All\": true`, alone. An unknown destination is 404. 409: more fit than `AtMost`.")
        .refuses(&[404, 409])
        .body::<RedirectFilter>(
            Required::True,
            &[(
                "elsewhere",
                "What waits for a destination that is gone",
                json!({ "Destination": "pacs", "To": "archive" }),
            )],
        )
        .answers::<Redirected>("How many, or how many it would be")
}

pub fn destinations() -> Described {
    get(
        "Destinations",
        "destinations",
        "All destinations that rules or items name",
    )
    .answers_list::<Destination>("In the order of their names")
}

pub fn sources() -> Described {
    get(
        "Queue",
        "sources",
        "The calling AETs from which something came",
    )
    .text("Those that `Alerts.SilentSources` names, and at most 1000 others.")
    .answers_list::<Sender>("In the order of their AETs")
}

pub fn serials() -> Described {
    get("Serials", "serials", "How far each serial is")
        .text("Those that are configured, and those of which a number was given.")
        .answers_list::<SerialState>("In the order of their names")
}

pub fn serial() -> Described {
    get("Serials", "serial", "Which study got which number")
        .part(
            text_like("^[0-9A-Za-z_-]+$", "accessions"),
            "Name in `SendQueue.Serials`",
        )
        .query::<SerialsQuery>()
        .answers_list::<SerialGiven>("At most `limit` of them, in the order of their numbers")
}

pub fn add_subjects() -> Described {
    post(
        "De-identification",
        "addSubjects",
        "Adds subjects to the list of a de-identification",
    )
    .text("What waits for them is looked at again. All of them are added, or none. What the file has counts: a subject that is there too is 409.")
    .part(
        text_like("^[0-9A-Za-z_-]+$", "trial"),
        "Name in `SendQueue.Deidentifications`",
    )
    .refuses(&[404, 409])
    .body::<AddSubjects>(
        Required::True,
        &[(
            "one",
            "A subject",
            json!({ "Subjects": [ { "IssuerOfPatientID": "A", "PatientID": "12345", "Subject": "T-001" } ] }),
        )],
    )
    .answers::<SubjectsAdded>("What was added")
}

/// A call of one destination.
fn of_destination(call: Described) -> Described {
    call.part(
        text_like("^[0-9A-Za-z_-]+$", "pacs"),
        "Symbolic name in Orthanc's `DicomModalities`",
    )
}

pub fn destination() -> Described {
    of_destination(get("Destinations", "destination", "One destination"))
        .answers::<Destination>("The destination")
}

fn of_destination_steered(id: &'static str, summary: &'static str) -> Described {
    of_destination(post("Destinations", id, summary))
}

pub fn pause() -> Described {
    of_destination_steered("pause", "Holds its items until it is resumed")
        .text("Also over restarts. What is on its way is not stopped.")
        .answers::<Destination>("The destination as it is now")
}

pub fn resume() -> Described {
    of_destination_steered("resume", "Ends a pause")
        .text("It is sent to, or looked for, at once.")
        .answers::<Destination>("The destination as it is now")
}

pub fn echo() -> Described {
    of_destination_steered("echo", "A C-ECHO (PS3.7 9.1.5), with its time or its error")
        .text("Takes as long as the destination's `Timeout`, if it does not answer. An answer ends an outage.")
        .answers::<Echo>("What came of it")
}

pub fn preview() -> Described {
    of_destination(post(
        "Destinations",
        "preview",
        "What would differ if an instance were sent there",
    ))
    .text("Changes nothing: nothing is queued or decided, and a serial that the study does not have yet is shown as `(next)`. 404: no such destination, or no such instance.")
    .refuses(&[404])
    .body::<PreviewQuestion>(
        Required::True,
        &[(
            "instance",
            "An instance that Orthanc has",
            json!({ "Instance": "a9d50d4a-ac0a4c5c-ae4f7f10-a4a9d1f0-1fa8a0a1" }),
        )],
    )
    .answers::<Preview>("The list of changes, old and new")
}

pub fn confirm() -> Described {
    of_destination(post(
        "Destinations",
        "confirm",
        "Asks it for what it acknowledged of a study",
    ))
    .text("By the means of its `Confirm`, as if all of it were delivered now. What is asked for is `Waiting` until it is confirmed, refused or over. 404: no such destination. 409: its settings have no `Confirm`.")
    .refuses(&[404, 409])
    .body::<ConfirmStudy>(
        Required::True,
        &[(
            "study",
            "A study",
            json!({ "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988" }),
        )],
    )
    .answers::<ToConfirm>("How much of it is asked for")
}

pub fn send_all_now() -> Described {
    of_destination_steered("sendAllNow", "Ends all waiting of its items")
        .text(
            "Its `Scheduled` and `Retry` items become `Pending`, an outage is probed at once, and a closed window is let through \
             until its queue is empty. A pause holds on.",
        )
        .answers::<Destination>("The destination as it is now")
}

pub fn deliveries() -> Described {
    get(
        "Deliveries",
        "deliveries",
        "Which study was delivered where, and when, in the order of ID",
    )
    .text("A line for each study and destination, with what the destination acknowledged. A line lasts for years: kept for `LedgerYears` after its last delivery, once Orthanc has deleted the study and its items are gone; what is delivered again after that is another line. All that is asked for must fit. Between `since` and `until` something need not have been delivered: a line counts whose first delivery was before `until` and whose last was not before `since`. With `format=csv` a table (RFC 4180) with the same names, times as `2026-11-20 23:59:59` (UTC), and an apostrophe before a text that a spreadsheet would take for a formula; its header `Sendqueue-Complete` is `false` where there are more lines than `limit`.")
    .query::<DeliveriesQuery>()
    .answers_list::<Delivery>("At most `limit` lines")
    .or_text(csv::CONTENT_TYPE)
}

pub fn delivery() -> Described {
    get(
        "Deliveries",
        "delivery",
        "One line with each of its deliveries",
    )
    .part(number(), "`ID` of the line")
    .answers::<DeliveryDetailed>("The line")
}

pub fn retention() -> Described {
    get(
        "Retention",
        "retention",
        "Which studies may be deleted from Orthanc, and why each other one stays",
    )
    .text("A study may be deleted once each of its instances is proven at each destination of `Retention.Safe`: acknowledged there with status 0000, that very file, and confirmed where the destination has `Confirm`. A pass over all studies is made each hour.")
    .query::<RetentionQuery>()
    .answers::<Retention>("What is in force, what the last pass found, and its studies")
}

pub fn run_retention() -> Described {
    post("Retention", "runRetention", "Looks at all studies now")
        .text("Answers at once; `Running` of `GET /sendqueue/retention` tells when it is over. 409: there is no section `Retention`, or `DryRun` is `false` here and `true` there.")
        .body::<RetentionRun>(
            Required::False,
            &[("dry", "Only tells what would be deleted", json!({ "DryRun": true }))],
        )
        .refuses(&[409])
        .answers::<RetentionStarted>("It begins")
}

pub fn deletions() -> Described {
    get(
        "Retention",
        "deletions",
        "What was deleted from Orthanc, for ever, in the order of ID",
    )
    .query::<DeletionsQuery>()
    .answers_list::<Deletion>("At most `limit` deletions")
}

pub fn events() -> Described {
    get(
        "Events",
        "events",
        "What happened, in its order: an ordered feed that any program can follow",
    )
    .text("Ask with the `Last` of the answer before, and with `wait` to be answered as soon as there is something new. Nothing is missed as long as `Forgotten` is 0. 409: `since` is behind the newest event that there ever was, so the queue's database is another one: begin with 0. Which kinds there are, and which tags they tell, the section `Events` says; without it there are none.")
    .query::<EventsQuery>()
    .refuses(&[409])
    .answers::<Events>("At most `limit` events")
}

pub fn replay_events() -> Described {
    post("Events", "replayEvents", "Tells events again")
        .text("The webhook begins again there. Whoever reads the feed asks with the `Since` of the answer. What is not kept any more (`KeepDays`) cannot be told again.")
        .body::<ReplayEvents>(
            Required::True,
            &[("moment", "All of the last day", json!({ "From": "1d" }))],
        )
        .answers::<ReplayedEvents>("From where on, and how many")
}

pub fn events_status() -> Described {
    get("Events", "eventsStatus", "How far events are told")
        .answers::<EventsStatus>("What is told of, and up to where")
}

const ORTHANC_ID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{8}){4}$";
const ORTHANC_ID_OR_UID: &str = "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{8}){4}|[0-9]+(\\.[0-9]+)+)$";

fn resource(id: &'static str, summary: &'static str, text: &'static str) -> Described {
    let pattern = if id == "patient" {
        ORTHANC_ID
    } else {
        ORTHANC_ID_OR_UID
    };
    get("Resources", id, summary)
        .part(
            text_like(pattern, "27f7126f-4f66fb14-03f4081b-f9341db2-53925988"),
            text,
        )
        .answers::<Resource>("What went where; no destinations: nothing of it was ever queued")
}

pub fn patient() -> Described {
    resource(
        "patient",
        "Where a patient's instances went",
        "Orthanc identifier",
    )
}

pub fn studies() -> Described {
    get("Resources", "studies", "Studies with items, the newest first")
        .text("A study is listed if it has an item that fits, in the place of the newest such item. One item must fit all that is asked for. A page may have fewer than `limit`, where studies are very large: only an empty one is the end. No study is on two pages as long as nothing changes; what gets a newer item meanwhile is on the first page when that is asked for again.")
        .query::<StudiesQuery>()
        .answers_list::<StudyProgress>("At most `limit` studies")
}

pub fn study() -> Described {
    resource(
        "study",
        "Where a study's instances went",
        "Orthanc identifier or StudyInstanceUID",
    )
}

pub fn series() -> Described {
    resource(
        "series",
        "Where a series' instances went",
        "Orthanc identifier or SeriesInstanceUID",
    )
}

pub fn instance() -> Described {
    resource(
        "instance",
        "Where an instance went",
        "Orthanc identifier or SOPInstanceUID",
    )
}

pub fn page() -> Described {
    Described::new("Page", "page", "The operator's page").answers_text("The page", &[ui::HTML])
}

pub fn page_file() -> Described {
    let names = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .enum_values(Some(ui::names()));
    Described::new("Page", "pageFile", "What the page is made of")
        .part(names, "Name of the file")
        .answers_text("The file", &[ui::HTML, ui::STYLE, ui::SCRIPT, ui::IMAGE])
}
