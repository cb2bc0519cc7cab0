//! Valid configurations, and what comes of them.

use std::path::{Path, PathBuf};

use super::super::in_force as in_force_typed;
use super::super::settings::{
    AssociationPer, DestinationSettings, LocalAet, Match, Off, Scope, TlsSettings, Transport,
};
use super::*;
use crate::item::Level;
use crate::item::{Again, Priority, RetryPolicy, Statuses};

/// Destination settings as the contract's table has them.
fn table_of_defaults() -> Value {
    json!({
        "Transport": "Auto",
        "TransferSyntax": null,
        "Associations": 2,
        "AssociationPer": "Any",
        "Split": true,
        "BatchSize": 100,
        "Level": "Study",
        "QuietSeconds": 0,
        "MaxQuietSeconds": null,
        "Priority": "Medium",
        "ReservedAssociations": 0,
        "LocalAet": null,
        "Timeout": null,
        "Retry": {
            "MaxAttempts": 10, "Delay": 30, "Multiplier": 2, "MaxDelay": 600, "OnRejected": false,
            "OnStatus": []
        },
        "ExpireAfter": 604_800,
        "MaxBytesPerSecond": 0,
        "Windows": [],
        "Coerce": null,
        "OriginalAttributes": false,
        "Deidentify": null,
        "Compress": null,
        "Confirm": null,
        "Recipe": null,
    })
}

/// As the API answers them.
fn in_force(settings: &DestinationSettings) -> Value {
    serde_json::to_value(in_force_typed(settings)).unwrap()
}

#[test]
fn defaults_are_those_of_the_table() {
    for configuration in [with(json!({})), with(json!({ "Defaults": {} }))] {
        let settings = read(&configuration).unwrap();
        assert!(settings.off.is_none() && settings.tcp_no_delay);
        assert_eq!(settings.history_days, 7);
        assert_eq!(settings.ledger_years, 3);
        assert_eq!(settings.gap_seconds, 600);
        assert_eq!(settings.database, Path::new("OrthancStorage/sendqueue.db"));
        assert!(settings.rules.is_empty() && settings.destinations.is_empty());
        assert_eq!(in_force(&settings.defaults), table_of_defaults());
        assert_eq!(in_force(settings.destination("pacs")), table_of_defaults());
        assert_eq!(settings.defaults, DestinationSettings::default());
        assert_eq!(settings.host.dicom_scu_timeout, 10);
        assert_eq!(settings.host.concurrent_jobs, 2);
        assert_eq!(settings.host.jobs_history_size, 10);
        assert_eq!(settings.host.most_reports(), 100);
        assert!(!settings.host.modalities_in_database && !settings.host.strict_aet_comparison);
    }
}

#[test]
fn the_table_of_defaults_is_itself_a_valid_configuration() {
    let mut table = table_of_defaults();
    let keys = table.as_object_mut().unwrap();
    keys.retain(|_, value| !value.is_null());
    let section = json!({
        "Enable": true, "Database": "sendqueue.db", "TcpNoDelay": true, "HistoryDays": 7, "LedgerYears": 3,
        "GapSeconds": 600,
        "Rules": [], "Defaults": table, "Destinations": { "pacs": table },
    });
    let settings = read(&with(section)).unwrap();
    assert_eq!(settings.defaults, DestinationSettings::default());
    assert_eq!(
        settings.destinations["pacs"],
        DestinationSettings::default()
    );
}

#[test]
fn the_least_configuration() {
    let settings = read(&with(json!({ "Rules": [{ "To": ["pacs"] }] }))).unwrap();
    let rule = &settings.rules[0];
    assert_eq!(
        (rule.name.as_str(), rule.to.as_slice()),
        ("Rules[0]", &["pacs".to_owned()][..])
    );
    assert!(!rule.allow_loop && rule.when.tags.is_empty() && rule.when.calling_aet.is_none());
    assert!(rule.level.is_none() && rule.quiet_seconds.is_none() && rule.priority.is_none());
}

