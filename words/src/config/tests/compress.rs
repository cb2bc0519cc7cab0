//! `Compress`.

use super::super::compress::Compression;
use super::*;

const JPEG: &str = "1.2.840.10008.1.2.4.50";
const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";

fn of(
    defaults: Value,
    own: Value,
) -> Result<(Option<Compression>, Option<&'static str>), Mistakes> {
    let settings = read(&with(
        json!({ "Defaults": defaults, "Destinations": { "pacs": own } }),
    ))?;
    let pacs = settings.destination("pacs");
    Ok((pacs.compress, pacs.transfer_syntax))
}

fn compression(transfer_syntax: &'static str, lossy: bool) -> Option<Compression> {
    Some(Compression {
        transfer_syntax,
        lossy,
    })
}

#[test]
fn what_is_written_last_counts() {
    let lossless = json!({ "Compress": { "TransferSyntax": JPEG_LOSSLESS } });
    let lossy = json!({ "Compress": { "TransferSyntax": JPEG, "Lossy": true } });
    let plain = json!({ "TransferSyntax": "1.2.840.10008.1.2.1" });
    let none = json!({ "Compress": null });
    for (defaults, own, expected) in [
        (
            json!({}),
            lossless.clone(),
            (compression(JPEG_LOSSLESS, false), Some(JPEG_LOSSLESS)),
        ),
        (json!({}), lossy.clone(), (compression(JPEG, true), None)),
        (
            lossless.clone(),
            lossy.clone(),
            (compression(JPEG, true), None),
        ),
        (lossy.clone(), json!({}), (compression(JPEG, true), None)),
        (lossy.clone(), none.clone(), (None, None)),
        (
            lossy.clone(),
            plain.clone(),
            (None, Some("1.2.840.10008.1.2.1")),
        ),
        (plain.clone(), lossy, (compression(JPEG, true), None)),
        (plain, none, (None, Some("1.2.840.10008.1.2.1"))),
    ] {
        assert_eq!(
            of(defaults.clone(), own.clone()).unwrap(),
            expected,
            "{defaults} {own}"
        );
    }
}

#[test]
fn each_mistake_is_told_where_it_is() {
    for (own, path, allowed) in [
        (json!({ "Compress": true }), "", "an object"),
        (json!({ "Compress": {} }), "", "with TransferSyntax"),
        (
            json!({ "Compress": { "TransferSyntax": "1.2.3" } }),
            ".TransferSyntax",
            "(JPEG 2000 Lossless)",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG } }),
            ".TransferSyntax",
            "\"Lossy\": true beside it",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG, "Lossy": false } }),
            ".TransferSyntax",
            "\"Lossy\": true beside it",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG_LOSSLESS, "Lossy": true } }),
            ".Lossy",
            "false",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG, "Lossy": 1 } }),
            ".Lossy",
            "true or false",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG, "Lossy": true, "Quality": 90 } }),
            ".Quality",
            "DicomLossyTranscodingQuality",
        ),
        (
            json!({ "Compress": { "TransferSyntax": JPEG, "Lossy": true, "Qality": 90 } }),
            ".Qality",
            "did you mean",
        ),
        (
            json!({ "Transport": "Rest", "Compress": { "TransferSyntax": JPEG_LOSSLESS } }),
            "",
            "nothing while Transport is \"Rest\"",
        ),
        (
            json!({ "TransferSyntax": "1.2.840.10008.1.2.1", "Compress": { "TransferSyntax": JPEG_LOSSLESS } }),
            "",
            "nothing beside TransferSyntax",
        ),
    ] {
        let mistakes = of(json!({}), own.clone()).unwrap_err();
        assert_eq!(mistakes.0.len(), 1, "{own}: {mistakes:?}");
        let expected = format!("SendQueue.Destinations.pacs.Compress{path}");
        assert_eq!(mistakes.0[0].path, expected, "{own}");
        assert!(
            mistakes.0[0].allowed.contains(allowed),
            "{own}: {}",
            mistakes.0[0].allowed
        );
    }
}
