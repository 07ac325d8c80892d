//! What does a report of a device say?
//!
//! Reads it as the library does and prints what was understood, so that a report can be looked at before a server takes
//! it in. Nothing is stored. Sealed keys are named by their digest.

use std::{fmt, path::PathBuf};

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use fdescrow::{
    Digest, VolumeId,
    verification::observation::{
        self, Context, CspReading, FileVaultReading, ProtectorSnapshot, Report, ReportedEnvelope, RotationStatus,
        Source, VolumeReading,
    },
};

use crate::{
    exit::{Exit, Failure},
    input,
    output::Visible,
    world::World,
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// What kind of report it is
    #[arg(long, value_name = "KIND", value_parser = source())]
    format: Source,
    /// The UUID of the volume, for a report that names none (luksdump). Without it: the boot volume
    #[arg(long, value_name = "V")]
    volume: Option<VolumeId>,
    /// The report; standard input where there is none
    file: Option<PathBuf>,
}

fn source() -> impl TypedValueParser<Value = Source> {
    let values = Source::ALL.iter().map(|source| PossibleValue::new(source.as_str()).help(source.description()));
    PossibleValuesParser::new(values).try_map(|word| word.parse::<Source>())
}

pub(crate) fn run(arguments: &Arguments, world: &World<'_>) -> Result<Exit, Failure> {
    let mut context = Context::new(world.now()?);
    context.volume = arguments.volume.as_ref().map(|volume| VolumeId::luks(volume.as_str())).transpose()?;
    let report = observation::read(arguments.format, &input::read(arguments.file.as_deref())?, &context)?;
    world.output.answer(&report, Words(&report))?;
    Ok(Exit::Yes)
}

struct Words<'a>(&'a Report);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { observation, envelopes, reply, csp: device, ignored, .. } = self.0;
        match observation.platform {
            Some(platform) => writeln!(f, "platform: {platform}")?,
            None => writeln!(f, "platform: unknown")?,
        }
        if let Some(reply) = reply {
            let status = reply.status.map_or("unknown", |status| status.as_str());
            writeln!(f, "reply: {status}")?;
            if let Some(error) = &reply.error {
                writeln!(f, "  error {} {}", Visible(&error.domain), error.code)?;
            }
        }
        observation.filevault.iter().try_for_each(|reading| filevault(reading, f))?;
        observation.volumes.iter().try_for_each(|reading| volume(reading, f))?;
        device.iter().try_for_each(|reading| csp(reading, f))?;
        for ReportedEnvelope { kind, bytes, lossy, .. } in envelopes {
            let lossy = if *lossy { ", by a way that loses octets" } else { "" };
            writeln!(f, "sealed key: {kind}, {} bytes, sha256 {}{lossy}", bytes.len(), Digest::of(bytes))?;
        }
        ignored.iter().try_for_each(|ignored| writeln!(f, "ignored: {ignored}"))
    }
}

fn filevault(reading: &FileVaultReading, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "FileVault on: {}", reading.enabled)?;
    writeln!(f, "  personal recovery key: {}", reading.personal_recovery_key)?;
    writeln!(f, "  institutional recovery key: {}", reading.institutional_recovery_key)?;
    reading.bypasses_left.map_or(Ok(()), |left| writeln!(f, "  may be put off: {left} times"))?;
    reading.device_key.as_ref().map_or(Ok(()), |key| writeln!(f, "  escrowed under: {}", Visible(key)))
}

fn volume(reading: &VolumeReading, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &reading.volume {
        Some(volume) => writeln!(f, "volume {}:", Visible(volume))?,
        None => writeln!(f, "boot volume:")?,
    }
    writeln!(f, "  encrypted: {}", reading.encrypted)?;
    writeln!(f, "  protected: {}", reading.protected)?;
    reading.conversion.map_or(Ok(()), |conversion| writeln!(f, "  conversion: {conversion}"))?;
    reading.method.map_or(Ok(()), |method| writeln!(f, "  method: {method}"))?;
    reading.protectors.as_ref().map_or(Ok(()), |snapshot| protectors(snapshot, f))
}

fn protectors(snapshot: &ProtectorSnapshot, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "  protectors, {}:", if snapshot.complete { "all of them" } else { "there may be more" })?;
    snapshot.protectors.iter().try_for_each(|protector| {
        write!(f, "    {} {}, opens the volume: {}", Visible(&protector.id), protector.kind, protector.enabled)?;
        protector.salt.as_ref().map_or(Ok(()), |salt| write!(f, ", salt {}", Visible(salt)))?;
        protector.tokens.iter().try_for_each(|token| write!(f, ", token {}", Visible(token)))?;
        writeln!(f)
    })
}

fn csp(reading: &CspReading, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(problems) = &reading.problems {
        let words: Vec<_> = problems.iter().map(|problem| problem.as_str()).collect();
        let words = if words.is_empty() { "nothing to object to".to_owned() } else { words.join(", ") };
        writeln!(f, "DeviceEncryptionStatus: {words}")?;
    }
    match reading.rotation {
        None => {}
        Some(RotationStatus::Failed(code)) => writeln!(f, "RotateRecoveryPasswordsStatus: failed, 0x{code:08X}")?,
        Some(status) => writeln!(f, "RotateRecoveryPasswordsStatus: {}", status.as_str())?,
    }
    Ok(())
}
