//! What do devices and profiles say, in Python?

use fdescrow::{
    VolumeId,
    profile::{self, LintContext, ParsedProfile, ProfileLimits},
    verification::observation::{self, Context, Report, Source},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyList},
};

use crate::{
    document::{document, json_of, plain},
    failure::{Failure, detached},
    input::{Certificates, Choice, Data, Moment, moment},
};

/// Reads what a device or its management reports, and says what was understood.
///
/// `report`: as the program wrote it, in bytes, text, a path or an open file; or what `json.loads` or `plistlib.loads` made of
/// it. `volume`: the LUKS UUID for a report that names none. docs/observations.md has the sources.
///
/// Raises ObservationSyntaxError, ObservationLimitError; MisuseError for another source.
#[pyfunction]
#[pyo3(signature = (source, report, *, volume=None, now=None))]
pub(crate) fn read_report<'py>(
    py: Python<'py>,
    source: Choice<Source>,
    report: &Bound<'py, PyAny>,
    volume: Option<&str>,
    now: Option<Moment>,
) -> PyResult<Bound<'py, PyAny>> {
    document(py, "Report", &read(py, source.0, report, volume, now)?)
}

pub(crate) fn read(
    py: Python<'_>,
    source: Source,
    report: &Bound<'_, PyAny>,
    volume: Option<&str>,
    now: Option<Moment>,
) -> PyResult<Report> {
    let mut context = Context::new(moment(now)?);
    context.volume = volume.map(VolumeId::luks).transpose().map_err(Failure::from)?;
    let bytes = written(source, report)?;
    detached(py, || Ok(observation::read(source, bytes.bytes(), &context)?))
}

/// A report as a program writes it; what was parsed already is written again.
fn written(source: Source, report: &Bound<'_, PyAny>) -> PyResult<Data> {
    if !(report.is_instance_of::<PyDict>() || report.is_instance_of::<PyList>()) {
        return report.extract();
    }
    match source {
        Source::SecurityInfo | Source::RotateReply => plist(report),
        _ => PyBytes::new(report.py(), json_of(report)?.to_string().as_bytes()).extract(),
    }
}

/// A dict of `plistlib` as an XML property list.
fn plist(dict: &Bound<'_, PyAny>) -> PyResult<Data> {
    dict.py().import("plistlib")?.call_method1("dumps", (dict,))?.extract()
}

fn parsed(given: &Bound<'_, PyAny>) -> PyResult<ParsedProfile> {
    let bytes: Data = if given.is_instance_of::<PyDict>() { plist(given)? } else { given.extract()? };
    Ok(profile::parse(bytes.bytes(), &ProfileLimits::default()).map_err(Failure::from)?)
}

/// What a configuration profile asks for, signed or not: bytes, a path, an open file or a dict of `plistlib`. Signatures are
/// taken off and not verified.
///
/// Raises ProfileSyntaxError, ProfileLimitError.
#[pyfunction]
pub(crate) fn parse_profile<'py>(py: Python<'py>, profile: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    plain(py, &parsed(profile)?.to_json())
}

/// What is wrong with a configuration profile.
///
/// `known`: certificates whose private keys the organization has, so that an escrow to another one is told.
///
/// Raises ProfileSyntaxError, ProfileLimitError.
#[pyfunction]
#[pyo3(signature = (profile, *, known=Certificates::default(), now=None))]
pub(crate) fn lint_profile<'py>(
    py: Python<'py>,
    profile: &Bound<'py, PyAny>,
    known: Certificates,
    now: Option<Moment>,
) -> PyResult<Bound<'py, PyAny>> {
    let context = LintContext::new(&known.0, moment(now)?);
    document(py, "list[Finding]", &profile::lint(&[parsed(profile)?], &context))
}