#[test]
fn destinations_lie_over_defaults_key_by_key() {
    let settings = read(&with(json!({
        "Defaults": {
            "Associations": 4, "LocalAet": "$RemoteAet", "Priority": "High", "Transport": "Rest",
            "Retry": { "Delay": 5, "OnRejected": true, "OnStatus": ["a9XX", "c000-c0ff", "0122"] }
        },
        "Destinations": {
            "pacs": {
                "Associations": 1, "AssociationPer": "Group", "BatchSize": 10_000,
                "Level": "Instance", "QuietSeconds": 86_400, "MaxQuietSeconds": 86_400,
                "Priority": "Stat", "LocalAet": " GATEWAY ", "Timeout": 3600, "ExpireAfter": 0,
                "Retry": { "MaxAttempts": 1, "Multiplier": 1.5, "MaxDelay": 5 }
            }
        }
    })))
    .unwrap();
    let pacs = settings.destination("pacs");
    let expected = DestinationSettings {
        transport: Transport::Rest,
        associations: 1,
        association_per: AssociationPer::Group,
        batch_size: 10_000,
        level: Level::Instance,
        quiet_seconds: 86_400,
        max_quiet_seconds: Some(86_400),
        priority: Priority::Stat,
        local_aet: LocalAet::Fixed("GATEWAY".to_owned()),
        timeout: Some(3600),
        retry: RetryPolicy {
            max_attempts: 1,
            delay: 5.0,
            multiplier: 1.5,
            max_delay: 5.0,
            on_rejected: true,
            on_status: ["A9xx", "C000-C0FF", "0122"]
                .map(|text| Statuses::parse(text).unwrap())
                .to_vec(),
        },
        expire_after: 0,
        ..DestinationSettings::default()
    };
    assert_eq!(*pacs, expected);
    let retry = &in_force(pacs)["Retry"];
    assert_eq!(retry["Multiplier"], json!(1.5));
    assert_eq!(retry["Delay"], json!(5));
    assert_eq!(retry["OnStatus"], json!(["A9xx", "C000-C0FF", "0122"]));

    let archive = settings.destination("archive");
    assert_eq!(
        (archive.associations, archive.priority),
        (4, Priority::High)
    );
    assert_eq!(archive.local_aet, LocalAet::Remote);
    assert_eq!(in_force(archive)["LocalAet"], "$RemoteAet");
}

#[test]
fn conditions_are_read() {
    let settings = read(&with(json!({ "Rules": [{
        "Name": "thorax → pacs", "To": ["pacs", "archive"], "AllowLoop": true,
        "Level": "Patient", "QuietSeconds": 5, "Priority": "Low",
        "When": {
            "CallingAet": ["CT_1 ", "CT_2"], "CalledAet": "regex:^ORTH", "RemoteIp": "10.0.0.7",
            "Origin": ["DicomProtocol", "WebDav"],
            "Tags": {
                "Modality": ["CT", "MR"], "0008,1030": "regex:(?i)thorax",
                "0010-4000": "", "00091001": "x",
            }
        }
    }] })))
    .unwrap();
    let rule = &settings.rules[0];
    assert_eq!(
        (rule.name.as_str(), rule.allow_loop),
        ("thorax → pacs", true)
    );
    assert_eq!(rule.level, Some(Level::Patient));
    assert_eq!(
        (rule.quiet_seconds, rule.priority),
        (Some(5), Some(Priority::Low))
    );
    let text = |condition: &Option<Match>| match condition {
        Some(Match::AnyOf(values) | Match::AnyCase(values)) => values.join("|"),
        Some(Match::Regex(regex)) => format!("regex:{regex}"),
        Some(Match::Present) => "present".to_owned(),
        Some(Match::Absent) => "absent".to_owned(),
        None => String::new(),
    };
    let when = &rule.when;
    assert_eq!(text(&when.calling_aet), "CT_1|CT_2");
    assert_eq!(text(&when.called_aet), "regex:^ORTH");
    assert_eq!(text(&when.remote_ip), "10.0.0.7");
    assert_eq!(text(&when.origin), "DicomProtocol|WebDav");
    let tags: Vec<_> = when
        .tags
        .iter()
        .map(|(tag, condition)| {
            (
                tag.written.as_str(),
                tag.key(),
                text(&Some(condition.clone())),
            )
        })
        .collect();
    let expected = [
        ("Modality", "0008,0060", "CT|MR"),
        ("0008,1030", "0008,1030", "regex:(?i)thorax"),
        ("0010-4000", "0010,4000", ""),
        ("00091001", "0009,1001", "x"),
    ];
    for (expected, found) in expected.iter().zip(&tags) {
        assert_eq!(
            (expected.0, expected.1, expected.2),
            (found.0, &*found.1, &*found.2)
        );
    }
    assert_eq!(tags.len(), expected.len());
}

