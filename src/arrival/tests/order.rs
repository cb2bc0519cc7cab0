//! The order within a group, from Orthanc's facts to the claim.

use super::*;

#[test]
fn numbers_within_a_series_and_what_refers_to_images_last() {
    let mut world = World::new(0);
    world.wait(2.0);
    let receive = |world: &mut World, ids: &[&str]| {
        for id in ids {
            world.index(|index| index.store_from(id, "t1", "CT"));
        }
        world.settle();
    };
    receive(&mut world, &["key1", "i10", "none", "i9"]);
    receive(&mut world, &["i2", "key0", "i1"]);
    let claim = world.store.claim("pacs", Pick::MostUrgent, 100).unwrap();
    let claim = claim.unwrap();
    let order: Vec<&str> = claim
        .items
        .iter()
        .map(|item| item.ids.instance.as_str())
        .collect();
    assert_eq!(order, ["i1", "i2", "i9", "i10", "none", "key0", "key1"]);
}
