//! One rule after the other.

use super::*;

fn content(file: &str) -> Content {
    Content {
        file: Some(file.to_owned()),
        digest: None,
    }
}

/// Delivered there with status 0000, of file `a`.
fn sent(destination: &str) -> Sending {
    Sending {
        item: 1,
        destination: destination.to_owned(),
        is_of_another: false,
        is_past: false,
        reached: true,
        state: State::Success,
        class: Some(Class::Success),
        dimse_status: Some(0),
        completed: Some(Timestamp::from_micros(1000)),
        confirmation: Confirmation::None,
        is_altered: false,
        sent_as: "1.2.3".to_owned(),
        content: content("a"),
    }
}

fn archive(confirms: bool) -> Required {
    Required {
        name: "archive".to_owned(),
        same_target: Vec::new(),
        moved: 0,
        confirms,
    }
}

/// Why one stays of which Orthanc has file `a`; `None`: it goes.
fn why(sendings: &[Sending], required: &[Required]) -> Option<Why> {
    match judge(sendings, &content("a"), required) {
        Safety::Safe => None,
        Safety::Stays(reason) => Some(reason.why),
    }
}

#[test]
fn what_was_acknowledged_with_0000_is_safe() {
    assert_eq!(why(&[sent("archive")], &[archive(false)]), None);
    let past = Sending {
        is_past: true,
        ..sent("archive")
    };
    assert_eq!(why(&[past], &[archive(false)]), None);
}

#[test]
fn nothing_is_safe_without_a_destination_that_must_have_it() {
    let stays = judge(&[sent("archive")], &content("a"), &[]);
    assert_eq!(stays, Reason::at(Why::NeverQueued, ""));
}

#[test]
fn all_that_are_required_must_have_it() {
    let research = Required {
        name: "research".to_owned(),
        same_target: Vec::new(),
        moved: 0,
        confirms: false,
    };
    let required = [archive(false), research];
    assert_eq!(
        judge(&[sent("archive")], &content("a"), &required),
        Reason::at(Why::NeverQueued, "research")
    );
    assert_eq!(why(&[sent("archive"), sent("research")], &required), None);
}

#[test]
fn no_other_answer_is_a_proof() {
    let answered = |class, dimse_status| {
        let one = Sending {
            class: Some(class),
            dimse_status,
            ..sent("archive")
        };
        why(&[one], &[archive(false)])
    };
    for status in [0xB000, 0xB006, 0xB007, 0x0111] {
        assert_eq!(
            answered(Class::Warning, Some(status)),
            Some(Why::Warning),
            "{status:04X}"
        );
    }
    assert_eq!(answered(Class::Success, None), Some(Why::Untold));
}

#[test]
fn an_item_that_is_not_finished_keeps_it_wherever_it_goes() {
    for state in State::ALL {
        let other = Sending {
            item: 2,
            state,
            ..sent("elsewhere")
        };
        let expected = match state {
            State::Success | State::Cancelled => None,
            State::Failure => Some(Why::Failed),
            _ => Some(Why::Waits),
        };
        let found = why(&[sent("archive"), other.clone()], &[archive(false)]);
        assert_eq!(found, expected, "{state}");
        // What is gone waits for nobody.
        let gone = Sending {
            is_past: true,
            ..other
        };
        assert_eq!(why(&[sent("archive"), gone], &[archive(false)]), None);
    }
}

#[test]
fn what_never_came_there_is_told_as_what_was_done_to_it() {
    let past = |state| Sending {
        is_past: true,
        state,
        class: Some(Class::Interrupted),
        dimse_status: None,
        ..sent("archive")
    };
    let all = |sendings: &[Sending]| why(sendings, &[archive(false)]);
    assert_eq!(all(&[]), Some(Why::NeverQueued));
    assert_eq!(all(&[past(State::Failure)]), Some(Why::Removed));
    assert_eq!(all(&[past(State::Cancelled)]), Some(Why::Cancelled));
    let elsewhere = [past(State::Failure), sent("elsewhere")];
    assert_eq!(all(&elsewhere), Some(Why::Redirected));
}

#[test]
fn another_file_is_not_what_was_sent() {
    let of = |content: Content| Sending {
        content,
        ..sent("archive")
    };
    let archive = [archive(false)];
    assert_eq!(why(&[of(content("b"))], &archive), Some(Why::ArrivedAgain));
    assert_eq!(
        why(&[of(Content::default())], &archive),
        Some(Why::SentUnknown)
    );
    let unknown = judge(&[sent("archive")], &Content::default(), &archive);
    assert_eq!(unknown, Reason::at(Why::FileUnknown, ""));
    // Of the same file, but not of the same bytes.
    let digest = |digest: &str| Content {
        digest: Some(digest.to_owned()),
        ..content("a")
    };
    let judged = |sent: &str, has: &str| judge(&[of(digest(sent))], &digest(has), &archive);
    assert_eq!(judged("d1", "d2"), Reason::at(Why::ArrivedAgain, "archive"));
    assert_eq!(judged("d1", "D1"), Safety::Safe);
}