/// As Orthanc decides it since 1.5.8.
#[test]
fn logins_are_checked_where_orthanc_does() {
    for (remote, own, expected) in [
        (None, None, false),
        (Some(true), None, true),
        (Some(false), None, false),
        (Some(true), Some(false), false),
        (Some(false), Some(true), true),
        (None, Some(true), true),
    ] {
        let mut whole = json!({ "SendQueue": {} });
        for (key, value) in [
            ("RemoteAccessAllowed", remote),
            ("AuthenticationEnabled", own),
        ] {
            if let Some(value) = value {
                whole[key] = value.into();
            }
        }
        let host = read(&whole).unwrap().host;
        assert_eq!(host.authenticates, expected, "{whole}");
    }
}

#[test]
fn the_host_is_read() {
    let settings = read(&json!({
        "ConcurrentJobs": 8, "DicomScuTimeout": 0, "JobsHistorySize": 1, "StrictAetComparison": true,
        "DicomModalities": {
            "a": ["AET_A", "localhost", "104"],
            "b": { "AET": "AET_B", "Host": "localhost", "Port": 104, "Timeout": 60 },
            "c/\"d\" é": ["AET_C", "localhost", 104, "GE"],
        },
        "SendQueue": { "Rules": [{ "To": ["c/\"d\" é"] }], "Destinations": { "c/\"d\" é": {} } },
    }))
    .unwrap();
    let host = &settings.host;
    assert_eq!(
        (
            host.concurrent_jobs,
            host.dicom_scu_timeout,
            host.jobs_history_size
        ),
        (8, 0, 1)
    );
    assert!(host.strict_aet_comparison);
    for (size, most) in [(0, u32::MAX), (1, 1), (5000, 5000)] {
        let host = read(&json!({ "StorageCommitmentReportsSize": size }))
            .unwrap()
            .host;
        assert_eq!(host.most_reports(), most);
    }
    let aets: Vec<_> = host
        .modalities
        .iter()
        .map(|(n, a)| (n.as_str(), a.as_str()))
        .collect();
    assert_eq!(
        aets,
        [("a", "AET_A"), ("b", "AET_B"), ("c/\"d\" é", "AET_C")]
    );

    let settings = read(&json!({ "ConcurrentJobs": 0 })).unwrap();
    assert!(settings.host.concurrent_jobs >= 1);
}

