//! What destinations led to when something was sent there.

use super::world::addresses;
use super::*;

fn world() -> World {
    World::new(json!({ "Safe": ["archive"], "DryRun": false }))
}

fn item(study: &str, instance: &str, file: &str) -> NewItem {
    NewItem {
        ids: Ids {
            instance: instance.into(),
            sop_instance_uid: format!("1.2.{instance}"),
            series: format!("{study}-series"),
            study: study.into(),
            patient: format!("{study}-patient"),
        },
        destination: "archive".into(),
        rule: Some("rule".into()),
        remote_aet: None,
        priority: Priority::Medium,
        group: study.into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 10,
        failed: None,
        reception: Reception {
            file: Some(file.into()),
            ..Reception::default()
        },
    }
}

/// Orthanc has another file of an instance, which is queued for the archive and delivered.
fn overwrite(world: &World, study: &str, instance: &str) {
    let file = format!("{instance}-2");
    let items = [item(study, instance, &file)];
    world
        .store
        .enqueue(&Intake::arrival(&items), at(20))
        .unwrap();
    let has = vec![held(instance, &file)];
    world.orthanc.has.lock().insert(study.into(), has);
    world.deliver("archive", Some(0), at(30));
}

const MOVED: &str = "archive may have led elsewhere when 1 of 1 were sent: send them again";
const OLD: &str = "archive may hold an old version of 1 of 1";

#[test]
fn what_was_sent_to_another_address_is_no_proof() {
    let world = world();
    world.arrive("before", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world
        .leads
        .listed(addresses(&[("archive", "new:104")]))
        .unwrap();
    world.arrive("after", &["b"], &["archive"], at(20));
    world.deliver("archive", Some(0), at(30));
    world.pass();
    assert_eq!(world.why(), words(&[("before", MOVED)]));
    assert_eq!(world.deleted(), ["b"]);
    // And back: which of the two has what is not known any more.
    world.leads.listed(addresses(&[])).unwrap();
    world.pass();
    assert_eq!(world.why()["before"], MOVED);
    // Sent again.
    let again = [item("before", "a", "a-1")];
    world
        .store
        .enqueue(&Intake::request(&again), at(40))
        .unwrap();
    world.deliver("archive", Some(0), at(50));
    world.pass();
    assert_eq!(world.deleted(), ["b", "a"]);
}

#[test]
fn a_name_that_is_added_again_leads_elsewhere() {
    let world = world();
    world.arrive("s", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.leads.listed(BTreeMap::new()).unwrap();
    world
        .leads
        .listed(addresses(&[("archive", "new:104")]))
        .unwrap();
    world.pass();
    assert_eq!(world.why(), words(&[("s", MOVED)]));
}

#[test]
fn nothing_goes_while_it_is_not_known_what_destinations_lead_to() {
    let mut world = world();
    world.arrive("s", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.deleter.parts.look_up = Box::new(|| Err("Orthanc says no".into()));
    world.pass();
    assert_eq!(world.deleted(), [""; 0]);
    let not_asked = "Orthanc could not be asked for it";
    assert_eq!(world.why(), words(&[("s", not_asked)]));
}

#[test]
fn another_name_of_the_same_address_is_the_same_receiver() {
    // It leads there now, did once, or nobody knows.
    for (then, now) in [("a:104", "a:104"), ("a:104", "else:104"), ("", "else:104")] {
        let world = world();
        if !then.is_empty() {
            world.leads.listed(addresses(&[("anon", then)])).unwrap();
        } else {
            let unknown = [("anon".to_owned(), String::new())];
            world.store.note_leads(&unknown).unwrap();
        }
        world.arrive("s", &["a"], &["anon"], at(0));
        world.deliver("anon", Some(0), at(10));
        let now = if then.is_empty() { "" } else { now };
        if !now.is_empty() {
            world.leads.listed(addresses(&[("anon", now)])).unwrap();
        }
        overwrite(&world, "s", "a");
        world.pass();
        assert_eq!(world.why(), words(&[("s", OLD)]), "{then} {now}");
    }
    // It always led elsewhere.
    let world = world();
    world
        .leads
        .listed(addresses(&[("anon", "else:104")]))
        .unwrap();
    world.arrive("s", &["a"], &["anon"], at(0));
    world.deliver("anon", Some(0), at(10));
    overwrite(&world, "s", "a");
    world.pass();
    assert_eq!(world.deleted(), ["a"]);
}

#[test]
fn a_second_name_led_there_though_it_is_configured_no_more() {
    let world = world();
    world.arrive("s", &["a"], &["second"], at(0));
    world.deliver("second", Some(0), at(10));
    overwrite(&world, "s", "a");
    let without = json!({
        "DicomModalities": { "archive": ["A", "a", 104], "research": ["R", "r", 104] },
        "SendQueue": { "Retention": { "Safe": ["archive"], "DryRun": false } },
    });
    let old = world.current.get();
    let new = crate::config::load(&without, &|_| None, None).unwrap();
    world.current.replace(new);
    world.leads.settings_changed(&old);
    world.pass();
    assert_eq!(world.why(), words(&[("s", OLD)]));
}

#[test]
fn a_second_name_with_another_target_leads_elsewhere() {
    let to = |target: &str| {
        let configuration = json!({
            "DicomModalities": { "archive": ["A", "a", 104], "research": ["R", "r", 104] },
            "SendQueue": {
                "Destinations": { "second": { "Target": target } },
                "Retention": { "Safe": ["second"], "DryRun": false },
            },
        });
        crate::config::load(&configuration, &|_| None, None).unwrap()
    };
    let world = world();
    world.current.replace(to("archive"));
    world.arrive("s", &["a"], &["second"], at(0));
    world.deliver("second", Some(0), at(10));
    let old = world.current.get();
    world.current.replace(to("research"));
    // The list is read, and one more is sent under the settings that were.
    world.leads.listed(addresses(&[])).unwrap();
    world.arrive("t", &["b"], &["second"], at(0));
    world.deliver("second", Some(0), at(10));
    world.leads.settings_changed(&old);
    world.pass();
    let moved = "second may have led elsewhere when 1 of 1 were sent: send them again";
    assert_eq!(world.why(), words(&[("s", moved), ("t", moved)]));
    assert_eq!(world.deleted(), [""; 0]);
}
