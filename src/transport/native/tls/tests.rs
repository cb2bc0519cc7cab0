//! Against real receivers: `openssl s_server`, DCMTK's `storescp`, and rustls where a receiver has to cheat.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::UnixTime;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};
use sendqueue_testkit::dcmtk::StoreScpOptions;
use tempfile::TempDir;

use super::super::contexts::Proposal;
use super::super::pdu::write::AssociateRequest;
use super::super::upper_layer;
use super::*;

/// Nothing here takes as long, but for a test that fails.
const LONG: Duration = Duration::from_secs(20);

/// Keys and certificates made by `openssl`.
struct Made {
    folder: TempDir,
}

impl Made {
    /// An authority `ca`.
    fn new() -> Made {
        let made = Made {
            folder: tempfile::tempdir().unwrap(),
        };
        made.self_signed("ca", "30");
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, parts: &[&str]) -> PathBuf {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| fs::read(self.path(part)).unwrap())
            .collect();
        fs::write(self.path(name), parts.concat()).unwrap();
        self.path(name)
    }

    fn openssl(&self, words: &str) {
        let mut command = Command::new("openssl");
        command
            .args(words.split(' '))
            .current_dir(self.folder.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {words}: {said}");
    }

    /// `name.pem` and `name.key`: flagged as an authority's, as `openssl req -x509` makes them.
    fn self_signed(&self, name: &str, days: &str) {
        self.key(name);
        self.openssl(&format!(
            "req -new -x509 -key {name}.key -days {days} -subj /CN={name} -out {name}.pem"
        ));
    }

    fn key(&self, name: &str) {
        self.openssl(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"
        ));
    }

    /// Signed by `ca`, with these extensions; X.509 version 1 without any.
    fn issued(&self, name: &str, ca: &str, extensions: &str, days: &str) {
        self.key(name);
        self.signed(name, ca, extensions, days);
    }

    fn signed(&self, name: &str, ca: &str, extensions: &str, days: &str) {
        self.openssl(&format!(
            "req -new -key {name}.key -subj /CN={name} -out {name}.csr"
        ));
        let mut command = format!(
            "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days {days} -out {name}.pem"
        );
        if !extensions.is_empty() {
            fs::write(self.path("extensions"), extensions).unwrap();
            command += " -extfile extensions";
        }
        self.openssl(&command);
        let version = if extensions.is_empty() { 1 } else { 3 };
        assert_eq!(der::read(&self.certificate(name)).unwrap().version, version);
    }

    fn leaf(&self, name: &str) {
        self.issued(name, "ca", "basicConstraints=CA:FALSE", "30");
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()
    }

    fn settings(&self, trusted: &str, own: Option<&str>) -> TlsSettings {
        TlsSettings {
            certificate: own.map(|name| self.path(&format!("{name}.pem"))),
            private_key: own.map(|name| self.path(&format!("{name}.key"))),
            trusted_certificates: Some(self.path(&format!("{trusted}.pem"))),
            ..TlsSettings::default()
        }
    }

    fn tls(&self, trusted: &str, own: Option<&str>) -> Tls {
        Tls::load(&self.settings(trusted, own)).unwrap()
    }

    /// `openssl s_server` with this certificate and these options; it sends back each line turned around.
    fn server(&self, name: &str, options: &str) -> Server {
        let words =
            format!("s_server -accept 127.0.0.1:0 -rev -cert {name}.pem -key {name}.key {options}");
        let mut command = Command::new("openssl");
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let address = line.strip_prefix("ACCEPT ")?.to_owned();
            address.rsplit(':').next()?.parse().ok()
        });
        // Read on, so that it never waits for us.
        thread::spawn(move || lines.count());
        // It ends with its input.
        let stdin = child.stdin.take();
        Server {
            child,
            _stdin: stdin,
            port: port.expect("a port"),
        }
    }
}