#[test]
fn what_went_there_under_the_same_uid_may_still_be_there() {
    let old = |sent_as: &str| Sending {
        item: 2,
        sent_as: sent_as.to_owned(),
        content: content("b"),
        is_past: true,
        state: State::Retry,
        class: Some(Class::Interrupted),
        dimse_status: None,
        ..sent("archive")
    };
    let archive = [archive(false)];
    let all = |other| why(&[sent("archive"), other], &archive);
    assert_eq!(all(old("1.2.3")), Some(Why::OldVersion));
    assert_eq!(all(old("1.2.4")), None);
    let never_sent = Sending {
        reached: false,
        ..old("1.2.3")
    };
    assert_eq!(all(never_sent), None);
    let unknown = Sending {
        content: Content::default(),
        ..old("1.2.3")
    };
    assert_eq!(all(unknown), Some(Why::OldVersion));
    let of_another = Sending {
        is_of_another: true,
        ..sent("archive")
    };
    assert_eq!(all(of_another.clone()), Some(Why::OldVersion));
    let to_come = Sending {
        state: State::Pending,
        reached: false,
        ..of_another
    };
    assert_eq!(all(to_come), Some(Why::OldVersion));
    let elsewhere = Sending {
        destination: "elsewhere".to_owned(),
        ..old("1.2.3")
    };
    assert_eq!(all(elsewhere.clone()), None);
    // Two names of one receiver.
    let required = Required {
        same_target: vec!["elsewhere".to_owned()],
        ..archive[0].clone()
    };
    let both = [sent("archive"), elsewhere];
    assert_eq!(why(&both, &[required]), Some(Why::OldVersion));
}

#[test]
fn that_it_was_there_already_is_explained_by_an_own_delivery_alone() {
    let duplicate = |seconds: i64| Sending {
        item: 2,
        class: Some(Class::Warning),
        dimse_status: Some(DUPLICATE),
        completed: Some(Timestamp::from_micros(seconds)),
        ..sent("archive")
    };
    let all = |other| why(&[sent("archive"), other], &[archive(false)]);
    assert_eq!(all(duplicate(2000)), None);
    // It had it from elsewhere, and took the next one without a word.
    assert_eq!(all(duplicate(500)), Some(Why::OldVersion));
    let under_another = Sending {
        sent_as: "1.2.4".to_owned(),
        ..duplicate(500)
    };
    assert_eq!(all(under_another), None);
}

#[test]
fn what_was_changed_on_its_way_is_no_original() {
    let altered = Sending {
        is_altered: true,
        ..sent("archive")
    };
    let archive = [archive(false)];
    assert_eq!(
        why(std::slice::from_ref(&altered), &archive),
        Some(Why::Changed)
    );
    // Sent again as it is: the altered one may still be there.
    let both = [sent("archive"), altered];
    assert_eq!(why(&both, &archive), Some(Why::OldVersion));
}

#[test]
fn what_went_to_another_address_is_no_proof() {
    let required = Required {
        moved: 1,
        ..archive(false)
    };
    let required = std::slice::from_ref(&required);
    assert_eq!(why(&[sent("archive")], required), Some(Why::Moved));
    let again = Sending {
        item: 2,
        ..sent("archive")
    };
    assert_eq!(why(&[sent("archive"), again.clone()], required), None);
    // Which of the two has the old version is not known.
    let other = Sending {
        content: content("b"),
        ..sent("archive")
    };
    assert_eq!(why(&[other, again], required), Some(Why::OldVersion));
}

#[test]
fn a_destination_that_confirms_must_have_confirmed() {
    let with = |confirmation| Sending {
        confirmation,
        ..sent("archive")
    };
    for (confirmation, expected) in [
        (Confirmation::None, Some(Why::NotConfirmed)),
        (Confirmation::Waiting, Some(Why::NotConfirmed)),
        (Confirmation::Confirmed, None),
        (Confirmation::Refused, Some(Why::Refused)),
        (Confirmation::TimedOut, Some(Why::ConfirmationTimedOut)),
    ] {
        assert_eq!(why(&[with(confirmation)], &[archive(true)]), expected);
    }
    // What it says is believed if it was not to be waited for, too.
    let refused = why(&[with(Confirmation::Refused)], &[archive(false)]);
    assert_eq!(refused, Some(Why::Refused));
    // It said so of what was sent again.
    let later = Sending {
        item: 2,
        completed: Some(Timestamp::from_micros(2000)),
        ..with(Confirmation::Refused)
    };
    let both = [with(Confirmation::Confirmed), later];
    assert_eq!(why(&both, &[archive(true)]), Some(Why::Refused));
    // It was sent again since.
    let earlier = Sending {
        item: 0,
        completed: Some(Timestamp::from_micros(500)),
        ..with(Confirmation::Refused)
    };
    let both = [earlier, with(Confirmation::Confirmed)];
    assert_eq!(why(&both, &[archive(true)]), None);
}

#[test]
fn each_reason_has_a_word_and_a_sentence_of_its_own() {
    let mut told: Vec<String> = (Why::ALL.iter())
        .map(|why| {
            let reason = Reason {
                why: *why,
                destination: "research".to_owned(),
            };
            let told = reason.told(3, 20).to_string();
            assert_eq!(told.contains("3 of 20"), !why.is_of_study(), "{told}");
            assert_eq!(format!("{why:?}"), why.as_str());
            told
        })
        .collect();
    assert!(told.contains(&"research has not confirmed 3 of 20".to_owned()));
    told.sort();
    told.dedup();
    assert_eq!(told.len(), Why::ALL.len());
}
