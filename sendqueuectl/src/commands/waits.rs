//! Who has something sent is told where it waits all the same.

use serde_json::{Map, Value};

use super::{Session, list, waiting};
use crate::held::Held;
use crate::show::number;

impl Session<'_> {
    /// The destinations among these to which nothing goes now. They are asked once; with `--json`, or where they do not
    /// tell, there are none.
    fn held(&self, is_meant: impl Fn(&Value) -> bool) -> Vec<Held> {
        if self.json {
            return Vec::new();
        }
        let destinations = self.client.get("/destinations", &[]).unwrap_or_default();
        let meant = list(&destinations).iter().filter(|one| is_meant(one));
        meant.filter_map(|one| Held::of(one, &self.times)).collect()
    }

    /// To be told once something is queued for these.
    pub(super) fn held_among(&self, names: &[&str]) -> Vec<Held> {
        match names {
            [] => Vec::new(),
            _ => self.held(|one| {
                one["Name"]
                    .as_str()
                    .is_some_and(|name| names.contains(&name))
            }),
        }
    }

    /// To be told of what was answered by items or destinations.
    pub(super) fn held_at(&self, answers: &[Value]) -> Vec<Held> {
        let well = answers.iter().filter(|one| one["Error"].is_null());
        let names = well.filter_map(|one| one.get("Destination").or(one.get("Name"))?.as_str());
        self.held_among(&names.collect::<Vec<_>>())
    }

    /// To be told of what waits, though nothing has failed.
    pub(super) fn held_with_items(&self) -> Vec<Held> {
        self.held(|one| waiting(&one["Counts"]) > 0)
    }

    /// Those of which something fits: to be asked before the verb, which may change what fits.
    pub(super) fn held_of_fitting(
        &self,
        path: &str,
        key: &str,
        filter: &Map<String, Value>,
    ) -> Vec<Held> {
        let may_fit = |one: &Value| {
            let counts = &one["Counts"];
            number(counts, "Failure") + waiting(counts) > 0
        };
        let fits = |one: &Held| {
            let narrowed = one.narrowed(filter);
            let counted = narrowed.and_then(|filter| self.client.post(path, &filter).ok());
            counted.is_some_and(|answer| number(&answer, key) > 0)
        };
        self.held(may_fit).into_iter().filter(fits).collect()
    }
}

pub fn tell(held: &[Held]) {
    for one in held {
        eprintln!("{}", one.words());
    }
}