struct Server {
    child: Child,
    _stdin: Option<ChildStdin>,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn dial(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

fn connect(tls: &Tls, server: &Server) -> Result<TlsStream<TcpStream>, TlsError> {
    tls.connect(dial(server.port), "some.other.name")
}

/// Words of the refusal of our certificate: in the handshake, or in TLS 1.3 with the first answer.
fn refusal(connected: Result<TlsStream<TcpStream>, TlsError>) -> String {
    match connected {
        Err(error) => {
            assert_ne!(error.why, Why::OnlyOrthanc, "{error}");
            error.details
        }
        Ok(mut stream) => {
            let error = stream.read(&mut [0]).expect_err("a refusal");
            assert!(upper_layer::is_tls(&error), "{error}");
            upper_layer::io(&error, "an answer")
        }
    }
}

/// A line there and back.
fn echoed(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(b"abc\n").unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"cba\n");
}

fn says(error: &TlsError, only_orthanc: bool, words: &[&str]) {
    for word in words {
        assert!(
            error.details.contains(word),
            "{word:?} is not in: {error:?}"
        );
    }
    assert_eq!(error.why, Why::unable(only_orthanc), "{error:?}");
}

fn refused(settings: &TlsSettings, only_orthanc: bool, words: &[&str]) {
    let Err(problem) = Tls::load(settings) else {
        panic!("loaded: {settings:?}")
    };
    for word in words {
        assert!(
            problem.details.contains(word),
            "{word:?} is not in: {problem}"
        );
    }
    assert_eq!(problem.only_orthanc, only_orthanc, "{problem}");
}

/// A receiver that gets one connection.
fn listener(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    port
}

#[test]
fn both_versions_and_any_host() {
    let made = Made::new();
    made.leaf("server");
    let tls = made.tls("ca", None);
    for (option, version) in [
        ("-tls1_2", ProtocolVersion::TLSv1_2),
        ("-tls1_3", ProtocolVersion::TLSv1_3),
        ("", ProtocolVersion::TLSv1_3),
    ] {
        let server = made.server("server", option);
        for _ in 0..2 {
            let mut stream = connect(&tls, &server).unwrap();
            assert_eq!(stream.conn.protocol_version(), Some(version));
            assert_eq!(
                stream.conn.handshake_kind(),
                Some(rustls::HandshakeKind::Full)
            );
            echoed(&mut stream);
        }
    }
}

#[test]
fn our_certificate_is_shown() {
    let made = Made::new();
    made.leaf("server");
    made.leaf("client");
    made.self_signed("other", "30");
    for version in ["-tls1_2", "-tls1_3"] {
        let server = made.server(
            "server",
            &format!("{version} -Verify 3 -verify_return_error -CAfile ca.pem"),
        );
        echoed(&mut connect(&made.tls("ca", Some("client")), &server).unwrap());
        let missing = refusal(connect(&made.tls("ca", None), &server));
        assert!(missing.contains(CERTIFICATE), "{missing}");
        let foreign = refusal(connect(&made.tls("ca", Some("other")), &server));
        let words = "does not accept our certificate (DicomTlsCertificate): it does not know who";
        assert!(foreign.contains(words), "{foreign}");
    }
}

#[test]
fn our_chain_is_completed() {
    let made = Made::new();
    made.leaf("server");
    made.issued("middle", "ca", "basicConstraints=CA:TRUE", "30");
    made.issued("client", "middle", "basicConstraints=CA:FALSE", "30");
    made.write("trusted.pem", &["ca.pem", "middle.pem"]);
    let server = made.server("server", "-Verify 3 -verify_return_error -CAfile ca.pem");
    echoed(&mut connect(&made.tls("trusted", Some("client")), &server).unwrap());
    let said = refusal(connect(&made.tls("ca", Some("client")), &server));
    assert!(said.contains("does not know who signed"), "{said}");
    // In the file of the certificate.
    made.write("client.pem", &["client.pem", "middle.pem"]);
    echoed(&mut connect(&made.tls("ca", Some("client")), &server).unwrap());
}

#[test]
fn who_is_not_signed_by_a_trusted_one_is_refused() {
    let made = Made::new();
    made.self_signed("other", "30");
    made.leaf("server");
    let tls = made.tls("other", None);
    for version in ["-tls1_2", "-tls1_3"] {
        let server = made.server("server", version);
        let error = connect(&tls, &server).expect_err("trusted");
        says(
            &error,
            false,
            &["the receiver's certificate is not signed by one of DicomTlsTrustedCertificates"],
        );
        // Unless the configuration says that it does not matter.
        let settings = TlsSettings {
            remote_certificate_required: false,
            ..made.settings("other", None)
        };
        echoed(&mut connect(&Tls::load(&settings).unwrap(), &server).unwrap());
        let settings = TlsSettings {
            trusted_certificates: None,
            ..settings
        };
        echoed(&mut connect(&Tls::load(&settings).unwrap(), &server).unwrap());
    }
}

#[test]
fn chains_of_the_receiver() {
    let made = Made::new();
    made.issued("middle", "ca", "basicConstraints=CA:TRUE", "30");
    made.issued("server", "middle", "basicConstraints=CA:FALSE", "30");
    made.write("trusted.pem", &["ca.pem", "middle.pem"]);
    // It sends no chain of its own unless it is told to.
    let alone = made.server("server", "-no-CAfile");
    says(
        &connect(&made.tls("ca", None), &alone).expect_err("trusted"),
        false,
        &["not signed by"],
    );
    echoed(&mut connect(&made.tls("trusted", None), &alone).unwrap());
    let with_chain = made.server("server", "-cert_chain middle.pem");
    echoed(&mut connect(&made.tls("ca", None), &with_chain).unwrap());
}

#[test]
fn a_self_signed_certificate_is_trusted_if_it_is_the_very_same() {
    let made = Made::new();
    made.self_signed("server", "30");
    made.self_signed("same", "30");
    let tls = made.tls("server", None);
    echoed(&mut connect(&tls, &made.server("server", "")).unwrap());
    says(
        &connect(&tls, &made.server("same", "")).expect_err("trusted"),
        false,
        &["not signed by"],
    );
    // Another one of the same name.
    fs::remove_file(made.path("server.pem")).unwrap();
    made.self_signed("server", "30");
    assert!(!tls.is_current());
    assert!(connect(&tls, &made.server("server", "")).is_err());
}

#[test]
fn what_is_out_of_date_is_refused() {
    let made = Made::new();
    made.issued("server", "ca", "basicConstraints=CA:FALSE", "-1");
    let error = connect(&made.tls("ca", None), &made.server("server", "")).expect_err("trusted");
    says(&error, false, &["has expired"]);
    // Trusted itself.
    let error =
        connect(&made.tls("server", None), &made.server("server", "")).expect_err("trusted");
    says(&error, false, &["has expired"]);
}

#[test]
fn all_dates_count() {
    let made = Made::new();
    made.self_signed("old", "10");
    made.issued("server", "old", "basicConstraints=CA:FALSE", "30");
    let (old, server) = (made.certificate("old"), made.certificate("server"));
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let verifier = Verifier::new(vec![Trusted::new(old.clone()).unwrap()], true, algorithms);
    let verify = |certificate: &CertificateDer<'_>, days: i64| {
        let time = der::read(&old).unwrap().not_before + 1 + days * 86_400;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time).unwrap()));
        let nobody = ServerName::try_from("nobody").unwrap();
        let result = verifier.verify_server_cert(certificate, &[], &nobody, &[], time);
        result
            .map(|_| ())
            .map_err(|error| failure::error(&error, false, false).0)
    };
    // One second after it was made, the receiver's own may still lie ahead.
    for certificate in [&old, &server] {
        assert_eq!(verify(certificate, 1), Ok(()));
        assert_eq!(verify(certificate, 9), Ok(()));
        assert!(
            verify(certificate, -1)
                .unwrap_err()
                .contains("not valid yet")
        );
    }
    assert!(verify(&old, 11).unwrap_err().contains("has expired"));
    let error = verify(&server, 31).unwrap_err();
    assert!(
        error.contains("has expired") && error.contains(": on 20"),
        "{error}"
    );
    let error = verify(&server, 11).unwrap_err();
    assert!(
        error.contains("signed by one of DicomTlsTrustedCertificates"),
        "{error}"
    );
    assert!(error.contains("expired"), "{error}");
}

