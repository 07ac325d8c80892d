// Code generated from include/fdescrow.h by internal/generate; DO NOT EDIT.

//go:build cgo && !fdescrow_purego

package native

/*
#include <fdescrow.h>
static fdescrow_result call_planner_pursue(fdescrow_planner *planner, const char *goal_json, size_t goal_json_length, fdescrow_error **error_out) {
	return fdescrow_planner_pursue(planner, (fdescrow_str){goal_json, goal_json_length}, error_out);
}
static fdescrow_result call_planner_receipt(fdescrow_planner *planner, fdescrow_spool *spool, const char *receipt_json, size_t receipt_json_length, int64_t now, fdescrow_buffer **append_out, fdescrow_error **error_out) {
	return fdescrow_planner_receipt(planner, spool, (fdescrow_str){receipt_json, receipt_json_length}, now, append_out, error_out);
}
static fdescrow_result call_bitlocker_open(const char *state_json, size_t state_json_length, const char *organization, size_t organization_length, const char *device, size_t device_length, const char *volume, size_t volume_length, const char *rules_json, size_t rules_json_length, const fdescrow_certificates *to, fdescrow_planner **planner_out, fdescrow_error **error_out) {
	return fdescrow_bitlocker_open((fdescrow_str){state_json, state_json_length}, (fdescrow_str){organization, organization_length}, (fdescrow_str){device, device_length}, (fdescrow_str){volume, volume_length}, (fdescrow_str){rules_json, rules_json_length}, to, planner_out, error_out);
}
static fdescrow_result call_bitlocker_look(fdescrow_planner *planner, const char *machine_json, size_t machine_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_bitlocker_look(planner, (fdescrow_str){machine_json, machine_json_length}, now, error_out);
}
static fdescrow_result call_bitlocker_answer(fdescrow_planner *planner, const char *answer_json, size_t answer_json_length, fdescrow_error **error_out) {
	return fdescrow_bitlocker_answer(planner, (fdescrow_str){answer_json, answer_json_length}, error_out);
}
static fdescrow_result call_bitlocker_returned(fdescrow_planner *planner, uint32_t code, const char *protector, size_t protector_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_bitlocker_returned(planner, code, (fdescrow_str){protector, protector_length}, now, error_out);
}
static fdescrow_result call_filevault_open(const char *state_json, size_t state_json_length, const char *device, size_t device_length, const char *rules_json, size_t rules_json_length, fdescrow_planner **planner_out, fdescrow_error **error_out) {
	return fdescrow_filevault_open((fdescrow_str){state_json, state_json_length}, (fdescrow_str){device, device_length}, (fdescrow_str){rules_json, rules_json_length}, planner_out, error_out);
}
static fdescrow_result call_filevault_look(fdescrow_planner *planner, const char *seen_json, size_t seen_json_length, const uint8_t *envelope, size_t envelope_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_filevault_look(planner, (fdescrow_str){seen_json, seen_json_length}, (fdescrow_bytes){envelope, envelope_length}, now, error_out);
}
static fdescrow_result call_filevault_command(const fdescrow_planner *planner, const char *user, size_t user_length, const fdescrow_secret *secret, fdescrow_buffer **arguments_out, fdescrow_secret **input_out, fdescrow_error **error_out) {
	return fdescrow_filevault_command(planner, (fdescrow_str){user, user_length}, secret, arguments_out, input_out, error_out);
}
static fdescrow_result call_filevault_reply(fdescrow_planner *planner, const char *reply, size_t reply_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_filevault_reply(planner, (fdescrow_str){reply, reply_length}, now, error_out);
}
static fdescrow_result call_luks_volume(const uint8_t *header, size_t header_length, fdescrow_text **volume_out, fdescrow_error **error_out) {
	return fdescrow_luks_volume((fdescrow_bytes){header, header_length}, volume_out, error_out);
}
static fdescrow_result call_luks_open(const char *state_json, size_t state_json_length, const char *plan_json, size_t plan_json_length, const char *device, size_t device_length, const char *volume, size_t volume_length, const fdescrow_certificates *pinned, fdescrow_planner **planner_out, fdescrow_error **error_out) {
	return fdescrow_luks_open((fdescrow_str){state_json, state_json_length}, (fdescrow_str){plan_json, plan_json_length}, (fdescrow_str){device, device_length}, (fdescrow_str){volume, volume_length}, pinned, planner_out, error_out);
}
static fdescrow_result call_luks_metadata_command(const char *volume, size_t volume_length, fdescrow_buffer **arguments_out, fdescrow_error **error_out) {
	return fdescrow_luks_metadata_command((fdescrow_str){volume, volume_length}, arguments_out, error_out);
}
static fdescrow_result call_luks_look(fdescrow_planner *planner, const uint8_t *header, size_t header_length, const uint8_t *metadata, size_t metadata_length, const char *at_hand_json, size_t at_hand_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_luks_look(planner, (fdescrow_bytes){header, header_length}, (fdescrow_bytes){metadata, metadata_length}, (fdescrow_str){at_hand_json, at_hand_json_length}, now, error_out);
}
static fdescrow_result call_luks_authorization_command(const fdescrow_planner *planner, const char *volume, size_t volume_length, fdescrow_buffer **arguments_out, fdescrow_error **error_out) {
	return fdescrow_luks_authorization_command(planner, (fdescrow_str){volume, volume_length}, arguments_out, error_out);
}
static fdescrow_result call_luks_command(const fdescrow_planner *planner, const char *volume, size_t volume_length, const char *header_backup, size_t header_backup_length, const char *key_file, size_t key_file_length, const fdescrow_secret *passphrase, fdescrow_buffer **arguments_out, fdescrow_secret **input_out, fdescrow_error **error_out) {
	return fdescrow_luks_command(planner, (fdescrow_str){volume, volume_length}, (fdescrow_str){header_backup, header_backup_length}, (fdescrow_str){key_file, key_file_length}, passphrase, arguments_out, input_out, error_out);
}
static fdescrow_result call_snapd_open(const char *state_json, size_t state_json_length, const char *organization, size_t organization_length, const char *device, size_t device_length, const char *level, size_t level_length, const fdescrow_certificates *to, fdescrow_planner **planner_out, fdescrow_error **error_out) {
	return fdescrow_snapd_open((fdescrow_str){state_json, state_json_length}, (fdescrow_str){organization, organization_length}, (fdescrow_str){device, device_length}, (fdescrow_str){level, level_length}, to, planner_out, error_out);
}
static fdescrow_result call_snapd_look(fdescrow_planner *planner, const char *slots_json, size_t slots_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_snapd_look(planner, (fdescrow_str){slots_json, slots_json_length}, now, error_out);
}
static fdescrow_result call_spool_read(const uint8_t *file, size_t file_length, fdescrow_spool **spool_out, fdescrow_error **error_out) {
	return fdescrow_spool_read((fdescrow_bytes){file, file_length}, spool_out, error_out);
}
static fdescrow_result call_spool_put(fdescrow_spool *spool, const fdescrow_envelope *envelope, const char *names_json, size_t names_json_length, int64_t now, fdescrow_buffer **append_out, fdescrow_error **error_out) {
	return fdescrow_spool_put(spool, envelope, (fdescrow_str){names_json, names_json_length}, now, append_out, error_out);
}
static fdescrow_result call_spool_acknowledge(fdescrow_spool *spool, const char *receipt_json, size_t receipt_json_length, const char *level, size_t level_length, fdescrow_buffer **append_out, fdescrow_error **error_out) {
	return fdescrow_spool_acknowledge(spool, (fdescrow_str){receipt_json, receipt_json_length}, (fdescrow_str){level, level_length}, append_out, error_out);
}
static fdescrow_result call_certificates_parse(const uint8_t *pem_or_der, size_t pem_or_der_length, fdescrow_certificates **certificates_out, fdescrow_error **error_out) {
	return fdescrow_certificates_parse((fdescrow_bytes){pem_or_der, pem_or_der_length}, certificates_out, error_out);
}
static fdescrow_result call_certificates_generate(const char *request_json, size_t request_json_length, fdescrow_certificates **certificates_out, fdescrow_secret **private_key_out, fdescrow_error **error_out) {
	return fdescrow_certificates_generate((fdescrow_str){request_json, request_json_length}, certificates_out, private_key_out, error_out);
}
static fdescrow_result call_document_member(const char *document_json, size_t document_json_length, const char *pointer, size_t pointer_length, fdescrow_text **member_out, fdescrow_error **error_out) {
	return fdescrow_document_member((fdescrow_str){document_json, document_json_length}, (fdescrow_str){pointer, pointer_length}, member_out, error_out);
}
static fdescrow_result call_document_quote(const char *text, size_t text_length, fdescrow_text **json_out, fdescrow_error **error_out) {
	return fdescrow_document_quote((fdescrow_str){text, text_length}, json_out, error_out);
}
static fdescrow_result call_envelope_seal(const fdescrow_key *key, const fdescrow_certificates *to, const char *options_json, size_t options_json_length, fdescrow_envelope **envelope_out, fdescrow_error **error_out) {
	return fdescrow_envelope_seal(key, to, (fdescrow_str){options_json, options_json_length}, envelope_out, error_out);
}
static fdescrow_result call_envelope_parse(const uint8_t *bytes, size_t bytes_length, fdescrow_envelope **envelope_out, fdescrow_error **error_out) {
	return fdescrow_envelope_parse((fdescrow_bytes){bytes, bytes_length}, envelope_out, error_out);
}
static fdescrow_result call_judge(const fdescrow_keyring *keyring, const char *request_json, size_t request_json_length, fdescrow_text **verdicts_out, fdescrow_error **error_out) {
	return fdescrow_judge(keyring, (fdescrow_str){request_json, request_json_length}, verdicts_out, error_out);
}
static fdescrow_result call_envelope_open(const fdescrow_envelope *envelope, const fdescrow_keyring *keyring, const char *options_json, size_t options_json_length, fdescrow_key **key_out, fdescrow_text **opened_out, fdescrow_error **error_out) {
	return fdescrow_envelope_open(envelope, keyring, (fdescrow_str){options_json, options_json_length}, key_out, opened_out, error_out);
}
static fdescrow_result call_envelope_rewrap(const fdescrow_envelope *envelope, const fdescrow_keyring *keyring, const char *options_json, size_t options_json_length, const fdescrow_certificates *to, fdescrow_envelope **envelope_out, fdescrow_error **error_out) {
	return fdescrow_envelope_rewrap(envelope, keyring, (fdescrow_str){options_json, options_json_length}, to, envelope_out, error_out);
}
static fdescrow_result call_key_parse_typed(const char *kind, size_t kind_length, const fdescrow_secret *text, fdescrow_key **key_out, fdescrow_error **error_out) {
	return fdescrow_key_parse_typed((fdescrow_str){kind, kind_length}, text, key_out, error_out);
}
static fdescrow_result call_key_parse_exact(const char *kind, size_t kind_length, const fdescrow_secret *text, fdescrow_key **key_out, fdescrow_error **error_out) {
	return fdescrow_key_parse_exact((fdescrow_str){kind, kind_length}, text, key_out, error_out);
}
static fdescrow_result call_key_generate(const char *kind, size_t kind_length, fdescrow_key **key_out, fdescrow_error **error_out) {
	return fdescrow_key_generate((fdescrow_str){kind, kind_length}, key_out, error_out);
}
static fdescrow_result call_secret_new(const uint8_t *bytes, size_t bytes_length, fdescrow_secret **secret_out, fdescrow_error **error_out) {
	return fdescrow_secret_new((fdescrow_bytes){bytes, bytes_length}, secret_out, error_out);
}
static fdescrow_result call_escrow_open(const fdescrow_store *store, const char *options_json, size_t options_json_length, const fdescrow_policy *policy, const fdescrow_certificates *certificates, const fdescrow_secret *mac_key, fdescrow_escrow **escrow_out, fdescrow_error **error_out) {
	return fdescrow_escrow_open(store, (fdescrow_str){options_json, options_json_length}, policy, certificates, mac_key, escrow_out, error_out);
}
static fdescrow_result call_escrow_events(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, fdescrow_text **events_out, fdescrow_error **error_out) {
	return fdescrow_escrow_events(escrow, (fdescrow_str){request_json, request_json_length}, events_out, error_out);
}
static fdescrow_result call_escrow_audit_of(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, fdescrow_text **entries_out, fdescrow_error **error_out) {
	return fdescrow_escrow_audit_of(escrow, (fdescrow_str){request_json, request_json_length}, entries_out, error_out);
}
static fdescrow_result call_escrow_verify_audit(const fdescrow_escrow *escrow, const fdescrow_secret *mac_key, const uint8_t *checkpoint, size_t checkpoint_length, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_verify_audit(escrow, mac_key, (fdescrow_bytes){checkpoint, checkpoint_length}, report_out, error_out);
}
static fdescrow_result call_escrow_checkpoint(const fdescrow_escrow *escrow, const uint8_t *previous, size_t previous_length, int64_t now, fdescrow_buffer **checkpoint_out, fdescrow_text **written_out, fdescrow_error **error_out) {
	return fdescrow_escrow_checkpoint(escrow, (fdescrow_bytes){previous, previous_length}, now, checkpoint_out, written_out, error_out);
}
static fdescrow_result call_escrow_live_references(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **references_out, fdescrow_error **error_out) {
	return fdescrow_escrow_live_references(escrow, (fdescrow_str){request_json, request_json_length}, now, references_out, error_out);
}
static fdescrow_result call_escrow_retire_certificate(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_retire_certificate(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_compromise_certificate(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_compromise_certificate(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_expose_keys(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_expose_keys(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_check(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, const char *request_json, size_t request_json_length, const fdescrow_certificates *reseal_to, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_check(escrow, keyring, (fdescrow_str){request_json, request_json_length}, reseal_to, now, report_out, error_out);
}
static fdescrow_result call_escrow_profile(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_buffer **profile_out, fdescrow_error **error_out) {
	return fdescrow_escrow_profile(escrow, (fdescrow_str){request_json, request_json_length}, now, profile_out, error_out);
}
static fdescrow_result call_escrow_observe(const fdescrow_escrow *escrow, const uint8_t *report, size_t report_length, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **observed_out, fdescrow_error **error_out) {
	return fdescrow_escrow_observe(escrow, (fdescrow_bytes){report, report_length}, (fdescrow_str){request_json, request_json_length}, now, observed_out, error_out);
}
static fdescrow_result call_escrow_assess(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **assessment_out, fdescrow_error **error_out) {
	return fdescrow_escrow_assess(escrow, (fdescrow_str){request_json, request_json_length}, now, assessment_out, error_out);
}
static fdescrow_result call_escrow_device(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_device(escrow, (fdescrow_str){request_json, request_json_length}, now, report_out, error_out);
}
static fdescrow_result call_escrow_history(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_history(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_find(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **found_out, fdescrow_error **error_out) {
	return fdescrow_escrow_find(escrow, (fdescrow_str){request_json, request_json_length}, now, found_out, error_out);
}
static fdescrow_result call_escrow_name_device(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_name_device(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_move_to_group(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_move_to_group(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_forget_device(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_forget_device(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_new_installation(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_new_installation(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_configuration_reported(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_configuration_reported(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_agent_reported(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_agent_reported(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_receive(const fdescrow_escrow *escrow, const uint8_t *envelope, size_t envelope_length, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **receipt_out, fdescrow_error **error_out) {
	return fdescrow_escrow_receive(escrow, (fdescrow_bytes){envelope, envelope_length}, (fdescrow_str){request_json, request_json_length}, now, receipt_out, error_out);
}
static fdescrow_result call_escrow_receive_plaintext(const fdescrow_escrow *escrow, const fdescrow_secret *key, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **receipt_out, fdescrow_error **error_out) {
	return fdescrow_escrow_receive_plaintext(escrow, key, (fdescrow_str){request_json, request_json_length}, now, receipt_out, error_out);
}
static fdescrow_result call_escrow_receipt(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **receipt_out, fdescrow_error **error_out) {
	return fdescrow_escrow_receipt(escrow, (fdescrow_str){request_json, request_json_length}, now, receipt_out, error_out);
}
static fdescrow_result call_escrow_request_recovery(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_request_recovery(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_approve_recovery(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_approve_recovery(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_revoke_approval(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_revoke_approval(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_deny_recovery(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_deny_recovery(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_report_recovery(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_report_recovery(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_recovery(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recovery_out, fdescrow_error **error_out) {
	return fdescrow_escrow_recovery(escrow, (fdescrow_str){request_json, request_json_length}, now, recovery_out, error_out);
}
static fdescrow_result call_escrow_recoveries(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **recoveries_out, fdescrow_error **error_out) {
	return fdescrow_escrow_recoveries(escrow, (fdescrow_str){request_json, request_json_length}, now, recoveries_out, error_out);
}
static fdescrow_result call_escrow_list(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **devices_out, fdescrow_error **error_out) {
	return fdescrow_escrow_list(escrow, (fdescrow_str){request_json, request_json_length}, now, devices_out, error_out);
}
static fdescrow_result call_escrow_count(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **count_out, fdescrow_error **error_out) {
	return fdescrow_escrow_count(escrow, (fdescrow_str){request_json, request_json_length}, now, count_out, error_out);
}
static fdescrow_result call_escrow_undecryptable(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_undecryptable(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_assess_due(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_assess_due(escrow, (fdescrow_str){request_json, request_json_length}, now, report_out, error_out);
}
static fdescrow_result call_escrow_assess_changed(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_assess_changed(escrow, (fdescrow_str){request_json, request_json_length}, now, report_out, error_out);
}
static fdescrow_result call_escrow_quarantine(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_quarantine(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_accept_quarantined(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_accept_quarantined(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_reject_quarantined(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_reject_quarantined(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_removals(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_removals(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_plan_removals(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_plan_removals(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_cancel_removal(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_error **error_out) {
	return fdescrow_escrow_cancel_removal(escrow, (fdescrow_str){request_json, request_json_length}, now, error_out);
}
static fdescrow_result call_escrow_remove_due(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **keys_out, fdescrow_error **error_out) {
	return fdescrow_escrow_remove_due(escrow, (fdescrow_str){request_json, request_json_length}, now, keys_out, error_out);
}
static fdescrow_result call_escrow_reveal(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, const char *request_json, size_t request_json_length, int64_t now, fdescrow_key **key_out, fdescrow_text **revealed_out, fdescrow_error **error_out) {
	return fdescrow_escrow_reveal(escrow, keyring, (fdescrow_str){request_json, request_json_length}, now, key_out, revealed_out, error_out);
}
static fdescrow_result call_escrow_reveal_sheet(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, const char *request_json, size_t request_json_length, bool html, int64_t now, fdescrow_secret **sheet_out, fdescrow_text **revealed_out, fdescrow_error **error_out) {
	return fdescrow_escrow_reveal_sheet(escrow, keyring, (fdescrow_str){request_json, request_json_length}, html, now, sheet_out, revealed_out, error_out);
}
static fdescrow_result call_escrow_reveal_to(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, const fdescrow_certificates *to, const char *request_json, size_t request_json_length, int64_t now, fdescrow_envelope **envelope_out, fdescrow_text **revealed_out, fdescrow_error **error_out) {
	return fdescrow_escrow_reveal_to(escrow, keyring, to, (fdescrow_str){request_json, request_json_length}, now, envelope_out, revealed_out, error_out);
}
static fdescrow_result call_key_sheet(const fdescrow_key *key, const char *place_json, size_t place_json_length, bool html, int64_t now, fdescrow_secret **sheet_out, fdescrow_error **error_out) {
	return fdescrow_key_sheet(key, (fdescrow_str){place_json, place_json_length}, html, now, sheet_out, error_out);
}
static fdescrow_result call_escrow_rewrap(const fdescrow_escrow *escrow, const fdescrow_keyring *keyring, const fdescrow_certificates *to, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_rewrap(escrow, keyring, to, (fdescrow_str){request_json, request_json_length}, now, report_out, error_out);
}
static fdescrow_result call_escrow_request_rotation(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **rotations_out, fdescrow_error **error_out) {
	return fdescrow_escrow_request_rotation(escrow, (fdescrow_str){request_json, request_json_length}, now, rotations_out, error_out);
}
static fdescrow_result call_escrow_rotation_reported(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **report_out, fdescrow_error **error_out) {
	return fdescrow_escrow_rotation_reported(escrow, (fdescrow_str){request_json, request_json_length}, now, report_out, error_out);
}
static fdescrow_result call_escrow_rotations(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **rotations_out, fdescrow_error **error_out) {
	return fdescrow_escrow_rotations(escrow, (fdescrow_str){request_json, request_json_length}, now, rotations_out, error_out);
}
static fdescrow_result call_escrow_all_rotations(const fdescrow_escrow *escrow, const char *request_json, size_t request_json_length, int64_t now, fdescrow_text **rotations_out, fdescrow_error **error_out) {
	return fdescrow_escrow_all_rotations(escrow, (fdescrow_str){request_json, request_json_length}, now, rotations_out, error_out);
}
static fdescrow_result call_keyring_add_private_keys(fdescrow_keyring *keyring, const uint8_t *file, size_t file_length, const fdescrow_secret *password, const fdescrow_certificates *certificates, fdescrow_error **error_out) {
	return fdescrow_keyring_add_private_keys(keyring, (fdescrow_bytes){file, file_length}, password, certificates, error_out);
}
static fdescrow_result call_policy_parse(const char *toml_or_json, size_t toml_or_json_length, fdescrow_policy **policy_out, fdescrow_error **error_out) {
	return fdescrow_policy_parse((fdescrow_str){toml_or_json, toml_or_json_length}, policy_out, error_out);
}
static fdescrow_result call_policy_explain(const fdescrow_policy *policy, const char *group, size_t group_length, fdescrow_text **explanation_out, fdescrow_error **error_out) {
	return fdescrow_policy_explain(policy, (fdescrow_str){group, group_length}, explanation_out, error_out);
}
static fdescrow_result call_profile_filevault(const fdescrow_policy *policy, const char *group, size_t group_length, const fdescrow_certificates *certificates, int64_t now, fdescrow_buffer **profile_out, fdescrow_error **error_out) {
	return fdescrow_profile_filevault(policy, (fdescrow_str){group, group_length}, certificates, now, profile_out, error_out);
}
static fdescrow_result call_profile_bitlocker(const fdescrow_policy *policy, const char *group, size_t group_length, fdescrow_buffer **syncml_out, fdescrow_error **error_out) {
	return fdescrow_profile_bitlocker(policy, (fdescrow_str){group, group_length}, syncml_out, error_out);
}
static fdescrow_result call_profile_luks(const fdescrow_policy *policy, const char *group, size_t group_length, const fdescrow_certificates *certificates, fdescrow_text **plan_out, fdescrow_error **error_out) {
	return fdescrow_profile_luks(policy, (fdescrow_str){group, group_length}, certificates, plan_out, error_out);
}
static fdescrow_result call_profile_parse(const uint8_t *profile, size_t profile_length, fdescrow_text **parsed_out, fdescrow_error **error_out) {
	return fdescrow_profile_parse((fdescrow_bytes){profile, profile_length}, parsed_out, error_out);
}
static fdescrow_result call_profile_lint(const uint8_t *profile, size_t profile_length, const fdescrow_certificates *known, int64_t now, fdescrow_text **findings_out, fdescrow_error **error_out) {
	return fdescrow_profile_lint((fdescrow_bytes){profile, profile_length}, known, now, findings_out, error_out);
}
static fdescrow_result call_store_open(const char *url, size_t url_length, fdescrow_store **store_out, fdescrow_error **error_out) {
	return fdescrow_store_open((fdescrow_str){url, url_length}, store_out, error_out);
}
static fdescrow_result call_store_migrate(const char *url, size_t url_length, bool apply, fdescrow_text **statements_out, fdescrow_error **error_out) {
	return fdescrow_store_migrate((fdescrow_str){url, url_length}, apply, statements_out, error_out);
}
static fdescrow_result call_reply_append(const fdescrow_reply *reply, const char *json, size_t json_length, fdescrow_error **error_out) {
	return fdescrow_reply_append(reply, (fdescrow_str){json, json_length}, error_out);
}
static bool call_reply_row(const fdescrow_reply *reply, const char *row_json, size_t row_json_length) {
	return fdescrow_reply_row(reply, (fdescrow_str){row_json, row_json_length});
}
static fdescrow_result call_observation_read(const char *source, size_t source_length, const uint8_t *report, size_t report_length, const char *volume, size_t volume_length, int64_t now, fdescrow_text **observation_out, fdescrow_error **error_out) {
	return fdescrow_observation_read((fdescrow_str){source, source_length}, (fdescrow_bytes){report, report_length}, (fdescrow_str){volume, volume_length}, now, observation_out, error_out);
}
static fdescrow_result call_assess(const char *state_json, size_t state_json_length, const fdescrow_policy *policy, const char *group, size_t group_length, int64_t now, fdescrow_text **assessment_out, fdescrow_error **error_out) {
	return fdescrow_assess((fdescrow_str){state_json, state_json_length}, policy, (fdescrow_str){group, group_length}, now, assessment_out, error_out);
}
*/
import "C"

