//! For fakes that misbehave: the parts of the store that are passed on as they are to a real one.

/// `pass_on!(Claims for Faulty)` implements the trait by calls of the field `inner`; each of them asks the method
/// `before`, with the name of the call, whether it is to fail.
macro_rules! pass_on {
    (Claims for $type:ty) => {
        $crate::store::pass_on!(@impl Claims for $type {
            fn begin(now: Timestamp) -> Released;
            fn renew(until: Timestamp) -> ();
            fn release_expired(now: Timestamp) -> Released;
            fn stopped_well(now: Timestamp) -> ();
            fn jobs_in_hand() -> Vec<String>;
            fn claim_of(destination: &str, terms: &ClaimTerms<'_>) -> Option<Claim>;
            fn is_ready(destination: &str, groups: Groups<'_>, pick: Pick) -> bool;
            fn held_back(destination: &str) -> HeldBack;
            fn group_due(destination: &str, group: &str) -> Option<Timestamp>;
            fn set_hand(token: i64, hand: &Hand) -> ();
            fn still_claimed(token: i64, ids: &[i64]) -> Vec<i64>;
            fn finish(token: i64, results: &[Finish], now: Timestamp) -> u64;
            fn set_last_error(destination: &str, error: &LastError) -> ();
            fn set_outage(destination: &str, outage: Option<&Outage>, why: &str, now: Timestamp) -> ();
        } {});
    };
    (Confirmations for $type:ty) => {
        $crate::store::pass_on!(@impl Confirmations for $type {
            fn claim_follow_ups(
                destination: &str,
                now: Timestamp,
                limit: u32,
                reports: u32
            ) -> Option<FollowUps>;
            fn next_follow_up(destination: &str, reports: u32) -> Option<Timestamp>;
            fn followed(token: i64, results: &[(i64, Followed)], now: Timestamp) -> (u64, u64);
            fn end_follow_ups(
                destination: &str,
                before: Option<Timestamp>,
                followed: &Followed,
                limit: u32
            ) -> u64;
            fn confirm(destination: &str, study: &str, due: Timestamp, now: Timestamp) -> u64;
        } {});
    };
    (Protections for $type:ty) => {
        $crate::store::pass_on!(@impl Protections for $type {
            fn unsent(after: i64, limit: u32) -> (Vec<Unsent>, i64);
            fn is_protected(patient: &str) -> bool;
            fn protect(unsent: &[Unsent]) -> ();
            fn protected(after: &str, limit: u32) -> Vec<Protected>;
            fn unprotect(patient: &str) -> ();
        } {});
    };
    (Journal for $type:ty) => {
        $crate::store::pass_on!(@impl Journal for $type {
            fn cursor() -> Option<Cursor>;
            fn gaps() -> Vec<Gap>;
            fn created() -> Timestamp;
            fn enqueue(intake: &Intake<'_>, now: Timestamp) -> Enqueued;
            fn count_new(intake: &Intake<'_>) -> Enqueued;
        } {});
    };
    (Studies for $type:ty) => {
        $crate::store::pass_on!(@impl Studies for $type {
            fn taken(studies: &[&str]) -> Vec<TakenStudy>;
            fn owed(rules: &[&str], limit: u32) -> Vec<TakenStudy>;
            fn looked_back(studies: &[TakenStudy]) -> ();
            fn taken_after(last: &TakenStudy, limit: u32) -> Vec<(TakenStudy, Timestamp)>;
            fn forget(studies: &[TakenStudy]) -> ();
            fn arrived(study: &str, instance: &str) -> Option<Timestamp>;
        } {});
    };
    (Sources for $type:ty) => {
        $crate::store::pass_on!(@impl Sources for $type {
            fn sources() -> Vec<Source>;
            fn watch(aets: &[&str], now: Timestamp) -> ();
        } {});
    };
    (Decisions for $type:ty) => {
        $crate::store::pass_on!(@impl Decisions for $type {
            fn decided(recipe: &str, study_uid: &str) -> BTreeMap<String, String>;
            fn decide(
                recipe: &str,
                study_uid: &str,
                found: &BTreeMap<String, String>,
                now: Timestamp
            ) -> BTreeMap<String, String>;
            fn serial(name: &str, study_uid: &str) -> Option<u64>;
            fn issue_serial(name: &str, study_uid: &str, start: u64, now: Timestamp) -> u64;
            fn serials(name: &str, study_uid: Option<&str>, since: u64, limit: u32) -> Vec<Serial>;
            fn serial_names() -> Vec<SerialLast>;
        } {});
    };
    (Outputs for $type:ty) => {
        $crate::store::pass_on!(@impl Outputs for $type {
            fn remember_output(
                sent_study: &str,
                study: &str,
                renamed: Option<&str>,
                now: Timestamp
            ) -> ();
            fn own_outputs(arrivals: &[(&str, &str)]) -> Vec<bool>;
        } {});
    };
    (Subjects for $type:ty) => {
        $crate::store::pass_on!(@impl Subjects for $type {
            fn subject(list: &str, key: &[String]) -> Option<Vec<(String, String)>>;
            fn add_subjects(list: &str, subjects: &[Subject]) -> u64;
            fn remove_subject(list: &str, key: &[String]) -> bool;
            fn subjects(list: &str, since: u64, limit: u32) -> Vec<(u64, Subject)>;
        } {});
    };
    (Desk for $type:ty) => {
        $crate::store::pass_on!(@impl Desk for $type {
            fn replay(id: i64, expires: Option<Timestamp>) -> Moved;
            fn cancel(id: i64, now: Timestamp) -> Moved;
            fn send_now(id: i64) -> Moved;
            fn redirect(id: i64, to: &str, expires: Option<Timestamp>) -> Moved;
            fn remove(id: i64) -> Moved;
            fn operate(sweep: &Sweep<'_>) -> Operated;
            fn set_paused(destination: &str, paused: bool, now: Timestamp) -> ();
            fn make_durable() -> ();
        } {});
    };
    (Book for $type:ty) => {
        $crate::store::pass_on!(@impl Book for $type {
            fn counts() -> Counts;
            fn destinations() -> Vec<DestinationRecord>;
            fn destination(name: &str) -> Option<DestinationRecord>;
            fn item(id: i64) -> Option<(Item, Vec<Attempt>)>;
            fn items(filter: &Filter, page: Page) -> Vec<Item>;
            fn held() -> Vec<HeldItems>;
            fn error_summary(of: &FailureKinds) -> Vec<ErrorSummary>;
            fn failing() -> Vec<ErrorSummary>;
            fn failure_totals() -> Vec<FailureTotal>;
            fn next_expiry() -> Option<Timestamp>;
            fn at_rest(from: Timestamp, until: Timestamp) -> Vec<MinuteAtRest>;
            fn studies(filter: &Filter, since: i64, limit: u32) -> Vec<StudyProgress>;
            fn progress(level: Level, id: &str, study: Option<&str>) -> Vec<ResourceProgress>;
            fn size_bytes() -> u64;
        } {
            fn location(&self) -> std::path::PathBuf {
                self.inner.location()
            }
        });
    };
    (Deliveries for $type:ty) => {
        $crate::store::pass_on!(@impl Deliveries for $type {
            fn deliveries(wanted: &Wanted, after: i64, limit: u32) -> Vec<Delivered>;
            fn delivery(id: i64) -> Option<(Delivered, Vec<DeliveredInstance>)>;
            fn bygone(after: i64, limit: u32) -> (Vec<Bygone>, i64);
            fn close(study: &Bygone, now: Timestamp) -> u64;
            fn forget_deliveries(before: Timestamp, limit: u32) -> u64;
        } {});
    };
    (Retention for $type:ty) => {
        $crate::store::pass_on!(@impl Retention for $type {
            fn kept_studies(safe: &[String], after: i64, limit: u32) -> Vec<KeptStudy>;
            fn kept_study(safe: &[String], study: &str) -> Option<KeptStudy>;
            fn history(study: &KeptStudy, safe: &[String]) -> History;
            fn history_of(study: &KeptStudy, instance: &str) -> History;
            fn histories(studies: &[&KeptStudy], safe: &[String], each: &mut dyn FnMut(&KeptStudy, History)) -> ();
            fn note_leads(leads: &[(String, String)]) -> ();
            fn begin_deletion(deletion: &NewDeletion) -> i64;
            fn count_deleted(id: i64, gone: u64) -> ();
            fn end_deletion(id: i64, now: Timestamp, gone: u64, kept: Option<&str>) -> ();
            fn open_deletions() -> Vec<Deletion>;
            fn deletions(study: Option<&str>, accession: Option<&str>, page: Page) -> Vec<Deletion>;
        } {});
    };
    (Outbox for $type:ty) => {
        $crate::store::pass_on!(@impl Outbox for $type {
            fn announce(kinds: &[Announcement], quiet_us: i64, now: Timestamp) -> ();
            fn conclude(now: Timestamp, limit: u32) -> u64;
            fn next_conclusion() -> Option<Timestamp>;
            fn parts(limit: u32) -> Vec<Announced>;
            fn complete(whole: &BTreeMap<i64, String>) -> ();
            fn announced(after: i64, limit: u32) -> Vec<Announced>;
            fn outgoing() -> Outgoing;
            fn position_before(time: Timestamp) -> i64;
            fn forget_announced(before: Timestamp, limit: u32) -> u64;
            fn forget_up_to(position: i64, limit: u32) -> u64;
            fn forget_revisions(before: Timestamp, limit: u32) -> u64;
            fn forget_reader(reader: &str) -> ();
            fn seen(reader: &str) -> Option<i64>;
            fn see(reader: &str, position: i64) -> ();
            fn advance(reader: &str, from: i64, to: i64) -> bool;
        } {});
    };
    (Chronicle for $type:ty) => {
        $crate::store::pass_on!(@impl Chronicle for $type {
            fn note(entry: &Entry) -> ();
            fn entries(period: &Period, after: i64, limit: u32) -> Vec<Entry>;
            fn hours(from: Timestamp, until: Timestamp) -> Vec<Hour>;
            fn counted_until() -> Timestamp;
            fn count_hours(hours: &[Hour], until: Timestamp) -> ();
            fn forget_before(before: Timestamp, most: u32, limit: u32) -> Forgotten;
        } {});
    };
    (Upkeep for $type:ty) => {
        $crate::store::pass_on!(@impl Upkeep for $type {
            fn promote(now: Timestamp, limit: u32) -> Vec<String>;
            fn next_due() -> Option<Timestamp>;
            fn wake(destination: &str, now: Timestamp) -> u64;
            fn expire(now: Timestamp, limit: u32) -> u64;
            fn put_off(destination: &str, now: Timestamp, until: Timestamp, limit: u32) -> u64;
            fn prune(before: Timestamp, limit: u32) -> u64;
            fn tidy() -> ();
            fn reading() -> Option<Reading>;
            fn set_reading(reading: Reading) -> ();
            fn pardon(start: Timestamp, over: std::time::Duration, now: Timestamp) -> u64;
            fn check_writable() -> ();
        } {
            fn fault(&self) -> Option<$crate::store::Fault> {
                self.inner.fault()
            }
        });
    };
    (@impl $trait:ident for $type:ty
        { $(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* } { $($more:tt)* }
    ) => {
        impl $trait for $type {
            $(fn $name(&self $(, $argument: $kind)*) -> Result<$answer> {
                self.before(stringify!($name))?;
                self.inner.$name($($argument),*)
            })*
            $($more)*
        }
    };
}

pub(crate) use pass_on;
