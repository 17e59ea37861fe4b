//! IVR flows: block registry, format, validator and the pure run.
