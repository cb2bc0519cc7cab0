//! What would be sent of an instance, and what was: `/sendqueue/destinations/{name}/preview`,
//! `/sendqueue/items/{id}/sent`.
//!
//! Invariants:
//! - Looking changes nothing: nothing is queued, decided, given or remembered.
//! - By the settings in force: what was sent under other ones is shown as it would be sent now.
//! - What would not be sent is not shown: not the stored instance in its stead.

use orthanc_sdk::{Request, Response};

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::items::unknown_destination;
use super::lookup::{is_orthanc_id, is_uid};
use super::types::{Preview, PreviewQuestion};
use super::{Answer, Api, ok};
use crate::coercion::NotEdited;
use crate::item::Class;
use crate::store::Level;

impl Api {
    pub fn preview(&self, request: &Request, name: &str) -> Answer {
        let body = Body::of::<PreviewQuestion>(request)?;
        let allowed = "an Orthanc identifier or a SOP Instance UID of an instance";
        let text = body.text("Instance")?;
        let text = text.ok_or_else(|| ApiError::field("Instance", "nothing", allowed))?;
        if !self.is_configured(name)? {
            return Err(unknown_destination(name));
        }
        let instance = self.known_instance(text)?;
        let settings = self.settings.destination(name);
        let found = self.coercion.preview(name, settings, &instance);
        let mut answer = Preview {
            destination: name.to_owned(),
            instance,
            sop_instance_uid: None,
            transfer_syntax: None,
            changes: Vec::new(),
            unchanged: false,
            problem: None,
        };
        match found {
            Ok(preview) => {
                let [stored_as, sent_as] = preview.sop_instance_uid;
                let [stored_in, sent_in] = preview.transfer_syntax;
                let differs = stored_as != sent_as || stored_in != sent_in;
                answer.unchanged = preview.changes.is_empty() && !differs;
                answer.changes = preview.changes.into_iter().map(Into::into).collect();
                answer.sop_instance_uid = Some(sent_as);
                answer.transfer_syntax = Some(sent_in);
            }
            Err(not) => answer.problem = Some(problem(not)?),
        }
        ok(&answer)
    }

    pub fn sent(&self, request: &Request, id: i64) -> Answer {
        Query::none(request)?;
        let item = self.known_item(id)?;
        let name = &item.destination;
        if !self.is_configured(name)? {
            return Err(ApiError::conflict(format!(
                "item {id} cannot be shown: its destination {} is not configured any more",
                quoted(name)
            )));
        }
        let settings = self.settings.destination(name);
        match self.coercion.sent(&item, settings) {
            Ok(file) => Ok(Response::new(200, "application/dicom", file)),
            Err(not) => Err(ApiError::conflict(format!(
                "item {id} would not be sent: {}",
                problem(not)?
            ))),
        }
    }

    /// The Orthanc identifier of an instance that Orthanc has; of a study, series or patient one of theirs.
    fn known_instance(&self, text: String) -> Result<String, ApiError> {
        let mut instance = self.identifier("Instance", Level::Instance, text)?;
        if is_uid(&instance) {
            if let [only] = &self.look_up_any(&instance)?[..] {
                instance.clone_from(only);
            }
        }
        let unknown =
            || ApiError::not_found(format!("no instance {} in Orthanc", quoted(&instance)));
        if !is_orthanc_id(&instance) {
            return Err(unknown());
        }
        match self.client.get_json(&format!("/instances/{instance}")) {
            Ok(_) => Ok(instance),
            Err(error) if error.is_unknown_resource() => {
                self.one_instance_of(&instance)?.ok_or_else(unknown)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn one_instance_of(&self, resource: &str) -> Result<Option<String>, ApiError> {
        for level in ["studies", "series", "patients"] {
            match self
                .client
                .get_json(&format!("/{level}/{resource}/instances"))
            {
                Ok(all) => {
                    let id = all.pointer("/0/ID").and_then(|id| id.as_str());
                    return Ok(id.map(str::to_owned));
                }
                Err(error) if error.is_unknown_resource() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }
}

/// Why it would not be sent, in words.
///
/// # Errors
/// Where that cannot be said.
fn problem(not: NotEdited) -> Result<String, ApiError> {
    match not {
        NotEdited::Outcome(outcome) if outcome.class == Class::Missing => {
            Err(ApiError::not_found(outcome.details))
        }
        NotEdited::Outcome(outcome) => Ok(outcome.details),
        NotEdited::NotNow(why) => Err(ApiError::new(503, why)),
    }
}
