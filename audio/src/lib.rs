//! Signal processing for telephone audio.