#[test]
fn an_authority_as_a_receiver_is_left_to_orthanc() {
    let made = Made::new();
    made.issued("server", "ca", "basicConstraints=CA:TRUE", "30");
    let error = connect(&made.tls("ca", None), &made.server("server", "")).expect_err("accepted");
    says(
        &error,
        true,
        &["cannot be used by this plugin", "CaUsedAsEndEntity"],
    );
}

#[test]
fn x509_version_1() {
    let made = Made::new();
    made.issued("v1", "ca", "", "30");
    made.leaf("server");
    let server = made.server("v1", "");
    for required in [true, false] {
        for trusted in ["ca", "v1"] {
            let settings = TlsSettings {
                remote_certificate_required: required,
                ..made.settings(trusted, None)
            };
            let tls = Tls::load(&settings).unwrap();
            let error = connect(&tls, &server).expect_err("rustls can");
            says(&error, true, &["X.509 version 1", "Orthanc"]);
        }
    }
    // Ours may be one: only the receiver has to understand it.
    let server = made.server("server", "-Verify 3 -verify_return_error -CAfile ca.pem");
    echoed(&mut connect(&made.tls("ca", Some("v1")), &server).unwrap());
    // So may an authority's.
    made.key("root");
    made.openssl("req -new -key root.key -subj /CN=root -out root.csr");
    made.openssl("x509 -req -in root.csr -signkey root.key -days 30 -out root.pem");
    assert_eq!(der::read(&made.certificate("root")).unwrap().version, 1);
    made.issued("server", "root", "basicConstraints=CA:FALSE", "30");
    echoed(&mut connect(&made.tls("root", None), &made.server("server", "")).unwrap());
}

