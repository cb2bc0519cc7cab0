//! A panic in any callback becomes an error code and one line of the log, and the next call works.

use std::sync::atomic::{AtomicBool, Ordering};

use log::Level;
use orthanc_sdk::fake_host::{FakeHost, FakeInstance};
use orthanc_sdk::{ChangeType, Host, Method, Plugin, ResourceType, Response};

/// Panics in what the test names; each time once.
static STORED: AtomicBool = AtomicBool::new(false);
static CHANGE: AtomicBool = AtomicBool::new(false);
static REST: AtomicBool = AtomicBool::new(false);
static INITIALIZE: AtomicBool = AtomicBool::new(false);
static FINALIZE: AtomicBool = AtomicBool::new(false);

struct Panicky;

fn perhaps(flag: &AtomicBool, what: &str) {
    if flag.swap(false, Ordering::SeqCst) {
        panic!("{what} went\nwrong");
    }
}

impl Plugin for Panicky {
    const NAME: &'static str = "panicky";
    const VERSION: &'static str = "1";
    const DESCRIPTION: &'static str = "panics";
    const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);

    fn initialize(host: Host) -> Result<Self, String> {
        host.on_stored_instance(|_| perhaps(&STORED, "stored"))
            .map_err(|e| e.to_string())?;
        host.on_change(|_| perhaps(&CHANGE, "change"))
            .map_err(|e| e.to_string())?;
        host.register_rest("/p", |_| {
            perhaps(&REST, "rest");
            Response::text(200, "fine")
        })
        .map_err(|e| e.to_string())?;
        perhaps(&INITIALIZE, "initialize");
        Ok(Self)
    }

    fn finalize(self) {
        perhaps(&FINALIZE, "finalize");
    }
}

/// The error lines, which are taken out of the log.
fn errors(fake: &FakeHost) -> Vec<String> {
    fake.take_logs()
        .into_iter()
        .filter(|(level, _)| *level == Level::Error)
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn a_panic_never_passes() {
    for version in ["1.10.1", "1.12.7", "1.13.0"] {
        let prefix = if version == "1.10.1" { "panicky: " } else { "" };
        let fake = FakeHost::new(version);
        let plugin = fake.load::<Panicky>().unwrap();
        let instance = FakeInstance::default();

        STORED.store(true, Ordering::SeqCst);
        assert_eq!(fake.store_instance(&instance), 1);
        assert_eq!(
            errors(&fake),
            [format!(
                "{prefix}panic in OnStoredInstance: stored went\\nwrong"
            )]
        );
        assert_eq!(fake.store_instance(&instance), 0);

        CHANGE.store(true, Ordering::SeqCst);
        assert_eq!(
            fake.fire_change(ChangeType::OrthancStarted, ResourceType::None, None),
            1
        );
        assert_eq!(
            errors(&fake),
            [format!("{prefix}panic in OnChange: change went\\nwrong")]
        );
        assert_eq!(
            fake.fire_change(ChangeType::OrthancStarted, ResourceType::None, None),
            0
        );

        REST.store(true, Ordering::SeqCst);
        let answer = fake.call_rest(Method::Get, "/p", &[], &[], &[]);
        assert_eq!((answer.status, answer.error_code), (500, -1));
        assert_eq!(
            errors(&fake),
            [format!(
                "{prefix}panic in REST callback /p: rest went\\nwrong"
            )]
        );
        assert_eq!(
            fake.call_rest(Method::Get, "/p", &[], &[], &[]).text(),
            "fine"
        );

        FINALIZE.store(true, Ordering::SeqCst);
        plugin.unload();
        assert_eq!(
            errors(&fake),
            [format!(
                "{prefix}panic in OrthancPluginFinalize: finalize went\\nwrong"
            )]
        );

        INITIALIZE.store(true, Ordering::SeqCst);
        assert_eq!(
            fake.load::<Panicky>().err().unwrap(),
            "panic: initialize went\nwrong"
        );
        assert_eq!(
            errors(&fake),
            [format!(
                "{prefix}panic in OrthancPluginInitialize: initialize went\\nwrong"
            )]
        );
        // What was registered before the panic is without effect.
        assert_eq!(fake.store_instance(&instance), 0);
        assert_eq!(fake.call_rest(Method::Get, "/p", &[], &[], &[]).status, 404);

        let plugin = fake.load::<Panicky>().unwrap();
        assert_eq!(
            fake.call_rest(Method::Get, "/p", &[], &[], &[]).text(),
            "fine"
        );
        plugin.unload();
        assert_eq!(errors(&fake), [""; 0]);
        assert_eq!(fake.outstanding_allocations(), 0);
    }
}

/// A payload whose destructor panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_pass_either() {
    let fake = FakeHost::new("1.13.0");
    let _host = fake.host();
    let caught = orthanc_sdk::guard::catch("worker", || std::panic::panic_any(Bomb));
    assert_eq!(caught.unwrap_err().message, "(no message)");
    assert_eq!(errors(&fake), ["panic in worker: (no message)"]);
    assert_eq!(orthanc_sdk::guard::catch("worker", || 7), Ok(7));
}

#[test]
fn each_of_several_handlers_runs_though_one_panics() {
    static RAN: AtomicBool = AtomicBool::new(false);
    let fake = FakeHost::new("1.13.0");
    let host = fake.host();
    host.on_stored_instance(|_| panic!("first")).unwrap();
    host.on_stored_instance(|_| RAN.store(true, Ordering::SeqCst))
        .unwrap();
    assert_eq!(fake.store_instance(&FakeInstance::default()), 1);
    assert!(RAN.load(Ordering::SeqCst));
}

/// Last in the alphabet and with a host of its own: the hook is of the whole process.
#[test]
fn z_the_hook_names_the_place_in_the_same_line() {
    let fake = FakeHost::new("1.13.0");
    let _host = fake.host();
    let before = std::panic::take_hook();
    orthanc_sdk::guard::install_hook();
    let line = line!() + 1;
    let caught = orthanc_sdk::guard::catch("worker", || panic!("a\nb"));
    let caught = caught.unwrap_err();
    assert_eq!(caught.message, "a\nb");
    assert!(caught.place.ends_with(&format!("panics.rs:{line}")));
    let dead = std::thread::Builder::new()
        .name("lonely".to_owned())
        .spawn(|| panic!("c\nd"))
        .unwrap();
    assert!(dead.join().is_err());
    std::panic::set_hook(before);
    let errors = errors(&fake);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].starts_with("panic in worker at ")
            && errors[0].ends_with(&format!("panics.rs:{line}: a\\nb"))
    );
    assert!(
        errors[1].starts_with("panic in thread lonely at ") && errors[1].ends_with(": c\\nd"),
        "{errors:?}"
    );
}
