// Code generated from include/fdescrow.h by internal/generate; DO NOT EDIT.

//go:build (!cgo || fdescrow_purego) && ((amd64 && !windows) || arm64)

package native

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// symbols are where the functions are, after Load.
var symbols struct {
	PlannerState                 uintptr
	PlannerPursue                uintptr
	PlannerNext                  uintptr
	PlannerStep                  uintptr
	PlannerWakeAt                uintptr
	PlannerUpload                uintptr
	PlannerEscrow                uintptr
	PlannerDone                  uintptr
	PlannerFailed                uintptr
	PlannerReceipt               uintptr
	PlannerAwaits                uintptr
	PlannerAskAgain              uintptr
	PlannerFree                  uintptr
	BitlockerOpen                uintptr
	BitlockerLook                uintptr
	BitlockerCall                uintptr
	BitlockerAnswer              uintptr
	BitlockerReturned            uintptr
	FilevaultOpen                uintptr
	FilevaultLook                uintptr
	FilevaultBegin               uintptr
	FilevaultCommand             uintptr
	FilevaultAttested            uintptr
	FilevaultReply               uintptr
	LUKSVolume                   uintptr
	LUKSOpen                     uintptr
	LUKSMetadataCommand          uintptr
	LUKSLook                     uintptr
	LUKSGenerate                 uintptr
	LUKSAuthorization            uintptr
	LUKSAuthorizationCommand     uintptr
	LUKSCommand                  uintptr
	SnapdOpen                    uintptr
	SnapdLook                    uintptr
	SnapdBody                    uintptr
	SnapdGenerated               uintptr
	SpoolRead                    uintptr
	SpoolCount                   uintptr
	SpoolDamaged                 uintptr
	SpoolIsWasteful              uintptr
	SpoolUpload                  uintptr
	SpoolPut                     uintptr
	SpoolAcknowledge             uintptr
	SpoolCompact                 uintptr
	SpoolFree                    uintptr
	CertificatesParse            uintptr
	CertificatesAppend           uintptr
	CertificatesCount            uintptr
	CertificatesDER              uintptr
	CertificatesDescribe         uintptr
	CertificatesPEM              uintptr
	CertificatesFree             uintptr
	CertificatesGenerate         uintptr
	DocumentMember               uintptr
	DocumentQuote                uintptr
	EnvelopeSeal                 uintptr
	EnvelopeParse                uintptr
	EnvelopeDER                  uintptr
	EnvelopeDigest               uintptr
	EnvelopeInspect              uintptr
	EnvelopeFree                 uintptr
	Judge                        uintptr
	EnvelopeOpen                 uintptr
	EnvelopeRewrap               uintptr
	ErrorFree                    uintptr
	ErrorResult                  uintptr
	ErrorMessage                 uintptr
	ResultName                   uintptr
	ResultFault                  uintptr
	ResultRemedy                 uintptr
	KeyParseTyped                uintptr
	KeyParseExact                uintptr
	KeyGenerate                  uintptr
	KeyKind                      uintptr
	KeySecret                    uintptr
	KeyFree                      uintptr
	TextValue                    uintptr
	TextFree                     uintptr
	BufferValue                  uintptr
	BufferFree                   uintptr
	SecretNew                    uintptr
	SecretExpose                 uintptr
	SecretFree                   uintptr
	ABIVersion                   uintptr
	Version                      uintptr
	EscrowOpen                   uintptr
	EscrowSetPolicy              uintptr
	EscrowFree                   uintptr
	EscrowEvents                 uintptr
	EscrowAuditOf                uintptr
	EscrowVerifyAudit            uintptr
	EscrowCheckpoint             uintptr
	EscrowRegisteredCertificates uintptr
	EscrowLiveReferences         uintptr
	EscrowRetireCertificate      uintptr
	EscrowCompromiseCertificate  uintptr
	EscrowExposeKeys             uintptr
	EscrowCheck                  uintptr
	EscrowCheckTotal             uintptr
	EscrowProfile                uintptr
	EscrowObserve                uintptr
	EscrowAssess                 uintptr
	EscrowDevice                 uintptr
	EscrowHistory                uintptr
	EscrowFind                   uintptr
	EscrowNameDevice             uintptr
	EscrowMoveToGroup            uintptr
	EscrowForgetDevice           uintptr
	EscrowNewInstallation        uintptr
	EscrowConfigurationReported  uintptr
	EscrowAgentReported          uintptr
	EscrowReceive                uintptr
	EscrowReceivePlaintext       uintptr
	EscrowReceipt                uintptr
	EscrowRequestRecovery        uintptr
	EscrowApproveRecovery        uintptr
	EscrowRevokeApproval         uintptr
	EscrowDenyRecovery           uintptr
	EscrowReportRecovery         uintptr
	EscrowRecovery               uintptr
	EscrowRecoveries             uintptr
	EscrowSummary                uintptr
	EscrowList                   uintptr
	EscrowCount                  uintptr
	EscrowUndecryptable          uintptr
	EscrowAssessDue              uintptr
	EscrowAssessChanged          uintptr
	EscrowQuarantine             uintptr
	EscrowAcceptQuarantined      uintptr
	EscrowRejectQuarantined      uintptr
	EscrowRemovals               uintptr
	EscrowPlanRemovals           uintptr
	EscrowCancelRemoval          uintptr
	EscrowRemoveDue              uintptr
	EscrowReveal                 uintptr
	EscrowRevealSheet            uintptr
	EscrowRevealTo               uintptr
	KeySheet                     uintptr
	EscrowRewrap                 uintptr
	EscrowRequestRotation        uintptr
	EscrowRotationReported       uintptr
	EscrowRotations              uintptr
	EscrowAllRotations           uintptr
	KeyringNew                   uintptr
	KeyringAddPrivateKeys        uintptr
	KeyringCount                 uintptr
	KeyringFree                  uintptr
	PolicyParse                  uintptr
	PolicyCheck                  uintptr
	PolicyExplain                uintptr
	PolicySchema                 uintptr
	PolicyFree                   uintptr
	ProfileFilevault             uintptr
	ProfileBitlocker             uintptr
	ProfileLUKS                  uintptr
	ProfileParse                 uintptr
	ProfileLint                  uintptr
	StoreOpen                    uintptr
	StoreSchema                  uintptr
	StoreMigrate                 uintptr
	StoreFree                    uintptr
	ReplyAppend                  uintptr
	ReplyRow                     uintptr
	ObservationRead              uintptr
	Assess                       uintptr
}

