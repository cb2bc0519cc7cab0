//! Without a command.

use super::*;

/// Each of the documented exit codes (docs/operate.md), of what needs a person first.
#[test]
fn without_a_command_it_says_what_needs_a_person() {
    let (bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    let output = ctl.run(&[]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(
            "error: bad has 4 failures: 2 × A900 (Rejected), 2 × C000 (Rejected), since "
        ),
        "{text}"
    );
    assert!(lines[1].starts_with("    "), "what to do: {text}");
    let figures = lines.last().expect("figures");
    assert_eq!(*figures, "0 waiting, 4 sent in 24 h, 4 failed");
    let output = ctl.run(&["--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told["Verdict"][0]["Count"], 4);
    assert_eq!((&told["Waiting"], &told["Failed"]), (&json!(0), &json!(4)));
    assert_eq!(told["SentIn24Hours"], 4);
    // Mended.
    bad.set_store(Respond::Status(0));
    ctl.ok(&["replay", "--all"]);
    queue.wait_for("bad", "Success", 4);
    let text = ctl.ok(&[]);
    assert!(text.starts_with("all is well\n0 waiting, "), "{text}");
    assert_eq!(ctl.json(&[])["Verdict"], json!([]));
    let nobody = Ctl::of_nobody();
    assert!(nobody.fails(3, &[]).contains("cannot be reached"));
    assert_eq!(ctl.run(&["no-such-command"]).status.code(), Some(2));
}