import "unsafe"

func borrowedView(data unsafe.Pointer, length C.size_t) []byte {
	return unsafe.Slice((*byte)(data), int(length))
}

func PlannerState(planner Planner) (stateOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_state((*C.fdescrow_planner)(planner.pointer), (**C.fdescrow_text)(unsafe.Pointer(&stateOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerPursue(planner Planner, goalJSON string) (failureOut Error, result int32) {
	result = int32(C.call_planner_pursue((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(goalJSON))), C.size_t(len(goalJSON)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerNext(planner Planner, spool Spool) (nextOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_next((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_spool)(spool.pointer), (**C.fdescrow_text)(unsafe.Pointer(&nextOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerStep(planner Planner) (number uint32) {
	return uint32(C.fdescrow_planner_step((*C.fdescrow_planner)(planner.pointer)))
}

func PlannerWakeAt(planner Planner) (seconds int64) {
	return int64(C.fdescrow_planner_wake_at((*C.fdescrow_planner)(planner.pointer)))
}

func PlannerUpload(planner Planner, spool Spool) (uploadOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_upload((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_spool)(spool.pointer), (**C.fdescrow_text)(unsafe.Pointer(&uploadOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerEscrow(planner Planner, spool Spool, password Secret, now int64) (appendOut Buffer, failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_escrow((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_spool)(spool.pointer), (*C.fdescrow_secret)(password.pointer), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&appendOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerDone(planner Planner, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_done((*C.fdescrow_planner)(planner.pointer), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerFailed(planner Planner, status int32, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_failed((*C.fdescrow_planner)(planner.pointer), C.fdescrow_result(status), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerReceipt(planner Planner, spool Spool, receiptJSON string, now int64) (appendOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_planner_receipt((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_spool)(spool.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(receiptJSON))), C.size_t(len(receiptJSON)), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&appendOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerAwaits(planner Planner, spool Spool, index int) (is bool) {
	return bool(C.fdescrow_planner_awaits((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_spool)(spool.pointer), C.size_t(index)))
}

func PlannerAskAgain(planner Planner) (failureOut Error, result int32) {
	result = int32(C.fdescrow_planner_ask_again((*C.fdescrow_planner)(planner.pointer), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PlannerFree(planner Planner) {
	C.fdescrow_planner_free((*C.fdescrow_planner)(planner.pointer))
}

func BitlockerOpen(stateJSON string, organization string, device string, volume string, rulesJSON string, to Certificates) (plannerOut Planner, failureOut Error, result int32) {
	result = int32(C.call_bitlocker_open((*C.char)(unsafe.Pointer(unsafe.StringData(stateJSON))), C.size_t(len(stateJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(organization))), C.size_t(len(organization)), (*C.char)(unsafe.Pointer(unsafe.StringData(device))), C.size_t(len(device)), (*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), (*C.char)(unsafe.Pointer(unsafe.StringData(rulesJSON))), C.size_t(len(rulesJSON)), (*C.fdescrow_certificates)(to.pointer), (**C.fdescrow_planner)(unsafe.Pointer(&plannerOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func BitlockerLook(planner Planner, machineJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_bitlocker_look((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(machineJSON))), C.size_t(len(machineJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func BitlockerCall(planner Planner) (callOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_bitlocker_call((*C.fdescrow_planner)(planner.pointer), (**C.fdescrow_text)(unsafe.Pointer(&callOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func BitlockerAnswer(planner Planner, answerJSON string) (failureOut Error, result int32) {
	result = int32(C.call_bitlocker_answer((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(answerJSON))), C.size_t(len(answerJSON)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func BitlockerReturned(planner Planner, code uint32, protector string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_bitlocker_returned((*C.fdescrow_planner)(planner.pointer), C.uint32_t(code), (*C.char)(unsafe.Pointer(unsafe.StringData(protector))), C.size_t(len(protector)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultOpen(stateJSON string, device string, rulesJSON string) (plannerOut Planner, failureOut Error, result int32) {
	result = int32(C.call_filevault_open((*C.char)(unsafe.Pointer(unsafe.StringData(stateJSON))), C.size_t(len(stateJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(device))), C.size_t(len(device)), (*C.char)(unsafe.Pointer(unsafe.StringData(rulesJSON))), C.size_t(len(rulesJSON)), (**C.fdescrow_planner)(unsafe.Pointer(&plannerOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultLook(planner Planner, seenJSON string, envelope []byte, now int64) (failureOut Error, result int32) {
	result = int32(C.call_filevault_look((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(seenJSON))), C.size_t(len(seenJSON)), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(envelope))), C.size_t(len(envelope)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultBegin(planner Planner, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_filevault_begin((*C.fdescrow_planner)(planner.pointer), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultCommand(planner Planner, user string, secret Secret) (argumentsOut Buffer, inputOut Secret, failureOut Error, result int32) {
	result = int32(C.call_filevault_command((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(user))), C.size_t(len(user)), (*C.fdescrow_secret)(secret.pointer), (**C.fdescrow_buffer)(unsafe.Pointer(&argumentsOut.pointer)), (**C.fdescrow_secret)(unsafe.Pointer(&inputOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultAttested(planner Planner, isPresent bool, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_filevault_attested((*C.fdescrow_planner)(planner.pointer), C.bool(isPresent), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func FilevaultReply(planner Planner, reply string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_filevault_reply((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(reply))), C.size_t(len(reply)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSVolume(header []byte) (volumeOut Text, failureOut Error, result int32) {
	result = int32(C.call_luks_volume((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(header))), C.size_t(len(header)), (**C.fdescrow_text)(unsafe.Pointer(&volumeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSOpen(stateJSON string, planJSON string, device string, volume string, pinned Certificates) (plannerOut Planner, failureOut Error, result int32) {
	result = int32(C.call_luks_open((*C.char)(unsafe.Pointer(unsafe.StringData(stateJSON))), C.size_t(len(stateJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(planJSON))), C.size_t(len(planJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(device))), C.size_t(len(device)), (*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), (*C.fdescrow_certificates)(pinned.pointer), (**C.fdescrow_planner)(unsafe.Pointer(&plannerOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSMetadataCommand(volume string) (argumentsOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_luks_metadata_command((*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), (**C.fdescrow_buffer)(unsafe.Pointer(&argumentsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSLook(planner Planner, header []byte, metadata []byte, atHandJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_luks_look((*C.fdescrow_planner)(planner.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(header))), C.size_t(len(header)), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(metadata))), C.size_t(len(metadata)), (*C.char)(unsafe.Pointer(unsafe.StringData(atHandJSON))), C.size_t(len(atHandJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSGenerate(planner Planner, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_luks_generate((*C.fdescrow_planner)(planner.pointer), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSAuthorization(planner Planner) (view []byte) {
	shown := C.fdescrow_luks_authorization((*C.fdescrow_planner)(planner.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func LUKSAuthorizationCommand(planner Planner, volume string) (argumentsOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_luks_authorization_command((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), (**C.fdescrow_buffer)(unsafe.Pointer(&argumentsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func LUKSCommand(planner Planner, volume string, headerBackup string, keyFile string, passphrase Secret) (argumentsOut Buffer, inputOut Secret, failureOut Error, result int32) {
	result = int32(C.call_luks_command((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), (*C.char)(unsafe.Pointer(unsafe.StringData(headerBackup))), C.size_t(len(headerBackup)), (*C.char)(unsafe.Pointer(unsafe.StringData(keyFile))), C.size_t(len(keyFile)), (*C.fdescrow_secret)(passphrase.pointer), (**C.fdescrow_buffer)(unsafe.Pointer(&argumentsOut.pointer)), (**C.fdescrow_secret)(unsafe.Pointer(&inputOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SnapdOpen(stateJSON string, organization string, device string, level string, to Certificates) (plannerOut Planner, failureOut Error, result int32) {
	result = int32(C.call_snapd_open((*C.char)(unsafe.Pointer(unsafe.StringData(stateJSON))), C.size_t(len(stateJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(organization))), C.size_t(len(organization)), (*C.char)(unsafe.Pointer(unsafe.StringData(device))), C.size_t(len(device)), (*C.char)(unsafe.Pointer(unsafe.StringData(level))), C.size_t(len(level)), (*C.fdescrow_certificates)(to.pointer), (**C.fdescrow_planner)(unsafe.Pointer(&plannerOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SnapdLook(planner Planner, slotsJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_snapd_look((*C.fdescrow_planner)(planner.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(slotsJSON))), C.size_t(len(slotsJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SnapdBody(planner Planner) (bodyOut Secret, failureOut Error, result int32) {
	result = int32(C.fdescrow_snapd_body((*C.fdescrow_planner)(planner.pointer), (**C.fdescrow_secret)(unsafe.Pointer(&bodyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SnapdGenerated(planner Planner, answered Secret, now int64) (failureOut Error, result int32) {
	result = int32(C.fdescrow_snapd_generated((*C.fdescrow_planner)(planner.pointer), (*C.fdescrow_secret)(answered.pointer), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolRead(file []byte) (spoolOut Spool, failureOut Error, result int32) {
	result = int32(C.call_spool_read((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(file))), C.size_t(len(file)), (**C.fdescrow_spool)(unsafe.Pointer(&spoolOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolCount(spool Spool) (count int) {
	return int(C.fdescrow_spool_count((*C.fdescrow_spool)(spool.pointer)))
}

func SpoolDamaged(spool Spool) (count int) {
	return int(C.fdescrow_spool_damaged((*C.fdescrow_spool)(spool.pointer)))
}

func SpoolIsWasteful(spool Spool) (is bool) {
	return bool(C.fdescrow_spool_is_wasteful((*C.fdescrow_spool)(spool.pointer)))
}

func SpoolUpload(spool Spool, index int) (uploadOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_spool_upload((*C.fdescrow_spool)(spool.pointer), C.size_t(index), (**C.fdescrow_text)(unsafe.Pointer(&uploadOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolPut(spool Spool, envelope Envelope, namesJSON string, now int64) (appendOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_spool_put((*C.fdescrow_spool)(spool.pointer), (*C.fdescrow_envelope)(envelope.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(namesJSON))), C.size_t(len(namesJSON)), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&appendOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolAcknowledge(spool Spool, receiptJSON string, level string) (appendOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_spool_acknowledge((*C.fdescrow_spool)(spool.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(receiptJSON))), C.size_t(len(receiptJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(level))), C.size_t(len(level)), (**C.fdescrow_buffer)(unsafe.Pointer(&appendOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolCompact(spool Spool) (fileOut Buffer, failureOut Error, result int32) {
	result = int32(C.fdescrow_spool_compact((*C.fdescrow_spool)(spool.pointer), (**C.fdescrow_buffer)(unsafe.Pointer(&fileOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SpoolFree(spool Spool) {
	C.fdescrow_spool_free((*C.fdescrow_spool)(spool.pointer))
}

func CertificatesParse(pemOrDER []byte) (certificatesOut Certificates, failureOut Error, result int32) {
	result = int32(C.call_certificates_parse((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(pemOrDER))), C.size_t(len(pemOrDER)), (**C.fdescrow_certificates)(unsafe.Pointer(&certificatesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func CertificatesAppend(certificates Certificates, more Certificates) (failureOut Error, result int32) {
	result = int32(C.fdescrow_certificates_append((*C.fdescrow_certificates)(certificates.pointer), (*C.fdescrow_certificates)(more.pointer), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func CertificatesCount(certificates Certificates) (count int) {
	return int(C.fdescrow_certificates_count((*C.fdescrow_certificates)(certificates.pointer)))
}

func CertificatesDER(certificates Certificates, index int) (view []byte) {
	shown := C.fdescrow_certificates_der((*C.fdescrow_certificates)(certificates.pointer), C.size_t(index))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func CertificatesDescribe(certificates Certificates) (descriptionOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_certificates_describe((*C.fdescrow_certificates)(certificates.pointer), (**C.fdescrow_text)(unsafe.Pointer(&descriptionOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func CertificatesPEM(certificates Certificates) (pemOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_certificates_pem((*C.fdescrow_certificates)(certificates.pointer), (**C.fdescrow_text)(unsafe.Pointer(&pemOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func CertificatesFree(certificates Certificates) {
	C.fdescrow_certificates_free((*C.fdescrow_certificates)(certificates.pointer))
}

func CertificatesGenerate(requestJSON string) (certificatesOut Certificates, privateKeyOut Secret, failureOut Error, result int32) {
	result = int32(C.call_certificates_generate((*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), (**C.fdescrow_certificates)(unsafe.Pointer(&certificatesOut.pointer)), (**C.fdescrow_secret)(unsafe.Pointer(&privateKeyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func DocumentMember(documentJSON string, pointer string) (memberOut Text, failureOut Error, result int32) {
	result = int32(C.call_document_member((*C.char)(unsafe.Pointer(unsafe.StringData(documentJSON))), C.size_t(len(documentJSON)), (*C.char)(unsafe.Pointer(unsafe.StringData(pointer))), C.size_t(len(pointer)), (**C.fdescrow_text)(unsafe.Pointer(&memberOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func DocumentQuote(text string) (jsonOut Text, failureOut Error, result int32) {
	result = int32(C.call_document_quote((*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text)), (**C.fdescrow_text)(unsafe.Pointer(&jsonOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeSeal(key Key, to Certificates, optionsJSON string) (envelopeOut Envelope, failureOut Error, result int32) {
	result = int32(C.call_envelope_seal((*C.fdescrow_key)(key.pointer), (*C.fdescrow_certificates)(to.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(optionsJSON))), C.size_t(len(optionsJSON)), (**C.fdescrow_envelope)(unsafe.Pointer(&envelopeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeParse(bytes []byte) (envelopeOut Envelope, failureOut Error, result int32) {
	result = int32(C.call_envelope_parse((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes))), C.size_t(len(bytes)), (**C.fdescrow_envelope)(unsafe.Pointer(&envelopeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeDER(envelope Envelope) (view []byte) {
	shown := C.fdescrow_envelope_der((*C.fdescrow_envelope)(envelope.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func EnvelopeDigest(envelope Envelope) (digestOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_envelope_digest((*C.fdescrow_envelope)(envelope.pointer), (**C.fdescrow_text)(unsafe.Pointer(&digestOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeInspect(envelope Envelope, known Certificates) (inspectionOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_envelope_inspect((*C.fdescrow_envelope)(envelope.pointer), (*C.fdescrow_certificates)(known.pointer), (**C.fdescrow_text)(unsafe.Pointer(&inspectionOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeFree(envelope Envelope) {
	C.fdescrow_envelope_free((*C.fdescrow_envelope)(envelope.pointer))
}

func Judge(keyring Keyring, requestJSON string) (verdictsOut Text, failureOut Error, result int32) {
	result = int32(C.call_judge((*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), (**C.fdescrow_text)(unsafe.Pointer(&verdictsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeOpen(envelope Envelope, keyring Keyring, optionsJSON string) (keyOut Key, openedOut Text, failureOut Error, result int32) {
	result = int32(C.call_envelope_open((*C.fdescrow_envelope)(envelope.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(optionsJSON))), C.size_t(len(optionsJSON)), (**C.fdescrow_key)(unsafe.Pointer(&keyOut.pointer)), (**C.fdescrow_text)(unsafe.Pointer(&openedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EnvelopeRewrap(envelope Envelope, keyring Keyring, optionsJSON string, to Certificates) (envelopeOut Envelope, failureOut Error, result int32) {
	result = int32(C.call_envelope_rewrap((*C.fdescrow_envelope)(envelope.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(optionsJSON))), C.size_t(len(optionsJSON)), (*C.fdescrow_certificates)(to.pointer), (**C.fdescrow_envelope)(unsafe.Pointer(&envelopeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ErrorFree(failure Error) {
	C.fdescrow_error_free((*C.fdescrow_error)(failure.pointer))
}

func ErrorResult(failure Error) (result int32) {
	result = int32(C.fdescrow_error_result((*C.fdescrow_error)(failure.pointer)))
	return
}

func ErrorMessage(failure Error) (view []byte) {
	shown := C.fdescrow_error_message((*C.fdescrow_error)(failure.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func ResultName(result int32) (view []byte) {
	shown := C.fdescrow_result_name(C.fdescrow_result(result))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func ResultFault(result int32) (view []byte) {
	shown := C.fdescrow_result_fault(C.fdescrow_result(result))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func ResultRemedy(result int32) (view []byte) {
	shown := C.fdescrow_result_remedy(C.fdescrow_result(result))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func KeyParseTyped(kind string, text Secret) (keyOut Key, failureOut Error, result int32) {
	result = int32(C.call_key_parse_typed((*C.char)(unsafe.Pointer(unsafe.StringData(kind))), C.size_t(len(kind)), (*C.fdescrow_secret)(text.pointer), (**C.fdescrow_key)(unsafe.Pointer(&keyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyParseExact(kind string, text Secret) (keyOut Key, failureOut Error, result int32) {
	result = int32(C.call_key_parse_exact((*C.char)(unsafe.Pointer(unsafe.StringData(kind))), C.size_t(len(kind)), (*C.fdescrow_secret)(text.pointer), (**C.fdescrow_key)(unsafe.Pointer(&keyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyGenerate(kind string) (keyOut Key, failureOut Error, result int32) {
	result = int32(C.call_key_generate((*C.char)(unsafe.Pointer(unsafe.StringData(kind))), C.size_t(len(kind)), (**C.fdescrow_key)(unsafe.Pointer(&keyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyKind(key Key) (view []byte) {
	shown := C.fdescrow_key_kind((*C.fdescrow_key)(key.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func KeySecret(key Key) (secretOut Secret, failureOut Error, result int32) {
	result = int32(C.fdescrow_key_secret((*C.fdescrow_key)(key.pointer), (**C.fdescrow_secret)(unsafe.Pointer(&secretOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyFree(key Key) {
	C.fdescrow_key_free((*C.fdescrow_key)(key.pointer))
}

func TextValue(text Text) (view []byte) {
	shown := C.fdescrow_text_value((*C.fdescrow_text)(text.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func TextFree(text Text) {
	C.fdescrow_text_free((*C.fdescrow_text)(text.pointer))
}

func BufferValue(buffer Buffer) (view []byte) {
	shown := C.fdescrow_buffer_value((*C.fdescrow_buffer)(buffer.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func BufferFree(buffer Buffer) {
	C.fdescrow_buffer_free((*C.fdescrow_buffer)(buffer.pointer))
}

func SecretNew(bytes []byte) (secretOut Secret, failureOut Error, result int32) {
	result = int32(C.call_secret_new((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes))), C.size_t(len(bytes)), (**C.fdescrow_secret)(unsafe.Pointer(&secretOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func SecretExpose(secret Secret) (view []byte) {
	shown := C.fdescrow_secret_expose((*C.fdescrow_secret)(secret.pointer))
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func SecretFree(secret Secret) {
	C.fdescrow_secret_free((*C.fdescrow_secret)(secret.pointer))
}

func ABIVersion() (number uint32) {
	return uint32(C.fdescrow_abi_version())
}

func Version() (view []byte) {
	shown := C.fdescrow_version()
	return borrowedView(unsafe.Pointer(shown.data), shown.length)
}

func EscrowOpen(store Store, optionsJSON string, policy Policy, certificates Certificates, macKey Secret) (escrowOut Escrow, failureOut Error, result int32) {
	result = int32(C.call_escrow_open((*C.fdescrow_store)(store.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(optionsJSON))), C.size_t(len(optionsJSON)), (*C.fdescrow_policy)(policy.pointer), (*C.fdescrow_certificates)(certificates.pointer), (*C.fdescrow_secret)(macKey.pointer), (**C.fdescrow_escrow)(unsafe.Pointer(&escrowOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowSetPolicy(escrow Escrow, policy Policy) (failureOut Error, result int32) {
	result = int32(C.fdescrow_escrow_set_policy((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_policy)(policy.pointer), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowFree(escrow Escrow) {
	C.fdescrow_escrow_free((*C.fdescrow_escrow)(escrow.pointer))
}

func EscrowEvents(escrow Escrow, requestJSON string) (eventsOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_events((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), (**C.fdescrow_text)(unsafe.Pointer(&eventsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAuditOf(escrow Escrow, requestJSON string) (entriesOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_audit_of((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), (**C.fdescrow_text)(unsafe.Pointer(&entriesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowVerifyAudit(escrow Escrow, macKey Secret, checkpoint []byte) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_verify_audit((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_secret)(macKey.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(checkpoint))), C.size_t(len(checkpoint)), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCheckpoint(escrow Escrow, previous []byte, now int64) (checkpointOut Buffer, writtenOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_checkpoint((*C.fdescrow_escrow)(escrow.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(previous))), C.size_t(len(previous)), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&checkpointOut.pointer)), (**C.fdescrow_text)(unsafe.Pointer(&writtenOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRegisteredCertificates(escrow Escrow) (certificatesOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_escrow_registered_certificates((*C.fdescrow_escrow)(escrow.pointer), (**C.fdescrow_text)(unsafe.Pointer(&certificatesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowLiveReferences(escrow Escrow, requestJSON string, now int64) (referencesOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_live_references((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&referencesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRetireCertificate(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_retire_certificate((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCompromiseCertificate(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_compromise_certificate((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowExposeKeys(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_expose_keys((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCheck(escrow Escrow, keyring Keyring, requestJSON string, resealTo Certificates, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_check((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), (*C.fdescrow_certificates)(resealTo.pointer), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCheckTotal(escrow Escrow, now int64) (totalOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_escrow_check_total((*C.fdescrow_escrow)(escrow.pointer), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&totalOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowProfile(escrow Escrow, requestJSON string, now int64) (profileOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_escrow_profile((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&profileOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowObserve(escrow Escrow, report []byte, requestJSON string, now int64) (observedOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_observe((*C.fdescrow_escrow)(escrow.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(report))), C.size_t(len(report)), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&observedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAssess(escrow Escrow, requestJSON string, now int64) (assessmentOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_assess((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&assessmentOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowDevice(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_device((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowHistory(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_history((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowFind(escrow Escrow, requestJSON string, now int64) (foundOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_find((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&foundOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowNameDevice(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_name_device((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowMoveToGroup(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_move_to_group((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowForgetDevice(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_forget_device((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowNewInstallation(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_new_installation((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowConfigurationReported(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_configuration_reported((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAgentReported(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_agent_reported((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowReceive(escrow Escrow, envelope []byte, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_receive((*C.fdescrow_escrow)(escrow.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(envelope))), C.size_t(len(envelope)), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&receiptOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowReceivePlaintext(escrow Escrow, key Secret, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_receive_plaintext((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_secret)(key.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&receiptOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowReceipt(escrow Escrow, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_receipt((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&receiptOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRequestRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_request_recovery((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowApproveRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_approve_recovery((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRevokeApproval(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_revoke_approval((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowDenyRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_deny_recovery((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowReportRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_report_recovery((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_recovery((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRecoveries(escrow Escrow, requestJSON string, now int64) (recoveriesOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_recoveries((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&recoveriesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowSummary(escrow Escrow, now int64) (summaryOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_escrow_summary((*C.fdescrow_escrow)(escrow.pointer), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&summaryOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowList(escrow Escrow, requestJSON string, now int64) (devicesOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_list((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&devicesOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCount(escrow Escrow, requestJSON string, now int64) (countOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_count((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&countOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowUndecryptable(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_undecryptable((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAssessDue(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_assess_due((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAssessChanged(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_assess_changed((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowQuarantine(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_quarantine((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAcceptQuarantined(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_accept_quarantined((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRejectQuarantined(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_reject_quarantined((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRemovals(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_removals((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowPlanRemovals(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_plan_removals((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowCancelRemoval(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	result = int32(C.call_escrow_cancel_removal((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRemoveDue(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_remove_due((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&keysOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowReveal(escrow Escrow, keyring Keyring, requestJSON string, now int64) (keyOut Key, revealedOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_reveal((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_key)(unsafe.Pointer(&keyOut.pointer)), (**C.fdescrow_text)(unsafe.Pointer(&revealedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRevealSheet(escrow Escrow, keyring Keyring, requestJSON string, html bool, now int64) (sheetOut Secret, revealedOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_reveal_sheet((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.bool(html), C.int64_t(now), (**C.fdescrow_secret)(unsafe.Pointer(&sheetOut.pointer)), (**C.fdescrow_text)(unsafe.Pointer(&revealedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRevealTo(escrow Escrow, keyring Keyring, to Certificates, requestJSON string, now int64) (envelopeOut Envelope, revealedOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_reveal_to((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.fdescrow_certificates)(to.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_envelope)(unsafe.Pointer(&envelopeOut.pointer)), (**C.fdescrow_text)(unsafe.Pointer(&revealedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeySheet(key Key, placeJSON string, html bool, now int64) (sheetOut Secret, failureOut Error, result int32) {
	result = int32(C.call_key_sheet((*C.fdescrow_key)(key.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(placeJSON))), C.size_t(len(placeJSON)), C.bool(html), C.int64_t(now), (**C.fdescrow_secret)(unsafe.Pointer(&sheetOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRewrap(escrow Escrow, keyring Keyring, to Certificates, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_rewrap((*C.fdescrow_escrow)(escrow.pointer), (*C.fdescrow_keyring)(keyring.pointer), (*C.fdescrow_certificates)(to.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRequestRotation(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_request_rotation((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&rotationsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRotationReported(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_rotation_reported((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&reportOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowRotations(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_rotations((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&rotationsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func EscrowAllRotations(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	result = int32(C.call_escrow_all_rotations((*C.fdescrow_escrow)(escrow.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(requestJSON))), C.size_t(len(requestJSON)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&rotationsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyringNew() (keyringOut Keyring, failureOut Error, result int32) {
	result = int32(C.fdescrow_keyring_new((**C.fdescrow_keyring)(unsafe.Pointer(&keyringOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyringAddPrivateKeys(keyring Keyring, file []byte, password Secret, certificates Certificates) (failureOut Error, result int32) {
	result = int32(C.call_keyring_add_private_keys((*C.fdescrow_keyring)(keyring.pointer), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(file))), C.size_t(len(file)), (*C.fdescrow_secret)(password.pointer), (*C.fdescrow_certificates)(certificates.pointer), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func KeyringCount(keyring Keyring) (count int) {
	return int(C.fdescrow_keyring_count((*C.fdescrow_keyring)(keyring.pointer)))
}

func KeyringFree(keyring Keyring) {
	C.fdescrow_keyring_free((*C.fdescrow_keyring)(keyring.pointer))
}

func PolicyParse(tomlOrJSON string) (policyOut Policy, failureOut Error, result int32) {
	result = int32(C.call_policy_parse((*C.char)(unsafe.Pointer(unsafe.StringData(tomlOrJSON))), C.size_t(len(tomlOrJSON)), (**C.fdescrow_policy)(unsafe.Pointer(&policyOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PolicyCheck(policy Policy) (adviceOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_policy_check((*C.fdescrow_policy)(policy.pointer), (**C.fdescrow_text)(unsafe.Pointer(&adviceOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PolicyExplain(policy Policy, group string) (explanationOut Text, failureOut Error, result int32) {
	result = int32(C.call_policy_explain((*C.fdescrow_policy)(policy.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(group))), C.size_t(len(group)), (**C.fdescrow_text)(unsafe.Pointer(&explanationOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PolicySchema() (schemaOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_policy_schema((**C.fdescrow_text)(unsafe.Pointer(&schemaOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func PolicyFree(policy Policy) {
	C.fdescrow_policy_free((*C.fdescrow_policy)(policy.pointer))
}

func ProfileFilevault(policy Policy, group string, certificates Certificates, now int64) (profileOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_profile_filevault((*C.fdescrow_policy)(policy.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(group))), C.size_t(len(group)), (*C.fdescrow_certificates)(certificates.pointer), C.int64_t(now), (**C.fdescrow_buffer)(unsafe.Pointer(&profileOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ProfileBitlocker(policy Policy, group string) (syncmlOut Buffer, failureOut Error, result int32) {
	result = int32(C.call_profile_bitlocker((*C.fdescrow_policy)(policy.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(group))), C.size_t(len(group)), (**C.fdescrow_buffer)(unsafe.Pointer(&syncmlOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ProfileLUKS(policy Policy, group string, certificates Certificates) (planOut Text, failureOut Error, result int32) {
	result = int32(C.call_profile_luks((*C.fdescrow_policy)(policy.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(group))), C.size_t(len(group)), (*C.fdescrow_certificates)(certificates.pointer), (**C.fdescrow_text)(unsafe.Pointer(&planOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ProfileParse(profile []byte) (parsedOut Text, failureOut Error, result int32) {
	result = int32(C.call_profile_parse((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(profile))), C.size_t(len(profile)), (**C.fdescrow_text)(unsafe.Pointer(&parsedOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ProfileLint(profile []byte, known Certificates, now int64) (findingsOut Text, failureOut Error, result int32) {
	result = int32(C.call_profile_lint((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(profile))), C.size_t(len(profile)), (*C.fdescrow_certificates)(known.pointer), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&findingsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func StoreOpen(url string) (storeOut Store, failureOut Error, result int32) {
	result = int32(C.call_store_open((*C.char)(unsafe.Pointer(unsafe.StringData(url))), C.size_t(len(url)), (**C.fdescrow_store)(unsafe.Pointer(&storeOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func StoreSchema() (schemaOut Text, failureOut Error, result int32) {
	result = int32(C.fdescrow_store_schema((**C.fdescrow_text)(unsafe.Pointer(&schemaOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func StoreMigrate(url string, apply bool) (statementsOut Text, failureOut Error, result int32) {
	result = int32(C.call_store_migrate((*C.char)(unsafe.Pointer(unsafe.StringData(url))), C.size_t(len(url)), C.bool(apply), (**C.fdescrow_text)(unsafe.Pointer(&statementsOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func StoreFree(store Store) {
	C.fdescrow_store_free((*C.fdescrow_store)(store.pointer))
}

func ReplyAppend(reply Reply, json string) (failureOut Error, result int32) {
	result = int32(C.call_reply_append((*C.fdescrow_reply)(reply.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(json))), C.size_t(len(json)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func ReplyRow(reply Reply, rowJSON string) (is bool) {
	return bool(C.call_reply_row((*C.fdescrow_reply)(reply.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(rowJSON))), C.size_t(len(rowJSON))))
}

func ObservationRead(source string, report []byte, volume string, now int64) (observationOut Text, failureOut Error, result int32) {
	result = int32(C.call_observation_read((*C.char)(unsafe.Pointer(unsafe.StringData(source))), C.size_t(len(source)), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(report))), C.size_t(len(report)), (*C.char)(unsafe.Pointer(unsafe.StringData(volume))), C.size_t(len(volume)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&observationOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}

func Assess(stateJSON string, policy Policy, group string, now int64) (assessmentOut Text, failureOut Error, result int32) {
	result = int32(C.call_assess((*C.char)(unsafe.Pointer(unsafe.StringData(stateJSON))), C.size_t(len(stateJSON)), (*C.fdescrow_policy)(policy.pointer), (*C.char)(unsafe.Pointer(unsafe.StringData(group))), C.size_t(len(group)), C.int64_t(now), (**C.fdescrow_text)(unsafe.Pointer(&assessmentOut.pointer)), (**C.fdescrow_error)(unsafe.Pointer(&failureOut.pointer))))
	return
}