func symbolTable() map[string]*uintptr {
	return map[string]*uintptr{
		"fdescrow_planner_state":                  &symbols.PlannerState,
		"fdescrow_planner_pursue":                 &symbols.PlannerPursue,
		"fdescrow_planner_next":                   &symbols.PlannerNext,
		"fdescrow_planner_step":                   &symbols.PlannerStep,
		"fdescrow_planner_wake_at":                &symbols.PlannerWakeAt,
		"fdescrow_planner_upload":                 &symbols.PlannerUpload,
		"fdescrow_planner_escrow":                 &symbols.PlannerEscrow,
		"fdescrow_planner_done":                   &symbols.PlannerDone,
		"fdescrow_planner_failed":                 &symbols.PlannerFailed,
		"fdescrow_planner_receipt":                &symbols.PlannerReceipt,
		"fdescrow_planner_awaits":                 &symbols.PlannerAwaits,
		"fdescrow_planner_ask_again":              &symbols.PlannerAskAgain,
		"fdescrow_planner_free":                   &symbols.PlannerFree,
		"fdescrow_bitlocker_open":                 &symbols.BitlockerOpen,
		"fdescrow_bitlocker_look":                 &symbols.BitlockerLook,
		"fdescrow_bitlocker_call":                 &symbols.BitlockerCall,
		"fdescrow_bitlocker_answer":               &symbols.BitlockerAnswer,
		"fdescrow_bitlocker_returned":             &symbols.BitlockerReturned,
		"fdescrow_filevault_open":                 &symbols.FilevaultOpen,
		"fdescrow_filevault_look":                 &symbols.FilevaultLook,
		"fdescrow_filevault_begin":                &symbols.FilevaultBegin,
		"fdescrow_filevault_command":              &symbols.FilevaultCommand,
		"fdescrow_filevault_attested":             &symbols.FilevaultAttested,
		"fdescrow_filevault_reply":                &symbols.FilevaultReply,
		"fdescrow_luks_volume":                    &symbols.LUKSVolume,
		"fdescrow_luks_open":                      &symbols.LUKSOpen,
		"fdescrow_luks_metadata_command":          &symbols.LUKSMetadataCommand,
		"fdescrow_luks_look":                      &symbols.LUKSLook,
		"fdescrow_luks_generate":                  &symbols.LUKSGenerate,
		"fdescrow_luks_authorization":             &symbols.LUKSAuthorization,
		"fdescrow_luks_authorization_command":     &symbols.LUKSAuthorizationCommand,
		"fdescrow_luks_command":                   &symbols.LUKSCommand,
		"fdescrow_snapd_open":                     &symbols.SnapdOpen,
		"fdescrow_snapd_look":                     &symbols.SnapdLook,
		"fdescrow_snapd_body":                     &symbols.SnapdBody,
		"fdescrow_snapd_generated":                &symbols.SnapdGenerated,
		"fdescrow_spool_read":                     &symbols.SpoolRead,
		"fdescrow_spool_count":                    &symbols.SpoolCount,
		"fdescrow_spool_damaged":                  &symbols.SpoolDamaged,
		"fdescrow_spool_is_wasteful":              &symbols.SpoolIsWasteful,
		"fdescrow_spool_upload":                   &symbols.SpoolUpload,
		"fdescrow_spool_put":                      &symbols.SpoolPut,
		"fdescrow_spool_acknowledge":              &symbols.SpoolAcknowledge,
		"fdescrow_spool_compact":                  &symbols.SpoolCompact,
		"fdescrow_spool_free":                     &symbols.SpoolFree,
		"fdescrow_certificates_parse":             &symbols.CertificatesParse,
		"fdescrow_certificates_append":            &symbols.CertificatesAppend,
		"fdescrow_certificates_count":             &symbols.CertificatesCount,
		"fdescrow_certificates_der":               &symbols.CertificatesDER,
		"fdescrow_certificates_describe":          &symbols.CertificatesDescribe,
		"fdescrow_certificates_pem":               &symbols.CertificatesPEM,
		"fdescrow_certificates_free":              &symbols.CertificatesFree,
		"fdescrow_certificates_generate":          &symbols.CertificatesGenerate,
		"fdescrow_document_member":                &symbols.DocumentMember,
		"fdescrow_document_quote":                 &symbols.DocumentQuote,
		"fdescrow_envelope_seal":                  &symbols.EnvelopeSeal,
		"fdescrow_envelope_parse":                 &symbols.EnvelopeParse,
		"fdescrow_envelope_der":                   &symbols.EnvelopeDER,
		"fdescrow_envelope_digest":                &symbols.EnvelopeDigest,
		"fdescrow_envelope_inspect":               &symbols.EnvelopeInspect,
		"fdescrow_envelope_free":                  &symbols.EnvelopeFree,
		"fdescrow_judge":                          &symbols.Judge,
		"fdescrow_envelope_open":                  &symbols.EnvelopeOpen,
		"fdescrow_envelope_rewrap":                &symbols.EnvelopeRewrap,
		"fdescrow_error_free":                     &symbols.ErrorFree,
		"fdescrow_error_result":                   &symbols.ErrorResult,
		"fdescrow_error_message":                  &symbols.ErrorMessage,
		"fdescrow_result_name":                    &symbols.ResultName,
		"fdescrow_result_fault":                   &symbols.ResultFault,
		"fdescrow_result_remedy":                  &symbols.ResultRemedy,
		"fdescrow_key_parse_typed":                &symbols.KeyParseTyped,
		"fdescrow_key_parse_exact":                &symbols.KeyParseExact,
		"fdescrow_key_generate":                   &symbols.KeyGenerate,
		"fdescrow_key_kind":                       &symbols.KeyKind,
		"fdescrow_key_secret":                     &symbols.KeySecret,
		"fdescrow_key_free":                       &symbols.KeyFree,
		"fdescrow_text_value":                     &symbols.TextValue,
		"fdescrow_text_free":                      &symbols.TextFree,
		"fdescrow_buffer_value":                   &symbols.BufferValue,
		"fdescrow_buffer_free":                    &symbols.BufferFree,
		"fdescrow_secret_new":                     &symbols.SecretNew,
		"fdescrow_secret_expose":                  &symbols.SecretExpose,
		"fdescrow_secret_free":                    &symbols.SecretFree,
		"fdescrow_abi_version":                    &symbols.ABIVersion,
		"fdescrow_version":                        &symbols.Version,
		"fdescrow_escrow_open":                    &symbols.EscrowOpen,
		"fdescrow_escrow_set_policy":              &symbols.EscrowSetPolicy,
		"fdescrow_escrow_free":                    &symbols.EscrowFree,
		"fdescrow_escrow_events":                  &symbols.EscrowEvents,
		"fdescrow_escrow_audit_of":                &symbols.EscrowAuditOf,
		"fdescrow_escrow_verify_audit":            &symbols.EscrowVerifyAudit,
		"fdescrow_escrow_checkpoint":              &symbols.EscrowCheckpoint,
		"fdescrow_escrow_registered_certificates": &symbols.EscrowRegisteredCertificates,
		"fdescrow_escrow_live_references":         &symbols.EscrowLiveReferences,
		"fdescrow_escrow_retire_certificate":      &symbols.EscrowRetireCertificate,
		"fdescrow_escrow_compromise_certificate":  &symbols.EscrowCompromiseCertificate,
		"fdescrow_escrow_expose_keys":             &symbols.EscrowExposeKeys,
		"fdescrow_escrow_check":                   &symbols.EscrowCheck,
		"fdescrow_escrow_check_total":             &symbols.EscrowCheckTotal,
		"fdescrow_escrow_profile":                 &symbols.EscrowProfile,
		"fdescrow_escrow_observe":                 &symbols.EscrowObserve,
		"fdescrow_escrow_assess":                  &symbols.EscrowAssess,
		"fdescrow_escrow_device":                  &symbols.EscrowDevice,
		"fdescrow_escrow_history":                 &symbols.EscrowHistory,
		"fdescrow_escrow_find":                    &symbols.EscrowFind,
		"fdescrow_escrow_name_device":             &symbols.EscrowNameDevice,
		"fdescrow_escrow_move_to_group":           &symbols.EscrowMoveToGroup,
		"fdescrow_escrow_forget_device":           &symbols.EscrowForgetDevice,
		"fdescrow_escrow_new_installation":        &symbols.EscrowNewInstallation,
		"fdescrow_escrow_configuration_reported":  &symbols.EscrowConfigurationReported,
		"fdescrow_escrow_agent_reported":          &symbols.EscrowAgentReported,
		"fdescrow_escrow_receive":                 &symbols.EscrowReceive,
		"fdescrow_escrow_receive_plaintext":       &symbols.EscrowReceivePlaintext,
		"fdescrow_escrow_receipt":                 &symbols.EscrowReceipt,
		"fdescrow_escrow_request_recovery":        &symbols.EscrowRequestRecovery,
		"fdescrow_escrow_approve_recovery":        &symbols.EscrowApproveRecovery,
		"fdescrow_escrow_revoke_approval":         &symbols.EscrowRevokeApproval,
		"fdescrow_escrow_deny_recovery":           &symbols.EscrowDenyRecovery,
		"fdescrow_escrow_report_recovery":         &symbols.EscrowReportRecovery,
		"fdescrow_escrow_recovery":                &symbols.EscrowRecovery,
		"fdescrow_escrow_recoveries":              &symbols.EscrowRecoveries,
		"fdescrow_escrow_summary":                 &symbols.EscrowSummary,
		"fdescrow_escrow_list":                    &symbols.EscrowList,
		"fdescrow_escrow_count":                   &symbols.EscrowCount,
		"fdescrow_escrow_undecryptable":           &symbols.EscrowUndecryptable,
		"fdescrow_escrow_assess_due":              &symbols.EscrowAssessDue,
		"fdescrow_escrow_assess_changed":          &symbols.EscrowAssessChanged,
		"fdescrow_escrow_quarantine":              &symbols.EscrowQuarantine,
		"fdescrow_escrow_accept_quarantined":      &symbols.EscrowAcceptQuarantined,
		"fdescrow_escrow_reject_quarantined":      &symbols.EscrowRejectQuarantined,
		"fdescrow_escrow_removals":                &symbols.EscrowRemovals,
		"fdescrow_escrow_plan_removals":           &symbols.EscrowPlanRemovals,
		"fdescrow_escrow_cancel_removal":          &symbols.EscrowCancelRemoval,
		"fdescrow_escrow_remove_due":              &symbols.EscrowRemoveDue,
		"fdescrow_escrow_reveal":                  &symbols.EscrowReveal,
		"fdescrow_escrow_reveal_sheet":            &symbols.EscrowRevealSheet,
		"fdescrow_escrow_reveal_to":               &symbols.EscrowRevealTo,
		"fdescrow_key_sheet":                      &symbols.KeySheet,
		"fdescrow_escrow_rewrap":                  &symbols.EscrowRewrap,
		"fdescrow_escrow_request_rotation":        &symbols.EscrowRequestRotation,
		"fdescrow_escrow_rotation_reported":       &symbols.EscrowRotationReported,
		"fdescrow_escrow_rotations":               &symbols.EscrowRotations,
		"fdescrow_escrow_all_rotations":           &symbols.EscrowAllRotations,
		"fdescrow_keyring_new":                    &symbols.KeyringNew,
		"fdescrow_keyring_add_private_keys":       &symbols.KeyringAddPrivateKeys,
		"fdescrow_keyring_count":                  &symbols.KeyringCount,
		"fdescrow_keyring_free":                   &symbols.KeyringFree,
		"fdescrow_policy_parse":                   &symbols.PolicyParse,
		"fdescrow_policy_check":                   &symbols.PolicyCheck,
		"fdescrow_policy_explain":                 &symbols.PolicyExplain,
		"fdescrow_policy_schema":                  &symbols.PolicySchema,
		"fdescrow_policy_free":                    &symbols.PolicyFree,
		"fdescrow_profile_filevault":              &symbols.ProfileFilevault,
		"fdescrow_profile_bitlocker":              &symbols.ProfileBitlocker,
		"fdescrow_profile_luks":                   &symbols.ProfileLUKS,
		"fdescrow_profile_parse":                  &symbols.ProfileParse,
		"fdescrow_profile_lint":                   &symbols.ProfileLint,
		"fdescrow_store_open":                     &symbols.StoreOpen,
		"fdescrow_store_schema":                   &symbols.StoreSchema,
		"fdescrow_store_migrate":                  &symbols.StoreMigrate,
		"fdescrow_store_free":                     &symbols.StoreFree,
		"fdescrow_reply_append":                   &symbols.ReplyAppend,
		"fdescrow_reply_row":                      &symbols.ReplyRow,
		"fdescrow_observation_read":               &symbols.ObservationRead,
		"fdescrow_assess":                         &symbols.Assess,
	}
}

