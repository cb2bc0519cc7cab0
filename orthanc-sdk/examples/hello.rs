//! The smallest plugin: `cargo build --release --example hello`, then name the library
//! (`target/release/examples/libhello.so`) under `"Plugins"` in Orthanc's configuration.
//!
//! - `GET /hello/{name}` greets.
//! - `GET /hello-studies` asks Orthanc's REST API.
//! - `GET /hello-panic` panics: Orthanc answers 500, logs one line and goes on.
//! - Each stored instance and each change of a few kinds is logged (run Orthanc with `--verbose`).

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orthanc_sdk::{ChangeType, Host, Method, Plugin, Request, Response};
use serde_json::json;

struct Hello {
    stored: Arc<AtomicU64>,
}

impl Plugin for Hello {
    const NAME: &'static str = "hello";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const DESCRIPTION: &'static str = "Greets, and counts stored instances.";
    const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);

    fn initialize(host: Host) -> Result<Self, String> {
        let greeting = match host.configuration() {
            Ok(configuration) => configuration["Hello"]["Greeting"]
                .as_str()
                .unwrap_or("Hello")
                .to_owned(),
            Err(error) => return Err(error.to_string()),
        };
        if greeting.is_empty() {
            return Err("the option \"Hello.Greeting\" is empty".to_owned());
        }
        let stored = Arc::new(AtomicU64::new(0));
        register(host, greeting, &stored).map_err(|error| error.to_string())?;
        host.set_root_uri("/hello/you");
        log::info!("running in Orthanc {}", host.version());
        Ok(Self { stored })
    }

    fn finalize(self) {
        log::info!(
            "{} instances were stored",
            self.stored.load(Ordering::Relaxed)
        );
    }
}

fn register(
    host: Host,
    greeting: String,
    stored: &Arc<AtomicU64>,
) -> Result<(), orthanc_sdk::CallError> {
    let count = Arc::clone(stored);
    host.register_rest("/hello/([^/]+)", move |request| {
        if request.method != Method::Get {
            return Response::method_not_allowed(&[Method::Get]);
        }
        let name = request.groups.first().map_or("", String::as_str);
        if name == "nobody" {
            return Response::json(404, &json!({"error": "nobody is here"}));
        }
        Response::json(200, &json!({"text": format!("{greeting}, {name}"), "stored": count.load(Ordering::Relaxed)}))
    })?;

    host.register_rest("/hello-studies", move |_: &Request| {
        match host.client().get_json("/studies") {
            Ok(studies) => Response::json(200, &studies),
            Err(error) => Response::text(500, error.to_string()),
        }
    })?;

    host.register_rest("/hello-panic", |_: &Request| {
        panic!("asked to\nE0101 forged line")
    })?;

    let count = Arc::clone(stored);
    host.on_stored_instance(move |instance| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        log::info!(
            "instance {number}: {} of {} bytes ({} read), from {:?} ({:?}), received {:?}, called {:?}",
            instance.id(),
            instance.size(),
            instance.data().len(),
            instance.remote_aet(),
            instance.origin(),
            instance.metadata("ReceptionDate"),
            instance.metadata("no such name"),
        );
    })?;

    host.on_change(move |change| match change.kind {
        ChangeType::OrthancStarted => {
            host.set_metric("hello_started", 1.0);
            host.set_metric_float("hello_ratio", 0.5);
        }
        ChangeType::JobSubmitted | ChangeType::JobSuccess | ChangeType::NewInstance => {
            log::info!(
                "{:?} {:?} {:?}",
                change.kind,
                change.resource_type,
                change.resource
            );
        }
        _ => {}
    })
}

orthanc_sdk::export_plugin!(Hello);
