//! The statements, one file each in `sql/`, named after their verb.

macro_rules! statements {
    ($($name:ident = $first:literal $(+ $more:literal)*;)*) => {
        $(pub const $name: &str = concat!(
            include_str!(concat!("sql/", $first, ".sql"))
            $(, include_str!(concat!("sql/", $more, ".sql")))*
        );)*

        /// Every statement by name, for the test of their query plans.
        #[cfg(test)]
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    ARRIVED = "arrived";
    CANCEL = "cancel";
    CHECK_WRITABLE = "check_writable";
    CLAIM_ASIDE = "claim_aside";
    CLAIM_GROUP = "claim_group";
    CLAIM_HEAD_OF = "claim_head_of";
    CLAIM_HEAD = "claim_head";
    CLAIM_HURRIED = "claim_hurried";
    CLAIM_HURRIED_OF = "claim_hurried_of";
    CLAIM_OLDEST = "claim_oldest";
    CLAIM_ONE = "claim_one";
    CLAIM_OTHERS = "claim_others";
    CLAIM_STILL = "claim_still";
    CLAIM_TOKEN = "claim_token";
    CLOCK_READ = "clock_read";
    CLOCK_WRITE = "clock_write";
    COUNTS = "counts";
    CREATED = "created";
    CURSOR_READ = "cursor_read";
    CURSOR_WRITE = "cursor_write";
    DESTINATION_ADD = "destination_add";
    DESTINATION_ERROR = "destination_error";
    DESTINATION_ID = "destination_id";
    DESTINATION_LIST = "destination_list";
    DESTINATION_OUTAGE = "destination_outage";
    DESTINATION_PAUSE = "destination_pause";
    DESTINATION_SUCCESS = "destination_success";
    DESTINATION_TALLY = "destination_tally";
    ENQUEUE_DOUBT = "enqueue_doubt";
    ENQUEUE_EXTEND_HOLD = "enqueue_extend_hold";
    ENQUEUE_EXTEND_ITEM = "enqueue_extend_item";
    ENQUEUE_FIND = "enqueue_find";
    ENQUEUE_HOLD = "enqueue_hold";
    ENQUEUE_INSERT = "enqueue_insert";
    ENQUEUE_RENEW = "enqueue_renew";
    ERROR_SUMMARY = "error_summary";
    EXPIRE = "expire";
    EXPIRE_NEXT = "expire_next";
    FAILURE_TOTALS = "failure_totals";
    FINISH_ATTEMPT = "finish_attempt";
    FINISH_HELD = "finish_held";
    FINISH_HOLD = "finish_hold";
    FINISH_ITEM = "finish_item";
    FINISH_RELEASE = "finish_release";
    HAND_CLEAR = "hand_clear";
    HAND_FORGET = "hand_forget";
    HAND_JOBS = "hand_jobs";
    HAND_SET = "hand_set";
    GAP_CLOSE = "gap_close";
    GAP_OPEN = "gap_open";
    GAP_READ = "gap_read";
    HELD = "held";
    ITEM_ATTEMPTS = "item_attempts";
    ITEM_READ = "item_read";
    GROUP_DUE = "group_due";
    LIST_ALL = "list_all" + "list_where" + "list_up";
    LIST_ALL_DOWN = "list_all" + "list_where" + "list_down";
    LIST_CELL = "list_cell" + "list_where" + "list_up";
    LIST_CELL_DOWN = "list_cell" + "list_where" + "list_down";
    LIST_CELLS = "list_cells";
    LIST_CLASS = "list_class" + "list_where" + "list_up";
    LIST_CLASS_DOWN = "list_class" + "list_where" + "list_down";
    LIST_IDS = "list_ids" + "list_where" + "list_up";
    LIST_IDS_DOWN = "list_ids" + "list_where" + "list_down";
    LIST_KIND = "list_kind" + "list_where" + "list_up";
    LIST_KIND_DOWN = "list_kind" + "list_where" + "list_down";
    LIST_KINDS = "list_kinds";
    LIST_LAST = "list_last";
    LIST_MADE = "list_made";
    LIST_OUTCOME = "list_outcome" + "list_where" + "list_up";
    LIST_OUTCOME_DOWN = "list_outcome" + "list_where" + "list_down";
    LIST_STOPPED_INSTANCE = "list_stopped_instance" + "list_where" + "list_up";
    LIST_STOPPED_INSTANCE_DOWN = "list_stopped_instance" + "list_where" + "list_down";
    LIST_STUDY = "list_study" + "list_where" + "list_up";
    LIST_STUDY_DOWN = "list_study" + "list_where" + "list_down";
    LIST_STUDY_INSTANCE = "list_study_instance" + "list_where" + "list_up";
    LIST_STUDY_INSTANCE_DOWN = "list_study_instance" + "list_where" + "list_down";
    LIST_UNTOLD = "list_untold" + "list_where" + "list_up";
    LIST_UNTOLD_DOWN = "list_untold" + "list_where" + "list_down";
    NEXT_DUE = "next_due";
    OWNER_ENDED_WELL = "owner_ended_well";
    OWNER_FORGET = "owner_forget";
    OWNER_LAST = "owner_last";
    OWNER_MAKE = "owner_make";
    OWNER_OVER = "owner_over";
    OWNER_RENEW = "owner_renew";
    OWNER_RESULT = "owner_result";
    PARDON_EXPIRED = "pardon_expired";
    PARDON_WAITING = "pardon_waiting";
    PROGRESS_INSTANCE = "progress_instance";
    PROGRESS_INSTANCE_SCAN = "progress_instance_scan";
    PROGRESS_PATIENT_SCAN = "progress_patient_scan";
    PROGRESS_SERIES = "progress_series";
    PROGRESS_SERIES_SCAN = "progress_series_scan";
    PROGRESS_STUDY = "progress_study";
    PROMOTE_GROUP = "promote_group";
    PROMOTE_HOLDS = "promote_holds";
    PROMOTE_ITEMS = "promote_items";
    PROMOTE_ONE = "promote_one";
    PRUNE = "prune";
    PUT_OFF = "put_off";
    PURGE = "purge";
    RECENT_FAILED = "recent_failed";
    RECENT_SENT = "recent_sent";
    REDIRECT = "redirect";
    RELEASE_RUNNING = "release_running";
    REMOVE = "remove";
    REPLAY = "replay";
    RUNNING = "running";
    SEND_NOW = "send_now";
    SOURCE_COUNT = "source_count";
    SOURCE_DROP = "source_drop";
    SOURCE_FORGET = "source_forget";
    SOURCE_HEARD = "source_heard";
    SOURCE_LIST = "source_list";
    SOURCE_UNWATCH = "source_unwatch";
    SOURCE_WATCH = "source_watch";
    SUSPECT_ANY = "suspect_any";
    SUSPECT_CLEAR = "suspect_clear";
    SUSPECT_COUNT = "suspect_count";
    SUSPECT_FORGET = "suspect_forget";
    SUSPECT_HELD_BACK = "suspect_held_back";
    SUSPECT_JUDGE = "suspect_judge";
    SUSPECT_OF = "suspect_of";
    TAKEN_ADD = "taken_add";
    TAKEN_AFTER = "taken_after";
    TAKEN_FORGET = "taken_forget";
    TAKEN_OF = "taken_of";
    TAKEN_OWED = "taken_owed";
    TAKEN_PAID = "taken_paid";
    WAKE = "wake";
}
