//! The native transport over TLS: with the certificates of Orthanc's configuration, against receivers of other makes.
//!
//! Invariant: who is not to be trusted, or does not trust us, gets nothing, and an administrator is told why.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sendqueue_testkit::certificates::Identity;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{
    Certificates, ClientCertificate, Instance, OrthancConfig, OrthancVersion, Receiver,
    ReceiverKind, ReceiverOptions, Study, poll,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use ClientCertificate::{Ignored, Optional, Required};

/// Certificates in a folder that the Orthanc under test can see.
struct Setup {
    made: Certificates,
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let base = root().map_or_else(std::env::temp_dir, |root| root.join("tmp"));
        let folder = tempfile::Builder::new()
            .prefix("sendqueue-tls-")
            .tempdir_in(base)
            .unwrap();
        let made = Certificates::make(folder.path()).unwrap();
        Self { made, folder }
    }

    /// With another identity of the receiver.
    fn server(&self, server: &Identity) -> Certificates {
        Certificates {
            server: server.clone(),
            ..self.made.clone()
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An Orthanc that is `client` and trusts `trusted`.
    fn config(&self, client: &Identity, trusted: &Path) -> OrthancConfig {
        queue::config(&[])
            .set("DicomScuTimeout", 30)
            .set("DicomTlsCertificate", inside(&client.certificate))
            .set("DicomTlsPrivateKey", inside(&client.key))
            .set("DicomTlsTrustedCertificates", inside(trusted))
            .set("/SendQueue/Defaults/Transport", "Native")
    }

    /// An Orthanc that is the client and trusts the authority.
    fn usual(&self) -> OrthancConfig {
        self.config(&self.made.client, &self.made.ca)
    }
}

fn root() -> Option<PathBuf> {
    let root = OrthancVersion::under_test().chroot()?;
    Some(root.canonicalize().unwrap())
}

/// A path as the Orthanc under test sees it.
fn inside(path: &Path) -> String {
    let inner = root().and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned));
    inner.map_or_else(
        || path.display().to_string(),
        |inner| format!("/{}", inner.display()),
    )
}

/// Sends everything to this receiver too, under its AET in lower case.
fn to(config: OrthancConfig, receiver: &Receiver, tls: bool) -> OrthancConfig {
    let name = receiver.aet().to_ascii_lowercase();
    let entry = json!({
        "AET": receiver.aet(), "Host": "127.0.0.1", "Port": receiver.port(), "UseDicomTls": tls
    });
    config
        .modality_with(&name, entry)
        .set("/SendQueue/Rules/0/To/-", name)
}

fn over_tls(
    certificates: &Certificates,
    kind: ReceiverKind,
    client: ClientCertificate,
) -> Receiver {
    let options = ReceiverOptions::new(kind).tls(certificates, client);
    options
        .start("PACS")
        .unwrap_or_else(|error| panic!("{error}"))
}

fn echo(queue: &Queue, name: &str) -> Value {
    queue.tell(&format!("/destinations/{name}/echo"), &json!({}))
}

/// All of it, in Orthanc's bytes where the receiver keeps them.
fn assert_arrived(receiver: &Receiver, instances: &[Instance]) {
    assert!(
        receiver.wait_for(instances.len(), SOON),
        "{}",
        receiver.log()
    );
    let received = receiver.received();
    assert_eq!(received.len(), instances.len());
    for instance in instances {
        let file = &received[&instance.sop_instance_uid];
        assert_eq!(file.transfer_syntax, instance.transfer_syntax);
        if receiver.kind().keeps_bytes() {
            let data_set = &instance.bytes[instance.data_set_offset..];
            assert!(file.data_set == data_set, "other bytes");
        }
    }
}