#[test]
fn tls_of_the_host_is_read_as_orthanc_reads_it() {
    let tls = |configuration: Value| {
        // The folder of the configuration has no part in it.
        let settings = load(&configuration, &dictionary, Some(Path::new("/etc/orthanc")));
        settings.unwrap().host.tls
    };
    let default = tls(json!({}));
    assert_eq!(default, TlsSettings::default());
    assert!(default.remote_certificate_required && default.certificate.is_none());

    let mut configuration = json!({
        "DicomTlsCertificate": "/c.pem", "DicomTlsPrivateKey": "k.pem", "DicomTlsTrustedCertificates": "",
        "DicomTlsRemoteCertificateRequired": false, "DicomTlsMinimumProtocolVersion": 4,
        "DicomTlsCiphersAccepted": ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"], "DicomTlsEnabled": true,
    });
    let expected = TlsSettings {
        certificate: Some("/c.pem".into()),
        private_key: Some("k.pem".into()),
        trusted_certificates: None,
        remote_certificate_required: false,
        minimum_protocol_version: 4,
        ciphers: vec![
            "ECDHE-RSA-AES128-GCM-SHA256".to_owned(),
            "AES128-SHA".to_owned(),
        ],
    };
    assert_eq!(tls(configuration.clone()), expected);

    // Orthanc's SCU gets version and ciphers from its SCP only.
    let without = TlsSettings {
        minimum_protocol_version: 0,
        ciphers: Vec::new(),
        ..expected.clone()
    };
    configuration["DicomServerEnabled"] = json!(false);
    assert_eq!(tls(configuration.clone()), without);
    configuration["DicomTlsCiphersAccepted"] = json!("not read");
    assert_eq!(tls(configuration.clone()), without);
    configuration["DicomServerEnabled"] = json!(true);
    configuration["DicomTlsEnabled"] = json!(false);
    assert_eq!(tls(configuration), without);

    let before = expected.before_1_12_4();
    assert!(before.remote_certificate_required && before.ciphers.is_empty());
    assert_eq!(before.minimum_protocol_version, 0);
    assert_eq!(before.private_key, Some("k.pem".into()));
}

