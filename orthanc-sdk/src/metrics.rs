//! Metrics, as Orthanc shows them in `GET /tools/metrics-prometheus`.

use crate::context::c_string;
use crate::error::CallError;
use crate::host::Host;
use crate::raw;

/// Above this, an `f64` does not hold each integer.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

impl Host {
    /// Sets a gauge. A whole number becomes an integer metric on Orthanc 1.12.1 and newer, and is exact up to 2^53; all
    /// else is a 32-bit float. Orthanc keeps the kind of the first value of a metric and rounds later ones to it: for
    /// one that can have a fraction use [`set_metric_float`](Self::set_metric_float).
    ///
    /// Orthanc logs an error if it is called before `OrthancStarted`.
    pub fn set_metric(&self, name: &str, value: f64) {
        let whole = value.fract() == 0.0 && value.abs() <= LARGEST_EXACT;
        let done = if whole && self.at_least(1, 12, 1) {
            self.set_integer(name, value as i64)
        } else {
            self.set_float(name, value)
        };
        report(name, done);
    }

    /// Sets a gauge as a 32-bit float on all versions of Orthanc (exact up to 2^24).
    pub fn set_metric_float(&self, name: &str, value: f64) {
        report(name, self.set_float(name, value));
    }

    fn set_integer(&self, name: &str, value: i64) -> Result<(), CallError> {
        let lease = self.lease()?;
        let name = c_string("the name of the metric", name)?;
        let params = raw::SetMetricsInteger {
            name: name.as_ptr(),
            value,
            kind: raw::OrthancPluginMetricsType_Default as i32,
        };
        // SAFETY: the parameters are those of the service, which this version of Orthanc has.
        unsafe { lease.invoke(raw::SERVICE_SET_METRICS_INTEGER, &raw const params) }
            .map_err(|code| lease.refused(code))
    }

    fn set_float(&self, name: &str, value: f64) -> Result<(), CallError> {
        let lease = self.lease()?;
        let name = c_string("the name of the metric", name)?;
        let params = raw::_OrthancPluginSetMetricsValue {
            name: name.as_ptr(),
            value: value as f32,
            type_: raw::OrthancPluginMetricsType_Default,
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_SetMetricsValue,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))
    }
}

/// Orthanc has logged a refusal itself, and nobody is there to read after `finalize`.
fn report(name: &str, done: Result<(), CallError>) {
    if let Err(error @ CallError::BadArgument(_)) = done {
        log::warn!("metric {name}: {error}");
    }
}
