//! `/sendqueue/deliveries`: what was sent where, for longer than items are kept.

use orthanc_sdk::{Request, Response};

use super::csv::{Field, Table};
use super::error::ApiError;
use super::input::{Query, quoted};
use super::lookup::is_uid;
use super::search::COMPLETE;
use super::types::{self, DeliveriesQuery, Format};
use super::{Answer, Api, ok};
use crate::store::{Delivered, Level, Wanted};

const DEFAULT_LIMIT: u32 = 100;
const MOST_LIMIT: u32 = 1000;
/// Lines of a table: the most, and as many as there are without a limit.
const MOST_OF_TABLE: u32 = 100_000;

impl Api {
    pub fn deliveries(&self, request: &Request) -> Answer {
        let query = Query::of::<DeliveriesQuery>(request)?;
        let now = self.clock.now();
        let (default, most) = match format(&query)? {
            Format::Json => (DEFAULT_LIMIT, MOST_LIMIT),
            Format::Csv => (MOST_OF_TABLE, MOST_OF_TABLE),
        };
        let wanted = Wanted {
            study: query.text("study"),
            accession: query.text("accession"),
            destination: query.text("destination"),
            from: query.moment("since", now)?,
            until: query.moment("until", now)?,
        };
        let page = query.page_after(default, most)?;
        let (after, limit) = (page.since, page.limit);
        match format(&query)? {
            Format::Json => {
                let lines = self.lines(&wanted, after, limit)?;
                let list: Vec<types::Delivery> = lines.iter().map(types::Delivery::from).collect();
                ok(&list)
            }
            Format::Csv => self.table(&wanted, after, limit),
        }
    }

    pub fn delivery(&self, request: &Request, id: i64) -> Answer {
        Query::none(request)?;
        let (line, instances) = (self.store.delivery(id)?)
            .ok_or_else(|| ApiError::not_found(format!("no delivery {id}")))?;
        ok(&types::DeliveryDetailed::new(&line, &instances))
    }

    /// Orthanc's identifier of a study, by it or by its UID; `None`: nothing of it was delivered.
    pub(super) fn delivered(&self, study: &str) -> Result<Option<String>, ApiError> {
        let wanted = Wanted {
            study: Some(study.to_owned()),
            ..Wanted::default()
        };
        let line = self.store.deliveries(&wanted, 0, 1)?.pop();
        Ok(line.map(|line| line.name.study))
    }

    fn lines(&self, wanted: &Wanted, after: i64, limit: u32) -> Result<Vec<Delivered>, ApiError> {
        let lines = self.store.deliveries(wanted, after, limit)?;
        let Some(uid) = wanted.study.as_ref().filter(|text| is_uid(text)) else {
            return Ok(lines);
        };
        if !lines.is_empty() {
            return Ok(lines);
        }
        // The queue may know it without its UID, from a version that did not note it: then Orthanc is asked.
        let study = self.identifier("study", Level::Study, uid.clone())?;
        let wanted = Wanted {
            study: Some(study),
            ..wanted.clone()
        };
        Ok(self.store.deliveries(&wanted, after, limit)?)
    }

    /// Read in pages, so that the store is not held for all of it.
    fn table(&self, wanted: &Wanted, mut after: i64, limit: u32) -> Result<Response, ApiError> {
        let mut table = Table::new(&types::Delivery::COLUMNS);
        let mut left = limit;
        while left > 0 {
            let lines = self.lines(wanted, after, left.min(MOST_LIMIT))?;
            let Some(last) = lines.last() else { break };
            after = last.id;
            left = left.saturating_sub(lines.len().try_into().unwrap_or(left));
            lines.iter().for_each(|line| add(&mut table, line));
        }
        let is_all = left > 0 || self.lines(wanted, after, 1)?.is_empty();
        let answer = table.answer("deliveries.csv");
        Ok(answer.with_header(COMPLETE, if is_all { "true" } else { "false" }))
    }
}

/// The columns of [`types::Delivery::COLUMNS`].
fn add(table: &mut Table, line: &Delivered) {
    table.add(&[
        Field::Word(&line.id),
        Field::Text(&line.name.study),
        Field::Text(&line.name.uid),
        Field::Text(&line.name.accession),
        Field::Text(&line.destination),
        Field::Word(&types::Time(line.first).for_spreadsheet()),
        Field::Word(&types::Time(line.last).for_spreadsheet()),
        Field::Word(&line.instances),
        Field::Word(&line.warnings),
        Field::Word(&line.bytes),
        Field::Word(&line.closed),
    ]);
}

fn format(query: &Query) -> Result<Format, ApiError> {
    match query.text("format").as_deref() {
        None | Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some(other) => Err(ApiError::field("format", quoted(other), "json, csv")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Timestamp;
    use crate::store::StudyName;

    #[test]
    fn a_table_has_what_the_list_has() {
        let line = Delivered {
            id: 7,
            name: StudyName {
                study: "27f7126f-4f66fb14-03f4081b-f9341db2-53925988".to_owned(),
                uid: "1.2.3".to_owned(),
                accession: "=A,1".to_owned(),
            },
            destination: "pacs".to_owned(),
            first: Timestamp::parse_orthanc("20260301T070509.123456").unwrap(),
            last: Timestamp::parse_orthanc("20260331T235959.999999").unwrap(),
            instances: 12,
            warnings: 1,
            bytes: 6_000_000_000,
            closed: true,
        };
        let shown = serde_json::to_value(types::Delivery::from(&line)).unwrap();
        let names: Vec<&String> = shown.as_object().unwrap().keys().collect();
        assert_eq!(names, types::Delivery::COLUMNS);
        let mut table = Table::new(&["x"]);
        add(&mut table, &line);
        let body = String::from_utf8(table.answer("x").body).unwrap();
        assert_eq!(
            body.lines().nth(1).unwrap(),
            "7,27f7126f-4f66fb14-03f4081b-f9341db2-53925988,1.2.3,\"'=A,1\",pacs,2026-03-01 07:05:09,\
             2026-03-31 23:59:59,12,1,6000000000,true"
        );
    }
}