func PlannerState(planner Planner) (stateOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerState, uintptr(planner.pointer), uintptr(unsafe.Pointer(&stateOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerPursue(planner Planner, goalJSON string) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerPursue, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(goalJSON))), uintptr(len(goalJSON)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerNext(planner Planner, spool Spool) (nextOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerNext, uintptr(planner.pointer), uintptr(spool.pointer), uintptr(unsafe.Pointer(&nextOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerStep(planner Planner) (number uint32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerStep, uintptr(planner.pointer))
	return uint32(answer)
}

func PlannerWakeAt(planner Planner) (seconds int64) {
	answer, _, _ := purego.SyscallN(symbols.PlannerWakeAt, uintptr(planner.pointer))
	return int64(answer)
}

func PlannerUpload(planner Planner, spool Spool) (uploadOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerUpload, uintptr(planner.pointer), uintptr(spool.pointer), uintptr(unsafe.Pointer(&uploadOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerEscrow(planner Planner, spool Spool, password Secret, now int64) (appendOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerEscrow, uintptr(planner.pointer), uintptr(spool.pointer), uintptr(password.pointer), uintptr(now), uintptr(unsafe.Pointer(&appendOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerDone(planner Planner, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerDone, uintptr(planner.pointer), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerFailed(planner Planner, status int32, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerFailed, uintptr(planner.pointer), uintptr(status), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerReceipt(planner Planner, spool Spool, receiptJSON string, now int64) (appendOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerReceipt, uintptr(planner.pointer), uintptr(spool.pointer), uintptr(unsafe.Pointer(unsafe.StringData(receiptJSON))), uintptr(len(receiptJSON)), uintptr(now), uintptr(unsafe.Pointer(&appendOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerAwaits(planner Planner, spool Spool, index int) (is bool) {
	answer, _, _ := purego.SyscallN(symbols.PlannerAwaits, uintptr(planner.pointer), uintptr(spool.pointer), uintptr(index))
	return answer&0xFF != 0
}

func PlannerAskAgain(planner Planner) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PlannerAskAgain, uintptr(planner.pointer), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PlannerFree(planner Planner) {
	purego.SyscallN(symbols.PlannerFree, uintptr(planner.pointer))
}

func BitlockerOpen(stateJSON string, organization string, device string, volume string, rulesJSON string, to Certificates) (plannerOut Planner, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.BitlockerOpen, uintptr(unsafe.Pointer(unsafe.StringData(stateJSON))), uintptr(len(stateJSON)), uintptr(unsafe.Pointer(unsafe.StringData(organization))), uintptr(len(organization)), uintptr(unsafe.Pointer(unsafe.StringData(device))), uintptr(len(device)), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(unsafe.Pointer(unsafe.StringData(rulesJSON))), uintptr(len(rulesJSON)), uintptr(to.pointer), uintptr(unsafe.Pointer(&plannerOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func BitlockerLook(planner Planner, machineJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.BitlockerLook, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(machineJSON))), uintptr(len(machineJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func BitlockerCall(planner Planner) (callOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.BitlockerCall, uintptr(planner.pointer), uintptr(unsafe.Pointer(&callOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func BitlockerAnswer(planner Planner, answerJSON string) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.BitlockerAnswer, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(answerJSON))), uintptr(len(answerJSON)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func BitlockerReturned(planner Planner, code uint32, protector string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.BitlockerReturned, uintptr(planner.pointer), uintptr(code), uintptr(unsafe.Pointer(unsafe.StringData(protector))), uintptr(len(protector)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultOpen(stateJSON string, device string, rulesJSON string) (plannerOut Planner, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultOpen, uintptr(unsafe.Pointer(unsafe.StringData(stateJSON))), uintptr(len(stateJSON)), uintptr(unsafe.Pointer(unsafe.StringData(device))), uintptr(len(device)), uintptr(unsafe.Pointer(unsafe.StringData(rulesJSON))), uintptr(len(rulesJSON)), uintptr(unsafe.Pointer(&plannerOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultLook(planner Planner, seenJSON string, envelope []byte, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultLook, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(seenJSON))), uintptr(len(seenJSON)), uintptr(unsafe.Pointer(unsafe.SliceData(envelope))), uintptr(len(envelope)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultBegin(planner Planner, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultBegin, uintptr(planner.pointer), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultCommand(planner Planner, user string, secret Secret) (argumentsOut Buffer, inputOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultCommand, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(user))), uintptr(len(user)), uintptr(secret.pointer), uintptr(unsafe.Pointer(&argumentsOut.pointer)), uintptr(unsafe.Pointer(&inputOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultAttested(planner Planner, isPresent bool, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultAttested, uintptr(planner.pointer), word(isPresent), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func FilevaultReply(planner Planner, reply string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.FilevaultReply, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(reply))), uintptr(len(reply)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSVolume(header []byte) (volumeOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.LUKSVolume, uintptr(unsafe.Pointer(unsafe.SliceData(header))), uintptr(len(header)), uintptr(unsafe.Pointer(&volumeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSOpen(stateJSON string, planJSON string, device string, volume string, pinned Certificates) (plannerOut Planner, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.LUKSOpen, uintptr(unsafe.Pointer(unsafe.StringData(stateJSON))), uintptr(len(stateJSON)), uintptr(unsafe.Pointer(unsafe.StringData(planJSON))), uintptr(len(planJSON)), uintptr(unsafe.Pointer(unsafe.StringData(device))), uintptr(len(device)), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(pinned.pointer), uintptr(unsafe.Pointer(&plannerOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSMetadataCommand(volume string) (argumentsOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.LUKSMetadataCommand, uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(unsafe.Pointer(&argumentsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSLook(planner Planner, header []byte, metadata []byte, atHandJSON string, now int64) (failureOut Error, result int32) {
	var answer uintptr
	if runtime.GOARCH == "amd64" {
		answer, _, _ = purego.SyscallN(symbols.LUKSLook, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(header))), uintptr(len(header)), uintptr(unsafe.Pointer(unsafe.SliceData(metadata))), uintptr(len(metadata)), uintptr(now), uintptr(unsafe.Pointer(unsafe.StringData(atHandJSON))), uintptr(len(atHandJSON)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	} else {
		answer, _, _ = purego.SyscallN(symbols.LUKSLook, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(header))), uintptr(len(header)), uintptr(unsafe.Pointer(unsafe.SliceData(metadata))), uintptr(len(metadata)), uintptr(unsafe.Pointer(unsafe.StringData(atHandJSON))), uintptr(len(atHandJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	}
	result = int32(answer)
	return
}

func LUKSGenerate(planner Planner, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.LUKSGenerate, uintptr(planner.pointer), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSAuthorization(planner Planner) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.LUKSAuthorization, uintptr(planner.pointer))
	return borrowedView(data, length)
}

func LUKSAuthorizationCommand(planner Planner, volume string) (argumentsOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.LUKSAuthorizationCommand, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(unsafe.Pointer(&argumentsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func LUKSCommand(planner Planner, volume string, headerBackup string, keyFile string, passphrase Secret) (argumentsOut Buffer, inputOut Secret, failureOut Error, result int32) {
	var answer uintptr
	if runtime.GOARCH == "amd64" {
		answer, _, _ = purego.SyscallN(symbols.LUKSCommand, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(unsafe.Pointer(unsafe.StringData(headerBackup))), uintptr(len(headerBackup)), uintptr(passphrase.pointer), uintptr(unsafe.Pointer(unsafe.StringData(keyFile))), uintptr(len(keyFile)), uintptr(unsafe.Pointer(&argumentsOut.pointer)), uintptr(unsafe.Pointer(&inputOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	} else {
		answer, _, _ = purego.SyscallN(symbols.LUKSCommand, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(unsafe.Pointer(unsafe.StringData(headerBackup))), uintptr(len(headerBackup)), uintptr(unsafe.Pointer(unsafe.StringData(keyFile))), uintptr(len(keyFile)), uintptr(passphrase.pointer), uintptr(unsafe.Pointer(&argumentsOut.pointer)), uintptr(unsafe.Pointer(&inputOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	}
	result = int32(answer)
	return
}

func SnapdOpen(stateJSON string, organization string, device string, level string, to Certificates) (plannerOut Planner, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SnapdOpen, uintptr(unsafe.Pointer(unsafe.StringData(stateJSON))), uintptr(len(stateJSON)), uintptr(unsafe.Pointer(unsafe.StringData(organization))), uintptr(len(organization)), uintptr(unsafe.Pointer(unsafe.StringData(device))), uintptr(len(device)), uintptr(unsafe.Pointer(unsafe.StringData(level))), uintptr(len(level)), uintptr(to.pointer), uintptr(unsafe.Pointer(&plannerOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SnapdLook(planner Planner, slotsJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SnapdLook, uintptr(planner.pointer), uintptr(unsafe.Pointer(unsafe.StringData(slotsJSON))), uintptr(len(slotsJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SnapdBody(planner Planner) (bodyOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SnapdBody, uintptr(planner.pointer), uintptr(unsafe.Pointer(&bodyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SnapdGenerated(planner Planner, answered Secret, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SnapdGenerated, uintptr(planner.pointer), uintptr(answered.pointer), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolRead(file []byte) (spoolOut Spool, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SpoolRead, uintptr(unsafe.Pointer(unsafe.SliceData(file))), uintptr(len(file)), uintptr(unsafe.Pointer(&spoolOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolCount(spool Spool) (count int) {
	answer, _, _ := purego.SyscallN(symbols.SpoolCount, uintptr(spool.pointer))
	return int(answer)
}

func SpoolDamaged(spool Spool) (count int) {
	answer, _, _ := purego.SyscallN(symbols.SpoolDamaged, uintptr(spool.pointer))
	return int(answer)
}

func SpoolIsWasteful(spool Spool) (is bool) {
	answer, _, _ := purego.SyscallN(symbols.SpoolIsWasteful, uintptr(spool.pointer))
	return answer&0xFF != 0
}

func SpoolUpload(spool Spool, index int) (uploadOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SpoolUpload, uintptr(spool.pointer), uintptr(index), uintptr(unsafe.Pointer(&uploadOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolPut(spool Spool, envelope Envelope, namesJSON string, now int64) (appendOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SpoolPut, uintptr(spool.pointer), uintptr(envelope.pointer), uintptr(unsafe.Pointer(unsafe.StringData(namesJSON))), uintptr(len(namesJSON)), uintptr(now), uintptr(unsafe.Pointer(&appendOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolAcknowledge(spool Spool, receiptJSON string, level string) (appendOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SpoolAcknowledge, uintptr(spool.pointer), uintptr(unsafe.Pointer(unsafe.StringData(receiptJSON))), uintptr(len(receiptJSON)), uintptr(unsafe.Pointer(unsafe.StringData(level))), uintptr(len(level)), uintptr(unsafe.Pointer(&appendOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolCompact(spool Spool) (fileOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SpoolCompact, uintptr(spool.pointer), uintptr(unsafe.Pointer(&fileOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SpoolFree(spool Spool) {
	purego.SyscallN(symbols.SpoolFree, uintptr(spool.pointer))
}

func CertificatesParse(pemOrDER []byte) (certificatesOut Certificates, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesParse, uintptr(unsafe.Pointer(unsafe.SliceData(pemOrDER))), uintptr(len(pemOrDER)), uintptr(unsafe.Pointer(&certificatesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func CertificatesAppend(certificates Certificates, more Certificates) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesAppend, uintptr(certificates.pointer), uintptr(more.pointer), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func CertificatesCount(certificates Certificates) (count int) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesCount, uintptr(certificates.pointer))
	return int(answer)
}

func CertificatesDER(certificates Certificates, index int) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.CertificatesDER, uintptr(certificates.pointer), uintptr(index))
	return borrowedView(data, length)
}

func CertificatesDescribe(certificates Certificates) (descriptionOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesDescribe, uintptr(certificates.pointer), uintptr(unsafe.Pointer(&descriptionOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func CertificatesPEM(certificates Certificates) (pemOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesPEM, uintptr(certificates.pointer), uintptr(unsafe.Pointer(&pemOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func CertificatesFree(certificates Certificates) {
	purego.SyscallN(symbols.CertificatesFree, uintptr(certificates.pointer))
}

func CertificatesGenerate(requestJSON string) (certificatesOut Certificates, privateKeyOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.CertificatesGenerate, uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(unsafe.Pointer(&certificatesOut.pointer)), uintptr(unsafe.Pointer(&privateKeyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func DocumentMember(documentJSON string, pointer string) (memberOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.DocumentMember, uintptr(unsafe.Pointer(unsafe.StringData(documentJSON))), uintptr(len(documentJSON)), uintptr(unsafe.Pointer(unsafe.StringData(pointer))), uintptr(len(pointer)), uintptr(unsafe.Pointer(&memberOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func DocumentQuote(text string) (jsonOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.DocumentQuote, uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(len(text)), uintptr(unsafe.Pointer(&jsonOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeSeal(key Key, to Certificates, optionsJSON string) (envelopeOut Envelope, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeSeal, uintptr(key.pointer), uintptr(to.pointer), uintptr(unsafe.Pointer(unsafe.StringData(optionsJSON))), uintptr(len(optionsJSON)), uintptr(unsafe.Pointer(&envelopeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeParse(bytes []byte) (envelopeOut Envelope, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeParse, uintptr(unsafe.Pointer(unsafe.SliceData(bytes))), uintptr(len(bytes)), uintptr(unsafe.Pointer(&envelopeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeDER(envelope Envelope) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.EnvelopeDER, uintptr(envelope.pointer))
	return borrowedView(data, length)
}

func EnvelopeDigest(envelope Envelope) (digestOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeDigest, uintptr(envelope.pointer), uintptr(unsafe.Pointer(&digestOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeInspect(envelope Envelope, known Certificates) (inspectionOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeInspect, uintptr(envelope.pointer), uintptr(known.pointer), uintptr(unsafe.Pointer(&inspectionOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeFree(envelope Envelope) {
	purego.SyscallN(symbols.EnvelopeFree, uintptr(envelope.pointer))
}

func Judge(keyring Keyring, requestJSON string) (verdictsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.Judge, uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(unsafe.Pointer(&verdictsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeOpen(envelope Envelope, keyring Keyring, optionsJSON string) (keyOut Key, openedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeOpen, uintptr(envelope.pointer), uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(optionsJSON))), uintptr(len(optionsJSON)), uintptr(unsafe.Pointer(&keyOut.pointer)), uintptr(unsafe.Pointer(&openedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EnvelopeRewrap(envelope Envelope, keyring Keyring, optionsJSON string, to Certificates) (envelopeOut Envelope, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EnvelopeRewrap, uintptr(envelope.pointer), uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(optionsJSON))), uintptr(len(optionsJSON)), uintptr(to.pointer), uintptr(unsafe.Pointer(&envelopeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ErrorFree(failure Error) {
	purego.SyscallN(symbols.ErrorFree, uintptr(failure.pointer))
}

func ErrorResult(failure Error) (result int32) {
	answer, _, _ := purego.SyscallN(symbols.ErrorResult, uintptr(failure.pointer))
	result = int32(answer)
	return
}

func ErrorMessage(failure Error) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.ErrorMessage, uintptr(failure.pointer))
	return borrowedView(data, length)
}

func ResultName(result int32) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.ResultName, uintptr(result))
	return borrowedView(data, length)
}

func ResultFault(result int32) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.ResultFault, uintptr(result))
	return borrowedView(data, length)
}

func ResultRemedy(result int32) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.ResultRemedy, uintptr(result))
	return borrowedView(data, length)
}

func KeyParseTyped(kind string, text Secret) (keyOut Key, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeyParseTyped, uintptr(unsafe.Pointer(unsafe.StringData(kind))), uintptr(len(kind)), uintptr(text.pointer), uintptr(unsafe.Pointer(&keyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyParseExact(kind string, text Secret) (keyOut Key, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeyParseExact, uintptr(unsafe.Pointer(unsafe.StringData(kind))), uintptr(len(kind)), uintptr(text.pointer), uintptr(unsafe.Pointer(&keyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyGenerate(kind string) (keyOut Key, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeyGenerate, uintptr(unsafe.Pointer(unsafe.StringData(kind))), uintptr(len(kind)), uintptr(unsafe.Pointer(&keyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyKind(key Key) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.KeyKind, uintptr(key.pointer))
	return borrowedView(data, length)
}

func KeySecret(key Key) (secretOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeySecret, uintptr(key.pointer), uintptr(unsafe.Pointer(&secretOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyFree(key Key) {
	purego.SyscallN(symbols.KeyFree, uintptr(key.pointer))
}

func TextValue(text Text) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.TextValue, uintptr(text.pointer))
	return borrowedView(data, length)
}

func TextFree(text Text) {
	purego.SyscallN(symbols.TextFree, uintptr(text.pointer))
}

func BufferValue(buffer Buffer) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.BufferValue, uintptr(buffer.pointer))
	return borrowedView(data, length)
}

func BufferFree(buffer Buffer) {
	purego.SyscallN(symbols.BufferFree, uintptr(buffer.pointer))
}

func SecretNew(bytes []byte) (secretOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.SecretNew, uintptr(unsafe.Pointer(unsafe.SliceData(bytes))), uintptr(len(bytes)), uintptr(unsafe.Pointer(&secretOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func SecretExpose(secret Secret) (view []byte) {
	data, length, _ := purego.SyscallN(symbols.SecretExpose, uintptr(secret.pointer))
	return borrowedView(data, length)
}

func SecretFree(secret Secret) {
	purego.SyscallN(symbols.SecretFree, uintptr(secret.pointer))
}

func ABIVersion() (number uint32) {
	answer, _, _ := purego.SyscallN(symbols.ABIVersion)
	return uint32(answer)
}

func Version() (view []byte) {
	data, length, _ := purego.SyscallN(symbols.Version)
	return borrowedView(data, length)
}

func EscrowOpen(store Store, optionsJSON string, policy Policy, certificates Certificates, macKey Secret) (escrowOut Escrow, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowOpen, uintptr(store.pointer), uintptr(unsafe.Pointer(unsafe.StringData(optionsJSON))), uintptr(len(optionsJSON)), uintptr(policy.pointer), uintptr(certificates.pointer), uintptr(macKey.pointer), uintptr(unsafe.Pointer(&escrowOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowSetPolicy(escrow Escrow, policy Policy) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowSetPolicy, uintptr(escrow.pointer), uintptr(policy.pointer), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowFree(escrow Escrow) {
	purego.SyscallN(symbols.EscrowFree, uintptr(escrow.pointer))
}

func EscrowEvents(escrow Escrow, requestJSON string) (eventsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowEvents, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(unsafe.Pointer(&eventsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAuditOf(escrow Escrow, requestJSON string) (entriesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAuditOf, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(unsafe.Pointer(&entriesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowVerifyAudit(escrow Escrow, macKey Secret, checkpoint []byte) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowVerifyAudit, uintptr(escrow.pointer), uintptr(macKey.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(checkpoint))), uintptr(len(checkpoint)), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCheckpoint(escrow Escrow, previous []byte, now int64) (checkpointOut Buffer, writtenOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCheckpoint, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(previous))), uintptr(len(previous)), uintptr(now), uintptr(unsafe.Pointer(&checkpointOut.pointer)), uintptr(unsafe.Pointer(&writtenOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRegisteredCertificates(escrow Escrow) (certificatesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRegisteredCertificates, uintptr(escrow.pointer), uintptr(unsafe.Pointer(&certificatesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowLiveReferences(escrow Escrow, requestJSON string, now int64) (referencesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowLiveReferences, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&referencesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRetireCertificate(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRetireCertificate, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCompromiseCertificate(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCompromiseCertificate, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowExposeKeys(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowExposeKeys, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCheck(escrow Escrow, keyring Keyring, requestJSON string, resealTo Certificates, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCheck, uintptr(escrow.pointer), uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(resealTo.pointer), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCheckTotal(escrow Escrow, now int64) (totalOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCheckTotal, uintptr(escrow.pointer), uintptr(now), uintptr(unsafe.Pointer(&totalOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowProfile(escrow Escrow, requestJSON string, now int64) (profileOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowProfile, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&profileOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowObserve(escrow Escrow, report []byte, requestJSON string, now int64) (observedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowObserve, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(report))), uintptr(len(report)), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&observedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAssess(escrow Escrow, requestJSON string, now int64) (assessmentOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAssess, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&assessmentOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowDevice(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowDevice, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowHistory(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowHistory, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowFind(escrow Escrow, requestJSON string, now int64) (foundOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowFind, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&foundOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowNameDevice(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowNameDevice, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowMoveToGroup(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowMoveToGroup, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowForgetDevice(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowForgetDevice, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowNewInstallation(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowNewInstallation, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowConfigurationReported(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowConfigurationReported, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAgentReported(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAgentReported, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowReceive(escrow Escrow, envelope []byte, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowReceive, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(envelope))), uintptr(len(envelope)), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&receiptOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowReceivePlaintext(escrow Escrow, key Secret, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowReceivePlaintext, uintptr(escrow.pointer), uintptr(key.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&receiptOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowReceipt(escrow Escrow, requestJSON string, now int64) (receiptOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowReceipt, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&receiptOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRequestRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRequestRecovery, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowApproveRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowApproveRecovery, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRevokeApproval(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRevokeApproval, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowDenyRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowDenyRecovery, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowReportRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowReportRecovery, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRecovery(escrow Escrow, requestJSON string, now int64) (recoveryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRecovery, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRecoveries(escrow Escrow, requestJSON string, now int64) (recoveriesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRecoveries, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&recoveriesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowSummary(escrow Escrow, now int64) (summaryOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowSummary, uintptr(escrow.pointer), uintptr(now), uintptr(unsafe.Pointer(&summaryOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowList(escrow Escrow, requestJSON string, now int64) (devicesOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowList, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&devicesOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCount(escrow Escrow, requestJSON string, now int64) (countOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCount, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&countOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowUndecryptable(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowUndecryptable, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAssessDue(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAssessDue, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAssessChanged(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAssessChanged, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowQuarantine(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowQuarantine, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAcceptQuarantined(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAcceptQuarantined, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRejectQuarantined(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRejectQuarantined, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRemovals(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRemovals, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowPlanRemovals(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowPlanRemovals, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowCancelRemoval(escrow Escrow, requestJSON string, now int64) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowCancelRemoval, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRemoveDue(escrow Escrow, requestJSON string, now int64) (keysOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRemoveDue, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keysOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowReveal(escrow Escrow, keyring Keyring, requestJSON string, now int64) (keyOut Key, revealedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowReveal, uintptr(escrow.pointer), uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&keyOut.pointer)), uintptr(unsafe.Pointer(&revealedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRevealSheet(escrow Escrow, keyring Keyring, requestJSON string, html bool, now int64) (sheetOut Secret, revealedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRevealSheet, uintptr(escrow.pointer), uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), word(html), uintptr(now), uintptr(unsafe.Pointer(&sheetOut.pointer)), uintptr(unsafe.Pointer(&revealedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRevealTo(escrow Escrow, keyring Keyring, to Certificates, requestJSON string, now int64) (envelopeOut Envelope, revealedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRevealTo, uintptr(escrow.pointer), uintptr(keyring.pointer), uintptr(to.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&envelopeOut.pointer)), uintptr(unsafe.Pointer(&revealedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeySheet(key Key, placeJSON string, html bool, now int64) (sheetOut Secret, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeySheet, uintptr(key.pointer), uintptr(unsafe.Pointer(unsafe.StringData(placeJSON))), uintptr(len(placeJSON)), word(html), uintptr(now), uintptr(unsafe.Pointer(&sheetOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRewrap(escrow Escrow, keyring Keyring, to Certificates, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRewrap, uintptr(escrow.pointer), uintptr(keyring.pointer), uintptr(to.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRequestRotation(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRequestRotation, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&rotationsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRotationReported(escrow Escrow, requestJSON string, now int64) (reportOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRotationReported, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&reportOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowRotations(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowRotations, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&rotationsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func EscrowAllRotations(escrow Escrow, requestJSON string, now int64) (rotationsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.EscrowAllRotations, uintptr(escrow.pointer), uintptr(unsafe.Pointer(unsafe.StringData(requestJSON))), uintptr(len(requestJSON)), uintptr(now), uintptr(unsafe.Pointer(&rotationsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyringNew() (keyringOut Keyring, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeyringNew, uintptr(unsafe.Pointer(&keyringOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyringAddPrivateKeys(keyring Keyring, file []byte, password Secret, certificates Certificates) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.KeyringAddPrivateKeys, uintptr(keyring.pointer), uintptr(unsafe.Pointer(unsafe.SliceData(file))), uintptr(len(file)), uintptr(password.pointer), uintptr(certificates.pointer), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func KeyringCount(keyring Keyring) (count int) {
	answer, _, _ := purego.SyscallN(symbols.KeyringCount, uintptr(keyring.pointer))
	return int(answer)
}

func KeyringFree(keyring Keyring) {
	purego.SyscallN(symbols.KeyringFree, uintptr(keyring.pointer))
}

func PolicyParse(tomlOrJSON string) (policyOut Policy, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PolicyParse, uintptr(unsafe.Pointer(unsafe.StringData(tomlOrJSON))), uintptr(len(tomlOrJSON)), uintptr(unsafe.Pointer(&policyOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PolicyCheck(policy Policy) (adviceOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PolicyCheck, uintptr(policy.pointer), uintptr(unsafe.Pointer(&adviceOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PolicyExplain(policy Policy, group string) (explanationOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PolicyExplain, uintptr(policy.pointer), uintptr(unsafe.Pointer(unsafe.StringData(group))), uintptr(len(group)), uintptr(unsafe.Pointer(&explanationOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PolicySchema() (schemaOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.PolicySchema, uintptr(unsafe.Pointer(&schemaOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func PolicyFree(policy Policy) {
	purego.SyscallN(symbols.PolicyFree, uintptr(policy.pointer))
}

func ProfileFilevault(policy Policy, group string, certificates Certificates, now int64) (profileOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ProfileFilevault, uintptr(policy.pointer), uintptr(unsafe.Pointer(unsafe.StringData(group))), uintptr(len(group)), uintptr(certificates.pointer), uintptr(now), uintptr(unsafe.Pointer(&profileOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ProfileBitlocker(policy Policy, group string) (syncmlOut Buffer, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ProfileBitlocker, uintptr(policy.pointer), uintptr(unsafe.Pointer(unsafe.StringData(group))), uintptr(len(group)), uintptr(unsafe.Pointer(&syncmlOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ProfileLUKS(policy Policy, group string, certificates Certificates) (planOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ProfileLUKS, uintptr(policy.pointer), uintptr(unsafe.Pointer(unsafe.StringData(group))), uintptr(len(group)), uintptr(certificates.pointer), uintptr(unsafe.Pointer(&planOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ProfileParse(profile []byte) (parsedOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ProfileParse, uintptr(unsafe.Pointer(unsafe.SliceData(profile))), uintptr(len(profile)), uintptr(unsafe.Pointer(&parsedOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ProfileLint(profile []byte, known Certificates, now int64) (findingsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ProfileLint, uintptr(unsafe.Pointer(unsafe.SliceData(profile))), uintptr(len(profile)), uintptr(known.pointer), uintptr(now), uintptr(unsafe.Pointer(&findingsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func StoreOpen(url string) (storeOut Store, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.StoreOpen, uintptr(unsafe.Pointer(unsafe.StringData(url))), uintptr(len(url)), uintptr(unsafe.Pointer(&storeOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func StoreSchema() (schemaOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.StoreSchema, uintptr(unsafe.Pointer(&schemaOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func StoreMigrate(url string, apply bool) (statementsOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.StoreMigrate, uintptr(unsafe.Pointer(unsafe.StringData(url))), uintptr(len(url)), word(apply), uintptr(unsafe.Pointer(&statementsOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func StoreFree(store Store) {
	purego.SyscallN(symbols.StoreFree, uintptr(store.pointer))
}

func ReplyAppend(reply Reply, json string) (failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ReplyAppend, uintptr(reply.pointer), uintptr(unsafe.Pointer(unsafe.StringData(json))), uintptr(len(json)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func ReplyRow(reply Reply, rowJSON string) (is bool) {
	answer, _, _ := purego.SyscallN(symbols.ReplyRow, uintptr(reply.pointer), uintptr(unsafe.Pointer(unsafe.StringData(rowJSON))), uintptr(len(rowJSON)))
	return answer&0xFF != 0
}

func ObservationRead(source string, report []byte, volume string, now int64) (observationOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.ObservationRead, uintptr(unsafe.Pointer(unsafe.StringData(source))), uintptr(len(source)), uintptr(unsafe.Pointer(unsafe.SliceData(report))), uintptr(len(report)), uintptr(unsafe.Pointer(unsafe.StringData(volume))), uintptr(len(volume)), uintptr(now), uintptr(unsafe.Pointer(&observationOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}

func Assess(stateJSON string, policy Policy, group string, now int64) (assessmentOut Text, failureOut Error, result int32) {
	answer, _, _ := purego.SyscallN(symbols.Assess, uintptr(unsafe.Pointer(unsafe.StringData(stateJSON))), uintptr(len(stateJSON)), uintptr(policy.pointer), uintptr(unsafe.Pointer(unsafe.StringData(group))), uintptr(len(group)), uintptr(now), uintptr(unsafe.Pointer(&assessmentOut.pointer)), uintptr(unsafe.Pointer(&failureOut.pointer)))
	result = int32(answer)
	return
}
