"""Which test shows that a stand-in does what its abilities say: ``kind``, or ``kind (variant)``, and the test's file and name."""

from typing import Final

_OPENAI: Final = "tests/integration/test_azure_openai_faults.py::"
_OPENAI_ERROR: Final = f"{_OPENAI}test_a_fault_is_our_error_and_the_next_call_is_served"
_ISSUER: Final = "tests/integration/test_issuer_faults.py::"
_ISSUER_ERROR: Final = f"{_ISSUER}test_while_no_key_was_ever_read_callers_are_put_off_and_a_second_later_let_in"
_SALESFORCE: Final = "tests/integration/test_pretend_salesforce_faults.py::"
_SALESFORCE_API: Final = "tests/integration/test_pretend_salesforce_api_faults.py::"
_SALESFORCE_REFUSAL: Final = f"{_SALESFORCE_API}test_a_refusal_is_in_the_vendors_words_and_the_next_call_is_served"
_SALESFORCE_PAGE: Final = f"{_SALESFORCE_API}test_the_maintenance_page_is_no_json"
_BLOB: Final = "tests/integration/blob/test_blob_faults.py::"
_BLOB_REFUSAL: Final = f"{_BLOB}test_a_refusal_is_the_services_own_and_one_of_our_errors"
_BLOB_NO_ANSWER: Final = f"{_BLOB}test_without_an_answer_a_write_was_carried_out_or_not"
_COSMOS: Final = "tests/integration/cosmos/test_cosmos_faults.py::"
_COSMOS_WRITES: Final = "tests/integration/cosmos/test_cosmos_faults_of_writes.py::"
_COSMOS_ORDER: Final = "tests/integration/cosmos/test_cosmos_faults_of_order.py::"
_GDRIVE: Final = "tests/integration/gdrive_api/test_faults.py::"
_GDRIVE_REFUSAL: Final = f"{_GDRIVE}test_a_refusal_is_in_the_vendors_words_and_the_next_call_is_served"
_GDRIVE_GRANT: Final = f"{_GDRIVE}test_a_grant_is_refused_in_the_words_of_oauth"
_GDRIVE_PAGE: Final = f"{_GDRIVE}test_an_error_page_is_no_json"
_SLACK: Final = "tests/integration/slack_api/test_faults.py::"
_SLACK_REFUSALS: Final = "tests/integration/slack_api/test_planned_refusals.py::"
_SLACK_MALFORMED: Final = (" (error-page)", " (cut-off)", " (no-object)", " (no-rows)")
_HOST: Final = "tests/integration/test_host_faults.py::"
_HOST_RUNS: Final = "tests/unit/devtools/host/test_host_runs.py::"
_BUS: Final = "tests/integration/servicebus/test_servicebus_faults.py::"
_BUS_QUEUES: Final = "tests/integration/servicebus/test_servicebus_faults_of_queues.py::"
_BUS_REFUSAL: Final = f"{_BUS}test_a_refused_send_fails_with_the_clients_error_for_the_status"

