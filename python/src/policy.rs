//! What must be true of devices, in Python?

use std::sync::Arc;

use fdescrow::{
    envelope::Certificate,
    policy::{OrganizationDetails, PolicyDocument, json_schema},
    profile::{self, FileVaultCertificate, LuksPlan, OpensWith, bitlocker},
    verification::{self, State},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyType},
};

use crate::{
    document::{document, json_of, plain, requested},
    failure::Failure,
    input::{Certificates, Data, Moment, OneCertificate, moment},
};

/// The policy of an organization with its groups, as docs/policy.md describes it.
#[pyclass(frozen, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Policy(Arc<PolicyDocument>);

impl Policy {
    pub(crate) fn document(&self) -> Arc<PolicyDocument> {
        Arc::clone(&self.0)
    }

    fn read(policy: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = if policy.is_instance_of::<PyDict>() {
            json_of(policy)?.to_string()
        } else {
            policy.extract::<Data>()?.text()?.to_owned()
        };
        let json = text.trim_start().starts_with('{');
        let read = if json { PolicyDocument::from_json } else { PolicyDocument::from_toml };
        Ok(Self(Arc::new(read(&text).map_err(Failure::from)?)))
    }

    fn of(&self, group: Option<&str>) -> Arc<fdescrow::Policy> {
        self.0.policy(group)
    }
}

/// A policy that is given where one is needed: one that was read, or something to read one from.
#[derive(Debug)]
pub(crate) struct PolicyArgument(pub(crate) Arc<PolicyDocument>);

impl FromPyObject<'_, '_> for PolicyArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.cast::<Policy>() {
            Ok(policy) => Ok(Self(policy.get().document())),
            Err(_) => Ok(Self(Policy::read(&object)?.0)),
        }
    }
}

fn organization(policy: &fdescrow::Policy) -> Result<&OrganizationDetails, Failure> {
    policy.organization().ok_or_else(|| Failure::misuse("the policy has no section [organization]"))
}

#[pymethods]
impl Policy {
    /// Reads a policy: TOML or JSON, as text, bytes, a path or an open file; or a dict.
    ///
    /// Raises PolicySyntaxError; PolicyInvalidError, whose message names each field that breaks a rule, the rule and its
    /// source.
    #[classmethod]
    fn parse(_class: &Bound<'_, PyType>, policy: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::read(policy)
    }

    /// The JSON Schema of policies.
    #[staticmethod]
    fn schema(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        plain(py, &json_schema())
    }

    /// The names of its groups.
    #[getter]
    fn groups(&self) -> Vec<&str> {
        self.0.groups().collect()
    }

    /// What is to be said about each group; the first is the organization's own.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, "list[GroupAdvice]", &bitlocker::lint_document(&self.0))
    }

    /// Every value that holds for a group (None: the organization), and who decided it.
    #[pyo3(signature = (group=None))]
    fn explain<'py>(&self, py: Python<'py>, group: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        document(py, "list[Explained]", &self.0.explain(group))
    }

    /// The FileVault profile of a group (None: the organization), a configuration profile of Apple, not signed.
    ///
    /// `certificate`: the escrow certificate, exactly where the policy escrows. The same input gives the same bytes;
    /// `plistlib.loads` reads them.
    ///
    /// Raises PolicyInvalidError if the certificate does not fit; MisuseError if the policy says nothing of FileVault or of
    /// the organization, or a certificate is missing or not used.
    #[pyo3(signature = (group=None, *, certificate=None, now=None))]
    fn filevault_profile(
        &self,
        group: Option<&str>,
        certificate: Option<OneCertificate>,
        now: Option<Moment>,
    ) -> PyResult<Vec<u8>> {
        let now = moment(now)?;
        let policy = self.of(group);
        let filevault = policy.filevault().ok_or_else(|| Failure::misuse("the policy has no section [filevault]"))?;
        let certificate = certificate
            .map(|OneCertificate(certificate)| FileVaultCertificate::new(certificate, OpensWith::Pkcs1v15, now))
            .transpose()
            .map_err(Failure::from)?;
        let profile =
            profile::render(filevault, certificate.as_ref(), organization(&policy)?).map_err(Failure::from)?;
        Ok(profile.into_bytes())
    }

    /// What a group says to BitLocker: one SyncML `Atomic` command over nodes of the BitLocker CSP.
    ///
    /// Raises MisuseError if the policy has no section `[bitlocker]`; ProfileSyntaxError if it says nothing to Windows itself.
    #[pyo3(signature = (group=None))]
    fn bitlocker_profile(&self, group: Option<&str>) -> Result<Vec<u8>, Failure> {
        let policy = self.of(group);
        let settings = policy.bitlocker().ok_or_else(|| Failure::misuse("the policy has no section [bitlocker]"))?;
        Ok(bitlocker::render(settings)?.as_bytes().to_vec())
    }

    /// The plan of a group for agents on Linux, as docs/schemas/luks-plan.json describes it.
    ///
    /// `certificates`: all those that new keys are sealed to.
    ///
    /// Raises MisuseError if the policy has no section `[luks]` or `[organization]`, or without a certificate.
    #[pyo3(signature = (group=None, *, certificates))]
    fn luks_plan<'py>(
        &self,
        py: Python<'py>,
        group: Option<&str>,
        certificates: Certificates,
    ) -> PyResult<Bound<'py, PyAny>> {
        let policy = self.of(group);
        let luks = policy.luks().ok_or_else(|| Failure::misuse("the policy has no section [luks]"))?;
        let all: Vec<Certificate> = certificates.0;
        let plan = LuksPlan::new(luks, &all, organization(&policy)?).and_then(|plan| plan.to_json());
        let plan = plan.map_err(Failure::from)?;
        let plan: serde_json::Value =
            serde_json::from_str(&plan).map_err(|_| Failure::library("the plan is no JSON"))?;
        plain(py, &plan)
    }

    /// Judges the state of a device by the policy of a group: pure, without a store.
    ///
    /// `state` is a State as it is stored (docs/schemas/records.json), as a dict or JSON.
    ///
    /// Raises RequestSyntaxError.
    #[pyo3(signature = (state, group=None, *, now=None))]
    fn assess<'py>(
        &self,
        py: Python<'py>,
        state: &Bound<'py, PyAny>,
        group: Option<&str>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = moment(now)?;
        let state: State = requested(state)?;
        document(py, "Assessment", &verification::assess(&state, &self.of(group), now))
    }

    fn __repr__(&self) -> String {
        format!("<Policy {:.16}…>", self.of(None).digest().to_string())
    }
}