/// Without the private key of the certificate that it shows.
#[test]
fn an_impostor_is_refused_whatever_the_settings() {
    let made = Made::new();
    made.leaf("server");
    made.leaf("impostor");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for required in [true, false] {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let key = PrivateKeyDer::from_pem_file(made.path("impostor.key")).unwrap();
            let key = provider.key_provider.load_private_key(key).unwrap();
            let shown = CertifiedKey::new(vec![made.certificate("server")], key);
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
            let port = listener(move |mut stream| {
                let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
                let _ = connection.complete_io(&mut stream);
            });
            let settings = TlsSettings {
                remote_certificate_required: required,
                ..made.settings("ca", None)
            };
            let tls = Tls::load(&settings).unwrap();
            let error = tls.connect(dial(port), "host").expect_err("fooled");
            // Orthanc finds out as well.
            says(&error, true, &["cannot be verified"]);
        }
    }
}

#[test]
fn the_receiver_is_told_why() {
    let made = Made::new();
    made.self_signed("other", "30");
    made.leaf("server");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_file(made.path("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.certificate("server")], key)
        .unwrap();
    let (heard, hears) = mpsc::channel();
    let port = listener(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let _ = heard.send(
            connection
                .complete_io(&mut stream)
                .map_err(|error| error.to_string()),
        );
    });
    let result = made.tls("other", None).connect(dial(port), "host");
    assert!(result.is_err());
    let told = hears.recv_timeout(LONG).unwrap().unwrap_err();
    assert!(told.contains("UnknownCA"), "{told}");
}

/// OpenSSL reads more kinds of PEM.
#[test]
fn a_trusted_certificate_that_only_openssl_reads() {
    let made = Made::new();
    made.self_signed("other", "30");
    made.leaf("server");
    made.openssl("x509 -in ca.pem -trustout -out odd.pem");
    made.write("trusted.pem", &["odd.pem", "other.pem"]);
    let server = made.server("server", "");
    let error = connect(&made.tls("trusted", None), &server).expect_err("trusted");
    says(&error, true, &["not signed by"]);
    let error = connect(&made.tls("other", None), &server).expect_err("trusted");
    says(&error, false, &["not signed by"]);
}

#[test]
fn files_that_cannot_be_used() {
    let made = Made::new();
    made.leaf("client");
    made.leaf("other");
    made.key("plain");
    made.openssl("pkey -in plain.key -aes256 -passout pass:secret -out pkcs8.key");
    made.openssl("ec -in plain.key -aes256 -passout pass:secret -out ec.key");
    made.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out odd.key");
    made.signed("odd", "ca", "basicConstraints=CA:FALSE", "30");
    fs::write(made.path("text"), "no PEM\n").unwrap();
    fs::write(
        made.path("broken"),
        "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let good = made.settings("ca", Some("client"));
    assert!(Tls::load(&good).is_ok());

    let key = |name: &str| TlsSettings {
        private_key: Some(made.path(name)),
        ..good.clone()
    };
    refused(
        &key("nowhere"),
        false,
        &["DicomTlsPrivateKey: /", "nowhere: no such file"],
    );
    refused(
        &key("text"),
        false,
        &["DicomTlsPrivateKey: /", "text: no private key"],
    );
    refused(
        &key("other.key"),
        false,
        &["not the key of DicomTlsCertificate", "client.pem"],
    );
    for name in ["pkcs8.key", "ec.key"] {
        assert!(contains(&fs::read(made.path(name)).unwrap(), "ENCRYPTED"));
        refused(
            &key(name),
            true,
            &["DicomTlsPrivateKey: /", name, "password"],
        );
    }
    refused(
        &made.settings("ca", Some("odd")),
        true,
        &["odd.key", "only Orthanc itself"],
    );
    refused(
        &TlsSettings {
            private_key: None,
            ..good.clone()
        },
        false,
        &["DicomTlsPrivateKey is not set"],
    );

    let certificate = |name: &str| TlsSettings {
        certificate: Some(made.path(name)),
        ..good.clone()
    };
    refused(
        &certificate("nowhere"),
        false,
        &["DicomTlsCertificate: /", "no such file"],
    );
    refused(
        &certificate("text"),
        false,
        &["DicomTlsCertificate: /", "no certificate"],
    );
    refused(
        &certificate("broken"),
        true,
        &["DicomTlsCertificate: /", "broken"],
    );
    refused(
        &TlsSettings {
            certificate: None,
            ..good.clone()
        },
        false,
        &["DicomTlsCertificate is not set"],
    );

    let trusted = |name: &str| TlsSettings {
        trusted_certificates: Some(made.path(name)),
        ..good.clone()
    };
    refused(
        &trusted("nowhere"),
        false,
        &["DicomTlsTrustedCertificates: /", "no such file"],
    );
    refused(
        &trusted("text"),
        false,
        &["DicomTlsTrustedCertificates: /", "no certificate"],
    );
    refused(
        &trusted("broken"),
        true,
        &["DicomTlsTrustedCertificates: /"],
    );
    let none = TlsSettings {
        trusted_certificates: None,
        ..good.clone()
    };
    refused(&none, false, &["DicomTlsTrustedCertificates is not set"]);
    for mut settings in [trusted("nowhere"), trusted("broken"), none] {
        settings.remote_certificate_required = false;
        assert!(Tls::load(&settings).is_ok());
    }
    made.openssl("x509 -in ca.pem -trustout -out trusted.pem");
    refused(&trusted("trusted.pem"), true, &["no certificate"]);
}

#[test]
fn what_only_openssl_can_is_left_to_orthanc() {
    let made = Made::new();
    made.leaf("server");
    made.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key");
    made.signed("rsa", "ca", "basicConstraints=CA:FALSE", "30");
    made.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key");
    made.signed("weak", "ca", "basicConstraints=CA:FALSE", "30");
    made.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out odd.key");
    made.signed("odd", "ca", "basicConstraints=CA:FALSE", "30");
    let tls = made.tls("ca", None);
    let cases = [
        (
            "server",
            "-tls1_1 -cipher ALL:@SECLEVEL=0",
            "no version of TLS",
        ),
        (
            "rsa",
            "-tls1_2 -cipher AES128-SHA",
            "no cipher suite in common",
        ),
        (
            "rsa",
            "-tls1_2 -cipher DHE-RSA-AES256-GCM-SHA384",
            "no cipher suite in common",
        ),
        (
            "rsa",
            "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384",
            "no cipher suite in common",
        ),
        (
            "weak",
            "-cipher ALL:@SECLEVEL=0",
            "receiver's certificate cannot be",
        ),
        ("odd", "", ""),
    ];
    for (name, options, words) in cases {
        let server = made.server(name, options);
        let error = connect(&tls, &server).expect_err(options);
        says(&error, true, &[words, "the receiver"]);
    }
    echoed(&mut connect(&tls, &made.server("rsa", "")).unwrap());
}

#[test]
fn versions_and_ciphers_of_the_configuration() {
    let made = Made::new();
    made.leaf("server");
    let settings = |minimum: u32, ciphers: &[&str]| TlsSettings {
        minimum_protocol_version: minimum,
        ciphers: ciphers.iter().map(|name| (*name).to_owned()).collect(),
        ..made.settings("ca", None)
    };
    let old = made.server("server", "-tls1_2");
    let new = made.server("server", "");
    let agreed = |settings: &TlsSettings, server: &Server| {
        let stream = connect(&Tls::load(settings).unwrap(), server)?;
        Ok::<_, TlsError>(stream.conn.negotiated_cipher_suite().unwrap().suite())
    };
    const CHACHA: &str = "ECDHE-ECDSA-CHACHA20-POLY1305";
    let chacha = CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
    assert_ne!(agreed(&settings(0, &[]), &old).unwrap(), chacha);
    assert_eq!(
        agreed(&settings(4, &[CHACHA, "AES128-SHA"]), &old).unwrap(),
        chacha
    );
    assert_eq!(agreed(&settings(1, &[CHACHA]), &old).unwrap(), chacha);
    // The list names none of TLS 1.3: all of that are left.
    let suite = agreed(&settings(4, &[CHACHA]), &new).unwrap();
    assert!(
        SUITES
            .iter()
            .any(|(id, name)| *id == suite && name.starts_with("TLS_"))
    );
    let small = CipherSuite::TLS13_AES_128_GCM_SHA256;
    assert_ne!(agreed(&settings(4, &[]), &new).unwrap(), small);
    assert_eq!(
        agreed(&settings(5, &["TLS_AES_128_GCM_SHA256"]), &new).unwrap(),
        small
    );
    // Orthanc does not start with a list and no version, or is too old to read it.
    assert_ne!(
        agreed(&settings(0, &["TLS_AES_128_GCM_SHA256"]), &new).unwrap(),
        small
    );
    for settings in [settings(5, &[CHACHA]), settings(6, &[])] {
        says(
            &agreed(&settings, &old).unwrap_err(),
            true,
            &["no version of TLS"],
        );
        assert!(agreed(&settings, &new).is_ok());
    }
    refused(
        &settings(5, &["TLS_AES_128_CCM_SHA256"]),
        true,
        &["DicomTlsCiphersAccepted", "CCM"],
    );
    refused(
        &settings(4, &["AES128-SHA", "TLS_AES_128_CCM_SHA256"]),
        true,
        &["AES128-SHA"],
    );
    // Every suite of rustls has its name.
    let provider = rustls::crypto::ring::default_provider();
    assert_eq!(provider.cipher_suites.len(), SUITES.len());
    assert!(
        provider
            .cipher_suites
            .iter()
            .all(|suite| SUITES.iter().any(|(id, _)| *id == suite.suite()))
    );
}

#[test]
fn receivers_without_tls() {
    let made = Made::new();
    let tls = made.tls("ca", None);
    let connect = |port| tls.connect(dial(port), "pacs.example").expect_err("no TLS");
    // A-ABORT (PS3.8 9.3.8).
    let port = listener(|mut stream| stream.write_all(&[7, 0, 0, 0, 0, 4, 0, 0, 2, 1]).unwrap());
    says(&connect(port), false, &["does not speak TLS"]);
    let port = listener(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let error = connect(port);
    says(
        &error,
        false,
        &[
            "closed the connection",
            "does it take DICOM TLS on this port?",
        ],
    );
    // Unread data: the connection is reset.
    says(
        &connect(listener(drop)),
        false,
        &["closed the connection", "pacs.example had answered nothing"],
    );
    let (end, ended) = mpsc::channel::<()>();
    let port = listener(move |stream| {
        let _ = ended.recv();
        drop(stream);
    });
    let stream = dial(port);
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let error = tls.connect(stream, "pacs.example").expect_err("no TLS");
    says(
        &error,
        false,
        &[
            "did not end in time",
            "does it take DICOM TLS on this port?",
        ],
    );
    drop(end);

    let storescp = StoreScpOptions::new().start("STORESCP").unwrap();
    let error = connect(storescp.port());
    let words = ["does not speak TLS", "does it take DICOM TLS"];
    assert!(
        words.iter().any(|word| error.details.contains(word)),
        "{error:?}"
    );
}

/// A stream that takes what is written, and fails once when reading.
#[derive(Debug)]
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn errors_of_the_stream() {
    let tls = Made::new().tls("ca", None);
    let connect = |error: io::Error| {
        tls.connect(Failing(Some(error)), "pacs")
            .expect_err("failed")
    };
    let error = connect(io::Error::other("out of order"));
    says(&error, false, &["pacs", "out of order"]);
    assert_eq!(error.why, Why::Unreachable);
    assert_eq!(connect(io::Error::other(wire::GivenUp)).why, Why::GivenUp);
    // An interrupt is none.
    says(
        &connect(ErrorKind::Interrupted.into()),
        false,
        &["closed the connection"],
    );
}

/// The alert is read although writing failed first.
#[test]
fn the_reason_of_a_connection_that_is_closed_while_writing() {
    #[derive(Debug)]
    struct Closed(&'static [u8]);
    impl Read for Closed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tls = Made::new().tls("ca", None);
    // A fatal alert, protocol_version.
    let error = tls
        .connect(Closed(&[21, 3, 1, 0, 2, 2, 70]), "pacs")
        .expect_err("closed");
    says(&error, true, &["no version of TLS"]);
    let error = tls.connect(Closed(&[]), "pacs").expect_err("closed");
    says(&error, false, &["closed the connection", "does it take"]);
}

#[test]
fn renewed_files_are_seen() {
    let made = Made::new();
    made.leaf("client");
    let tls = made.tls("ca", Some("client"));
    assert!(tls.is_current());
    for name in ["client.pem", "client.key", "ca.pem"] {
        let tls = made.tls("ca", Some("client"));
        let before = fs::read(made.path(name)).unwrap();
        fs::write(made.path(name), [&before[..], b"\n"].concat()).unwrap();
        assert!(!tls.is_current(), "{name}");
        assert!(made.tls("ca", Some("client")).is_current());
    }
    fs::remove_file(made.path("ca.pem")).unwrap();
    assert!(!tls.is_current());
}

/// What every DICOM installation has at hand: DCMTK, which Orthanc is made with.
#[test]
fn storescp() {
    let made = Made::new();
    made.leaf("server");
    made.leaf("client");
    made.self_signed("other", "30");
    let path = |name| made.path(name).into_os_string().into_string().unwrap();
    let storescp = StoreScpOptions::new()
        .arg("--enable-tls")
        .arg(&path("server.key"))
        .arg(&path("server.pem"))
        .arg("--add-cert-file")
        .arg(&path("ca.pem"))
        .start("STORESCP")
        .unwrap();
    let tls = made.tls("ca", Some("client"));
    for _ in 0..2 {
        let mut stream = tls.connect(dial(storescp.port()), "localhost").unwrap();
        let request = AssociateRequest {
            called_aet: "STORESCP",
            calling_aet: "TEST",
            contexts: &Proposal::echo().encode(),
            max_length: 16_384,
            implementation_class_uid: "2.25.1",
            implementation_version: "TEST",
        };
        stream.write_all(&request.encode()).unwrap();
        stream.flush().unwrap();
        let mut answer = [0; 1];
        stream.read_exact(&mut answer).unwrap();
        // A-ASSOCIATE-AC.
        assert_eq!(answer, [2]);
    }
    let tls = made.tls("ca", Some("other"));
    let said = refusal(tls.connect(dial(storescp.port()), "localhost"));
    assert!(said.contains("does not accept our certificate"), "{said}");
}