PROOFS: Final[dict[str, dict[str, str]]] = {
    "azure-openai": {
        "refuse": _OPENAI_ERROR,
        "refuse (milliseconds)": _OPENAI_ERROR,
        "refuse (date)": _OPENAI_ERROR,
        "refuse (html)": _OPENAI_ERROR,
        "timeout": _OPENAI_ERROR,
        "drop": _OPENAI_ERROR,
        "delay": f"{_OPENAI}test_an_answer_that_is_late_is_the_right_one",
        "delay (trickle)": f"{_OPENAI}test_an_answer_that_is_late_is_the_right_one",
        "reorder": f"{_OPENAI}test_the_order_of_the_answer_does_not_matter",
        "malformed": _OPENAI_ERROR,
        "malformed (maintenance-page)": _OPENAI_ERROR,
        "malformed (one-too-few)": _OPENAI_ERROR,
        "malformed (wrong-dimensions)": _OPENAI_ERROR,
    },
    "blob": {
        "refuse": _BLOB_REFUSAL,
        "refuse (container-not-found)": _BLOB_REFUSAL,
        "refuse (container-being-deleted)": _BLOB_REFUSAL,
        "disk-full": _BLOB_REFUSAL,
        "drop": _BLOB_NO_ANSWER,
        "timeout": _BLOB_NO_ANSWER,
        "delay": f"{_BLOB}test_an_answer_that_is_late_is_the_right_one",
        "stale-etag": f"{_BLOB}test_a_conditional_write_finds_that_somebody_was_quicker",
        "duplicate": f"{_BLOB}test_a_write_that_is_carried_out_twice_answers_as_the_second_one",
    },
    "cosmos": {
        "refuse": f"{_COSMOS}test_a_refusal_reaches_the_caller_after_as_many_requests_as_the_client_makes",
        "drop": f"{_COSMOS}test_a_connection_that_ends_every_time_is_given_up",
        "timeout": f"{_COSMOS}test_an_answer_that_does_not_come_is_waited_for_and_asked_for_again",
        "delay": f"{_COSMOS}test_a_late_answer_is_the_right_one_and_holds_nobody_up",
        "stale-etag": f"{_COSMOS_WRITES}test_a_conditional_write_finds_that_somebody_was_quicker_and_can_try_again",
        "duplicate": f"{_COSMOS_WRITES}test_a_write_that_was_carried_out_twice_is_answered_as_the_second_time",
        "disk-full": f"{_COSMOS_WRITES}test_on_a_full_disk_nothing_is_written_and_reading_goes_on",
        "reorder": f"{_COSMOS_ORDER}test_rows_that_have_no_order_come_in_another",
        "clock-moved": f"{_COSMOS_ORDER}test_a_clock_that_was_moved_stamps_what_is_written_from_then_on",
    },
    "gdrive": {
        "refuse": _GDRIVE_REFUSAL,
        "refuse (user-rate-limit-exceeded)": _GDRIVE_REFUSAL,
        "refuse (rate-limit-exceeded)": _GDRIVE_REFUSAL,
        "refuse (daily-limit-exceeded)": _GDRIVE_REFUSAL,
        "refuse (sharing-rate-limit-exceeded)": _GDRIVE_REFUSAL,
        "refuse (insufficient-file-permissions)": _GDRIVE_REFUSAL,
        "refuse (cannot-download-file)": _GDRIVE_REFUSAL,
        "refuse (cannot-export-file)": _GDRIVE_REFUSAL,
        "refuse (app-not-authorized-to-file)": _GDRIVE_REFUSAL,
        "refuse (domain-policy)": _GDRIVE_REFUSAL,
        "refuse (team-drive-membership-required)": _GDRIVE_REFUSAL,
        "refuse (insufficient-permissions)": _GDRIVE_REFUSAL,
        "refuse (export-size-limit-exceeded)": _GDRIVE_REFUSAL,
        "refuse (auth-error)": _GDRIVE_REFUSAL,
        "refuse (not-found)": _GDRIVE_REFUSAL,
        "refuse (invalid)": _GDRIVE_REFUSAL,
        "refuse (full-sync-required)": _GDRIVE_REFUSAL,
        "refuse (backend-error)": _GDRIVE_REFUSAL,
        "refuse (internal-error)": _GDRIVE_REFUSAL,
        "refuse (error-page)": _GDRIVE_PAGE,
        "refuse (invalid-grant)": _GDRIVE_GRANT,
        "refuse (unauthorized-client)": _GDRIVE_GRANT,
        "drop": f"{_GDRIVE}test_a_connection_may_end_at_every_operation",
        "timeout": f"{_GDRIVE}test_an_answer_may_never_come",
        "delay": f"{_GDRIVE}test_a_late_answer_is_the_right_one",
        "malformed": _GDRIVE_PAGE,
        "malformed (error-page)": _GDRIVE_PAGE,
        "malformed (cut-off)": f"{_GDRIVE}test_an_answer_may_end_in_its_middle",
        "malformed (no-token)": f"{_GDRIVE}test_a_page_of_changes_may_have_no_token_at_all",
    },
    "host": {
        "refuse": f"{_HOST}test_requests_are_refused_dropped_and_delayed_before_their_function",
        "drop": f"{_HOST}test_a_dropped_completion_brings_the_message_again_after_its_lock",
        "delay": f"{_HOST}test_a_duplicate_and_a_delay_of_a_message_are_one_delivery",
        "duplicate": f"{_HOST_RUNS}test_a_duplicate_is_given_to_the_function_twice_and_the_second_result_counts",
        "duplicate (at-once)": f"{_HOST_RUNS}test_a_duplicate_at_once_runs_beside_the_first",
        "timeout": f"{_HOST}test_an_unanswered_function_restarts_the_worker_and_its_message_comes_again",
        "reorder": f"{_HOST}test_two_waiting_messages_are_dispatched_in_the_other_order",
        "clock-moved": "tests/integration/test_host_timers.py::test_a_clock_moved_on_command_changes_what_the_timers_record_says",
        "lock-lost": f"{_HOST}test_a_lock_that_is_renewed_no_more_is_lost_while_the_function_runs",
    },
    "issuer": {
        "refuse": _ISSUER_ERROR,
        "timeout": _ISSUER_ERROR,
        "drop": _ISSUER_ERROR,
        "delay": f"{_ISSUER}test_an_answer_that_is_late_is_the_right_one",
        "malformed": _ISSUER_ERROR,
        "malformed (not-json)": _ISSUER_ERROR,
        "malformed (no-keys)": _ISSUER_ERROR,
        "clock-moved": f"{_ISSUER}test_tokens_of_a_clock_that_jumped_are_refused_until_it_is_right_again",
    },
    "salesforce": {
        "drop": f"{_SALESFORCE}test_a_lost_acknowledgement_is_a_second_delivery_of_what_was_received",
        "delay": f"{_SALESFORCE}test_a_delayed_call_leaves_later",
        "duplicate": f"{_SALESFORCE}test_a_duplicated_call_is_received_twice",
        "reorder": f"{_SALESFORCE}test_reordered_notifications_are_all_delivered_in_another_order",
        "clock-moved": f"{_SALESFORCE}test_records_are_saved_by_the_moved_clock_from_then_on",
        "refuse": _SALESFORCE_REFUSAL,
        "refuse (request-limit-exceeded)": _SALESFORCE_REFUSAL,
        "refuse (concurrent-limit-exceeded)": _SALESFORCE_REFUSAL,
        "refuse (query-timeout)": _SALESFORCE_REFUSAL,
        "refuse (server-unavailable)": _SALESFORCE_REFUSAL,
        "refuse (invalid-session)": _SALESFORCE_REFUSAL,
        "refuse (invalid-query-locator)": _SALESFORCE_REFUSAL,
        "refuse (unable-to-lock)": _SALESFORCE_REFUSAL,
        "refuse (api-disabled)": _SALESFORCE_REFUSAL,
        "refuse (maintenance-page)": _SALESFORCE_PAGE,
        "timeout": f"{_SALESFORCE_API}test_a_dropped_connection_and_a_silent_one_are_no_answers",
        "malformed": _SALESFORCE_PAGE,
        "malformed (maintenance-page)": _SALESFORCE_PAGE,
        "malformed (cut-off)": f"{_SALESFORCE_API}test_an_answer_can_end_in_its_middle",
    },
    "service-bus": {
        "drop": f"{_BUS}test_a_dropped_send_fails_and_was_carried_out_only_where_the_plan_says_so",
        "delay": f"{_BUS}test_whatever_is_delayed_comes_late_and_right",
        "refuse": _BUS_REFUSAL,
        "refuse (server-busy)": _BUS_REFUSAL,
        "refuse (internal-error)": _BUS_REFUSAL,
        "refuse (entity-disabled)": _BUS_REFUSAL,
        "refuse (quota-exceeded)": _BUS_REFUSAL,
        "refuse (detach-forced)": _BUS_REFUSAL,
        "disk-full": (
            "tests/integration/servicebus/test_servicebus_faults_process.py::"
            "test_a_disk_that_is_full_ends_the_process_and_everything_acknowledged_is_there_after_the_next_start"
        ),
        "timeout": (
            "tests/integration/servicebus/test_servicebus_faults_of_silence.py::"
            "test_a_send_that_is_never_answered_times_out_and_its_connection_stays"
        ),
        "lock-lost": f"{_BUS_QUEUES}test_a_lock_that_is_lost_is_told_so_and_the_message_comes_again_counted",
        "duplicate": f"{_BUS_QUEUES}test_a_message_sent_once_is_stored_twice_past_duplicate_detection",
        "reorder": f"{_BUS_QUEUES}test_messages_overtake_each_other_only_where_several_wait",
        "clock-moved": (
            "tests/integration/servicebus/test_servicebus_faults_of_clocks.py::"
            "test_locks_schedules_and_expiry_obey_a_clock_that_was_moved_forward"
        ),
    },
    "slack": {
        "refuse": f"{_SLACK}test_a_planned_refusal_is_in_the_vendors_words",
        **{
            f"refuse ({variant})": f"{_SLACK_REFUSALS}test_each_refusal_that_can_be_planned_is_said_in_the_vendors_words"
            for variant in (
                *("invalid-auth", "account-inactive", "token-revoked", "token-expired", "not-authed", "access-denied", "missing-scope"),
                *("channel-not-found", "not-in-channel", "user-not-found", "users-not-found", "team-not-found", "team-access-not-granted"),
                *("invalid-cursor", "invalid-limit", "ratelimited", "internal-error", "fatal-error", "service-unavailable"),
                *("request-timeout", "method-not-supported-for-channel-type", "ekm-access-denied", "org-login-required"),
                "team-added-to-org",
            )
        },
        "refuse (error-page)": f"{_SLACK_REFUSALS}test_a_refusal_may_be_a_page_for_people",
        "timeout": f"{_SLACK}test_an_answer_may_be_lost_or_never_come",
        "drop": f"{_SLACK}test_an_answer_may_be_lost_or_never_come",
        "delay": f"{_SLACK}test_an_answer_may_be_lost_or_never_come",
        "duplicate": f"{_SLACK_REFUSALS}test_an_event_may_come_twice_late_or_never",
        **{f"malformed{variant}": f"{_SLACK}test_an_answer_may_be_none" for variant in ("", *_SLACK_MALFORMED)},
    },
}