/// Sends a few instances to this receiver alone; all is a success, C-ECHO too.
fn all_goes(config: OrthancConfig, receiver: &Receiver) {
    let queue = Queue::start(to(config, receiver, true));
    let answer = echo(&queue, "pacs");
    assert_eq!(answer["Success"], true, "{answer}\n{}", receiver.log());
    let instances = Study::new(1, 5).build();
    queue.store_all(&instances);
    queue.wait_for("pacs", "Success", 5);
    assert_arrived(receiver, &instances);
    let destination = queue.ask("/destinations/pacs");
    assert_eq!(destination["TransportInUse"], "Native");
    assert_eq!(destination["LastError"], Value::Null, "{destination:#}");
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

/// The words of the destination's last error, once there is one.
fn refused(queue: &Queue, name: &str) -> String {
    let mut destination = Value::Null;
    let told = poll(
        || {
            destination = queue.ask(&format!("/destinations/{name}"));
            !destination["LastError"].is_null()
        },
        SOON,
    );
    assert!(told, "{destination:#}\n{}", queue.log());
    let error = &destination["LastError"];
    assert_eq!(error["Class"], "Unreachable", "{destination:#}");
    assert_eq!(destination["Counts"]["Success"], 0, "{destination:#}");
    assert_eq!(destination["Counts"]["Failure"], 0, "{destination:#}");
    error["Details"].as_str().unwrap_or_default().to_owned()
}

/// Nothing goes to this receiver, and both a delivery and C-ECHO say one of these words. With `"Auto"` too: Orthanc's
/// own SCU is not asked about who can be trusted.
fn nothing_goes(config: &OrthancConfig, receiver: &Receiver, tls: bool, words: &[&str]) {
    for transport in ["Native", "Auto"] {
        nothing_goes_over(transport, config, receiver, tls, words);
    }
}

fn nothing_goes_over(
    transport: &str,
    config: &OrthancConfig,
    receiver: &Receiver,
    tls: bool,
    words: &[&str],
) {
    let config = config
        .clone()
        .set("/SendQueue/Defaults/Transport", transport);
    let queue = Queue::start(to(config, receiver, tls));
    queue.store_all(&Study::new(1, 2).build());
    let details = refused(&queue, "pacs");
    let answer = echo(&queue, "pacs");
    assert_eq!(answer["Success"], false, "{answer}");
    for told in [&details, answer["Error"].as_str().unwrap_or_default()] {
        assert!(
            words.iter().any(|one| told.contains(one)),
            "{:?}, {transport}: {told:?} has none of {words:?}",
            receiver.kind()
        );
    }
    assert!(!queue.log().contains("through Orthanc's own SCU"));
    assert_eq!(queue.ask("/destinations/pacs")["TransportInUse"], "Native");
    assert_eq!(queue.ask("/errors"), json!([]));
    assert!(receiver.received().is_empty());
}

#[test]
fn dcmtk_whatever_it_wants_to_see() {
    let setup = Setup::new();
    for client in [Required, Optional, Ignored] {
        let receiver = over_tls(&setup.made, ReceiverKind::StorescpNoDelay, client);
        all_goes(setup.usual(), &receiver);
    }
}

#[test]
fn pynetdicom_whatever_it_wants_to_see() {
    let setup = Setup::new();
    for client in [Required, Optional, Ignored] {
        let receiver = over_tls(&setup.made, ReceiverKind::Pynetdicom, client);
        all_goes(setup.usual(), &receiver);
    }
}

#[test]
fn dicom_rs_whatever_it_wants_to_see() {
    let setup = Setup::new();
    for client in [Required, Optional, Ignored] {
        let receiver = over_tls(&setup.made, ReceiverKind::DicomRs, client);
        all_goes(setup.usual(), &receiver);
    }
}

#[test]
fn orthanc_whatever_it_wants_to_see() {
    let setup = Setup::new();
    for client in [Required, Optional] {
        let receiver = over_tls(&setup.made, ReceiverKind::Orthanc, client);
        all_goes(setup.usual(), &receiver);
    }
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let setup = Setup::new();
    for kind in [ReceiverKind::StorescpNoDelay, ReceiverKind::Pynetdicom] {
        let certificates = setup.server(&setup.made.other_server);
        let receiver = over_tls(&certificates, kind, Optional);
        nothing_goes(
            &setup.usual(),
            &receiver,
            true,
            &["not signed by one of DicomTlsTrustedCertificates"],
        );
    }
}

#[test]
fn an_expired_certificate_is_refused() {
    let setup = Setup::new();
    let certificates = setup.server(&setup.made.expired_server);
    let receiver = over_tls(&certificates, ReceiverKind::Pynetdicom, Optional);
    let words = ["the receiver's certificate has expired"];
    nothing_goes(&setup.usual(), &receiver, true, &words);
}

/// Both ends see it at different moments (with TLS 1.3 our handshake is complete before the receiver looks).
#[test]
fn a_receiver_that_does_not_trust_us_is_told_so() {
    let setup = Setup::new();
    for kind in [
        ReceiverKind::StorescpNoDelay,
        ReceiverKind::Pynetdicom,
        ReceiverKind::Orthanc,
    ] {
        let receiver = over_tls(&setup.made, kind, Required);
        let config = setup.config(&setup.made.other_client, &setup.made.ca);
        let words = ["does not accept our certificate (DicomTlsCertificate)"];
        nothing_goes(&config, &receiver, true, &words);
    }
}

#[test]
fn a_receiver_without_tls_is_told() {
    let setup = Setup::new();
    let config = setup.usual().set("DicomScuTimeout", 3);
    for kind in [
        ReceiverKind::StorescpNoDelay,
        ReceiverKind::Pynetdicom,
        ReceiverKind::DicomRs,
        ReceiverKind::Orthanc,
    ] {
        let receiver = Receiver::start(kind, "PACS");
        let words = [
            "does not speak TLS on this port",
            "does it take DICOM TLS on this port?",
            // dicom-rs's waits for the rest of what it takes for a PDU.
            "the TLS handshake did not end in time",
        ];
        nothing_goes(&config, &receiver, true, &words);
    }
}

/// The receiver wants TLS, and its modality has no `UseDicomTls`.
#[test]
fn without_tls_to_a_receiver_with_it_nothing_goes() {
    let setup = Setup::new();
    for kind in [
        ReceiverKind::StorescpNoDelay,
        ReceiverKind::Pynetdicom,
        ReceiverKind::Orthanc,
    ] {
        let receiver = over_tls(&setup.made, kind, Optional);
        let words = ["the receiver", "the connection"];
        nothing_goes(&setup.usual(), &receiver, false, &words);
    }
}

/// As DCMTK does: the chain and its dates count.
#[test]
fn the_name_in_a_certificate_is_not_looked_at() {
    let setup = Setup::new();
    let certificates = setup.server(&setup.made.misnamed_server);
    let receiver = over_tls(&certificates, ReceiverKind::StorescpNoDelay, Required);
    all_goes(setup.usual(), &receiver);
}

/// With these words of `openssl x509`, signed by itself.
fn self_signed(setup: &Setup, name: &str, days: &str, extensions: &str) -> Identity {
    let made = Identity {
        certificate: setup.path(&format!("{name}.pem")),
        key: setup.path(&format!("{name}.key")),
    };
    let (request, file) = (setup.path("own.csr"), setup.path("own.ext"));
    fs::write(&file, extensions).unwrap();
    let run = |command: &mut Command| {
        let output = command.output().expect("openssl");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {said}");
    };
    run(Command::new("/usr/bin/openssl")
        .args(["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj"])
        .args(["/CN=A receiver of its own", "-keyout"])
        .arg(&made.key)
        .arg("-out")
        .arg(&request));
    run(Command::new("/usr/bin/openssl")
        .args(["x509", "-req", "-days", days, "-in"])
        .arg(&request)
        .arg("-extfile")
        .arg(&file)
        .arg("-signkey")
        .arg(&made.key)
        .arg("-out")
        .arg(&made.certificate));
    made
}

#[test]
fn a_self_signed_certificate_that_is_itself_trusted() {
    let setup = Setup::new();
    for (name, extensions) in [
        ("authority", "basicConstraints=critical,CA:TRUE\n"),
        ("leaf", "basicConstraints=critical,CA:FALSE\n"),
    ] {
        let server = self_signed(&setup, name, "30", extensions);
        let receiver = over_tls(
            &setup.server(&server),
            ReceiverKind::StorescpNoDelay,
            Required,
        );
        all_goes(
            setup.config(&setup.made.client, &server.certificate),
            &receiver,
        );
        // Trusted is this one, not any that is signed by itself.
        let receiver = over_tls(
            &setup.server(&server),
            ReceiverKind::StorescpNoDelay,
            Required,
        );
        let words = ["the receiver's certificate is not"];
        nothing_goes(&setup.usual(), &receiver, true, &words);
    }
}

#[test]
fn a_self_signed_certificate_expires_too() {
    let setup = Setup::new();
    let server = self_signed(&setup, "old", "-1", "basicConstraints=critical,CA:TRUE\n");
    let receiver = over_tls(&setup.server(&server), ReceiverKind::Pynetdicom, Optional);
    let config = setup.config(&setup.made.client, &server.certificate);
    let words = ["the receiver's certificate has expired"];
    nothing_goes(&config, &receiver, true, &words);
}

/// Replaced at once, as tools that renew certificates do.
fn replace(from: &Path, path: &Path) {
    let new = path.with_extension("new");
    fs::copy(from, &new).unwrap();
    fs::rename(&new, path).unwrap();
}

#[test]
fn renewed_authorities_are_used_without_a_restart() {
    let setup = Setup::new();
    let trusted = setup.path("trusted.pem");
    replace(&setup.made.other_ca, &trusted);
    let receiver = over_tls(&setup.made, ReceiverKind::StorescpNoDelay, Required);
    let queue = Queue::start(to(
        setup.config(&setup.made.client, &trusted),
        &receiver,
        true,
    ));
    let instances = Study::new(1, 3).build();
    queue.store_all(&instances);
    let details = refused(&queue, "pacs");
    assert!(
        details.contains("not signed by one of DicomTlsTrustedCertificates"),
        "{details}"
    );
    replace(&setup.made.ca, &trusted);
    let answer = echo(&queue, "pacs");
    assert_eq!(answer["Success"], true, "{answer}");
    queue.wait_for("pacs", "Success", 3);
    assert_arrived(&receiver, &instances);
    assert_eq!(queue.ask("/destinations/pacs")["TransportInUse"], "Native");
    // And withdrawn: a chain that ends nowhere is the deepest that TLS looks into.
    replace(&setup.made.other_ca, &trusted);
    let answer = echo(&queue, "pacs");
    assert_eq!(answer["Success"], false, "{answer}");
    queue.store_all(&Study::new(1, 2).seed(9).build());
    queue.wait_for("pacs", "Pending", 2);
}

#[test]
fn a_renewed_certificate_of_ours_is_used_without_a_restart() {
    let setup = Setup::new();
    let ours = Identity {
        certificate: setup.path("ours.pem"),
        key: setup.path("ours.key"),
    };
    let be = |who: &Identity| {
        replace(&who.key, &ours.key);
        replace(&who.certificate, &ours.certificate);
    };
    be(&setup.made.other_client);
    let receiver = over_tls(&setup.made, ReceiverKind::Pynetdicom, Required);
    let queue = Queue::start(to(setup.config(&ours, &setup.made.ca), &receiver, true));
    let instances = Study::new(1, 3).build();
    queue.store_all(&instances);
    let details = refused(&queue, "pacs");
    assert!(
        details.contains("does not accept our certificate"),
        "{details}"
    );
    be(&setup.made.client);
    let answer = echo(&queue, "pacs");
    assert_eq!(answer["Success"], true, "{answer}");
    queue.wait_for("pacs", "Success", 3);
    assert_arrived(&receiver, &instances);
}

/// One that cannot be trusted holds up no other.
#[test]
fn with_and_without_tls_side_by_side() {
    let setup = Setup::new();
    let start = |aet: &str, options: ReceiverOptions| options.start(aet).unwrap();
    let kind = ReceiverKind::StorescpNoDelay;
    let secure = start(
        "SECURE",
        ReceiverOptions::new(kind).tls(&setup.made, Required),
    );
    let plain = start("PLAIN", ReceiverOptions::new(kind));
    let stranger = start(
        "STRANGER",
        ReceiverOptions::new(kind).tls(&setup.server(&setup.made.other_server), Optional),
    );
    let config = to(setup.usual(), &secure, true);
    let config = to(to(config, &plain, false), &stranger, true);
    let queue = Queue::start(config);
    let instances = Study::new(2, 10).build();
    queue.store_all(&instances);
    queue.wait_for("secure", "Success", 20);
    queue.wait_for("plain", "Success", 20);
    assert_arrived(&secure, &instances);
    assert_arrived(&plain, &instances);
    let details = refused(&queue, "stranger");
    assert!(details.contains("not signed by"), "{details}");
    assert!(stranger.received().is_empty());
}

/// A receiver whose certificate is of X.509 version 1: as `openssl x509 -req` makes it without extensions.
fn version_1(setup: &Setup) -> Certificates {
    let server = Identity {
        certificate: setup.path("v1.pem"),
        key: setup.made.server.key.clone(),
    };
    let made = Command::new("/usr/bin/openssl")
        .args(["x509", "-req", "-days", "30", "-CAcreateserial", "-in"])
        .arg(setup.path("server.csr"))
        .arg("-CA")
        .arg(&setup.made.ca)
        .arg("-CAkey")
        .arg(setup.path("ca.key"))
        .arg("-out")
        .arg(&server.certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    setup.server(&server)
}

#[test]
fn what_only_orthanc_can_do_goes_through_orthanc_after_an_outage_too() {
    let setup = Setup::new();
    let mut receiver = over_tls(&version_1(&setup), ReceiverKind::StorescpNoDelay, Required);
    receiver.stop();
    let config = setup.usual().set("/SendQueue/Defaults/Transport", "Auto");
    let queue = Queue::start(to(config, &receiver, true));
    let instances = Study::new(1, 3).build();
    queue.store_all(&instances);
    // Nothing was sent yet, so that nothing is known but that it is not there.
    assert!(refused(&queue, "pacs").contains("cannot connect"));
    receiver.restart().unwrap();
    queue.wait_for("pacs", "Success", 3);
    assert!(receiver.wait_for(3, SOON));
    let destination = queue.ask("/destinations/pacs");
    assert_eq!(destination["TransportInUse"], "Rest", "{destination:#}");
    let reason = destination["TransportReason"].as_str().unwrap();
    assert!(reason.contains("certificate"), "{reason}");
    let told = queue.log().matches("through Orthanc's own SCU").count();
    assert_eq!(told, 1, "{}", queue.log());
}

#[test]
fn natively_alone_it_is_told_what_would_help() {
    let setup = Setup::new();
    let receiver = over_tls(&version_1(&setup), ReceiverKind::StorescpNoDelay, Required);
    let queue = Queue::start(to(setup.usual(), &receiver, true));
    queue.store_all(&Study::new(1, 2).build());
    let details = refused(&queue, "pacs");
    assert!(details.contains("\"Transport\": \"Auto\""), "{details}");
    assert!(receiver.received().is_empty());
}
