use super::*;

fn all_calls() -> Vec<Call> {
    let protector = id("A");
    vec![
        Call::GetLockStatus,
        Call::GetConversionStatus,
        Call::GetProtectionStatus,
        Call::GetEncryptionMethod,
        Call::GetSuspendCount,
        Call::GetKeyProtectors,
        Call::GetKeyProtectorType { protector: protector.clone() },
        Call::GetKeyProtectorFriendlyName { protector: protector.clone() },
        Call::GetKeyProtectorNumericalPassword { protector: protector.clone() },
        Call::PrepareVolume,
        Call::ProtectKeyWithNumericalPassword { friendly_name: "name".to_owned() },
        Call::ProtectKeyWithTPM,
        Call::ProtectKeyWithTPMAndPIN,
        Call::Encrypt {
            encryption_method: EncryptionMethod::XtsAes256,
            encryption_type: EncryptionType::UsedSpaceOnly,
        },
        Call::ResumeConversion,
        Call::EnableKeyProtectors,
        Call::DeleteKeyProtector { protector },
    ]
}

#[test]
fn each_call_is_the_method_of_its_name_with_all_of_its_arguments() {
    let calls = all_calls();
    assert_eq!(calls.len(), METHODS.len());
    for (call, method) in calls.iter().zip(METHODS) {
        let written = serde_json::to_value(call).unwrap();
        assert_eq!(written["method"], method.name);
        assert_eq!(call.method(), method);
        let arguments: Vec<&str> = call.arguments().into_iter().map(|(name, _)| name).collect();
        assert_eq!(arguments, method.inputs, "{}", method.name);
        assert_eq!(call.changes(), !method.name.starts_with("Get"), "{}", method.name);
        assert_eq!(serde_json::from_value::<Call>(written).unwrap(), *call);
    }
}

#[test]
fn arguments_are_what_microsoft_s_pages_ask_for() {
    let text = |text: &str| Argument::Text(text.to_owned());
    let prepare = Call::PrepareVolume.arguments();
    assert_eq!(prepare, [("DiscoveryVolumeType", text("<default>")), ("ForceEncryptionType", Argument::Number(1))]);
    let encrypt = |encryption_type| {
        let call = Call::Encrypt { encryption_method: EncryptionMethod::XtsAes128, encryption_type };
        call.arguments().into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(encrypt(EncryptionType::UsedSpaceOnly), [Argument::Number(6), Argument::Number(1)]);
    assert_eq!(encrypt(EncryptionType::Full), [Argument::Number(6), Argument::Number(0)]);
    let password = Call::ProtectKeyWithNumericalPassword { friendly_name: "ours".to_owned() };
    assert_eq!(password.arguments(), [("FriendlyName", text("ours")), ("NumericalPassword", Argument::Null)]);
    let pin = Call::ProtectKeyWithTPMAndPIN.arguments();
    assert_eq!(pin.last(), Some(&("PIN", Argument::Pin)));
}

#[test]
fn codes_ascend_and_are_found_however_they_are_written() {
    assert!(CODES.windows(2).all(|pair| matches!(pair, [low, high] if low.code < high.code)));
    let not_decrypted = Hresult::from_signed(-2_144_272_327);
    assert_eq!(not_decrypted, Hresult::new(0x8031_0039));
    assert_eq!((not_decrypted.signed(), not_decrypted.code()), (-2_144_272_327, 0x8031_0039));
    assert_eq!(not_decrypted.to_string(), "0x80310039");
    assert_eq!(format!("{not_decrypted:?}"), "Hresult(0x80310039)");
    assert_eq!(not_decrypted.row().map(|row| row.name), Some("FVE_E_NOT_DECRYPTED"));
    assert_eq!(not_decrypted.decision(), Decision::LookAgain);
    assert_eq!(Hresult::new(1).row(), None);
    assert_eq!(Hresult::new(1).decision(), Decision::Retry);
}

#[test]
fn pauses_double_up_to_an_hour_and_never_shrink() {
    assert_eq!((1..=8).map(|count| Decision::Retry.pause(count)).max(), Some(3600));
    for decision in Decision::ALL {
        assert!((0..40).all(|count| decision.pause(count) <= decision.pause(count + 1)), "{decision:?}");
        assert!(decision.pause(0) >= 60);
        let written = serde_json::to_string(decision).unwrap();
        assert_eq!(written, format!("\"{}\"", decision.as_str()));
    }
    assert_eq!(Decision::Unsupported.pause(1), 86_400);
}

#[test]
fn words_are_those_that_serde_writes() {
    for standing in
        [Standing::Acts, Standing::NeedsAdministrator, Standing::NeedsPerson, Standing::Rests, Standing::Waits]
    {
        assert_eq!(serde_json::to_string(&standing).unwrap(), format!("\"{}\"", standing.as_str()));
    }
    let mut sentences: Vec<&str> = Vec::new();
    for situation in Situation::ALL {
        let row = situation.row();
        assert_eq!(row.does == Does::Nothing, row.does.as_str().is_empty(), "{situation:?}");
        assert_eq!(situation.name(), format!("{situation:?}"));
        sentences.push(row.when);
    }
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), Situation::ALL.len());
    for aim in [Aim::Adopt, Aim::Protect, Aim::RestoreProtection] {
        assert_eq!(serde_json::to_string(&aim).unwrap(), format!("\"{}\"", aim.as_str()));
    }
    assert_eq!(rotate(&[]).as_str(), "rotate");
    let boots = [Boot::Tpm, Boot::TpmAndPin, Boot::TpmAndPinAndStartupKey, Boot::TpmAndStartupKey];
    let words: Vec<String> = boots.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["TPM", "TPM and PIN", "TPM, PIN and startup key", "TPM and startup key"]);
    assert_eq!(boots.map(Boot::kind).map(ProtectorKind::number), [1, 4, 6, 5]);
}
