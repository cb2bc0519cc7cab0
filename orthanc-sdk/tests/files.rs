//! DICOM files from Orthanc's storage and its transcoders: the bytes, the errors, and who frees what.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use orthanc_sdk::fake_host::FakeHost;
use orthanc_sdk::{CLOSE_TIMEOUT, CallError, DicomFile, Host, Plugin, TranscodedFile};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
/// `FreeDicomInstance`, `GetInstanceSize` and `GetInstanceData`.
const FREE: i32 = 4011;
const SIZE: i32 = 4001;
const DATA: i32 = 4002;

/// Its files are their identifiers, its transcoded files have the transfer syntax in front.
fn fake() -> FakeHost {
    let fake = FakeHost::new("1.10.1");
    fake.on_read_instance(|id| match id.strip_prefix("code ") {
        Some(code) => Err(code.parse().unwrap()),
        None => Ok(id.as_bytes().to_vec()),
    });
    fake.on_transcode(|dicom, syntax| match syntax {
        "2" => Err(2),
        "panic" => panic!("the test's own"),
        "" => Ok(Vec::new()),
        _ => Ok([syntax.as_bytes(), dicom].concat()),
    });
    fake
}

fn shared<T: Send + Sync + 'static>() {}

#[test]
fn a_file_is_read() {
    shared::<DicomFile>();
    let fake = fake();
    let host = fake.host();
    fake.on_read_instance(|id| match id {
        "ä" => Ok(vec![0, 255, 7]),
        "empty" => Ok(Vec::new()),
        "panic" => panic!("the test's own"),
        _ => Err(17),
    });
    let file = host.read_instance("ä").unwrap();
    assert_eq!(
        (&*file, file.as_ref(), file.len()),
        (&[0, 255, 7][..], &[0, 255, 7][..], 3)
    );
    assert_eq!(format!("{file:?}"), "DicomFile(3 bytes)");
    // What is read is what Orthanc allocated.
    assert_eq!(fake.outstanding_allocations(), 1);
    let other = host.read_instance("ä").unwrap();
    assert_eq!(fake.outstanding_allocations(), 2);
    drop(file);
    assert_eq!(
        (&*other, fake.outstanding_allocations()),
        (&[0, 255, 7][..], 1)
    );
    thread::spawn(move || drop(other)).join().unwrap();
    assert_eq!(fake.outstanding_allocations(), 0);

    assert!(host.read_instance("empty").unwrap().is_empty());
    assert_eq!(host.read_instance("panic").unwrap_err().code(), Some(-1));
    match host.read_instance("none").unwrap_err() {
        CallError::Code {
            code: 17,
            description,
        } => assert_eq!(description, "Unknown resource"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn a_file_is_transcoded() {
    shared::<TranscodedFile>();
    let fake = fake();
    let host = fake.host();
    let file = host.transcode(b"\0file\xff", EXPLICIT).unwrap();
    let expected = b"1.2.840.10008.1.2.1\0file\xff";
    assert_eq!(
        (&*file, file.as_ref(), file.len()),
        (&expected[..], &expected[..], 25)
    );
    assert_eq!(format!("{file:?}"), "TranscodedFile(25 bytes)");
    assert_eq!(fake.outstanding_allocations(), 1);
    // One file is the source of the next.
    let next = host.transcode(&file, "x").unwrap();
    drop(file);
    assert_eq!((next.len(), fake.outstanding_allocations()), (26, 1));
    thread::spawn(move || drop(next)).join().unwrap();
    assert_eq!(fake.outstanding_allocations(), 0);

    assert_eq!(&*host.transcode(b"", "x").unwrap(), b"x");
    assert!(host.transcode(b"file", "").unwrap().is_empty());
    assert_eq!(host.transcode(b"file", "2").unwrap_err().code(), Some(2));
    assert_eq!(
        host.transcode(b"file", "panic").unwrap_err().code(),
        Some(-1)
    );
    assert_eq!(fake.outstanding_allocations(), 0);
}

/// The fake leaves an address behind that is nobody's: freeing it would end the process.
#[test]
fn a_refusal_is_told_and_its_result_is_left_alone() {
    let fake = fake();
    let host = fake.host();
    for code in [-1, 4, 13, 17, 2006] {
        let error = host.read_instance(&format!("code {code}")).unwrap_err();
        assert_eq!(error.code(), Some(code));
        fake.on_transcode(move |_, _| Err(code));
        assert_eq!(
            host.transcode(b"x", EXPLICIT).unwrap_err().code(),
            Some(code)
        );
    }
    for service in [3000, 4015] {
        fake.fail_service(service, Some(26));
    }
    assert_eq!(host.read_instance("x").unwrap_err().code(), Some(26));
    assert_eq!(host.transcode(b"x", "x").unwrap_err().code(), Some(26));
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn nothing_is_known_without_closures() {
    let fake = FakeHost::new("1.13.0");
    let host = fake.host();
    assert_eq!(host.read_instance("x").unwrap_err().code(), Some(17));
    assert_eq!(host.transcode(b"x", "x").unwrap_err().code(), Some(2));
}

#[test]
fn a_result_without_its_bytes_is_freed() {
    let fake = fake();
    let host = fake.host();
    for service in [SIZE, DATA] {
        fake.fail_service(service, Some(9));
        assert_eq!(host.transcode(b"x", EXPLICIT).unwrap_err().code(), Some(9));
        fake.fail_service(service, None);
        assert_eq!(fake.outstanding_allocations(), 0);
    }
    // It is this service that frees.
    fake.fail_service(FREE, Some(1));
    drop(host.transcode(b"x", EXPLICIT).unwrap());
    assert_eq!(fake.outstanding_allocations(), 1);
}

#[test]
fn what_cannot_be_asked_is_not_asked() {
    let fake = fake();
    let host = fake.host();
    let calls = Arc::new(AtomicUsize::new(0));
    let (read, transcoded) = (Arc::clone(&calls), Arc::clone(&calls));
    fake.on_read_instance(move |_| {
        read.fetch_add(1, Ordering::SeqCst);
        Err(9)
    });
    fake.on_transcode(move |_, _| {
        transcoded.fetch_add(1, Ordering::SeqCst);
        Err(9)
    });
    let bad = |error: CallError| match error {
        CallError::BadArgument(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(bad(host.read_instance("a\0b").unwrap_err()).contains("identifier"));
    assert!(bad(host.transcode(b"x", "1.2\0").unwrap_err()).contains("NUL"));
    for lossy in ["50", "51", "81", "91", "93"] {
        let syntax = format!("1.2.840.10008.1.2.4.{lossy}");
        assert!(bad(host.transcode(b"x", &syntax).unwrap_err()).contains("lossy"));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    for lossless in ["57", "70", "80", "90", "92", "201", "202"] {
        let syntax = format!("1.2.840.10008.1.2.4.{lossless}");
        assert!(host.transcode(b"x", &syntax).unwrap_err().code() == Some(9));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 7);
}

#[test]
fn many_threads_at_once() {
    let fake = fake();
    let host = fake.host();
    let kept = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..8 {
            let kept = &kept;
            scope.spawn(move || {
                for turn in 0..100 {
                    let id = format!("{number}/{turn}");
                    let file = host.read_instance(&id).unwrap();
                    let other = host.transcode(&file, EXPLICIT).unwrap();
                    assert_eq!(&*file, id.as_bytes());
                    assert_eq!(&*other, format!("{EXPLICIT}{id}").as_bytes());
                    assert_eq!(host.read_instance("code 17").unwrap_err().code(), Some(17));
                    // Dropped by whichever thread comes next.
                    kept.lock().unwrap().clear();
                    kept.lock().unwrap().push((file, other));
                }
            });
        }
    });
    drop(kept);
    assert_eq!(fake.outstanding_allocations(), 0);
}

static KEPT: Mutex<Option<Host>> = Mutex::new(None);

struct Keeping;

impl Plugin for Keeping {
    const NAME: &'static str = "keeping";
    const VERSION: &'static str = "1";
    const DESCRIPTION: &'static str = "keeps files";
    const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);

    fn initialize(host: Host) -> Result<Self, String> {
        assert_eq!(host.read_instance("early").unwrap_err().code(), Some(2038));
        assert_eq!(
            host.transcode(b"", EXPLICIT).unwrap_err().code(),
            Some(2038)
        );
        *KEPT.lock().unwrap() = Some(host);
        Ok(Self)
    }

    fn finalize(self) {}
}

#[test]
fn a_file_outlives_its_plugin() {
    let fake = fake();
    let plugin = fake.load::<Keeping>().unwrap();
    let host = KEPT.lock().unwrap().take().unwrap();
    let files = || {
        let read = host.read_instance("read").unwrap();
        let transcoded = host.transcode(b"transcoded", "a ").unwrap();
        (read, transcoded)
    };
    let (unloaded, reloaded, gone, next) = (files(), files(), files(), files());
    let check = |(read, transcoded): &(DicomFile, TranscodedFile)| {
        assert_eq!(
            (&**read, &**transcoded),
            (&b"read"[..], &b"a transcoded"[..])
        );
    };
    assert_eq!(fake.outstanding_allocations(), 8);
    let before = Instant::now();
    plugin.unload();
    // A file is no call in flight.
    assert!(before.elapsed() < CLOSE_TIMEOUT);
    assert!(matches!(host.read_instance("x"), Err(CallError::HostGone)));
    assert!(matches!(
        host.transcode(b"x", "x"),
        Err(CallError::HostGone)
    ));

    // Memory is given back, an object of Orthanc's cannot be any more.
    check(&unloaded);
    drop(unloaded);
    assert_eq!(fake.outstanding_allocations(), 7);
    // Nor through the next life of the plugin.
    let plugin = fake.load::<Keeping>().unwrap();
    check(&reloaded);
    drop(reloaded);
    assert_eq!(fake.outstanding_allocations(), 6);
    drop(plugin);
    // The context is freed by now.
    drop(fake);
    check(&gone);
    drop(gone);
    // And here there is another one.
    let fake = FakeHost::new("1.13.0");
    let _host = fake.host();
    check(&next);
    thread::spawn(move || drop(next)).join().unwrap();
    assert_eq!(
        (fake.outstanding_allocations(), fake.take_logs()),
        (0, Vec::new())
    );
}

#[test]
fn the_end_comes_in_the_middle() {
    let fake = fake();
    let host = fake.host();
    let started = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let started = Arc::clone(&started);
            thread::spawn(move || {
                loop {
                    let Ok(file) = host.read_instance("file") else {
                        break;
                    };
                    started.fetch_add(1, Ordering::SeqCst);
                    match host.transcode(&file, "x") {
                        Ok(other) => assert_eq!(&*other, b"xfile"),
                        Err(CallError::HostGone) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                    assert_eq!(&*file, b"file");
                }
            })
        })
        .collect();
    while started.load(Ordering::SeqCst) < 50 && !threads.iter().all(|thread| thread.is_finished())
    {
        thread::yield_now();
    }
    drop(fake);
    for thread in threads {
        thread.join().unwrap();
    }
}
