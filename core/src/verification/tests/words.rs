//! What programs and people read is what serde writes, and a judgement joins with another one by urgency.

use std::collections::BTreeSet;

use super::{
    observation::{Observation, VolumeReading},
    *,
};
use crate::ids::DeviceId;

fn serialized(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_station_is_written_as_it_is_called_and_each_tells_its_user_what_to_do() {
    let mut words = BTreeSet::new();
    for station in Station::ALL {
        assert_eq!(
            (serialized(station), station.to_string()),
            (station.as_str().to_owned(), station.as_str().to_owned())
        );
        assert!(words.insert(station.as_str()), "{station} is there twice");
        assert!(station.user_text().ends_with('.') && !station.when().ends_with('.'), "{station}");
    }
    assert!(Station::ALL.is_sorted());
}

#[test]
fn a_receipt_is_written_as_it_is_called_and_is_of_one_coming() {
    for status in [ReceiptStatus::Quarantined, ReceiptStatus::Stored, ReceiptStatus::Verified] {
        let device = DeviceId::new("C02XYZ").unwrap();
        let receipt = Receipt::new(device, filevault(), KeyId::from_bytes([1; 16]), envelope(1), status);
        assert_eq!(serialized(status), status.as_str());
        assert_eq!((receipt.sightings, &receipt.level, &receipt.request), (1, &None, &None));
        let written = serde_json::to_string(&receipt).unwrap();
        assert_eq!(serde_json::from_str::<Receipt>(&written).unwrap(), receipt);
    }
}

#[test]
fn of_two_judgements_the_more_urgent_leads_and_both_are_heard() {
    let mut device = Device::new();
    device.receive(1, filevault(), 0);
    device.change(1, opened(1, 10)).unwrap();
    let verified = device.assess(20);
    assert_eq!(verified.status, Status::Verified);
    let whole = verified.clone().and(Situation::RotationOverdue, Some(at(30)));
    assert_eq!((whole.status, whole.reasons[0]), (Status::ActionRequired, Reason::RotationOverdue));
    assert_eq!((whole.wake_at, whole.awaits), (Some(at(30)), vec![Awaited::KeyReceived]));
    // What is no more urgent is said beside it.
    let beside = verified.clone().and(Situation::Rotating, None);
    assert_eq!(
        (beside.status, beside.reasons, beside.wake_at),
        (Status::Verified, vec![Reason::Rotating], verified.wake_at)
    );
}

#[test]
fn the_volumes_of_a_device_are_listed_with_the_boot_volume_first() {
    let mut observation = Observation::new(at(5));
    for volume in [Some("b"), None, Some("a")] {
        let volume = volume.map(|volume| VolumeId::new(volume).unwrap());
        observation.volumes.push(VolumeReading::new(volume));
    }
    let state = State::new(at(0)).apply(&Event::Observed(Box::new(observation))).unwrap();
    let listed = state.posture().volumes().iter().map(|volume| volume.volume.as_ref().map(|volume| volume.as_str()));
    assert_eq!(listed.collect::<Vec<_>>(), [None, Some("a"), Some("b")]);
}
