//! In whose form a message goes (`Alerts.Format`).
//!
//! Invariants:
//! - What a message says is text, whatever it holds: no mark-up, mention or link comes of a name.
//! - Of other forms than ours whoever reads sees who tells, what happened, what to do, and the link.

use serde_json::{Value, json};

use crate::config::settings::{AlertFormat, AlertSettings};

/// What is posted.
pub fn body(mut message: Value, settings: &AlertSettings) -> Vec<u8> {
    let link = settings.link.as_deref();
    if let Some(link) = link {
        message["Link"] = Value::from(link);
    }
    let shaped = match settings.format {
        AlertFormat::Json => message,
        AlertFormat::Slack => slack(&message, link),
        AlertFormat::Teams => teams(&message, link),
    };
    shaped.to_string().into_bytes()
}

/// `Hospital: pacs cannot be reached …`, and what to do.
fn lines(message: &Value) -> [String; 2] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let orthanc = &message["Orthanc"];
    let name = match text(&orthanc["Name"]) {
        none if none.is_empty() => text(&orthanc["DicomAet"]),
        name => name,
    };
    let what = text(&message["Message"]);
    [format!("{name}: {what}"), text(&message["Advice"])]
}

/// An incoming webhook of Slack. Three characters steer its text, whatever `mrkdwn` says: they are escaped.
fn slack(message: &Value, link: Option<&str>) -> Value {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let mut text = lines(message).map(|line| escape(&line)).join("\n");
    if let Some(link) = link {
        // A bar would begin the label.
        let link = escape(link).replace('|', "%7C");
        text = format!("{text}\n<{link}>");
    }
    // Without it a name with underlines is in italics.
    json!({ "text": text, "mrkdwn": false })
}

/// A workflow of Teams that posts an Adaptive Card. A `TextBlock` reads Markdown, a `TextRun` shows text as it is.
fn teams(message: &Value, link: Option<&str>) -> Value {
    let [what, advice] = lines(message);
    let paragraph = |text: String, weight: &str| {
        let run = json!({ "type": "TextRun", "text": text, "weight": weight });
        json!({ "type": "RichTextBlock", "inlines": [run] })
    };
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [paragraph(what, "Bolder"), paragraph(advice, "Default")],
    });
    if let Some(link) = link {
        card["actions"] =
            json!([{ "type": "Action.OpenUrl", "title": "Open the send queue", "url": link }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::{AlertKind, Webhook};

    fn shaped(format: AlertFormat, link: Option<&str>) -> Value {
        let settings = AlertSettings {
            webhook: Webhook::default(),
            format,
            link: link.map(str::to_owned),
            on: AlertKind::ALL.to_vec(),
            backlog_items: 1,
            backlog_seconds: 1,
            silent_sources: Vec::new(),
        };
        let message = json!({
            "ID": "1", "Orthanc": { "Name": "A & B", "DicomAet": "ORTHANC" },
            "Message": "<!channel> *tele_radio_logy* [x](http://y) \"q\" \\ cannot be reached", "Advice": "Look > there.",
        });
        serde_json::from_slice(&body(message, &settings)).unwrap()
    }

    #[test]
    fn ours_has_the_link_beside_what_it_says() {
        assert_eq!(
            shaped(AlertFormat::Json, Some("https://o/ui"))["Link"],
            "https://o/ui"
        );
        let without = shaped(AlertFormat::Json, None);
        assert_eq!(without["ID"], "1");
        assert!(without.get("Link").is_none());
    }

    #[test]
    fn nothing_steers_slack() {
        assert_eq!(
            shaped(AlertFormat::Slack, Some("https://o/?a=1&b=|")),
            json!({
                "text": "A &amp; B: &lt;!channel&gt; *tele_radio_logy* [x](http://y) \"q\" \\ cannot be reached\nLook &gt; there.\n<https://o/?a=1&amp;b=%7C>",
                "mrkdwn": false,
            })
        );
        let text = shaped(AlertFormat::Slack, None)["text"].to_string();
        assert!(text.ends_with("there.\""), "{text}");
    }

    #[test]
    fn teams_shows_text_as_it_is() {
        let card = shaped(AlertFormat::Teams, Some("https://o/ui"));
        assert_eq!(card["type"], "message");
        let attachment = &card["attachments"][0];
        assert_eq!(
            attachment["contentType"],
            "application/vnd.microsoft.card.adaptive"
        );
        let content = &attachment["content"];
        assert_eq!(content["type"], "AdaptiveCard");
        let run = &content["body"][0]["inlines"][0];
        assert_eq!(run["type"], "TextRun");
        assert_eq!(
            run["text"],
            "A & B: <!channel> *tele_radio_logy* [x](http://y) \"q\" \\ cannot be reached"
        );
        assert_eq!(content["body"][1]["inlines"][0]["text"], "Look > there.");
        assert_eq!(content["actions"][0]["url"], "https://o/ui");
        let without = shaped(AlertFormat::Teams, None);
        assert!(
            without["attachments"][0]["content"]
                .get("actions")
                .is_none()
        );
    }
}
