//! An Orthanc made of closures, and a modality that only Orthanc's own SCU can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use orthanc_sdk::fake_host::FakeHost;
use sendqueue_testkit::dicom::DataSet;
use serde_json::json;

use super::*;
use crate::config::compress::Compression;
use crate::config::settings::{HostSettings, TlsSettings};
use crate::cut::Cutter;
use crate::destinations::{Editors, NoEditors, TransportName};
use crate::item::{Class, Ids, Item, Priority, State, SystemClock, Timestamp};
use crate::service::Services;
use crate::transport::budget::Budget;
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};
use crate::transport::native::contexts::EXPLICIT_VR_LE;
use crate::transport::{Standing, Tried};

/// Changes nothing: what goes wrong is not its doing.
struct Willing;

impl Editors for Willing {
    fn editor(&self, _: &str, _: &DestinationSettings) -> Arc<dyn Editor> {
        Arc::new(Willing)
    }
}

impl Editor for Willing {
    fn edit(&self, _: &Item, stored: Stored) -> Result<Edited, NotEdited> {
        Ok(stored.unchanged())
    }
}

fn item() -> Item {
    Item {
        id: 1,
        ids: Ids {
            instance: "i".to_owned(),
            sop_instance_uid: "1.2.3".to_owned(),
            series: String::new(),
            study: String::new(),
            patient: String::new(),
        },
        destination: "pacs".to_owned(),
        rule: None,
        remote_aet: None,
        state: State::Running,
        priority: Priority::Medium,
        attempt_count: 0,
        created: Timestamp::default(),
        next_attempt: None,
        completed: None,
        class: None,
        dimse_status: None,
        details: None,
        size_bytes: 1,
        confirmation: crate::item::Confirmation::None,
    }
}

struct Bench {
    _fake: FakeHost,
    kind: ModalityKind,
    /// How often Orthanc was asked to send.
    sent: Arc<AtomicUsize>,
}

/// The modality `pacs` is reached over TLS, with ciphers that only Orthanc knows.
fn bench(editors: Arc<dyn Editors>) -> Bench {
    let fake = FakeHost::new("1.12.7");
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    fake.on_rest(move |_, uri, _| {
        if uri == "/modalities?expand" {
            let entry =
                json!({ "AET": "PACS", "Host": "127.0.0.1", "Port": 1, "UseDicomTls": true });
            return Ok((200, json!({ "pacs": entry }).to_string().into_bytes()));
        }
        if uri == "/modalities/pacs/store" {
            count.fetch_add(1, Ordering::SeqCst);
        }
        Err(17)
    });
    fake.on_read_instance(|_| {
        let class = "1.2.840.10008.5.1.4.1.1.2";
        Ok(DataSet::new()
            .into_sample("", EXPLICIT_VR_LE, class, "1.2.3")
            .file)
    });
    let host = HostSettings {
        tls: TlsSettings {
            minimum_protocol_version: 4,
            ciphers: vec!["AES256-SHA".to_owned(), "TLS_AES_128_CCM_SHA256".to_owned()],
            ..TlsSettings::default()
        },
        ..HostSettings::default()
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let client = fake.host().client();
    let cutter = Cutter::new(Services::for_tests(), Box::new(|_| ()));
    let kind = ModalityKind {
        list: Arc::new(Modalities::new(client, None)),
        native: Arc::new(Native::new(
            fake.host(),
            clock.clone(),
            Arc::new(Budget::default()),
            host.clone(),
        )),
        rest: Arc::new(RestTransport::new(client, clock.clone(), &host, cutter)),
        editors,
        clock,
    };
    Bench {
        _fake: fake,
        kind,
        sent,
    }
}

impl Bench {
    /// What becomes of an instance.
    fn deliver(&self, settings: &DestinationSettings) -> Option<(Class, String)> {
        let endpoint = self.kind.endpoint("research", "pacs", settings);
        let items = [item()];
        let _permit = endpoint.admit(Standing::Good).unwrap();
        let delivery = endpoint.deliver(&Batch {
            group: None,
            transfer_syntax: None,
            in_hand: &|_, _| true,
            told: &|_, _| true,
            recalled: &Vec::new,
            to_confirm: false,
            local_aet: None,
            timeout: None,
            items: &items,
        });
        match delivery.0.into_iter().next() {
            Some(Tried::Made { outcome, .. }) => Some((outcome.class, outcome.details)),
            _ => None,
        }
    }
}

fn altering(transport: Transport) -> DestinationSettings {
    DestinationSettings {
        transport,
        compress: Some(Compression {
            transfer_syntax: EXPLICIT_VR_LE,
            lossy: false,
        }),
        ..DestinationSettings::default()
    }
}

/// Whatever the configuration says: what is stored does not go out by a back door.
#[test]
fn what_only_orthanc_could_reach_waits_where_something_is_changed() {
    let bench = bench(Arc::new(Willing));
    for transport in [Transport::Auto, Transport::Native, Transport::Rest] {
        let settings = altering(transport);
        let (class, why) = bench.deliver(&settings).unwrap();
        assert_eq!(class, Class::Unreachable, "{why}");
        assert!(why.contains("DicomTlsCiphersAccepted"), "{why}");
        assert!(why.contains("cannot go through Orthanc"), "{why}");
        let endpoint = bench.kind.endpoint("research", "pacs", &settings);
        assert_eq!(endpoint.describe().transport, TransportName::Native);
        match endpoint.probe() {
            Probe::Silent(outcome) => {
                assert_eq!((outcome.class, outcome.details), (class, why));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bench.sent.load(Ordering::SeqCst), 0);
    // The same destination without a change is sent to by Orthanc.
    bench.deliver(&DestinationSettings::default());
    assert_ne!(bench.sent.load(Ordering::SeqCst), 0);
}

#[test]
fn where_nobody_can_change_anything_nothing_is_sent() {
    let bench = bench(Arc::new(NoEditors));
    let (class, _) = bench.deliver(&altering(Transport::Auto)).unwrap();
    assert_eq!(class, Class::Coercion);
    assert_eq!(bench.sent.load(Ordering::SeqCst), 0);
}
