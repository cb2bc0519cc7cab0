//! Initialize, finalize, and again; what an old `Host` can still do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Instant;

use log::Level;
use orthanc_sdk::fake_host::{FakeHost, FakeInstance, Property};
use orthanc_sdk::{CLOSE_TIMEOUT, CallError, Host, MAX_ROUTES, Method, Plugin, Response};
use serde_json::json;

static KEPT: Mutex<Option<Host>> = Mutex::new(None);
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Counts how many of it are alive.
struct Counted;

impl Counted {
    fn new() -> Arc<Self> {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Arc::new(Self)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Counting {
    counted: Arc<Counted>,
}

impl Plugin for Counting {
    const NAME: &'static str = "counting";
    const VERSION: &'static str = "1";
    const DESCRIPTION: &'static str = "counts";
    const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);

    fn initialize(host: Host) -> Result<Self, String> {
        *KEPT.lock().unwrap() = Some(host);
        let counted = Counted::new();
        let (a, b, c, d) = (
            Arc::clone(&counted),
            Arc::clone(&counted),
            Arc::clone(&counted),
            Arc::clone(&counted),
        );
        let text = |error: CallError| error.to_string();
        host.register_rest("/c/(.*)", move |request| {
            Response::json(200, &json!([request.groups, Arc::strong_count(&a)]))
        })
        .map_err(text)?;
        host.on_stored_instance(move |_| drop(Arc::clone(&b)))
            .map_err(text)?;
        host.on_change(move |_| drop(Arc::clone(&c)))
            .map_err(text)?;
        host.filter_http(move |_| Arc::strong_count(&d) > 0)
            .map_err(text)?;
        match host.configuration().map_err(text)?["Refuse"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => Ok(Self { counted }),
        }
    }

    fn finalize(self) {
        // The closures are gone: what the plugin owns is its own again.
        assert_eq!(Arc::strong_count(&self.counted), 1);
        log::warn!("bye");
    }
}

#[test]
fn reloading_starts_anew() {
    let fake = FakeHost::new("1.12.7");
    let mut old: Vec<Host> = Vec::new();
    for _ in 0..3 {
        let plugin = fake.load::<Counting>().unwrap();
        assert_eq!(
            fake.property(Property::Description).as_deref(),
            Some("counts")
        );
        assert_eq!(fake.routes(), ["/c/(.*)"]);
        assert_eq!(
            fake.call_rest(Method::Get, "/c/x", &[], &[], &[]).json(),
            json!([["x"], 5])
        );
        assert_eq!(fake.store_instance(&FakeInstance::default()), 0);
        assert!(old.iter().all(|host| !host.is_alive()));
        old.push(KEPT.lock().unwrap().take().unwrap());
        assert!(old.last().unwrap().is_alive());
        plugin.unload();
        assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
        assert_eq!(fake.take_logs(), [(Level::Warn, "bye".to_owned())]);
        assert_eq!(
            fake.call_rest(Method::Get, "/c/x", &[], &[], &[]).status,
            404
        );
        assert_eq!(fake.store_instance(&FakeInstance::default()), 0);
    }
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn a_plugin_that_refuses_leaves_one_message_and_nothing_behind() {
    for version in ["1.10.1", "1.13.0"] {
        let fake = FakeHost::new(version);
        fake.set_configuration(json!({"Refuse": "the option \"x\" is wrong\nreally"}));
        assert!(fake.load::<Counting>().is_err());
        let logs = fake.take_logs();
        assert_eq!(logs.len(), 1, "{logs:?}");
        assert_eq!(logs[0].0, Level::Error);
        assert!(
            logs[0]
                .1
                .ends_with("cannot start: the option \"x\" is wrong\\nreally"),
            "{logs:?}"
        );
        assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
        assert!(!KEPT.lock().unwrap().take().unwrap().is_alive());
        fake.set_configuration(json!({}));
        fake.load::<Counting>().unwrap().unload();
        assert_eq!(fake.outstanding_allocations(), 0);
    }
}

#[test]
fn an_orthanc_that_is_too_old_is_named() {
    let fake = FakeHost::new("1.9.7");
    let error = fake.load::<Counting>().err().unwrap();
    assert_eq!(
        error,
        "needs Orthanc 1.10.1 or newer, but this is Orthanc 1.9.7"
    );
    assert_eq!(fake.logs().len(), 1);
    drop(fake);
    let fake = FakeHost::new("what?");
    assert!(fake.load::<Counting>().err().unwrap().contains("version"));
}

#[test]
fn an_old_host_does_nothing() {
    let fake = FakeHost::new("1.13.0");
    fake.on_rest(|_, _, _| Ok((200, b"{}".to_vec())));
    let host = fake.host();
    assert!(host.client().get("/system").is_ok());
    drop(fake);
    // The context is freed by now.
    let check = move || {
        assert!(matches!(
            host.client().get("/system"),
            Err(CallError::HostGone)
        ));
        assert!(matches!(
            host.client().post_json("/x", &json!({})),
            Err(CallError::HostGone)
        ));
        assert!(matches!(host.configuration(), Err(CallError::HostGone)));
        assert!(matches!(host.on_change(|_| ()), Err(CallError::HostGone)));
        assert!(matches!(
            host.filter_http(|_| true),
            Err(CallError::HostGone)
        ));
        assert!(matches!(
            host.on_stored_instance(|_| ()),
            Err(CallError::HostGone)
        ));
        assert!(matches!(
            host.register_rest("/x", |_| Response::empty(204)),
            Err(CallError::HostGone)
        ));
        host.set_metric("x", 1.0);
        host.set_metric("x", 1.5);
        host.set_description("x");
        host.set_root_uri("x");
        host.extend_explorer("x");
        host.set_thread_name("x");
        assert_eq!(host.error_description(9), "unknown error code");
        assert!(host.at_least(1, 13, 0) && !host.is_alive());
    };
    check();
    thread::spawn(check).join().unwrap();
    let next = FakeHost::new("1.13.0");
    let _new = next.host();
    check();
    // A line goes to the host of now. Without one there may be another test's.
    assert!(next.take_logs().is_empty());
    log::error!("to the next");
    assert_eq!(next.take_logs(), [(Level::Error, "to the next".to_owned())]);
}

#[test]
fn closing_waits_for_a_call_in_flight() {
    let fake = FakeHost::new("1.13.0");
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, until) = (Arc::clone(&entered), Arc::clone(&leave));
    fake.on_rest(move |_, uri, _| {
        if uri == "/slow" {
            inside.wait();
            until.wait();
        }
        Ok((200, b"late".to_vec()))
    });
    let client = fake.host().client();
    let call = thread::spawn(move || client.get("/slow"));
    entered.wait();
    let closing = thread::spawn(move || {
        drop(fake);
        Instant::now()
    });
    // The host is closed to new calls before it waits.
    while !matches!(client.get("/other"), Err(CallError::HostGone)) {
        thread::yield_now();
    }
    let released = Instant::now();
    leave.wait();
    assert_eq!(call.join().unwrap().unwrap().body, b"late");
    let closed = closing.join().unwrap();
    assert!(closed >= released && closed - released < CLOSE_TIMEOUT);
}

#[test]
fn routes_run_out_with_a_clear_error() {
    let fake = FakeHost::new("1.13.0");
    let host = fake.host();
    for number in 0..MAX_ROUTES {
        host.register_rest(&format!("/r{number}"), move |_| {
            Response::text(200, number.to_string())
        })
        .unwrap();
    }
    let error = host
        .register_rest("/more", |_| Response::empty(204))
        .unwrap_err();
    assert!(matches!(
        error,
        CallError::TooManyRoutes { limit: MAX_ROUTES }
    ));
    assert_eq!(
        error.to_string(),
        "too many REST routes: a plugin can register at most 64"
    );
    for number in 0..MAX_ROUTES {
        let answer = fake.call_rest(Method::Get, &format!("/r{number}"), &[], &[], &[]);
        assert_eq!(answer.text(), number.to_string());
    }
}

#[test]
fn a_refused_route_does_not_shift_the_others() {
    let fake = FakeHost::new("1.13.0");
    let host = fake.host();
    host.register_rest("/a", |_| Response::text(200, "a"))
        .unwrap();
    assert_eq!(
        host.register_rest("/(", |_| Response::text(200, "bad"))
            .unwrap_err()
            .code(),
        Some(3)
    );
    assert!(matches!(
        host.register_rest("/\0", |_| Response::empty(204)),
        Err(CallError::BadArgument(_))
    ));
    host.register_rest("/b", |_| Response::text(200, "b"))
        .unwrap();
    assert_eq!(fake.call_rest(Method::Get, "/a", &[], &[], &[]).text(), "a");
    assert_eq!(fake.call_rest(Method::Get, "/b", &[], &[], &[]).text(), "b");
}

#[test]
fn many_threads_at_once() {
    let fake = FakeHost::new("1.12.7");
    fake.on_rest(|_, uri, _| {
        if uri == "/bad" {
            Err(9)
        } else {
            Ok((200, uri.as_bytes().to_vec()))
        }
    });
    let plugin = fake.load::<Counting>().unwrap();
    let host = KEPT.lock().unwrap().take().unwrap();
    thread::scope(|scope| {
        for thread in 0..8 {
            let fake = &fake;
            scope.spawn(move || {
                for turn in 0..50 {
                    let uri = format!("/{thread}/{turn}");
                    assert_eq!(host.client().get(&uri).unwrap().body, uri.as_bytes());
                    assert_eq!(host.client().get("/bad").unwrap_err().code(), Some(9));
                    assert_eq!(
                        fake.call_rest(Method::Get, "/c/y", &[], &[], &[]).status,
                        200
                    );
                    assert_eq!(fake.store_instance(&FakeInstance::default()), 0);
                    host.set_metric(&format!("m{thread}"), f64::from(turn));
                    log::warn!("{thread} {turn}");
                }
            });
        }
    });
    assert_eq!(fake.metrics().len(), 8);
    plugin.unload();
    assert_eq!(fake.outstanding_allocations(), 0);
}
