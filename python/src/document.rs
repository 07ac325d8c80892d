//! How do reports and other documents become Python objects?
//!
//! Core's types say by `Serialize` what they are made of; `fdescrow.documents` has a frozen class for each, which is filled
//! by name. Nothing is written by hand for each type here.

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::ErrorCode;
use pyo3::{
    IntoPyObjectExt,
    exceptions::PyTypeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{failure::Failure, input::Moment};

/// How deep a document of the caller's may be.
const DEPTH: usize = 64;

/// A value as plain Python: dicts, lists, strings, numbers.
pub(crate) fn plain<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    convert(py, &written(value)?)
}

/// A value as an object of the class of this name in `fdescrow.documents`; a list or mapping of them, as the name says.
pub(crate) fn document<'py>(py: Python<'py>, class: &str, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    read(py, class, &plain(py, value)?)
}

/// Plain Python as an object of the class of this name.
pub(crate) fn read<'py>(py: Python<'py>, class: &str, members: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let read = READ.get_or_try_init(py, || py.import("fdescrow.documents")?.getattr("read").map(Bound::unbind))?;
    read.bind(py).call1((class, members))
}

fn written(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|_| Failure::library("a document could not be written"))
}

fn convert<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(truth) => truth.into_bound_py_any(py)?,
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => integer.into_bound_py_any(py)?,
            (None, Some(integer)) => integer.into_bound_py_any(py)?,
            (None, None) => number.as_f64().into_bound_py_any(py)?,
        },
        Value::String(text) => text.into_bound_py_any(py)?,
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(convert(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(name, convert(py, member)?)?;
            }
            dict.into_any()
        }
    })
}

/// What a dict, an object of `fdescrow.documents` or a JSON text says, as a type of core's.
pub(crate) fn requested<T: DeserializeOwned>(object: &Bound<'_, PyAny>) -> PyResult<T> {
    let refused =
        |error| Failure::new(ErrorCode::RequestSyntax, format_args!("the document is not as documented: {error}"));
    let read = if let Ok(text) = object.cast::<PyString>() {
        serde_json::from_str(&text.to_cow()?)
    } else if let Ok(text) = object.cast::<PyBytes>() {
        serde_json::from_slice(text.as_bytes())
    } else {
        serde_json::from_value(json_of(object)?)
    };
    Ok(read.map_err(refused)?)
}

/// Plain Python as JSON: what `json.dumps` takes, times and documents; bytes as base64.
pub(crate) fn json_of(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    json_within(object, DEPTH)
}

fn json_within(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let depth = depth.checked_sub(1).ok_or_else(|| Failure::misuse("a document is not this deep"))?;
    let items = |items: Bound<'_, PyAny>| -> PyResult<Value> {
        items.try_iter()?.map(|item| json_within(&item?, depth)).collect::<PyResult<Vec<_>>>().map(Value::Array)
    };
    Ok(match () {
        () if object.is_none() => Value::Null,
        () if object.is_instance_of::<PyBool>() => Value::Bool(object.extract()?),
        () if object.is_instance_of::<PyInt>() => match object.extract::<i64>() {
            Ok(integer) => integer.into(),
            Err(_) => object.extract::<u64>()?.into(),
        },
        () if object.is_instance_of::<PyBytes>() => {
            Value::String(STANDARD.encode(object.cast::<PyBytes>()?.as_bytes()))
        }
        () if object.is_instance_of::<PyFloat>() => object.extract::<f64>()?.into(),
        () if object.is_instance_of::<PyString>() => Value::String(object.extract()?),
        () if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() => items(object.clone())?,
        () if object.is_instance_of::<PyDict>() => {
            let mut members = Map::new();
            for (name, member) in object.cast::<PyDict>()?.iter() {
                members.insert(name.extract()?, json_within(&member, depth)?);
            }
            Value::Object(members)
        }
        () if object.hasattr("to_dict")? => json_within(&object.call_method0("to_dict")?, depth)?,
        () => match object.extract::<Moment>() {
            Ok(Moment(time)) => Value::String(time.to_string()),
            Err(error) if object.hasattr("utcoffset")? => return Err(error),
            Err(_) => {
                let class = object.get_type();
                return Err(PyTypeError::new_err(format!("a document has no {}", class.name()?)));
            }
        },
    })
}
