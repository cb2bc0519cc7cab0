//! What a monitoring system sees: `/sendqueue/metrics`, `/sendqueue/history`, Orthanc's own metrics, and the dashboard
//! and alert rules under `docker/`.

mod history;
mod monitoring;
mod own;
mod page;
mod values;