#[test]
fn mistakes_in_the_tls_of_the_host_are_found() {
    let found = mistakes(&json!({
        "SendQueue": {},
        "DicomTlsCertificate": 1, "DicomTlsPrivateKey": null, "DicomTlsTrustedCertificates": [],
        "DicomTlsRemoteCertificateRequired": "false", "DicomTlsEnabled": true,
        "DicomTlsMinimumProtocolVersion": -1, "DicomTlsCiphersAccepted": ["AES128-SHA", 5],
    }));
    let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "DicomTlsCertificate",
        "DicomTlsPrivateKey",
        "DicomTlsTrustedCertificates",
        "DicomTlsRemoteCertificateRequired",
        "DicomTlsMinimumProtocolVersion",
        "DicomTlsCiphersAccepted[1]",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn modalities_of_the_database_cannot_be_checked() {
    let settings = read(&json!({
        "DicomModalitiesInDatabase": true,
        "DicomModalities": { "stale": "not read by Orthanc" },
        "SendQueue": { "Rules": [{ "To": ["later"] }], "Destinations": { "later": {} } },
    }))
    .unwrap();
    assert!(settings.host.modalities_in_database && settings.host.modalities.is_empty());
}

#[test]
fn a_queue_that_is_off_asks_nothing_of_the_host() {
    let configuration = json!({ "JobsHistorySize": 0, "SendQueue": { "Enable": false } });
    assert_eq!(read(&configuration).unwrap().off, Some(Off::Disabled));
    let without = json!({ "JobsHistorySize": 0 });
    assert_eq!(read(&without).unwrap().off, Some(Off::NoSection));
}

#[test]
fn the_database_is_found_where_orthanc_has_its_index() {
    let table = [
        (json!({}), None, "OrthancStorage/sendqueue.db"),
        (
            json!({}),
            Some("/etc/orthanc"),
            "/etc/orthanc/OrthancStorage/sendqueue.db",
        ),
        (
            json!({ "StorageDirectory": "/s" }),
            Some("/etc"),
            "/s/sendqueue.db",
        ),
        (
            json!({ "StorageDirectory": "/s", "IndexDirectory": "i" }),
            Some("/e"),
            "/e/i/sendqueue.db",
        ),
        (
            json!({ "IndexDirectory": "/i", "SendQueue": { "Database": "q/x.db" } }),
            None,
            "/i/q/x.db",
        ),
        (
            json!({ "IndexDirectory": "/i", "SendQueue": { "Database": "/q.db" } }),
            Some("/e"),
            "/q.db",
        ),
    ];
    for (configuration, base, expected) in table {
        let settings = load(&configuration, &dictionary, base.map(Path::new)).unwrap();
        assert_eq!(
            settings.database,
            PathBuf::from(expected),
            "{configuration}"
        );
    }
}

#[test]
fn what_is_received_again() {
    let of = |rule: serde_json::Value| {
        let settings = read(&with(json!({ "Rules": [rule] }))).unwrap();
        settings.rules[0].again
    };
    assert_eq!(of(json!({ "To": ["pacs"] })), Again::IfChanged);
    for (word, again) in [
        ("Never", Again::Never),
        ("IfChanged", Again::IfChanged),
        ("Always", Again::Always),
    ] {
        assert_eq!(of(json!({ "To": ["pacs"], "Again": word })), again);
    }
    for (mode, expected) in [
        (json!(true), true),
        (json!(false), false),
        (json!("Never"), false),
        (json!("IfChanged"), true),
        (json!("Always"), true),
    ] {
        let settings = read(&json!({ "OverwriteInstances": mode })).unwrap();
        assert_eq!(settings.host.overwrite_instances, expected);
    }
}

#[test]
fn what_a_rule_takes_and_what_it_is_remembered_by() {
    let of = |rule: serde_json::Value| {
        let rules = json!([{ "To": ["archive"] }, rule]);
        let rule = read(&with(json!({ "Rules": rules }))).unwrap().rules[1].clone();
        (rule.scope, rule.key)
    };
    let named = json!({ "To": ["pacs"], "Name": "CT", "Scope": "Study" });
    assert_eq!(of(named), (Scope::Study, "CT".to_owned()));
    let ct = json!({ "CallingAet": "CT" });
    let (scope, key) = of(json!({ "To": ["pacs"], "When": ct, "Scope": "Instance" }));
    assert_eq!(scope, Scope::Instance);
    assert!(key.starts_with('#') && key.len() == 17, "{key}");
    // How it is sent is no matter, where and what is.
    let same = json!({ "Priority": "High", "When": ct, "To": ["pacs"] });
    assert_eq!(of(same).1, key);
    // Orthanc sorts the keys, a person does not.
    let one = json!({ "To": ["pacs"], "When": { "CalledAet": "A", "CallingAet": "B" } });
    let other = json!({ "To": ["pacs"], "When": { "CallingAet": "B", "CalledAet": "A" } });
    assert_eq!(of(one).1, of(other).1);
    for other in [
        json!({ "To": ["archive"], "When": ct }),
        json!({ "To": ["pacs"], "When": { "CallingAet": "MR" } }),
        json!({ "To": ["pacs"] }),
    ] {
        assert_ne!(of(other).1, key);
    }
}

/// As Orthanc compares them: also in a regular expression.
#[test]
fn the_case_of_aets_is_orthancs_matter() {
    for (strict, value, expected) in [
        (false, json!("ct1"), true),
        (false, json!(["X", "Ct1"]), true),
        (false, json!("regex:^ct[0-9]$"), true),
        (false, json!("regex:(?-i)^ct[0-9]$"), false),
        (true, json!("ct1"), false),
        (true, json!("regex:^ct[0-9]$"), false),
        (true, json!("CT1"), true),
    ] {
        let mut configuration = with(json!({ "Rules": [
            { "To": ["pacs"], "When": { "CallingAet": value, "Tags": { "Modality": "ct" } } },
        ] }));
        configuration["StrictAetComparison"] = json!(strict);
        let settings = read(&configuration).unwrap();
        let when = &settings.rules[0].when;
        let found = match when.calling_aet.as_ref().unwrap() {
            Match::AnyOf(values) => values.iter().any(|v| v == "CT1"),
            Match::AnyCase(values) => values.iter().any(|v| v.eq_ignore_ascii_case("CT1")),
            Match::Regex(regex) => regex.is_match("CT1"),
            Match::Present | Match::Absent => false,
        };
        assert_eq!(found, expected, "{strict} {value}");
        // Codes have one case (PS3.5 6.2, CS).
        assert!(matches!(when.tags[0].1, Match::AnyOf(_)));
    }
}

#[test]
fn a_second_name_shares_what_belongs_to_its_target() {
    let settings = read(&with(json!({
        "Rules": [{ "To": ["research", "pacs"] }],
        "Defaults": { "Priority": "Low" },
        "Destinations": {
            "pacs": { "Associations": 5, "ReservedAssociations": 2, "MaxBytesPerSecond": 9, "Priority": "High" },
            "research": { "Target": "pacs", "QuietSeconds": 3 },
            "spare": { "Target": "archive" },
        },
    })))
    .unwrap();
    assert_eq!(settings.target("research"), "pacs");
    assert_eq!(settings.target("pacs"), "pacs");
    let second: Vec<_> = settings.second_names().collect();
    assert_eq!(second, [("research", "pacs"), ("spare", "archive")]);
    let research = settings.destination("research");
    assert_eq!(
        (
            research.associations,
            research.reserved_associations,
            research.max_bytes_per_second
        ),
        (5, 2, 9)
    );
    assert_eq!(
        (research.priority, research.quiet_seconds),
        (Priority::Low, 3)
    );
    assert_eq!(settings.destination("spare").associations, 2);
    assert_eq!(in_force(research)["Target"], "pacs");
    // In Orthanc's database the modalities are not known yet.
    let mut configuration = with(json!({ "Destinations": { "research": { "Target": "pacs" } } }));
    configuration["DicomModalities"] = json!({});
    configuration["DicomModalitiesInDatabase"] = json!(true);
    assert_eq!(read(&configuration).unwrap().target("research"), "pacs");
}

/// The image orthancteam/orthanc makes sections of variables, of `ORTHANC__SEND_QUEUE__MAX_MEMORY_MB` a `MaxMemoryMb`;
/// a value that is JSON is taken as JSON, so that destinations come as one variable.
#[test]
fn a_key_may_be_spelt_as_a_variable_makes_it() {
    let settings = read(&with(json!({ "MaxMemoryMb": 64 }))).unwrap();
    assert_eq!(settings.max_memory_mb, 64);
    for (spelt, path) in [
        (json!({ "MaxMemoryMb": 0 }), "SendQueue.MaxMemoryMb"),
        (
            json!({ "MaxMemoryMb": 64, "MaxMemoryMB": 64 }),
            "SendQueue.MaxMemoryMb",
        ),
        (json!({ "MaxmemoryMb": 64 }), "SendQueue.MaxmemoryMb"),
    ] {
        let mistakes = read(&with(spelt)).unwrap_err();
        assert_eq!(mistakes.0.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes.0[0].path, path);
    }
}

/// That image's rule, for each key of the section and of what it holds but for names that people choose: nothing else
/// of ours is changed by it.
#[test]
fn variables_spell_all_other_keys_as_they_are() {
    fn variable(key: &str) -> String {
        let mut name = String::new();
        let mut before = '_';
        for letter in key.chars() {
            if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() && before != '_' {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
            before = letter;
        }
        name
    }
    fn camel(variable: &str) -> String {
        let words = variable.split('_').map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{first}{}", rest.to_ascii_lowercase())
        });
        words.collect()
    }
    assert_eq!(variable("MaxMemoryMB"), "MAX_MEMORY_MB");
    assert_eq!(camel("MAX_MEMORY_MB"), "MaxMemoryMb");
    let table = table_of_defaults();
    let defaults = table.as_object().unwrap().keys().map(String::as_str);
    let retry = table["Retry"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str);
    let keys = super::super::validate::KEYS
        .into_iter()
        .chain(defaults)
        .chain(retry);
    let changed: Vec<&str> = keys.filter(|key| camel(&variable(key)) != **key).collect();
    assert_eq!(changed, ["MaxMemoryMB"]);
}
