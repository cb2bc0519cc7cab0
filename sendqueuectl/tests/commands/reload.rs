//! `reload`.

use super::*;

#[test]
fn reload_says_what_changed_and_what_is_wrong() {
    let sink = FaultScp::start("SINK");
    let config = queue::config_for(&[&sink]);
    let mut queue = Queue::start(config.clone());
    let ctl = Ctl::of(&queue);
    let wrong = config.clone().set("/SendQueue/Rules/0/To/-", "nowhere");
    queue.rewrite(wrong);
    let said = ctl.fails(1, &["reload"]);
    assert!(said.contains("SendQueue.Rules[0].To[1]"), "{said}");
    let changed = config.set("/SendQueue/HistoryDays", 3);
    queue.rewrite(changed.set("DicomAet", "OTHER"));
    let said = ctl.ok(&["reload"]);
    assert!(said.contains("changed: HistoryDays"), "{said}");
    assert!(said.contains("DicomAet: ORTHANC is in force"), "{said}");
    let file = queue.data_dir().join("section.json");
    std::fs::write(&file, "{ \"SendQueue\": { \"Rules\": [], } } // all").unwrap();
    let path = file.to_str().unwrap();
    let answer = ctl.json(&["reload", "--section", path]);
    assert_eq!(answer["Source"], "body");
    assert_eq!(answer["Rules"], 0);
    std::fs::write(&file, "{}").unwrap();
    ctl.fails(2, &["reload", "--section", path]);
}
