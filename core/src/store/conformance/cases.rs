//! The list of all cases.

use super::{Case, claims, commits, events, guards, ids, isolation, reads, snapshots, writers};

/// The list, for [`CASES`] and for [`store_conformance!`](crate::store_conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! store_conformance_cases {
    (@list $what:ident $argument:tt) => {
        $crate::store_conformance_cases! {
            @$what $argument
            commits {
                a_change_id_belongs_to_one_subject: "A change id that was committed for one device is refused for another.";
                a_change_is_committed_once: "Committing a change id again gives the first answer and writes nothing.";
                a_commit_is_whole_or_nothing: "A change set is written as a whole, or nothing of it is.";
                a_replacement_keeps_what_is_fixed: "A replacement changes neither the bytes of a row nor its fixed columns.";
                a_row_is_inserted_once: "A row that is there is not inserted again.";
                a_row_of_another_device_is_not_replaced: "A row that belongs to another device, or is not there, is not replaced or deleted.";
                a_row_that_follows_from_others_is_put_right: "A row that follows from others is put and cleared whatever was there.";
                a_row_that_was_deleted_is_gone: "A row that was deleted is in no index, leaves the others as they were, and may come again.";
                a_stale_revision_conflicts: "A change set for an older revision conflicts, and the answer names the present one.";
                an_audit_entry_is_never_changed: "Audit entries are inserted and never replaced or deleted.";
                committed_says_what_happened: "What was committed is known afterwards, and what was not is not.";
                each_of_a_batch_is_answered: "Of a batch, each change set is written or not by itself, in order.";
                the_last_changes_are_remembered: "The last 256 changes of a device are remembered.";
                what_was_acknowledged_is_there_after_reopening: "What was acknowledged is there when the store is opened again.";
            }
            guards {
                a_guard_of_a_revision_holds: "A change set that relies on another subject's revision conflicts once that has changed.";
                a_guard_of_absence_holds: "A change set that relies on rows not being there conflicts once they are.";
                of_two_that_exclude_each_other_one_wins: "Of two change sets that exclude each other by guards, one is committed.";
            }
            reads {
                a_page_begins_where_the_last_one_ended: "Paging lists every row once, in both directions.";
                a_query_that_does_not_fit_is_refused: "A query or cursor that does not fit its index is refused.";
                a_row_is_in_an_index_while_no_column_is_empty: "A row is listed by an index exactly while none of the index's columns is empty.";
                every_value_comes_back_as_it_was: "Texts, integers, bodies and bytes come back exactly, the longest too.";
                pages_miss_nothing_under_writes: "A row that stays where it is is listed once, whatever is written meanwhile.";
                ranges_have_both_their_ends: "A range has the rows at both its ends; counts agree with lists.";
                rows_come_in_the_order_of_their_bytes: "Rows are ordered by the bytes of their keys.";
            }
            ids {
                hostile_ids_are_only_data: "2,000 hostile names are kept, told apart and found.";
            }
            isolation {
                two_organizations_never_see_each_other: "No method shows or changes rows of another organization.";
            }
            claims {
                a_claim_changes_no_row: "A claim changes neither the row nor its revision.";
                a_commit_ends_a_claim: "A claim ends when its row is committed.";
                a_lease_that_is_over_is_claimed_once_more: "What was claimed and not done is claimed once more when the lease is over.";
                a_released_row_is_free: "What its holder gives back is free, and nobody else can give it back.";
                nothing_is_claimed_twice_or_missed: "Of 8 workers on 2,000 devices, no two claim the same, and none is missed.";
                one_device_does_not_hold_up_the_others: "A device with very many due keys delays the others less than twofold.";
                only_what_is_due_is_claimed: "Rows are claimed when they are due, the longest due first.";
                two_kinds_of_work_are_claimed_apart: "Claims for one kind of work do not hold up another.";
            }
            events {
                a_cursor_of_another_store_is_refused: "A cursor that is none of the store's is refused.";
                events_come_in_the_order_of_commits: "Audit entries come in the order of their commits, page by page.";
                events_skip_nothing_under_writers: "A reader who goes on from the last place sees every entry once, while others write.";
            }
            snapshots {
                a_snapshot_can_be_broken_off: "A snapshot ends where its visitor says so, and the visitor may use the store.";
                a_snapshot_is_one_moment: "A snapshot shows one moment, while others write.";
                a_snapshot_is_sorted: "A snapshot lists its tables as they were named, each in the order of its key.";
            }
            writers {
                many_writers_of_one_device_lose_nothing: "Of 16 threads that change one device, each change is there, in one order.";
                writers_of_two_devices_lose_nothing: "Two writers of two devices lose nothing.";
            }
        }
    };
    (@tests ($fixture:expr) $($module:ident { $($name:ident: $promise:literal;)* })*) => {
        $($(
            #[doc = $promise]
            #[test]
            fn $name() {
                $crate::store::conformance::run(stringify!($name), &$fixture);
            }
        )*)*
    };
    (@table () $($module:ident { $($name:ident: $promise:literal;)* })*) => {
        &[$($(
            Case { name: stringify!($name), promise: $promise, run: $module::$name },
        )*)*]
    };
}

/// Every case.
pub const CASES: &[Case] = crate::store_conformance_cases!(@list table ());
