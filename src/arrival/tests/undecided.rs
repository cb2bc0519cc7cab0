//! Rules that hang on what Orthanc does not show.

use super::*;

fn world(tag: &str) -> World {
    let when = json!({ "Tags": { tag: "wanted" } });
    let world = World::with(0, json!([{ "To": ["pacs"], "When": when }]));
    world.index(|index| {
        for tag in ["0009,1001", "0010,4000", "7fe0,0010"] {
            index.tags.insert(tag.to_owned(), Value::Null);
        }
    });
    world
}

fn arrive(world: &mut World) {
    world.index(|index| index.store_range(0..3));
    world.settle();
}

#[test]
fn what_the_list_does_not_show_is_read_by_itself() {
    for (tag, bytes, expected) in [
        ("0009,1001", Some("wanted "), 3),
        ("0009,1001", Some("other "), 0),
        // Behind the pixel data, and not there at all.
        ("7fe1,1001", Some("wanted"), 3),
        ("7fe1,1001", None, 0),
    ] {
        let mut world = world(tag);
        world.index(|index| {
            let element = tag.replace(',', "-");
            index
                .elements
                .extend(bytes.map(|bytes| (element, bytes.as_bytes().to_vec())));
        });
        arrive(&mut world);
        assert_eq!(world.in_state(State::Pending).len(), expected, "{tag}");
        assert_eq!(world.items().len(), expected, "{tag}");
        assert_eq!(world.decided("pacs", Fate::Undecided), 0);
    }
}

#[test]
fn tags_of_the_rules_are_asked_for_in_full() {
    let mut world = world("0010,4000");
    arrive(&mut world);
    let asked = world.index(|index| index.asked.clone());
    let uri = "/instances/i0/tags?short&ignore-length=0010-4000";
    assert!(asked.iter().any(|asked| asked == uri), "{asked:?}");
}

#[test]
fn what_cannot_be_read_is_in_the_error_queue() {
    let mut world = world("0009,1001");
    world.index(|index| {
        index
            .elements
            .insert("0009-1001".to_owned(), vec![0x4d, 0x00]);
    });
    arrive(&mut world);
    let items = world.items();
    assert_eq!(items.len(), 3);
    for item in &items {
        assert_eq!(item.state, State::Failure);
        let details = item.details.as_deref().unwrap();
        assert!(details.contains("0009,1001 is binary"), "{details}");
    }
    assert_eq!(world.decided("pacs", Fate::Undecided), 3);
    assert_eq!(world.logged("cannot be decided"), 1, "told once");
}

/// An element that is in the list and cannot be fetched.
#[test]
fn a_call_that_fails_is_no_mismatch() {
    let mut world = world("0009,1001");
    world.index(|index| index.broken.insert("/instances/i1/content".to_owned()));
    world.index(|index| {
        let wanted = b"wanted".to_vec();
        index.elements.insert("0009-1001".to_owned(), wanted);
    });
    arrive(&mut world);
    assert_eq!(world.in_state(State::Pending).len(), 2);
    assert_eq!(world.in_state(State::Failure).len(), 1);
}
